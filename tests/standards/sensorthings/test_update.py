"""Clauses 10.3 and 10.4: PATCH, PUT, JSON Patch and DELETE."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import (
    CELSIUS,
    PERCENT,
    SETS,
    Api,
    feature,
    link,
    location,
    observed_property,
    point,
    sensor,
    thing,
    unique,
)
from tests.standards.sensorthings.conformance import proves

MISSING = 9007199254740000
JSON_PATCH = "application/json-patch+json"
GONE = (404, 410)


def _make(api: Api, name: str) -> Any:
    """Create an entity of a set."""
    if name in ("Datastreams", "HistoricalLocations", "Observations"):
        stream = api.station()
        host = api.body(f"Datastreams({stream})/Thing")["@iot.id"]
        if name == "Datastreams":
            return stream
        if name == "HistoricalLocations":
            return api.ids(f"Things({host})/HistoricalLocations")[0]
        return api.observe(stream, 1, "2024-05-01T00:00:00Z", resultTime="2024-05-01T00:00:09Z")
    makers = {"Things": thing, "Locations": location, "Sensors": sensor, "ObservedProperties": observed_property}
    return api.create(name, makers.get(name, feature)())


def _own(entity: dict[str, Any]) -> dict[str, Any]:
    return {word: value for word, value in entity.items() if "@" not in word}


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("Things", {"description": "changed"}),
    ("Things", {"properties": {"now": "this"}}),
    ("Locations", {"location": point(1, 2)}),
    ("Locations", {"name": "changed", "description": "changed"}),
    ("HistoricalLocations", {"time": "2023-01-01T00:00:00Z"}),
    ("Datastreams", {"description": "changed"}),
    ("Datastreams", {"unitOfMeasurement": PERCENT}),
    ("Sensors", {"metadata": "https://example.org/other.pdf"}),
    ("ObservedProperties", {"definition": "https://example.org/other"}),
    ("Observations", {"result": 42.5}),
    ("Observations", {"resultTime": "2024-05-01T00:01:00Z"}),
    ("FeaturesOfInterest", {"feature": point(3, 4)}),
]


@proves("create-update-delete/update-entity")
@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_patch_changes_what_it_names_alone(api: Api, name: str, change: dict[str, Any]) -> None:
    """req/create-update-delete/update-entity: PATCH merges the body into the entity and answers 200 or 204."""
    path = f"{name}({_make(api, name)})"
    before = _own(api.body(path))
    assert api.send("PATCH", path, change).status_code in (200, 204)
    after = _own(api.body(path))
    assert {word: after[word] for word in change} == change
    derived = {"phenomenonTime", "resultTime", "observedArea"} if name == "Datastreams" else set()
    untouched = before.keys() - change.keys() - derived
    assert {word: after.get(word) for word in untouched} == {word: before[word] for word in untouched}


@proves("create-update-delete/update-entity")
@pytest.mark.parametrize("name", SETS)
def test_what_is_not_there_cannot_be_changed(api: Api, name: str) -> None:
    """req/create-update-delete/update-entity: an update of an address without entity fails."""
    word = {"HistoricalLocations": "time", "Observations": "resultTime"}.get(name, "description")
    assert api.send("PATCH", f"{name}({MISSING})", {word: "2024-05-01T00:00:00Z"}).status_code in GONE


@proves("create-update-delete/update-entity")
def test_the_id_is_not_changed(api: Api) -> None:
    """req/create-update-delete/update-entity: an id in the body is ignored."""
    made = _make(api, "Things")
    assert api.send("PATCH", f"Things({made})", {"@iot.id": MISSING, "name": "kept"}).status_code in (200, 204)
    assert api.body(f"Things({made})")["name"] == "kept"
    assert api.get(f"Things({MISSING})").status_code in GONE


@proves("create-update-delete/update-entity")
@pytest.mark.parametrize(
    ("word", "name", "maker"),
    [
        ("Thing", "Things", thing),
        ("Sensor", "Sensors", sensor),
        ("ObservedProperty", "ObservedProperties", observed_property),
    ],
)
def test_a_single_link_is_replaced(api: Api, word: str, name: str, maker: Any) -> None:
    """req/create-update-delete/update-entity: binding a single-valued navigation property replaces the relation."""
    stream, other = api.station(), api.create(name, maker())
    assert api.send("PATCH", f"Datastreams({stream})", {word: link(other)}).status_code in (200, 204)
    assert api.body(f"Datastreams({stream})/{word}")["@iot.id"] == other
    assert api.ids(f"{name}({other})/Datastreams") == [stream]


@proves("create-update-delete/update-entity")
def test_an_observation_gets_another_feature(api: Api) -> None:
    """req/create-update-delete/update-entity: the FeatureOfInterest of an Observation is replaced."""
    seen, other = _make(api, "Observations"), api.create("FeaturesOfInterest", feature())
    assert api.send("PATCH", f"Observations({seen})", {"FeatureOfInterest": link(other)}).status_code in (200, 204)
    assert api.body(f"Observations({seen})/FeatureOfInterest")["@iot.id"] == other


@proves("create-update-delete/update-entity")
def test_a_link_to_many_is_added_to(api: Api) -> None:
    """req/create-update-delete/update-entity: binding a collection-valued navigation property adds a relation."""
    place = api.create("Locations", location())
    first, second = api.create("Things", thing(Locations=[link(place)])), api.create("Things", thing())
    assert api.send("PATCH", f"Locations({place})", {"Things": [link(second)]}).status_code in (200, 204)
    assert sorted(api.ids(f"Locations({place})/Things")) == sorted((first, second))


@proves("create-update-delete/update-entity")
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Things", {"name": None}),
        ("Things", {"name": 5}),
        ("Things", {"Locations": [link(MISSING)]}),
        ("Datastreams", {"Sensor": link(MISSING)}),
        ("Locations", {"location": "somewhere"}),
        ("Things", [1]),
    ],
)
def test_a_faulty_change_is_refused_whole(api: Api, name: str, body: Any) -> None:
    """req/create-update-delete/update-entity: what would break the entity is a bad request and changes nothing."""
    path = f"{name}({_make(api, name)})"
    before = api.body(path)
    sent = {"description": "half", **body} if isinstance(body, dict) else body
    assert api.send("PATCH", path, sent).status_code in (400, 404, 409, 422)
    assert api.body(path) == before


@proves("create-update-delete/update-entity")
def test_no_related_entities_inside_a_change(api: Api) -> None:
    """req/create-update-delete/update-entity: the body does not contain related entities as inline content."""
    made, place = _make(api, "Things"), location()
    assert api.send("PATCH", f"Things({made})", {"Locations": [place]}).status_code in (400, 422)
    assert api.values("Locations", filter=f"name eq '{place['name']}'") == []


@proves("create-update-delete/update-entity-put")
@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("Things", thing),
        ("Locations", location),
        ("Sensors", sensor),
        ("ObservedProperties", observed_property),
        ("FeaturesOfInterest", feature),
    ],
)
def test_put_replaces_all_properties(api: Api, name: str, maker: Any) -> None:
    """req/create-update-delete/update-entity-put: all structural properties are replaced; what is omitted is gone."""
    made = api.create(name, maker(properties={"old": True}))
    body = maker(description="put")
    assert api.send("PUT", f"{name}({made})", body).status_code in (200, 204)
    after = api.body(f"{name}({made})")
    assert {word: after[word] for word in body} == body
    assert not after.get("properties")


@proves("create-update-delete/update-entity-put")
def test_put_of_a_datastream_keeps_its_links(api: Api) -> None:
    """req/create-update-delete/update-entity-put: properties are replaced, relations that are not named stay."""
    stream = api.station()
    before = api.body(f"Datastreams({stream})", expand="Thing,Sensor,ObservedProperty")
    body = {word: value for word, value in api.datastream().items() if word not in ("Thing", "Sensor")}
    del body["ObservedProperty"]
    assert api.send("PUT", f"Datastreams({stream})", {**body, "description": "put"}).status_code in (200, 204)
    after = api.body(f"Datastreams({stream})", expand="Thing,Sensor,ObservedProperty")
    assert (after["name"], after["description"]) == (body["name"], "put")
    for word in ("Thing", "Sensor", "ObservedProperty"):
        assert after[word]["@iot.id"] == before[word]["@iot.id"]


@proves("create-update-delete/update-entity-put")
@pytest.mark.parametrize(
    ("name", "body"),
    [("Things", {"description": "no name"}), ("Locations", {"name": "no place", "description": "x"}), ("Sensors", {})],
)
def test_put_needs_what_is_mandatory(api: Api, name: str, body: dict[str, Any]) -> None:
    """req/create-update-delete/update-entity-put: omitting a mandatory property is a bad request."""
    path = f"{name}({_make(api, name)})"
    before = api.body(path)
    assert api.send("PUT", path, body).status_code in (400, 422)
    assert api.body(path) == before


@proves("create-update-delete/update-entity-put")
def test_put_does_not_create(api: Api) -> None:
    """req/create-update-delete/update-entity-put: an update of an address without entity fails."""
    assert api.send("PUT", f"Things({MISSING})", thing()).status_code in GONE


def _patched(api: Api, path: str, operations: object) -> int:
    return api.send("PATCH", path, operations, **{"Content-Type": JSON_PATCH}).status_code


@proves("create-update-delete/update-entity-jsonpatch")
@pytest.mark.parametrize(
    ("operations", "properties"),
    [
        ([{"op": "add", "path": "/properties/b", "value": 2}], {"a": 1, "list": [1, 2], "b": 2}),
        ([{"op": "replace", "path": "/properties/a", "value": {"c": 3}}], {"a": {"c": 3}, "list": [1, 2]}),
        ([{"op": "remove", "path": "/properties/a"}], {"list": [1, 2]}),
        ([{"op": "move", "from": "/properties/a", "path": "/properties/z"}], {"z": 1, "list": [1, 2]}),
        ([{"op": "copy", "from": "/properties/a", "path": "/properties/z"}], {"a": 1, "z": 1, "list": [1, 2]}),
        ([{"op": "add", "path": "/properties/list/-", "value": 3}], {"a": 1, "list": [1, 2, 3]}),
        (
            [
                {"op": "test", "path": "/properties/a", "value": 1},
                {"op": "replace", "path": "/properties", "value": {}},
                {"op": "add", "path": "/properties/~1~0", "value": "slash and tilde"},
            ],
            {"/~": "slash and tilde"},
        ),
    ],
)
def test_json_patch_is_applied(api: Api, operations: list[Any], properties: dict[str, Any]) -> None:
    """req/create-update-delete/update-entity-jsonpatch: the operations of RFC 6902, one after the other."""
    made = api.create("Things", thing(properties={"a": 1, "list": [1, 2]}))
    assert _patched(api, f"Things({made})", operations) in (200, 204)
    assert api.body(f"Things({made})")["properties"] == properties


@proves("create-update-delete/update-entity-jsonpatch")
@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/name", "value": "half"}, {"op": "test", "path": "/properties/a", "value": 2}],
        [{"op": "replace", "path": "/name", "value": "half"}, {"op": "remove", "path": "/properties/missing"}],
        [{"op": "remove", "path": "/name"}],
        [{"op": "replace", "path": "/name", "value": 5}],
        [{"op": "explode", "path": "/name"}],
        [{"path": "/name"}],
        {"op": "remove", "path": "/properties/a"},
        "text",
    ],
)
def test_a_json_patch_that_fails_changes_nothing(api: Api, operations: object) -> None:
    """req/create-update-delete/update-entity-jsonpatch: all operations succeed, or none is applied."""
    made = api.create("Things", thing(properties={"a": 1}))
    before = api.body(f"Things({made})")
    assert _patched(api, f"Things({made})", operations) in (400, 409, 422)
    assert api.body(f"Things({made})") == before


@proves("create-update-delete/update-entity-jsonpatch")
def test_json_patch_reaches_every_set(api: Api) -> None:
    """req/create-update-delete/update-entity-jsonpatch: Datastreams and Observations are patched alike."""
    stream, seen = api.station(), _make(api, "Observations")
    unit = [{"op": "replace", "path": "/unitOfMeasurement", "value": CELSIUS}]
    assert _patched(api, f"Datastreams({stream})", unit) in (200, 204)
    assert _patched(api, f"Observations({seen})", [{"op": "replace", "path": "/result", "value": 8.5}]) in (200, 204)
    assert api.body(f"Observations({seen})")["result"] == 8.5
    assert _patched(api, f"Things({MISSING})", []) in GONE


@proves("create-update-delete/delete-entity")
@pytest.mark.parametrize("name", SETS)
def test_an_entity_is_deleted(api: Api, name: str) -> None:
    """req/create-update-delete/delete-entity: after DELETE the entity is gone, from its set too."""
    made = _make(api, name)
    assert api.send("DELETE", f"{name}({made})").status_code in (200, 204)
    assert api.get(f"{name}({made})").status_code in GONE
    assert api.ids(name, filter=f"id eq {made}") == []
    assert api.send("DELETE", f"{name}({made})").status_code in GONE


@proves("create-update-delete/delete-entity")
@pytest.mark.parametrize("token", ["", "Bearer invented"])
def test_only_who_may_deletes(api: Api, token: str) -> None:
    """req/create-update-delete/delete-entity: without the right to write nothing is deleted."""
    made = _make(api, "Things")
    answer = api.client.delete(api.url(f"Things({made})"), headers={"Authorization": token})
    assert answer.status_code == 401
    assert api.get(f"Things({made})").status_code == 200


class Station:
    """A thing with place, history, datastream, observation and feature, to be taken down."""

    def __init__(self, api: Api) -> None:
        self.stream, self.target = api.station(), api.create("FeaturesOfInterest", feature())
        linked = api.body(f"Datastreams({self.stream})", expand="Thing/Locations,Sensor,ObservedProperty")
        self.seen = api.observe(self.stream, 1, "2024-05-01T00:00:00Z", FeatureOfInterest=link(self.target))
        host = linked["Thing"]
        self.paths = {
            "Things": f"Things({host['@iot.id']})",
            "Locations": f"Locations({host['Locations'][0]['@iot.id']})",
            "HistoricalLocations": "HistoricalLocations({})".format(
                api.ids(f"Things({host['@iot.id']})/HistoricalLocations")[0]
            ),
            "Datastreams": f"Datastreams({self.stream})",
            "Sensors": f"Sensors({linked['Sensor']['@iot.id']})",
            "ObservedProperties": f"ObservedProperties({linked['ObservedProperty']['@iot.id']})",
            "Observations": f"Observations({self.seen})",
            "FeaturesOfInterest": f"FeaturesOfInterest({self.target})",
        }


@proves("create-update-delete/delete-entity")
@pytest.mark.parametrize(
    ("name", "with_it"),
    [
        ("Things", {"Datastreams", "HistoricalLocations", "Observations"}),
        ("Locations", {"HistoricalLocations"}),
        ("Datastreams", {"Observations"}),
        ("Sensors", {"Datastreams", "Observations"}),
        ("ObservedProperties", {"Datastreams", "Observations"}),
        ("FeaturesOfInterest", {"Observations"}),
        ("Observations", set()),
        ("HistoricalLocations", set()),
    ],
)
def test_what_cannot_be_without_goes_with_it(api: Api, name: str, with_it: set[str]) -> None:
    """req/create-update-delete/delete-entity: the table of integrity constraints when deleting; the rest stays."""
    station = Station(api)
    assert api.send("DELETE", station.paths[name]).status_code in (200, 204)
    gone = {word for word, path in station.paths.items() if api.get(path).status_code in GONE}
    assert gone == with_it | {name}


@proves("create-update-delete/delete-entity")
def test_a_location_shared_with_another_keeps_the_other_s_place(api: Api) -> None:
    """req/create-update-delete/delete-entity: deleting one Thing leaves what others are linked with."""
    place, probe = api.create("Locations", location()), api.create("Sensors", sensor())
    hosts = [api.create("Things", thing(Locations=[link(place)])) for _ in range(2)]
    streams = [
        api.create("Datastreams", api.datastream(Thing=link(host), Sensor=link(probe), name=unique("Kept")))
        for host in hosts
    ]
    assert api.send("DELETE", f"Things({hosts[0]})").status_code in (200, 204)
    assert api.ids(f"Locations({place})/Things") == [hosts[1]]
    assert api.ids(f"Sensors({probe})/Datastreams") == [streams[1]]
    assert len(api.values(f"Things({hosts[1]})/HistoricalLocations")) == 1


@proves("create-update-delete/delete-entity")
def test_the_span_shrinks_with_the_observations(api: Api) -> None:
    """req/create-update-delete/delete-entity: what is derived from observations follows their deletion."""
    stream = api.station()
    seen = [api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z") for hour in range(3)]
    assert api.send("DELETE", f"Observations({seen[2]})").status_code in (200, 204)
    told = api.body(f"Datastreams({stream})")["phenomenonTime"]
    assert told == "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z"
    assert api.body(f"Datastreams({stream})/Observations", count="true")["@iot.count"] == 2
