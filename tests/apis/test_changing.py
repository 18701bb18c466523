"""Changing entities over HTTP (18-088, clause 10.3): PATCH, PUT, JSON Patch and links, on both databases."""

from typing import Any

import pytest

from tests.apis import samples
from tests.apis.conftest import Town
from tests.apis.samples import Body, link

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
STEP = {"type": "Point", "coordinates": [9.2, 47.7]}


def _patch(town: Town, path: str, body: object, status: int = 200, **headers: str) -> None:
    answer = town.send("PATCH", path, body, **headers)
    assert answer.status_code == status, answer.text


def _steps(town: Town, path: str, *steps: Body, status: int = 200) -> None:
    _patch(town, path, list(steps), status, **JSON_PATCH)


PATCHES: list[tuple[str, Body, Body]] = [
    ("Things", samples.thing(properties={"a": 1, "b": {"c": 2, "d": 3}}), {"name": "Neu"}),
    ("Locations", samples.location(), {"location": STEP}),
    ("Sensors", samples.sensor(), {"metadata": {"k": "v"}, "encodingType": "application/json"}),
    ("ObservedProperties", samples.observed(), {"definition": "https://x.example/other"}),
    ("FeaturesOfInterest", samples.feature(), {"feature": STEP, "name": "Strauch"}),
    ("Datastreams", samples.whole(), {"name": "Neu", "observationType": "OM_CountObservation"}),
]


@pytest.mark.parametrize(("kind", "body", "patch"), PATCHES)
def test_a_patch_changes_what_it_names_and_nothing_else(workshop: Town, kind: str, body: Body, patch: Body) -> None:
    made = workshop.made(kind, body)
    before = workshop.one(made)
    _patch(workshop, made, patch)
    assert workshop.one(made) == {**before, **patch}


def test_properties_are_merged_and_null_takes_away(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing(properties={"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}))
    _patch(workshop, made, {"properties": {"a": None, "b": {"c": 9}, "e": [3], "f": "new"}})
    assert workshop.one(made)["properties"] == {"b": {"c": 9, "d": 3}, "e": [3], "f": "new"}
    _patch(workshop, made, {"properties": None})
    assert workshop.one(made)["properties"] == {}


def test_a_part_of_a_unit_is_changed(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    _patch(workshop, made, {"unitOfMeasurement": {"symbol": "Grad C"}})
    assert workshop.one(made)["unitOfMeasurement"] == {**samples.CELSIUS, "symbol": "Grad C"}
    _patch(workshop, made, {"unitOfMeasurement": {"name": None}})
    assert workshop.one(made)["unitOfMeasurement"]["name"] is None


def test_what_is_not_allowed_in_a_patch(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    before = workshop.one(made)
    for body, named in (
        ({"name": None}, "name: is missing"),
        ({"colour": 1}, "colour: there is no such property"),
        ({"Thing": samples.thing()}, "Thing: a change links by @iot.id only"),
        ({"Thing": link(10**9)}, "Thing: there is no Things(1000000000)"),
        ({"Observations": [samples.value(1)]}, "Observations[0]: a change links"),
        ({"Observations": [link(1)]}, "Observations: this link cannot be changed here"),
        ({"unitOfMeasurement": {"colour": 1}}, "unitOfMeasurement/colour"),
        ("text", "body: here is string"),
    ):
        answer = workshop.send("PATCH", made, body)
        assert answer.status_code == 400, answer.text
        assert named in answer.json()["title_en"]
    assert workshop.one(made) == before
    for path in ("Things(999999999)", f"{made}/Thing/Datastreams(999999999)"):
        assert workshop.send("PATCH", path, {"name": "x"}).status_code == 404


def test_the_id_in_a_body_is_left_aside(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing())
    _patch(workshop, made, {"@iot.id": 123_456, "name": "Neu"})
    assert workshop.one(made)["name"] == "Neu"
    assert workshop.get("Things(123456)").status_code == 404


def test_an_entity_is_reached_over_links(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    _patch(workshop, f"{made}/Thing", {"name": "Über den Weg"})
    assert workshop.one(f"{made}/Thing")["name"] == "Über den Weg"
    thing = workshop.one(f"{made}/Thing")["@iot.id"]
    _patch(workshop, f"Things({thing})/{made}", {"name": "Auch so"})
    assert workshop.one(made)["name"] == "Auch so"


def test_put_replaces_and_gives_defaults(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing(properties={"a": 1}, Locations=[samples.location()]))
    assert workshop.send("PUT", made, {"name": "Neu", "description": "ganz"}).status_code == 200
    found = workshop.one(made)
    assert (found["name"], found["description"], found["properties"]) == ("Neu", "ganz", {})
    assert len(workshop.values(f"{made}/Locations")) == 1
    answer = workshop.send("PUT", made, {"name": "Neu"})
    assert answer.status_code == 400
    assert "description: is missing" in answer.json()["title_en"]


@pytest.mark.parametrize("body", [samples.whole(), samples.multi()])
def test_what_was_read_can_be_put_back(workshop: Town, body: Body) -> None:
    made = workshop.made("MultiDatastreams" if "ObservedProperties" in body else "Datastreams", body)
    workshop.post(f"{made.partition('(')[0]}", body)
    found = workshop.one(made, expand="Thing,Sensor")
    assert workshop.send("PUT", made, found).status_code == 200
    assert workshop.one(made, expand="Thing,Sensor") == found


def test_a_datastream_is_linked_anew(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    sensor = workshop.number(workshop.made("Sensors", samples.sensor(name="Zweiter")))
    thing = workshop.number(workshop.made("Things", samples.thing(Locations=[samples.location(location=STEP)])))
    _patch(workshop, made, {"Sensor": link(sensor), "Thing": link(thing)})
    assert workshop.one(f"{made}/Sensor")["@iot.id"] == sensor
    assert workshop.one(f"{made}/Thing")["@iot.id"] == thing
    workshop.made(f"{made}/Observations", samples.value(3.5))
    (observation,) = workshop.values(f"{made}/Observations", expand="FeatureOfInterest")
    assert observation["FeatureOfInterest"]["feature"] == STEP


def test_a_thing_that_moves_leaves_a_trace(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing(Locations=[samples.location()]))
    second = workshop.number(workshop.made("Locations", samples.location(name="Hafen", location=STEP)))
    _patch(workshop, made, {"Locations": [link(second)]})
    assert [place["@iot.id"] for place in workshop.values(f"{made}/Locations")] == [second]
    third = workshop.number(workshop.made(f"{made}/Locations", samples.location(name="Ufer")))
    assert [place["@iot.id"] for place in workshop.values(f"{made}/Locations")] == [third]
    history = workshop.values(f"{made}/HistoricalLocations", expand="Locations", orderby="id")
    assert [entry["Locations"][0]["name"] for entry in history] == ["Platz", "Hafen", "Ufer"]
    _patch(workshop, made, {"Locations": [link(third)]})
    assert len(workshop.values(f"{made}/HistoricalLocations")) == 3


def test_locations_in_several_encodings_stand_side_by_side(workshop: Town) -> None:
    words = samples.location(name="Worte", encodingType="text/plain", location="am Hafen")
    made = workshop.made("Things", samples.thing(Locations=[samples.location(), words]))
    assert len(workshop.values(f"{made}/Locations")) == 2
    assert len(workshop.values(f"{made}/HistoricalLocations")) == 1
    workshop.made(f"{made}/Locations", samples.location(name="Neu", encodingType="application/vnd.geo+json"))
    assert sorted(place["name"] for place in workshop.values(f"{made}/Locations")) == ["Neu", "Worte"]
    history = workshop.values(f"{made}/HistoricalLocations", expand="Locations", orderby="id desc")
    assert sorted(place["name"] for place in history[0]["Locations"]) == ["Neu", "Worte"]


def test_a_newer_historical_location_moves_the_thing_and_an_older_does_not(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing(Locations=[samples.location()]))
    entry: Body = {"Thing": link(workshop.number(made)), "Locations": [samples.location(name="Früher")]}
    workshop.made("HistoricalLocations", {**entry, "time": "2001-01-01T00:00:00Z"})
    assert [place["name"] for place in workshop.values(f"{made}/Locations")] == ["Platz"]
    later = {**entry, "time": "2095-01-01T00:00:00Z", "Locations": [samples.location(name="Später")]}
    history = workshop.made("HistoricalLocations", later)
    assert [place["name"] for place in workshop.values(f"{made}/Locations")] == ["Später"]
    assert len(workshop.values(f"{made}/HistoricalLocations")) == 3
    _patch(workshop, history, {"time": "1999-05-01T00:00:00+02:00"})
    assert workshop.one(history)["time"] == "1999-04-30T22:00:00Z"


def test_a_place_that_is_corrected_changes_what_is_observed_from_now_on(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole(Observations=[samples.value(1)]))
    (place,) = workshop.values(f"{made}/Thing/Locations")
    _patch(workshop, f"Locations({place['@iot.id']})", {"location": STEP})
    workshop.made(f"{made}/Observations", samples.value(2, 1))
    found = workshop.values(f"{made}/Observations", expand="FeatureOfInterest", orderby="phenomenonTime")
    assert [o["FeatureOfInterest"]["feature"]["coordinates"] for o in found] == [[9.1747, 47.6619], [9.2, 47.7]]


def test_json_patch_edits_properties_and_links(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole(properties={"a": {"b": 1}, "list": [1, 2]}))
    sensor = workshop.number(workshop.made("Sensors", samples.sensor()))
    _steps(
        workshop, made,
        {"op": "test", "path": "/name", "value": "Luft"}, {"op": "replace", "path": "/name", "value": "Neu"},
        {"op": "add", "path": "/properties/list/-", "value": 3}, {"op": "remove", "path": "/properties/a"},
        {"op": "copy", "from": "/description", "path": "/properties/copied"},
        {"op": "replace", "path": "/Sensor/@iot.id", "value": sensor},
    )  # fmt: skip
    found = workshop.one(made)
    assert found["name"] == "Neu"
    assert found["properties"] == {
        "list": [1, 2, 3], "copied": "am Kiosk", "simulated": False, "category": "weather", "dataUse": "",
    }  # fmt: skip
    assert workshop.one(f"{made}/Sensor")["@iot.id"] == sensor


def test_json_patch_sets_the_locations_of_a_thing(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing(Locations=[samples.location()]))
    words = samples.location(encodingType="text/plain", location="hier")
    second = workshop.number(workshop.made("Locations", words))
    _steps(workshop, made, {"op": "add", "path": "/Locations/-", "value": link(second)})
    assert len(workshop.values(f"{made}/Locations")) == 2
    _steps(workshop, made, {"op": "remove", "path": "/Locations/0"})
    assert [place["@iot.id"] for place in workshop.values(f"{made}/Locations")] == [second]
    _steps(workshop, made, {"op": "remove", "path": "/Locations"})
    assert workshop.values(f"{made}/Locations") == []


BAD_STEPS: list[tuple[Any, int]] = [
    ({"op": "replace"}, 400),
    ([1], 400),
    ([{"op": "jump", "path": "/name"}], 400),
    ([{"op": "replace", "path": "name", "value": 1}], 400),
    ([{"op": "replace", "path": "/name", "value": 5}], 400),
    ([{"op": "remove", "path": "/name"}], 400),
    ([{"op": "add", "path": "/colour", "value": 5}], 400),
    ([{"op": "remove", "path": "/nothing"}], 409),
    ([{"op": "test", "path": "/name", "value": "other"}], 409),
    ([{"op": "replace", "path": "", "value": 5}], 400),
    ([{"op": "replace", "path": "", "value": [1]}, {"op": "add", "path": "/0/x", "value": 1}], 400),
    ([{"op": "copy", "from": "/properties", "path": f"/properties/{number}"} for number in range(60)], 400),
    ([{"op": "test", "path": "/name", "value": "Kiosk"}] * 1_001, 400),
]


@pytest.mark.parametrize(("steps", "status"), BAD_STEPS)
def test_a_json_patch_that_does_not_fit_changes_nothing(workshop: Town, steps: Any, status: int) -> None:
    made = workshop.made("Things", samples.thing(properties={"text": "x" * 100}))
    before = workshop.one(made)
    _patch(workshop, made, steps, status, **JSON_PATCH)
    assert workshop.one(made) == before
