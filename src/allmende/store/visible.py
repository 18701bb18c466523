"""The tables as a reader may see them: what the scope does not open is not there, limits are part of the query."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    cast,
    exists,
    false,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)

from allmende.store import raw
from allmende.store.among import among
from allmende.store.model import EntityKind
from allmende.store.query import Kind
from allmende.store.scope import Limits, Scope
from allmende.store.tables import (
    BAD,
    TABLE_OF,
    datastream_features,
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
    multi_observed_properties,
    observations,
    traces,
)

# What a duty may hide of an observation → the columns that hold it; the rule check knows the same names.
HIDEABLE = {
    "result": ("number", "other"),
    "resultTime": ("latency",),
    "resultQuality": ("quality", "described"),
    "validTime": ("valid",),
    "parameters": ("parameters",),
    "FeatureOfInterest": ("feature_id",),
    "source": ("source_id", "message"),
}


def opened(scope: Scope) -> ColumnElement[bool]:
    """Tell of a datastream whether the scope opens its category."""
    return datastreams.c.category.in_(sorted(scope.categories))


def _traced_open(scope: Scope, kind: EntityKind, number: ColumnElement[Any]) -> ColumnElement[bool]:
    """Judge what nothing hangs on by the datastreams that did once: those deleted may not uncover what they hid."""
    here = and_(traces.c.kind == kind, traces.c.entity_id == number)
    open_once = and_(here, traces.c.category.in_(sorted(scope.categories)))
    return or_(not_(exists().where(here)), exists().where(open_once))


def _not_only_closed(
    scope: Scope, kind: EntityKind, number: ColumnElement[Any], link: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Hide what hangs, or last hung, on closed datastreams only; what never hung on any may be seen."""
    free = and_(not_(exists().where(link)), _traced_open(scope, kind, number))
    return or_(free, exists().where(and_(link, opened(scope))))


def _thing_seen(scope: Scope, thing_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return _not_only_closed(scope, "Things", thing_id, datastreams.c.thing_id == thing_id)


def _location_seen(scope: Scope, location_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Judge a place by the things that stand there and those that ever stood there."""
    link, history = historical_location_locations.c, historical_locations.c
    here = and_(link.location_id == location_id, history.id == link.historical_location_id)
    free = and_(not_(exists().where(here)), _traced_open(scope, "Locations", location_id))
    return or_(free, exists().where(and_(here, _thing_seen(scope, history.thing_id))))


def _feature_seen(scope: Scope) -> ColumnElement[bool]:
    link = datastream_features.c
    about = and_(link.feature_id == features.c.id, datastreams.c.id == link.datastream_id)
    of_thing = or_(features.c.thing_id.is_(None), _thing_seen(scope, features.c.thing_id))
    free = and_(not_(exists().where(about)), of_thing, _traced_open(scope, "FeaturesOfInterest", features.c.id))
    return or_(free, exists().where(and_(about, opened(scope))))


def _property_seen(scope: Scope) -> ColumnElement[bool]:
    number = TABLE_OF["ObservedProperties"].c.id
    of_multi = select(multi_observed_properties.c.datastream_id).where(
        multi_observed_properties.c.observed_property_id == number
    )
    link = or_(
        datastreams.c.observed_property_id == number,
        datastreams.c.id.in_(of_multi.correlate_except(multi_observed_properties)),
    )
    return _not_only_closed(scope, "ObservedProperties", number, link)


def entities(kind: EntityKind, scope: Scope) -> FromClause:
    """Give the rows of an entity set that the scope lets through."""
    table = TABLE_OF[kind]
    sensor = TABLE_OF["Sensors"].c.id
    conditions: dict[EntityKind, ColumnElement[bool]] = {
        "Things": _thing_seen(scope, TABLE_OF["Things"].c.id),
        "Locations": _location_seen(scope, TABLE_OF["Locations"].c.id),
        "HistoricalLocations": _thing_seen(scope, historical_locations.c.thing_id),
        "Sensors": _not_only_closed(scope, "Sensors", sensor, datastreams.c.sensor_id == sensor),
        "ObservedProperties": _property_seen(scope),
        "Datastreams": and_(opened(scope), datastreams.c.multi_types.is_(None)),
        "MultiDatastreams": and_(opened(scope), datastreams.c.multi_types.is_not(None)),
        "FeaturesOfInterest": _feature_seen(scope),
    }
    return select(table).where(conditions[kind]).subquery()


class Part(msgspec.Struct, frozen=True):
    """Observations under the same limits: of named datastreams, of categories without closed data uses, or of all."""

    limits: Limits
    streams: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    closed: tuple[str, ...] = ()

    def chosen(self, number: ColumnElement[Any]) -> ColumnElement[bool]:
        """Tell of a datastream's number whether it belongs to the part."""
        if self.streams is not None:
            return number == self.streams[0] if len(self.streams) == 1 else among(number, self.streams)
        if self.categories is not None:
            d = datastreams.c
            chosen = select(d.id).where(d.category.in_(self.categories))
            return number.in_(chosen.where(d.data_use.not_in(self.closed)) if self.closed else chosen)
        return true()

    def clause(self, connection: Connection, column: str) -> tuple[str, tuple[str, ...]]:
        """Say the same as a condition of a plain statement, with its parameters."""
        if self.streams is not None:
            return raw.numbers(connection, column), (raw.number_list(self.streams),)
        if self.categories is not None:
            marks = ", ".join("?" for _ in self.categories)
            uses = ", ".join("?" for _ in self.closed)
            open_uses = f" AND data_use NOT IN ({uses})" if self.closed else ""
            chosen = f"SELECT id FROM datastreams WHERE category IN ({marks}){open_uses}"  # noqa: S608
            return f"{column} IN ({chosen})", (*self.categories, *self.closed)
        return "1 = 1", ()


def require_joint(connection: Connection, scope: Scope, streams: Collection[int] | None) -> None:
    """Ask whether values of some datastreams, or of all, may be read for one answer."""
    if scope.joins is not None:
        question = select(datastreams.c.category).where(opened(scope)).distinct()
        named = question if streams is None else question.where(among(datastreams.c.id, streams))
        scope.joins(sorted(connection.execute(named).scalars()))


def parts_of(connection: Connection, scope: Scope, streams: Collection[int] | None = None) -> list[Part]:
    """Group what the scope opens, of some datastreams or of all, by limits."""
    groups: dict[Limits, list[Any]] = {}
    if streams is not None:
        d = datastreams.c
        question = select(d.id, d.category, d.data_use).where(among(d.id, streams))
        for number, category, use in connection.execute(question.order_by(d.id)).all():
            if category in scope.categories and use not in scope.closed:
                groups.setdefault(scope.categories[category], []).append(number)
        return [Part(limits, streams=tuple(numbers)) for limits, numbers in groups.items()]
    present = sorted(connection.execute(select(datastreams.c.category).distinct()).scalars())
    for category in present:
        if category in scope.categories:
            groups.setdefault(scope.categories[category], []).append(category)
    if len(groups) == 1 and not scope.closed and all(category in scope.categories for category in present):
        return [Part(limits) for limits in groups]
    closed = tuple(sorted(scope.closed))
    return [Part(limits, categories=tuple(names), closed=closed) for limits, names in groups.items()]


def _columns(limits: Limits) -> list[Any]:
    """Give the columns of observations; hidden ones are null, and so nothing can be learnt by asking."""
    hidden = {column for field in limits.hidden for column in HIDEABLE.get(field, ())}
    columns: list[Any] = [
        cast(null(), column.type).label(column.name) if column.name in hidden else column for column in observations.c
    ]
    if "resultTime" in limits.hidden:
        index = list(observations.c).index(observations.c.received)
        columns[index] = (observations.c.start + observations.c.duration).label("received")
    return columns


def counted(columns: Any) -> ColumnElement[bool]:
    """Tell of rows of observations which of them are numbers that count: not those known to be bad."""
    return and_(columns.number.is_not(None), or_(columns.quality.is_(None), columns.quality != BAD))


def rows_of(part: Part, scope: Scope, since: int | None = None, until: int | None = None) -> Select[Any]:
    """Select a part's observations with its limits applied, whose time lies in ``[since, until)``.

    Where there is a time grid, what is unpacked is the cells already (see ``blocks``).
    """
    o, limits = observations.c, part.limits
    question = select(*_columns(limits)).where(part.chosen(o.datastream_id))
    if since is not None:
        question = question.where(o.start >= since)
    if until is not None:
        question = question.where(o.start < until)
    if limits.delay:
        question = question.where(o.start + o.duration <= scope.now - limits.delay)
    # A single observation is a group of one.
    return question.where(false()) if limits.grouped and not limits.time_grid else question


def together(parts: list[Part], scope: Scope) -> FromClause:
    """Give the observations of several parts as one set of rows."""
    if not parts:
        return select(observations).where(false()).subquery()
    selected = [rows_of(part, scope) for part in parts]
    return selected[0].subquery() if len(parts) == 1 else union_all(*selected).subquery()


def seen(kind: Kind, scope: Scope) -> FromClause:
    """Give the rows of any set, observations too, that the scope lets through."""
    if kind != "Observations":
        return entities(kind, scope)
    groups: dict[Limits, list[str]] = {}
    for category, limits in sorted(scope.categories.items()):
        groups.setdefault(limits, []).append(category)
    closed = tuple(sorted(scope.closed))
    parts = [Part(limits, categories=tuple(names), closed=closed) for limits, names in groups.items()]
    return together(parts, scope)
