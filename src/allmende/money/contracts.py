"""Orders and contracts as known on a day: their newest sum, what was booked under them, what is still open."""

import datetime as dt

import msgspec
from django.db.models import QuerySet, Sum

from allmende.kernel.money import Money
from allmende.money.models import Booking, Commitment


class Bound(msgspec.Struct, frozen=True):
    """A contract as it was last entered, and what was booked under its number, in cents."""

    row: Commitment
    drawn: int

    @property
    def amounts(self) -> tuple[Money, Money, Money]:
        """Give the sum, what was booked, and what is open; below zero is more than was agreed."""
        return Money(self.row.cents), Money(self.drawn), Money(self.row.cents - self.drawn)

    @property
    def over(self) -> bool:
        """Tell whether more was booked than was agreed."""
        return self.drawn > self.row.cents

    def ended(self, on: dt.date) -> bool:
        """Tell whether it has ended by a day."""
        return self.row.until is not None and self.row.until < on


def drawn_on(on: dt.date) -> dict[str, int]:
    """Give what was booked under each contract, in cents."""
    rows = Booking.objects.filter(known_since__lte=on).exclude(commitment="").order_by()
    return dict(rows.values_list("commitment").annotate(Sum("cents")))


def contracts_on(on: dt.date) -> list[Bound]:
    """Give the contracts known on a day, by their numbers."""
    drawn = drawn_on(on)
    rows = Commitment.objects.select_related("project", "cost_type")
    return [Bound(row, drawn.get(row.number, 0)) for row in _newest(rows, on)]


def running(on: dt.date) -> list[Commitment]:
    """Give the contracts that have not ended by a day."""
    return [row for row in _newest(Commitment.objects.all(), on) if row.until is None or row.until >= on]


def _newest(rows: QuerySet[Commitment], on: dt.date) -> list[Commitment]:
    """Give each contract as it was last entered by a day, by their numbers."""
    newest = {row.number: row for row in rows.filter(known_since__lte=on).order_by("known_since", "pk")}
    return [newest[number] for number in sorted(newest)]
