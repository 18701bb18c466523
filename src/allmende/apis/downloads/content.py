"""What a data set of observations holds, as the public may see it."""

import re
from typing import Any

import msgspec

from allmende.gate.door import PUBLIC, Ask, Gate, Grant
from allmende.gate.query import Kind, Record
from allmende.gate.runs import every
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.ids import slug_from_title
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS

OPEN = Ask(PUBLIC, "publish", "open-data", "public")
# A name that is both measured and simulated is two data sets (ADR 0011); what names none is one too.
SIMULATED, NO_DATASET = "-simuliert", "ohne-datensatz"
STREAMS: tuple[Kind, ...] = ("Datastreams", "MultiDatastreams")

NO_DATA = ErrorCode(
    "downloads.no_dataset",
    Text("Einen Datensatz „{name}“ gibt es hier nicht.", "There is no data set “{name}” here."),
    Text("Alle Datensätze stehen unter /daten/katalog/.", "All data sets stand at /en/daten/katalog/."),
)


class Stream(msgspec.Struct, frozen=True):
    """A series: its number, whose it is, and what it measures in which unit."""

    id: int
    station: str
    observed: str
    unit: str
    name: str
    multi: bool = False


class Station(msgspec.Struct, frozen=True):
    """Where series are measured."""

    slug: str
    name: str
    description: str
    position: str
    geometry: Any


class DataSet(msgspec.Struct, frozen=True):
    """A data set; ``grant`` is what opened it."""

    slug: str
    simulated: bool
    licence: str
    attribution: str
    streams: tuple[Stream, ...]
    stations: tuple[Station, ...]
    grant: Grant


def dataset(gate: Gate, slug: str) -> DataSet:
    """Look a data set up by its name; refuse what is not there or not open."""
    grant = gate.grant(OPEN)
    with gate.view():
        found, simulated = _streams(gate, grant, slug)
        if not found:
            raise NotFound(NO_DATA, name=slug[:100])
        things = {record.value.thing_id for record in found}
        stations = {record.id: record for record in every(gate, grant, "Things") if record.id in things}
        places = {record.id: record.value.location for record in every(gate, grant, "Locations")}
    first = found[0].value.properties
    return DataSet(
        slug=slug,
        simulated=simulated,
        licence=str(first.get("licence", "")),
        attribution=str(first.get("attribution", "")),
        streams=tuple(_stream(record, stations) for record in found),
        stations=tuple(_station(stations[number], places) for number in sorted(stations)),
        grant=grant,
    )


def _streams(gate: Gate, grant: Grant, slug: str) -> tuple[list[Record], bool]:
    """Give the series of a name; the simulated ones where all are, or where the name asks for them."""
    known = [record for kind in STREAMS for record in every(gate, grant, kind)]

    def of(name: str) -> list[Record]:
        return [record for record in known if name_of(record) == name]

    own = of(slug)
    if not own and slug.endswith(SIMULATED):
        return [record for record in of(slug.removesuffix(SIMULATED)) if record.value.simulated], True
    measured = [record for record in own if not record.value.simulated]
    return (measured, False) if measured else (own, True)


def name_of(record: Record) -> str:
    """Give the name, fit for an address, of the data set to which a series belongs."""
    return slug_from_title(str(record.value.properties.get("dataset", ""))) or NO_DATASET


def _slug(thing: Record) -> str:
    return str(thing.value.properties.get("slug") or thing.id)


def _stream(record: Record, stations: dict[int, Record]) -> Stream:
    value = record.value
    thing, multi = stations.get(value.thing_id), hasattr(value, "multi_units")
    unit = "" if multi else value.unit
    return Stream(
        record.id,
        _slug(thing) if thing else str(value.thing_id),
        str(value.properties.get("observed") or value.name),
        UNITS[unit].symbol if unit in UNITS else unit,
        value.name,
        multi,
    )


def _station(thing: Record, places: dict[int, Any]) -> Station:
    geometry = next((places[number] for number in thing.value.location_ids if number in places), None)
    position = str(thing.value.properties.get("position", ""))
    shape = geometry if isinstance(geometry, dict) and re.match(r"[A-Z]", str(geometry.get("type", ""))) else None
    return Station(_slug(thing), thing.value.name, thing.value.description, position, shape)
