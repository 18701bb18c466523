"""Creating entities over HTTP (18-088, clause 10.2), on both databases: linked, nested, whole or not at all."""

from typing import Any

import pytest

from allmende.gate.door import PUBLIC, Ask
from allmende.gate.query import Query
from tests.apis import samples
from tests.apis.conftest import BASE, Town
from tests.apis.samples import Body, link, value

PUBLIC_READ = Ask(PUBLIC, "publish", "open-data", "public")
SETS: dict[str, Body] = {
    "Things": samples.thing(properties={"a": {"b": [1, None, "ü"]}}),
    "Locations": samples.location(),
    "Sensors": samples.sensor(),
    "ObservedProperties": samples.observed(),
    "FeaturesOfInterest": samples.feature(),
}


def _counts(town: Town) -> dict[str, int]:
    """Count what anybody sees; a token that may collect everything made it all."""
    bearer = {"Authorization": f"Bearer {town.tokens['reader']}"}
    sets = (*SETS, "Datastreams", "MultiDatastreams", "HistoricalLocations", "Observations")
    return {
        name: town.client.get(f"{BASE}/{name}?$count=true&$top=0", headers=bearer).json()["@iot.count"] for name in sets
    }


@pytest.mark.parametrize("kind", SETS)
def test_what_was_sent_comes_back_the_same(workshop: Town, kind: str) -> None:
    answer = workshop.post(kind, SETS[kind])
    assert answer.status_code == 201
    assert answer.headers["location"].startswith(f"{workshop.client.base_url}{BASE}/{kind}(".replace("//sens", "/sens"))
    found = workshop.client.get(answer.headers["location"]).json()
    assert {name: found[name] for name in SETS[kind]} == SETS[kind]
    assert found["properties"] == SETS[kind].get("properties", {})


@pytest.mark.parametrize("metadata", [{"make": "x", "range": [-40, 60]}, "plain", ["a", 1], 5, "5"])
def test_metadata_of_a_sensor_may_be_any_json(workshop: Town, metadata: Any) -> None:
    assert workshop.one(workshop.made("Sensors", samples.sensor(metadata=metadata)))["metadata"] == metadata


def test_a_location_may_have_another_encoding(workshop: Town) -> None:
    body = samples.location(encodingType="text/plain", location="Marktstätte 1")
    assert workshop.one(workshop.made("Locations", body))["location"] == "Marktstätte 1"


def test_a_datastream_is_linked_with_what_is_there(workshop: Town) -> None:
    parts = {
        "Thing": workshop.made("Things", samples.thing()),
        "Sensor": workshop.made("Sensors", samples.sensor()),
        "ObservedProperty": workshop.made("ObservedProperties", samples.observed()),
    }
    links = {name: link(workshop.number(path)) for name, path in parts.items()}
    made = workshop.made("Datastreams", samples.stream(**links))
    for name, path in parts.items():
        assert workshop.one(f"{made}/{name}")["@iot.id"] == workshop.number(path)
    assert workshop.one(made)["unitOfMeasurement"] == samples.CELSIUS


def test_a_path_names_the_parent(workshop: Town) -> None:
    thing = workshop.made("Things", samples.thing())
    body = samples.stream(Sensor=samples.sensor(), ObservedProperty=samples.observed())
    made = workshop.made(f"{thing}/Datastreams", body)
    assert workshop.one(f"{made}/Thing")["@iot.id"] == workshop.number(thing)
    sensor = workshop.one(f"{made}/Sensor")["@iot.id"]
    links = {"Thing": link(workshop.number(thing)), "ObservedProperty": samples.observed()}
    second = workshop.made(f"Sensors({sensor})/Datastreams", samples.stream(**links))
    assert [s["@iot.id"] for s in workshop.values(f"Sensors({sensor})/Datastreams")] == [
        workshop.number(made), workshop.number(second),
    ]  # fmt: skip
    place = workshop.made(f"{made}/Thing/Locations", samples.location())
    assert workshop.values(f"{thing}/Locations")[0]["@iot.id"] == workshop.number(place)
    other = workshop.made(f"{place}/Things", samples.thing(name="Zweiter"))
    assert workshop.values(f"{other}/Locations")[0]["@iot.id"] == workshop.number(place)
    assert len(workshop.values(f"{other}/HistoricalLocations")) == 1


def test_an_existing_location_is_linked_by_its_number(workshop: Town) -> None:
    thing = workshop.made("Things", samples.thing())
    place = workshop.number(workshop.made("Locations", samples.location()))
    assert workshop.made(f"{thing}/Locations", link(place)) == f"Locations({place})"
    assert workshop.values(f"{thing}/Locations")[0]["@iot.id"] == place
    assert workshop.post(f"{thing}/Locations", link(10**9)).status_code == 400


def test_all_that_is_nested_is_made_in_one_go(workshop: Town) -> None:
    own = samples.feature(name="Teich")
    nested = samples.stream(
        Sensor=samples.sensor(), ObservedProperty=samples.observed(),
        Observations=[value(1.5), value(2.5, 1, FeatureOfInterest=own, parameters={"depth": 3})],
    )  # fmt: skip
    made = workshop.made("Things", samples.thing(Locations=[samples.location()], Datastreams=[nested]))
    found = workshop.one(
        made,
        expand="Locations,HistoricalLocations($expand=Locations),"
        "Datastreams($expand=Sensor,ObservedProperty,Observations($expand=FeatureOfInterest;$orderby=phenomenonTime))",
    )
    assert len(found["Locations"]) == len(found["HistoricalLocations"]) == 1
    assert found["HistoricalLocations"][0]["Locations"] == found["Locations"]
    (stream,) = found["Datastreams"]
    first, second = stream["Observations"]
    assert (first["result"], second["result"], second["parameters"]) == (1.5, 2.5, {"depth": 3})
    assert first["FeatureOfInterest"]["feature"] == samples.POINT
    assert second["FeatureOfInterest"]["name"] == "Teich"
    assert stream["Sensor"]["name"] == "Fühler"
    assert stream["phenomenonTime"] == "2025-03-01T12:00:00Z/2025-03-01T12:01:00Z"


def test_nesting_goes_from_any_end(workshop: Town) -> None:
    body = samples.sensor(Datastreams=[samples.stream(Thing=samples.thing(), ObservedProperty=samples.observed())])
    assert len(workshop.values(f"{workshop.made('Sensors', body)}/Datastreams")) == 1
    body = samples.location(Things=[samples.thing(), samples.thing(name="Zwei")])
    assert len(workshop.values(f"{workshop.made('Locations', body)}/Things")) == 2


def test_a_sensor_takes_datastreams_over(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    sensor = workshop.made("Sensors", samples.sensor(name="Neu", Datastreams=[link(workshop.number(made))]))
    assert workshop.one(f"{made}/Sensor")["@iot.id"] == workshop.number(sensor)


FAULTY: list[tuple[str, Any, str]] = [
    ("Things", {"description": "x"}, "name: is missing"),
    ("Things", {"name": "x"}, "description: is missing"),
    ("Things", {"name": 5, "description": "x"}, "name: here is number instead of string"),
    ("Things", {"name": "x", "description": None}, "description: is missing"),
    ("Things", {"name": "x", "description": "x", "properties": [1]}, "properties: here is array instead of object"),
    ("Things", {"name": "x", "description": "x", "colour": "red"}, "colour: there is no such property on Things"),
    ("Things", ["x"], "body: here is array instead of object"),
    ("Things", samples.thing(Datastreams={"name": "x"}), "Datastreams: here is object instead of array"),
    ("Things", samples.thing(Locations=[link(10**9)]), "Locations[0]: there is no Locations(1000000000)"),
    ("Things", samples.thing(Locations=[{"@iot.id": "1"}]), "Locations[0]/@iot.id: an id is a whole number"),
    ("Things", samples.thing(Locations=[samples.location(), samples.location()]), "different encodingTypes"),
    ("Locations", samples.location(location=None), "location: is missing"),
    ("Locations", samples.location(location="here"), "location: here is string instead of object"),
    ("Locations", samples.location(location={"type": "Pint"}), "location/type: “Pint” is no GeoJSON shape"),
    ("Locations", samples.location(location={"type": "Point", "coordinates": ["9", 4]}), "location/coordinates"),
    ("Locations", samples.location(location={"type": "Polygon", "coordinates": [9, 4]}), "location/coordinates"),
    ("Sensors", {"name": "x", "description": "x", "encodingType": "x"}, "metadata: is missing"),
    ("Sensors", {"name": "x", "description": "x", "metadata": "x"}, "encodingType: is missing"),
    ("ObservedProperties", {"name": "x", "description": "x"}, "definition: is missing"),
    ("FeaturesOfInterest", samples.feature(feature=None), "feature: is missing"),
    ("Datastreams", samples.stream(), "Thing"),
    ("Datastreams", samples.whole(Sensor=None), "Sensor"),
    ("Datastreams", samples.whole(ObservedProperty=link(10**9)), "ObservedProperty: there is no"),
    ("Datastreams", samples.whole(unitOfMeasurement=None), "unitOfMeasurement: is missing"),
    ("Datastreams", samples.whole(observationType=None), "observationType: is missing"),
    ("Datastreams", samples.whole(observedArea={"type": "Box"}), "observedArea/type"),
    ("Datastreams", samples.whole(properties={"category": 5}), "properties/category"),
    ("HistoricalLocations", {"time": "2025-01-01T00:00:00Z", "Thing": samples.thing()}, "Locations"),
    (
        "HistoricalLocations",
        {"time": "2025-01-01T00:00:00", "Thing": samples.thing(), "Locations": [samples.location()]},
        "time: “2025-01-01T00:00:00” is no instant",
    ),
    (
        "Things",
        samples.thing(Datastreams=[samples.stream(unitOfMeasurement={"symbol": "x", "definition": "x"})]),
        "Datastreams[0]/unitOfMeasurement/name: is missing",
    ),
    (
        "Things",
        samples.thing(Datastreams=[samples.stream(unitOfMeasurement={**samples.CELSIUS, "name": 5})]),
        "Datastreams[0]/unitOfMeasurement/name: here is number",
    ),
    (
        "Things",
        samples.thing(Datastreams=[samples.whole()]),
        "Datastreams[0]/Thing: is set by the nesting",
    ),
    ("Datastreams", samples.whole(Observations=[value(1.0), value("warm", 1)]), "result is not of kind Measurement"),
    ("Datastreams", samples.whole(Observations=[{"phenomenonTime": "now", "result": 1}]), "Observations[0]/phenomenon"),
    ("Datastreams", samples.whole(Observations=[{"phenomenonTime": "2025-01-01T00:00:00Z"}]), "Observations[0]/result"),
    ("FeaturesOfInterest", samples.feature(Observations=[value(1)]), "Observations: this link cannot"),
]


@pytest.mark.parametrize(("path", "body", "named"), FAULTY)
def test_a_fault_anywhere_creates_nothing_and_is_named(workshop: Town, path: str, body: Any, named: str) -> None:
    before = _counts(workshop)
    answer = workshop.post(path, body)
    assert answer.status_code in (400, 422), answer.text
    assert named in answer.json()["title_en"], answer.text
    assert _counts(workshop) == before


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b'{"name": NaN}', b'{"name": "x", "description": "x", "properties": {"a": 1e400}}', b"\xff\xfe",
        b"[" * 100_000, b'{"name": "\\ud800", "description": "x"}', b'{"name": "a\\u0000", "description": "x"}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(workshop: Town, raw: bytes) -> None:
    before = _counts(workshop)
    for method, path in (("POST", "Things"), ("PATCH", "Things(1)"), ("PUT", "Things(1)")):
        answer = workshop.send(method, path, raw)
        assert answer.status_code in (400, 404, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert _counts(workshop) == before


def test_nesting_has_a_bound(workshop: Town) -> None:
    body = samples.location()
    for _ in range(6):
        body = samples.location(Things=[samples.thing(Locations=[body])])
    assert "levels" in workshop.post("Locations", body).json()["title_en"]


@pytest.mark.parametrize(("token", "status"), [("", 401), ("alm_no", 401), ("reader", 403), ("sender", 403)])
def test_only_a_token_with_the_scope_creates(workshop: Town, token: str, status: int) -> None:
    for method, path in (("POST", "Things"), ("PATCH", "Things(1)"), ("PUT", "Things(1)"), ("DELETE", "Things(1)")):
        assert workshop.send(method, path, samples.thing(), token).status_code == status


@pytest.mark.parametrize("path", ["Things(1)/name", "Thing", "Things(1)/Things", "Things(x)"])
def test_a_path_that_leads_nowhere(workshop: Town, path: str) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        assert workshop.send(method, path, samples.thing()).status_code == 404
    assert workshop.post("Things(999999999)/Locations", samples.location()).status_code == 404
    assert workshop.post("Things(999999999)/Datastreams(1)/Thing/Locations", samples.location()).status_code == 404


UNITS: list[Body] = [
    {"name": None, "symbol": None, "definition": None},
    {"name": "Celsius", "symbol": "°C", "definition": "http://www.qudt.org/qudt/owl/1.0.0/unit/#DegreeCelsius"},
    {"name": "Furlong", "symbol": "fur", "definition": "https://x.example/furlong"},
    {"name": "minute", "symbol": "m", "definition": ""},
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_foreign_unit_comes_back_as_it_was_sent(workshop: Town, unit: Body) -> None:
    made = workshop.made("Datastreams", samples.whole(unitOfMeasurement=unit))
    assert workshop.one(made)["unitOfMeasurement"] == unit


def test_a_known_unit_is_recognised_however_it_is_written(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole(unitOfMeasurement=UNITS[1]))
    read = workshop.gate.grant(PUBLIC_READ)
    (record,) = workshop.gate.page(read, Query(kind="Datastreams", id=workshop.number(made))).records
    assert record.value.unit == "Cel"


def test_the_area_that_was_sent_is_kept(workshop: Town) -> None:
    area = {"type": "Polygon", "coordinates": [[[9, 47], [10, 47], [10, 48], [9, 47]]]}
    made = workshop.made("Datastreams", samples.whole(observedArea=area, phenomenonTime="2020-01-01T00:00:00Z"))
    found = workshop.one(made)
    assert found["observedArea"] == area
    assert "phenomenonTime" not in found


def test_control_information_in_a_body_is_left_aside(workshop: Town) -> None:
    body = samples.thing(**{"@iot.id": 77_777, "@iot.selfLink": "x", "Datastreams@iot.navigationLink": "x", "id": 5})
    assert workshop.number(workshop.made("Things", body)) not in (77_777, 5)


def test_a_slug_names_one_entity(workshop: Town) -> None:
    workshop.made("Things", samples.thing(properties={"slug": "kiosk-1"}))
    assert workshop.post("Things", samples.thing(properties={"slug": "kiosk-1"})).status_code == 409
    workshop.made("Things", samples.thing(properties={"slug": 5}))
