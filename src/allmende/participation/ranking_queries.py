"""Reads of rankings: what is put into an order, somebody's own order, and the common one after the end."""

import msgspec

from allmende.participation.methods.ranking import Ranking, ToldRanking, rank
from allmende.participation.models import Process, RankingBallot, RankingCount
from allmende.participation.vote_queries import statements

WIDTH = 3


class Result(msgspec.Struct, frozen=True):
    """The count with what may be told of it."""

    count: RankingCount
    told: ToldRanking


def name_of(number: int) -> str:
    """Give the name of an option in a count: its number, so long that names sort like numbers."""
    return f"{number:0{WIDTH}}"


def order_of(process: Process, pseudonym: str) -> list[int]:
    """Give the order of a pseudonym, if it came online; what is on paper is shown to nobody who has its code."""
    rows = RankingBallot.objects.filter(process=process, pseudonym=pseudonym, channel="online")
    return rows.values_list("order", flat=True).first() or []


def common_order(process: Process, channel: str = "") -> Ranking:
    """Count all ballots, or those of a way; equals go by a lot from the short name of the process."""
    found = RankingBallot.objects.filter(process=process, **({"channel": channel} if channel else {}))
    rows = found.values_list("order", flat=True)
    names = [name_of(one.number) for one in statements(process)]
    known = set(names)
    ballots = ([name for number in row if (name := name_of(number)) in known] for row in rows.iterator(10_000))
    return rank(names, ballots, process.slug)


def result(process: Process) -> Result | None:
    """Give the count as it was published."""
    found = RankingCount.objects.filter(process=process).first()
    return Result(found, msgspec.json.decode(found.published, type=ToldRanking)) if found else None
