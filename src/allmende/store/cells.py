"""What a time grid leaves of observations: one for each cell, and that only where the duties let it out.

Everything that is told under a time grid is made from these cells, so that no question can tell more than they do: a
part of a cell is nowhere, and what is put together is put together from whole cells. See ADR 20.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store.buckets import EARLIEST, LATEST
from allmende.store.cellkey import cell_keys, record_keys, table_of
from allmende.store.points import NO_FEATURE, Ints, Points
from allmende.store.scope import Limits
from allmende.store.settling import settled
from allmende.store.tables import BAD
from allmende.store.touched import Touch

NO_SOURCE = 0
# Cells are numbered by their time, before 1970 too: the order of arrival would tell how many values lie between two.
_EPOCH = 1 << (SEQUENCE_BITS - 1)
_MASK = (1 << SEQUENCE_BITS) - 1
_GREATEST_COUNT = float(1 << 53)
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def begin_of(number: int, grid: int) -> int:
    """Give when the cell with a number begins, microseconds, as far as time is kept."""
    return min(max((number - _EPOCH) * grid, EARLIEST), LATEST)


def whole_cells(since: int | None, until: int | None, grid: int) -> tuple[int | None, int | None]:
    """Widen a range of time so that it ends where cells do."""
    return (None if since is None else since // grid * grid), (None if until is None else -(-until // grid) * grid)


def cells_of(
    stream: int, points: Points, limits: Limits, now: int, secret: bytes, touched: Sequence[Touch] = ()
) -> Points:
    """Give the cells of a datastream's points, which are in order of time and tear no cell."""
    points = _counted(points, limits, now)
    if limits.grouped:
        points = settled(points, limits, touched)
    begins = points.start // limits.time_grid * limits.time_grid
    firsts = np.flatnonzero(np.diff(begins, prepend=begins[:1] - 1))
    if not len(firsts):
        return points
    counts = np.diff(firsts, append=len(begins))
    with np.errstate(over="ignore"):
        totals = np.add.reduceat(points.number, firsts)
    enough = _large_enough(limits, points.number, firsts, counts, totals)
    values, notes = totals / counts, [f'{{"count":{count}}}' for count in counts.tolist()]
    if limits.noise:
        cells = np.repeat(np.arange(len(firsts)), counts)
        values, told = _noised(stream, points, cells, len(firsts), limits.noise, secret)
        enough &= told
        notes = [f'{{"maximumDeviation":{limits.noise}}}'] * len(firsts)
    return _released(points, begins[firsts], firsts, values, notes, limits.time_grid).take(enough)


def _counted(points: Points, limits: Limits, now: int) -> Points:
    """Keep the numbers of cells that have ended long enough ago; there is no mean of what is hidden."""
    until = now - limits.delay
    ended = (points.start // limits.time_grid + 1) * limits.time_grid <= until
    if limits.delay:
        ended &= points.end <= until
    sound = np.isfinite(points.number) & (points.quality != BAD)
    return points.take(ended & sound & ("result" not in limits.hidden))


def _large_enough(limits: Limits, numbers: Floats, firsts: Ints, counts: Ints, totals: Floats) -> Mask:
    """Ask of each cell that its values, which count persons, are enough, and that none of them makes nearly all."""
    enough = (counts >= limits.minimum_group) & np.isfinite(totals)
    if limits.minimum_persons > 1:
        enough &= totals >= limits.minimum_persons
    if limits.dominance:
        least, greatest = np.minimum.reduceat(numbers, firsts), np.maximum.reduceat(numbers, firsts)
        enough &= (least >= 0) & (greatest * 100 <= totals * limits.dominance)
    return enough


def _noised(
    stream: int, points: Points, cells: Ints, length: int, deviation: int, secret: bytes
) -> tuple[Floats, Mask]:
    """Give the changed sum of each cell, and which of them may be told.

    Only what is a count can be changed like one: a cell with a fraction or a negative number in it is not told. Nor
    is one that is nothing after the change: where only what happens is recorded, even an empty cell says that
    something was in it.
    """
    numbers = points.number
    counting = (numbers >= 0) & (numbers < _GREATEST_COUNT) & (numbers == np.floor(numbers))
    whole = np.where(counting, numbers, 0).astype(np.int64)
    totals = np.zeros(length, np.int64)
    np.add.at(totals, cells, whole)
    there = whole > 0
    keys = record_keys(secret, (stream << SEQUENCE_BITS) | points.sequence[there], whole[there])
    changed = table_of(deviation).changed(totals, cell_keys(keys, cells[there], length))
    sound = np.bincount(cells[~counting], minlength=length) == 0
    return changed.astype(np.float64), sound & (totals < _GREATEST_COUNT) & (changed > 0)


def _shared(column: Ints, firsts: Ints, absent: int) -> Ints:
    """Give what all points of a cell have in common; what only some of them have would tell of these."""
    least, greatest = np.minimum.reduceat(column, firsts), np.maximum.reduceat(column, firsts)
    return np.where(least == greatest, least, absent)


def _released(points: Points, begins: Ints, firsts: Ints, values: Floats, notes: list[str], grid: int) -> Points:
    nothing = np.zeros(len(begins), np.int64)
    return Points(
        sequence=(begins // grid + _EPOCH) & _MASK,
        start=begins,
        duration=np.full(len(begins), grid, np.int64),
        latency=nothing,
        known=nothing,
        received=begins + grid,
        quality=nothing,
        source=_shared(points.source, firsts, NO_SOURCE),
        feature=_shared(points.feature, firsts, NO_FEATURE),
        number=values,
        parameters=list(notes),
    )
