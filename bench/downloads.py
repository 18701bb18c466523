"""How fast a data set of ten million observations is written as CSV and Parquet, and how much memory that takes.

Usage: ``python bench/downloads.py [OBSERVATIONS]``. The bar counts processor time, as others load the machine; the
memory is what the process grew by between the first tenth and the end.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.apis.downloads.content import dataset  # noqa: E402 - the tests lie beside this folder
from allmende.apis.downloads.tables import csv_of, parquet_of  # noqa: E402
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Block, Datastream, ObservedProperty, Sensor, Thing  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402

STREAMS, START, STEP, BAR = 20, 1_700_000_000_000_000, 60_000_000, 1_000_000


def _fill(gate: Gate, count: int) -> None:
    gate.publish(WEATHER_RULES, actor="bench")
    grant = gate.grant(Ask(Asker("system:bench"), "collect", "climate-adaptation", "administration"))
    thing = gate.create(grant, "Things", Thing(name="T", description="", properties={"slug": "turm"}))
    sensor = gate.create(grant, "Sensors", Sensor(name="S", description=""))
    seen = ObservedProperty(name="T", definition="https://example.org/t", description="")
    observed = gate.create(grant, "ObservedProperties", seen)
    chance, each = np.random.default_rng(1), count // STREAMS
    for number in range(STREAMS):
        stream = Datastream(
            name=f"Temperatur {number}",
            description="",
            thing_id=thing,
            sensor_id=sensor,
            observed_property_id=observed,
            unit="Cel",
            category="weather",
            data_use="bench",
            properties={"dataset": "bench", "observed": "air-temperature"},
        )
        made = gate.create(grant, "Datastreams", stream)
        values = np.round(10 + chance.normal(0, 0.1, each).cumsum() % 20, 1)
        for at in range(0, each, 100_000):
            part = values[at : at + 100_000]
            times = START + STEP * np.arange(at, at + len(part), dtype=np.int64)
            gate.append(grant, Block(datastream_id=made, start=times, number=part))
    gate.seal()


def main() -> int:
    """Write both files and count."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        url = str(Path(folder) / "observations.sqlite3")
        migrate_store(url)
        gate = open_gate(url)
        _fill(gate, count)
        data = dataset(gate, "bench")
        for name, write in (("CSV", csv_of), ("Parquet", parquet_of)):
            began, size, early = time.process_time(), 0, 0
            for place, block in enumerate(write(gate, data)):
                size += len(block)
                if place == count // 200_000:
                    early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            seconds = time.process_time() - began
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early) / 1_024
            slow = slow or (name == "CSV" and count / seconds < BAR)
            print(f"{name} of {count:,} observations: {count / seconds:,.0f} rows/s, {size:,} bytes", end="; ")
            print(f"memory grew by {grown:.0f} MB after the first tenth; bar (CSV) {BAR:,} rows/s")
        gate.close()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
