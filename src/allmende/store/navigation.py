"""The links between entity sets (OGC 18-088, clause 8.2) and how the tables hold them."""

import msgspec
from sqlalchemy import Table

from allmende.store.query import Kind
from allmende.store.tables import historical_location_locations, thing_locations


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
    "Sensors": {"Datastreams": Link("Datastreams", True, far="sensor_id")},
    "ObservedProperties": {"Datastreams": Link("Datastreams", True, far="observed_property_id")},
    "Datastreams": {
        "Thing": Link("Things", False, near="thing_id"),
        "Sensor": Link("Sensors", False, near="sensor_id"),
        "ObservedProperty": Link("ObservedProperties", False, near="observed_property_id"),
        "Observations": Link("Observations", True, far="datastream_id"),
    },
    "Observations": {
        "Datastream": Link("Datastreams", False, near="datastream_id"),
        "FeatureOfInterest": Link("FeaturesOfInterest", False, near="feature_id"),
    },
    "FeaturesOfInterest": {"Observations": Link("Observations", True, far="feature_id")},
}

# SensorThings property → column; time and result properties are handled where they are read.
PROPERTIES: dict[Kind, dict[str, str]] = {
    "Things": {"id": "id", "name": "name", "description": "description", "properties": "properties"},
    "Locations": {
        "id": "id",
        "name": "name",
        "description": "description",
        "encodingType": "encoding_type",
        "location": "location",
        "properties": "properties",
    },
    "HistoricalLocations": {"id": "id", "time": "time"},
    "Sensors": {
        "id": "id",
        "name": "name",
        "description": "description",
        "encodingType": "encoding_type",
        "metadata": "metadata",
        "properties": "properties",
    },
    "ObservedProperties": {
        "id": "id",
        "name": "name",
        "definition": "definition",
        "description": "description",
        "properties": "properties",
    },
    "Datastreams": {
        "id": "id",
        "name": "name",
        "description": "description",
        "observationType": "observation_type",
        "properties": "properties",
    },
    "Observations": {
        "id": "id",
        "phenomenonTime": "start",
        "result": "number",
        "resultTime": "latency",
        "resultQuality": "quality",
        "parameters": "parameters",
    },
    "FeaturesOfInterest": {
        "id": "id",
        "name": "name",
        "description": "description",
        "encodingType": "encoding_type",
        "feature": "feature",
        "properties": "properties",
    },
}
JSON_PROPERTIES = frozenset({"properties", "parameters", "location", "feature"})
