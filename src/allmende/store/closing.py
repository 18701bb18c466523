"""The digest of a day: one hash over what is stored of it, salted for each datastream, so that none can be guessed."""

import hashlib
import hmac

import msgspec
from sqlalchemy import Connection, Engine

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.ledger.tree import Tree, extended, hash_leaf
from allmende.store import raw
from allmende.store.engine import reading
from allmende.store.points import Points
from allmende.store.scan import Scan


def digest_of_day(engine: Engine, day: int, salt: bytes) -> tuple[bytes, int]:
    """Give the root over the datastreams with observations that begin on a day, and how many these are."""
    asked = "SELECT datastream_id FROM stream_state WHERE first < ? AND last >= ? ORDER BY datastream_id"
    since, until = day * DAY_MICROSECONDS, (day + 1) * DAY_MICROSECONDS
    # The first leaf tells nothing: it hides whether there was anything at all.
    leaves = [hash_leaf(hmac.digest(salt, b"day", "sha256"))]
    with reading(engine) as connection:
        for (stream,) in raw.fetch(connection, asked, (until, since)):
            content = _content(connection, stream, since, until)
            if content:
                own = hmac.digest(salt, str(stream).encode(), "sha256")
                leaves.append(hash_leaf(hashlib.sha256(own + content).digest()))
    tiles = extended(0, leaves, lambda _level, _place, _width: b"")
    return Tree(len(leaves), lambda level, place, _width: tiles[level, place]).root(), len(leaves) - 1


def _content(connection: Connection, stream: int, since: int, until: int) -> bytes:
    points = Scan(connection).points(stream, since, until)
    return b"".join(msgspec.json.encode(row) + b"\n" for row in _rows(points)) if len(points) else b""


def _rows(points: Points) -> list[tuple[int, int, int, float | None, str | None]]:
    """Give number, start, end and result of each observation, in order of time and arrival."""
    other: list[str | None] = points.other or [None] * len(points)
    numbers = [None if value != value else value for value in points.number.tolist()]
    return list(zip(points.sequence.tolist(), points.start.tolist(), points.end.tolist(), numbers, other, strict=True))
