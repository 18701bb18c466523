"""What may be told of a cell that was told before: nothing from which a late, corrected or deleted value follows.

A cell is told first when it has ended, and its delay has passed. What comes later joins it in groups, each of which
is large enough for itself, so that two answers differ by such groups alone. A cell of which a value was corrected or
deleted after that is told no more. See ADR 20.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from allmende.store.points import Points
from allmende.store.scope import Limits
from allmende.store.touched import Touch

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def settled(points: Points, limits: Limits, touched: Sequence[Touch]) -> Points:
    """Leave out the points of touched cells, and those that came late and are too few as yet."""
    if not len(points):
        return points
    begins = points.start // limits.time_grid * limits.time_grid
    told = begins + limits.time_grid + limits.delay
    kept = _untouched(begins, told, limits.time_grid, touched) & _in_time(points, begins, told, limits)
    return points if kept.all() else points.take(kept)


def _untouched(begins: Ints, told: Ints, grid: int, touched: Sequence[Touch]) -> Mask:
    kept = np.ones(len(begins), np.bool_)
    for first, last, at in touched:
        kept &= (begins > last) | (begins + grid <= first) | (told >= at)
    return kept


def _in_time(points: Points, begins: Ints, told: Ints, limits: Limits) -> Mask:
    kept = np.ones(len(points), np.bool_)
    # An interval that reaches beyond its cell is there only when it has ended, however early it was sent.
    there = np.maximum(points.received, points.end + limits.delay) if limits.delay else points.received
    late = there > told
    if not late.any():
        return kept
    arrivals = np.where(late, there, 0)
    firsts = np.flatnonzero(np.diff(begins, prepend=begins[:1] - 1))
    mixed = np.minimum.reduceat(arrivals, firsts) != np.maximum.reduceat(arrivals, firsts)
    bounds = np.append(firsts, len(begins))
    for cell in np.flatnonzero(mixed):
        here = slice(bounds[cell], bounds[cell + 1])
        kept[here] = _whole_groups(arrivals[here], points.sequence[here], points.number[here], limits)
    return kept


def _whole_groups(arrivals: Ints, sequence: Ints, numbers: npt.NDArray[np.float64], limits: Limits) -> Mask:
    """Take what came at one instant together, and as many instants as it needs to be large enough."""
    kept = np.zeros(len(arrivals), np.bool_)
    order = np.lexsort((sequence, arrivals))
    last_of_instant = np.append(np.diff(arrivals[order]) != 0, True)
    waiting: list[int] = []
    group = _Group()
    for place, ends in zip(order.tolist(), last_of_instant.tolist(), strict=True):
        waiting.append(place)
        group.add(float(numbers[place]))
        if ends and group.enough(limits):
            kept[waiting] = True
            waiting, group = [], _Group()
    return kept


class _Group:
    """Values that have come together so far."""

    def __init__(self) -> None:
        self.count, self.total = 0, 0.0
        self.least, self.greatest = float("inf"), float("-inf")

    def add(self, number: float) -> None:
        """Take one more."""
        self.count += 1
        self.total += number
        self.least, self.greatest = min(self.least, number), max(self.greatest, number)

    def enough(self, limits: Limits) -> bool:
        """Tell whether these values alone could be told as a cell."""
        if self.count < limits.minimum_group or (limits.minimum_persons > 1 and self.total < limits.minimum_persons):
            return False
        share = limits.dominance
        return not share or (self.least >= 0 and self.greatest * 100 <= self.total * share)
