"""Writing entities: with their links, and the history that SensorThings asks for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.store.bulk import LINK_FEATURES
from allmende.store.model import Datastream, EntityKind, FeatureOfInterest, Location, ObservedProperty, Sensor, Thing
from allmende.store.rows import columns_of
from allmende.store.tables import (
    TABLE_OF,
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
    locations,
    stream_state,
    thing_locations,
)

Writable = Thing | Location | Sensor | ObservedProperty | Datastream | FeatureOfInterest

NO_ENTITY = ErrorCode(
    "entity.unknown",
    Text("{kind}({id}) gibt es nicht.", "There is no {kind}({id})."),
    Text("Prüfen Sie die Nummer.", "Check the number."),
)
SLUG_TAKEN = ErrorCode(
    "entity.slug_taken",
    Text("Der Kurzname „{slug}“ ist unter {kind} schon vergeben.", "The slug “{slug}” is taken among {kind}."),
    Text("Wählen Sie einen anderen Kurznamen.", "Choose another slug."),
)
REFERENCES: dict[str, EntityKind] = {
    "thing_id": "Things",
    "sensor_id": "Sensors",
    "observed_property_id": "ObservedProperties",
}


def find(connection: Connection, kind: EntityKind, slug: str) -> int | None:
    """Look an entity up by its slug."""
    table = TABLE_OF[kind]
    return connection.execute(select(table.c.id).where(table.c.slug == slug)).scalar_one_or_none()


def categories(connection: Connection, ids: set[int]) -> dict[int, str]:
    """Give the category of each datastream that exists."""
    question = select(datastreams.c.id, datastreams.c.category).where(datastreams.c.id.in_(sorted(ids)))
    return {row.id: row.category for row in connection.execute(question)}


def _require(connection: Connection, kind: EntityKind, number: int) -> None:
    table = TABLE_OF[kind]
    if connection.execute(select(table.c.id).where(table.c.id == number)).first() is None:
        raise NotFound(NO_ENTITY, kind=kind, id=number)


def _check(connection: Connection, kind: EntityKind, entity: Writable, own: int | None) -> None:
    """Refuse links to what is not there and slugs that are taken."""
    for name, target in REFERENCES.items():
        if hasattr(entity, name):
            _require(connection, target, getattr(entity, name))
    for location in getattr(entity, "location_ids", ()):
        _require(connection, "Locations", location)
    slug = entity.properties.get("slug")
    if slug is not None and find(connection, kind, slug) not in (None, own):
        raise Conflict(SLUG_TAKEN, slug=slug, kind=kind)


def create(connection: Connection, kind: EntityKind, entity: Writable, now: int) -> int:
    """Add an entity; a thing with locations gets its first historical location, a datastream its feature."""
    _check(connection, kind, entity, None)
    values = columns_of(entity)
    if isinstance(entity, Datastream):
        values["feature_id"] = _feature_of_thing(connection, entity.thing_id)
    table = TABLE_OF[kind]
    number = int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
    if isinstance(entity, Datastream):
        connection.execute(insert(stream_state).values(datastream_id=number, sequence=0, count=0))
        _link_feature(connection, [number], values["feature_id"])
    if isinstance(entity, Thing) and entity.location_ids:
        _place(connection, number, entity.location_ids, now)
    return number


def change(connection: Connection, kind: EntityKind, number: int, entity: Writable, now: int) -> None:
    """Put an entity's new state; a thing that moved keeps its way in the historical locations."""
    _require(connection, kind, number)
    _check(connection, kind, entity, number)
    table = TABLE_OF[kind]
    connection.execute(update(table).where(table.c.id == number).values(**columns_of(entity)))
    if isinstance(entity, Thing):
        link = thing_locations
        old = set(connection.execute(select(link.c.location_id).where(link.c.thing_id == number)).scalars())
        if set(entity.location_ids) != old:
            _place(connection, number, entity.location_ids, now)


def _place(connection: Connection, thing: int, places: tuple[int, ...], now: int) -> None:
    """Set where a thing stands from now on (18-088, clause 8.2.3)."""
    connection.execute(delete(thing_locations).where(thing_locations.c.thing_id == thing))
    if not places:
        return
    connection.execute(insert(thing_locations), [{"thing_id": thing, "location_id": place} for place in places])
    history = historical_locations
    number = connection.execute(insert(history).values(thing_id=thing, time=now).returning(history.c.id)).scalar_one()
    rows = [{"historical_location_id": number, "location_id": place} for place in places]
    connection.execute(insert(historical_location_locations), rows)
    hanging = datastreams.c.thing_id == thing
    streams = connection.execute(select(datastreams.c.id).where(hanging)).scalars().all()
    if streams:
        feature = _feature_of_thing(connection, thing)
        connection.execute(update(datastreams).where(hanging).values(feature_id=feature))
        _link_feature(connection, streams, feature)


def _link_feature(connection: Connection, streams: Sequence[int], feature: int | None) -> None:
    """Note that observations of these datastreams may be about a feature."""
    if feature is not None:
        LINK_FEATURES.run(connection, [(stream, feature) for stream in streams])


def _feature_of_thing(connection: Connection, thing: int) -> int | None:
    """Find or make the feature of interest that a thing's location is (18-088, clause 8.2.8)."""
    link = thing_locations
    place = connection.execute(
        select(locations).join(link, link.c.location_id == locations.c.id).where(link.c.thing_id == thing).limit(1)
    ).first()
    if place is None:
        return None
    known = select(features.c.id).where(features.c.thing_id == thing, features.c.feature == place.location)
    number = connection.execute(known).scalar_one_or_none()
    if number is not None:
        return int(number)
    values: dict[str, Any] = {
        "name": place.name,
        "description": place.description,
        "encoding_type": place.encoding_type,
        "feature": place.location,
        "properties": "{}",
        "thing_id": thing,
    }
    return int(connection.execute(insert(features).values(**values).returning(features.c.id)).scalar_one())
