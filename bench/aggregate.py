"""How fast numbers are put together by units of time, on SQLite and on PostgreSQL when an address is given.

Usage: ``python bench/aggregate.py``. ``ALLMENDE_TEST_POSTGRES_URL`` names a PostgreSQL database that is emptied. Prints
the middle of the runs and the processor time of this process for each, beside the bar.
"""

import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import uvicorn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Block, Datastream, Grouping, ObservedProperty, Sensor, Thing  # noqa: E402
from allmende.serve.connection import DataConfig  # noqa: E402
from allmende.serve.data import create_app  # noqa: E402
from allmende.serve.settings import Settings  # noqa: E402
from bench.wire import Wire  # noqa: E402
from tests.postgres import emptied  # noqa: E402 - the tests lie beside this folder
from tests.weather_rules import WEATHER_RULES  # noqa: E402

COLLECT = Ask(Asker("bench"), "collect", "climate-adaptation", "administration")
READ = Ask(PUBLIC, "publish", "open-data", "public")
DAY, HOUR, FIVE_MINUTES = 86_400_000_000, 3_600_000_000, 300_000_000
STREAMS, DAYS, YEAR = 5_000, 30, 365
START = 1_704_067_200_000_000
BASE = "/sensorthings/v1.1"


def _fill(gate: Gate) -> int:
    """Make many datastreams with a month of hours each, and one with a year of five minutes; give its number."""
    grant = gate.grant(COLLECT)
    sensor = gate.create(grant, "Sensors", Sensor(name="bench", description=""))
    seen = gate.create(grant, "ObservedProperties", ObservedProperty(name="t", definition="", description=""))
    thing = gate.create(grant, "Things", Thing(name="Station", description=""))
    links = {"thing_id": thing, "sensor_id": sensor, "observed_property_id": seen}
    rules = {"unit": "Cel", "category": "weather", "data_use": "bench"}
    chance = np.random.default_rng(1)
    for step, count, streams in ((HOUR, DAYS * 24, STREAMS), (FIVE_MINUTES, YEAR * 288, 1)):
        bundle = gate.bundle()
        with bundle.joined():
            for _ in range(streams):
                number = gate.create(grant, "Datastreams", Datastream(name="t", description="", **links, **rules))
                numbers = np.round(np.cumsum(chance.normal(0, 0.1, count)) + 10, 1)
                starts = START + np.arange(count, dtype=np.int64) * step
                gate.append(grant, Block(datastream_id=number, start=starts, number=numbers))
        bundle.keep()
    gate.seal()
    return number


def _print(name: str, label: str, deed: Callable[[], object], bar: str, times: int = 15) -> None:
    deed()
    taken, used = [], time.process_time()
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        taken.append(time.perf_counter() - begin)
    used = (time.process_time() - used) / times * 1000
    middle = sorted(taken)[times // 2] * 1000
    print(f"{name:12} {label:46} {middle:8.1f} ms   cpu {used:8.1f} ms   bar: {bar}", flush=True)


def _over_http(name: str, gate: Gate, number: int, home: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    made = create_app(Settings(home=home), gate)
    server = uvicorn.Server(DataConfig(made.app, made.short))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    wire = Wire(f"http://127.0.0.1:{listening.getsockname()[1]}")
    for zone in ("", ",'Europe/Berlin'"):
        apply = f"groupby((hour(phenomenonTime{zone})),aggregate(result with average as mean))"
        address = f"{BASE}/Datastreams({number})/Observations?$apply={apply}"
        assert len(msgspec.json.decode(wire.ask("GET", address)[1])["value"]) == YEAR * 24
        label = f"hours of a year of 5 minutes, HTTP{zone}"
        _print(name, label, lambda address=address: wire.ask("GET", address), "at most 10 ms", 40)
    server.should_exit = True
    thread.join(20)


def measure(name: str, url: str, home: Path) -> None:
    """Measure one store and print its figures."""
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(WEATHER_RULES, actor="bench")
    number = _fill(gate)
    grant = gate.grant(READ)
    many = range(number - STREAMS, number)
    until = START + DAYS * DAY
    for unit, zone, bar in (("day", "UTC", "at most 300 ms"), ("month", "UTC", "-"), ("day", "Europe/Berlin", "-")):
        grouping = Grouping(unit=unit, zone=zone, since=START, until=until, extremes=False)
        assert gate.aggregate(grant, many, grouping).count.sum() == STREAMS * DAYS * 24
        label = f"{unit}s of {STREAMS} over {DAYS} days, {zone}"
        _print(name, label, lambda grouping=grouping: gate.aggregate(grant, many, grouping), bar, 5)
    one = Grouping(unit="hour", extremes=False)
    _print(name, "hours of a year of 5 minutes, gate", lambda: gate.aggregate(grant, [number], one), "-")
    _over_http(name, gate, number, home)
    gate.close()


def main() -> None:
    """Measure each store that there is."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        measure("SQLite", str(home / "observations.sqlite3"), home)
        url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
        if not url:
            print("PostgreSQL   not measured: ALLMENDE_TEST_POSTGRES_URL is not set")
            return
        measure("PostgreSQL", emptied(url), home)


if __name__ == "__main__":
    main()
