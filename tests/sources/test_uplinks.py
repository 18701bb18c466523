"""Devices send over MQTT: everything is stored once, whoever is killed; what is wrong is told and holds nothing up."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from allmende.gate.tokens import create_token
from tests.program import free_port, run
from tests.uplinks import Network, Sent, until, uplink

DEVICES, FRAMES = 20, 250


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
    until(lambda: network.state().last_value or network.send(_frames(0, 1)), 20)
    network.broker.save()
    part = FRAMES // 5
    sending = threading.Thread(target=network.send, args=(_frames(1, 2 * part), 0.02))
    sending.start()
    for port in (one, *more):
        network.kill(port)
        network.start(port)
        until(lambda port=port: network.answers(port))
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
