"""Sealing: fresh pieces become sorted, compressed chunks of about two thousand points, whole days where that can be.

Packing happens outside the writer's way: what was read is packed first, then put in place in one short transaction,
which gives up where the datastream's chunks have been changed in the meantime (its epoch tells).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Engine

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.store import raw, state
from allmende.store.codec import pack, unpack
from allmende.store.engine import reading, writing
from allmende.store.points import Ints, Points, joined
from allmende.store.scan import merged

TARGET = 2_048
Chunk = tuple[Any, ...]
_COLUMNS = (
    "datastream_id, first, last, until, low, high, count, known_first, known_last, "
    "numbers, minimum, maximum, total, body"
)
_INSERT = f"INSERT INTO sealed ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608 - our own names


class Packed(msgspec.Struct):
    """What is to be put in place: new chunks for old ones and for fresh pieces."""

    stream: int
    epoch: int
    pieces: list[int]
    points: int
    old: list[int]
    chunks: list[Chunk]


def cuts(start: Ints) -> Iterator[slice]:
    """Cut times that are in order into slices of at most ``TARGET``, at the turn of a day where half of it is filled.

    Points of one time stay together, however many they are.
    """
    begin, count = 0, len(start)
    days = start // DAY_MICROSECONDS
    while begin < count:
        end = min(begin + TARGET, count)
        if end < count:
            turn = int(np.searchsorted(days, days[end], "left"))
            same = int(np.searchsorted(start, start[end], "left"))
            end = turn if turn - begin >= TARGET // 2 else same
            end = end if end > begin else int(np.searchsorted(start, start[begin], "right"))
        yield slice(begin, end)
        begin = end


def told(points: Points) -> tuple[Any, ...]:
    """Give what is told of a chunk beside its bytes; its points are in order of time."""
    end, there = points.end, np.isfinite(points.number)
    known = (end + points.latency)[points.known == 1]
    values = points.number[there]
    sums = (float(values.min()), float(values.max()), float(values.sum())) if len(values) else (None, None, None)
    return (
        *(int(points.start[0]), int(points.start[-1]), int(end.max())),
        *(int(points.sequence.min()), int(points.sequence.max()), len(points)),
        *((int(known.min()), int(known.max())) if len(known) else (None, None)),
        *(len(values), *sums),
    )


def chunk_row(stream: int, points: Points) -> Chunk:
    """Pack points, in order of time, with what is told of them beside the bytes."""
    return (stream, *told(points), pack(points))


def _rebuilt(connection: Connection, stream: int, fresh: Points) -> tuple[list[int], list[Chunk]]:
    """Merge fresh points into the chunks in whose time they lie; give the chunks to go and those to come."""
    rows = raw.fetch(
        connection, "SELECT id, first, last, count FROM sealed WHERE datastream_id = ? ORDER BY first", (stream,)
    )
    firsts = np.array([row[1] for row in rows], np.int64)
    places = np.searchsorted(firsts, fresh.start, "right") - 1
    old: list[int] = []
    chunks: list[Chunk] = []
    for place in np.unique(places).tolist():
        part = fresh.take(places == place)
        if place >= 0 and not (rows[place][3] >= TARGET // 2 and part.start[0] > rows[place][2]):
            number = rows[place][0]
            (body,) = raw.fetch(connection, "SELECT body FROM sealed WHERE id = ?", (number,))[0]
            part = merged(unpack(bytes(body)), part)
            old.append(number)
        chunks += [chunk_row(stream, part.take(cut)) for cut in cuts(part.start)]
    return old, chunks


def _packed(connection: Connection, stream: int) -> Packed | None:
    rows = raw.fetch(connection, "SELECT piece, body FROM fresh WHERE datastream_id = ? ORDER BY piece", (stream,))
    if not rows:
        return None
    (epoch,) = raw.fetch(connection, "SELECT epoch FROM stream_state WHERE datastream_id = ?", (stream,))[0]
    fresh = joined([unpack(bytes(body)) for _, body in rows]).in_order()
    old, chunks = _rebuilt(connection, stream, fresh)
    return Packed(stream, epoch, [row[0] for row in rows], len(fresh), old, chunks)


def waiting(connection: Connection, before: int) -> list[int]:
    """Name the datastreams with enough fresh points, or with some that came before an instant."""
    statement = (
        "SELECT datastream_id FROM stream_state WHERE fresh >= ? OR (fresh > 0 AND fresh_since < ?) "
        "ORDER BY datastream_id"
    )
    return [row[0] for row in raw.fetch(connection, statement, (TARGET, before))]


def seal_stream(engine: Engine, stream: int) -> int:
    """Seal what is fresh of a datastream; give how many points, 0 where others were quicker."""
    with reading(engine) as connection:
        packed = _packed(connection, stream)
    if packed is None:
        return 0
    with writing(engine) as connection:
        one = state.lock(connection, [stream]).get(stream)
        if one is None or one.epoch != packed.epoch:
            return 0
        raw.run(
            connection,
            "DELETE FROM fresh WHERE datastream_id = ? AND piece = ?",
            [(stream, piece) for piece in packed.pieces],
        )
        raw.run(connection, "DELETE FROM sealed WHERE id = ?", [(number,) for number in packed.old])
        raw.run(connection, _INSERT, packed.chunks)
        one.epoch += 1
        one.fresh -= packed.points
        # What came meanwhile keeps the age of what was sealed, or it would wait until the next observation.
        one.fresh_since = one.fresh_since if one.fresh else None
        state.save(connection, [one])
    return packed.points


def put(connection: Connection, chunks: Sequence[Chunk]) -> None:
    """Add sealed chunks."""
    raw.run(connection, _INSERT, chunks)
