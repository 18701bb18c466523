"""A station with one datastream of the weather, and data sheets to write exports of."""

from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Datastream, Location, ObservedProperty, Sensor, Thing

COLLECT = Ask(Asker("system:test"), "collect", "climate-adaptation", "administration")


def build_station(gate: Gate) -> None:
    """Add a station called Platz, with a place."""
    grant = gate.grant(COLLECT)
    point = {"type": "Point", "coordinates": [9.1738, 47.6618]}
    place = gate.create(grant, "Locations", Location(name="Platz", description="x", location=point))
    properties = {"slug": "platz", "kind": "weather-station"}
    thing = Thing(name="Platz", description="x", properties=properties, location_ids=(place,))
    stream = Datastream(
        name="x",
        description="x",
        thing_id=gate.create(grant, "Things", thing),
        sensor_id=gate.create(grant, "Sensors", Sensor(name="x", description="x", metadata="")),
        observed_property_id=gate.create(
            grant, "ObservedProperties", ObservedProperty(name="x", description="x", definition="x")
        ),
        unit="Cel",
        category="weather",
        data_use="stadtklima-messnetz",
        properties={"slug": "platz-temperatur", "observed": "air-temperature"},
    )
    gate.create(grant, "Datastreams", stream)
