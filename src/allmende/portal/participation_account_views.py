"""What a process gives account of: in which editions it speaks, whom it reached, what it means for data protection."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from allmende.catalog.door import gate
from allmende.kernel.text import Text
from allmende.participation.impact import Impact, Setting, impact
from allmende.participation.languages import EASY, SIGNS
from allmende.participation.models import Panel, Process
from allmende.participation.permission import CONTRIBUTIONS, EVERY, PANELS, VOTES, WORKSHOPS
from allmende.participation.reach_queries import Reach, reach
from allmende.participation.rules import CHANNELS
from allmende.participation.services.editions import said_in_german
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import process_or_404, process_page, require_shown
from allmende.register.queries import purpose_tree

REACH_HEADER = ("kind", "name_de", "name_en", "people_in_city", "voters", "contributions", "ballots")
KINDS_HEADER = (
    *("data_de", "data_en", "special", "what_for_de", "what_for_en"),
    *("until_de", "until_en", "seen_by_de", "seen_by_en"),
)


def edition(request: HttpRequest, slug: str, tag: str) -> HttpResponseBase:
    """Show what a process says of itself in easy words, in signs, or in a further language."""
    process = process_or_404(request, slug)
    found = process.editions.filter(language=tag).first()
    looks = request.GET.get("vorschau") == process.preview
    if found is None or not (found.public or looks):
        raise Http404
    return process_page(
        request,
        "edition.html",
        process,
        edition=found,
        easy=tag == EASY,
        signs=tag == SIGNS,
        stale=found.translates != said_in_german(process),
    )


@told
def reached(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show who was reached, beside the people of the city."""
    process = _shown(request, slug)
    found = reach(process)
    return process_page(request, "reach.html", process, reach=found, ways=_ways(found))


@told
def reached_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give who was reached as CSV; an empty cell is not told or not known."""
    found = reach(_shown(request, slug))
    rows: list[tuple[object, ...]] = [
        ("group", row.group.title_de, row.group.title_en, row.group.people, row.voters, row.contributions, None)
        for row in found.groups
    ]
    rows += [("way", text.de, text.en, None, None, brought, cast) for text, brought, cast in _ways(found)]
    return csv_file(f"{slug}-erreicht", REACH_HEADER, rows)


def _ways(found: Reach) -> list[tuple[Text, int, int | None]]:
    """Give each way of taking part with its contributions and its ballots, as far as they may be told."""
    ballots = found.ballots.channels if found.ballots else {}
    return [(text, found.contributions.get(name, 0), ballots.get(name)) for name, text in CHANNELS.items()]


def _shown(request: HttpRequest, slug: str) -> Process:
    process = process_or_404(request, slug, CONTRIBUTIONS)
    require_shown(process, VOTES)
    return process


def _impact(process: Process) -> Impact:
    form = process.form
    panel = Panel.objects.filter(process=process).first()
    return impact(
        Setting(
            actions=form.actions,
            parts=form.parts,
            level=process.level,
            writing=process.writing,
            strict=process.strict,
            place=form.place,
            photo=form.photo,
            keep_days=process.keep_days,
            quotas=bool(panel and panel.quotas),
        )
    )


def protection(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what a process means for data protection, as far as it follows from its settings."""
    process = process_or_404(request, slug)
    parts, sheets = process.form.parts, gate().sheets()
    apart = {PANELS: "panel", WORKSHOPS: "workshops"}
    found = [sheets.find(data.data_use) for data in EVERY if data not in apart or apart[data] in parts]
    return process_page(
        request,
        "protection.html",
        process,
        impact=_impact(process),
        sheets=[sheet for sheet in found if sheet is not None],
        purpose=next((one.title for _, one in purpose_tree() if one.slug == process.purpose_slug), None),
    )


def protection_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the kinds of data of a process as CSV."""
    rows = [
        (
            *(one.data.de, one.data.en, one.special, one.what_for.de, one.what_for.en),
            *(one.until.de, one.until.en, one.seen_by.de, one.seen_by.en),
        )
        for one in _impact(process_or_404(request, slug)).kinds
    ]
    return csv_file(f"{slug}-datenschutz", KINDS_HEADER, rows)
