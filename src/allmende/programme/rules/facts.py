"""Decisions about the programme on plain values."""

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from allmende.kernel.money import Money

PROOF_A_MONTHS, PROOF_B_MONTHS = 30, 66
OVER = frozenset({"ended", "dropped", "idea-store"})


class Happening(msgspec.Struct, frozen=True):
    """An event as the rules need it."""

    day: dt.date
    state: str


def state_on(events: Sequence[Happening], on: dt.date) -> str | None:
    """Give the state that the latest event up to a day gave; None when nothing was known yet."""
    known = [event for event in events if event.day <= on and event.state != "note"]
    return known[-1].state if known else None


def is_part(numerator: int, denominator: int | None) -> bool:
    """Tell whether a rate is more than nothing and no more than the whole."""
    return denominator is not None and 0 < numerator <= denominator


def exact_shares(total: Money, numerator: int, denominator: int) -> tuple[Money, Money]:
    """Split a total into the funder's and the own share, to the cent."""
    rate = Fraction(numerator, denominator)
    funded, own = total.split([rate, 1 - rate])
    return funded, own


def months_later(day: dt.date, months: int) -> dt.date:
    """Add months; a day that the month lacks becomes its last one."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(day)
