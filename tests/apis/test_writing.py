"""Creating observations: who may, what is refused, and that nothing is stored twice or by halves."""

import base64
from typing import Any

import pytest

from allmende.gate.door import PUBLIC, Ask
from tests.apis.conftest import Town

OPEN = Ask(PUBLIC, "publish", "open-data", "public")
TIME = "2025-03-01T12:00:00Z"


@pytest.fixture
def stream(town: Town, request: pytest.FixtureRequest) -> int:
    """Give an empty datastream; it is gone for others because they never look at it."""
    return _streams.setdefault(request.node.name, town.add(f"Probe {len(_streams)}", (9.0, 47.0), "trial"))


_streams: dict[str, int] = {}


def _stored(town: Town, stream: int) -> list[float]:
    """Look past the door, as the rules do not open these datastreams to readers."""
    grant = town.gate.grant(Ask(PUBLIC, "publish", "trial", "public"))
    return [float(value) for value in town.gate.series(grant, stream, 0, 2**62).values]


def test_a_value_comes_back_as_it_was_sent(town: Town, stream: int) -> None:
    body = {"phenomenonTime": TIME, "result": 12.25, "Datastream": {"@iot.id": stream}, "parameters": {"raw": 1}}
    answer = town.post("Observations", body)
    assert answer.status_code == 201
    assert answer.headers["location"].startswith(str(town.client.base_url).rstrip("/"))
    assert _stored(town, stream) == [12.25]


def test_values_can_be_sent_to_their_datastream(town: Town, stream: int) -> None:
    assert town.post(f"Datastreams({stream})/Observations", {"phenomenonTime": TIME, "result": 0}).status_code == 201
    assert _stored(town, stream) == [0.0]


@pytest.mark.parametrize(("token", "status"), [("", 401), ("alm_invented", 401), ("reader", 403)])
def test_only_a_token_with_the_scope_writes(town: Town, stream: int, token: str, status: int) -> None:
    answer = town.post(f"Datastreams({stream})/Observations", {"phenomenonTime": TIME, "result": 1}, token)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert _stored(town, stream) == []


@pytest.mark.parametrize(
    ("pair", "status"),
    [("anyone:{writer}", 201), (":{writer}", 201), ("anyone:{reader}", 403), ("{writer}:", 401), ("{writer}", 401)],
)
def test_the_token_may_be_the_password_of_http_basic(town: Town, stream: int, pair: str, status: int) -> None:
    encoded = base64.b64encode(pair.format(**town.tokens).encode()).decode()
    body = {"phenomenonTime": TIME, "result": 1}
    answer = town.post(f"Datastreams({stream})/Observations", body, "", Authorization=f"Basic {encoded}")
    assert answer.status_code == status
    assert len(_stored(town, stream)) == (status == 201)


@pytest.mark.parametrize("encoded", ["?", "/w==", "YQ"])
def test_what_is_no_pair_of_http_basic_is_no_token(town: Town, stream: int, encoded: str) -> None:
    body = {"phenomenonTime": TIME, "result": 1}
    answer = town.post(f"Datastreams({stream})/Observations", body, "", Authorization=f"Basic {encoded}")
    assert answer.status_code == 401
    assert _stored(town, stream) == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"phenomenonTime": TIME}, "result"),
        ({"phenomenonTime": "gestern", "result": 1}, "phenomenonTime"),
        ({"phenomenonTime": "2025-03-01T12:00:00", "result": 1}, "phenomenonTime"),
        ({"phenomenonTime": "2025-03-01T12:00:00Z/x", "result": 1}, "phenomenonTime"),
        ({"phenomenonTime": TIME, "resultTime": "?", "result": 1}, "resultTime"),
        ({"phenomenonTime": TIME, "result": 51}, "51"),
        ({"phenomenonTime": TIME, "result": -273}, "-273"),
        ({"phenomenonTime": 5, "result": 1}, "phenomenonTime"),
        ([1, 2], "object"),
        ("text", "object"),
    ],
)
def test_a_bad_body_is_refused_and_leaves_nothing(town: Town, stream: int, body: Any, named: str) -> None:
    answer = town.post(f"Datastreams({stream})/Observations", body)
    assert answer.status_code in (400, 422), answer.text
    problem = answer.json()
    assert named in problem["title_en"] + problem["title"]
    assert _stored(town, stream) == []


def test_a_datastream_that_is_not_there_is_named(town: Town) -> None:
    for answer in (
        town.post("Datastreams(999999)/Observations", {"phenomenonTime": TIME, "result": 1}),
        town.post("Observations", {"phenomenonTime": TIME, "result": 1, "Datastream": {"@iot.id": 999999}}),
        town.post("Observations", {"phenomenonTime": TIME, "result": 1}),
    ):
        assert answer.status_code == 404, answer.text


def test_a_huge_body_is_refused(town: Town, stream: int) -> None:
    answer = town.post(f"Datastreams({stream})/Observations", {"result": "x" * 10_000_001})
    assert answer.status_code == 413


def test_the_same_message_is_kept_once(town: Town, stream: int) -> None:
    body = {"phenomenonTime": TIME, "result": 3.5}
    places = {
        town.post(f"Datastreams({stream})/Observations", body, **{"Idempotency-Key": "m-1"}).headers["location"]
        for _ in range(3)
    }
    assert len(places) == 1
    assert _stored(town, stream) == [3.5]


def test_many_at_once_store_the_good_and_name_the_bad(town: Town, stream: int) -> None:
    rows = [["2025-03-01T12:00:00Z", 1.0], ["2025-03-01T12:01:00Z", 99.0], ["nie", 2.0], ["2025-03-01T12:03:00Z", 4.0]]
    block = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    answer = town.post("CreateObservations", [block])
    assert answer.status_code == 201
    assert [entry.startswith("error") for entry in answer.json()] == [False, True, True, False]
    assert _stored(town, stream) == [1.0, 4.0]
