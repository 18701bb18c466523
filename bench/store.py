"""How fast the gate and its store write and read, on SQLite and on PostgreSQL when an address is given.

Usage: ``python bench/store.py``. ``ALLMENDE_TEST_POSTGRES_URL`` names an empty PostgreSQL database. Prints each figure
beside its bar; the bars are those of plain rows, the sealed form will be held to sharper ones.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor, Thing  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

COLLECT = Ask(Asker("bench"), "collect", "climate-adaptation", "administration")
READ = Ask(PUBLIC, "publish", "open-data", "public")
STREAMS, DAYS, STEP = 20, 30, 900_000_000
PER_DAY = 86_400_000_000 // STEP
START = 1_720_000_000_000_000 // 86_400_000_000 * 86_400_000_000


def _fill(gate: Gate) -> tuple[list[int], float]:
    """Make the datastreams and fill them in batches of one day; give their ids and the values a second."""
    grant = gate.grant(COLLECT)
    sensor = gate.create(grant, "Sensors", Sensor(name="bench", description=""))
    seen = gate.create(grant, "ObservedProperties", ObservedProperty(name="t", definition="", description=""))
    ids = []
    for number in range(STREAMS):
        thing = gate.create(grant, "Things", Thing(name=f"Station {number}", description=""))
        links = {"thing_id": thing, "sensor_id": sensor, "observed_property_id": seen}
        rules = {"unit": "Cel", "category": "weather", "data_use": "bench"}
        ids.append(gate.create(grant, "Datastreams", Datastream(name="t", description="", **links, **rules)))
    begin = time.perf_counter()
    for stream in ids:
        for day in range(DAYS):
            first = START + day * 86_400_000_000
            times = range(first, first + 86_400_000_000, STEP)
            gate.append(grant, [Arrival(datastream_id=stream, phenomenon_start=at, result=20.5) for at in times])
    return ids, STREAMS * DAYS * PER_DAY / (time.perf_counter() - begin)


def _milliseconds(deed: Callable[[], object], times: int = 50) -> float:
    """Give the middle of so many runs, in milliseconds."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[times // 2] * 1000


def _singles(gate: Gate, stream: int) -> float:
    """Give durable single values a second, one after the other."""
    grant, count = gate.grant(COLLECT), 300
    begin = time.perf_counter()
    for number in range(count):
        at = START + DAYS * 86_400_000_000 + number * STEP
        gate.append(grant, [Arrival(datastream_id=stream, phenomenon_start=at, result=1.0)])
    return count / (time.perf_counter() - begin)


def measure(name: str, url: str) -> None:
    """Measure one store and print its figures."""
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(WEATHER_RULES, actor="bench")
    ids, rate = _fill(gate)
    grant = gate.grant(READ)
    day, month = START + 86_400_000_000, START + DAYS * 86_400_000_000
    figures = (
        ("batches of a day, values/s", rate, "at least 20000"),
        ("single durable values/s", _singles(gate, ids[0]), "at least 200"),
        ("one day of one stream, ms", _milliseconds(lambda: gate.series(grant, ids[0], START, day)), "at most 2"),
        ("a month of one stream, ms", _milliseconds(lambda: gate.series(grant, ids[0], START, month)), "at most 20"),
        ("newest of all streams, ms", _milliseconds(lambda: gate.latest(grant)), "at most 10"),
        ("summary of all streams, ms", _milliseconds(lambda: gate.summary(grant)), "at most 10"),
        ("asking the gate, ms", _milliseconds(lambda: gate.grant(READ)), "at most 1"),
    )
    for label, figure, bar in figures:
        print(f"{name:12} {label:28} {figure:12.2f}   bar: {bar}")
    gate.close()


def main() -> None:
    """Measure each store that there is."""
    with tempfile.TemporaryDirectory() as home:
        measure("SQLite", str(Path(home) / "observations.sqlite3"))
    url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
    if url:
        measure("PostgreSQL", url)
    else:
        print("PostgreSQL   not measured: ALLMENDE_TEST_POSTGRES_URL is not set")


if __name__ == "__main__":
    main()
