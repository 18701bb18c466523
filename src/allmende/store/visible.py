"""The tables as a reader may see them: what the scope does not open is not there, limits are part of the query."""

from typing import Any

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SmallInteger,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import Text as String

from allmende.store.model import EntityKind
from allmende.store.scope import Limits, Scope
from allmende.store.tables import (
    TABLE_OF,
    datastreams,
    features,
    historical_locations,
    observations,
    thing_locations,
)

# Names by which a duty may hide a part of an observation → the columns that hold it.
HIDEABLE = {
    "result": ("number", "other"),
    "resultTime": ("latency",),
    "resultQuality": ("quality",),
    "parameters": ("parameters",),
    "FeatureOfInterest": ("feature_id",),
    "source": ("source_id", "message"),
}


def opened(scope: Scope) -> ColumnElement[bool]:
    """Tell of a datastream whether the scope opens its category."""
    return datastreams.c.category.in_(sorted(scope.categories)) if scope.categories else false()


def stream_ids(scope: Scope) -> Select[Any]:
    """Select the ids of the datastreams that the scope opens."""
    return select(datastreams.c.id).where(opened(scope))


def _not_only_closed(scope: Scope, link: ColumnElement[bool]) -> ColumnElement[bool]:
    """Hide what hangs on closed datastreams only; what hangs on none may be seen."""
    return or_(not_(exists().where(link)), exists().where(and_(link, opened(scope))))


def _thing_seen(scope: Scope, thing_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return _not_only_closed(scope, datastreams.c.thing_id == thing_id)


def entities(kind: EntityKind, scope: Scope) -> FromClause:
    """Give the rows of an entity set that the scope lets through."""
    table = TABLE_OF[kind]
    link = thing_locations
    conditions: dict[EntityKind, ColumnElement[bool]] = {
        "Things": _thing_seen(scope, TABLE_OF["Things"].c.id),
        "Locations": or_(
            not_(exists().where(link.c.location_id == table.c.id)),
            exists().where(and_(link.c.location_id == table.c.id, _thing_seen(scope, link.c.thing_id))),
        ),
        "HistoricalLocations": _thing_seen(scope, historical_locations.c.thing_id),
        "Sensors": _not_only_closed(scope, datastreams.c.sensor_id == table.c.id),
        "ObservedProperties": _not_only_closed(scope, datastreams.c.observed_property_id == table.c.id),
        "Datastreams": opened(scope),
        "FeaturesOfInterest": and_(features.c.thing_id.is_not(None), _thing_seen(scope, features.c.thing_id)),
    }
    return select(table).where(conditions[kind]).subquery()


def _plain(names: list[str], limits: Limits, scope: Scope) -> Select[Any]:
    """Select observations of categories that share limits without a time grid."""
    hidden = {column for field in limits.hidden for column in HIDEABLE.get(field, ())}
    columns = [null().label(column.name) if column.name in hidden else column for column in observations.c]
    question = select(*columns).where(
        observations.c.datastream_id.in_(select(datastreams.c.id).where(datastreams.c.category.in_(names)))
    )
    return question.where(observations.c.start <= scope.now - limits.delay) if limits.delay else question


def _gridded(names: list[str], limits: Limits, scope: Scope) -> Select[Any]:
    """Select means per grid cell, with the id of the cell's first observation; cells too small are left out."""
    inner = _plain(names, limits, scope).subquery()
    cell = inner.c.start - inner.c.start % limits.time_grid
    return (
        select(
            func.min(inner.c.id).label("id"),
            inner.c.datastream_id,
            cell.label("start"),
            cast(literal(limits.time_grid), Big).label("duration"),
            cast(null(), Big).label("latency"),
            cell.label("received"),
            func.avg(inner.c.number).label("number"),
            cast(null(), String).label("other"),
            cast(literal(0), SmallInteger).label("quality"),
            func.min(inner.c.source_id).label("source_id"),
            literal("").label("message"),
            cast(null(), String).label("parameters"),
            func.min(inner.c.feature_id).label("feature_id"),
        )
        .where(inner.c.number.is_not(None), cell + limits.time_grid <= scope.now - limits.delay)
        .group_by(inner.c.datastream_id, cell)
        .having(func.count() >= max(limits.minimum_group, 1))
    )


def seen_observations(scope: Scope) -> FromClause:
    """Give the observations that the scope lets through, with its limits applied."""
    groups: dict[Limits, list[str]] = {}
    for category, limits in sorted(scope.categories.items()):
        groups.setdefault(limits, []).append(category)
    if not groups:
        return select(observations).where(false()).subquery()
    parts = [
        _gridded(names, limits, scope) if limits.time_grid else _plain(names, limits, scope)
        for limits, names in groups.items()
    ]
    return parts[0].subquery() if len(parts) == 1 else union_all(*parts).subquery()
