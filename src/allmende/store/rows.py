"""From table rows to entities and back."""

import re
from collections.abc import Callable, Iterable
from math import cos, radians
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.store.model import (
    Datastream,
    EntityKind,
    FeatureOfInterest,
    Location,
    MultiDatastream,
    Observation,
    ObservedProperty,
    Sensor,
    Thing,
)
from allmende.store.scope import HistoricalLocation, Record
from allmende.store.tables import QUALITIES, QUALITY_NUMBERS

METRES_PER_DEGREE = 111_320.0
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile("[\ud800-\udfff]")

NOT_STORABLE = ErrorCode(
    "store.not_storable",
    Text(
        "{place}: der Inhalt lässt sich nicht speichern.",
        "{place}: the content cannot be stored.",
    ),
    Text(
        "Verwenden Sie gültiges JSON und Texte ohne Nullzeichen.",
        "Use valid JSON, and texts without NUL characters.",
    ),
)


def storable(text: object) -> bool:
    """Tell whether both databases can keep a text: it is one, and without NUL and lone surrogates."""
    return isinstance(text, str) and "\0" not in text and (text.isascii() or not _SURROGATE.search(text))


def json_text(value: Any, place: Text | str) -> str:
    """Write JSON as it is kept; ``place`` is named where a text in it cannot be kept."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Invalid(NOT_STORABLE, place=place) from error
    if _NUL.search(text):
        raise Invalid(NOT_STORABLE, place=place)
    return text


def json_value(text: str) -> Any:
    """Read kept JSON."""
    return msgspec.json.decode(text)


def _maybe_json(text: str | None) -> Any:
    return None if text is None else json_value(text)


def _coarse_position(position: list[Any], metres: int) -> list[Any]:
    """Move one longitude–latitude pair to the middle of its grid cell."""
    step = metres / METRES_PER_DEGREE
    latitude = (position[1] // step + 0.5) * step
    wide = step / max(cos(radians(latitude)), 0.01)
    return [round((position[0] // wide + 0.5) * wide, 6), round(latitude, 6)]


def coarse(geometry: Any, metres: int) -> Any:
    """Give the geometry's cell in a grid of so many metres as a point; other shapes give that of their first point.

    What is no geometry is left out.
    """
    if not metres:
        return geometry
    inner = (geometry.get("geometry") or geometry) if isinstance(geometry, dict) else {}
    position = inner.get("coordinates", []) if isinstance(inner, dict) else []
    while position and isinstance(position[0], list):
        position = position[0]
    return {"type": "Point", "coordinates": _coarse_position(position, metres)} if len(position) >= 2 else {}


def _thing(row: Any) -> Thing:
    return Thing(name=row.name, description=row.description, properties=json_value(row.properties))


def _location(row: Any) -> Location:
    return Location(
        name=row.name,
        description=row.description,
        location=json_value(row.location),
        encoding_type=row.encoding_type,
        properties=json_value(row.properties),
    )


def _historical(row: Any) -> HistoricalLocation:
    return HistoricalLocation(thing_id=row.thing_id, time=row.time)


def _sensor(row: Any) -> Sensor:
    return Sensor(
        name=row.name,
        description=row.description,
        encoding_type=row.encoding_type,
        metadata=json_value(row.metadata) if row.metadata_is_json else row.metadata,
        properties=json_value(row.properties),
    )


def _observed_property(row: Any) -> ObservedProperty:
    return ObservedProperty(
        name=row.name, definition=row.definition, description=row.description, properties=json_value(row.properties)
    )


def _feature(row: Any) -> FeatureOfInterest:
    return FeatureOfInterest(
        name=row.name,
        description=row.description,
        feature=json_value(row.feature),
        encoding_type=row.encoding_type,
        properties=json_value(row.properties),
    )


def datastream_from_row(row: Any) -> Datastream:
    """Read a datastream."""
    return Datastream(
        name=row.name,
        description=row.description,
        thing_id=row.thing_id,
        sensor_id=row.sensor_id,
        observed_property_id=row.observed_property_id,
        unit=row.unit,
        category=row.category,
        data_use=row.data_use,
        observation_type=row.observation_type,
        simulated=bool(row.simulated),
        minimum=row.minimum,
        maximum=row.maximum,
        unit_given=_maybe_json(row.unit_given),
        observed_area=_maybe_json(row.observed_area),
        properties=json_value(row.properties),
    )


def _multi_datastream(row: Any) -> MultiDatastream:
    return MultiDatastream(
        name=row.name,
        description=row.description,
        thing_id=row.thing_id,
        sensor_id=row.sensor_id,
        observed_property_ids=(),
        multi_types=tuple(json_value(row.multi_types)),
        multi_units=tuple(json_value(row.multi_units)),
        category=row.category,
        data_use=row.data_use,
        observation_type=row.observation_type,
        simulated=bool(row.simulated),
        observed_area=_maybe_json(row.observed_area),
        properties=json_value(row.properties),
    )


def observations_from_rows(rows: Iterable[Any], sources: dict[int, str]) -> list[Observation]:
    """Read observations, whose columns stand first in the rows; what a duty hides is None."""
    found = []
    for row in rows:
        number, stream, start, duration, latency, received, value, other, *rest = row
        quality, source, _, more, feature, valid, described = rest[:7]
        end = start + duration
        found.append(
            Observation(
                id=number,
                datastream_id=stream,
                phenomenon_start=start,
                phenomenon_end=end if duration else None,
                result_time=None if latency is None else end + latency,
                received=received,
                result=value if other is None else json_value(other),
                quality=QUALITIES[quality or 0] if described is None else json_value(described),
                source=sources.get(source, ""),
                parameters=None if more is None else json_value(more),
                feature_id=feature,
                valid=valid_of(valid),
            )
        )
    return found


def quality_kept(quality: Any) -> tuple[int, str | None]:
    """Give a quality as the number of its level, or as JSON where it is none of them."""
    number = QUALITY_NUMBERS.get(quality) if isinstance(quality, str) else None
    return (0, json_text(quality, "resultQuality")) if number is None else (number, None)


def valid_kept(valid: tuple[int, int]) -> str:
    """Give a time of validity as it is kept."""
    return f"[{valid[0]},{valid[1]}]"


def valid_of(text: str | None) -> tuple[int, int] | None:
    """Read a kept time of validity."""
    return None if text is None else tuple(json_value(text))


READERS: dict[EntityKind, Callable[[Any], Any]] = {
    "Things": _thing,
    "Locations": _location,
    "HistoricalLocations": _historical,
    "Sensors": _sensor,
    "ObservedProperties": _observed_property,
    "Datastreams": datastream_from_row,
    "MultiDatastreams": _multi_datastream,
    "FeaturesOfInterest": _feature,
}


def record_from_row(kind: EntityKind, row: Any) -> Record:
    """Read a row of an entity set."""
    return Record(row.id, READERS[kind](row))


_LINKED = ("location_ids", "observed_property_ids")
_JSON = ("properties", "location", "feature", "unit_given", "observed_area", "multi_types", "multi_units")


def _of_its_kind(entity: Any) -> dict[str, Any]:
    """Give the columns that only some kinds have, and that no field names."""
    if isinstance(entity, Sensor):
        if isinstance(entity.metadata, str):
            return {"metadata_is_json": False}
        return {"metadata_is_json": True, "metadata": json_text(entity.metadata, "metadata")}
    if isinstance(entity, Datastream):
        return {"max_rate": entity.max_rate}
    return {"unit": ""} if isinstance(entity, MultiDatastream) else {}


def columns_of(entity: Any) -> dict[str, Any]:
    """Give the columns for an entity; the slug of its properties becomes a column of its own."""
    values = {name: getattr(entity, name) for name in entity.__struct_fields__ if name not in _LINKED}
    for name, value in values.items():
        if name in _JSON and value is not None:
            values[name] = json_text(value, name)
        elif isinstance(value, str) and not storable(value):
            raise Invalid(NOT_STORABLE, place=name)
    values |= _of_its_kind(entity)
    if not isinstance(entity, HistoricalLocation):
        slug = entity.properties.get("slug")
        values["slug"] = slug if isinstance(slug, str) else None
    return values
