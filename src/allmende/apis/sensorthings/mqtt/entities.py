"""New and changed entities: found by comparing with the last look, when the store says that something has changed."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from allmende.apis.sensorthings.feed import ID, Standing
from allmende.apis.sensorthings.render import Json, writer
from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import LINKS, Kind, Order, Query, Record

PAGE = 1_000
FEATURE: Kind = "FeaturesOfInterest"
FEATURE_SECONDS, FEATURE_SHARE = 1.0, 20


class Changed(msgspec.Struct, frozen=True):
    """An entity that is new or different, as it is written, and which of its properties are."""

    kind: Kind
    id: int
    entity: Json
    properties: tuple[str, ...]


class Entities:
    """Notices new and changed entities. Blocks, and so runs in a thread.

    Features of interest come along with observations and are not counted, so they are looked at now and then.
    """

    def __init__(self, gate: Gate, ask: Ask, root: str) -> None:
        self._gate, self._root, self._standing = gate, root, Standing(gate, ask)
        self._known: dict[Kind, dict[int, bytes]] = {}
        self._count = -1
        self._features_due = 0.0

    def poll(self, count: int) -> list[Changed]:
        """Give what has changed since the last time; the first time there is nothing.

        ``count`` is the store's count of changes of entities.
        """
        renewed = self._standing.renew()
        grant = self._standing.grant
        if grant is None:
            return []
        found: list[Changed] = []
        if renewed or count != self._count:
            for kind in LINKS:
                if kind not in ("Observations", FEATURE):
                    found += self._compared(grant, kind)
            self._count = count
        begin = time.monotonic()
        if renewed or begin >= self._features_due:
            found += self._compared(grant, FEATURE)
            now = time.monotonic()
            self._features_due = now + max(FEATURE_SECONDS, FEATURE_SHARE * (now - begin))
        return found

    def _compared(self, grant: Grant, kind: Kind) -> list[Changed]:
        known, seen = self._known.get(kind), {}
        found: list[Changed] = []
        write = writer(self._root, kind, ())
        for record in self._all(grant, kind):
            seen[record.id] = kept = msgspec.msgpack.encode(record.value)
            if known is not None and known.get(record.id) != kept:
                old = write(_again(record, known[record.id]), None) if record.id in known else {}
                found.append(_changed(kind, write(record, None), old, record.id))
        self._known[kind] = seen
        return found

    def _all(self, grant: Grant, kind: Kind) -> Iterator[Record]:
        after: str | None = None
        while True:
            page = self._gate.page(grant, Query(kind=kind, order=(Order(ID),), top=PAGE, after=after))
            yield from page.records
            after = page.next_after
            if after is None:
                return


def _again(record: Record, kept: bytes) -> Record:
    """Read a former state of an entity."""
    value: Any = msgspec.msgpack.decode(kept, type=type(record.value))
    return Record(record.id, value)


def _changed(kind: Kind, entity: Json, old: Json, number: int) -> Changed:
    names = (name for name in entity if "@iot." not in name)
    return Changed(kind, number, entity, tuple(name for name in names if name not in old or old[name] != entity[name]))
