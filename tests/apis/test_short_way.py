"""The short way of new observations: over real sockets it differs in nothing from the long one but its speed."""

import itertools
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.gate.tokens import create_token, revoke
from allmende.kernel.clock import iso_from_micros
from tests.apis.conftest import BASE, MINUTE, START, Town, stocked

LONG = {"Origin": "https://stadt.example"}
_MINUTES = itertools.count()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town of its own; its token has been seen, so that the short way is open."""
    home: Path = tmp_path_factory.mktemp("short")
    for made in stocked(home):
        assert made.post("Observations", body(made), "writer").status_code == 201
        yield made


def body(town: Town, name: str = "Döbele", **other: Any) -> dict[str, Any]:
    """Write an observation of a minute that was never used."""
    moment = iso_from_micros(START + (10_000 + next(_MINUTES)) * MINUTE)
    return {"phenomenonTime": moment, "result": 1.5, "Datastream": {"@iot.id": town.streams[name]}, **other}


def raw(town: Town, content: bytes, *head: str, version: str = "1.1") -> bytes:
    """Write a request as it goes over the wire."""
    lines = [
        f"POST {BASE}/Observations HTTP/{version}",
        f"Host: 127.0.0.1:{town.client.base_url.port}",
        f"Authorization: Bearer {town.tokens['writer']}",
        f"Content-Length: {len(content)}",
        *head,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def dial(town: Town) -> socket.socket:
    return socket.create_connection(("127.0.0.1", town.client.base_url.port or 0), timeout=10)


def until(line: socket.socket, answers: int) -> bytes:
    """Read so many answers without a body."""
    found = b""
    while found.count(b"\r\n\r\n") < answers:
        part = line.recv(65_536)
        if not part:
            break
        found += part
    return found


def _without_numbers(text: str) -> str:
    return re.sub(r"\(\d+\)", "(N)", text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    result=st.one_of(
        st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.text(max_size=5), st.none(), st.booleans()
    ),
    more=st.fixed_dictionaries(
        {},
        optional={
            "resultTime": st.sampled_from(["2024-05-01T00:00:00Z", "gestern", 7]),
            "parameters": st.sampled_from([{"a": 1}, [1], None]),
            "phenomenonTime": st.sampled_from(["2024-05-01", "2999-01-01T00:00:00Z", "2024-05-01T00:00:00", None]),
            "Datastream": st.sampled_from([{"@iot.id": 999_999}, {"@iot.id": "eins"}, {}, None]),
            "FeatureOfInterest": st.sampled_from([{"@iot.id": 999_999}, {"name": "x"}]),
        },
    ),
)
def test_both_ways_answer_alike(town: Town, result: Any, more: dict[str, Any]) -> None:
    answers = [
        town.client.post(
            f"{BASE}/Observations",
            json=body(town, result=result, **more),
            headers={"Authorization": f"Bearer {town.tokens['writer']}", **way},
        )
        for way in ({}, LONG)
    ]
    short, long = ((a.status_code, _without_numbers(a.headers.get("location", "")), a.text) for a in answers)
    if short[0] != 409 and long[0] != 409:  # the same time again, with another result: told with its number
        assert short == long


def test_what_is_acknowledged_is_there_with_its_address(town: Town) -> None:
    answer = town.post("Observations", body(town, result=7.25), "writer")
    assert answer.status_code == 201
    assert town.client.get(answer.headers["location"]).json()["result"] == 7.25


def test_pipelined_requests_are_answered_in_their_order(town: Town) -> None:
    contents = [msgspec.json.encode(body(town, result=float(number))) for number in range(5)]
    with dial(town) as line:
        line.sendall(b"".join(raw(town, content) for content in contents))
        answers = until(line, 5)
    addresses = re.findall(rb"location: \S+?(/sensorthings\S+)", answers)
    assert answers.count(b"201 Created") == 5
    assert [town.client.get(address.decode()).json()["result"] for address in addresses] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("version", "head"), [("1.0", ()), ("1.1", ("Connection: close",))])
def test_a_connection_that_shall_end_ends(town: Town, version: str, head: tuple[str, ...]) -> None:
    with dial(town) as line:
        line.sendall(raw(town, msgspec.json.encode(body(town)), *head, version=version))
        answer = until(line, 1)
        assert b"201 Created" in answer
        assert b"connection: close" in answer
        assert line.recv(10) == b""


def test_a_body_in_parts_is_put_together(town: Town) -> None:
    sent = raw(town, msgspec.json.encode(body(town, result=3.5)))
    with dial(town) as line:
        for start in range(0, len(sent), 37):
            line.sendall(sent[start : start + 37])
        assert b"201 Created" in until(line, 1)


def test_who_goes_away_before_the_end_leaves_nothing(town: Town) -> None:
    before = town.get("Observations", count="true", top="0").json()["@iot.count"]
    for _ in range(20):
        with dial(town) as line:
            line.sendall(raw(town, msgspec.json.encode(body(town)))[:-1])
    after = town.post("Observations", body(town), "writer")
    assert after.status_code == 201
    assert town.get("Observations", count="true", top="0").json()["@iot.count"] == before + 1


def test_a_repeated_key_gives_the_same_number(town: Town) -> None:
    content = body(town)
    headers = {"Authorization": f"Bearer {town.tokens['writer']}", "Idempotency-Key": "einmal"}
    first, second = (town.client.post(f"{BASE}/Observations", json=content, headers=headers) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


def test_a_revoked_token_writes_nothing_more(town: Town) -> None:
    town.tokens["gone"] = create_token(town.gate, name="gone", scopes=("observations:write",))
    assert town.post("Observations", body(town), "gone").status_code == 201
    assert town.post("Observations", body(town), "gone").status_code == 201
    revoke(town.gate, "gone")
    answer = town.post("Observations", body(town), "gone")
    assert (answer.status_code, answer.json()["code"]) == (401, "token.not_valid")
