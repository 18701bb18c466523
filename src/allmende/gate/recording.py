"""What a write asks of its grant, and the rows that record what was decided."""

import datetime as dt
import time

from allmende.gate.grant import Ask, Grant
from allmende.kernel.clock import DAY_MICROSECONDS, UTC, micros_from_instant
from allmende.store.model import Datastream, MultiDatastream
from allmende.store.port import Decide
from allmende.store.scope import DecisionRow, Refusal, Tie


class Closed(Refusal):
    """A category of a batch is not open in the grant."""

    def __init__(self, tie: Tie) -> None:
        self.category, self.data_use = tie
        super().__init__(tie)


class Shut(Closed):
    """The category is open, but the data use takes no new data."""


def now_micros() -> int:
    """Give the present instant in microseconds."""
    return time.time_ns() // 1_000


def day_number(day: dt.date) -> int:
    """Count the days since 1970-01-01."""
    return micros_from_instant(dt.datetime(day.year, day.month, day.day, tzinfo=UTC)) // DAY_MICROSECONDS


def decision_rows(grant: Grant, amounts: dict[str, int]) -> list[DecisionRow]:
    """Write down that a grant allowed something, for each category with its number of observations."""
    return [
        decision_row(grant.ask, category, grant.rules[category], grant.version, allowed=True, amount=amount)
        for category, amount in amounts.items()
    ]


def decider(grant: Grant) -> Decide:
    """Give what a write asks: are its categories open, and does their data use collect; then what to keep with it.

    What adds no observation, such as a datastream yet without any, needs no active sheet.
    """
    collects = grant.ask.verb == "collect"

    def decide(amounts: dict[Tie, int]) -> list[DecisionRow]:
        summed: dict[str, int] = {}
        for tie in sorted(amounts):
            category, amount = tie.category, amounts[tie]
            if category not in grant.categories:
                raise Closed(tie)
            if collects and amount and not grant.sheets.collects(tie.data_use, grant.day):
                raise Shut(tie)
            summed[category] = summed.get(category, 0) + amount
        return decision_rows(grant, summed)

    return decide


def category_of(entity: object) -> set[str]:
    """Name the category of a datastream; other entities have none."""
    return {entity.category} if isinstance(entity, Datastream | MultiDatastream) else set()


def decision_row(
    ask: Ask, category: str, rules: tuple[str, ...], version: int, *, allowed: bool, amount: int = 0
) -> DecisionRow:
    """Write one decision down."""
    return DecisionRow(
        at=now_micros(),
        asker=ask.asker.name,
        verb=ask.verb,
        purpose=ask.purpose,
        recipient=ask.recipient,
        category=category,
        allowed=allowed,
        rules=rules,
        rulebook_version=version,
        amount=amount,
    )
