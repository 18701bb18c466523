"""Citizens' pages that belong to no part: the first page, texts, errors."""

from collections import Counter

import mistune
import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from allmende.kernel.errors import AllmendeError
from allmende.packs.read import pack_folder, read_text
from allmende.portal import data_queries
from allmende.portal.asof import Stand, stand_of
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models.projects import STATES
from allmende.transfer.queries import findings_on
from allmende.ui import drawings, maps
from allmende.ui.templatetags.allmende import day as written_day
from allmende.ui.templatetags.allmende import number

OWN = ("certain", "likely", "unknown")
SHOWN_STATES = tuple(state for state, _ in STATES)
# The room that a letter takes on the small map of the home page, whose labels are larger.
LARGE_LETTER = 11.5
# What a timeline can show so that one can still read it.
MOST_STEPS = 30
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
    steps, last, ahead = _milestones(stand)
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
        timeline=_timeline(steps, stand),
        done=last,
        ahead=ahead,
        freshest=freshest,
        suspended=data_queries.suspended(),
        drawing=_temperatures(freshest),
    )


def _milestones(stand: Stand) -> tuple[list[queries.MilestoneRow], ...]:
    """Give the milestones on the timeline, those reached last, and the next ones.

    The timeline has all, or where there are many the newest of the whole programme.
    """
    known, day = queries.milestones_known(stand.day), stand.day
    rows = queries.rows_of(known[: MOST_STEPS + 1], day)
    if len(rows) <= MOST_STEPS:
        done, ahead = ([row for row in rows if row.view.state == state] for state in ("done", "ahead"))
        return rows, done[-2:], ahead[:3]
    newest = queries.rows_of(known.filter(project=None).reverse()[:MOST_STEPS], day)[::-1]
    reached = queries.rows_of(queries.milestones_known(day, state="done").reverse()[:2], day)[::-1]
    return newest, reached, queries.rows_of(queries.milestones_known(day, state="ahead")[:3], day)


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


def text(request: HttpRequest, name: str, title: str) -> HttpResponse:
    """Show a text of the city pack."""
    language = "en" if (get_language() or "").startswith("en") else "de"
    easy = name == "leichte-sprache"
    body = (_markdown_by_line if easy else _markdown)(read_text(settings.ALLMENDE.pack, name, language))
    return page(request, "text.html", body=body, title=title, easy=easy)


def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages for search engines."""
    names = (
        "home",
        "programme",
        "strategy",
        "interplay",
        "reports",
        "projects",
        "money",
        "milestones",
        "effects",
        "data",
        "map",
        "climate",
        "ethics",
        "findings",
        "peers",
        "comparison",
    )
    base = settings.ALLMENDE.public_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    addresses = [reverse(name) for name in (*names, "register", "nearby", "participate", "formal", "easy")]
    slugs = queries.projects_known(stand_of(request).day).values_list("slug", flat=True)
    addresses += [reverse("project", args=[slug]) for slug in slugs]
    found = findings_on(stand_of(request).day)
    addresses += [reverse("finding", args=[one.project.slug]) for one in found]
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
