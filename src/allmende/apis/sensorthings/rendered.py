"""Entities as they were written lately, kept by the very record: the store gives the same one while nothing changes."""

from collections.abc import Callable, Collection

from allmende.apis.sensorthings.render import Json, spans, writer
from allmende.gate.query import Kind, Record, StreamSummary

MOST = 20_000


class Rendered:
    """Written entities; a record stands for one content, and what an answer adds is added to a copy."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Kind, tuple[str, ...]], dict[int, tuple[Record, Json]]] = {}
        self._size = 0

    def writer(
        self, root: str, kind: Kind, select: tuple[str, ...], multi: Collection[int]
    ) -> Callable[[Record, StreamSummary | None], Json]:
        """Prepare the writing of many entities; observations, which are many and asked for once, are not kept."""
        write = writer(root, kind, select, multi)
        if kind == "Observations":
            return write
        wanted = {name.split("/")[0] for name in select}
        if self._size > MOST:
            self._kept, self._size = {}, 0
        kept = self._kept.setdefault((root, kind, select), {})

        def written(record: Record, summary: StreamSummary | None) -> Json:
            found = kept.get(id(record))
            if found is None or found[0] is not record:
                found = kept[id(record)] = (record, write(record, None))
                self._size += 1
            entity = dict(found[1])
            if summary is not None:
                told = spans(summary)
                entity |= {name: told[name] for name in told if name in wanted} if wanted else told
            return entity

        return written


RENDERED = Rendered()
