"""Answers of the store: pages, links, latest values, series and statistics, within a scope."""

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, FromClause, Select, and_, func, or_, select
from sqlalchemy.exc import DataError, ProgrammingError

from allmende.kernel.clock import DAY_MICROSECONDS, EPOCH
from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.filters import NOT_COMPARABLE, Compiler, linked, seen
from allmende.store.model import Location, Observation
from allmende.store.navigation import LINKS
from allmende.store.query import Kind, Order, Path, Query
from allmende.store.rows import coarse, observation_from_row, record_from_row
from allmende.store.scope import DayStatistics, Page, Record, Scope, Series, StreamSummary
from allmende.store.tables import (
    datastreams,
    historical_location_locations,
    observations,
    sources,
    stream_days,
    stream_state,
    thing_locations,
)
from allmende.store.visible import seen_observations, stream_ids

BAD_CURSOR = ErrorCode(
    "query.bad_cursor",
    Text("Die Fortsetzungsmarke ist nicht gültig.", "The continuation mark is not valid."),
    Text("Folgen Sie dem nextLink der vorigen Seite unverändert.", "Follow the nextLink of the page before as it is."),
)
NO_SUCH_LINK = ErrorCode(
    "query.no_such_link",
    Text("Von {kind} führt kein Weg zu „{name}“.", "There is no link “{name}” on {kind}."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
MANY = 500


def source_names(connection: Connection) -> dict[int, str]:
    """Map source numbers to names."""
    return {row.id: row.name for row in connection.execute(select(sources))}


def _cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(values))).decode().rstrip("=")


def _from_cursor(text: str, size: int) -> list[Any]:
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[Any])
    except (ValueError, msgspec.DecodeError) as error:
        raise Malformed(BAD_CURSOR) from error
    if len(values) != size:
        raise Malformed(BAD_CURSOR)
    return values


class Reader:
    """Reads in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope
        self.compiler = Compiler(scope, connection.dialect)

    def page(self, query: Query) -> Page:
        """Answer a question with one page; keys of the order and the id make the cursor of the next."""
        rows = seen(query.kind, self.scope).alias("r")
        question = self._conditions(query, select(rows), rows)
        count = None
        if query.count:
            count = self._run(select(func.count()).select_from(question.subquery()))[0][0]
        keys = self._keys(query, rows)
        question = self._after(query, question, keys)
        labelled = question.add_columns(*(key.label(f"key_{index}") for index, (key, _) in enumerate(keys)))
        for key, descending in keys:
            labelled = labelled.order_by(key.desc() if descending else key.asc())
        found = self._run(labelled.limit(query.top + 1).offset(query.skip))
        shown = found[: query.top]
        more = len(found) > len(shown) and shown
        cursor = _cursor([getattr(shown[-1], f"key_{i}") for i in range(len(keys))]) if more else None
        return Page(self._records(query.kind, shown), cursor, count)

    def _run(self, question: Select[Any]) -> Sequence[Any]:
        """Run a question that a reader worded; PostgreSQL refuses to compare unlike kinds."""
        try:
            return self.connection.execute(question).all()
        except (ProgrammingError, DataError) as error:
            raise Malformed(NOT_COMPARABLE, path="$filter") from error

    def _conditions(self, query: Query, question: Select[Any], rows: FromClause) -> Select[Any]:
        if query.id is not None:
            question = question.where(rows.c.id == query.id)
        if query.within is not None:
            names = [name for name, link in LINKS[query.within.kind].items() if link.target == query.kind]
            if not names:
                known = ", ".join(LINKS[query.within.kind])
                raise Malformed(NO_SUCH_LINK, kind=query.within.kind, name=query.kind, known=known)
            near = seen(query.within.kind, self.scope).alias("n")
            link = LINKS[query.within.kind][names[0]]
            if link.between is None and link.near == "id" and query.within.kind == "Datastreams":
                question = question.where(rows.c[link.far] == query.within.id)
            else:
                question = question.where(
                    select(near.c.id).where(near.c.id == query.within.id, linked(link, near, rows)).exists()
                )
        if query.where is not None:
            question = question.where(self.compiler.condition(query.where, query.kind, rows))
        return question

    def _keys(self, query: Query, rows: FromClause) -> list[tuple[Any, bool]]:
        orders = [*query.order]
        if not orders or orders[-1].path.parts != ("id",):
            orders.append(Order(Path(("id",)), orders[-1].descending if orders else False))
        return [
            (
                self.compiler.value(order.path, query.kind, rows, as_number=order.path.parts == ("result",)),
                order.descending,
            )
            for order in orders
        ]

    def _after(self, query: Query, question: Select[Any], keys: list[tuple[Any, bool]]) -> Select[Any]:
        """Continue behind the cursor: lexicographically later in the order; nulls stand last."""
        if query.after is None:
            return question
        values = _from_cursor(query.after, len(keys))
        branches = []
        for index, ((key, descending), value) in enumerate(zip(keys, values, strict=True)):
            same = [
                other.is_(None) if past is None else other == past
                for (other, _), past in zip(keys[:index], values[:index], strict=True)
            ]
            later = self._later(key, value, descending=descending)
            if later is not None:
                branches.append(and_(*same, later))
        return question.where(or_(*branches))

    def _later(self, key: Any, value: Any, *, descending: bool) -> Any:
        """Tell what follows a key; SQLite sorts nulls first going up, PostgreSQL last."""
        nulls_last = (self.connection.dialect.name == "postgresql") != descending
        if value is None:
            return None if nulls_last else key.is_not(None)
        beyond = key < value if descending else key > value
        return or_(beyond, key.is_(None)) if nulls_last else beyond

    def _records(self, kind: Kind, rows: Sequence[Any]) -> list[Record]:
        names = source_names(self.connection) if kind == "Observations" else {}
        records = [record_from_row(kind, row, names) for row in rows]
        if kind in ("Locations", "FeaturesOfInterest"):
            return [self._coarse(kind, record) for record in records]
        if kind in ("Things", "HistoricalLocations"):
            return self._with_locations(kind, records)
        return records

    def _with_locations(self, kind: Kind, records: list[Record]) -> list[Record]:
        table, near = (
            (thing_locations, "thing_id")
            if kind == "Things"
            else (historical_location_locations, "historical_location_id")
        )
        ids = [record.id for record in records]
        found: dict[int, list[int]] = {}
        for row in self.connection.execute(select(table).where(table.c[near].in_(ids))):
            found.setdefault(getattr(row, near), []).append(row.location_id)
        return [
            Record(
                record.id, msgspec.structs.replace(record.value, location_ids=tuple(sorted(found.get(record.id, []))))
            )
            for record in records
        ]

    def _coarse(self, kind: Kind, record: Record) -> Record:
        """Apply the space grid of the categories whose datastreams stand at the place."""
        if not any(limits.space_grid for limits in self.scope.categories.values()):
            return record
        link = thing_locations.c
        near = (
            select(link.thing_id).where(link.location_id == record.id)
            if kind == "Locations"
            else select(seen(kind, self.scope).c.thing_id).where(seen(kind, self.scope).c.id == record.id)
        )
        named = self.connection.execute(
            select(datastreams.c.category).where(datastreams.c.thing_id.in_(near)).distinct()
        )
        metres = max(
            (self.scope.categories[row.category].space_grid for row in named if row.category in self.scope.categories),
            default=0,
        )
        value = record.value
        if isinstance(value, Location):
            return Record(record.id, msgspec.structs.replace(value, location=coarse(value.location, metres)))
        return Record(record.id, msgspec.structs.replace(value, feature=coarse(value.feature, metres)))

    def related(self, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow one link from many rows at once; rows that the scope closes are left out."""
        link = LINKS[kind].get(name)
        if link is None:
            raise Malformed(NO_SUCH_LINK, kind=kind, name=name, known=", ".join(LINKS[kind]))
        near = seen(kind, self.scope).alias("n")
        far = seen(link.target, self.scope).alias("f")
        found: dict[int, list[Record]] = {number: [] for number in ids}
        for start in range(0, len(ids), MANY):
            question = (
                select(near.c.id.label("near_id"), far)
                .select_from(near)
                .join(far, linked(link, near, far))
                .where(near.c.id.in_(ids[start : start + MANY]))
                .order_by(far.c.id)
            )
            rows = self.connection.execute(question).all()
            for row, record in zip(rows, self._records(link.target, rows), strict=True):
                found[row.near_id].append(record)
        return found

    def latest(self, ids: Sequence[int] | None) -> dict[int, Observation]:
        """Give the newest observation of each datastream from the maintained state; limits make it a search."""
        names = source_names(self.connection)
        streams = stream_ids(self.scope)
        if ids is not None:
            streams = streams.where(datastreams.c.id.in_(ids))
        if all(limits.plain for limits in self.scope.categories.values()):
            question = (
                select(observations)
                .join(stream_state, stream_state.c.latest_id == observations.c.id)
                .where(stream_state.c.datastream_id.in_(streams))
            )
            return {row.datastream_id: observation_from_row(row, names) for row in self.connection.execute(question)}
        found = {}
        rows = seen_observations(self.scope).alias("r")
        for number in self.connection.execute(streams).scalars().all():
            newest = select(rows).where(rows.c.datastream_id == number).order_by(rows.c.start.desc(), rows.c.id.desc())
            row = self.connection.execute(newest.limit(1)).first()
            if row is not None:
                found[number] = observation_from_row(row, names)
        return found

    def series(self, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream in ``[since, until)``."""
        rows = seen_observations(self.scope).alias("r")
        question = (
            select(rows.c.start, rows.c.number)
            .where(
                rows.c.datastream_id == datastream_id,
                rows.c.start >= since,
                rows.c.start < until,
                rows.c.number.is_not(None),
                rows.c.datastream_id.in_(stream_ids(self.scope)),
            )
            .order_by(rows.c.start, rows.c.id)
        )
        found = self.connection.execute(question).all()
        return Series(np.array([row[0] for row in found], np.int64), np.array([row[1] for row in found], np.float64))

    def days(self, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """Give the statistics of UTC days ``[since, until)``, counted from 1970; finer limits withhold them."""
        question = (
            select(stream_days, stream_days.c["count"].label("amount"), datastreams.c.category)
            .join(datastreams, datastreams.c.id == stream_days.c.datastream_id)
            .where(
                stream_days.c.datastream_id.in_(stream_ids(self.scope).where(datastreams.c.id.in_(list(ids)))),
                stream_days.c.day >= since,
                stream_days.c.day < until,
            )
            .order_by(stream_days.c.datastream_id, stream_days.c.day)
        )
        found = []
        for row in self.connection.execute(question):
            limits = self.scope.categories[row.category]
            too_new = limits.delay and (row.day + 1) * DAY_MICROSECONDS > self.scope.now - limits.delay
            too_fine = limits.time_grid > DAY_MICROSECONDS or "result" in limits.hidden
            if too_new or too_fine or row.amount < limits.minimum_group:
                continue
            day = (EPOCH + dt.timedelta(days=row.day)).date()
            found.append(DayStatistics(row.datastream_id, day, row.amount, row.minimum, row.maximum, row.total))
        return found

    def summary(self, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """Give count, first and last time of each datastream; under limits they are counted on what may be seen."""
        streams = stream_ids(self.scope)
        if ids is not None:
            streams = streams.where(datastreams.c.id.in_(list(ids)))
        if all(limits.plain for limits in self.scope.categories.values()):
            question: Select[Any] = select(
                stream_state.c.datastream_id, stream_state.c.count, stream_state.c.first, stream_state.c.last
            ).where(stream_state.c.datastream_id.in_(streams))
        else:
            rows = seen_observations(self.scope).alias("r")
            question = (
                select(
                    rows.c.datastream_id,
                    func.count().label("count"),
                    func.min(rows.c.start).label("first"),
                    func.max(rows.c.start + rows.c.duration).label("last"),
                )
                .where(rows.c.datastream_id.in_(streams))
                .group_by(rows.c.datastream_id)
            )
        return {
            row.datastream_id: StreamSummary(int(row._mapping["count"]), row.first, row.last)
            for row in self.connection.execute(question)
        }
