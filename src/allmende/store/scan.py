"""Reading the points of datastreams: sealed chunks, and what is fresh merged in by time.

Sealed chunks of a datastream never overlap; fresh pieces may lie anywhere.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw
from allmende.store.codec import unpack, unpack_columns
from allmende.store.points import Points, joined, points_from_rows
from allmende.store.tables import BAD

EARLIEST, LATEST = -(1 << 62), 1 << 62
SEQUENCES = (1 << SEQUENCE_BITS) - 1
NONE = points_from_rows(())
_COVERING = (
    "datastream_id = ? AND first < ? AND last >= ? AND first >= coalesce("
    "(SELECT max(first) FROM sealed WHERE datastream_id = ? AND first <= ?), ?)"
)
_SEALED = f"SELECT first, last, body FROM sealed WHERE {_COVERING} ORDER BY first"  # noqa: S608 - our own names
_SEALED_BACK = f"{_SEALED} DESC"
_SIZES = f"SELECT first, count FROM sealed WHERE {_COVERING} ORDER BY first"  # noqa: S608 - our own names
_FRESH = "SELECT first, last, count, body FROM fresh WHERE datastream_id = ? AND first < ? AND last >= ? ORDER BY first"
ENOUGH = 256
"""Fresh pieces that follow each other are read together until they have so many points."""


def _range(since: int | None, until: int | None) -> tuple[int, int]:
    return EARLIEST if since is None else since, LATEST if until is None else until


def _bounds(stream: int, since: int, until: int) -> tuple[int, ...]:
    return stream, until, since, stream, since, since


class Scan:
    """Reads in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @staticmethod
    def limits(since: int | None, until: int | None) -> tuple[int, int]:
        """Give a range with numbers at both ends."""
        return _range(since, until)

    def fresh(self, stream: int, since: int | None = None, until: int | None = None) -> Points:
        """Give the fresh points of a datastream that start in ``[since, until)``, in order of time."""
        low, high = _range(since, until)
        return self._arrived(stream, low, high).between(low, high)

    def _arrived(self, stream: int, low: int, high: int) -> "Arrived":
        return Arrived(raw.fetch(self.connection, _FRESH, (stream, high, low)))

    def windows(
        self, stream: int, since: int | None = None, until: int | None = None, *, back: bool = False
    ) -> Iterator[Points]:
        """Give the points of a datastream in runs that follow each other, within each in order of time.

        ``back`` begins with the newest run.
        """
        low, high = _range(since, until)
        fresh = self._arrived(stream, low, high)
        rows = raw.stream(self.connection, _SEALED_BACK if back else _SEALED, _bounds(stream, low, high))
        yield from _backwards(rows, fresh, low, high) if back else _forwards(rows, fresh, low, high)

    def points(self, stream: int, since: int | None = None, until: int | None = None) -> Points:
        """Give the points of a datastream that start in ``[since, until)``, in order of time."""
        return joined([run for run in self.windows(stream, since, until) if len(run)])

    def numbers(self, stream: int, since: int, until: int) -> tuple[Any, Any]:
        """Give times and numbers of a datastream in order of time; what is no number, or known to be bad, is NaN."""
        fresh = self.fresh(stream, since, until)
        if (fresh.quality == BAD).any():
            fresh.number = np.where(fresh.quality == BAD, np.nan, fresh.number)
        wanted = ("start", "number", "quality", "sequence") if len(fresh) else ("start", "number", "quality")
        found = [
            unpack_columns(bytes(body), wanted)
            for *_, body in raw.fetch(self.connection, _SEALED, _bounds(stream, since, until))
        ]
        if not found:
            return fresh.start, fresh.number
        columns = {name: np.concatenate([part[name] for part in found]) for name in wanted}
        bad = columns.pop("quality") == BAD
        if bad.any():
            columns["number"] = np.where(bad, np.nan, columns["number"])
        low, high = np.searchsorted(columns["start"], (since, until))
        columns = {name: column[low:high] for name, column in columns.items()}
        if len(fresh):
            columns = {name: np.concatenate([column, getattr(fresh, name)]) for name, column in columns.items()}
            order = np.lexsort((columns["sequence"], columns["start"]))
            columns = {name: column[order] for name, column in columns.items()}
        return columns["start"], columns["number"]

    def skipped(self, stream: int, skip: int, since: int, until: int) -> tuple[int, int]:
        """Pass over whole chunks; give the time from which to read, and how many points to pass over from there."""
        sizes = raw.fetch(self.connection, _SIZES, _bounds(stream, since, until))
        if not sizes:
            return since, skip
        fresh = self.fresh(stream, since, until).start
        firsts = np.array([first for first, _ in sizes], np.int64)
        counts = np.array([count for _, count in sizes], np.int64)
        places = np.clip(np.searchsorted(firsts, fresh, "right") - 1, 0, None)
        counts = counts + np.bincount(places, minlength=len(counts))
        if firsts[0] < since:
            # The first chunk begins before the range, and is counted by reading it.
            counts[0] = sum(
                len(run) for run in self.windows(stream, since, int(firsts[1]) if len(firsts) > 1 else until)
            )
        ends = np.cumsum(counts)
        place = int(np.searchsorted(ends, skip, "right"))
        if place == 0:
            return since, skip
        passed = int(ends[min(place, len(ends)) - 1])
        return (int(firsts[place]) if place < len(firsts) else until), skip - passed

    def by_sequence(self, stream: int, sequences: Sequence[int]) -> Points:
        """Give the points with some places in the order of arrival, in order of time."""
        wanted = np.array(sorted(sequences), np.int64)
        low, high = int(wanted[0]), int(wanted[-1])
        found = []
        for table in ("sealed", "fresh"):
            rows = raw.stream(
                self.connection,
                f"SELECT low, high, body FROM {table} WHERE datastream_id = ? AND low <= ? AND high >= ?",  # noqa: S608
                (stream, high, low),
            )
            for least, greatest, body in rows:
                if np.searchsorted(wanted, greatest, "right") > np.searchsorted(wanted, least, "left"):
                    points = unpack(bytes(body))
                    found.append(points.take(np.isin(points.sequence, wanted)))
        return joined(found).in_order()


class Arrived:
    """Fresh pieces of a datastream, in order of their first time, each unpacked when a point of it is asked for."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows
        self._unpacked: dict[int, Points] = {}

    def between(self, low: int, high: int) -> Points:
        """Give the points that start in ``[low, high)``, in order of time."""
        found = [self._piece(at) for at, (first, last, *_) in enumerate(self._rows) if first < high and last >= low]
        return joined(found).in_order().between(low, high) if found else NONE

    def _piece(self, at: int) -> Points:
        if at not in self._unpacked:
            self._unpacked[at] = unpack(bytes(self._rows[at][3]))
        return self._unpacked[at]

    def windows(self, low: int, high: int) -> list[tuple[int, int]]:
        """Divide ``[low, high)`` where no piece goes across, so that a few pieces lie in each part."""
        begin, reached, size = low, low, 0
        parts = []
        for first, last, count, _ in self._rows:
            if first > reached and size >= ENOUGH and begin < first < high:
                parts.append((begin, first))
                begin, size = first, 0
            reached = max(reached, last)
            size += count if last >= begin else 0
        return [*parts, (begin, high)]


def _forwards(rows: Iterator[Any], fresh: Arrived, since: int, until: int) -> Iterator[Points]:
    low = since
    held: Any = next(rows, None)
    while held is not None:
        _, last, body = held
        following = next(rows, None)
        high = min(last + 1, until) if following is None else following[0]
        yield merged(unpack(bytes(body)), fresh.between(low, high)).between(low, high)
        low, held = high, following
    yield from (fresh.between(*part) for part in fresh.windows(low, until))


def _backwards(rows: Iterator[Any], fresh: Arrived, since: int, until: int) -> Iterator[Points]:
    held: Any = next(rows, None)
    high = until
    if held is not None:
        high = max(since, min(held[1] + 1, until))
        yield from (fresh.between(*part) for part in reversed(fresh.windows(high, until)))
    while held is not None:
        first, _, body = held
        low = max(first, since)
        yield merged(unpack(bytes(body)), fresh.between(low, high)).between(low, high)
        high, held = low, next(rows, None)
    yield from (fresh.between(*part) for part in reversed(fresh.windows(since, high)))


def merged(sealed: Points, fresh: Points) -> Points:
    """Merge two runs, each in order of time."""
    if not len(fresh):
        return sealed
    return joined([sealed, fresh]).in_order()
