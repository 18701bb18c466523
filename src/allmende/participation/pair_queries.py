"""Reads of pairs: what somebody judged, which pair comes next, and the strengths after the end."""

from itertools import combinations

import msgspec
from django.core.cache import cache
from django.db.models import Count

from allmende.participation import rules
from allmende.participation.methods.least import told
from allmende.participation.methods.pairs import Judgement, Strengths, compare
from allmende.participation.models import PairCount, PairJudgement, Process
from allmende.participation.ranking_queries import name_of
from allmende.participation.vote_queries import statements

# How long the counts by pair are kept: with many judgements, counting them is the dearest part of a page.
SECONDS = 10


class Pair(msgspec.Struct, frozen=True):
    """Two options by number, as they are shown."""

    left: int
    right: int

    @property
    def ordered(self) -> tuple[int, int]:
        """Give the smaller number first, as judgements are kept."""
        return min(self.left, self.right), max(self.left, self.right)

    @property
    def turned(self) -> bool:
        """Tell whether the greater number is shown first."""
        return self.left > self.right


class Result(msgspec.Struct, frozen=True):
    """The count with what may be told of it."""

    count: PairCount
    told: Strengths


def judged(process: Process, pseudonym: str) -> dict[tuple[int, int], int | None]:
    """Give what somebody said to each pair, in the order in which they first did; None for passed."""
    rows = PairJudgement.objects.filter(process=process, pseudonym=pseudonym).order_by("pk")
    return {(first, second): value for first, second, value in rows.values_list("first", "second", "value")}


def next_pair(process: Process, pseudonym: str) -> Pair | None:
    """Give the pair that the fewest people have judged of those that somebody has not; None where they judged all.

    Equals go by a lot that follows from the key of the process and the pseudonym: nobody can foresee whom a pair is
    shown, or on which side an option stands, and loading the page anew gives no other lot.
    """
    if process.key is None:
        return None
    mine, counts, key = judged(process, pseudonym), _counts(process), bytes(process.key)
    lots = {
        pair: rules.pseudonym(key, "pair", f"{pseudonym} {pair[0]} {pair[1]}")
        for pair in combinations(sorted(one.number for one in statements(process)), 2)
        if pair not in mine
    }
    if not lots:
        return None
    first, second = min(lots, key=lambda pair: (counts.get(pair, 0), lots[pair]))
    return Pair(second, first) if int(lots[first, second][-1], 16) % 2 else Pair(first, second)


def _counts(process: Process) -> dict[tuple[int, int], int]:
    """Count the people who judged each pair.

    Those who passed count, too, so that a pair that nobody can judge does not always come first.
    """

    def counted() -> dict[tuple[int, int], int]:
        rows = process.pair_judgements.order_by().values_list("first", "second")
        return {(first, second): count for first, second, count in rows.annotate(count=Count("pk"))}

    found: dict[tuple[int, int], int] = cache.get_or_set(f"pairs-{process.pk}", counted, SECONDS) or {}
    return found


def people(process: Process) -> int | None:
    """Count the people who compared; None for one to nine."""

    def counted() -> int:
        rows = process.pair_judgements.filter(value__isnull=False)
        return rows.values("pseudonym").distinct().count()

    return told(cache.get_or_set(f"pairs-people-{process.pk}", counted, SECONDS))


def strengths(process: Process) -> Strengths | None:
    """Count all judgements but those passed; the lots go by the short name of the process."""
    rows = PairJudgement.objects.filter(process=process, value__isnull=False)
    known = {one.number for one in statements(process)}
    judgements: list[Judgement] = [
        (pseudonym, name_of(first), name_of(second), value)
        for pseudonym, first, second, value in rows.values_list("pseudonym", "first", "second", "value")
        if first in known and second in known and value is not None
    ]
    return compare(map(name_of, known), judgements, process.slug)


def result(process: Process) -> Result | None:
    """Give the count as it was published."""
    found = PairCount.objects.filter(process=process).first()
    return Result(found, msgspec.json.decode(found.published, type=Strengths)) if found else None
