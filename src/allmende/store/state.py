"""What is kept of each datastream so that it need not be computed: counts, first and last times, the latest value."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection

from allmende.store import raw
from allmende.store.bulk import SAVE_STATES
from allmende.store.points import Points, Row, rows_of_points
from allmende.store.scope import Tie

_STATIC = "d.id, d.category, d.observation_type, d.minimum, d.maximum, d.feature_id, d.max_rate"
_KEPT = (
    's.sequence, s.piece, s.epoch, s."count", s.fresh, s.fresh_since, s.first, s.last, s.known_first, s.known_last, '
    "s.latest_start, d.multi_types, d.data_use"
)
_encode = msgspec.msgpack.encode
_tie = lru_cache(1_000)(Tie)
_decoder: msgspec.msgpack.Decoder[Row] = msgspec.msgpack.Decoder(Row)


@lru_cache(100)
def _wanted(kind: str) -> str:
    return kind.rpartition("OM_")[2]


class State:
    """The maintained state of one datastream while a transaction writes; times in microseconds."""

    __slots__ = (
        *("id", "tie", "wanted", "minimum", "maximum", "feature_id", "max_rate", "multi_types"),
        *("sequence", "piece", "epoch", "count", "fresh", "fresh_since", "first", "last"),
        *("known_first", "known_last", "latest_start", "latest", "packed"),
    )

    def __init__(self, row: Sequence[Any]) -> None:
        self.max_rate: float | None
        self.multi_types: str | None
        self.id, category, kind, self.minimum, self.maximum, self.feature_id, self.max_rate = row[:7]
        self.sequence, self.piece, self.epoch, self.count, self.fresh, self.fresh_since = row[7:13]
        self.first, self.last, self.known_first, self.known_last, self.latest_start, self.multi_types, use = row[13:]
        self.tie = _tie(category, use)
        self.wanted = "ComplexObservation" if self.multi_types is not None else _wanted(kind)
        self.latest: bytes | None = None
        # The very row that ``latest`` is the packed form of.
        self.packed: Row | None = None

    def take(self, row: Row) -> None:
        """Count one more point, whose number in the order of arrival has been given already."""
        _, start, duration, latency = row[:4]
        end = start + duration
        self.count += 1
        self.first = start if self.first is None or start < self.first else self.first
        self.last = end if self.last is None or end > self.last else self.last
        if latency is not None:
            self.know(end + latency, end + latency)
        if self.latest_start is None or start >= self.latest_start:
            self.newest(row)

    def know(self, first: int, last: int) -> None:
        """Widen the span of result times."""
        self.known_first = first if self.known_first is None else min(self.known_first, first)
        self.known_last = last if self.known_last is None else max(self.known_last, last)

    def newest(self, row: Row) -> None:
        """Keep a row as the latest value."""
        self.latest_start, self.latest, self.packed = row[1], _encode(row), row

    def take_run(self, points: Points) -> None:
        """Count a run of points in order of time, all behind the latest one."""
        end = points.end
        self.count += len(points)
        first, last = int(points.start[0]), int(end.max())
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        there = points.known == 1
        if there.any():
            known = (end + points.latency)[there]
            self.know(int(known.min()), int(known.max()))
        (row,) = rows_of_points(points.take(slice(len(points) - 1, len(points))))
        self.newest(row)


def lock(connection: Connection, ids: Sequence[int]) -> dict[int, State]:
    """Read the state of datastreams, and lock it in order of their numbers until the transaction ends."""
    statement = (
        f"SELECT {_STATIC}, {_KEPT} FROM datastreams d JOIN stream_state s ON s.datastream_id = d.id "  # noqa: S608
        f"WHERE {raw.numbers(connection, 'd.id')} ORDER BY d.id"
    )
    if connection.dialect.name == "postgresql":
        statement += " FOR UPDATE OF s"
    return {row[0]: State(row) for row in raw.fetch(connection, statement, (raw.number_list(sorted(ids)),))}


def save(connection: Connection, states: Sequence[State]) -> None:
    """Write states back; that of the latest value only where it has changed."""
    SAVE_STATES.run(
        connection,
        [
            (
                *(s.id, s.sequence, s.piece, s.epoch, s.count, s.fresh, s.fresh_since, s.first, s.last),
                *(s.known_first, s.known_last, s.latest_start, s.latest),
            )
            for s in states
        ],
    )


def put(connection: Connection, one: State) -> None:
    """Write a state as it is, also that there is no latest value."""
    save(connection, [one])
    if one.latest is None:
        raw.run(connection, "UPDATE stream_state SET latest = NULL WHERE datastream_id = ?", [(one.id,)])


def latest_row(body: bytes) -> Row:
    """Read a kept latest value."""
    return _decoder.decode(body)
