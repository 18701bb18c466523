"""An objection suspends a data use: every real process stops taking and showing its data within a second.

The delays are printed; run with ``-s`` to see them.
"""

import asyncio
import datetime as dt
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.mqtt_broker import Broker, Client
from tests.program import founded_copy, run
from tests.serve.test_tree import Tree

pytestmark = pytest.mark.xdist_group("tree")

PROMISED = 1.0
BASE = "/sensorthings/v1.1"
STATION = "platz"
PAGE, PICTURE = f"/daten/stationen/{STATION}/", f"/daten/stationen/{STATION}/air-temperature/woche.svg"
FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SECRET = "a long enough secret"
OBSERVED = "https://example.org/air-temperature"


class Town:
    """A running city with a station whose values come over HTTP and MQTT, and a member of its ethics board."""

    def __init__(self, tree: Tree, broker: Broker, token: str) -> None:
        self.tree, self.broker = tree, broker
        self.devices = httpx.Client(base_url=tree.address, headers={"Authorization": f"Bearer {token}"}, timeout=20)
        self.public = httpx.Client(base_url=tree.address, timeout=20)
        self.board = httpx.Client(base_url=tree.address, timeout=20, follow_redirects=True)
        self.stream = self._station("stadtklima-messnetz")
        self._seconds = itertools.count()

    def _station(self, use: str) -> int:
        about = {"category": "weather", "dataUse": use, "observed": "air-temperature", "interval_seconds": 60}
        stream = {
            "name": "Lufttemperatur",
            "description": "",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "Grad Celsius", "symbol": "°C", "definition": "ucum:Cel"},
            "Sensor": {"name": "S", "description": "", "encodingType": "text/plain", "metadata": ""},
            "ObservedProperty": {"name": "T", "description": "", "definition": OBSERVED},
            "properties": about,
        }
        thing = {
            "name": "Platz",
            "description": "Ein Platz",
            "properties": {"slug": STATION, "kind": "weather-station"},
            "Datastreams": [stream],
        }
        made = self.devices.post(f"{BASE}/Things", json=thing)
        assert made.status_code == 201, made.text
        listed = self.devices.get(f"{made.headers['Location']}/Datastreams").json()["value"]
        return int(listed[0]["@iot.id"])

    def observe(self) -> httpx.Response:
        """Send the next value."""
        return self.devices.post(f"{BASE}/Datastreams({self.stream})/Observations", json=self.value())

    def value(self) -> dict[str, Any]:
        """Give the value of the next second; threads may ask at once."""
        at = FIRST + dt.timedelta(seconds=next(self._seconds))
        return {"phenomenonTime": at.isoformat(), "result": 20.5}

    def sign_in(self) -> None:
        """Sign the board's member in."""
        door = "/intern/konto/login/"
        self.board.get(door)
        form = {"login": "rita@example.org", "password": SECRET, "next": "/intern/"}
        inside = self.board.post(door, data=self._signed(form), headers={"Referer": self.tree.address + door})
        assert "rita@example.org" in inside.text

    def _signed(self, form: dict[str, str]) -> dict[str, str]:
        return {**form, "csrfmiddlewaretoken": self.board.cookies["csrftoken"]}

    def decide(self, number: str, deed: str) -> float:
        """Suspend or lift in the staff room; give the instant of the answer."""
        page = f"/intern/einwaende/{number}/"
        form = {"deed": deed, "reason_de": "Wird geprüft.", "reason_en": "Is being checked."}
        headers = {"Referer": self.tree.address + page}
        said = self.board.post(page, data=self._signed(form), headers=headers, follow_redirects=False)
        done = time.monotonic()
        assert said.status_code == 302, said.text
        return done


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Run the whole program beside a broker."""
    home = founded_copy(tmp_path_factory.mktemp("suspension"))
    words = ("user", "create", "rita@example.org", "--role", "ethics-board", "--password", SECRET)
    assert run(home, *words).returncode == 0
    token = run(home, "token", "create", "device", "--scope", "sensorthings:write").stdout.split()[-1]
    broker = Broker().start()
    broker.account("device", token)
    tree = Tree(home, ALLMENDE_MQTT_URL=broker.url)
    try:
        tree.wait_for("/")
        tree.wait_for("/health")
        yield Town(tree, broker, token)
    finally:
        tree.process.terminate()
        tree.process.wait(30)
        broker.end()


def until(holds: Callable[[], object]) -> None:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def last_allowed(refused: Callable[[], bool], begin: float) -> float:
    """Ask until it is refused; give how long after the beginning the last request began that was not."""
    last = begin

    def asked() -> bool:
        nonlocal last
        started = time.monotonic()
        if refused():
            return True
        last = started
        return False

    until(asked)
    return last - begin


def file_objection(town: Town) -> tuple[str, str]:
    """Raise an objection as a resident; give its number and key."""
    form = {"kind": "objection", "about": "stadtklima-messnetz", "words": "Warum wird hier gemessen?"}
    sent = town.public.post("/datenethik/einwand/", data=form)
    assert sent.status_code == 302, sent.text
    number, key = sent.headers["Location"].strip("/").split("/")[-2:]
    return number, key


class Follower(threading.Thread):
    """Follows a datastream with ``$live`` and notes the event that ends it."""

    def __init__(self, town: Town) -> None:
        super().__init__(daemon=True)
        self.address = f"{town.tree.address}{BASE}/Datastreams({town.stream})/Observations?$live=true"
        self.begun, self.values, self.ended, self.said = threading.Event(), 0, 0.0, ""
        self.start()

    def run(self) -> None:
        """Read until the stream ends."""
        event = ""
        with httpx.stream("GET", self.address, timeout=30) as answer:
            for line in answer.iter_lines():
                self.begun.set()
                event = line.removeprefix("event: ") if line.startswith("event: ") else event
                self.values += line.startswith("id: ")
                if event == "ended" and line.startswith("data: "):
                    self.ended, self.said = time.monotonic(), line
                    return


async def _publish(town: Town, sent: dict[str, float], stop: threading.Event) -> None:
    """Publish over MQTT until told to stop; note when each value was sent."""
    topic, token = f"u/device/v1.1/Datastreams({town.stream})/Observations", town.devices.headers["Authorization"]
    async with Client(town.broker.create_port, user="device", password=token.split()[1]) as one:
        while not stop.is_set():
            value = town.value()
            sent[value["phenomenonTime"]] = time.monotonic()
            await one.publish(topic, json.dumps(value).encode())
            await asyncio.sleep(0.02)


def test_suspended_data_is_neither_taken_nor_shown_by_any_process(town: Town) -> None:
    assert town.observe().status_code == 201
    seen = f"{BASE}/Datastreams({town.stream})/Observations"
    assert town.public.get(seen).status_code == 200
    assert "20,5" in town.public.get(PAGE).text
    assert town.public.get(PICTURE).status_code == 200
    until(lambda: town.public.get("/health").json().get("mqtt") == "ok")
    number, key = file_objection(town)
    town.sign_in()
    follower = Follower(town)
    assert follower.begun.wait(10)

    sent, stop = dict[str, float](), threading.Event()
    device = threading.Thread(target=lambda: asyncio.run(_publish(town, sent, stop)))
    device.start()
    until(lambda: sent)
    at = town.decide(number, "suspend")
    probes = {
        "HTTP read": lambda: town.public.get(seen).status_code == 403,
        "HTTP write": lambda: town.observe().status_code == 403,
        "portal page": lambda: "ausgesetzt seit" in town.public.get(PAGE).text,
        "portal chart": lambda: town.public.get(PICTURE).status_code == 403,
    }
    with ThreadPoolExecutor() as pool:
        asked = {name: pool.submit(last_allowed, probe, at) for name, probe in probes.items()}
        delays = {name: one.result() for name, one in asked.items()}
    follower.join(20)
    delays["$live"] = max(follower.ended - at, 0.0)
    until(lambda: time.monotonic() > at + PROMISED + 0.3)
    stop.set()
    device.join(20)

    refusal = town.public.get(seen).json()
    assert refusal["code"] == "gate.sheet_suspended"
    assert f"because of objection {number}: Is being checked." in json.dumps(refusal)
    assert "gate.sheet_suspended" in follower.said
    assert "20,5" not in town.public.get(PAGE).text
    assert town.public.get(f"{BASE}/Observations").json()["value"] == []
    for page in (PAGE, f"/datenethik/einwand/{number}/{key}/"):
        assert "Wird geprüft." in town.public.get(page).text
    asyncio.run(_nothing_arrives(town))

    lifted = town.decide(number, "lift")
    assert last_allowed(lambda: town.public.get(seen).status_code == 200, lifted) <= PROMISED
    assert last_allowed(lambda: town.observe().status_code == 201, lifted) <= PROMISED
    assert "20,5" in town.public.get(PAGE).text
    stored = {one["phenomenonTime"] for one in town.public.get(f"{seen}?$top=10000").json()["value"]}
    taken = [begun for time_of, begun in sent.items() if time_of.replace("+00:00", "Z") in stored]
    assert taken
    delays["MQTT write"] = max(max(taken) - at, 0.0)
    print("\nseconds after the answer in which a request could still begin that was let through:", delays)
    assert max(delays.values()) <= PROMISED


async def _nothing_arrives(town: Town) -> None:
    """Subscribe as the public does, and send: nothing is told, for nothing is taken."""
    async with Client(town.broker.receive_port) as listener:
        await listener.subscribe("v1.1/Observations")
        assert (await asyncio.to_thread(town.observe)).status_code == 403
        await asyncio.sleep(0.5)
        assert listener.got == []
