"""Devices send over MQTT: everything is stored once, whoever is killed; what is wrong is told and holds nothing up."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from allmende.gate.tokens import create_token
from allmende.sources.definition import connector
from allmende.sources.run import House, replay
from tests.program import free_port, run
from tests.uplinks import Network, Sent, until, uplink

DEVICES, FRAMES = 20, 100


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    """Give a city with one data process, or with two that share the messages and a database service."""
    shared = request.param == "postgresql"
    url = request.getfixturevalue("postgres").new() if shared else str(tmp_path / "observations.sqlite3")
    made = Network(tmp_path, url, DEVICES, share="city" if shared else "")
    try:
        for _ in range(1 + shared):
            made.start(free_port())
        yield made
    finally:
        made.end()


def _frames(first: int, last: int) -> list[Sent]:
    return [uplink(device, frame) for frame in range(first, last) for device in range(DEVICES)]


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_workers_broker_and_database_are_killed_and_each_uplink_is_stored_once(network: Network) -> None:
    one, *more = network.processes
    until(lambda: all(network.answers(port) for port in network.processes))
    until(lambda: network.heard(_frames(0, 1)), 20)
    network.broker.save()
    part = FRAMES // 5
    sending = threading.Thread(target=network.send, args=(_frames(1, 2 * part), 0.02))
    sending.start()
    for port in (one, *more):
        network.kill(port)
        network.start(port)
        until(partial(network.answers, port))
        if more:
            _terminate(network.store_url)
    sending.join(60)
    for port in network.processes:
        network.kill(port)
    network.send(_frames(2 * part, FRAMES))
    network.broker.save()
    network.broker.kill()
    network.broker.start()
    for port in (one, *more):
        network.start(port)
    wanted = {f"station-{device}": FRAMES for device in range(DEVICES)}
    until(lambda: network.stored() == wanted, 60)
    network.send(_frames(FRAMES - 20, FRAMES))
    until(lambda: network.state().repeated >= 20 * DEVICES)
    assert network.stored() == wanted, "what comes again is known"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Network]:
    """Give a city of three devices that is already listening."""
    made = Network(tmp_path, str(tmp_path / "observations.sqlite3"), 3)
    made.recipe("generic", "mqtt-json", **GENERIC, PORT=str(made.broker.port))
    try:
        made.start(free_port())
        until(lambda: made.heard([uplink(0, 0)]))
        yield made
    finally:
        made.end()


GENERIC = {
    "dataset: my-devices": "dataset: generic",
    "mqtt://broker.example.org:1883 ": "mqtt://127.0.0.1:PORT ",
    "my-station, name: My station": "pole, name: Pole",
    "unit: Cel\n": "unit: Cel\n    unit_path: unit\n    unit_given: C\n",
}


def test_the_same_uplink_over_http_and_mqtt_counts_once(town: Network) -> None:
    (port,) = town.processes
    token = create_token(town.gate, name="tts", scopes=("ingest:lora",))
    first = uplink(1, 7, "2026-03-01T10:00:00.123456789Z", temperature=0)

    def post(body: bytes) -> dict[str, int]:
        answer = httpx.post(
            f"http://127.0.0.1:{port}/ingest/lora", content=body, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, answer.text
        said: dict[str, int] = answer.json()
        return said

    assert post(first[1])["taken"] == 1
    town.send([first])
    until(lambda: town.state().repeated >= 1)
    heard_later = uplink(1, 7, "2026-03-01T10:00:02Z", temperature=0)
    assert post(heard_later[1])["repeated"] == 1, "the same frame, stamped by another server"
    town.kill(port)
    town.start(port)
    until(lambda: town.answers(port))
    assert post(heard_later[1])["repeated"] == 1, "known after a kill too"
    assert town.values("lora-s-1-air-temperature") == [("2026-03-01T10:00:00.123456Z", 0)], "a zero is a value"


def test_what_is_wrong_is_told_and_holds_nothing_up(town: Network) -> None:
    topic, good = uplink(2, 2, "2026-03-01T10:01:00Z", temperature=2)
    town.send(
        [
            (topic, good[:200]),
            (topic, b"<!doctype html><html>busy</html>"),
            (topic, good.replace(b"2}", b"NaN}", 1)),
            uplink(99, 1),
            uplink(2, 9, "2099-01-01T00:00:00Z", temperature=9),
            uplink(2, 3, "2026-03-01T10:02:00Z", temperature=900),
            uplink(2, 5, "2026-03-01T10:05:00Z", temperature=5),
            (topic, good),
            ("sensors/1/values", b'{"time": "2026-03-01T10:00:00Z", "temperature": 0, "unit": "C"}'),
            ("sensors/1/values", b'{"time": "2026-03-01T10:01:00Z", "temperature": 50, "unit": "F"}'),
            ("sensors/1/values", b'{"time": "2026-03-01T10:02:00Z", "temperature": 2, "unit": "C"}'),
        ]
    )
    until(lambda: len(town.values("lora-s-2-air-temperature")) == 2, 20)
    until(lambda: len(town.values("generic-pole-air-temperature")) == 2, 20)
    assert [value for _, value in town.values("lora-s-2-air-temperature")] == [2, 5], "out of order, and both there"
    until(lambda: town.state().refused.get("quarantine") == 2)
    state = town.state()
    assert (state.unread, state.unknown) == (3, ["station-99"])
    assert town.state("generic").last_unread is not None
    told = run(town.home, "connector", "list").stdout
    assert "station-99" in told
    assert "3 messages could not be read" in told
    town.recipe("lora", "tts", **{"key: station-2,": "key: station-99,"})
    outcome, unread = replay(House(town.home), town.gate, connector(town.home, "lora"))
    assert (outcome.taken, unread) == (1, 3), "the raw messages were kept"


def test_a_broker_that_refuses_us_is_told(tmp_path: Path) -> None:
    made = Network(tmp_path, str(tmp_path / "observations.sqlite3"), 1)
    try:
        made.start(free_port(), TTS_KEY="wrong")
        until(lambda: (found := made.state().trouble) is not None and found.code == "source.broker_refuses")
        assert "needs somebody" in run(made.home, "connector", "list").stdout
    finally:
        made.end()
