"""Citizens' pages about the whole programme: vision, goals, decisions, interplay, conditions, risks, changes."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from allmende.catalog.door import gate
from allmende.council import queries as council
from allmende.participation import permission
from allmende.participation import queries as participation
from allmende.participation.models import Step
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models import Decision, Dependency
from allmende.programme.queries.changes import Change, changes_until, kind_name
from allmende.programme.queries.steering import conditions_on, dependencies_on, goals_on, measures_on, risks_on
from allmende.programme.queries.strategy import strategies_until
from allmende.programme.rules.steering import layers
from allmende.ui import plans

FEED_LENGTH, MOST_RISKS = 100, 25


def programme(request: HttpRequest) -> HttpResponse:
    """Show vision, target images, strategy, decisions, what differs and what is not known."""
    stand = stand_of(request)
    goals: dict[int, list[Any]] = {}
    for goal in goals_on(stand.day):
        goals.setdefault(goal.target_id, []).append(goal)
    return page(
        request,
        "programme.html",
        stand,
        programme=queries.programme(),
        targets=[(target, goals.get(target.pk, [])) for target in queries.target_images()],
        strategies=list(strategies_until(stand.day)),
        tracks=queries.tracks(),
        bodies=queries.bodies(),
        events=queries.events_until(stand.day).exclude(kind="participation").order_by("-day"),
        decisions=_decisions(stand),
        counts=queries.counts_until(stand.day),
        measures=measures_on(stand.day),
        conditions=conditions_on(stand.day),
        risks=risks_on(stand.day)[:MOST_RISKS],
        discrepancies=queries.discrepancies(),
        gaps=queries.gaps(),
    )


def _decisions(stand: Stand) -> list[tuple[Decision, list[Step]]]:
    """Give the decisions with the contributions that name the same paper of the council."""
    decisions = list(queries.decisions_until(stand.day))
    steps = {} if stand.past else participation.steps_with_papers()
    if steps and permission.shut(gate(), permission.PURPOSE, permission.CONTRIBUTIONS):
        steps = {}
    papers = {one.oparl: council.paper(one.oparl) for one in decisions if steps and one.oparl}
    return [(one, steps.get(paper.url, []) if (paper := papers.get(one.oparl)) else []) for one in decisions]


def programme_json(request: HttpRequest) -> HttpResponse:
    """Give the programme as JSON."""
    stand = stand_of(request)
    found = queries.programme()
    about = {"slug": found.slug, "city": found.city, "title": found.title, "vision": found.vision} if found else None
    content = {
        "as_of": stand.day,
        "programme": about,
        "target_images": [{"slug": row.slug, "title": row.title, "text": row.text} for row in queries.target_images()],
        "goals": [_goal(row) for row in goals_on(stand.day)],
        "decisions": [_decision(row) for row in queries.decisions_until(stand.day)],
        "counts": [_count(row) for row in queries.counts_until(stand.day)],
        "measures": [_measure(view) for view in measures_on(stand.day)],
        "conditions": [
            {"slug": view.condition.slug, "title": view.condition.title, "state": view.state}
            for view in conditions_on(stand.day)
        ],
        "risks": [_risk(view) for view in risks_on(stand.day)],
    }
    return json_file("programm", content)


def _goal(row: Any) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "target_image": row.target.slug,
        "title": row.title,
        "text": row.text,
        "since": row.since,
    }


def _count(row: Any) -> dict[str, Any]:
    return {"day": row.day, "precision": row.precision, "count": row.count, "as_written": row.label}


def _measure(view: Any) -> dict[str, Any]:
    projects = [one.project.slug for one in view.links]
    return {"slug": view.measure.slug, "title": view.measure.title, "projects": projects}


def _risk(view: Any) -> dict[str, Any]:
    now = {"state": view.now.state, "probability": view.now.probability, "impact": view.now.impact}
    return {"slug": view.risk.slug, "title": view.risk.title, **now}


def _decision(row: Any) -> dict[str, Any]:
    about = {"slug": row.slug, "day": row.day, "precision": row.precision, "body": row.body.slug, "title": row.title}
    return {**about, "text": row.text, "paper": row.paper, "oparl": row.oparl, "source": str(row.source)}


def counts_csv(request: HttpRequest) -> HttpResponse:
    """Give the dated numbers of projects as CSV; empty where a source names none."""
    header = ["day", "precision", "count", "as_written", "text_de", "text_en", "source"]
    rows = [
        (count.day, count.precision, count.count, count.label, count.text_de, count.text_en, str(count.source))
        for count in queries.counts_until(stand_of(request).day)
    ]
    return csv_file("projektzahlen", header, rows)


def decisions_csv(request: HttpRequest) -> HttpResponse:
    """Give the decisions as CSV."""
    header = ["slug", "day", "precision", "body", "title_de", "title_en", "paper", "oparl", "source"]
    rows = [
        (
            *(row.slug, row.day, row.precision, row.body.slug, row.title_de, row.title_en),
            *(row.paper or None, row.oparl or None, str(row.source)),
        )
        for row in queries.decisions_until(stand_of(request).day)
    ]
    return csv_file("beschluesse", header, rows)


def decisions_json(request: HttpRequest) -> HttpResponse:
    """Give the decisions as JSON."""
    stand = stand_of(request)
    rows = [_decision(row) for row in queries.decisions_until(stand.day)]
    return json_file("beschluesse", {"as_of": stand.day, "decisions": rows})


def conditions_csv(request: HttpRequest) -> HttpResponse:
    """Give every finding about the conditions as CSV."""
    header = ["condition", "title_de", "title_en", "day", "state", "evidence", "text_de", "text_en"]
    rows = [
        (
            view.condition.slug,
            view.condition.title_de,
            view.condition.title_en,
            one.day,
            one.state,
            one.evidence or None,
            one.text_de,
            one.text_en,
        )
        for view in conditions_on(stand_of(request).day)
        for one in view.findings
    ]
    return csv_file("bedingungen", header, rows)


def risks_csv(request: HttpRequest) -> HttpResponse:
    """Give every estimate of the risks as CSV."""
    header = ["risk", "project", "title_de", "title_en", "day", "state", "probability", "impact", "owner_de"]
    rows = [
        (
            view.risk.slug,
            view.risk.project.slug if view.risk.project else None,
            view.risk.title_de,
            view.risk.title_en,
            one.day,
            one.state,
            one.probability,
            one.impact,
            view.risk.owner_de or None,
        )
        for view in risks_on(stand_of(request).day)
        for one in view.estimates
    ]
    return csv_file("risiken", header, rows)


def interplay(request: HttpRequest) -> HttpResponse:
    """Draw how the projects play together, with the table beside it."""
    stand = stand_of(request)
    rows = list(dependencies_on(stand.day))
    return page(request, "interplay.html", stand, rows=rows, drawing=_drawing(rows, stand))


def interplay_csv(request: HttpRequest) -> HttpResponse:
    """Give how the projects play together as CSV."""
    header = ["project", "kind", "other", "text_de", "text_en", "since", "until", "source"]
    rows = [
        (row.project.slug, row.kind, row.other.slug, row.text_de, row.text_en, row.since, row.until, str(row.source))
        for row in dependencies_on(stand_of(request).day)
    ]
    return csv_file("zusammenspiel", header, rows)


def interplay_json(request: HttpRequest) -> HttpResponse:
    """Give how the projects play together as JSON."""
    stand = stand_of(request)
    edges = [
        {"project": row.project.slug, "kind": row.kind, "other": row.other.slug, "text": row.text, "since": row.since}
        for row in dependencies_on(stand.day)
    ]
    return json_file("zusammenspiel", {"as_of": stand.day, "dependencies": edges})


def _drawing(rows: list[Dependency], stand: Stand) -> SafeString:
    language = get_language() or "de"
    projects = {project.slug: project for row in rows for project in (row.project, row.other)}
    query = f"?stand={stand.written}" if stand.past else ""
    boxes = {slug: project.title.within(language) for slug, project in projects.items()}
    addresses = {slug: reverse("project", args=[slug]) + query for slug in projects}
    column = layers(projects, [(row.project.slug, row.other.slug) for row in rows])
    edges = [plans.Leaning(row.project.slug, row.other.slug, row.kind) for row in rows]
    if not boxes:
        return SafeString("")
    return SafeString(plans.graph(gettext("Zusammenspiel der Projekte"), boxes, addresses, column, edges).decode())


def changes(request: HttpRequest) -> HttpResponse:
    """List what was decided and what changed last."""
    stand = stand_of(request)
    rows = [(kind_name(one.kind), one, _page_of(one)) for one in changes_until(stand.day, FEED_LENGTH)]
    return page(request, "changes.html", stand, rows=rows)


def changes_csv(request: HttpRequest) -> HttpResponse:
    """Give what was decided and what changed last as CSV."""
    header = ["day", "kind", "mark", "title_de", "title_en", "text_de", "text_en"]
    rows = [
        (one.day, one.kind, one.mark, one.title.de, one.title.en, one.text.de, one.text.en)
        for one in changes_until(stand_of(request).day, FEED_LENGTH)
    ]
    return csv_file("aenderungen", header, rows)


def changes_json(request: HttpRequest) -> HttpResponse:
    """Give what was decided and what changed last as JSON, each with the page that tells more."""
    stand = stand_of(request)
    rows = [
        {
            **{"day": one.day, "kind": one.kind, "mark": one.mark, "title": one.title, "text": one.text},
            "page": request.build_absolute_uri(_page_of(one)),
        }
        for one in changes_until(stand.day, FEED_LENGTH)
    ]
    return json_file("aenderungen", {"as_of": stand.day, "changes": rows})


def _page_of(one: Change) -> str:
    if one.page == "project":
        return reverse("project", args=[one.slug])
    marks = {"milestones": f"#meilenstein-{one.slug}", "programme": f"#{one.mark}"}
    return reverse(one.page) + marks.get(one.page, "")


def changes_feed(request: HttpRequest) -> HttpResponseBase:
    """Give decisions and changes as an Atom feed (RFC 4287) in the page's language."""
    language = get_language() or "de"
    feed = Atom1Feed(
        title=gettext("Beschlüsse und Änderungen"),
        link=request.build_absolute_uri(reverse("changes")),
        description="",
        language=language,
        feed_url=request.build_absolute_uri(),
    )
    for one in changes_until(stand_of(request).day, FEED_LENGTH):
        moment = dt.datetime.combine(one.day, dt.time.min, dt.UTC)
        address = request.build_absolute_uri(_page_of(one))
        feed.add_item(
            title=f"{kind_name(one.kind)}: {one.title.within(language)}",
            link=address,
            description=one.text.within(language),
            unique_id=f"{request.build_absolute_uri(reverse('changes'))}#{one.mark}",
            pubdate=moment,
            updateddate=moment,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
