"""Pages of entities and observations, and the links between them, within a scope."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, FromClause, Select, Table, func, select, true, union_all

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.ids import datastream_of_observation
from allmende.kernel.text import Text
from allmende.store.among import among
from allmende.store.filters import Compiler, linked
from allmende.store.geography import Places, coarsened
from allmende.store.model import EntityKind
from allmende.store.navigation import LINKS, Link
from allmende.store.paging import ID, Key, behind, cursor_of, keys_of
from allmende.store.query import Compare, Constant, Expression, Kind, Logic, Path, Query
from allmende.store.recall import PASSING, Recall, lasting
from allmende.store.rows import observations_from_rows, record_from_row
from allmende.store.scope import Limits, Page, Record, Scope
from allmende.store.tables import (
    datastream_features,
    historical_location_locations,
    multi_observed_properties,
    sources,
    stream_state,
    thing_locations,
)
from allmende.store.visible import Part, entities, parts_of, rows_of, seen, together

NO_SUCH_LINK = ErrorCode(
    "query.no_such_link",
    Text("Von {kind} führt kein Weg zu „{name}“.", "There is no link “{name}” on {kind}."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
MANY = 500
STREAMS: tuple[Kind, ...] = ("Datastreams", "MultiDatastreams")
NOTHING = Part(Limits(), streams=(0,))
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
STREAM_NUMBER, TIME = Path(("Datastream", "id")), Path(("phenomenonTime",))


class Reader:
    """Reads in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope, recall: Recall | None = None) -> None:
        self.connection = connection
        self.scope = scope
        self.recall = recall
        self.places = Places(connection, scope)

    def page(self, query: Query) -> Page:
        """Answer a question with one page; ``skip`` counts from the beginning and not from a cursor."""
        if query.kind == "Observations":
            return self._observations(query)
        kind = query.kind
        if self.recall is None or not lasting(query):
            return self._entities(kind, query)
        found: Page = self.recall.get(self.connection, self.scope, query, lambda: self._entities(kind, query))
        return found

    def _entities(self, kind: EntityKind, query: Query) -> Page:
        rows = entities(kind, self.scope).alias("r")
        compiler = Compiler(self.scope, self.places)
        question = self._conditions(query, compiler, rows)
        count = self._counted(question) if query.count else None
        found, cursor = self._found(query, [(question, keys_of(compiler, query, rows))])
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

    def _observations(self, query: Query) -> Page:
        streams = self._streams(query)
        parts = parts_of(self.connection, self.scope, streams)
        here = {part.limits for part in parts}
        kept = {name: limits for name, limits in self.scope.categories.items() if limits in here}
        compiler = Compiler(msgspec.structs.replace(self.scope, categories=kept), self.places)
        by_id = (not query.order or query.order[0].path == ID) and not _mentions(query.where, TIME)
        questions, count = [], 0
        for part in parts or [NOTHING]:
            rows = rows_of(part, self.scope, by_id=by_id).subquery().alias("r")
            question = self._conditions(query, compiler, rows)
            count += self._count_of(query, part, question) if query.count else 0
            questions.append((question, keys_of(compiler, query, rows)))
        found, cursor = self._found(query, questions)
        return Page(self.records("Observations", found), cursor, count if query.count else None)

    def _streams(self, query: Query) -> list[int] | None:
        """Name the datastreams to which a question keeps, where it does."""
        if query.id is not None:
            return [datastream_of_observation(query.id)]
        if query.within is not None and query.within.kind in STREAMS:
            return [query.within.id]
        if query.within is not None and query.within.kind == "FeaturesOfInterest":
            link = datastream_features.c
            return list(
                self.connection.execute(select(link.datastream_id).where(link.feature_id == query.within.id)).scalars()
            )
        return _named_stream(query.where)

    def _count_of(self, query: Query, part: Part, question: Select[Any]) -> int:
        """Count a part; from the maintained state where nothing narrows it."""
        whole = query.where is None and query.id is None
        if part.limits.plain and whole and (query.within is None or query.within.kind in STREAMS):
            s = stream_state.c
            total = select(func.coalesce(func.sum(s["count"]), 0)).where(part.chosen(s.datastream_id))
            return int(self.connection.execute(total).scalar_one())
        return self._counted(question)

    def _counted(self, question: Select[Any]) -> int:
        return int(self.connection.execute(select(func.count()).select_from(question.subquery())).scalar_one())

    def _conditions(self, query: Query, compiler: Compiler, rows: FromClause) -> Select[Any]:
        question = select(rows)
        if query.id is not None:
            question = question.where(rows.c.id == query.id)
        if query.within is not None:
            question = question.where(self._hangs(query, rows))
        if query.where is not None:
            question = question.where(compiler.condition(query.where, query.kind, rows))
        return question

    def _hangs(self, query: Query, rows: FromClause) -> Any:
        """Tell whether a row hangs on the entity to which a question keeps."""
        within = query.within
        if within is None:
            return None
        links = LINKS[within.kind]
        link = next((link for link in links.values() if link.target == query.kind), None)
        if link is None:
            raise Malformed(NO_SUCH_LINK, kind=within.kind, name=query.kind, known=", ".join(links))
        if within.kind in STREAMS and query.kind == "Observations":
            return true()
        near = self._rows(within.kind, [within.id]).alias("n")
        return select(near.c.id).where(near.c.id == within.id, linked(link, near, rows)).correlate(rows).exists()

    def _rows(self, kind: Kind, ids: Sequence[int]) -> FromClause:
        """Give the visible rows of a set; of observations only those of the datastreams of these."""
        if kind != "Observations":
            return seen(kind, self.scope)
        streams = {datastream_of_observation(number) for number in ids}
        return together(parts_of(self.connection, self.scope, streams), self.scope)

    def _found(self, query: Query, questions: list[tuple[Select[Any], list[Key]]]) -> tuple[list[Any], str | None]:
        """Order and cut; of several questions each gives its first rows, which are then put in one order."""
        skip = 0 if query.after is not None else query.skip
        selected = []
        for question, keys in questions:
            narrowed = question if query.after is None else behind(question, keys, query.after)
            labelled = narrowed.add_columns(*(key.sql.label(f"key_{index}") for index, key in enumerate(keys)))
            selected.append(labelled.order_by(*(key.ordering for key in keys)))
        keys = questions[0][1]
        if len(selected) == 1:
            final = selected[0].limit(query.top + 1).offset(skip)
        else:
            first = [select(part.limit(query.top + 1 + skip).subquery()) for part in selected]
            rows = union_all(*first).subquery()
            again = [msgspec.structs.replace(key, sql=rows.c[f"key_{index}"]) for index, key in enumerate(keys)]
            final = select(rows).order_by(*(key.ordering for key in again)).limit(query.top + 1).offset(skip)
        found = list(self.connection.execute(final).all())
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
            near = self._rows(kind, some).alias("n")
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

    def _far(self, kind: Kind, target: Kind, ids: Sequence[int]) -> FromClause:
        if kind in STREAMS and target == "Observations":
            return together(parts_of(self.connection, self.scope, ids), self.scope)
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


def _named_stream(where: Expression | None) -> list[int] | None:
    """Find the one datastream that a condition names: ``Datastream/id eq 7``, alone or with others by ``and``."""
    if isinstance(where, Compare) and where.operator == "eq" and where.left == STREAM_NUMBER:
        right = where.right
        if isinstance(right, Constant) and type(right.value) is int:
            return [right.value] if 0 < right.value < 1 << 31 else []
    if isinstance(where, Logic) and where.operator == "and":
        return next((found for term in where.terms if (found := _named_stream(term)) is not None), None)
    return None


def _mentions(where: Expression | None, path: Path) -> bool:
    """Tell whether a condition speaks of a property anywhere."""
    return where is not None and repr(path) in repr(where)
