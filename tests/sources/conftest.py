"""A remote service on loopback that says what a test tells it, and a city's connector that asks it."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from allmende.gate.door import PUBLIC as ANYBODY
from allmende.gate.door import Ask, Gate, migrate_store, open_gate
from allmende.gate.query import Observation, Query
from allmende.sources.definition import Connector, read_connector
from allmende.sources.run import House
from tests.weather_rules import WEATHER_RULES

ROOT = Path(__file__).parents[2] / "src" / "allmende" / "connectors"
PUBLISHED = Ask(ANYBODY, "publish", "open-data", "public")
MANIFEST = """
api = 1
id = "{name}"
kind = "{kind}"
licence = "EUPL-1.2"
owner = "tests"
title = {{ de = "Probe", en = "Probe" }}
description = {{ de = "Zur Probe", en = "As a probe" }}
schedule = {{ every_seconds = 60, jitter_seconds = 0 }}
data = {{ licence = "CC-BY-4.0", attribution = "tests", cadence_seconds = 900 }}
"""
RECIPE: dict[str, Any] = {
    "source": 1,
    "dataset": "probe",
    "category": "weather",
    "purpose": "climate-adaptation",
    "time": {"path": "time", "zone": "in-time"},
    "stations": [{"slug": "one", "name": "One", "key": "1", "longitude": 9.1, "latitude": 47.6}],
    "instrument": {
        "slug": "probe",
        "name": {"de": "Probe", "en": "Probe"},
        "description": {"de": "Probe", "en": "Probe"},
    },
    "values": [
        {
            "path": "temperature",
            "observed": "air-temperature",
            "name": {"de": "Lufttemperatur", "en": "Air temperature"},
            "unit": "Cel",
            "minimum": -40,
            "maximum": 50,
            "sentinels": [-65535, -999],
        }
    ],
}


class Reply(msgspec.Struct):
    """What the service says once."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = {}
    endless: bool = False


class Remote:
    """A service; each address has replies that are given in turn, the last one for ever."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        remote = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                remote.asked.append(self.path)
                remote.headers.append(dict(self.headers.items()))
                told = remote.replies.get(self.path.partition("?")[0]) or [Reply(b"no", 404)]
                reply = told.pop(0) if len(told) > 1 else told[0]
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.endless:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                try:
                    while reply.endless:
                        self.wfile.write(reply.body)
                    self.wfile.write(reply.body)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, path: str, *bodies: bytes | Reply | object) -> None:
        """Tell what an address gives; anything but bytes is written as JSON."""
        self.replies[path] = [
            one if isinstance(one, Reply) else Reply(one if isinstance(one, bytes) else msgspec.json.encode(one))
            for one in bodies
        ]


@pytest.fixture
def remote() -> Iterator[Remote]:
    """Give a remote service."""
    made = Remote()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gate]:
    """Open a gate over an empty store of either kind."""
    postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres").new() if postgresql else str(tmp_path / "observations.sqlite3")
    migrate_store(url)
    opened = open_gate(url)
    opened.publish(WEATHER_RULES, actor="test")
    yield opened
    opened.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a home whose connectors may ask loopback."""
    return House(tmp_path / "var", ("127.0.0.1",), "tests")


Make = Callable[..., Connector]


@pytest.fixture
def make(house: House) -> Make:
    """Give a function that makes a connector of the city, with parts of the recipe replaced."""

    def write(name: str = "probe", kind: str = "pull", **changes: Any) -> Connector:
        folder = house.home / "connectors" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.toml").write_text(MANIFEST.format(name=name, kind=kind), encoding="utf-8")
        recipe = yaml.safe_dump({**RECIPE, **changes}, allow_unicode=True)
        (folder / "source.yaml").write_text(recipe, encoding="utf-8")
        return read_connector(folder, own=True)

    return write


def stored(gate: Gate) -> list[tuple[str, Any]]:
    """Give all observations as time and result, in order of time."""
    page = gate.page(gate.grant(PUBLISHED), Query(kind="Observations", top=10_000))
    values = [record.value for record in page.records if isinstance(record.value, Observation)]
    return sorted((iso(value.phenomenon_start), value.result) for value in values)


def iso(micros: int) -> str:
    """Write a time as the tests do."""
    from allmende.kernel.clock import iso_from_micros

    return iso_from_micros(micros)
