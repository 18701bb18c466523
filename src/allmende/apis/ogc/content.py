"""Stations and their series as the public may see them; the measured and the simulated apart (ADR 0011)."""

from typing import Any

import msgspec

from allmende.gate.door import PUBLIC, Ask, Gate, Grant
from allmende.gate.query import Record, StreamSummary
from allmende.gate.runs import every
from allmende.kernel.units import UNITS

OPEN = Ask(PUBLIC, "publish", "open-data", "public")


class Series(msgspec.Struct, frozen=True):
    """A series of numbers: what it observes, in which unit."""

    id: int
    parameter: str
    name: str
    unit: str
    definition: str
    simulated: bool
    first: int | None
    last: int | None

    @property
    def symbol(self) -> str:
        """Give the sign of the unit."""
        return UNITS[self.unit].symbol if self.unit in UNITS else self.unit


class Station(msgspec.Struct, frozen=True):
    """A thing that stands at a point."""

    id: int
    slug: str
    name: str
    description: str
    position: str
    x: float
    y: float
    series: tuple[Series, ...]


class City(msgspec.Struct, frozen=True):
    """What there is, with the grant that opened it."""

    grant: Grant
    stations: tuple[Station, ...]

    def of(self, *, simulated: bool) -> list[Station]:
        """Give the stations that have measured, or simulated, series, with those alone."""
        kept = [
            msgspec.structs.replace(one, series=tuple(s for s in one.series if s.simulated is simulated))
            for one in self.stations
        ]
        return [one for one in kept if one.series]


def city(gate: Gate) -> City:
    """Read stations, places and series within the rules."""
    grant = gate.grant(OPEN)
    with gate.view():
        places = {record.id: record.value.location for record in every(gate, grant, "Locations")}
        properties = {record.id: record.value for record in every(gate, grant, "ObservedProperties")}
        summaries = gate.summary(grant)
        streams: dict[int, list[Series]] = {}
        for record in every(gate, grant, "Datastreams"):
            observed = properties.get(record.value.observed_property_id)
            found = _series(record, summaries.get(record.id), observed)
            streams.setdefault(record.value.thing_id, []).append(found)
        things = every(gate, grant, "Things")
    stations = (_station(thing, places, streams.get(thing.id, [])) for thing in things)
    return City(grant, tuple(one for one in stations if one is not None))


def _series(record: Record, summary: StreamSummary | None, observed: Any) -> Series:
    value = record.value
    name = observed.name if observed else value.name
    parameter = str(value.properties.get("observed") or name)
    first, last = (summary.first, summary.last) if summary else (None, None)
    definition = observed.definition if observed else ""
    return Series(record.id, parameter.replace(",", " "), name, value.unit, definition, value.simulated, first, last)


def _station(thing: Record, places: dict[int, Any], series: list[Series]) -> Station | None:
    """Give a thing that stands at a point; others are no features here."""
    value = thing.value
    shapes = [places.get(number) for number in value.location_ids]
    point = next((one for one in shapes if isinstance(one, dict) and one.get("type") == "Point"), None)
    if point is None:
        return None
    x, y = (float(number) for number in point["coordinates"][:2])
    properties = value.properties
    slug, position = str(properties.get("slug") or thing.id), str(properties.get("position", ""))
    return Station(thing.id, slug.replace("/", "-"), value.name, value.description, position, x, y, tuple(series))
