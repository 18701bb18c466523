"""How times lie to each other (OGC 18-088, clause 9.3.3.5.2).

A time is a run of microseconds: an instant is one of them, an interval those from its start up to but not including
its end. ``lt`` is true where all of the left lies before all of the right, ``le`` of two intervals where the left
neither begins nor ends after the right. What ends where another ends finishes it, an instant also at its open end.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, not_, or_

Condition = ColumnElement[bool]


class Times:
    """The two ends of a time on which relations are built."""

    def __init__(self, start: Any, end: Any, *, long: bool) -> None:
        self.start, self.end, self.long = start, end, long

    @property
    def behind(self) -> Any:
        """Give the first microsecond behind the time."""
        return case((self.end > self.start, self.end), else_=self.start + 1) if self.long else self.start + 1

    def ends_by(self, limit: Any) -> Condition:
        """Tell whether all of the time lies before a microsecond."""
        before: Condition = self.start < limit
        return and_(before, self.end <= limit) if self.long else before


def _equal(one: Times, other: Times) -> Condition:
    return and_(one.start == other.start, one.end == other.end)


def _before(one: Times, other: Times) -> Condition:
    return one.ends_by(other.start)


def _up_to(one: Times, other: Times) -> Condition:
    neither: Condition = and_(one.start <= other.start, one.end <= other.end)
    return neither if one.long and other.long else one.ends_by(other.start + 1)


def _within(one: Times, other: Times) -> Condition:
    return and_(one.start >= other.start, one.ends_by(other.behind))


def _touch(one: Times, other: Times) -> Condition:
    return or_(one.end == other.start, other.end == one.start)


def _share(one: Times, other: Times) -> Condition:
    return and_(one.start < other.behind, other.start < one.behind)


RELATIONS: dict[str, Callable[[Times, Times], Condition]] = {
    "eq": _equal,
    "ne": lambda one, other: not_(_equal(one, other)),
    "lt": _before,
    "le": _up_to,
    "gt": lambda one, other: _before(other, one),
    "ge": lambda one, other: _up_to(other, one),
    "before": _before,
    "after": lambda one, other: _before(other, one),
    "meets": _touch,
    "during": _within,
    "overlaps": _share,
    "starts": lambda one, other: and_(one.start == other.start, one.ends_by(other.behind)),
    "finishes": lambda one, other: and_(one.end == other.end, one.start >= other.start),
}
