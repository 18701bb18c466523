"""A panel by lot, in public: quotas and pool, the table of lots before the draw, the draw, and who followed."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.participation import panel_queries as queries
from allmende.participation.methods.panels.ceremony import sha256
from allmende.participation.methods.panels.pool import Quota
from allmende.participation.methods.panels.published import Lottery
from allmende.participation.models import Panel, Process
from allmende.participation.permission import PANELS
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import process_or_404, process_page

POOL_HEADER = ("feature", "value", "least", "most", "people_in_pool")
LOTS_HEADER = ("first_lot", "lots", "members_by_kind")


class QuotaLine(msgspec.Struct, frozen=True):
    """A quota, and how many of the pool have the value; None where it may not be told, or is not known yet."""

    quota: Quota
    people: int | None


def _panel(request: HttpRequest, slug: str) -> tuple[Process, Panel]:
    process = process_or_404(request, slug, PANELS)
    panel = queries.panel_of(process)
    if panel is None:
        raise Http404
    return process, panel


def _lines(panel: Panel, lottery: Lottery | None) -> list[QuotaLine]:
    if lottery is None:
        return [QuotaLine(quota, None) for quota in queries.quotas_of(panel)]
    return [QuotaLine(one.quota, one.people) for one in lottery.counts]


@told
def panel(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show how is drawn, and how far it is."""
    process, found = _panel(request, slug)
    lottery = queries.lottery_of(found)
    seats = queries.seats_of(found)
    values: dict[str, Any] = {
        "panel": found,
        "lines": _lines(found, lottery),
        "lottery": lottery,
        "table": sha256(found.lottery.encode()) if lottery else "",
        "drawn": queries.ceremony_of(found),
        "seats": seats,
        "accepted": sum(seat.state == "accepted" for seat in seats),
    }
    return process_page(request, "panel.html", process, **values)


@told
def pool_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give quotas and pool as CSV; counts of fewer than ten people are empty."""
    _, found = _panel(request, slug)
    lines = _lines(found, queries.lottery_of(found))
    rows = [(*msgspec.structs.astuple(line.quota), line.people) for line in lines]
    return csv_file(f"{slug}-kreis", POOL_HEADER, rows)


@told
def lots_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the table of lots as CSV: from which lot on, how many, and how many members of which kind."""
    _, found = _panel(request, slug)
    lottery = queries.lottery_of(found)
    if lottery is None:
        raise Http404
    rows, first = [], 0
    for entry in lottery.entries:
        rows.append((first, entry.lots, " ".join(f"{kind}:{members}" for kind, members in entry.members)))
        first += entry.lots
    return csv_file(f"{slug}-lostabelle", LOTS_HEADER, rows)


@told
def lots_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the table of lots with all that is needed to draw, byte for byte as its hash was published."""
    _, found = _panel(request, slug)
    return _json(found.lottery)


@told
def draw_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the draw: secret, public word, lot, numbers, and who followed whom."""
    _, found = _panel(request, slug)
    return _json(found.draw)


def _json(content: str) -> HttpResponse:
    if not content:
        raise Http404
    return HttpResponse(content.encode(), content_type="application/json")
