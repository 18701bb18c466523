"""Things, sensors, properties and datastreams made once and found again by their slug."""

import msgspec

from allmende.connectors.vocabulary import VOCABULARY
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Datastream, Location, ObservedProperty, Sensor, Thing
from allmende.kernel.text import Text

Plain = dict[str, object]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A station that a connector needs; without a position when nobody knows it (degrees, WGS 84)."""

    slug: str
    name: str
    description: str = ""
    kind: str = "weather-station"
    longitude: float | None = None
    latitude: float | None = None


def plain(text: Text) -> dict[str, str]:
    """Write a bilingual text as JSON for an entity's properties."""
    return {"de": text.de, "en": text.en}


def thing_of(place: Place, *spots: int) -> Thing:
    """Write a place as a thing; it is real also where its values are simulated."""
    return Thing(
        name=place.name,
        description=place.description or place.name,
        properties={"slug": place.slug, "kind": place.kind, "simulated": False},
        location_ids=spots,
    )


def location_of(place: Place) -> Location | None:
    """Write down where a place is; None where nobody knows."""
    if place.longitude is None:
        return None
    point: Plain = {"type": "Point", "coordinates": [place.longitude, place.latitude]}
    return Location(name=place.name, description=place.name, location=point, properties={"slug": place.slug})


def thing_for(gate: Gate, grant: Grant, place: Place) -> int:
    """Find the thing, or make it at its position."""
    found = gate.find("Things", place.slug)
    if found is not None:
        return found
    location = location_of(place)
    if location is None:
        return gate.create(grant, "Things", thing_of(place))
    spot = gate.find("Locations", place.slug)
    spot = gate.create(grant, "Locations", location) if spot is None else spot
    return gate.create(grant, "Things", thing_of(place, spot))


def property_for(gate: Gate, grant: Grant, slug: str, *, definition: str = "", name: Text | None = None) -> int:
    """Find the observed property, or make it from the vocabulary or else from definition and name."""
    found = gate.find("ObservedProperties", slug)
    if found is not None:
        return found
    known = VOCABULARY.get(slug)
    title = known.name if known else name or Text(slug, slug)
    description = known.description if known else title
    entity = ObservedProperty(
        name=title.de,
        definition=known.definition if known else definition,
        description=description.de,
        properties={"slug": slug, "name": plain(title), "description": plain(description)},
    )
    return gate.create(grant, "ObservedProperties", entity)


def sensor_for(gate: Gate, grant: Grant, slug: str, *, name: Text, description: Text, metadata: str = "") -> int:
    """Find the sensor, or make it."""
    found = gate.find("Sensors", slug)
    if found is not None:
        return found
    entity = Sensor(
        name=name.de,
        description=description.de,
        metadata=metadata,
        properties={"slug": slug, "name": plain(name), "description": plain(description)},
    )
    return gate.create(grant, "Sensors", entity)


def datastream_for(gate: Gate, grant: Grant, datastream: Datastream) -> int:
    """Find the datastream by the slug in its properties, or make it as given."""
    found = gate.find("Datastreams", str(datastream.properties["slug"]))
    return gate.create(grant, "Datastreams", datastream) if found is None else found
