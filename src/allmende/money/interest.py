"""Interest on money that has to be paid back: five points above the base rate, from the day after it was paid out."""

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

POINTS_ABOVE = 500
YEAR = 365


class Rate(msgspec.Struct, frozen=True, order=True):
    """A base rate in hundredths of a percent, and since when it holds."""

    since: dt.date
    hundredths: int

    @property
    def percent(self) -> float:
        """Give the rate in percent."""
        return self.hundredths / 100


class Paid(msgspec.Struct, frozen=True):
    """Money that was paid out."""

    day: dt.date
    cents: int


class RateFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``base_rates.yaml``."""

    source: str
    source_url: str
    known_until: dt.date
    rates: dict[dt.date, int]


@lru_cache(maxsize=1)
def shipped_rates() -> RateFile:
    """Read the rates that come with this version."""
    text = (Path(__file__).parent / "base_rates.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), RateFile)


def spans(start: dt.date, end: dt.date, rates: Sequence[Rate]) -> list[tuple[int, int]]:
    """Give the days from ``start`` to ``end`` (both counted) by base rate; days before the first rate take that one."""
    if end < start:
        return []
    ordered = sorted(rates)
    found = []
    for index, rate in enumerate(ordered):
        begins = start if index == 0 else max(start, rate.since)
        ends = min(end, ordered[index + 1].since - dt.timedelta(days=1)) if index + 1 < len(ordered) else end
        if ends >= begins:
            found.append(((ends - begins).days + 1, rate.hundredths))
    return found


@lru_cache(maxsize=4_096)
def _weight(start: dt.date, end: dt.date, rates: tuple[Rate, ...]) -> int:
    """Give days times rate from a day to another; many projects were paid on the same days."""
    return sum(days * max(0, hundredths + POINTS_ABOVE) for days, hundredths in spans(start, end, rates))


def exact_interest(paid: Iterable[Paid], until: dt.date, rates: Sequence[Rate]) -> Fraction:
    """Give the interest up to and with a day, in cents: cents × days × (base rate + 5 points) / 365."""
    known = tuple(rates)
    total = sum(one.cents * _weight(one.day + dt.timedelta(days=1), until, known) for one in paid)
    return Fraction(total, 10_000 * YEAR)


def interest(paid: Iterable[Paid], until: dt.date, rates: Sequence[Rate]) -> int:
    """Give the interest in whole cents, half a cent rounded up."""
    return int(exact_interest(paid, until, rates) + Fraction(1, 2))
