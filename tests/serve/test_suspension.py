"""An objection suspends a data use: every real process stops taking and showing its data within a second.

The delays are printed; run with ``-s`` to see them.
"""

import asyncio
import datetime as dt
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
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

    def figure(self, name: str) -> float:
        """Give a figure of the data process."""
        found = re.search(rf"^{re.escape(name)} (.+)$", self.public.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

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
        """Suspend or lift in the staff room; give the instant at which the page had answered."""
        page = f"/intern/einwaende/{number}/"
        form = {"deed": deed, "reason_de": "Wird geprüft.", "reason_en": "Is being checked."}
        said = self.board.post(page, data=self._signed(form), headers={"Referer": self.tree.address + page})
        assert said.status_code == 200, said.text
        assert "binnen einer Sekunde" in said.text
        return time.monotonic()


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


def until(holds: Callable[[], bool], begin: float) -> float:
    """Ask again and again until something holds; give the seconds since the beginning."""
    while not holds():
        assert time.monotonic() < begin + 10, "it did not come to pass"
        time.sleep(0.01)
    return time.monotonic() - begin


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


async def _mqtt_refused(town: Town, begin: Callable[[], float]) -> float:
    """Publish without end while something is decided; give the delay until the first value was refused."""
    refused = 'allmende_mqtt_refused_total{code="gate.sheet_suspended"}'
    topic = f"u/device/v1.1/Datastreams({town.stream})/Observations"
    async with Client(
        town.broker.create_port, user="device", password=town.devices.headers["Authorization"][7:]
    ) as one:
        started = asyncio.ensure_future(asyncio.to_thread(begin))
        while True:
            await one.publish(topic, json.dumps(town.value()).encode())
            if started.done() and await asyncio.to_thread(town.figure, refused):
                return time.monotonic() - started.result()


def test_suspended_data_is_neither_taken_nor_shown_by_any_process(town: Town) -> None:
    assert town.observe().status_code == 201
    seen = f"{BASE}/Datastreams({town.stream})/Observations"
    assert town.public.get(seen).status_code == 200
    assert "20,5" in town.public.get(PAGE).text
    assert town.public.get(PICTURE).status_code == 200
    until(lambda: town.public.get("/health").json().get("mqtt") == "ok", time.monotonic())
    number, key = file_objection(town)
    town.sign_in()
    follower = Follower(town)
    assert follower.begun.wait(10)

    at: list[float] = []

    def suspend() -> float:
        at.append(town.decide(number, "suspend"))
        return at[0]

    delays = {}
    mqtt = threading.Thread(target=lambda: delays.update({"MQTT write": asyncio.run(_mqtt_refused(town, suspend))}))
    mqtt.start()
    while not at:
        time.sleep(0.005)
    delays["HTTP read"] = until(lambda: town.public.get(seen).status_code == 403, at[0])
    delays["HTTP write"] = until(lambda: town.observe().status_code == 403, at[0])
    delays["portal page"] = until(lambda: "ausgesetzt seit" in town.public.get(PAGE).text, at[0])
    delays["portal chart"] = until(lambda: town.public.get(PICTURE).status_code == 403, at[0])
    mqtt.join(20)
    follower.join(20)
    delays["$live"] = follower.ended - at[0]
    print("\nseconds after the page of the staff room had answered:", delays)
    assert max(delays.values()) <= PROMISED

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
    assert until(lambda: town.public.get(seen).status_code == 200, lifted) <= PROMISED
    assert until(lambda: town.observe().status_code == 201, lifted) <= PROMISED
    assert "20,5" in town.public.get(PAGE).text


async def _nothing_arrives(town: Town) -> None:
    """Subscribe as the public does, and send: nothing is told, for nothing is taken."""
    async with Client(town.broker.receive_port) as listener:
        await listener.subscribe("v1.1/Observations")
        assert (await asyncio.to_thread(town.observe)).status_code == 403
        await asyncio.sleep(0.5)
        assert listener.got == []
