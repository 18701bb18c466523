"""Where things stand: their locations, the history that SensorThings asks for, and the features that follow."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.bulk import LINK_FEATURES
from allmende.store.tables import (
    datastreams,
    features,
    historical_location_locations,
    historical_locations,
    locations,
    thing_locations,
)

SAME_ENCODING = ErrorCode(
    "entity.same_encoding",
    Text(
        "{place}: mehrere Locations eines Things brauchen verschiedene encodingType.",
        "{place}: several Locations of a Thing need different encodingTypes.",
    ),
    Text("Nennen Sie für jede Kodierung eine Location.", "Name one Location for each encoding."),
)
GEOJSON = ("application/geo+json", "application/vnd.geo+json")


def locations_of(connection: Connection, thing: int) -> tuple[int, ...]:
    """Give the locations at which a thing stands now."""
    link = thing_locations.c
    found = select(link.location_id).where(link.thing_id == thing).order_by(link.location_id)
    return tuple(connection.execute(found).scalars())


def place(connection: Connection, thing: int, places: Sequence[int], now: int) -> None:
    """Set where a thing stands from now on, and keep its way (18-088, clause 8.2.3)."""
    _stand(connection, thing, places)
    if places:
        history = historical_locations
        number = connection.execute(
            insert(history).values(thing_id=thing, time=now).returning(history.c.id)
        ).scalar_one()
        note(connection, number, places)


def note(connection: Connection, history: int, places: Sequence[int]) -> None:
    """Set the locations of a historical location."""
    rows = [{"historical_location_id": history, "location_id": number} for number in places]
    connection.execute(insert(historical_location_locations), rows)


def move(connection: Connection, thing: int, places: Sequence[int], now: int, *, exact: bool, at: str) -> None:
    """Move a thing: new locations take the place of those with the same encoding, or of all if ``exact``."""
    new = _encodings(connection, places)
    if len(set(new.values())) < len(new):
        raise Malformed(SAME_ENCODING, place=at)
    old = locations_of(connection, thing)
    kept = [] if exact else [n for n, code in _encodings(connection, old).items() if code not in new.values()]
    wanted = sorted({*kept, *new})
    if tuple(wanted) != old:
        place(connection, thing, wanted, now)


def _encodings(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    question = select(locations.c.id, locations.c.encoding_type).where(locations.c.id.in_(sorted(numbers)))
    return {
        row.id: GEOJSON[0] if row.encoding_type in GEOJSON else row.encoding_type
        for row in connection.execute(question)
    }


def follow_history(connection: Connection, history: int) -> None:
    """Let a thing stand where its newest historical location says, when this is the one."""
    h, link = historical_locations.c, historical_location_locations.c
    thing, time = connection.execute(select(h.thing_id, h.time).where(h.id == history)).one()
    newest = connection.execute(select(func.max(h.time)).where(h.thing_id == thing, h.id != history)).scalar_one()
    if newest is None or time > newest:
        _stand(
            connection,
            thing,
            connection.execute(select(link.location_id).where(link.historical_location_id == history)).scalars().all(),
        )


def _stand(connection: Connection, thing: int, places: Sequence[int]) -> None:
    connection.execute(delete(thing_locations).where(thing_locations.c.thing_id == thing))
    if places:
        rows = [{"thing_id": thing, "location_id": number} for number in places]
        connection.execute(insert(thing_locations), rows)
    renew_features(connection, thing)


def things_at(connection: Connection, location: int) -> list[int]:
    """Give the things that stand at a location."""
    link = thing_locations.c
    return list(connection.execute(select(link.thing_id).where(link.location_id == location)).scalars())


def renew_features(connection: Connection, thing: int) -> None:
    """Let what a thing's datastreams observe from now on be about where it stands now."""
    hanging = datastreams.c.thing_id == thing
    streams = connection.execute(select(datastreams.c.id).where(hanging)).scalars().all()
    if streams:
        feature = feature_of_thing(connection, thing)
        connection.execute(update(datastreams).where(hanging).values(feature_id=feature))
        link_feature(connection, streams, feature)


def missing_features(connection: Connection, streams: Sequence[int]) -> dict[int, int]:
    """Find or make the features of datastreams that have none though their thing stands somewhere."""
    d, link = datastreams.c, thing_locations.c
    question = select(d.thing_id).where(
        d.id.in_(streams), d.feature_id.is_(None), d.thing_id.in_(select(link.thing_id))
    )
    for thing in connection.execute(question.distinct()).scalars().all():
        renew_features(connection, thing)
    found = select(d.id, d.feature_id).where(d.id.in_(streams), d.feature_id.is_not(None))
    return {row.id: row.feature_id for row in connection.execute(found)}


def link_feature(connection: Connection, streams: Sequence[int], feature: int | None) -> None:
    """Note that observations of these datastreams may be about a feature."""
    if feature is not None:
        LINK_FEATURES.run(connection, [(stream, feature) for stream in streams])


def feature_of_thing(connection: Connection, thing: int) -> int | None:
    """Find or make the feature of interest that a thing's location is."""
    return features_of_things(connection, [thing]).get(thing)


def features_of_things(connection: Connection, things: Sequence[int]) -> dict[int, int]:
    """Find or make the feature that each thing's location is (18-088, clause 8.2.8), GeoJSON first.

    Things that stand nowhere have none.
    """
    link = thing_locations
    question = (
        select(link.c.thing_id, locations)
        .join(link, link.c.location_id == locations.c.id)
        .where(link.c.thing_id.in_(things))
        .order_by(locations.c.encoding_type.not_in(GEOJSON), locations.c.id)
    )
    stands: dict[int, Any] = {}
    for row in connection.execute(question):
        stands.setdefault(row.thing_id, row)
    known = _features(connection, stands)
    rows = [
        {
            "name": found.name,
            "description": found.description,
            "encoding_type": found.encoding_type,
            "feature": found.location,
            "properties": "{}",
            "thing_id": thing,
        }
        for thing, found in stands.items()
        if thing not in known
    ]
    if not rows:
        return known
    connection.execute(insert(features), rows)
    return _features(connection, stands)


def _features(connection: Connection, stands: Mapping[int, Any]) -> dict[int, int]:
    """Find the first feature of each thing that is where it stands."""
    f = features.c
    question = select(f.id, f.thing_id, f.feature).where(f.thing_id.in_(list(stands))).order_by(f.id)
    found: dict[int, int] = {}
    for row in connection.execute(question):
        if row.feature == stands[row.thing_id].location:
            found.setdefault(row.thing_id, row.id)
    return found
