"""Entities as bytes of JSON, kept by what they were written from: the store gives the same value while nothing changes.

An answer is put together from pieces: an entity without its closing brace, the times that its observations span, what
``$expand`` adds.
"""

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from allmende.apis.sensorthings.render import Json, spans, writer
from allmende.gate.query import Kind, Record, StreamSummary

MOST = 20_000
SPANS = ("phenomenonTime", "resultTime")
K = TypeVar("K")
V = TypeVar("V")
Write = Callable[[Record], bytes]
_encode = msgspec.json.encode


class Rendered:
    """Pieces written lately; a value stands for one content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Kind, tuple[str, ...]], dict[int, tuple[object, bytes]]] = {}
        self._spans: dict[tuple[str, ...], dict[int, tuple[StreamSummary, bytes]]] = {}
        self._size = 0

    def opened(self, root: str, kind: Kind, select: tuple[str, ...], multi: Collection[int]) -> Write:
        """Prepare the writing of entities up to their closing brace.

        Of observations, which are many and asked for once, none is kept.
        """
        write = writer(root, kind, select, multi)

        def written(record: Record) -> bytes:
            return _encode(write(record, None))[:-1]

        if kind == "Observations":
            return written
        return self._keeping(root, kind, select, written, lambda record: id(record.value))

    def newest(self, root: str, select: tuple[str, ...]) -> Write:
        """Prepare the writing of the newest observations of datastreams, of each of which the last one is kept."""
        write = self.opened(root, "Observations", select, ())
        return self._keeping(root, "Observations", select, write, lambda record: int(record.value.datastream_id))

    def _keeping(
        self, root: str, kind: Kind, select: tuple[str, ...], write: Write, key_of: Callable[[Record], int]
    ) -> Write:
        kept = self._place(self._kept, (root, kind, select))

        def written(record: Record) -> bytes:
            key, value = key_of(record), record.value
            found = kept.get(key)
            if found is not None and found[0] is value:
                return found[1]
            self._size += found is None
            piece = write(record)
            kept[key] = (value, piece)
            return piece

        return written

    def spans(self, select: tuple[str, ...]) -> Callable[[int, StreamSummary | None], bytes]:
        """Prepare the writing of from when to when datastreams have observations; ``$select`` may want less."""
        wanted = {name.split("/")[0] for name in select}
        kept = self._place(self._spans, tuple(sorted(wanted & {*SPANS})) if wanted else SPANS)

        def written(number: int, summary: StreamSummary | None) -> bytes:
            if summary is None:
                return b""
            found = kept.get(number)
            if found is not None and found[0] == summary:
                return found[1]
            self._size += found is None
            told = spans(summary)
            piece = _encode({name: told[name] for name in told if not wanted or name in wanted})[1:-1]
            kept[number] = (summary, b"," + piece if piece else b"")
            return kept[number][1]

        return written

    def _place(self, kept: dict[K, dict[int, V]], key: K) -> dict[int, V]:
        """Give the place for pieces of one kind; when too many were written, all begin anew."""
        if self._size > MOST:
            self._kept.clear()
            self._spans.clear()
            self._size = 0
        if key not in kept:
            self._size += 1
        return kept.setdefault(key, {})


def opening(around: Json) -> bytes:
    """Write what stands around the entities of an answer, and begin their list."""
    head = _encode(around)[1:-1]
    return b"".join((b"{", head, b"," if head else b"", b'"value":['))


RENDERED = Rendered()
