"""Observations in the order of time, straight from the columns, where a question asks for no more than that."""

from collections.abc import Iterator, Sequence
from heapq import merge

import numpy as np
from sqlalchemy import Connection

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw
from allmende.store.bounds import Bounds
from allmende.store.paging import ID, cursor_of, numbers_of
from allmende.store.points import Points
from allmende.store.query import Order, Path, Query
from allmende.store.scan import EARLIEST, LATEST, SEQUENCES, Scan
from allmende.store.visible import Part

TIME = Path(("phenomenonTime",))
FAR = 4_000
_FILLED = 'SELECT datastream_id, "count" FROM stream_state WHERE "count" > 0'
_SUM = 'SELECT coalesce(sum("count"), 0) FROM stream_state'
Run = tuple[int, Points]


def in_time(query: Query, streams: int) -> bool:
    """Tell whether an order is that of time: within each of the datastreams, or in the only one."""
    order = query.order
    if not order:
        return True
    first = order[0]
    rest = order[1:] in ((), (Order(ID, first.descending),))
    return streams == 1 and first.path == TIME and rest


class Timeline:
    """Reads in one transaction what plain limits leave as it is."""

    def __init__(self, connection: Connection, query: Query, bounds: Bounds) -> None:
        self.connection = connection
        self.query = query
        self.bounds = bounds
        self.scan = Scan(connection)
        self.since = EARLIEST if bounds.since is None else bounds.since
        self.until = LATEST if bounds.until is None else bounds.until
        self.back = bool(query.order) and query.order[0].descending
        self._after = self._cursor()

    def _cursor(self) -> tuple[int, int, int] | None:
        """Read a cursor: datastream, time, place in the order of arrival."""
        if self.query.after is None:
            return None
        if self.query.order:
            start, number = numbers_of(self.query.after, 2)
            return number >> SEQUENCE_BITS, start, number & SEQUENCES
        stream, start, number = numbers_of(self.query.after, 3)
        return stream, start, number & SEQUENCES

    def page(self, parts: Sequence[Part]) -> tuple[list[Run], str | None, int | None]:
        """Give the points of a page by datastream, the cursor of the next page, and the count if it is asked for."""
        count = self._count(parts) if self.query.count else None
        if not self.query.top:
            return [], None, count
        runs = self._cut(self._runs(parts), self.query.top + 1)
        found = sum(len(points) for _, points in runs)
        if found <= self.query.top:
            return runs, None, count
        stream, points = runs[-1]
        runs[-1] = (stream, points.take(slice(0, len(points) - 1)))
        shown = [run for run in runs if len(run[1])]
        return shown, self._mark(shown) if shown else None, count

    def _mark(self, runs: list[Run]) -> str:
        stream, points = runs[-1]
        start, number = int(points.start[-1]), (stream << SEQUENCE_BITS) | int(points.sequence[-1])
        return cursor_of((start, number) if self.query.order else (stream, start, number))

    def _filled(self, parts: Sequence[Part], since: int) -> Iterator[tuple[int, int]]:
        """Give the datastreams from a number on that hold anything, with how much, in order."""
        found = [self._filled_of(part, since) for part in parts]
        return found[0] if len(found) == 1 else merge(*found)

    def _filled_of(self, part: Part, since: int) -> Iterator[tuple[int, int]]:
        condition, values = part.clause(self.connection, "datastream_id")
        question = f"{_FILLED} AND datastream_id >= ? AND {condition} ORDER BY datastream_id"
        return raw.stream(self.connection, question, (since, *values))

    def _count(self, parts: Sequence[Part]) -> int:
        if self.bounds.since is None and self.bounds.until is None:
            return sum(self._sum(part) for part in parts)
        streams = self._filled(parts, 0)
        return sum(len(run) for stream, _ in streams for run in self._windows(stream, self.since, self.until))

    def _sum(self, part: Part) -> int:
        condition, values = part.clause(self.connection, "datastream_id")
        ((count,),) = raw.fetch(self.connection, f"{_SUM} WHERE {condition}", values)
        return int(count)

    def _windows(self, stream: int, since: int, until: int) -> Iterator[Points]:
        for run in self.scan.windows(stream, since, until, back=self.back):
            kept = run
            if self.bounds.until is not None and run.duration.any():
                kept = run.take(run.end <= self.bounds.until)
            yield kept.take(slice(None, None, -1)) if self.back else kept

    def _runs(self, parts: Sequence[Part]) -> Iterator[Run]:
        """Give what stands behind the cursor, or behind so many points as are to be skipped."""
        skip = self.query.skip if self._after is None else 0
        whole = self.bounds.since is None and self.bounds.until is None
        for stream, count in self._filled(parts, 0 if self._after is None else self._after[0]):
            if whole and skip >= count:
                skip -= count
                continue
            since, until = self._range(stream)
            if skip > FAR and not self.back and whole:
                since, skip = self.scan.skipped(stream, skip, since, until)
            for run in self._windows(stream, since, until):
                behind = self._behind(stream, run)
                passed = min(skip, len(behind))
                skip -= passed
                yield stream, behind.take(slice(passed, None)) if passed else behind

    def _range(self, stream: int) -> tuple[int, int]:
        if self._after is None or stream != self._after[0]:
            return self.since, self.until
        start = self._after[1]
        return (self.since, min(self.until, start + 1)) if self.back else (max(self.since, start), self.until)

    def _behind(self, stream: int, run: Points) -> Points:
        if self._after is None or stream != self._after[0]:
            return run
        _, start, sequence = self._after
        if self.back:
            beyond = (run.start < start) | ((run.start == start) & (run.sequence < sequence))
        else:
            beyond = (run.start > start) | ((run.start == start) & (run.sequence > sequence))
        return run if bool(beyond.all()) else run.take(np.flatnonzero(beyond))

    def _cut(self, runs: Iterator[Run], most: int) -> list[Run]:
        found: list[Run] = []
        left = most
        for stream, points in runs:
            if len(points):
                found.append((stream, points if len(points) <= left else points.take(slice(0, left))))
                left -= min(left, len(points))
            if left == 0:
                break
        return found
