"""Putting options into an order, one select for each, by keyboard and without script; and the common order."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import ranking_queries as queries
from allmende.participation.ballot_queries import turnout
from allmende.participation.methods.ranking import ToldRanked
from allmende.participation.models import Process, Statement
from allmende.participation.permission import VOTES
from allmende.participation.services import rankings
from allmende.participation.vote_queries import statements
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import (
    came_on_paper,
    numbers_in,
    pass_of,
    process_or_404,
    process_page,
    shut,
    take_ballot,
)


class Line(msgspec.Struct, frozen=True):
    """An option, and the place that somebody gives it; 0 for none."""

    statement: Statement
    place: int


class Placed(msgspec.Struct, frozen=True):
    """An option in the common order, and how many prefer it to each other one; None where that may not be told."""

    statement: Statement
    told: ToldRanked
    preferred: tuple[int | None, ...]
    online: int | None
    paper: int | None

    @property
    def apart(self) -> bool:
        """Tell whether both ways put it at other places."""
        return self.online != self.paper


@csrf_exempt
@told
def ranking(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the options with the fields for their places, take an order, and show the common one after the end."""
    process = process_or_404(request, slug, part="ranking")
    if request.method != "POST":
        card = pass_of(request, process)
        order = queries.order_of(process, card.pseudonym) if card else []
        places = {number: place for place, number in enumerate(order, 1)}
        return _page(request, process, places, refused=came_on_paper(card, process.rankings.all()))
    places = numbers_in(request, "platz", (one.number for one in statements(process)))
    try:
        return take_ballot(request, process, "rank", lambda name: rankings.cast(process, name, places, utc_now()))
    except AllmendeError as error:
        return _page(request, process, places, status=error.status, refused=error)


def _page(
    request: HttpRequest, process: Process, places: dict[int, int], *, status: int = 200, **values: Any
) -> HttpResponse:
    options, closed = statements(process), shut(process, VOTES)
    found = None if closed else queries.result(process)
    rows = _placed(process, found) if found else []
    return process_page(
        request,
        "ranking.html",
        process,
        status=status,
        lines=[Line(one, places.get(one.number, 0)) for one in options],
        numbers=range(1, len(options) + 1),
        thanks=request.GET.get("danke"),
        closed=None if values.get("refused") else closed,
        turnout=None if closed else turnout(process.rankings.all()),
        found=found,
        rows=rows,
        first=[[row for row in rows if getattr(row, way) == 1] for way in ("online", "paper")],
        **values,
    )


def _placed(process: Process, found: queries.Result) -> list[Placed]:
    known = {queries.name_of(one.number): one for one in statements(process)}
    rows = dict(zip(found.told.options, found.told.preferred, strict=True))
    online, paper = (found.told.ways[way].places if found.told.ways else {} for way in ("online", "paper"))
    return [
        Placed(known[one.option], one, rows[one.option], online.get(one.option), paper.get(one.option))
        for one in found.told.ranked
        if one.option in known
    ]


def _result(request: HttpRequest, slug: str) -> tuple[Process, queries.Result]:
    process = process_or_404(request, slug, VOTES, part="ranking")
    found = queries.result(process)
    if found is None:
        raise Http404
    return process, found


@told
def ranking_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the common order as CSV, with how many prefer each option to each other; untold cells are empty."""
    process, found = _result(request, slug)
    over = (f"preferred_to_{int(name)}" for name in found.told.options)
    header = ("place", "turn", "number", "text_de", "text_en", "points", *over, "place_online", "place_paper")
    rows = [
        (
            *(one.told.place, one.told.turn, one.statement.number, one.statement.text_de, one.statement.text_en),
            *(one.told.borda, *one.preferred, one.online, one.paper),
        )
        for one in _placed(process, found)
    ]
    return csv_file(f"{slug}-rangfolge", header, rows)


@told
def ranking_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the common order with method and seed."""
    _, found = _result(request, slug)
    return HttpResponse(found.count.published.encode(), content_type="application/json")
