"""Entities as SensorThings 1.1 writes them (18-088, clauses 8.2 and 8.3)."""

from collections.abc import Callable
from typing import Any

from allmende.gate.query import LINKS, Kind, Record, StreamSummary
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.units import UNITS

Json = dict[str, Any]


def interval(start: int, end: int | None) -> str:
    """Write an instant, or an interval as ``start/end``."""
    return iso_from_micros(start) if end is None or end == start else f"{iso_from_micros(start)}/{iso_from_micros(end)}"


def _named(value: Any) -> Json:
    return {"name": value.name, "description": value.description}


def _thing(value: Any, _summary: StreamSummary | None) -> Json:
    return {**_named(value), "properties": value.properties}


def _location(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        **_named(value),
        "encodingType": value.encoding_type,
        "location": value.location,
        "properties": value.properties,
    }


def _historical(value: Any, _summary: StreamSummary | None) -> Json:
    return {"time": iso_from_micros(value.time)}


def _sensor(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        **_named(value),
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


def _datastream(value: Any, summary: StreamSummary | None) -> Json:
    unit = UNITS.get(value.unit)
    found: Json = {
        **_named(value),
        "observationType": value.observation_type,
        "unitOfMeasurement": {
            "name": unit.name.en if unit else value.unit,
            "symbol": unit.symbol if unit else value.unit,
            "definition": unit.definition if unit else f"https://ucum.org/ucum#{value.unit}",
        },
        "properties": {
            **value.properties,
            "simulated": value.simulated,
            "category": value.category,
            "dataUse": value.data_use,
        },
    }
    if summary is not None and summary.first is not None:
        found["phenomenonTime"] = interval(summary.first, summary.last)
    return found


def _feature(value: Any, _summary: StreamSummary | None) -> Json:
    return {
        **_named(value),
        "encodingType": value.encoding_type,
        "feature": value.feature,
        "properties": value.properties,
    }


def _observation(value: Any, _summary: StreamSummary | None) -> Json:
    found: Json = {
        "phenomenonTime": interval(value.phenomenon_start, value.phenomenon_end),
        "result": value.result,
        "resultTime": iso_from_micros(value.result_time) if value.result_time is not None else None,
    }
    if value.quality != "unchecked":
        found["resultQuality"] = value.quality
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
    "FeaturesOfInterest": _feature,
    "Observations": _observation,
}


def self_link(root: str, kind: Kind, number: int) -> str:
    """Give the address of an entity."""
    return f"{root}/{kind}({number})"


def entity(root: str, kind: Kind, record: Record, select: tuple[str, ...], summary: StreamSummary | None) -> Json:
    """Write one entity with its control information; ``$select`` keeps the id and the own address."""
    own = self_link(root, kind, record.id)
    properties = WRITERS[kind](record.value, summary)
    links = {f"{name}@iot.navigationLink": f"{own}/{name}" for name in LINKS[kind]}
    control: Json = {"@iot.id": record.id, "@iot.selfLink": own}
    if select:
        wanted = {name.split("/")[0] for name in select}
        properties = {name: value for name, value in properties.items() if name in wanted}
        links = {name: link for name, link in links.items() if name.split("@")[0] in wanted}
    return {**control, **properties, **links}
