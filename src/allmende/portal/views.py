"""Citizens' pages about the programme."""

import mistune
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.kernel.errors import AllmendeError
from allmende.packs.read import read_text
from allmende.portal import data_queries
from allmende.portal.asof import stand_of
from allmende.portal.files import csv_file, picture, width_of
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models.projects import STATES
from allmende.ui import charts
from allmende.ui.templatetags.allmende import day as written_day

OWN = ("certain", "likely", "unknown")
_markdown = mistune.create_markdown(escape=True)


def home(request: HttpRequest) -> HttpResponse:
    """Show what the programme is, where it stands and what was measured last."""
    stand = stand_of(request)
    milestones = queries.milestones_on(stand.day)
    return page(
        request,
        "home.html",
        stand,
        programme=queries.programme(),
        targets=queries.target_images(),
        plan=queries.plan_on(stand.day),
        count=queries.count_on(stand.day),
        done=[row for row in milestones if row.view.state == "done"][-3:],
        ahead=[row for row in milestones if row.view.state in ("ahead", "late")][:4],
        freshest=data_queries.freshest_measurements(6),
    )


def programme(request: HttpRequest) -> HttpResponse:
    """Show vision, target images, strategy, decisions, what differs and what is not known."""
    stand = stand_of(request)
    return page(
        request,
        "programme.html",
        stand,
        programme=queries.programme(),
        targets=queries.target_images(),
        tracks=queries.tracks(),
        decisions=queries.decisions_until(stand.day),
        counts=queries.counts_until(stand.day),
        discrepancies=queries.discrepancies(),
        gaps=queries.gaps(),
    )


def counts_csv(request: HttpRequest) -> HttpResponse:
    """Give the dated numbers of projects as CSV; empty where a source names none."""
    header = ["day", "precision", "count", "as_written", "text_de", "text_en", "source"]
    rows = [
        (count.day, count.precision, count.count, count.label, count.text_de, count.text_en, str(count.source))
        for count in queries.counts_until(stand_of(request).day)
    ]
    return csv_file("projektzahlen", header, rows)


def _filtered(request: HttpRequest) -> list[queries.ProjectView]:
    wanted = {name: request.GET.get(name, "")[:100] for name in ("target", "state", "text")}
    return queries.projects_on(stand_of(request).day, **wanted)


def projects(request: HttpRequest) -> HttpResponse:
    """List projects, narrowed by target image, state or words."""
    views = _filtered(request)
    groups = [
        (
            gettext("Projekte des Programms"),
            [v for v in views if v.project.standing in OWN and v.state != "idea-store"],
        ),
        (gettext("Projektideenspeicher: nicht ausgeführt"), [v for v in views if v.state == "idea-store"]),
        (
            gettext("Werden oft dazugezählt, gehören aber nicht zum Programm"),
            [v for v in views if v.project.standing == "neighbour"],
        ),
    ]
    chosen = {name: request.GET.get(name, "") for name in ("target", "state", "text")}
    return page(
        request,
        "projects.html",
        groups=[group for group in groups if group[1]],
        targets=queries.target_images(),
        states=STATES,
        chosen=chosen,
        total=len(views),
    )


def projects_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as CSV."""
    stand = stand_of(request)
    header = ["slug", "title_de", "title_en", "state", "since", "standing", "target_images", "as_of"]
    rows = [
        (
            *(view.project.slug, view.project.title_de, view.project.title_en, view.state),
            view.last_event.day if view.last_event else None,
            view.project.standing,
            " ".join(target.slug for target in view.targets),
            stand.day,
        )
        for view in _filtered(request)
    ]
    return csv_file("projekte", header, rows)


def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one project."""
    stand = stand_of(request)
    view = queries.project_on(slug, stand.day)
    if view is None:
        raise Http404
    return page(request, "project.html", stand, view=view, milestones=queries.milestones_on(stand.day, project=slug))


def money(request: HttpRequest) -> HttpResponse:
    """Show the plan versions over time, with published and exact shares."""
    stand = stand_of(request)
    plans = queries.plans_until(stand.day)
    return page(
        request, "money.html", stand, plans=plans, plan=plans[-1] if plans else None, rules=queries.funding_rules()
    )


def money_csv(request: HttpRequest) -> HttpResponse:
    """Give the plan versions as CSV, in cents."""
    header = [
        *("slug", "day", "precision", "total_cents", "federal_cents", "own_cents", "rounding"),
        *("exact_federal_cents", "exact_own_cents", "total_minus_shares_cents", "source"),
    ]
    rows = [
        (
            *(view.plan.slug, view.plan.day, view.plan.precision, view.plan.total_cents, view.plan.federal_cents),
            *(view.plan.own_cents, view.plan.rounding, view.exact_federal.cents, view.exact_own.cents),
            *(view.unexplained.cents, str(view.plan.source)),
        )
        for view in queries.plans_until(stand_of(request).day)
    ]
    return csv_file("geld", header, rows)


def money_picture(request: HttpRequest) -> HttpResponseBase:
    """Draw the plan versions with their shares."""
    federal, own = gettext("Bund"), gettext("Stadt und Dritte")
    rows = []
    for view in queries.plans_until(stand_of(request).day):
        name = written_day(view.plan.day, "month")
        rows += [(name, federal, view.plan.federal_cents / 1e8), (name, own, view.plan.own_cents / 1e8)]
    colours = {federal: charts.FEDERAL, own: charts.OWN}
    title = gettext("Finanzplan, wie er jeweils veröffentlicht war")
    language, width = get_language() or "de", width_of(request)
    return picture(request, charts.shares(title, gettext("Mio. €"), rows, colours, language, width=width))


def milestones(request: HttpRequest) -> HttpResponse:
    """Show milestones as a timeline."""
    stand = stand_of(request)
    return page(request, "milestones.html", stand, rows=queries.milestones_on(stand.day))


def milestones_csv(request: HttpRequest) -> HttpResponse:
    """Give the milestones as CSV."""
    stand = stand_of(request)
    header = ["slug", "title_de", "title_en", "project", "baseline", "forecast", "actual", "state", "evidence", "as_of"]
    rows = [
        (
            *(row.milestone.slug, row.milestone.title_de, row.milestone.title_en),
            row.milestone.project.slug if row.milestone.project else None,
            *(date.day if date else None for date in (row.view.baseline, row.view.forecast, row.view.actual)),
            *(row.view.state, row.milestone.evidence or None, stand.day),
        )
        for row in queries.milestones_on(stand.day)
    ]
    return csv_file("meilensteine", header, rows)


def effects(request: HttpRequest) -> HttpResponse:
    """Say honestly what was measured and what was not."""
    stand = stand_of(request)
    return page(request, "effects.html", stand, projects=queries.projects_on(stand.day, standing=OWN))


def effects_csv(request: HttpRequest) -> HttpResponse:
    """Give the projects with what is known of their effect as CSV; an empty cell means unknown."""
    stand = stand_of(request)
    views = queries.projects_on(stand.day, standing=OWN)
    rows = [(view.project.slug, view.project.title_de, view.project.title_en, None, None, None) for view in views]
    return csv_file("wirkung", ["slug", "title_de", "title_en", "baseline", "target", "result"], rows)


def participate(request: HttpRequest) -> HttpResponse:
    """Show how people could take part so far."""
    stand = stand_of(request)
    events = queries.events_until(stand.day, kind="participation").order_by("-day")
    return page(request, "participate.html", stand, events=events, tracks=queries.tracks())


def participate_csv(request: HttpRequest) -> HttpResponse:
    """Give the participation events as CSV."""
    header = ["day", "precision", "title_de", "title_en", "place", "participants", "source"]
    rows = [
        (
            event.day,
            event.precision,
            event.title_de,
            event.title_en,
            event.place or None,
            event.participants,
            str(event.source),
        )
        for event in queries.events_until(stand_of(request).day, kind="participation")
    ]
    return csv_file("mitmachen", header, rows)


def findings(request: HttpRequest) -> HttpResponse:
    """Say that no findings are published yet."""
    return page(request, "findings.html")


def text(request: HttpRequest, name: str, title: str) -> HttpResponse:
    """Show a text of the city pack."""
    language = "en" if (get_language() or "").startswith("en") else "de"
    body = _markdown(read_text(settings.ALLMENDE.pack, name, language))
    return page(request, "text.html", body=body, title=title)


def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages for search engines."""
    names = ("home", "programme", "projects", "money", "milestones", "effects", "data", "map", "climate", "ethics")
    base = settings.ALLMENDE.public_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    addresses = [reverse(name) for name in (*names, "register", "participate", "easy")]
    addresses += [reverse("project", args=[view.project.slug]) for view in queries.projects_on(stand_of(request).day)]
    urls = "".join(f"<url><loc>{base}{address}</loc></url>" for address in addresses)
    body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    return HttpResponse(body, content_type="application/xml")


def robots(request: HttpRequest) -> HttpResponse:
    """Keep search engines out of the staff room."""
    return HttpResponse("User-agent: *\nDisallow: /intern/\n", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page, and where to go."""
    return page(request, "error.html", status=404, title=gettext("Diese Seite gibt es nicht"))


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong, without the frame, which may be what broke."""
    body = (
        '<!doctype html><html lang="de"><meta charset="utf-8"><title>Fehler</title><h1>Das ging schief</h1>'
        "<p>Der Fehler ist notiert. Versuchen Sie es gleich noch einmal.</p>"
        '<p lang="en">Something went wrong and was noted. Please try again in a moment.</p></html>'
    )
    return HttpResponse(body, status=500)


def refused(request: HttpRequest, error: AllmendeError) -> HttpResponse:
    """Show an error that names its reason and what to do."""
    return page(
        request, "error.html", status=error.status, title=error.what.within(get_language() or "de"), error=error
    )
