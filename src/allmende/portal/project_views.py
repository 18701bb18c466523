"""Citizens' pages about projects: list, one project, the idea store."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from allmende.effects.queries import indicators_of_project
from allmende.participation import queries as participation
from allmende.portal import data_queries
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models.projects import STATES
from allmende.programme.queries import ProjectView
from allmende.programme.queries.steering import Share, dependencies_on, measures_of, risks_on, shares_on
from allmende.programme.queries.strategy import statements_about
from allmende.register import queries as register
from allmende.transfer.queries import finding_on, lineage_of

OWN = ("certain", "likely", "unknown")
ON_A_PAGE = 60
FILTERS = ("target", "state", "text")


def _wanted(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:100] for name in FILTERS}


def projects(request: HttpRequest) -> HttpResponse:
    """List projects, narrowed by target image, state or words."""
    stand = stand_of(request)
    rows = queries.projects_known(stand.day, **_wanted(request))
    pages = Paginator(rows, ON_A_PAGE)
    shown = pages.get_page(request.GET.get("seite"))
    views = queries.views_of(
        rows[shown.start_index() - 1 : shown.end_index()] if pages.count else rows.none(), stand.day
    )
    return page(
        request,
        "projects.html",
        stand,
        groups=_groups(views),
        targets=queries.target_images(),
        states=STATES,
        chosen=_wanted(request),
        total=pages.count,
        shown=shown,
    )


def _groups(views: list[ProjectView]) -> list[tuple[str, list[ProjectView]]]:
    ours = [view for view in views if view.project.standing in OWN and view.state != "idea-store"]
    stored = [view for view in views if view.state == "idea-store"]
    neighbours = [view for view in views if view.project.standing == "neighbour"]
    groups = [
        (gettext("Projekte des Programms"), ours),
        (gettext("Projektideenspeicher: nicht ausgeführt"), stored),
        (gettext("Werden oft dazugezählt, gehören aber nicht zum Programm"), neighbours),
    ]
    return [group for group in groups if group[1]]


def projects_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as CSV; a weight that is not set stays empty."""
    stand = stand_of(request)
    views = queries.projects_on(stand.day, **_wanted(request))
    shares = shares_on(stand.day)
    header = ["slug", "title_de", "title_en", "state", "since", "standing", "target_images", "weights_bp", "as_of"]
    rows = [
        (
            *(view.project.slug, view.project.title_de, view.project.title_en, view.state),
            view.last_event.day if view.last_event else None,
            view.project.standing,
            " ".join(target.slug for target in view.targets),
            _written(shares.get(view.project.pk, [])),
            stand.day,
        )
        for view in views
    ]
    return csv_file("projekte", header, rows)


def _written(shares: list[Share]) -> str | None:
    known = [f"{share.target.slug}:{share.basis_points}" for share in shares if share.basis_points is not None]
    return " ".join(known) or None


def projects_json(request: HttpRequest) -> HttpResponse:
    """Give the list as JSON."""
    stand = stand_of(request)
    shares = shares_on(stand.day)
    views = queries.projects_on(stand.day, **_wanted(request))
    content = [_summary(view, shares.get(view.project.pk, [])) for view in views]
    return json_file("projekte", {"as_of": stand.day, "projects": content})


def _summary(view: ProjectView, shares: list[Share]) -> dict[str, Any]:
    return {
        "slug": view.project.slug,
        "title": view.project.title,
        "sentence": view.project.sentence,
        "state": view.state,
        "since": view.last_event.day if view.last_event else None,
        "standing": view.project.standing,
        "target_images": [
            {"slug": share.target.slug, "weight_bp": share.basis_points, "stated": share.stated} for share in shares
        ],
    }


def _found(slug: str, stand: Stand) -> ProjectView:
    view = queries.project_on(slug, stand.day)
    if view is None:
        raise Http404
    return view


def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one project."""
    stand = stand_of(request)
    view = _found(slug, stand)
    steps = queries.milestones_known(stand.day, project=slug)
    return page(
        request,
        "project.html",
        stand,
        view=view,
        shares=shares_on(stand.day, [view.project]).get(view.project.pk, []),
        milestones=queries.rows_of(steps.reverse()[:ON_A_PAGE], stand.day)[::-1],
        more_milestones=max(steps.count() - ON_A_PAGE, 0),
        dependencies=dependencies_on(stand.day, project=slug),
        effects=indicators_of_project(slug, stand.day),
        measures=measures_of(view.project, stand.day),
        risks=risks_on(stand.day, project=slug),
        statements=statements_about(view.project, stand.day),
        finding=finding_on(slug, stand.day),
        lineage=lineage_of(view.project, stand.day),
        data_use=register.data_use(view.project.data_use) if view.project.data_use else None,
        processes=participation.processes().filter(project=slug, state="open"),
        steps=participation.steps_in_project(slug, stand.day)[:20],
        suspended=[sheet for sheet in data_queries.suspended() if sheet.slug == view.project.data_use],
    )


def project_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one project as JSON."""
    stand = stand_of(request)
    view = _found(slug, stand)
    content = {
        **_summary(view, shares_on(stand.day, [view.project]).get(view.project.pk, [])),
        "as_of": stand.day,
        "purpose": view.project.purpose,
        "contact": view.project.contact,
        "partners": [{"name": one.name, "role": one.role} for one in view.project.partners.all()],
        "events": [
            {
                "day": event.day,
                "precision": event.precision,
                "state": event.state,
                "text": event.text,
                "certain": event.certain,
                "decision": event.decision.slug if event.decision else None,
                "source": str(event.source),
            }
            for event in view.events
        ],
        "milestones": [row.milestone.slug for row in queries.milestones_on(stand.day, project=slug)],
        "risks": [one.risk.slug for one in risks_on(stand.day, project=slug)],
        "measures": [one.measure.slug for one in measures_of(view.project, stand.day)],
        "dependencies": [
            {"project": one.project.slug, "kind": one.kind, "other": one.other.slug}
            for one in dependencies_on(stand.day, project=slug)
        ],
    }
    return json_file(slug, content)


def events_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Give what happened to one project as CSV."""
    header = ["day", "precision", "state", "certain", "decision", "text_de", "text_en", "source"]
    rows = [
        (
            event.day,
            event.precision,
            event.state,
            event.certain,
            event.decision.slug if event.decision else None,
            event.text_de,
            event.text_en,
            str(event.source),
        )
        for event in _found(slug, stand_of(request)).events
    ]
    return csv_file(f"{slug}-verlauf", header, rows)
