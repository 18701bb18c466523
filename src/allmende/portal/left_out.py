"""How many values charts and indicators leave out, and why; as far as the gate shows single values at all."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import msgspec

from allmende.catalog.door import gate
from allmende.gate.door import Grant
from allmende.gate.quality import Tally, tally
from allmende.kernel.clock import UTC, micros_from_instant
from allmende.kernel.text import Text
from allmende.quality.thresholds import NAMES

UNNAMED = Text("vom Absender als schlecht bezeichnet", "called bad by the sender")


class LeftOut(msgspec.Struct, frozen=True):
    """How many values are left out as bad, and how many count although they are suspect; each with its reasons."""

    bad: int = 0
    suspect: int = 0
    bad_reasons: tuple[tuple[Text, int], ...] = ()
    suspect_reasons: tuple[tuple[Text, int], ...] = ()


NOTHING = LeftOut()


def left_out(grant: Grant, streams: Sequence[int], since: int, until: int) -> dict[int, LeftOut]:
    """Count for each datastream what starts in ``[since, until)``; what has no flag is not named."""
    return {number: _told(counts) for number, counts in tally(gate(), grant, streams, since, until).items()}


def left_out_of_year(grant: Grant, streams: Sequence[int], year: int) -> dict[int, LeftOut]:
    """Count for each datastream what starts in a year (UTC)."""
    bounds = (micros_from_instant(dt.datetime(one, 1, 1, tzinfo=UTC)) for one in (year, year + 1))
    return left_out(grant, streams, *bounds)


def _told(counts: Tally) -> LeftOut:
    totals: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {"bad": Counter(), "suspect": Counter()}
    for (level, tests), count in counts.items():
        totals[level] += count
        for name in tests.split("+"):
            reasons.setdefault(level, Counter())[name] += count
    named = {
        level: tuple((NAMES.get(name, UNNAMED), n) for name, n in found.most_common())
        for level, found in reasons.items()
    }
    return LeftOut(totals["bad"], totals["suspect"], named["bad"], named["suspect"])
