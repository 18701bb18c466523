"""Rankings: orders taken while the phase runs, from paper until the count, counted when the last phase begins."""

import datetime as dt
from collections.abc import Mapping

import msgspec
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.participation import ranking_queries as queries
from allmende.participation.methods.ranking import told_of
from allmende.participation.models import Process, RankingBallot, RankingCount
from allmende.participation.services import ballots
from allmende.participation.services.contributions import require_open
from allmende.participation.vote_queries import statements

ACTOR = SystemActor("system:participation")
NO_OPTION = ErrorCode(
    "participation.unknown_option",
    Text("Nr. {number} steht nicht zur Wahl.", "No. {number} is no option."),
    Text("Die Nummern stehen auf der Seite.", "The numbers stand on the page."),
)
NO_ORDER = ErrorCode(
    "participation.no_order",
    Text("Es ist noch nichts geordnet.", "Nothing has been ordered yet."),
    Text("Geben Sie mindestens einer Möglichkeit einen Platz.", "Give a place to one option at least."),
)
SAME_PLACE = ErrorCode(
    "participation.same_place",
    Text("Auf Platz {place} stehen zwei Möglichkeiten.", "Two options are at place {place}."),
    Text("Geben Sie jeder einen eigenen Platz.", "Give each a place of its own."),
)


def cast(process: Process, pseudonym: str, places: Mapping[int, int], now: dt.datetime) -> None:
    """Take an order as place by number; a second one replaces the first, but none on paper with the same code.

    No entry is kept of who voted and when.
    """
    require_open(process, "rank", now)
    ballots.keep(RankingBallot, process, pseudonym, order=_order(process, places))


@transaction.atomic
def cast_on_paper(process: Process, code: str, places: Mapping[int, int], now: dt.datetime) -> str:
    """Take an order from paper as place by number, from the first day of ordering until it is counted.

    Whoever has ordered online with the same code keeps that ballot. No entry is kept: it could tell who voted what.
    Gives the word that takes it back.
    """
    _require_uncounted(process)
    ballots.require_begun(process, "rank", now)
    order, name = _order(process, places), ballots.name_on_paper(process, code)
    return ballots.keep_paper(RankingBallot, process, name, order=order)


@transaction.atomic
def take_back(process: Process, word: str) -> None:
    """Take back an order that was just typed from paper."""
    _require_uncounted(process)
    ballots.take_back(RankingBallot, process, word)


def _require_uncounted(process: Process) -> None:
    Process.objects.select_for_update().get(pk=process.pk)
    if RankingCount.objects.filter(process=process).exists():
        raise Conflict(ballots.COUNTED_ALREADY)


def _order(process: Process, places: Mapping[int, int]) -> list[int]:
    known, taken = {one.number for one in statements(process)}, set[int]()
    for number, place in places.items():
        if number not in known or not 1 <= place <= len(known):
            raise NotFound(NO_OPTION, number=number)
        if place in taken:
            raise Invalid(SAME_PLACE, place=place)
        taken.add(place)
    if not places:
        raise Invalid(NO_ORDER)
    return sorted(places, key=lambda number: places[number])


def count_ended(now: dt.datetime, gate: Gate) -> list[str]:
    """Count the rankings that are over, once, where votes may be used; give the names of the processes."""
    waiting = Process.objects.filter(rankings__isnull=False, ranking_count__isnull=True)
    return [one.slug for one in ballots.to_count(waiting, "rank", now, gate) if _count(one, now)]


@transaction.atomic
def _count(process: Process, now: dt.datetime) -> bool:
    """Keep what may be told; nothing where fewer than ten people took part."""
    Process.objects.select_for_update().get(pk=process.pk)
    ways = {channel: queries.common_order(process, channel) for channel in ("online", "paper")}
    told = told_of(queries.common_order(process), ways)
    if told is None:
        return False
    RankingCount.objects.create(process=process, at=now, published=msgspec.json.encode(told).decode())
    record(ACTOR, "participation.ranking_counted", process, after={"ballots": told.voters})
    return True
