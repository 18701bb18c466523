"""Digests of what lies stored of each datastream, by which a change shows without unpacking anything sealed."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection

from allmende.store import raw
from allmende.store.codec import unpack

_FRESH = "SELECT datastream_id, first, last, body FROM fresh ORDER BY datastream_id, first, id"


class Stamp(NamedTuple):
    """A chunk or fresh piece: its datastream, the first and last start within, the last end, a digest of its bytes.

    Times are microseconds.
    """

    stream: int
    first: int
    last: int
    until: int
    digest: str


def stamps(connection: Connection) -> Iterator[Stamp]:
    """Give the stamps of all that is stored: sealed chunks first, both in order of datastream and time."""
    # The driver of PostgreSQL would read all bodies into memory before it gives the first.
    remote = connection.dialect.name == "postgresql"
    column = "md5(body)" if remote else "body"
    sealed = f"SELECT datastream_id, first, last, until, {column} FROM sealed ORDER BY datastream_id, first"  # noqa: S608 - our own names
    for stream, first, last, until, body in raw.stream(connection, sealed):
        yield Stamp(stream, first, last, until, body if remote else _digest(body))
    for stream, first, last, body in raw.stream(connection, _FRESH):
        yield Stamp(stream, first, last, int(unpack(bytes(body)).end.max()), _digest(body))


def _digest(body: bytes) -> str:
    return blake2b(bytes(body), digest_size=16).hexdigest()
