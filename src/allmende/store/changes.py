"""Changing an entity that is there: read, edit, write, in one transaction."""

from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from allmende.kernel.errors import Malformed
from allmende.store import places
from allmende.store.drafts import NOT_HERE, Change, Draft, Edit, Ref, single
from allmende.store.entities import NEEDED, STREAMS, Maker, check_lengths, require
from allmende.store.model import EntityKind
from allmende.store.navigation import LINKS, inverse_of
from allmende.store.query import Within
from allmende.store.rows import columns_of, record_from_row
from allmende.store.scope import Record, Tie
from allmende.store.tables import (
    TABLE_OF,
    historical_location_locations,
    multi_observed_properties,
    thing_locations,
)

# The links to many that belong to an entity itself: the table between, its columns, the order.
SETS: dict[tuple[EntityKind, str], tuple[Any, str, str, str]] = {
    ("Things", "Locations"): (thing_locations, "thing_id", "location_id", "location_id"),
    ("HistoricalLocations", "Locations"): (
        *(historical_location_locations, "historical_location_id", "location_id"),
        "location_id",
    ),
    ("MultiDatastreams", "ObservedProperties"): (
        *(multi_observed_properties, "datastream_id", "observed_property_id"),
        "place",
    ),
}


def links_of(connection: Connection, kind: EntityKind, row: Any) -> dict[str, tuple[int, ...]]:
    """Give the numbers to which an entity's own links lead."""
    found: dict[str, tuple[int, ...]] = {name: (getattr(row, column),) for name, column in NEEDED.get(kind, {}).items()}
    for (owner, name), (table, near, far, order) in SETS.items():
        if owner == kind:
            question = select(table.c[far]).where(table.c[near] == row.id).order_by(table.c[order])
            found[name] = tuple(connection.execute(question).scalars())
    return found


class Changer(Maker):
    """Changes entities in one transaction; ``amounts`` names the categories that it concerns."""

    def change(self, kind: EntityKind, number: int, edit: Edit) -> None:
        """Put the state that ``edit`` makes of the present one."""
        row = require(self.connection, kind, number, self.scope)
        self.concerns(kind, number)
        change = edit(Record(number, record_from_row(kind, row).value), links_of(self.connection, kind, row))
        values = columns_of(change.value)
        for name in NEEDED.get(kind, {}).values():
            values[name] = getattr(row, name)
        values |= self._moved(kind, change)
        self.keep_slug(kind, values, number)
        if kind in STREAMS:
            self.amounts.setdefault(Tie(values["category"], values["data_use"]), 0)
        table = TABLE_OF[kind]
        self.connection.execute(update(table).where(table.c.id == number).values(**values))
        for name, parts in change.links.items():
            if LINKS[kind][name].many:
                self.attach(kind, number, name, parts, exact=change.exact, at=name)
        self._settle(kind, number, row, values)

    def _moved(self, kind: EntityKind, change: Change) -> dict[str, int]:
        """Give the columns of the links that lead to one and are named anew."""
        found = {}
        for name in change.links:
            link = LINKS[kind][name]
            if link.many:
                continue
            if link.near == "id":
                raise Malformed(NOT_HERE, place=name)
            found[link.near] = self.target(link.target, single(change.links, name, name))
        return found

    def _settle(self, kind: EntityKind, number: int, row: Any, values: dict[str, Any]) -> None:
        """Bring up what follows from the change."""
        if kind == "MultiDatastreams":
            check_lengths(self.connection, number, "")
        if kind in STREAMS and values["thing_id"] != row.thing_id:
            places.renew_features(self.connection, values["thing_id"])
        if kind == "HistoricalLocations":
            places.follow_history(self.connection, number)
        if kind == "Locations" and values["location"] != row.location:
            for thing in places.things_at(self.connection, number):
                places.renew_features(self.connection, thing)

    def add(self, near: Within, name: str, part: Draft | Ref) -> int:
        """Hang one more entity on another (a POST to its link); give the number of what was added."""
        kind: Any = near.kind
        require(self.connection, kind, near.id, self.scope)
        link = LINKS[kind][name]
        if link.target not in STREAMS:
            self.concerns(kind, near.id)
        if isinstance(part, Draft):
            back = inverse_of(kind, name)
            links = {**part.links, back: (*part.links.get(back, ()), Ref(near.id, part.here(back)))}
            return self.make(msgspec.structs.replace(part, links=links))
        self.attach(kind, near.id, name, (part,), exact=False, at=name)
        return part.id
