"""What the store holds: the entities of OGC SensorThings 1.1 (18-088, clause 8) and observations.

All times are whole microseconds since 1970-01-01T00:00Z. Geometries are GeoJSON in WGS 84.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

Json = dict[str, Any]
EntityKind = Literal[
    "Things",
    "Locations",
    "HistoricalLocations",
    "Sensors",
    "ObservedProperties",
    "Datastreams",
    "MultiDatastreams",
    "FeaturesOfInterest",
]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is observed or that observes, such as a weather station."""

    name: str
    description: str
    properties: Json = {}
    location_ids: tuple[int, ...] = ()


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing stands; ``location`` is a GeoJSON geometry unless the encoding is another."""

    name: str
    description: str
    location: Any
    encoding_type: str = "application/geo+json"
    properties: Json = {}


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """The instrument or procedure that makes observations."""

    name: str
    description: str
    encoding_type: str = "text/html"
    metadata: Any = ""
    properties: Json = {}


class ObservedProperty(msgspec.Struct, frozen=True, kw_only=True):
    """What is observed, such as air temperature."""

    name: str
    definition: str
    description: str
    properties: Json = {}


class FeatureOfInterest(msgspec.Struct, frozen=True, kw_only=True):
    """What the observation is about, often the location of the thing."""

    name: str
    description: str
    feature: Any
    encoding_type: str = "application/geo+json"
    properties: Json = {}


class Datastream(msgspec.Struct, frozen=True, kw_only=True):
    """A series of observations of one property by one sensor of one thing.

    ``category`` and ``data_use`` tie it to the rules: without a category that a rule names it can be
    neither written nor read. ``minimum`` and ``maximum`` are the physical range at the door. ``unit_given`` is the
    unit as it was sent, where that is not how the unit of the code is written.
    """

    name: str
    description: str
    thing_id: int
    sensor_id: int
    observed_property_id: int
    unit: str
    category: str
    data_use: str
    observation_type: str = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
    simulated: bool = False
    minimum: float | None = None
    maximum: float | None = None
    unit_given: Json | None = None
    observed_area: Json | None = None
    properties: Json = {}

    @property
    def max_rate(self) -> float | None:
        """Give how much successive numbers may differ per hour, as the property ``maxRate`` says."""
        rate = self.properties.get("maxRate")
        return float(rate) if isinstance(rate, int | float) and not isinstance(rate, bool) else None


class MultiDatastream(msgspec.Struct, frozen=True, kw_only=True):
    """A series of observations whose results are arrays; observed property, type and unit stand for each element.

    It shares the numbers of the datastreams, so that observation ids stay unique.
    """

    name: str
    description: str
    thing_id: int
    sensor_id: int
    observed_property_ids: tuple[int, ...]
    multi_types: tuple[str, ...]
    multi_units: tuple[Json, ...]
    category: str
    data_use: str
    observation_type: str = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
    simulated: bool = False
    observed_area: Json | None = None
    properties: Json = {}


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An observation as it comes in.

    It is kept once for each (datastream, phenomenon time, source message), however often it is sent.
    ``phenomenon_end`` is set for an interval (end exclusive). ``quality`` is one of the known levels or any other JSON;
    ``valid`` is from when to when the result may be used.
    """

    datastream_id: int
    phenomenon_start: int
    result: float | str | bool | Json | list[Any]
    phenomenon_end: int | None = None
    result_time: int | None = None
    source: str = ""
    message: str = ""
    quality: Any = "unchecked"
    parameters: Json | None = None
    feature_id: int | None = None
    valid: tuple[int, int] | None = None


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A stored observation; ``id`` is below 2^53 and lasts."""

    id: int
    datastream_id: int
    phenomenon_start: int
    phenomenon_end: int | None
    result_time: int | None
    received: int
    result: Any
    quality: Any
    source: str
    parameters: Json | None
    feature_id: int | None
    valid: tuple[int, int] | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Numbers of one datastream that come together, as columns of equal length; times in microseconds.

    ``result_time`` is given for all or for none, ``end`` likewise (end exclusive).
    """

    datastream_id: int
    start: npt.NDArray[np.int64]
    number: npt.NDArray[np.float64]
    end: npt.NDArray[np.int64] | None = None
    result_time: npt.NDArray[np.int64] | None = None
    source: str = ""
    message: str = ""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different in a stored observation; what is not named stays."""

    result: Any = msgspec.UNSET
    phenomenon_start: int | msgspec.UnsetType = msgspec.UNSET
    phenomenon_end: int | msgspec.UnsetType | None = msgspec.UNSET
    result_time: int | msgspec.UnsetType | None = msgspec.UNSET
    quality: Any = msgspec.UNSET
    parameters: Json | msgspec.UnsetType | None = msgspec.UNSET
    feature_id: int | msgspec.UnsetType | None = msgspec.UNSET
    valid: tuple[int, int] | msgspec.UnsetType | None = msgspec.UNSET


# A correction, or what makes one of the present state; it raises to refuse.
Revision = Correction | Callable[[Arrival], Correction]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a batch that was written durably: the ids in order of the batch, old ones for repeats."""

    ids: Sequence[int]
    added: int
    repeated: int
