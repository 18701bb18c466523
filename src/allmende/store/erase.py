"""Deleting entities with what cannot be without them (18-088, clause 10.4)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, union, update

from allmende.store.books import insert_for
from allmende.store.concern import concerned, streams_at
from allmende.store.entities import STREAMS, require
from allmende.store.forget import count_feature, count_streams, forget_feature, forget_streams, hold_streams
from allmende.store.model import EntityKind
from allmende.store.places import renew_features, things_at
from allmende.store.scope import Scope, Tie
from allmende.store.tables import (
    TABLE_OF,
    datastream_features,
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
    multi_observed_properties,
    thing_locations,
    traces,
)

# What takes its datastreams along.
OWNERS: tuple[EntityKind, ...] = ("Things", "Sensors", "ObservedProperties", "Datastreams", "MultiDatastreams")
Permit = Callable[[dict[Tie, int]], None]


def erase(connection: Connection, scope: Scope | None, kind: EntityKind, number: int, permit: Permit) -> None:
    """Delete an entity; ``permit`` is told how many observations go, by what they are tied to, and raises to refuse."""
    require(connection, kind, number, scope)
    streams = _streams(connection, kind, number)
    hold_streams(connection, streams)
    amounts = dict.fromkeys(sorted(concerned(connection, kind, number)), 0)
    amounts |= count_feature(connection, number) if kind == "FeaturesOfInterest" else count_streams(connection, streams)
    permit(amounts)
    if kind == "Things":
        _trace_places(connection, number)
    _erase_streams(connection, streams)
    {
        "Things": _leave_thing,
        "Locations": _leave_location,
        "HistoricalLocations": _leave_histories,
        "FeaturesOfInterest": _leave_feature,
    }.get(kind, _leave_nothing)(connection, number)
    if kind not in STREAMS:
        table = TABLE_OF[kind]
        connection.execute(delete(table).where(table.c.id == number))
        connection.execute(delete(traces).where(traces.c.kind == kind, traces.c.entity_id == number))


def _streams(connection: Connection, kind: EntityKind, number: int) -> list[int]:
    if kind not in OWNERS:
        return []
    return sorted(connection.execute(streams_at(kind, number)).scalars())


def _leave_nothing(_connection: Connection, _number: int) -> None:
    """Other entities have nothing beside their datastreams."""


def _leave_thing(connection: Connection, thing: int) -> None:
    h = historical_locations.c
    for number in connection.execute(select(h.id).where(h.thing_id == thing)).scalars().all():
        _leave_histories(connection, number)
    connection.execute(delete(historical_locations).where(h.thing_id == thing))
    connection.execute(delete(thing_locations).where(thing_locations.c.thing_id == thing))
    unused = features.c.id.not_in(select(datastream_features.c.feature_id))
    connection.execute(delete(features).where(features.c.thing_id == thing, unused))
    connection.execute(update(features).where(features.c.thing_id == thing).values(thing_id=None))


def _leave_location(connection: Connection, location: int) -> None:
    link = historical_location_locations.c
    here = select(link.historical_location_id).where(link.location_id == location)
    for number in connection.execute(here).scalars().all():
        _leave_histories(connection, number)
        connection.execute(delete(historical_locations).where(historical_locations.c.id == number))
    things = things_at(connection, location)
    connection.execute(delete(thing_locations).where(thing_locations.c.location_id == location))
    for thing in things:
        renew_features(connection, thing)


def _leave_histories(connection: Connection, history: int) -> None:
    link = historical_location_locations
    connection.execute(delete(link).where(link.c.historical_location_id == history))


def _leave_feature(connection: Connection, feature: int) -> None:
    forget_feature(connection, feature)
    connection.execute(delete(datastream_features).where(datastream_features.c.feature_id == feature))
    connection.execute(update(datastreams).where(datastreams.c.feature_id == feature).values(feature_id=None))


def _erase_streams(connection: Connection, streams: Sequence[int]) -> None:
    if not streams:
        return
    _trace(connection, streams)
    forget_streams(connection, streams)
    for table in (datastream_features, multi_observed_properties):
        connection.execute(delete(table).where(table.c.datastream_id.in_(streams)))
    connection.execute(delete(datastreams).where(datastreams.c.id.in_(streams)))


def _trace(connection: Connection, streams: Sequence[int]) -> None:
    """Remember on what these datastreams hung, so that deleting them uncovers nothing."""
    d, about, multi = datastreams.c, datastream_features.c, multi_observed_properties.c
    among = d.id.in_(streams)
    pairs: list[tuple[EntityKind, Any]] = [
        ("Things", select(d.thing_id, d.category).where(among)),
        ("Sensors", select(d.sensor_id, d.category).where(among)),
        (
            "ObservedProperties",
            union(
                select(d.observed_property_id, d.category).where(among, d.observed_property_id.is_not(None)),
                select(multi.observed_property_id, d.category)
                .join_from(multi_observed_properties, datastreams, d.id == multi.datastream_id)
                .where(among),
            ),
        ),
        (
            "FeaturesOfInterest",
            select(about.feature_id, d.category)
            .join_from(datastream_features, datastreams, d.id == about.datastream_id)
            .where(among),
        ),
    ]
    for kind, question in pairs:
        _keep(connection, kind, connection.execute(question).all())


def _trace_places(connection: Connection, thing: int) -> None:
    """Remember whose thing stood at its places."""
    d, t = datastreams.c, traces.c
    link, history = historical_location_locations.c, historical_locations.c
    of_thing = union(
        select(d.category).where(d.thing_id == thing),
        select(t.category).where(t.kind == "Things", t.entity_id == thing),
    )
    names = connection.execute(of_thing).scalars().all()
    places = connection.execute(
        select(link.location_id)
        .join_from(historical_location_locations, historical_locations, history.id == link.historical_location_id)
        .where(history.thing_id == thing)
        .distinct()
    ).scalars()
    _keep(connection, "Locations", [(number, name) for number in places for name in names])


def _keep(connection: Connection, kind: EntityKind, pairs: Sequence[Any]) -> None:
    rows = [{"kind": kind, "entity_id": number, "category": category} for number, category in {tuple(p) for p in pairs}]
    if rows:
        connection.execute(insert_for(connection)(traces).on_conflict_do_nothing(), rows)
