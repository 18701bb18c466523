"""Clause 10.2: creating entities, alone, with links and all at once."""

import datetime as dt
from typing import Any

import pytest

from tests.standards.sensorthings.api import (
    Api,
    feature,
    link,
    location,
    observed_property,
    point,
    room,
    sensor,
    thing,
    unique,
)
from tests.standards.sensorthings.conformance import proves

PLAIN = {
    "Things": thing,
    "Locations": location,
    "Sensors": sensor,
    "ObservedProperties": observed_property,
    "FeaturesOfInterest": feature,
}
NOON = "2024-05-01T12:00:00Z"


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize("name", PLAIN)
def test_an_entity_is_created_by_post(api: Api, name: str) -> None:
    """req/create-update-delete/create-entity: POST to the set answers 201 with the selfLink as Location."""
    body = PLAIN[name]()
    answer = api.post(name, body)
    assert answer.status_code == 201
    made = api.body(answer.headers["location"])
    assert made["@iot.selfLink"] == answer.headers["location"]
    assert {word: made[word] for word in body} == body


@proves("create-update-delete/create-entity")
def test_a_historical_location_is_created(api: Api) -> None:
    """req/create-update-delete/create-entity: HistoricalLocations have a set like all others."""
    host, place = api.create("Things", thing()), api.create("Locations", location())
    body = {"time": NOON, "Thing": link(host), "Locations": [link(place)]}
    made = api.create("HistoricalLocations", body)
    assert api.body(f"HistoricalLocations({made})")["time"] == NOON
    assert api.ids(f"Things({host})/HistoricalLocations") == [made]


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize(
    ("path", "body", "back"),
    [
        ("Things({Things})/Locations", location, "Things"),
        ("Things({Things})/Datastreams", None, "Thing"),
        ("Locations({Locations})/Things", thing, "Locations"),
        ("Sensors({Sensors})/Datastreams", None, "Sensor"),
        ("ObservedProperties({ObservedProperties})/Datastreams", None, "ObservedProperty"),
    ],
)
def test_posting_to_a_link_links(api: Api, path: str, body: Any, back: str) -> None:
    """req/create-update-delete/create-entity: what is posted to a navigation link is linked with its entity."""
    owner = {
        "Things": api.create("Things", thing()),
        "Locations": api.create("Locations", location()),
        "Sensors": api.create("Sensors", sensor()),
        "ObservedProperties": api.create("ObservedProperties", observed_property()),
    }
    sent = body() if body else {word: value for word, value in api.datastream().items() if word != back}
    made = api.make(path.format(**owner), sent)
    related = api.body(f"{made}/{back}")
    found = [entry["@iot.id"] for entry in related["value"]] if "value" in related else [related["@iot.id"]]
    assert found == [owner[path.split("(")[0]]]


@proves("create-update-delete/create-entity")
def test_an_observation_is_posted_to_its_datastream(api: Api) -> None:
    """req/create-update-delete/create-entity: Datastreams(id)/Observations takes observations without a link."""
    stream = api.station()
    made = api.make(f"Datastreams({stream})/Observations", {"phenomenonTime": NOON, "result": 5})
    assert api.body(f"{made}/Datastream")["@iot.id"] == stream


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize("missing", ["Thing", "Sensor", "ObservedProperty"])
def test_a_datastream_needs_its_links(api: Api, missing: str) -> None:
    """req/create-update-delete/create-entity: Thing, Sensor and ObservedProperty are mandatory for a Datastream."""
    body = api.datastream()
    del body[missing]
    assert api.post("Datastreams", body).status_code == 400
    assert api.values("Datastreams", filter=f"name eq '{body['name']}'") == []


@proves("create-update-delete/create-entity")
def test_an_observation_needs_its_datastream(api: Api) -> None:
    """req/create-update-delete/create-entity: an Observation without a Datastream is refused."""
    assert api.post("Observations", {"phenomenonTime": NOON, "result": 1}).status_code in (400, 404, 422)


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("Things", "name"),
        ("Things", "description"),
        ("Locations", "name"),
        ("Locations", "encodingType"),
        ("Locations", "location"),
        ("Sensors", "encodingType"),
        ("Sensors", "metadata"),
        ("ObservedProperties", "definition"),
        ("FeaturesOfInterest", "feature"),
    ],
)
def test_mandatory_properties_must_be_there(api: Api, name: str, missing: str) -> None:
    """req/create-update-delete/create-entity: the body is a valid entity, with all that is mandatory."""
    body = PLAIN[name]()
    del body[missing]
    answer = api.post(name, body)
    assert answer.status_code in (400, 422), answer.text
    assert missing in answer.text


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize("text", ["", "{", "[1]", '"text"', "null", '{"name": 5, "description": "x"}'])
def test_a_body_that_is_no_entity_is_refused(api: Api, text: str) -> None:
    """req/create-update-delete/create-entity: anything but one JSON object that is an entity is a bad request."""
    answer = api.client.post(api.url("Things"), content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


@proves("create-update-delete/create-entity")
@pytest.mark.parametrize("token", ["", "Bearer invented"])
def test_only_who_may_creates(api: Api, token: str) -> None:
    """req/create-update-delete/create-entity: without the right to write the service answers 401 and makes nothing."""
    body = thing()
    answer = api.client.post(api.url("Things"), json=body, headers={"Authorization": token})
    assert answer.status_code == 401
    assert api.values("Things", filter=f"name eq '{body['name']}'") == []


@proves("create-update-delete/create-entity")
def test_without_a_feature_the_location_is_taken(api: Api) -> None:
    """req/create-update-delete/create-entity: special case 1, the Thing's Location becomes the FeatureOfInterest."""
    shape = point(9.321, 47.123)
    host = thing(Locations=[location(location=shape)])
    stream = api.create("Datastreams", api.datastream(Thing=host))
    first, second = (api.observe(stream, number, f"2024-05-01T0{number}:00:00Z") for number in (1, 2))
    target = api.body(f"Observations({first})/FeatureOfInterest")
    assert target["feature"] == shape
    assert target["encodingType"] == "application/geo+json"
    assert api.body(f"Observations({second})/FeatureOfInterest")["@iot.id"] == target["@iot.id"]


@proves("create-update-delete/create-entity")
def test_after_a_move_another_feature_is_taken(api: Api) -> None:
    """req/create-update-delete/create-entity: special case 1, a feature is made from where the Thing stands now."""
    stream = api.station()
    host = api.body(f"Datastreams({stream})/Thing")["@iot.id"]
    before = api.observe(stream, 1, "2024-05-01T01:00:00Z")
    moved = api.make(f"Things({host})/Locations", location(location=point(8.5, 48.5)))
    after = api.observe(stream, 2, "2024-05-01T02:00:00Z")
    assert api.body(f"Observations({before})/FeatureOfInterest")["feature"] == point()
    assert api.body(f"Observations({after})/FeatureOfInterest")["feature"] == api.body(moved)["location"]


@proves("create-update-delete/create-entity")
def test_a_result_time_may_be_left_out(api: Api) -> None:
    """req/create-update-delete/create-entity: special case 2, an omitted resultTime is null."""
    seen = api.observe(api.station(), 1, NOON)
    assert api.body(f"Observations({seen})")["resultTime"] is None


@proves("create-update-delete/create-entity")
def test_a_phenomenon_time_may_be_left_out(api: Api) -> None:
    """req/create-update-delete/create-entity: without phenomenonTime the service takes the present time."""
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2)
    seen = api.create("Observations", {"result": 1, "Datastream": link(api.station())})
    told = dt.datetime.fromisoformat(api.body(f"Observations({seen})")["phenomenonTime"])
    assert before <= told <= dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)


@proves("create-update-delete/link-to-existing-entities")
def test_new_entities_link_to_old_ones(api: Api) -> None:
    """req/create-update-delete/link-to-existing-entities: the ids of existing entities stand in the body."""
    places = [api.create("Locations", body) for body in (location(), room())]
    host = api.create("Things", thing(Locations=[link(number) for number in places]))
    probe, seen = api.create("Sensors", sensor()), api.create("ObservedProperties", observed_property())
    body = api.datastream(Thing=link(host), Sensor=link(probe), ObservedProperty=link(seen))
    stream = api.body(f"Datastreams({api.create('Datastreams', body)})", expand="Thing,Sensor,ObservedProperty")
    linked = [stream[word]["@iot.id"] for word in ("Thing", "Sensor", "ObservedProperty")]
    assert linked == [host, probe, seen]
    assert sorted(api.ids(f"Things({host})/Locations")) == sorted(places)


@proves("create-update-delete/link-to-existing-entities")
def test_an_observation_links_to_datastream_and_feature(api: Api) -> None:
    """req/create-update-delete/link-to-existing-entities: the standard's example of an Observation."""
    stream, target = api.station(), api.create("FeaturesOfInterest", feature())
    seen = api.observe(stream, 124, "2013-04-18T16:15:00-07:00", FeatureOfInterest=link(target))
    made = api.body(f"Observations({seen})", expand="Datastream,FeatureOfInterest")
    assert (made["Datastream"]["@iot.id"], made["FeatureOfInterest"]["@iot.id"]) == (stream, target)
    assert dt.datetime.fromisoformat(made["phenomenonTime"]) == dt.datetime(2013, 4, 18, 23, 15, tzinfo=dt.UTC)


@proves("create-update-delete/link-to-existing-entities")
@pytest.mark.parametrize("word", ["Thing", "Sensor", "ObservedProperty"])
def test_links_to_what_is_not_there_are_refused(api: Api, word: str) -> None:
    """req/create-update-delete/link-to-existing-entities: a link to nothing creates nothing."""
    body = api.datastream(**{word: link(9007199254740000)})
    assert api.post("Datastreams", body).status_code in (400, 404, 422)
    for kept, name in (("Thing", "Things"), ("Sensor", "Sensors"), ("ObservedProperty", "ObservedProperties")):
        if kept != word:
            assert api.values(name, filter=f"name eq '{body[kept]['name']}'") == []


@proves("create-update-delete/deep-insert")
def test_a_whole_station_is_created_at_once(api: Api) -> None:
    """req/create-update-delete/deep-insert: related entities inside the body are created and related, at any depth."""
    stream = {word: value for word, value in api.datastream().items() if word != "Thing"}
    stream["Observations"] = [
        {"phenomenonTime": f"2024-05-01T0{hour}:00:00Z", "result": hour, "FeatureOfInterest": feature()}
        for hour in range(3)
    ]
    made = api.make("Things", thing(Locations=[location(), room()], Datastreams=[stream]))
    whole = api.body(made, expand="Locations,HistoricalLocations,Datastreams/Observations/FeatureOfInterest")
    assert len(whole["Locations"]) == 2
    assert len(whole["HistoricalLocations"]) == 1
    (made_stream,) = whole["Datastreams"]
    assert made_stream["name"] == stream["name"]
    assert sorted(seen["result"] for seen in made_stream["Observations"]) == [0, 1, 2]
    assert len({seen["FeatureOfInterest"]["@iot.id"] for seen in made_stream["Observations"]}) == 3


@proves("create-update-delete/deep-insert")
def test_new_and_old_may_stand_side_by_side(api: Api) -> None:
    """req/create-update-delete/deep-insert: links to existing entities and new ones in one body."""
    old = api.create("Sensors", sensor())
    made = api.create("Datastreams", api.datastream(Sensor=link(old)))
    assert api.body(f"Datastreams({made})/Sensor")["@iot.id"] == old
    assert api.body(f"Datastreams({made})/Thing")["name"]


@proves("create-update-delete/deep-insert")
def test_an_observation_brings_its_feature(api: Api) -> None:
    """req/create-update-delete/deep-insert: a FeatureOfInterest inside an Observation."""
    body = feature(name=unique("Lake"), feature=point(9.5, 47.6))
    seen = api.observe(api.station(), 1, NOON, FeatureOfInterest=body)
    target = api.body(f"Observations({seen})/FeatureOfInterest")
    assert {word: target[word] for word in body} == body


@proves("create-update-delete/deep-insert")
def test_an_id_inside_is_ignored(api: Api) -> None:
    """req/create-update-delete/deep-insert: the id that an inline entity brings along is not taken over."""
    body = thing(Locations=[{**location(), "@iot.id": 9007199254740000}])
    answer = api.post("Things", body)
    assert answer.status_code == 201, answer.text
    assert api.ids(f"{answer.headers['location']}/Locations") != [9007199254740000]


@proves("create-update-delete/deep-insert")
@pytest.mark.parametrize(
    "broken",
    [
        {"Locations": [{"name": "no place", "description": "x", "encodingType": "application/geo+json"}]},
        {"Datastreams": [{"name": "no sensor", "description": "x"}]},
        {"Datastreams": [{"name": "x", "description": "x", "Sensor": {"@iot.id": 9007199254740000}}]},
        {"Locations": "none"},
        {"Colours": [{"name": "x"}]},
    ],
)
def test_all_or_nothing_is_created(api: Api, broken: dict[str, Any]) -> None:
    """req/create-update-delete/deep-insert: on failure none of the entities is created."""
    good = location()
    body = thing(**{"Locations": [good], **broken})
    if isinstance(body["Locations"], list) and good not in body["Locations"]:
        body["Locations"] = [good, *body["Locations"]]
    assert 400 <= api.post("Things", body).status_code < 500
    assert api.values("Things", filter=f"name eq '{body['name']}'") == []
    assert api.values("Locations", filter=f"name eq '{good['name']}'") == []


@proves("create-update-delete/deep-insert-status-code")
def test_a_deep_insert_answers_with_the_outermost(api: Api) -> None:
    """req/create-update-delete/deep-insert-status-code: 201 and the address of the entity that was posted."""
    body = api.datastream()
    answer = api.post("Datastreams", body)
    assert answer.status_code == 201
    assert "/Datastreams(" in answer.headers["location"]
    assert api.body(answer.headers["location"])["name"] == body["name"]


@proves("create-update-delete/historical-location-auto-creation")
def test_a_move_is_remembered(api: Api) -> None:
    """req/create-update-delete/historical-location-auto-creation: each change of a Thing's Location leaves a trace."""
    host = api.create("Things", thing(Locations=[location()]))
    first = api.values(f"Things({host})/HistoricalLocations", expand="Locations")
    place = api.create(f"Things({host})/Locations", location())
    history = api.values(f"Things({host})/HistoricalLocations", orderby="time", expand="Locations")
    assert len(first) == 1
    assert len(history) == 2
    assert [entry["@iot.id"] for entry in history[1]["Locations"]] == [place]
    assert api.ids(f"Things({host})/Locations") == [place]


@proves("create-update-delete/historical-location-auto-creation")
def test_linking_an_old_location_is_a_move_too(api: Api) -> None:
    """req/create-update-delete/historical-location-auto-creation: a PATCH of the Thing's Locations, and back again."""
    first, second = (api.create("Locations", location()) for _ in range(2))
    host = api.create("Things", thing(Locations=[link(first)]))
    for place in (second, first):
        assert api.send("PATCH", f"Things({host})", {"Locations": [link(place)]}).status_code in (200, 204)
    history = api.values(f"Things({host})/HistoricalLocations", orderby="time,id", expand="Locations")
    assert [entry["Locations"][0]["@iot.id"] for entry in history] == [first, second, first]
    assert api.ids(f"Things({host})/Locations") == [first]


@proves("create-update-delete/historical-location-auto-creation")
def test_several_representations_are_one_stay(api: Api) -> None:
    """req/create-update-delete/historical-location-auto-creation: Locations set together share a trace."""
    host = api.create("Things", thing(Locations=[location(), room()]))
    (stay,) = api.values(f"Things({host})/HistoricalLocations", expand="Locations")
    assert len(stay["Locations"]) == 2


@proves("create-update-delete/historical-location-manual-creation")
def test_a_later_stay_moves_the_thing(api: Api) -> None:
    """req/create-update-delete/historical-location-manual-creation: a stay later than the last sets the Locations."""
    host = api.create("Things", thing(Locations=[location()]))
    place = api.create("Locations", location())
    time = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)).isoformat()
    api.create("HistoricalLocations", {"time": time, "Thing": link(host), "Locations": [link(place)]})
    assert api.ids(f"Things({host})/Locations") == [place]


@proves("create-update-delete/historical-location-manual-creation")
def test_an_earlier_stay_moves_nothing(api: Api) -> None:
    """req/create-update-delete/historical-location-manual-creation: a stay before the last is history alone."""
    now, before = (api.create("Locations", location()) for _ in range(2))
    host = api.create("Things", thing(Locations=[link(now)]))
    body = {"time": "2001-01-01T00:00:00Z", "Thing": link(host), "Locations": [link(before)]}
    api.create("HistoricalLocations", body)
    assert api.ids(f"Things({host})/Locations") == [now]
    assert len(api.values(f"Things({host})/HistoricalLocations")) == 2
