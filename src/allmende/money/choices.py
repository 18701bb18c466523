"""What it costs to continue, shrink or stop a project, on plain values."""

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from allmende.money.interest import Paid, Rate, exact_interest

Way = Literal["continue", "shrink", "stop"]
WHOLE = 100


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to happen with a project: how much of what is still planned stays, how much of the grants is at risk."""

    way: Way = "continue"
    keep: int = 50
    risk: int = 100


class Contract(msgspec.Struct, frozen=True):
    """What is still to be paid under a contract, and what leaving it would cost; None is all of it."""

    open: int
    exit: int | None

    @property
    def leaving(self) -> int:
        """Give what has to be paid when it is left."""
        return self.open if self.exit is None else min(self.exit, self.open)


class Standing(msgspec.Struct, frozen=True):
    """A project's money on a day: spent, eligible of that, still planned, contracts, federal money received."""

    spent: int
    eligible: int
    rest: int
    contracts: tuple[Contract, ...]
    received: tuple[Paid, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What a choice leads to, in cents; ``own`` is what the city and third parties pay from now on."""

    future: int
    contracts: int
    federal: int
    at_risk: int
    interest: int

    @property
    def own(self) -> int:
        """Give future cost without the federal share, plus what may have to be paid back with interest."""
        return self.future - self.federal + self.at_risk + self.interest


def outcome(standing: Standing, choice: Choice, rate: Fraction, until: dt.date, rates: Sequence[Rate]) -> Outcome:
    """Work out one project; contracts are paid whatever is chosen, and a stop leaves them at their cost of leaving."""
    bound = sum(contract.open for contract in standing.contracts)
    if choice.way == "continue":
        future = max(standing.rest, bound)
        return Outcome(future, bound, int(future * rate), 0, 0)
    if choice.way == "shrink":
        future = max(standing.rest * choice.keep // WHOLE, bound)
        return Outcome(future, bound, int(future * rate), 0, 0)
    leaving = sum(contract.leaving for contract in standing.contracts)
    part = Fraction(choice.risk, WHOLE)
    received = sum(paid.cents for paid in standing.received)
    owed = exact_interest(standing.received, until, rates) * part
    return Outcome(leaving, leaving, 0, int(received * part), int(owed + Fraction(1, 2)))
