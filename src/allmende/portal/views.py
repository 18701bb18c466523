"""Citizens' pages about the programme."""

from collections import Counter

import mistune
import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from allmende.kernel.errors import AllmendeError
from allmende.packs.read import pack_folder, read_text
from allmende.participation import queries as participation
from allmende.portal import data_queries
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models.projects import STATES
from allmende.register import queries as register
from allmende.ui import drawings, maps
from allmende.ui.templatetags.allmende import day as written_day
from allmende.ui.templatetags.allmende import number

OWN = ("certain", "likely", "unknown")
SHOWN_STATES = tuple(state for state, _ in STATES)
# The room that a letter takes on the small map of the home page, whose labels are larger.
LARGE_LETTER = 11.5
_markdown = mistune.create_markdown(escape=True)
# Leichte Sprache gives every sentence its own line.
_markdown_by_line = mistune.create_markdown(escape=True, hard_wrap=True)


class Tally(msgspec.Struct, frozen=True):
    """How many projects are in a state."""

    state: str
    count: int


def home(request: HttpRequest) -> HttpResponse:
    """Show what the programme is, where it stands and what was measured last."""
    stand = stand_of(request)
    milestones = queries.milestones_on(stand.day)
    known = queries.states_on(stand.day, OWN)
    counted = Counter(state or "unknown" for _, state in known)
    freshest = data_queries.freshest_measurements(get_language() or "de")
    return page(
        request,
        "home.html",
        stand,
        programme=queries.programme(),
        targets=queries.target_images(),
        plan=queries.plan_on(stand.day),
        count=queries.count_on(stand.day),
        running=[project for project, state in known if state in ("running", "permanent")],
        tally=[Tally(state, counted[state]) for state in (*SHOWN_STATES, "unknown") if counted[state]],
        timeline=_timeline(milestones, stand),
        done=[row for row in milestones if row.view.state == "done"][-2:],
        ahead=[row for row in milestones if row.view.state == "ahead"][:3],
        freshest=freshest,
        drawing=_temperatures(freshest),
    )


def _timeline(rows: list[queries.MilestoneRow], stand: Stand) -> SafeString:
    """Draw the milestones along the years; nothing when none is known."""
    language = get_language() or "de"
    steps = [
        drawings.Step(row.view.shown.day, row.milestone.title.within(language), row.view.state)
        for row in rows
        if row.view.shown
    ]
    if not steps:
        return SafeString("")
    on_name = written_day(stand.day) if stand.past else gettext("heute")
    return SafeString(drawings.timeline(gettext("Meilensteine"), steps, stand.day, on_name).decode())


def _temperatures(freshest: data_queries.Freshest) -> maps.Picture | None:
    """Draw the newest temperatures where they were measured; nothing when no place is known."""
    markers = [
        maps.Marker(
            longitude=row.station.longitude,
            latitude=row.station.latitude,
            name=f"{row.station.name} {number(row.value)} °C",
            label=f"{number(row.value)}°",
            address=reverse("station", args=[row.station.slug]),
            approximate=row.station.position != "measured",
        )
        for row in freshest.rows
        if row.station.longitude is not None and row.station.latitude is not None
    ]
    if not markers:
        return None
    outline = pack_folder(settings.ALLMENDE.pack) / "outline.geojson"
    return maps.draw_map(outline, markers, get_language() or "de", maps.frame_around(markers), LARGE_LETTER)


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
        bodies=queries.bodies(),
        events=queries.events_until(stand.day).exclude(kind="participation").order_by("-day"),
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
    return page(
        request,
        "project.html",
        stand,
        view=view,
        milestones=queries.milestones_on(stand.day, project=slug),
        data_use=register.data_use(view.project.data_use) if view.project.data_use else None,
        processes=participation.processes().filter(project=slug, state="open"),
        steps=participation.steps_in_project(slug, stand.day)[:20],
    )


def milestones(request: HttpRequest) -> HttpResponse:
    """Show milestones as a timeline."""
    stand = stand_of(request)
    rows = queries.milestones_on(stand.day)
    return page(request, "milestones.html", stand, rows=rows, timeline=_timeline(rows, stand))


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


def findings(request: HttpRequest) -> HttpResponse:
    """Say that no findings are published yet."""
    return page(request, "findings.html")


def text(request: HttpRequest, name: str, title: str) -> HttpResponse:
    """Show a text of the city pack."""
    language = "en" if (get_language() or "").startswith("en") else "de"
    easy = name == "leichte-sprache"
    body = (_markdown_by_line if easy else _markdown)(read_text(settings.ALLMENDE.pack, name, language))
    return page(request, "text.html", body=body, title=title, easy=easy)


def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages for search engines."""
    names = ("home", "programme", "projects", "money", "milestones", "effects", "data", "map", "climate", "ethics")
    base = settings.ALLMENDE.public_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    addresses = [reverse(name) for name in (*names, "register", "nearby", "participate", "easy")]
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
        '<!doctype html><html lang="de"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Fehler</title><main><h1>Das ging schief</h1>"
        "<p>Der Fehler ist notiert. Versuchen Sie es gleich noch einmal.</p>"
        '<p lang="en">Something went wrong and was noted. Please try again in a moment.</p></main></html>'
    )
    return HttpResponse(body, status=500)


def refused(request: HttpRequest, error: AllmendeError) -> HttpResponse:
    """Show an error that names its reason and what to do."""
    return page(
        request, "error.html", status=error.status, title=error.what.within(get_language() or "de"), error=error
    )
