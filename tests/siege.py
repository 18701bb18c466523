"""Writers over HTTP and a process that seals, both killed at random moments; what was acknowledged is counted after."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec

from allmende.gate.door import Ask, Asker, migrate_store, open_gate
from allmende.gate.query import Datastream, ObservedProperty, Sensor, Thing
from allmende.gate.tokens import create_token
from allmende.kernel.clock import iso_from_micros
from tests.program import PROGRAM, environment, free_port, run
from tests.weather_rules import WEATHER_RULES

BASE = "/sensorthings/v1.1"
START, STEP = 1_717_200_000_000_000, 60_000_000
COLLECT = Ask(Asker("system:tests"), "collect", "climate-adaptation", "administration")
_COLLECT, *_OTHERS = WEATHER_RULES.rules
RULES = msgspec.structs.replace(
    WEATHER_RULES, rules=(msgspec.structs.replace(_COLLECT, verbs=("collect", "delete")), *_OTHERS)
)
WRITERS, STREAMS, ROWS = 2, 3, 40
AGAIN_SECONDS, PATIENCE_SECONDS = 0.05, 120.0
SEALER = """
import sys
from allmende.gate.door import open_gate
gate = open_gate(sys.argv[1])
while True:
    gate.seal()
"""
Value = tuple[int, str, float]


class Outcome(msgspec.Struct):
    """What was acknowledged, and what became of it."""

    kills: int
    acknowledged: int
    corrected: int
    deleted: int
    lost: int
    doubled: int
    strange: int
    doctor: str

    @property
    def good(self) -> bool:
        """Tell whether everything is there once, with its number and value."""
        return self.lost == self.doubled == self.strange == 0 and self.doctor == ""


class Refused(Exception):
    """The service refused what it has to take."""


class Writer(threading.Thread):
    """Sends values of its own, each until it is acknowledged, and keeps what has to be stored."""

    def __init__(self, address: str, token: str, streams: list[int], number: int) -> None:
        super().__init__(daemon=True)
        self._client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=20)
        self._streams = streams
        self._number = number
        self._chance = Random(number)
        self._sent = 0
        self.stopped = threading.Event()
        self.kept: dict[int, Value] = {}
        self.corrected = self.deleted = 0
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Tell whether enough was written, corrected and deleted to speak of, or nothing more will be."""
        enough = len(self.kept) > ROWS and self.corrected > 0 and self.deleted > 0
        return enough or self.error is not None

    def run(self) -> None:
        """Write until told to stop."""
        try:
            while not self.stopped.is_set():
                self._chance.choices((self._one, self._many, self._correct, self._delete), (8, 3, 2, 1))[0]()
        except (Refused, httpx.HTTPError, LookupError, ValueError) as error:
            self.error = error

    def _ask(self, method: str, path: str, body: object = None, *fine: int) -> httpx.Response:
        """Send a request again and again until it is answered with one of the statuses."""
        while True:
            try:
                answer = self._client.request(method, f"{BASE}/{path}", json=body)
            except httpx.TransportError:
                time.sleep(AGAIN_SECONDS)
                continue
            if answer.status_code in fine:
                return answer
            if answer.status_code != 503:
                raise Refused(f"{answer.status_code} {method} {path}: {answer.text[:300]}")
            time.sleep(AGAIN_SECONDS)

    def _next(self, stream: int) -> Value:
        """Give a value for a time that nobody has; one of three comes late."""
        self._sent += 1
        place = self._sent * WRITERS + self._number
        place = 3_000_000 - place if self._sent % 3 == 0 else place
        return stream, iso_from_micros(START + place % 1_000_000 * STEP), float(self._sent % 400) / 10

    def _one(self) -> None:
        stream, when, value = self._next(self._chance.choice(self._streams))
        body = {"phenomenonTime": when, "result": value}
        answer = self._ask("POST", f"Datastreams({stream})/Observations", body, 201)
        self.kept[_number(answer.headers["location"])] = (stream, when, value)

    def _many(self) -> None:
        stream = self._chance.choice(self._streams)
        values = [self._next(stream) for _ in range(ROWS)]
        body = {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result"],
            "dataArray": [list(value[1:]) for value in values],
        }
        links = self._ask("POST", "CreateObservations", [body], 201).json()
        self.kept |= dict(zip(map(_number, links), values, strict=True))

    def _correct(self) -> None:
        if self.kept:
            chosen = self._chance.choice(list(self.kept))
            value = float(self._chance.randrange(400)) / 10
            self._ask("PATCH", f"Observations({chosen})", {"result": value}, 200)
            self.kept[chosen] = (*self.kept[chosen][:2], value)
            self.corrected += 1

    def _delete(self) -> None:
        if self.kept:
            chosen = self._chance.choice(list(self.kept))
            # When it was deleted and the answer was lost, the second request finds nothing.
            self._ask("DELETE", f"Observations({chosen})", None, 200, 404)
            del self.kept[chosen]
            self.deleted += 1


def _number(link: str) -> int:
    return int(link.rpartition("(")[2].rstrip(")"))


class Siege:
    """A data process and a sealer over a store, which are killed and come back."""

    def __init__(self, home: Path, url: str, *, command: bool = False) -> None:
        self.home = home
        self.url = url
        self._more: dict[str, Any] = {"ALLMENDE_DATABASE_URL": url} if url.startswith("postgres") else {}
        seal = [*PROGRAM, "seal", "--all"] if command else [sys.executable, "-c", SEALER, url]
        self.port = free_port()
        self._words = {"data": [*PROGRAM, "serve", "data", "--port", str(self.port)], "sealer": seal}
        self._alive: dict[str, subprocess.Popen[bytes]] = {}
        self.address = f"http://127.0.0.1:{self.port}"
        migrate_store(url)
        gate = open_gate(url)
        gate.publish(RULES, "tests")
        self.token = create_token(gate, name="siege", scopes=("sensorthings:write",))
        grant = gate.grant(COLLECT)
        links: dict[str, Any] = {
            "thing_id": gate.create(grant, "Things", Thing(name="Station", description="")),
            "sensor_id": gate.create(grant, "Sensors", Sensor(name="Sensor", description="")),
            "observed_property_id": gate.create(
                grant, "ObservedProperties", ObservedProperty(name="t", definition="", description="")
            ),
        }
        named: dict[str, Any] = {"description": "", "unit": "Cel", "category": "weather", "data_use": "tests"}
        self.streams = [
            gate.create(grant, "Datastreams", Datastream(name=f"Stream {number}", **named, **links))
            for number in range(STREAMS)
        ]
        gate.close()

    def _start(self, name: str) -> None:
        self._alive[name] = subprocess.Popen(
            self._words[name],
            env=environment(self.home, **self._more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if name == "data":
            self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                httpx.get(f"{self.address}{BASE}", timeout=20)
            except httpx.TransportError:
                if time.monotonic() > deadline or self._alive["data"].poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def _kill(self, name: str) -> None:
        process = self._alive[name]
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def endure(self, kills: int, seed: int = 1) -> Outcome:
        """Let the writers write while processes are killed; then count."""
        chance = Random(seed)
        writers = [Writer(self.address, self.token, self.streams, number) for number in range(WRITERS)]
        try:
            for name in self._words:
                self._start(name)
            for writer in writers:
                writer.start()
            for _ in range(kills):
                name = chance.choice(("data", "data", "sealer"))
                time.sleep(chance.uniform(0.05, 0.7))
                self._kill(name)
                self._start(name)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not all(writer.is_done for writer in writers) and time.monotonic() < deadline:
                time.sleep(AGAIN_SECONDS)
            for writer in writers:
                writer.stopped.set()
                writer.join(PATIENCE_SECONDS)
            return self._counted(kills, writers)
        finally:
            for name in self._alive:
                self._kill(name)

    def _counted(self, kills: int, writers: list[Writer]) -> Outcome:
        for writer in writers:
            if writer.error is not None:
                raise writer.error
            if writer.is_alive():
                raise Refused("a writer does not come to an end")
        self._kill("sealer")
        expected: dict[int, Value] = {}
        for writer in writers:
            expected |= writer.kept
        stored = [row for stream in self.streams for row in self._stored(stream)]
        found = dict(stored)
        times = {(stream, when) for stream, when, _ in found.values()}
        done = run(self.home, "doctor", "store", **self._more)
        return Outcome(
            kills=kills,
            acknowledged=len(expected),
            corrected=sum(writer.corrected for writer in writers),
            deleted=sum(writer.deleted for writer in writers),
            lost=sum(found.get(number) != value for number, value in expected.items()),
            doubled=len(stored) - min(len(found), len(times)),
            strange=len(found.keys() - expected.keys()),
            doctor="" if done.returncode == 0 else done.stdout + done.stderr,
        )

    def _stored(self, stream: int) -> list[tuple[int, Value]]:
        """Read all that a datastream has, page by page."""
        rows: list[tuple[int, Value]] = []
        path = f"{BASE}/Datastreams({stream})/Observations?$top=10000&$select=id,phenomenonTime,result"
        while path:
            page = httpx.get(f"{self.address}{path}", timeout=60).json()
            rows += [(row["@iot.id"], (stream, row["phenomenonTime"], row["result"])) for row in page["value"]]
            path = page.get("@iot.nextLink", "").removeprefix(self.address)
        return rows
