"""Observations in the order of time, straight from the columns, where a question asks for no more than that."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store.bounds import Bounds
from allmende.store.paging import ID, cursor_of, numbers_of
from allmende.store.points import Points
from allmende.store.query import Order, Path, Query
from allmende.store.scan import EARLIEST, LATEST, SEQUENCES, Scan
from allmende.store.tables import stream_state
from allmende.store.visible import Part

TIME = Path(("phenomenonTime",))
FAR = 4_000
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
        counts = self._counts(parts)
        count = self._count(counts) if self.query.count else None
        runs = self._cut(self._runs(counts), self.query.top + 1)
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

    def _counts(self, parts: Sequence[Part]) -> list[tuple[int, int]]:
        """Give the datastreams that hold anything, with how much, in order."""
        s = stream_state.c
        found: list[Any] = []
        for part in parts:
            question = select(s.datastream_id, s["count"]).where(part.chosen(s.datastream_id), s["count"] > 0)
            found += self.connection.execute(question).all()
        return sorted(tuple(row) for row in found)

    def _count(self, counts: list[tuple[int, int]]) -> int:
        if self.bounds.since is None and self.bounds.until is None:
            return sum(count for _, count in counts)
        return sum(len(run) for stream, _ in counts for run in self._windows(stream, self.since, self.until))

    def _windows(self, stream: int, since: int, until: int) -> Iterator[Points]:
        for run in self.scan.windows(stream, since, until, back=self.back):
            kept = run
            if self.bounds.until is not None and run.duration.any():
                kept = run.take(run.end <= self.bounds.until)
            yield kept.take(slice(None, None, -1)) if self.back else kept

    def _runs(self, counts: list[tuple[int, int]]) -> Iterator[Run]:
        """Give what stands behind the cursor, or behind so many points as are to be skipped."""
        skip = self.query.skip if self._after is None else 0
        whole = self.bounds.since is None and self.bounds.until is None
        for stream, count in counts:
            if self._after is not None and stream < self._after[0]:
                continue
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
