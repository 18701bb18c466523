"""Citizens' pages about milestones: plan against forecast, what moved, which chain takes longest."""

import datetime as dt
from typing import Any

import msgspec
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from allmende.kernel.text import Text
from allmende.portal.asof import FIRST, Stand, stand_of
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models import Project
from allmende.programme.queries import MilestoneRow
from allmende.programme.queries.schedule import (
    DEFAULT_LOOK_BACK,
    ChainView,
    critical_chain,
    last_report_until,
    moved_since,
    newest_moves,
)
from allmende.reports.queries import council_report_before
from allmende.ui import plans
from allmende.ui.bilingual import both
from allmende.ui.templatetags.allmende import day as written_day

ON_A_PAGE, MOST_MOVES = 25, 20
STATES = ("late", "unproven", "ahead", "done")


class Since(msgspec.Struct, frozen=True):
    """From which day on moves are shown, and the report whose day it is with its page, if it has one."""

    day: dt.date
    report: Text | None = None
    page: str = ""

    @property
    def written(self) -> str:
        """Write the day as addresses carry it."""
        return self.day.isoformat()


def _since(request: HttpRequest, stand: Stand) -> Since:
    """Read ``?seit=``; without it, the day of the last report, else half a year before."""
    try:
        return Since(min(max(dt.date.fromisoformat(request.GET.get("seit", "")), FIRST), stand.day))
    except ValueError:
        return _last_report(stand.day) or Since(stand.day - DEFAULT_LOOK_BACK)


def _last_report(on: dt.date) -> Since | None:
    """Give the later of the last report that was approved here and the last one that is known as an event."""
    event = last_report_until(on)
    made = council_report_before(on)
    if made is not None and (event is None or made.day >= event.day):
        return Since(made.day, both(made.get_kind_display), reverse("report-one", args=[made.pk]))
    return Since(event.day, event.title) if event else None


def _wanted(request: HttpRequest) -> dict[str, str]:
    state = request.GET.get("zustand", "")
    return {"project": request.GET.get("projekt", "")[:50], "state": state if state in STATES else ""}


def milestones(request: HttpRequest) -> HttpResponse:
    """Show milestones as a plan, what moved, and the chain that takes longest."""
    stand, wanted = stand_of(request), _wanted(request)
    since = _since(request, stand)
    known = queries.milestones_known(stand.day, **wanted)
    pages = Paginator(known, ON_A_PAGE)
    if not wanted["state"]:
        pages.count = queries.milestones_named(stand.day, project=wanted["project"]).count()
    shown = pages.get_page(request.GET.get("seite"))
    numbers = list(known.values_list("pk", flat=True)[max(shown.start_index() - 1, 0) : shown.end_index()])
    rows = queries.rows_of(known.filter(pk__in=numbers), stand.day)
    chain = critical_chain(stand.day, project=wanted["project"])
    moves, moved = newest_moves(since.day, stand.day, MOST_MOVES, project=wanted["project"])
    return page(
        request,
        "milestones.html",
        stand,
        rows=rows,
        shown=shown,
        total=pages.count,
        plan=_plan(rows, chain, stand),
        chain=chain,
        moves=moves,
        moved=moved,
        since=since,
        chosen=wanted,
        states=STATES,
        projects=Project.objects.only("slug", "title_de", "title_en"),
    )


def _plan(rows: list[MilestoneRow], chain: ChainView | None, stand: Stand) -> SafeString:
    """Draw the rows; nothing when there are none."""
    language = get_language() or "de"
    on_chain = {row.milestone.pk for row in chain.rows} if chain else set()
    bars = [
        plans.Bar(
            row.milestone.title.within(language),
            row.view.baseline.day if row.view.baseline else None,
            row.view.shown.day,
            row.view.state,
            row.milestone.pk in on_chain,
        )
        for row in rows
        if row.view.shown
    ]
    if not bars:
        return SafeString("")
    on_name = written_day(stand.day) if stand.past else gettext("heute")
    return SafeString(plans.gantt(gettext("Plan der Meilensteine"), bars, stand.day, on_name).decode())


def milestones_csv(request: HttpRequest) -> HttpResponse:
    """Give the milestones as CSV."""
    stand = stand_of(request)
    header = ["slug", "title_de", "title_en", "project", "baseline", "forecast", "actual", "state", "evidence"]
    rows = [
        (
            *(row.milestone.slug, row.milestone.title_de, row.milestone.title_en),
            row.milestone.project.slug if row.milestone.project else None,
            *(date.day if date else None for date in (row.view.baseline, row.view.forecast, row.view.actual)),
            *(row.view.state, row.view.actual.evidence if row.view.actual else None),
            *(row.view.delay_days, row.milestone.duration_days, stand.day),
        )
        for row in queries.milestones_on(stand.day, **_wanted(request))
    ]
    return csv_file("meilensteine", [*header, "delay_days", "duration_days", "as_of"], rows)


def milestones_json(request: HttpRequest) -> HttpResponse:
    """Give the milestones with the history of their dates as JSON."""
    stand = stand_of(request)
    content = [_told(row) for row in queries.milestones_on(stand.day, **_wanted(request))]
    return json_file("meilensteine", {"as_of": stand.day, "milestones": content})


def _told(row: MilestoneRow) -> dict[str, Any]:
    return {
        "slug": row.milestone.slug,
        "title": row.milestone.title,
        "project": row.milestone.project.slug if row.milestone.project else None,
        "state": row.view.state,
        "baseline": row.view.baseline,
        "forecast": row.view.forecast,
        "reported": row.view.claimed,
        "actual": row.view.actual,
        "withdrawn": row.view.withdrawn,
        "moves": row.view.moves,
        "duration_days": row.milestone.duration_days,
    }


def moves_csv(request: HttpRequest) -> HttpResponse:
    """Give what moved since a day as CSV."""
    stand, wanted = stand_of(request), _wanted(request)
    header = ["slug", "title_de", "title_en", "before", "after", "days", "known_since", "reason_de", "reason_en"]
    rows = [
        (
            *(row.milestone.slug, row.milestone.title_de, row.milestone.title_en),
            *(row.move.before.day, row.move.after.day, row.move.days, row.move.after.known_since),
            row.move.after.reason.de if row.move.after.reason else None,
            row.move.after.reason.en if row.move.after.reason else None,
        )
        for row in moved_since(_since(request, stand).day, stand.day, project=wanted["project"])
    ]
    return csv_file("verschobene-meilensteine", header, rows)
