"""``$live``: new observations as events, over real HTTP."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from allmende.apis.sensorthings import hub
from allmende.gate.query import Arrival
from allmende.gate.tokens import create_token, revoke
from tests.apis.conftest import BASE, COLLECT, START, Town, stocked

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town of its own, to which these tests add what all may see."""
    yield from stocked(tmp_path_factory.mktemp("live"))


class Stream:
    """An open event stream."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.headers["content-type"].startswith("text/event-stream")
        self.lines = answer.iter_lines()

    def events(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """Read so many events."""
        found: list[tuple[int, dict[str, Any]]] = []
        last = 0
        for line in self.lines:
            if line.startswith("id: "):
                last = int(line[4:])
            if line.startswith("data: "):
                found.append((last, json.loads(line[6:])))
                if len(found) == number:
                    break
        return found


@contextmanager
def live(town: Town, stream: int, last: int | None = None, token: str = "", **options: str) -> Iterator[Stream]:
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    query = {"$live": "", **{f"${name}": value for name, value in options.items()}}
    address = f"{BASE}/Datastreams({stream})/Observations"
    with town.client.stream("GET", address, params=query, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        yield Stream(answer)


@pytest.fixture
def station(town: Town) -> int:
    return town.add(f"Live{next(_NUMBERS)}", (9.2, 47.6), "weather")


def put(town: Town, stream: int, *values: float, first: int = 0) -> None:
    arrivals = [
        Arrival(datastream_id=stream, phenomenon_start=START + (first + number) * 1_000_000, result=value)
        for number, value in enumerate(values)
    ]
    town.gate.append(town.gate.grant(COLLECT), arrivals)


def soon(deed: Any) -> None:
    threading.Timer(0.3, deed).start()


def test_new_observations_arrive_with_their_ids(town: Town, station: int) -> None:
    put(town, station, 1.0, 2.0)
    with live(town, station) as stream:
        soon(lambda: put(town, station, 3.0, 4.0, first=2))
        events = stream.events(2)
    assert [entity["result"] for _, entity in events] == [3.0, 4.0]
    assert all(number == entity["@iot.id"] for number, entity in events)


def test_a_posted_one_arrives_at_once(town: Town, station: int) -> None:
    with live(town, station) as stream:
        path = f"Datastreams({station})/Observations"
        soon(lambda: town.post(path, {"phenomenonTime": "2026-01-01T00:00:00Z", "result": 5}))
        (event,) = stream.events(1)
    assert event[1]["result"] == 5


def test_the_last_id_resumes_without_gap_or_double(town: Town, station: int) -> None:
    put(town, station, *range(5))
    with live(town, station) as stream:
        soon(lambda: put(town, station, 5.0, first=5))
        last = stream.events(1)[0][0]
    put(town, station, *(n / 100 for n in range(6, 2_600)), first=6)
    with live(town, station, last) as stream:
        soon(lambda: put(town, station, 26.0, 26.01, first=2_600))
        events = stream.events(2_596)
    assert [entity["result"] for _, entity in events] == [n / 100 for n in range(6, 2_602)]


def test_a_filter_and_a_selection_hold_for_events(town: Town, station: int) -> None:
    with live(town, station, filter="result gt 10", select="result") as stream:
        soon(lambda: put(town, station, 1.0, 11.0, 2.0, 12.0))
        events = stream.events(2)
    assert [entity["result"] for _, entity in events] == [11.0, 12.0]
    assert "phenomenonTime" not in events[0][1]


def test_a_correction_is_an_event_of_its_own(town: Town, station: int) -> None:
    put(town, station, 1.0, 2.0)
    number = town.values(f"Datastreams({station})/Observations", orderby="id")[0]["@iot.id"]
    with live(town, station) as stream, live(town, station, filter="result gt 20") as hot:
        soon(lambda: town.send("PATCH", f"Observations({number})", {"result": 21}))
        assert next(line for line in stream.lines if line.startswith("event: ")) == "event: corrected"
        assert next(line for line in hot.lines if line.startswith("event: ")) == "event: corrected"
        ((last, entity),) = stream.events(1)
    assert (last, entity["@iot.id"], entity["result"]) == (0, number, 21)


def test_closed_unknown_and_unfit_requests_are_refused(town: Town, station: int) -> None:
    for number in (town.streams["Küche"], 999_999):
        answer = town.client.get(f"{BASE}/Datastreams({number})/Observations?$live")
        assert (answer.status_code, answer.json()["code"]) == (404, "sensorthings.no_entity")
    for path in ("Observations?$live", "Things?$live", f"Datastreams({station})?$live"):
        assert town.client.get(f"{BASE}/{path}").status_code == 400
    for option in ("$top=1", "$orderby=id", "$expand=Datastream", "$filter=result gt"):
        assert town.client.get(f"{BASE}/Datastreams({station})/Observations?$live&{option}").status_code == 400
    wrong = town.client.get(f"{BASE}/Datastreams({station})/Observations?$live", headers={"Authorization": "Bearer x"})
    assert wrong.status_code == 401


def test_a_token_without_the_rules_is_refused_and_a_revoked_one_let_go(
    town: Town, station: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    useless = create_token(town.gate, name=f"useless-{station}", scopes=("read:climate-adaptation",))
    address = f"{BASE}/Datastreams({station})/Observations?$live"
    answer = town.client.get(address, headers={"Authorization": f"Bearer {useless}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "gate.refused")
    monkeypatch.setattr("allmende.apis.sensorthings.live.HEARTBEAT_SECONDS", 0.2)
    mine = create_token(town.gate, name=f"mine-{station}", scopes=("observations:write",))
    with live(town, station, token=mine) as stream:
        put(town, station, 1.0)
        assert len(stream.events(1)) == 1
        revoke(town.gate, f"mine-{station}")
        ended = stream.events(2)
        assert [event["code"] for _, event in ended] == ["token.not_valid"], "it says why, and ends"


def _listeners(town: Town) -> float:
    lines = town.client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("allmende_live_listeners "))


def test_places_are_limited_and_given_back(town: Town, station: int, monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = time.monotonic() + 5
    while _listeners(town) and time.monotonic() < deadline:
        time.sleep(0.05)
    monkeypatch.setattr(hub, "MOST_LISTENERS", 2)
    address = f"{BASE}/Datastreams({station})/Observations?$live"
    with live(town, station), live(town, station):
        assert _listeners(town) == 2
        full = town.client.get(address)
        assert (full.status_code, full.json()["code"], full.headers["retry-after"]) == (503, "live.full", "1")
    while _listeners(town) and time.monotonic() < deadline + 5:
        time.sleep(0.05)
    assert _listeners(town) == 0
    with live(town, station) as stream:
        soon(lambda: put(town, station, 1.0))
        assert len(stream.events(1)) == 1
