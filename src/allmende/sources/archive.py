"""Raw replies as they came, kept for a time, so that they can be read again when a parser was mended.

Each hour has one file of records: four bytes of length, then that many bytes of zstd-compressed MessagePack.
"""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from allmende.kernel.clock import utc_now

_HOUR = "%Y%m%dT%H"


class RawReply(msgspec.Struct, frozen=True):
    """A reply or a message: when it came, from where, for which station and part, and its bytes."""

    received: str
    url: str
    asked: str
    body: bytes
    status: int = 200
    part: str | None = None


class Archive:
    """The raw replies of one source; many processes may add."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "raw"

    def add(self, reply: RawReply) -> None:
        """Keep a reply."""
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(reply))
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
        while len(head := stream.read(4)) == 4:
            packed = stream.read(int.from_bytes(head, "big"))
            if len(packed) < int.from_bytes(head, "big"):
                return
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
            yield msgspec.msgpack.decode(plain, type=RawReply)
