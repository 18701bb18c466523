"""Reading everything that is stored, and checking it against what is told beside it; one datastream at a time."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Engine

from allmende.kernel.errors import Broken
from allmende.kernel.ids import SEQUENCE_BITS
from allmende.kernel.text import Text
from allmende.store import raw
from allmende.store.codec import unpack
from allmende.store.engine import reading
from allmende.store.points import Ints, Points, rows_of_points
from allmende.store.scan import SEQUENCES
from allmende.store.seal import told
from allmende.store.state import latest_row
from allmende.store.write import days_of

SEALED = (
    *("first", "last", "until", "low", "high", "count", "known_first", "known_last"),
    *("numbers", "minimum", "maximum", "total"),
)
FRESH = ("first", "last", "low", "high", "count")
KEPT = ("count", "fresh", "first", "last", "known_first", "known_last", "latest_start")
_STREAMS = (
    "SELECT datastream_id FROM stream_state UNION SELECT datastream_id FROM sealed "
    "UNION SELECT datastream_id FROM fresh UNION SELECT datastream_id FROM stream_days ORDER BY 1"
)
_UNREADABLE = (Broken, TypeError, ValueError, LookupError, ArithmeticError, MemoryError)


class Audited(msgspec.Struct, frozen=True):
    """What was found in one datastream of ``total``; faults name columns and chunks, never values."""

    datastream_id: int
    total: int
    points: int
    faults: tuple[Text, ...]


def audited(engine: Engine) -> Iterator[Audited]:
    """Check datastream by datastream, each as it is in one moment; others may write meanwhile."""
    with reading(engine) as connection:
        streams = [row[0] for row in raw.fetch(connection, _STREAMS)]
    for stream in streams:
        with reading(engine) as connection:
            one = _Stream(connection, stream)
            one.examine()
        yield Audited(stream, len(streams), one.count, tuple(one.faults))


def _same(found: Any, said: Any) -> bool:
    if isinstance(found, float) and said is not None:
        return math.isclose(found, said, rel_tol=1e-9, abs_tol=1e-6)
    return bool(found == said)


def _differing(names: Sequence[str], found: Sequence[Any], said: Sequence[Any]) -> str:
    columns = zip(names, found, said, strict=True)
    return ", ".join(name for name, here, there in columns if not _same(here, there))


class _Stream:
    """The points of one datastream, summed up while they are read."""

    def __init__(self, connection: Connection, number: int) -> None:
        self.connection = connection
        self.number = number
        self.faults: list[Text] = []
        self.count = self.fresh = 0
        self.readable = True
        self.sequences: list[Ints] = []
        self.bounds: list[tuple[Any, ...]] = []
        self.days: dict[int, tuple[int, float, float, float]] = {}
        self.newest: list[Any] = []

    def examine(self) -> None:
        """Check chunks, pieces, and what is kept about them."""
        self._sealed()
        self._pieces()
        self._former()
        if self.readable:
            self._numbers()
            self._state()
            self._days()

    def _fault(self, de: str, en: str) -> None:
        self.faults.append(Text(de, en))

    def _parts(self, table: str, names: Sequence[str], order: str) -> Iterator[tuple[int, Sequence[Any], Points]]:
        """Read the bodies one by one, so that no more than one is in memory."""
        listed = f"SELECT id FROM {table} WHERE datastream_id = ? ORDER BY {order}"  # noqa: S608 - our own names
        columns = ", ".join(f'"{name}"' for name in names)
        statement = f"SELECT {columns}, body FROM {table} WHERE id = ?"  # noqa: S608 - our own names
        for (number,) in raw.fetch(self.connection, listed, (self.number,)):
            ((*said, body),) = raw.fetch(self.connection, statement, (number,))
            try:
                points = unpack(bytes(body))
                self._take(points)
            except _UNREADABLE:
                self.readable = False
                self._fault(f"{table} {number}: nicht lesbar", f"{table} {number}: cannot be read")
                continue
            yield number, said, points

    def _compare(self, place: str, names: Sequence[str], found: Sequence[Any], said: Sequence[Any]) -> None:
        differing = _differing(names, found, said)
        if differing:
            self._fault(f"{place}: passt nicht zum Inhalt: {differing}", f"{place}: does not fit: {differing}")

    def _sealed(self) -> None:
        before: int | None = None
        for number, said, points in self._parts("sealed", SEALED, "first"):
            self._compare(f"sealed {number}", SEALED, told(points), said)
            if bool((np.diff(points.start) < 0).any()):
                self._fault(f"sealed {number}: Zeiten ungeordnet", f"sealed {number}: times out of order")
            if before is not None and said[0] <= before:
                self._fault(f"sealed {number}: überlappt das vorige", f"sealed {number}: overlaps the one before")
            before = said[1]

    def _pieces(self) -> None:
        for number, said, points in self._parts("fresh", FRESH, "piece"):
            start, sequence = points.start, points.sequence
            found = (int(start.min()), int(start.max()), int(sequence.min()), int(sequence.max()), len(points))
            self._compare(f"fresh {number}", FRESH, found, said)
            self.fresh += len(points)

    def _former(self) -> None:
        first = self.number << SEQUENCE_BITS
        statement = "SELECT id, body FROM revisions WHERE observation_id BETWEEN ? AND ?"
        for number, body in raw.stream(self.connection, statement, (first, first | SEQUENCES)):
            try:
                unpack(bytes(body))
            except _UNREADABLE:
                self._fault(f"revisions {number}: nicht lesbar", f"revisions {number}: cannot be read")

    def _take(self, points: Points) -> None:
        points = points.in_order()
        first, _, until, _, _, count, known_first, known_last, *_ = told(points)
        self.count += count
        self.bounds.append((first, until, known_first, known_last))
        self.sequences.append(points.sequence)
        for _, day, numbers, minimum, maximum, total in days_of(self.number, points):
            amount, least, greatest, before = self.days.get(day, (0, np.inf, -np.inf, 0.0))
            self.days[day] = (amount + numbers, min(least, minimum), max(greatest, maximum), before + total)
        latest = int(points.start[-1])
        if not self.newest or latest >= self.newest[0][1]:
            rows = rows_of_points(points.take(points.start == latest))
            self.newest = [row for row in self.newest if row[1] == latest] + rows

    def _numbers(self) -> None:
        if self.sequences:
            _, times = np.unique(np.concatenate(self.sequences), return_counts=True)
            twice = int((times > 1).sum())
            if twice:
                self._fault(f"{twice} Nummern doppelt vergeben", f"{twice} numbers given twice")

    def _span(self) -> tuple[int | None, ...]:
        columns: list[Sequence[Any]] = list(zip(*self.bounds, strict=True)) if self.bounds else [()] * 4
        chosen = zip((min, max, min, max), columns, strict=True)
        return tuple(choose((v for v in column if v is not None), default=None) for choose, column in chosen)

    def _state(self) -> None:
        columns = ", ".join(f'"{name}"' for name in KEPT)
        statement = f"SELECT {columns}, sequence, latest FROM stream_state WHERE datastream_id = ?"  # noqa: S608
        rows = raw.fetch(self.connection, statement, (self.number,))
        if not rows:
            self._fault("stream_state: fehlt", "stream_state: is missing")
            return
        *said, sequence, latest = rows[0]
        found = (self.count, self.fresh, *self._span(), self.newest[0][1] if self.newest else None)
        self._compare("stream_state", KEPT, found, said)
        if self.sequences and sequence < max(int(part.max()) for part in self.sequences):
            self._fault("stream_state: sequence zu klein", "stream_state: sequence too small")
        if not self._is_newest(latest):
            self._fault("stream_state: latest ist veraltet", "stream_state: latest is out of date")

    def _is_newest(self, latest: Any) -> bool:
        if latest is None or not self.newest:
            return latest is None and not self.newest
        try:
            return latest_row(bytes(latest))[:6] in [row[:6] for row in self.newest]
        except msgspec.MsgspecError:
            return False

    def _days(self) -> None:
        statement = "SELECT day, count, minimum, maximum, total FROM stream_days WHERE datastream_id = ?"
        said = {row[0]: row[1:] for row in raw.fetch(self.connection, statement, (self.number,))}
        wrong = [
            day
            for day in sorted(self.days.keys() | said.keys())
            if day not in said or day not in self.days or not all(map(_same, self.days[day], said[day]))
        ]
        if wrong:
            first = dt.date(1970, 1, 1) + dt.timedelta(days=wrong[0])
            self._fault(
                f"stream_days: {len(wrong)} Tage passen nicht, zuerst {first}",
                f"stream_days: {len(wrong)} days do not fit, first {first}",
            )
