"""Whose data an act on an entity concerns: the datastreams that hang on it, and their ties to the rules."""

from typing import Any

from sqlalchemy import Connection, Select, or_, select

from allmende.store.model import EntityKind
from allmende.store.scope import Tie
from allmende.store.tables import (
    datastream_features,
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
    multi_observed_properties,
    thing_locations,
)

_D = datastreams.c


def _of_things(things: Select[Any]) -> Select[Any]:
    return select(_D.id).where(_D.thing_id.in_(things))


def _of_location(number: int) -> Select[Any]:
    """Give the datastreams of the things that stand, or once stood, at a place."""
    here, link, history = thing_locations.c, historical_location_locations.c, historical_locations.c
    once = (
        select(history.thing_id)
        .join(historical_location_locations, link.historical_location_id == history.id)
        .where(link.location_id == number)
    )
    now = select(here.thing_id).where(here.location_id == number)
    return select(_D.id).where(or_(_D.thing_id.in_(now), _D.thing_id.in_(once)))


def _of_property(number: int) -> Select[Any]:
    link = multi_observed_properties.c
    of_multi = select(link.datastream_id).where(link.observed_property_id == number)
    return select(_D.id).where(or_(_D.observed_property_id == number, _D.id.in_(of_multi)))


def _of_feature(number: int) -> Select[Any]:
    about = datastream_features.c
    of_thing = select(features.c.thing_id).where(features.c.id == number)
    named = select(about.datastream_id).where(about.feature_id == number)
    return select(_D.id).where(or_(_D.id.in_(named), _D.thing_id.in_(of_thing)))


def streams_at(kind: EntityKind, number: int) -> Select[Any]:
    """Select the ids of the datastreams that hang on an entity."""
    history = historical_locations.c
    if kind == "Things":
        return select(_D.id).where(_D.thing_id == number)
    if kind == "Locations":
        return _of_location(number)
    if kind == "HistoricalLocations":
        return _of_things(select(history.thing_id).where(history.id == number))
    if kind == "Sensors":
        return select(_D.id).where(_D.sensor_id == number)
    if kind == "ObservedProperties":
        return _of_property(number)
    if kind == "FeaturesOfInterest":
        return _of_feature(number)
    return select(_D.id).where(_D.id == number)


def concerned(connection: Connection, kind: EntityKind, number: int) -> set[Tie]:
    """Give the ties of the datastreams that hang on an entity."""
    question = select(_D.category, _D.data_use).where(_D.id.in_(streams_at(kind, number))).distinct()
    return {Tie(*row) for row in connection.execute(question)}
