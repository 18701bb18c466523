"""The links between entity sets (OGC 18-088, clause 8.2) and how the tables hold them."""

from typing import Literal

import msgspec
from sqlalchemy import Table

from allmende.store.query import Kind
from allmende.store.tables import historical_location_locations, multi_observed_properties, thing_locations


class Link(msgspec.Struct, frozen=True):
    """A navigation: by a column of the near row, by a column of the far row, or by a table between.

    ``near`` and ``far`` are column names; with ``between`` they are columns of that table.
    """

    target: Kind
    many: bool
    near: str = "id"
    far: str = "id"
    between: Table | None = None


LINKS: dict[Kind, dict[str, Link]] = {
    "Things": {
        "Datastreams": Link("Datastreams", True, far="thing_id"),
        "MultiDatastreams": Link("MultiDatastreams", True, far="thing_id"),
        "Locations": Link("Locations", True, near="thing_id", far="location_id", between=thing_locations),
        "HistoricalLocations": Link("HistoricalLocations", True, far="thing_id"),
    },
    "Locations": {
        "Things": Link("Things", True, near="location_id", far="thing_id", between=thing_locations),
        "HistoricalLocations": Link(
            "HistoricalLocations",
            True,
            near="location_id",
            far="historical_location_id",
            between=historical_location_locations,
        ),
    },
    "HistoricalLocations": {
        "Thing": Link("Things", False, near="thing_id"),
        "Locations": Link(
            "Locations", True, near="historical_location_id", far="location_id", between=historical_location_locations
        ),
    },
    "Sensors": {
        "Datastreams": Link("Datastreams", True, far="sensor_id"),
        "MultiDatastreams": Link("MultiDatastreams", True, far="sensor_id"),
    },
    "ObservedProperties": {
        "Datastreams": Link("Datastreams", True, far="observed_property_id"),
        "MultiDatastreams": Link(
            "MultiDatastreams",
            True,
            near="observed_property_id",
            far="datastream_id",
            between=multi_observed_properties,
        ),
    },
    "Datastreams": {
        "Thing": Link("Things", False, near="thing_id"),
        "Sensor": Link("Sensors", False, near="sensor_id"),
        "ObservedProperty": Link("ObservedProperties", False, near="observed_property_id"),
        "Observations": Link("Observations", True, far="datastream_id"),
    },
    "MultiDatastreams": {
        "Thing": Link("Things", False, near="thing_id"),
        "Sensor": Link("Sensors", False, near="sensor_id"),
        "ObservedProperties": Link(
            "ObservedProperties",
            True,
            near="datastream_id",
            far="observed_property_id",
            between=multi_observed_properties,
        ),
        "Observations": Link("Observations", True, far="datastream_id"),
    },
    "Observations": {
        "Datastream": Link("Datastreams", False, near="datastream_id"),
        "MultiDatastream": Link("MultiDatastreams", False, near="datastream_id"),
        "FeatureOfInterest": Link("FeaturesOfInterest", False, near="feature_id"),
    },
    "FeaturesOfInterest": {"Observations": Link("Observations", True, far="feature_id")},
}

Kinds = Literal[
    "number", "text", "instant", "json", "result", "unit", "quality", "latency", "span", "valid", "extent", "place"
]


class Property(msgspec.Struct, frozen=True):
    """A property of an entity set: the column that holds it and the kind of its values."""

    column: str
    kind: Kinds = "text"


_NAMED = {"id": Property("id", "number"), "name": Property("name"), "description": Property("description")}
_ENCODED = {"encodingType": Property("encoding_type")}
# From when to when a datastream has observations and results, as its maintained state tells.
_EXTENTS = {"phenomenonTime": Property("first", "extent"), "resultTime": Property("known_first", "extent")}
_OPEN = {"properties": Property("properties", "json")}

PROPERTIES: dict[Kind, dict[str, Property]] = {
    "Things": {**_NAMED, **_OPEN},
    "Locations": {**_NAMED, **_ENCODED, "location": Property("location", "place"), **_OPEN},
    "HistoricalLocations": {"id": Property("id", "number"), "time": Property("time", "instant")},
    "Sensors": {**_NAMED, **_ENCODED, "metadata": Property("metadata"), **_OPEN},
    "ObservedProperties": {**_NAMED, "definition": Property("definition"), **_OPEN},
    "Datastreams": {
        **_NAMED,
        "observationType": Property("observation_type"),
        "unitOfMeasurement": Property("unit", "unit"),
        "observedArea": Property("observed_area", "place"),
        **_EXTENTS,
        **_OPEN,
    },
    "MultiDatastreams": {
        **_NAMED,
        "observationType": Property("observation_type"),
        "multiObservationDataTypes": Property("multi_types", "json"),
        "unitOfMeasurements": Property("multi_units", "json"),
        "observedArea": Property("observed_area", "place"),
        **_EXTENTS,
        **_OPEN,
    },
    "Observations": {
        "id": Property("id", "number"),
        "phenomenonTime": Property("start", "span"),
        "result": Property("number", "result"),
        "resultTime": Property("latency", "latency"),
        "resultQuality": Property("quality", "quality"),
        "validTime": Property("valid", "valid"),
        "parameters": Property("parameters", "json"),
    },
    "FeaturesOfInterest": {**_NAMED, **_ENCODED, "feature": Property("feature", "place"), **_OPEN},
}


def inverse_of(kind: Kind, name: str) -> str:
    """Name the link that leads back."""
    link = LINKS[kind][name]
    return next(
        back
        for back, other in LINKS[link.target].items()
        if (other.target, other.near, other.far, other.between) == (kind, link.far, link.near, link.between)
    )
