"""Clause 9.2: all usages of the resource path."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import SETS, Api, location, thing
from tests.standards.sensorthings.conformance import PREFIX, proves

pytestmark = proves("resource-path/resource-path-to-entities")


def test_the_root_lists_the_sets(api: Api) -> None:
    """req/resource-path/resource-path-to-entities: usage 1, name and url of every entity set."""
    listed = {entry["name"]: entry["url"] for entry in api.body("")["value"]}
    assert set(SETS) <= listed.keys()
    for name, url in listed.items():
        assert "value" in api.body(url if "://" in url else name, top=1), name


def test_the_root_names_what_it_conforms_to(api: Api) -> None:
    """req/resource-path/resource-path-to-entities: usage 1, serverSettings with the URIs of the requirements."""
    declared = api.body("")["serverSettings"]["conformance"]
    assert any(uri.startswith(PREFIX) for uri in declared)
    assert len(set(declared)) == len(declared)


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_a_list_of_entities(api: Api, world: dict[str, Any], name: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 2, a JSON object with an array named value."""
    assert isinstance(world[name], int | str)
    answer = api.get(name)
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.json()["value"], list)


@pytest.mark.parametrize("name", SETS)
def test_an_entity_is_addressed_by_its_id(api: Api, world: dict[str, Any], name: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 3, the id in brackets after the set."""
    assert api.body(f"{name}({world[name]})")["@iot.id"] == world[name]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Things", "name"),
        ("Things", "properties"),
        ("Locations", "location"),
        ("Sensors", "metadata"),
        ("ObservedProperties", "definition"),
        ("Datastreams", "unitOfMeasurement"),
        ("Observations", "result"),
        ("Observations", "resultTime"),
        ("HistoricalLocations", "time"),
        ("FeaturesOfInterest", "feature"),
    ],
)
def test_a_property_is_addressed_by_its_name(api: Api, world: dict[str, Any], name: str, word: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 4, an object with the property alone."""
    whole = api.body(f"{name}({world[name]})")
    assert api.body(f"{name}({world[name]})/{word}") == {word: whole[word]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Things({Things})/properties/colour", {"colour": "red"}),
        ("Things({Things})/properties/deep/level", {"level": 2}),
        ("Datastreams({Datastreams})/unitOfMeasurement/symbol", {"symbol": "°C"}),
    ],
)
def test_parts_of_a_complex_property_are_addressed(
    api: Api, world: dict[str, Any], path: str, expected: object
) -> None:
    """req/resource-path/resource-path-to-entities: usage 4, further names lead into a complex property."""
    assert api.body(path.format(**world)) == expected


def test_a_property_that_is_null_has_no_content(api: Api) -> None:
    """req/resource-path/resource-path-to-entities: usage 4, a single-valued property that is null answers 204."""
    seen = api.observe(api.station(), 1, "2024-05-01T00:00:00Z")
    assert api.get(f"Observations({seen})/resultTime").status_code == 204


def test_a_property_that_is_unknown_is_not_found(api: Api, world: dict[str, Any]) -> None:
    """req/resource-path/resource-path-to-entities: usage 4, a property that is not available answers 404."""
    assert api.get(f"Things({world['Things']})/colour").status_code == 404


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Observations({Observations})/resultTime/$value", "2024-06-01T12:00:05Z"),
        ("Observations({Observations})/result/$value", "21.5"),
        ("Things({Things})/description/$value", "a thing of a test"),
        ("Things({Things})/properties/colour/$value", "red"),
    ],
)
def test_a_raw_value_is_plain_text(api: Api, world: dict[str, Any], path: str, expected: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 5, ``$value`` gives the bare value as text."""
    answer = api.get(path.format(**world))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == expected


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Things({Things})/Locations", "Locations"),
        ("Things({Things})/HistoricalLocations", "HistoricalLocations"),
        ("Things({Things})/Datastreams", "Datastreams"),
        ("Locations({Locations})/Things", "Things"),
        ("Datastreams({Datastreams})/Observations", "Observations"),
        ("Sensors({Sensors})/Datastreams", "Datastreams"),
        ("ObservedProperties({ObservedProperties})/Datastreams", "Datastreams"),
        ("FeaturesOfInterest({FeaturesOfInterest})/Observations", "Observations"),
    ],
)
def test_a_link_leads_to_a_set(api: Api, world: dict[str, Any], path: str, target: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 6, the related entities."""
    assert api.ids(path.format(**world)) == [world[target]]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Datastreams({Datastreams})/Thing", "Things"),
        ("Datastreams({Datastreams})/Sensor", "Sensors"),
        ("Datastreams({Datastreams})/ObservedProperty", "ObservedProperties"),
        ("Observations({Observations})/Datastream", "Datastreams"),
        ("Observations({Observations})/FeatureOfInterest", "FeaturesOfInterest"),
        ("HistoricalLocations({HistoricalLocations})/Thing", "Things"),
    ],
)
def test_a_link_leads_to_one_entity(api: Api, world: dict[str, Any], path: str, target: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 6, the related entity."""
    assert api.body(path.format(**world))["@iot.id"] == world[target]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Things({Things})/Datastreams/$ref", "Datastreams"),
        ("Datastreams({Datastreams})/Observations/$ref", "Observations"),
        ("Locations({Locations})/Things/$ref", "Things"),
    ],
)
def test_references_are_the_addresses_alone(api: Api, world: dict[str, Any], path: str, target: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 7, ``$ref`` gives the selfLinks."""
    (entry,) = api.values(path.format(**world))
    assert list(entry) == ["@iot.selfLink"]
    assert api.body(entry["@iot.selfLink"])["@iot.id"] == world[target]


def test_a_whole_set_has_references(api: Api, world: dict[str, Any]) -> None:
    """req/resource-path/resource-path-to-entities: usage 7, ``$ref`` stands behind an entity set too."""
    assert world["Sensors"]
    assert all(list(entry) == ["@iot.selfLink"] for entry in api.values("Sensors/$ref"))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Datastreams({Datastreams})/Observations({Observations})", "Observations"),
        ("Datastreams({Datastreams})/Observations({Observations})/FeatureOfInterest", "FeaturesOfInterest"),
        ("Things({Things})/Datastreams({Datastreams})/Sensor", "Sensors"),
        ("Observations({Observations})/Datastream/Thing", "Things"),
        ("Locations({Locations})/Things({Things})/Datastreams({Datastreams})/ObservedProperty", "ObservedProperties"),
    ],
)
def test_paths_may_be_nested(api: Api, world: dict[str, Any], path: str, target: str) -> None:
    """req/resource-path/resource-path-to-entities: usage 8, ids and links one behind the other."""
    assert api.body(path.format(**world))["@iot.id"] == world[target]


def test_nested_paths_lead_to_properties_and_sets(api: Api, world: dict[str, Any]) -> None:
    """req/resource-path/resource-path-to-entities: usage 8, properties and sets at the end of a long path."""
    seen = f"Datastreams({world['Datastreams']})/Observations({world['Observations']})"
    assert api.body(f"{seen}/resultTime") == {"resultTime": "2024-06-01T12:00:05Z"}
    assert api.get(f"{seen}/FeatureOfInterest/description/$value").text == "a feature of a test"
    assert api.ids(f"{seen}/Datastream/Thing/Locations") == [world["Locations"]]


def test_a_nested_path_holds_only_what_is_linked(api: Api, world: dict[str, Any]) -> None:
    """req/resource-path/resource-path-to-entities: usage 8, what is not linked with the entity before is not there."""
    other = api.create("Things", thing(Locations=[location()]))
    assert api.get(f"Things({other})/Datastreams({world['Datastreams']})").status_code == 404
    assert api.values(f"Things({other})/Datastreams") == []
