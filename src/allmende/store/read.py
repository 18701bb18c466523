"""Pages of entities and observations, and the links between them, within a scope."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import FromClause, Select, Table, func, select

from allmende.kernel.errors import Malformed
from allmende.store.among import among
from allmende.store.asking import NO_SUCH_LINK, STREAMS, Asking
from allmende.store.blocks import show_streams
from allmende.store.bounds import mentions_observations
from allmende.store.filters import Compiler, linked
from allmende.store.geography import coarsened
from allmende.store.model import EntityKind
from allmende.store.navigation import LINKS, Link
from allmende.store.observing import Observing, streams_about
from allmende.store.paging import Key, behind, cursor_of, keys_of
from allmende.store.query import Kind, Query
from allmende.store.recall import PASSING, lasting
from allmende.store.rows import observations_from_rows, record_from_row
from allmende.store.scope import Page, Record
from allmende.store.tables import (
    historical_location_locations,
    multi_observed_properties,
    sources,
    thing_locations,
)
from allmende.store.visible import entities, seen, together

MANY = 500
# What belongs to a record from a table between: the table, its columns of here and there, the field, the order.
LINKED: dict[Kind, tuple[Table, str, str, str, str]] = {
    "Things": (thing_locations, "thing_id", "location_id", "location_ids", "location_id"),
    "HistoricalLocations": (
        *(historical_location_locations, "historical_location_id", "location_id"),
        *("location_ids", "location_id"),
    ),
    "MultiDatastreams": (
        *(multi_observed_properties, "datastream_id", "observed_property_id"),
        *("observed_property_ids", "place"),
    ),
}


class Reader(Asking):
    """Reads in one transaction within one scope."""

    def page(self, query: Query) -> Page:
        """Answer a question with one page; ``skip`` counts from the beginning and not from a cursor."""
        if query.kind == "Observations":
            rows, cursor, count = Observing(self.connection, self.scope, self.recall).page(query)
            return Page(self.records("Observations", rows), cursor, count)
        kind = query.kind
        if self.recall is None or not lasting(query):
            return self._entities(kind, query)
        found: Page = self.recall.get(self.connection, self.scope, query, lambda: self._entities(kind, query))
        return found

    def _entities(self, kind: EntityKind, query: Query) -> Page:
        if mentions_observations(query.where, kind):
            query = msgspec.structs.replace(
                query, where=Observing(self.connection, self.scope, self.recall).settled(query)
            )
        rows = entities(kind, self.scope).alias("r")
        compiler = Compiler(self.scope, self.places)
        question = self.conditions(query, compiler, rows)
        count = self.counted(question) if query.count else None
        found, cursor = self._found(query, question, keys_of(compiler, query, rows))
        return Page(self._in_place(query, self.records(query.kind, found)), cursor, count)

    def _in_place(self, query: Query, records: list[Record]) -> list[Record]:
        """Put the observed properties of a MultiDatastream in the order of its results, where no other is asked for."""
        within = query.within
        if within is None or within.kind != "MultiDatastreams" or query.kind != "ObservedProperties" or query.order:
            return records
        link = multi_observed_properties.c
        places = select(link.observed_property_id, link.place).where(link.datastream_id == within.id)
        order = {row.observed_property_id: row.place for row in self.connection.execute(places)}
        return sorted(records, key=lambda record: order.get(record.id, 0))

    def _found(self, query: Query, question: Select[Any], keys: list[Key]) -> tuple[list[Any], str | None]:
        """Order and cut."""
        narrowed = question if query.after is None else behind(question, keys, query.after)
        labelled = narrowed.add_columns(*(key.sql.label(f"key_{index}") for index, key in enumerate(keys)))
        ordered = labelled.order_by(*(key.ordering for key in keys))
        skip = 0 if query.after is not None else query.skip
        found = list(self.connection.execute(ordered.limit(query.top + 1).offset(skip)).all())
        shown = found[: query.top]
        more = len(found) > len(shown) > 0
        return shown, cursor_of(shown[-1][-len(keys) :]) if more else None

    def records(self, kind: Kind, rows: Sequence[Any]) -> list[Record]:
        """Read rows, with what belongs to them from other tables."""
        if kind == "Observations":
            values = observations_from_rows(rows, self.source_names({row.source_id for row in rows}))
            return [Record(value.id, value) for value in values]
        records = [record_from_row(kind, row) for row in rows]
        if kind in ("Locations", "FeaturesOfInterest"):
            return self._coarse(kind, records)
        if kind in STREAMS:
            records = self._coarse_areas(records)
        if kind in ("Things", "HistoricalLocations", "MultiDatastreams"):
            return self._with_linked(kind, records)
        return records

    def source_names(self, numbers: set[int | None]) -> dict[int, str]:
        """Map source numbers to names."""
        wanted = sorted(number for number in numbers if number is not None)
        question = select(sources.c.id, sources.c.name).where(sources.c.id.in_(wanted))
        return {row.id: row.name for row in self.connection.execute(question)}

    def _with_linked(self, kind: Kind, records: list[Record]) -> list[Record]:
        table, near, far, field, order = LINKED[kind]
        found: dict[int, list[int]] = {}
        question = select(table).where(among(table.c[near], [record.id for record in records]))
        for row in self.connection.execute(question.order_by(table.c[order])).all():
            found.setdefault(getattr(row, near), []).append(getattr(row, far))
        return [Record(r.id, msgspec.structs.replace(r.value, **{field: tuple(found.get(r.id, ()))})) for r in records]

    def _coarse(self, kind: EntityKind, records: list[Record]) -> list[Record]:
        """Show places as coarse as the scope does."""
        metres = self.places.grids(kind, [record.id for record in records])
        field = "location" if kind == "Locations" else "feature"
        return [Record(r.id, coarsened(r.value, field, metres[r.id])) if r.id in metres else r for r in records]

    def _coarse_areas(self, records: list[Record]) -> list[Record]:
        """Apply the space grid of a datastream's own category to the area that it names."""
        grids = {name: limits.space_grid for name, limits in self.scope.categories.items() if limits.space_grid}
        return [
            Record(r.id, coarsened(r.value, "observed_area", grids[r.value.category]))
            if r.value.observed_area is not None and r.value.category in grids
            else r
            for r in records
        ]

    def related(self, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow one link from many rows at once; rows that the scope closes are left out."""
        link = LINKS[kind].get(name)
        if link is None:
            raise Malformed(NO_SUCH_LINK, kind=kind, name=name, known=", ".join(LINKS[kind]))
        if self.recall is None or kind in PASSING or link.target in PASSING:
            return self._related(kind, link, ids)
        found: dict[int, list[Record]] = self.recall.get(
            self.connection, self.scope, (kind, name, tuple(ids)), lambda: self._related(kind, link, ids)
        )
        return dict(found)

    def _related(self, kind: Kind, link: Link, ids: Sequence[int]) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = {number: [] for number in ids}
        for start in range(0, len(ids), MANY):
            some = ids[start : start + MANY]
            self._show(kind, link.target, some)
            near = self.rows(kind, some).alias("n")
            far = self._far(kind, link.target, some).alias("f")
            question = (
                select(far, near.c.id.label("near_id"))
                .select_from(near)
                .join(far, linked(link, near, far))
                .where(among(near.c.id, some))
                .order_by(*_order_of(kind, link, near, far))
            )
            rows = self.connection.execute(question).all()
            for row, record in zip(rows, self.records(link.target, rows), strict=True):
                found[row.near_id].append(record)
        return found

    def _show(self, kind: Kind, target: Kind, ids: Sequence[int]) -> None:
        """Unpack the observations that a link leads from or to."""
        if kind == "Observations":
            Observing(self.connection, self.scope, self.recall).show_around(ids)
        elif target == "Observations":
            about = ids if kind in STREAMS else streams_about(self.connection, ids)
            show_streams(self.connection, self.parts(about), self.scope.now)

    def _far(self, kind: Kind, target: Kind, ids: Sequence[int]) -> FromClause:
        if kind in STREAMS and target == "Observations":
            return together(self.parts(ids), self.scope)
        return seen(target, self.scope)


def _order_of(kind: Kind, link: Link, near: FromClause, far: FromClause) -> list[Any]:
    """Give the order of what hangs on a row: its number, or its place among the observed properties."""
    if kind != "MultiDatastreams" or link.between is None:
        return [far.c.id]
    between = link.between.alias("o")
    place = select(func.min(between.c.place)).where(
        between.c.datastream_id == near.c.id, between.c.observed_property_id == far.c.id
    )
    return [place.correlate(near, far).scalar_subquery(), far.c.id]
