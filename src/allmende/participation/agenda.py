"""Rules of an agenda: what fits into a workshop, what stands in the way, how two items change places."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Slot(Protocol):
    """A part of a workshop: from which minute on, how many minutes, and where."""

    after: int
    lasts: int
    place: str


S = TypeVar("S", bound=Slot)


def in_the_way(new: Slot, others: Iterable[S]) -> S | None:
    """Give what goes on at the same time; groups that work side by side name different places."""
    for one in others:
        apart = one.after + one.lasts <= new.after or new.after + new.lasts <= one.after
        elsewhere = bool(one.place.strip() and new.place.strip()) and one.place.casefold() != new.place.casefold()
        if not apart and not elsewhere:
            return one
    return None


def swapped(earlier: Slot, later: Slot) -> tuple[int, int]:
    """Give the minutes at which two items begin once they have changed places; together they take the same time."""
    return later.after + later.lasts - earlier.lasts, earlier.after
