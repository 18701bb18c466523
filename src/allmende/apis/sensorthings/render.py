"""Entities as SensorThings 1.1 writes them (18-088, clauses 8.2 and 8.3)."""

from collections.abc import Callable, Collection
from typing import Any

from allmende.gate.query import LINKS, Kind, Record, StreamSummary
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.units import UNITS

Json = dict[str, Any]


def interval(start: int, end: int | None) -> str:
    """Write an instant, or an interval as ``start/end``."""
    return iso_from_micros(start) if end is None or end == start else f"{iso_from_micros(start)}/{iso_from_micros(end)}"


def spans(summary: StreamSummary) -> Json:
    """Write from when to when a datastream has observations, and results."""
    found: Json = {}
    if summary.first is not None:
        found["phenomenonTime"] = interval(summary.first, summary.last)
    if summary.known_first is not None:
        found["resultTime"] = interval(summary.known_first, summary.known_last)
    return found


def _thing(value: Any, _summary: StreamSummary | None) -> Json:
    return {"name": value.name, "description": value.description, "properties": value.properties}


def _location(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        "name": value.name,
        "description": value.description,
        "encodingType": value.encoding_type,
        "location": value.location,
        "properties": value.properties,
    }


def _historical(value: Any, _summary: StreamSummary | None) -> Json:
    return {"time": iso_from_micros(value.time)}


def _sensor(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        "name": value.name,
        "description": value.description,
        "encodingType": value.encoding_type,
        "metadata": value.metadata,
        "properties": value.properties,
    }


def _observed_property(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        "name": value.name,
        "definition": value.definition,
        "description": value.description,
        "properties": value.properties,
    }


def unit_of(code: str) -> Json:
    """Write a unit by its UCUM code (18-088, clause 8.2.4)."""
    unit = UNITS.get(code)
    if unit is None:
        return {"name": code, "symbol": code, "definition": f"https://ucum.org/ucum#{code}"}
    return {"name": unit.name.en, "symbol": unit.symbol, "definition": unit.definition}


def _stream(value: Any, own: Json, summary: StreamSummary | None) -> Json:
    """Write what both kinds of datastreams have, around what is a kind's own."""
    found: Json = {
        "name": value.name,
        "description": value.description,
        "observationType": value.observation_type,
        **own,
        "properties": {
            **value.properties,
            "simulated": value.simulated,
            "category": value.category,
            "dataUse": value.data_use,
        },
    }
    if value.observed_area is not None:
        found["observedArea"] = value.observed_area
    return found if summary is None else found | spans(summary)


def _datastream(value: Any, summary: StreamSummary | None) -> Json:
    found = _stream(value, {"unitOfMeasurement": value.unit_given or unit_of(value.unit)}, summary)
    limits = {"minimum": value.minimum, "maximum": value.maximum}
    found["properties"] |= {name: limit for name, limit in limits.items() if limit is not None}
    return found


def _multi_datastream(value: Any, summary: StreamSummary | None) -> Json:
    own = {"multiObservationDataTypes": list(value.multi_types), "unitOfMeasurements": list(value.multi_units)}
    return _stream(value, own, summary)


def _feature(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        "name": value.name,
        "description": value.description,
        "encodingType": value.encoding_type,
        "feature": value.feature,
        "properties": value.properties,
    }


def _observation(value: Any, _summary: StreamSummary | None) -> Json:
    found: Json = {
        "phenomenonTime": interval(value.phenomenon_start, value.phenomenon_end),
        "result": value.result,
        "resultTime": None if value.result_time is None else iso_from_micros(value.result_time),
    }
    if value.quality != "unchecked":
        found["resultQuality"] = value.quality
    if value.valid is not None:
        found["validTime"] = interval(*value.valid)
    if value.parameters is not None:
        found["parameters"] = value.parameters
    return found


WRITERS: dict[Kind, Callable[[Any, StreamSummary | None], Json]] = {
    "Things": _thing,
    "Locations": _location,
    "HistoricalLocations": _historical,
    "Sensors": _sensor,
    "ObservedProperties": _observed_property,
    "Datastreams": _datastream,
    "MultiDatastreams": _multi_datastream,
    "FeaturesOfInterest": _feature,
    "Observations": _observation,
}


def self_link(root: str, kind: Kind, number: int) -> str:
    """Give the address of an entity."""
    return f"{root}/{kind}({number})"


def writer(
    root: str, kind: Kind, select: tuple[str, ...], multi: Collection[int] = ()
) -> Callable[[Record, StreamSummary | None], Json]:
    """Prepare the writing of many entities with their control information.

    ``$select`` keeps the id and the own address whatever it names. Observations of the datastreams in ``multi`` link
    to their MultiDatastream, others to their Datastream.
    """
    write, start = WRITERS[kind], f"{root}/{kind}("
    wanted = {name.split("/")[0] for name in select}
    links = [(f"{name}@iot.navigationLink", f")/{name}") for name in LINKS[kind] if not wanted or name in wanted]

    of_multi = [link for link in links if link[1] != ")/Datastream"]
    if kind == "Observations":
        links = [link for link in links if link[1] != ")/MultiDatastream"]

    def written(record: Record, summary: StreamSummary | None) -> Json:
        own = f"{start}{record.id}"
        found: Json = {"@iot.id": record.id, "@iot.selfLink": own + ")"}
        properties = write(record.value, summary)
        found.update({name: properties[name] for name in properties if name in wanted} if wanted else properties)
        for name, end in of_multi if multi and record.value.datastream_id in multi else links:
            found[name] = own + end
        return found

    return written
