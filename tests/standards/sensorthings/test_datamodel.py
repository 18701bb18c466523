"""Clause 8: every entity has its properties, its relations and its control information."""

import re
from typing import Any

import pytest

from tests.standards.sensorthings.api import (
    CELSIUS,
    MEASUREMENT,
    SETS,
    Api,
    feature,
    link,
    location,
    observed_property,
    point,
    room,
    sensor,
    thing,
)
from tests.standards.sensorthings.conformance import proves

OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Set, conformance class, mandatory properties with their types, relations.
MODEL: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("Things", "thing", {"name": str, "description": str}, ("Locations", "HistoricalLocations", "Datastreams")),
    (
        *("Locations", "location", {"name": str, "description": str, "encodingType": str, "location": dict}),
        ("Things", "HistoricalLocations"),
    ),
    ("HistoricalLocations", "historical-location", {"time": str}, ("Thing", "Locations")),
    (
        *("Datastreams", "datastream"),
        {"name": str, "description": str, "unitOfMeasurement": dict, "observationType": str},
        ("Thing", "Sensor", "ObservedProperty", "Observations"),
    ),
    (
        *("Sensors", "sensor", {"name": str, "description": str, "encodingType": str, "metadata": object}),
        ("Datastreams",),
    ),
    (
        *("ObservedProperties", "observed-property", {"name": str, "definition": str, "description": str}),
        ("Datastreams",),
    ),
    (
        *("Observations", "observation", {"phenomenonTime": str, "result": object, "resultTime": object}),
        ("Datastream", "FeatureOfInterest"),
    ),
    (
        *("FeaturesOfInterest", "feature-of-interest"),
        {"name": str, "description": str, "encodingType": str, "feature": dict},
        ("Observations",),
    ),
]


def _each(part: str) -> list[Any]:
    return [pytest.param(name, *row, id=name, marks=proves(f"datamodel/{kind}/{part}")) for name, kind, *row in MODEL]


@pytest.mark.parametrize(("name", "properties", "_relations"), _each("properties"))
def test_every_entity_has_its_mandatory_properties(
    api: Api, world: dict[str, Any], name: str, properties: dict[str, Any], _relations: object
) -> None:
    """req/datamodel/*/properties: the mandatory properties of the clause's table are there, of their types."""
    one = api.body(f"{name}({world[name]})")
    for word, kind in properties.items():
        assert word in one, f"{name} without {word}"
        assert isinstance(one[word], kind), f"{word} is {one[word]!r}"
    for other in api.values(name, top=20):
        assert properties.keys() <= other.keys()


@pytest.mark.parametrize(("name", "_properties", "relations"), _each("relations"))
def test_every_entity_has_its_relations(
    api: Api, world: dict[str, Any], name: str, _properties: object, relations: tuple[str, ...]
) -> None:
    """req/datamodel/*/relations: each direct relation has a navigation link that leads to the related entities."""
    one = api.body(f"{name}({world[name]})")
    for word in relations:
        address = one[f"{word}@iot.navigationLink"]
        related = api.body(address if "://" in address else address.removeprefix("/"))
        if word in SETS:
            assert world[word] in [entry["@iot.id"] for entry in related["value"]], word
        else:
            expected = {"Thing": "Things", "Sensor": "Sensors", "Datastream": "Datastreams"}.get(word)
            expected = expected or {"ObservedProperty": "ObservedProperties"}.get(word, "FeaturesOfInterest")
            assert related["@iot.id"] == world[expected], word


@pytest.mark.parametrize("name", SETS)
@proves("datamodel/entity-control-information/common-control-information")
def test_every_entity_says_its_id_and_address(api: Api, world: dict[str, Any], name: str) -> None:
    """req/datamodel/entity-control-information/common-control-information: id, selfLink, navigationLinks."""
    direct = api.body(f"{name}({world[name]})")
    assert direct["@iot.id"] == world[name]
    for entry in (direct, *api.values(name, top=20)):
        assert isinstance(entry["@iot.id"], int | str)
        assert entry["@iot.selfLink"].startswith("http")
        assert any(word.endswith("@iot.navigationLink") for word in entry)
        assert api.body(entry["@iot.selfLink"])["@iot.id"] == entry["@iot.id"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        pytest.param("Things", {"colour": "red", "deep": {"level": 2}}, marks=proves("datamodel/thing/properties")),
        pytest.param("Locations", {"floor": 3}, marks=proves("datamodel/location/properties")),
        pytest.param("Sensors", {"serial": "A-1"}, marks=proves("datamodel/sensor/properties")),
        pytest.param("Datastreams", {"interval": 600}, marks=proves("datamodel/datastream/properties")),
        pytest.param("ObservedProperties", {"scale": "ITS-90"}, marks=proves("datamodel/observed-property/properties")),
        pytest.param("FeaturesOfInterest", {"area": 12.5}, marks=proves("datamodel/feature-of-interest/properties")),
    ],
)
def test_properties_of_one_s_own_are_kept(api: Api, world: dict[str, Any], name: str, given: dict[str, Any]) -> None:
    """req/datamodel/*/properties: the optional ``properties`` is a JSON object of the user's own."""
    kept = api.body(f"{name}({world[name]})")["properties"]
    assert {word: kept.get(word) for word in given} == given


@proves("datamodel/location/properties")
def test_a_location_keeps_its_geometry(api: Api) -> None:
    """req/datamodel/location/properties: ``location`` is what its encoding type says, here any GeoJSON geometry."""
    ring = [[9.0, 47.0], [9.1, 47.0], [9.1, 47.1], [9.0, 47.0]]
    for shape in (
        point(9.1234567, -0.5),
        {"type": "LineString", "coordinates": ring[:3]},
        {"type": "Polygon", "coordinates": [ring]},
        {"type": "Point", "coordinates": [9.1, 47.1, 402.5]},
    ):
        made = api.make("Locations", location(location=shape))
        assert api.body(made)["location"] == shape


@proves("datamodel/feature-of-interest/properties")
def test_a_feature_keeps_its_geometry(api: Api) -> None:
    """req/datamodel/feature-of-interest/properties: ``feature`` is a GeoJSON object when the encoding type says so."""
    shape = {"type": "Polygon", "coordinates": [[[9.0, 47.0], [9.1, 47.0], [9.1, 47.1], [9.0, 47.0]]]}
    assert api.body(api.make("FeaturesOfInterest", feature(feature=shape)))["feature"] == shape


@proves("datamodel/sensor/properties")
@pytest.mark.parametrize(
    ("encoding", "metadata"),
    [
        ("application/pdf", "https://example.org/sheet.pdf"),
        ("http://www.opengis.net/doc/IS/SensorML/2.0", "<sml:PhysicalSystem/>"),
        ("text/html", "https://example.org/sensor"),
    ],
)
def test_a_sensor_keeps_its_metadata(api: Api, encoding: str, metadata: str) -> None:
    """req/datamodel/sensor/properties: ``metadata`` is what the encoding type says."""
    made = api.body(api.make("Sensors", sensor(encodingType=encoding, metadata=metadata)))
    assert (made["encodingType"], made["metadata"]) == (encoding, metadata)


@proves("datamodel/observed-property/properties")
def test_an_observed_property_keeps_its_definition(api: Api) -> None:
    """req/datamodel/observed-property/properties: ``definition`` is the URI that was given."""
    body = observed_property(definition="https://example.org/wind#speed")
    assert api.body(api.make("ObservedProperties", body))["definition"] == body["definition"]


@proves("datamodel/datastream/properties")
def test_a_datastream_keeps_its_unit_and_type(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/datastream/properties: unitOfMeasurement has name, symbol and definition; observationType a URI."""
    stream = api.body(f"Datastreams({world['Datastreams']})")
    assert stream["unitOfMeasurement"] == CELSIUS
    assert stream["observationType"] == MEASUREMENT


@proves("datamodel/datastream/properties")
def test_a_datastream_without_unit_has_nulls(api: Api) -> None:
    """req/datamodel/datastream/properties: without a unit, the three members of unitOfMeasurement are null."""
    none = {"name": None, "symbol": None, "definition": None}
    made = api.create("Datastreams", api.datastream(unitOfMeasurement=none, observationType=f"{OM}/OM_Observation"))
    assert api.body(f"Datastreams({made})")["unitOfMeasurement"] == none


@proves("datamodel/datastream/properties")
def test_a_datastream_tells_the_span_of_its_observations(api: Api) -> None:
    """req/datamodel/datastream/properties: phenomenonTime and resultTime are the spans of the observations' times."""
    stream = api.station()
    for hour in (9, 7, 8):
        api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z", resultTime=f"2024-05-01T0{hour}:30:00Z")
    told = api.body(f"Datastreams({stream})")
    assert told["phenomenonTime"] == "2024-05-01T07:00:00Z/2024-05-01T09:00:00Z"
    assert told["resultTime"] == "2024-05-01T07:30:00Z/2024-05-01T09:30:00Z"


@proves("datamodel/datastream/properties")
def test_a_datastream_tells_the_area_of_its_observations(api: Api) -> None:
    """req/datamodel/datastream/properties: observedArea is the box around the features that were observed."""
    stream = api.station()
    for number, (longitude, latitude) in enumerate(((9.0, 47.0), (9.5, 47.5), (9.2, 47.1))):
        target = feature(feature=point(longitude, latitude))
        api.observe(stream, number, f"2024-05-01T0{number}:00:00Z", FeatureOfInterest=target)
    area = api.body(f"Datastreams({stream})")["observedArea"]
    assert area["type"] == "Polygon"
    corners = {tuple(corner[:2]) for corner in area["coordinates"][0]}
    assert corners == {(9.0, 47.0), (9.5, 47.0), (9.5, 47.5), (9.0, 47.5)}


@proves("datamodel/observation/properties")
def test_an_observation_keeps_its_times(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/observation/properties: phenomenonTime and resultTime are ISO 8601."""
    seen = api.body(f"Observations({world['Observations']})")
    assert seen["phenomenonTime"] == "2024-06-01T12:00:00Z"
    assert seen["resultTime"] == "2024-06-01T12:00:05Z"


@proves("datamodel/observation/properties")
def test_an_observation_keeps_its_valid_time(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/observation/properties: validTime is an interval in ISO 8601."""
    seen = api.body(f"Observations({world['Observations']})")
    assert seen["validTime"] == "2024-06-01T12:00:00Z/2024-06-01T13:00:00Z"


@proves("datamodel/observation/properties")
def test_an_observation_keeps_its_parameters(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/observation/properties: parameters come back as they were given."""
    seen = api.body(f"Observations({world['Observations']})")
    assert seen["parameters"] == {"tilt": 4}


@proves("datamodel/observation/properties")
def test_an_observation_keeps_its_quality(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/observation/properties: resultQuality comes back as it was given."""
    seen = api.body(f"Observations({world['Observations']})")
    assert seen["resultQuality"] == {"code": "ok"}


@proves("datamodel/observation/properties")
@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("OM_Measurement", 21.25),
        ("OM_Measurement", -3),
        ("OM_CountObservation", 7),
        ("OM_TruthObservation", True),
        ("OM_TruthObservation", False),
        ("OM_CategoryObservation", "https://example.org/weather#rain"),
        ("OM_Observation", "some text, with ä and '"),
        ("OM_Observation", {"speed": 3.5, "gusts": [4, 5]}),
        ("OM_Observation", [1, "two", None]),
    ],
)
def test_a_result_is_of_the_type_of_its_datastream(api: Api, kind: str, result: object) -> None:
    """req/datamodel/observation/properties: the result's type follows the observationType, and it is kept exactly."""
    none = {"name": None, "symbol": None, "definition": None}
    unit = CELSIUS if kind == "OM_Measurement" else none
    stream = api.station(observationType=f"{OM}/{kind}", unitOfMeasurement=unit)
    seen = api.observe(stream, result, "2024-05-01T00:00:00Z")
    kept = api.body(f"Observations({seen})")["result"]
    assert kept == result
    assert isinstance(kept, bool) == isinstance(result, bool)


@proves("datamodel/observation/properties")
def test_a_phenomenon_may_last(api: Api) -> None:
    """req/datamodel/observation/properties: phenomenonTime is an instant or an interval."""
    stream = api.station()
    seen = api.observe(stream, 1.5, "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z")
    assert api.body(f"Observations({seen})")["phenomenonTime"] == "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z"


@proves("datamodel/historical-location/properties")
def test_a_historical_location_has_an_instant(api: Api, world: dict[str, Any]) -> None:
    """req/datamodel/historical-location/properties: ``time`` is an ISO 8601 instant."""
    assert INSTANT.fullmatch(api.body(f"HistoricalLocations({world['HistoricalLocations']})")["time"])


@proves("datamodel/thing/relations")
def test_a_thing_may_have_several_locations(api: Api) -> None:
    """req/datamodel/thing/relations: the Locations of a Thing tell one place, each in an encoding of its own."""
    made = api.create("Things", thing(Locations=[location(), room()]))
    places = api.values(f"Things({made})/Locations")
    assert {entry["encodingType"]: entry["location"] for entry in places} == {
        "application/geo+json": point(),
        "text/plain": "Room 3",
    }
    assert api.post("Things", thing(Locations=[location(), location()])).status_code in (400, 422)


@proves("datamodel/location/relations")
def test_a_location_may_have_several_things(api: Api) -> None:
    """req/datamodel/location/relations: one Location may be where several Things stand."""
    place = api.create("Locations", location())
    made = {api.create("Things", thing(Locations=[link(place)])) for _ in range(2)}
    assert set(api.ids(f"Locations({place})/Things")) == made
