"""A small town behind the real data process: two open stations, and one that the rules do not open."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn

from allmende.ethics.model import Category, Purpose, Rule
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate
from allmende.gate.query import Arrival, Datastream, Location, ObservedProperty, Sensor, Thing
from allmende.gate.tokens import create_token
from allmende.kernel.text import Text
from allmende.serve.connection import DataConfig, Patience
from allmende.serve.data import create_app
from allmende.serve.settings import Settings
from tests.weather_rules import WEATHER_RULES

MINUTE = 60_000_000
START = 1_720_000_020_000_000
VALUES = 250
BASE = "/sensorthings/v1.1"
COLLECT = Ask(Asker("system:tests"), "collect", "climate-adaptation", "administration")
_COLLECT, _PUBLISH = WEATHER_RULES.rules
# The kitchen may be collected and never be published; what a writing test makes opens for the purpose "trial" alone.
RULES = msgspec.structs.replace(
    WEATHER_RULES,
    purposes=(*WEATHER_RULES.purposes, Purpose("trial", Text("Probe", "trial"), Text("Probe", "trial"))),
    categories=(
        *WEATHER_RULES.categories,
        Category("kitchen", Text("Küche", "kitchen"), "personal"),
        Category("trial", Text("Probe", "trial"), "none"),
    ),
    rules=(
        *WEATHER_RULES.rules,
        msgspec.structs.replace(
            *(_COLLECT,),
            slug="others-collect",
            categories=("kitchen", "trial"),
            legal_basis=Text("Probe", "trial"),
        ),
        msgspec.structs.replace(_PUBLISH, slug="trial-publish", categories=("trial",), purposes=("trial",)),
        msgspec.structs.replace(
            *(_PUBLISH,),
            slug="trial-use",
            verbs=("use",),
            categories=("trial",),
            purposes=("trial",),
            recipients=("administration",),
        ),
    ),
)


class Town:
    """The data process with its address, and the ids of what is in it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.streams: dict[str, int] = {}
        self.things: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.client = httpx.Client()

    def get(self, path: str, **options: str) -> httpx.Response:
        """Ask for a path behind the root; options are written with their dollar sign."""
        return self.client.get(f"{BASE}/{path}", params={f"${name}": value for name, value in options.items()})

    def values(self, path: str, **options: str) -> list[dict[str, Any]]:
        """Give the entities of a set that has to be readable."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

    def post(self, path: str, body: object, token: str = "writer", **headers: str) -> httpx.Response:
        """Send JSON with a token; an empty name sends none."""
        return self.send("POST", path, body, token, **headers)

    def send(
        self, method: str, path: str, body: object = None, token: str = "writer", **headers: str
    ) -> httpx.Response:
        """Send JSON, or bytes as they are, by any method."""
        bearer = {"Authorization": f"Bearer {self.tokens.get(token, token)}"} if token else {}
        more: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        sent = {} if body is None else more
        return self.client.request(method, f"{BASE}/{path}", headers={**bearer, **headers}, **sent)

    def made(self, path: str, body: object, token: str = "writer") -> str:
        """Create an entity that has to be creatable; give its path behind the root."""
        answer = self.post(path, body, token)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].partition(f"{BASE}/")[2]

    def one(self, path: str, **options: str) -> dict[str, Any]:
        """Give an entity that has to be readable."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def number(self, path: str) -> int:
        """Give the number in a path such as ``Things(7)``."""
        return int(path.rpartition("(")[2].rstrip(")"))

    def add(self, name: str, place: tuple[float, float], category: str) -> int:
        """Make a station with one datastream; give the datastream's id."""
        grant = self.gate.grant(COLLECT)
        slug = name.lower()
        location = Location(name=name, description="", location={"type": "Point", "coordinates": list(place)})
        number = self.gate.create(grant, "Locations", location)
        thing = Thing(name=name, description="Platz", properties={"slug": slug, "height": 3}, location_ids=(number,))
        self.things[name] = self.gate.create(grant, "Things", thing)
        instrument = Sensor(name=f"Sensor {name}", description="")
        seen = ObservedProperty(name=f"Temperatur {name}", definition="https://example.org/t", description="")
        stream = Datastream(
            name=f"Lufttemperatur {name}",
            description="",
            thing_id=self.things[name],
            sensor_id=self.gate.create(grant, "Sensors", instrument),
            observed_property_id=self.gate.create(grant, "ObservedProperties", seen),
            unit="Cel",
            category=category,
            data_use="tests",
            minimum=-40.0,
            maximum=50.0,
            properties={"slug": f"{slug}-t"},
        )
        self.streams[name] = self.gate.create(grant, "Datastreams", stream)
        return self.streams[name]

    def fill(self, stream: int, count: int) -> None:
        """Add values, one a minute, from -5 up in steps of a tenth."""
        grant = self.gate.grant(COLLECT)
        arrivals = [
            Arrival(datastream_id=stream, phenomenon_start=START + number * MINUTE, result=round(number / 10 - 5, 1))
            for number in range(count)
        ]
        self.gate.append(grant, arrivals)


def served(town: Town, home: Path, mqtt_url: str = "", patience: Patience | None = None) -> Iterator[Town]:
    """Run the data process over a town in a thread, and end it whatever happens."""
    listening = socket.create_server(("127.0.0.1", 0))
    town.client = httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=20)
    made = create_app(Settings(home=home, mqtt_url=mqtt_url), town.gate)
    server = uvicorn.Server(DataConfig(made.app, made.short, patience))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield town
    server.should_exit = True
    thread.join(20)
    town.client.close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town that tests only read; a test that writes makes a station of its own that the public cannot see."""
    yield from stocked(tmp_path_factory.mktemp("town"))


def stocked(home: Path) -> Iterator[Town]:
    """Serve a town with two open stations and a closed one."""
    url = str(home / "observations.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    made = Town(gate)
    for name, place, category in (
        ("Stephansplatz", (9.1747, 47.6619), "weather"),
        ("Döbele", (9.1672, 47.6590), "weather"),
        ("Küche", (9.1800, 47.6600), "kitchen"),
    ):
        made.add(name, place, category)
    made.fill(made.streams["Stephansplatz"], VALUES)
    made.fill(made.streams["Döbele"], 20)
    made.fill(made.streams["Küche"], 20)
    made.tokens["writer"] = create_token(gate, name="writer", scopes=("sensorthings:write",))
    made.tokens["reader"] = create_token(gate, name="reader", scopes=("read:open-data",))
    made.tokens["trial"] = create_token(gate, name="trial", scopes=("read:trial",))
    yield from served(made, home)


def _rule(slug: str, verbs: str, categories: str, purposes: tuple[str, ...], recipients: tuple[str, ...]) -> Rule:
    return msgspec.structs.replace(
        *(_COLLECT,), slug=slug, verbs=tuple(verbs.split()), categories=tuple(categories.split()),
        purposes=purposes, recipients=recipients, title=Text(slug, slug), legal_basis=Text(slug, slug),
    )  # fmt: skip


# Weather is open, air is for the office; the cellar may be collected and not deleted; no token reaches the vault.
OFFICE = (("climate-adaptation",), ("administration",))
WORKSHOP_RULES = msgspec.structs.replace(
    WEATHER_RULES,
    categories=(
        Category("cellar", Text("Keller", "cellar"), "personal"),
        *(Category(slug, Text(slug, slug), "none") for slug in ("weather", "air", "vault")),
    ),
    rules=(
        _rule("collect-most", "collect", "weather air cellar", *OFFICE),
        _rule("delete-open", "delete", "weather air", *OFFICE),
        _rule("publish-open", "publish", "weather", ("open-data",), ("public",)),
        _rule("collect-vault", "collect", "vault", ("open-data",), ("public",)),
        _rule("use-cellar", "use", "weather air cellar", *OFFICE),
    ),
)  # fmt: skip


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
)
def workshop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve an empty town on each database, in which tests make and delete entities over HTTP."""
    home = tmp_path_factory.mktemp("workshop")
    url = str(home / "observations.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new()
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(WORKSHOP_RULES, actor="tests")
    made = Town(gate)
    made.tokens["writer"] = create_token(gate, name="writer", scopes=("sensorthings:write",))
    made.tokens["airy"] = create_token(gate, name="airy", scopes=("sensorthings:write", "category:air"))
    made.tokens["reader"] = create_token(gate, name="reader", scopes=("read:climate-adaptation",))
    made.tokens["sender"] = create_token(gate, name="sender", scopes=("observations:write",))
    yield from served(made, home)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
)
def mqtt_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Serve a town over a real broker, on either database."""
    from tests.apis.mqtt_town import beside_a_broker

    home = tmp_path_factory.mktemp("mqtt")
    url = str(home / "observations.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new()
    yield from beside_a_broker(url, home)
