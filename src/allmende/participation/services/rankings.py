"""Rankings: orders taken while the phase runs, from paper until the count, counted when the last phase begins."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.participation import ranking_queries as queries
from allmende.participation.methods.ranking import ToldRanking, told_of
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
    ballots.require_uncounted(RankingCount, process)
    ballots.require_begun(process, "rank", now)
    order, name = _order(process, places), ballots.name_on_paper(process, code)
    return ballots.keep_paper(RankingBallot, process, name, order=order)


@transaction.atomic
def take_back(process: Process, word: str) -> None:
    """Take back an order that was just typed from paper."""
    ballots.require_uncounted(RankingCount, process)
    ballots.take_back(RankingBallot, process, word)


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
    """Count one, and tell whether there was enough to count."""
    told = ballots.keep_count(RankingCount, process, _told, now)
    if told is not None:
        record(ACTOR, "participation.ranking_counted", process, after={"ballots": told.voters})
    return told is not None


def _told(process: Process) -> ToldRanking | None:
    ways = {channel: queries.common_order(process, channel) for channel in ("online", "paper")}
    return told_of(queries.common_order(process), ways)
