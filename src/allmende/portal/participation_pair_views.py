"""Comparing two options at a time, by keyboard and without script; and what is ahead after the end."""

from typing import Any
from urllib.parse import quote

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import pair_queries as queries
from allmende.participation.methods.pairs import Strength
from allmende.participation.models import Process, Statement
from allmende.participation.pair_queries import Pair
from allmende.participation.permission import VOTES
from allmende.participation.services import pairs as service
from allmende.participation.vote_queries import statements
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import (
    MOST_VOTES_AN_HOUR,
    Pass,
    pass_of,
    private,
    process_or_404,
    process_page,
    require_form,
    require_pass,
    require_taking,
    shut,
)

CHOICES = {"links": "left", "rechts": "right", "gleich": "alike", "weiss-nicht": "pass"}
HEADER = ("place", "number", "text_de", "text_en", "percent", "percent_low", "percent_high", "judgements")


class Said(msgspec.Struct, frozen=True):
    """A pair with its words, the word by which it is judged, and what somebody said to it.

    The value is 1 for the left one, -1 for the right one, 0 for both alike and None for passed, or not yet judged.
    """

    left: Statement
    right: Statement
    word: str
    value: int | None
    judged: bool

    @property
    def better(self) -> Statement:
        """Give the one that was chosen."""
        return self.left if self.value == 1 else self.right

    @property
    def worse(self) -> Statement:
        """Give the other one."""
        return self.right if self.value == 1 else self.left


class Placed(msgspec.Struct, frozen=True):
    """An option as it came out."""

    statement: Statement
    told: Strength

    @property
    def width(self) -> int:
        """Give the width of its range."""
        return self.told.high - self.told.low


@csrf_exempt
@told
def pairs(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the next pair, take what somebody says to it, and show what is ahead after the end."""
    process = process_or_404(request, slug, part="pairs")
    if request.method != "POST":
        return _page(request, process)
    try:
        return _taken(request, process)
    except AllmendeError as error:
        return _page(request, process, status=error.status, refused=error)


def _taken(request: HttpRequest, process: Process) -> HttpResponse:
    require_form(request, MOST_VOTES_AN_HOUR, "participation-votes")
    card, word = require_pass(request, process, "compare"), request.POST.get("paar", "")
    pair, undo = service.pair_of(process, card.pseudonym, word), request.POST.get("tat") == "zurueck"
    if undo:
        service.take_back(process, card.pseudonym, pair, utc_now())
    else:
        require_taking(process, VOTES)
        service.judge(process, card.pseudonym, pair, CHOICES.get(request.POST.get("wahl", ""), ""), utc_now())
    # What was taken back is shown anew; what was judged can be taken back.
    after = "paar" if undo else "zuletzt"
    return private(redirect(f"{request.path}?karte={card.word}&{after}={quote(word)}#paar"))


def _page(request: HttpRequest, process: Process, *, status: int = 200, **values: Any) -> HttpResponse:
    closed, card = shut(process, VOTES), pass_of(request, process)
    found = None if closed else queries.result(process)
    options = {one.number: one for one in statements(process)}
    return process_page(
        request,
        "pairs.html",
        process,
        status=status,
        options=list(options.values()),
        closed=None if values.get("refused") else closed,
        people=None if closed else queries.people(process),
        found=found,
        rows=_placed(options, found) if found else [],
        apart=[options[number] for name in found.told.apart if (number := int(name)) in options] if found else [],
        **(_own(request, process, card, options) if card else {}),
        **values,
    )


def _own(request: HttpRequest, process: Process, card: Pass, options: dict[int, Statement]) -> dict[str, Any]:
    """Give the pair to be judged, the one judged last, and all that somebody has judged."""
    mine = queries.judged(process, card.pseudonym)

    def said(pair: Pair) -> Said:
        value = mine.get(pair.ordered)
        turned = -value if value and pair.turned else value
        word = service.word_of(process, card.pseudonym, pair)
        return Said(options[pair.left], options[pair.right], word, turned, pair.ordered in mine)

    def named(name: str) -> Pair | None:
        word = request.POST.get(name) or request.GET.get(name, "")
        try:
            return service.pair_of(process, card.pseudonym, word) if word else None
        except AllmendeError:
            return None

    shown, last = named("paar") or queries.next_pair(process, card.pseudonym), named("zuletzt")
    return {
        "pair": said(shown) if shown else None,
        "last": said(last) if last and last.ordered in mine else None,
        "mine": [said(Pair(*pair)) for pair in mine if {*pair} <= options.keys()],
        "every": len(options) * (len(options) - 1) // 2,
    }


def _placed(options: dict[int, Statement], found: queries.Result) -> list[Placed]:
    return [Placed(options[int(one.option)], one) for one in found.told.placed if int(one.option) in options]


def _result(request: HttpRequest, slug: str) -> tuple[Process, queries.Result]:
    process = process_or_404(request, slug, VOTES, part="pairs")
    found = queries.result(process)
    if found is None:
        raise Http404
    return process, found


@told
def pairs_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the strengths as CSV; what too few compared with the others has empty cells."""
    process, found = _result(request, slug)
    options = {one.number: one for one in statements(process)}
    rows: list[tuple[object, ...]] = [
        (
            *(one.told.place, one.statement.number, one.statement.text_de, one.statement.text_en),
            *(one.told.percent, one.told.low, one.told.high, one.told.judgements),
        )
        for one in _placed(options, found)
    ]
    apart = [options[int(name)] for name in found.told.apart if int(name) in options]
    rows += [(None, one.number, one.text_de, one.text_en, *(None,) * 4) for one in apart]
    return csv_file(f"{slug}-paarvergleich", HEADER, rows)


@told
def pairs_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the strengths with method, prior and seed."""
    _, found = _result(request, slug)
    return HttpResponse(found.count.published.encode(), content_type="application/json")
