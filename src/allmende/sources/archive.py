"""Raw replies as they came, kept for a time, so that they can be read again when a parser was mended.

Each hour has one file of records: four bytes of length, then that many bytes of zstd-compressed MessagePack, a reply
or a list of those that came together.
"""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from allmende.kernel.clock import utc_now

_HOUR = "%Y%m%dT%H"
# How many replies one record holds at most, and how hard they are compressed: they come on the way to the store.
TOGETHER, LEVEL = 500, 1


class RawReply(msgspec.Struct, frozen=True, gc=False):
    """A reply or a message: when it came, from where, for which station and part, and its bytes."""

    received: str
    url: str
    asked: str
    body: bytes
    status: int = 200
    part: str | None = None


_encode = msgspec.msgpack.encode


class Archive:
    """The raw replies of one source; many processes may add."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "raw"

    def add(self, *replies: RawReply) -> None:
        """Keep replies."""
        for place in range(0, len(replies), TOGETHER):
            self._append(replies[place : place + TOGETHER])

    def _append(self, replies: Sequence[RawReply]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = zstandard.ZstdCompressor(LEVEL).compress(_encode(replies if len(replies) > 1 else replies[0]))
        record = len(packed).to_bytes(4, "big") + packed
        place = os.open(self._path(utc_now()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            # One call: records of several processes follow each other and are never mixed.
            os.write(place, record)
        finally:
            os.close(place)

    def _path(self, hour: dt.datetime) -> Path:
        return self._folder / f"{hour.strftime(_HOUR)}.replies"

    def replies(self, since: dt.datetime | None = None) -> Iterator[RawReply]:
        """Give what is kept, oldest first; a record that was cut off by a crash ends its file."""
        for path in sorted(self._folder.glob("*.replies")):
            if since is None or path.stem >= since.strftime(_HOUR):
                yield from (reply for reply in _records(path) if since is None or _after(reply, since))

    def last(self, most: int) -> list[RawReply]:
        """Give about so many of the newest of this hour and the one before, oldest first."""
        found: list[RawReply] = []
        for path in sorted(self._folder.glob("*.replies"))[:-3:-1]:
            with path.open("rb") as stream:
                for place in reversed(_places(stream)):
                    stream.seek(place)
                    found[:0] = _record(stream) or ()
                    if len(found) >= most:
                        return found
        return found

    def sweep(self, days: int) -> int:
        """Delete what is older; give how many hours that were."""
        limit = (utc_now() - dt.timedelta(days=days)).strftime(_HOUR)
        old = [path for path in self._folder.glob("*.replies") if path.stem < limit]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _after(reply: RawReply, since: dt.datetime) -> bool:
    return dt.datetime.fromisoformat(reply.received) >= since


def _records(path: Path) -> Iterator[RawReply]:
    with path.open("rb") as stream:
        while (found := _record(stream)) is not None:
            yield from found


def _record(stream: BinaryIO) -> list[RawReply] | None:
    """Read the replies of a record; None where there is none, or no whole one."""
    size = int.from_bytes(stream.read(4), "big")
    packed = stream.read(size)
    if not size or len(packed) < size:
        return None
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    found = msgspec.msgpack.decode(plain, type=RawReply | list[RawReply])
    return found if isinstance(found, list) else [found]


def _places(stream: BinaryIO) -> list[int]:
    """Find where the records of a file begin."""
    places, place = list[int](), 0
    while len(head := stream.read(4)) == 4:
        places.append(place)
        place = stream.seek(int.from_bytes(head, "big"), os.SEEK_CUR)
    return places
