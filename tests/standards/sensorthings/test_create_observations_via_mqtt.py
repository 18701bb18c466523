"""Clause 14.1: observations are created over MQTT 3.1.1 and 5."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.standards.sensorthings.api import Api, feature, link
from tests.standards.sensorthings.broker import Mqtt
from tests.standards.sensorthings.conformance import proves

CREATE = "create-observations-via-mqtt/observations-creation"
pytestmark = proves(CREATE)


@pytest.fixture(params=[4, 5], ids=["mqtt-3.1.1", "mqtt-5"])
def sender(api: Api, request: pytest.FixtureRequest) -> Iterator[Mqtt]:
    """Give a connection that may write."""
    with Mqtt(api.endpoint(CREATE), request.param, api.token, api.account) as connection:
        connection.prefix = f"u/{api.account}/" if request.param == 4 and api.account else ""
        yield connection


def _arrived(api: Api, stream: Any, count: int) -> list[dict[str, Any]]:
    """Wait until a datastream has so many observations."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = api.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime", expand="FeatureOfInterest")
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{count} observations did not arrive at Datastreams({stream})")


def test_an_observation_is_published_to_its_datastream(api: Api, sender: Mqtt) -> None:
    """req/create-observations-via-mqtt/observations-creation: the navigation link's topic names the Datastream."""
    stream = api.station()
    sender.publish(f"v1.1/Datastreams({stream})/Observations", {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 45})
    (seen,) = _arrived(api, stream, 1)
    assert (seen["result"], seen["phenomenonTime"]) == (45, "2024-05-01T00:00:00Z")
    assert seen["FeatureOfInterest"]["@iot.id"]


def test_an_observation_is_published_to_the_set(api: Api, sender: Mqtt) -> None:
    """req/create-observations-via-mqtt/observations-creation: the set's topic, with the links in the payload."""
    stream, target = api.station(), api.create("FeaturesOfInterest", feature())
    body = {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 7.5, "resultTime": "2024-05-01T00:00:01Z"}
    sender.publish("v1.1/Observations", {**body, "Datastream": link(stream), "FeatureOfInterest": link(target)})
    (seen,) = _arrived(api, stream, 1)
    assert {word: seen[word] for word in body} == body
    assert seen["FeatureOfInterest"]["@iot.id"] == target


def test_what_is_no_observation_does_not_stop_the_others(api: Api, sender: Mqtt) -> None:
    """req/create-observations-via-mqtt/observations-creation: a faulty payload makes nothing, the next one does."""
    stream = api.station()
    topic = f"v1.1/Datastreams({stream})/Observations"
    for payload in (b"", b"{", b"[]", b"\xff", b'{"result": 1, "phenomenonTime": "never"}', b'{"phenomenonTime": 5}'):
        sender.publish(topic, payload)
    sender.publish("v1.1/Datastreams(9007199254740000)/Observations", {"result": 1})
    sender.publish(topic, {"phenomenonTime": "2024-05-01T00:00:00Z", "result": 3})
    assert [seen["result"] for seen in _arrived(api, stream, 1)] == [3]


def test_a_burst_arrives_whole(api: Api, sender: Mqtt) -> None:
    """req/create-observations-via-mqtt/observations-creation: each published observation is created once."""
    stream = api.station()
    for minute in range(50):
        body = {"phenomenonTime": f"2024-05-01T00:{minute:02}:00Z", "result": minute}
        sender.publish(f"v1.1/Datastreams({stream})/Observations", body)
    assert [seen["result"] for seen in _arrived(api, stream, 50)] == list(range(50))
