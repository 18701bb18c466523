"""The broker and the data process are killed at random moments: what a device was told to be taken is there, once.

``MQTT_KILLS`` says how often; a few times by default, since each restart takes its time.
"""

import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate
from allmende.gate.query import Order, Query, Within
from allmende.gate.query import Path as Way
from allmende.gate.tokens import create_token
from tests.apis.conftest import RULES, Town
from tests.mqtt_broker import Broker
from tests.program import PROGRAM, environment, free_port

KILLS = int(os.environ.get("MQTT_KILLS", "2"))
READ = Ask(Asker("public"), "publish", "open-data", "public")
PACE, ON_THE_WAY = 400, 200


def _text(value: str) -> bytes:
    return struct.pack("!H", len(value.encode())) + value.encode()


class Device(threading.Thread):
    """Publishes numbers over MQTT 3.1.1, each until the broker acknowledges it."""

    def __init__(self, port: int, secret: str, stream: int) -> None:
        super().__init__(daemon=True)
        self.port, self.secret, self.stream = port, secret, stream
        self.acknowledged: set[int] = set()
        self.again: deque[int] = deque()
        self.next, self.stop = 0, threading.Event()

    def run(self) -> None:
        """Send until stopped, over one connection after the other."""
        while not self.stop.is_set():
            on_the_way: dict[int, int] = {}
            with suppress(OSError):
                self._connected(on_the_way)
            self.again.extend(sorted(on_the_way.values()))
            time.sleep(0.05)

    def _connected(self, on_the_way: dict[int, int]) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 2) as line:
            hello = _text("MQTT") + struct.pack("!BBH", 4, 0xC2, 60) + _text("device") + _text("writer")
            hello += _text(self.secret)
            line.sendall(bytes([0x10, len(hello)]) + hello)
            assert line.recv(4) == b"\x20\x02\x00\x00"
            mark, rest, due = 0, b"", time.monotonic()
            while not self.stop.is_set() or on_the_way:
                if not self.stop.is_set() and len(on_the_way) < ON_THE_WAY and time.monotonic() >= due:
                    due = max(due + 1 / PACE, time.monotonic() - 0.1)
                    mark = mark % 65_535 + 1
                    on_the_way[mark] = number = self._number()
                    line.sendall(self._packet(mark, number))
                rest = self._hear(line, rest, on_the_way)

    def _number(self) -> int:
        if self.again:
            return self.again.popleft()
        self.next += 1
        return self.next

    def _packet(self, mark: int, number: int) -> bytes:
        at = f"2026-03-01T{number // 3_600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number // 86_400:03}Z"
        body = f'{{"phenomenonTime":"{at}","result":{number % 50}}}'.encode()
        content = _text(f"u/writer/v1.1/Datastreams({self.stream})/Observations") + struct.pack("!H", mark) + body
        return bytes([0x32, len(content) & 127 | 128, len(content) >> 7]) + content

    def _hear(self, line: socket.socket, rest: bytes, on_the_way: dict[int, int]) -> bytes:
        ready, _, _ = select.select([line], [], [], 0.5 / PACE)
        if not ready:
            return rest
        got = line.recv(65_536)
        if not got:
            raise ConnectionError
        rest += got
        while len(rest) >= 4:
            number = on_the_way.pop(rest[2] << 8 | rest[3], None)
            if number is not None:
                self.acknowledged.add(number)
            rest = rest[4:]
        return rest


class Program:
    """The data process beside a broker, which may both be killed and started again."""

    def __init__(self, home: Path, store_url: str) -> None:
        migrate_store(store_url)
        self.gate = open_gate(store_url)
        self.gate.publish(RULES, actor="tests")
        self.stream = Town(self.gate).add("Platz", (9.17, 47.66), "weather")
        self.secret = create_token(self.gate, name="writer", scopes=("observations:write",))
        self.broker = Broker().start()
        self.broker.account("writer", self.secret)
        self.port = free_port()
        named = {"ALLMENDE_DATABASE_URL": store_url} if store_url.startswith("postgres") else {}
        self.environment = environment(home, ALLMENDE_MQTT_URL=self.broker.url, **named)
        self.start()

    def start(self) -> None:
        """Start the data process."""
        command = [*PROGRAM, "serve", "data", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment)

    def connected(self) -> None:
        """Wait until the data process has its broker."""
        _until(lambda: self._health().get("mqtt") == "ok")

    def _health(self) -> dict[str, str]:
        found: dict[str, str] = {}
        with suppress(httpx.TransportError):
            found = httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).json()
        return found

    def kill(self, which: str) -> None:
        """End one of them at once and start it again."""
        if which == "broker":
            self.broker.kill()
            self.broker.start()
        else:
            self.process.kill()
            self.process.wait(10)
            self.start()

    def end(self) -> None:
        """End both in order."""
        self.process.terminate()
        self.process.wait(20)
        self.broker.end()
        self.gate.close()


def _until(enough: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not enough():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    """Serve a town of one station."""
    url = str(tmp_path / "observations.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new()
    made = Program(tmp_path, url)
    try:
        yield made
    finally:
        made.end()


def _times(gate: Gate, stream: int) -> list[int]:
    """Give the times of all observations, in order."""
    grant, found, after = gate.grant(READ), list[int](), None
    while True:
        page = gate.page(
            grant,
            Query(
                kind="Observations",
                within=Within("Datastreams", stream),
                order=(Order(Way(("phenomenonTime",))),),
                top=5_000,
                after=after,
            ),
        )
        found += [record.value.phenomenon_start for record in page.records]
        after = page.next_after
        if after is None:
            return found


def _number(start: int) -> int:
    """Read the number from the time that it was sent with."""
    day = 1_772_323_200_000_000
    second, thousandth = divmod((start - day) // 1_000, 1_000)
    return second + thousandth * 86_400


def _stored(program: Program) -> list[int]:
    return [_number(start) for start in _times(program.gate, program.stream)]


def _all_stored(program: Program, numbers: set[int]) -> bool:
    return numbers <= set(_stored(program))


def test_what_is_acknowledged_is_there_once(program: Program) -> None:
    """What waits in the broker's memory dies with it, so it is killed when the data process has caught up.

    The session of the data process has to be on the broker's disk, too: it is saved every ten seconds.
    """
    program.connected()
    program.broker.save()
    device = Device(program.broker.create_port, program.secret, program.stream)
    device.start()
    for turn in range(KILLS):
        program.connected()
        _until(partial(_all_stored, program, set(device.acknowledged)))
        time.sleep(random.uniform(0.0, 1.0))
        program.kill(("broker", "data")[turn % 2])
    program.connected()
    device.stop.set()
    device.join(30)
    wanted = set(device.acknowledged)
    assert len(wanted) > 100
    deadline, lost = time.monotonic() + 20, wanted
    while lost and time.monotonic() < deadline:
        lost = wanted - set(_stored(program))
    assert lost == set(), f"{len(lost)} of {len(wanted)} are lost"
    assert [number for number, times in Counter(_stored(program)).items() if times > 1] == []
