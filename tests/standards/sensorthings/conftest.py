"""The service under test: the real data process on each database, or any other server that is named.

``SENSORTHINGS_URL`` and ``SENSORTHINGS_TOKEN`` name a server to run the suite against in place of our own.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.tokens import create_token
from tests.mqtt_broker import MOSQUITTO, Broker
from tests.program import PROGRAM, environment, free_port
from tests.standards.sensorthings.api import Api, feature, link, location, observed_property, sensor, thing
from tests.standards.sensorthings.gaps import gap
from tests.weather_rules import WEATHER_RULES

ACCOUNT = "suite"
DEMANDED = {"category": "weather", "dataUse": "tests"}
OTHER = os.environ.get("SENSORTHINGS_URL", "")
# The suite waits much for the broker: in every run on SQLite, on PostgreSQL too when it is asked for.
BOTH = os.environ.get("ALLMENDE_CONFORMANCE", "") == "both"
POSTGRES = [pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))] if BOTH else []
DATABASES = ["other"] if OTHER else ["sqlite", *POSTGRES]
_COLLECT, *_OTHERS = WEATHER_RULES.rules
RULES = msgspec.structs.replace(
    WEATHER_RULES, rules=(msgspec.structs.replace(_COLLECT, verbs=("collect", "delete")), *_OTHERS)
)


def _store(home: Path, database_url: str) -> str:
    """Make an empty store with rules; give a token that may write."""
    url = database_url or str(home / "observations.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    token = create_token(gate, name=ACCOUNT, scopes=("sensorthings:write",))
    gate.close()
    return token


@contextmanager
def _served(home: Path, database_url: str) -> Iterator[Api]:
    """Run the data process until the tests are done."""
    token = _store(home, database_url)
    port, broker = free_port(), Broker().start() if MOSQUITTO else None
    more = {"ALLMENDE_DATABASE_URL": database_url} if database_url else {}
    if broker is not None:
        broker.account(ACCOUNT, token)
        more["ALLMENDE_MQTT_URL"] = broker.url
        more["ALLMENDE_MQTT_CREATE_ENDPOINT"] = f"mqtt://127.0.0.1:{broker.create_port}"
        more["ALLMENDE_MQTT_RECEIVE_ENDPOINT"] = f"mqtt://127.0.0.1:{broker.receive_port}"
    process = subprocess.Popen([*PROGRAM, "serve", "data", "--port", str(port)], env=environment(home, **more))
    try:
        api = Api(f"http://127.0.0.1:{port}/sensorthings/v1.1", token, demanded=DEMANDED, account=ACCOUNT)
        _wait_for(api, process)
        yield api
    finally:
        process.terminate()
        process.wait(20)
        if broker is not None:
            broker.end()


def _wait_for(api: Api, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the data process ended at once"
        try:
            if api.client.get(api.root).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the data process did not answer")


@pytest.fixture(scope="session", params=DATABASES)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Give the service under test."""
    if OTHER:
        yield Api(OTHER, os.environ.get("SENSORTHINGS_TOKEN", ""))
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").new()
    with _served(tmp_path_factory.mktemp("service"), url) as served:
        yield served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the known gaps of our own service to fail, and nothing else."""
    for item in items:
        function = getattr(item, "originalname", "")
        why = gap(function, item.name) if not OTHER and item.path.parent == Path(__file__).parent else ""
        if why:
            item.add_marker(pytest.mark.xfail(strict=True, reason=why))


@pytest.fixture(autouse=True)
def _counted(request: pytest.FixtureRequest) -> None:
    """Note in the report which requirement a test proves on which database."""
    marker = request.node.get_closest_marker("conformance")
    if marker and "api" in request.fixturenames:
        note = request.node.user_properties
        note += [("conformance", marker.args[0]), ("database", request.node.callspec.params["api"])]


@pytest.fixture(scope="session")
def world(api: Api) -> dict[str, Any]:
    """Make one entity of each set, all linked with each other; give their ids by set."""
    place = api.create("Locations", location(properties={"floor": 3}))
    tower = api.create("Things", thing(properties={"colour": "red", "deep": {"level": 2}}, Locations=[link(place)]))
    links = {
        "Thing": link(tower),
        "Sensor": link(api.create("Sensors", sensor(properties={"serial": "A-1"}))),
        "ObservedProperty": link(api.create("ObservedProperties", observed_property(properties={"scale": "ITS-90"}))),
    }
    stream = api.create("Datastreams", api.datastream(properties={"interval": 600}, **links))
    target = api.create("FeaturesOfInterest", feature(properties={"area": 12.5}))
    seen = api.observe(
        *(stream, 21.5, "2024-06-01T12:00:00Z"),
        resultTime="2024-06-01T12:00:05Z",
        validTime="2024-06-01T12:00:00Z/2024-06-01T13:00:00Z",
        resultQuality={"code": "ok"},
        parameters={"tilt": 4},
        FeatureOfInterest=link(target),
    )
    history = api.ids(f"Things({tower})/HistoricalLocations")
    return {
        **{"Things": tower, "Locations": place, "HistoricalLocations": history[0], "Datastreams": stream},
        **{"Sensors": links["Sensor"]["@iot.id"], "ObservedProperties": links["ObservedProperty"]["@iot.id"]},
        **{"Observations": seen, "FeaturesOfInterest": target},
    }
