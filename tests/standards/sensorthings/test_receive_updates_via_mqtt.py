"""Clause 14.2: updates are received over MQTT 3.1.1 and 5."""

from collections.abc import Iterator

import pytest

from tests.standards.sensorthings.api import Api, location, thing
from tests.standards.sensorthings.broker import Mqtt
from tests.standards.sensorthings.conformance import proves

RECEIVE = "receive-updates-via-mqtt/receive-updates"
pytestmark = proves(RECEIVE)


@pytest.fixture(params=[4, 5], ids=["mqtt-3.1.1", "mqtt-5"])
def follower(api: Api, request: pytest.FixtureRequest) -> Iterator[Mqtt]:
    """Give a connection that listens, without a token: what is followed here is open to all."""
    with Mqtt(api.endpoint(RECEIVE), request.param) as connection:
        yield connection


def test_new_entities_of_a_set_are_announced(api: Api, follower: Mqtt) -> None:
    """req/receive-updates-via-mqtt/receive-updates: the topic of an entity set brings each new entity in full."""
    stream = api.station()
    topic = f"v1.1/Datastreams({stream})/Observations"
    follower.subscribe(topic)
    made = api.observe(stream, 5, "2024-05-01T00:00:00Z")
    got, entity = follower.next()
    assert got == topic
    assert entity == api.body(f"Observations({made})")
    assert follower.silent()


def test_a_root_set_is_followed(api: Api, follower: Mqtt) -> None:
    """req/receive-updates-via-mqtt/receive-updates: Observations and Things as a whole."""
    follower.subscribe("v1.1/Observations")
    follower.subscribe("v1.1/Things")
    host = api.create("Things", thing(Locations=[location()]))
    assert follower.until(lambda entity: entity["@iot.id"] == host, "v1.1/Things")["description"]
    made = api.observe(api.station(), 5, "2024-05-01T00:00:00Z")
    assert follower.until(lambda entity: entity["@iot.id"] == made, "v1.1/Observations")["result"] == 5


def test_changes_of_an_entity_are_announced(api: Api, follower: Mqtt) -> None:
    """req/receive-updates-via-mqtt/receive-updates: the topic of an entity brings it whenever a property changes."""
    host, other = api.create("Things", thing()), api.create("Things", thing())
    follower.subscribe(f"v1.1/Things({host})")
    assert api.send("PATCH", f"Things({other})", {"description": "other"}).status_code in (200, 204)
    assert api.send("PATCH", f"Things({host})", {"description": "changed"}).status_code in (200, 204)
    entity = follower.until(lambda one: one["description"] == "changed")
    assert entity["@iot.id"] == host
    assert {topic for topic, _ in follower.seen} == {f"v1.1/Things({host})"}
    assert {one["@iot.id"] for _, one in follower.seen} == {host}


def test_changes_of_a_property_are_announced(api: Api, follower: Mqtt) -> None:
    """req/receive-updates-via-mqtt/receive-updates: the topic of a property brings its new value alone."""
    host = api.create("Things", thing())
    follower.subscribe(f"v1.1/Things({host})/description")
    assert api.send("PATCH", f"Things({host})", {"name": "another"}).status_code in (200, 204)
    assert api.send("PATCH", f"Things({host})", {"description": "changed"}).status_code in (200, 204)
    assert follower.until(lambda part: part["description"] == "changed") == {"description": "changed"}
    assert {topic for topic, _ in follower.seen} == {f"v1.1/Things({host})/description"}
    assert all(set(part) == {"description"} for _, part in follower.seen)
    assert follower.silent()


def test_selected_properties_are_announced(api: Api, follower: Mqtt) -> None:
    """req/receive-updates-via-mqtt/receive-updates: select in the topic leaves the named properties."""
    stream = api.station()
    topic = f"v1.1/Datastreams({stream})/Observations?$select=result,phenomenonTime"
    follower.subscribe(topic)
    # The service hears of the first subscription with a selection by way of the broker, which takes a moment.
    for minute in range(5):
        api.observe(stream, 5, f"2024-05-01T00:{minute:02}:00Z")
        if not follower.silent(2, keep=True):
            break
    got, entity = follower.next()
    assert got == topic
    assert {word for word in entity if "@" not in word} == {"result", "phenomenonTime"}
