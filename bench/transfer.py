"""How long it takes to write the package of a project with a million observations; prints the figure beside its bar.

Usage: ``python bench/transfer.py [HOME]``. The invented city in a temporary folder, or in one with migrated databases,
and ten datastreams of one data use.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))
STREAMS, EACH, STEP, BAR, ROUNDS = 10, 100_000, 900_000_000, 5.0, 3
HOME = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="allmende-bench-"))
os.environ |= {"ALLMENDE_HOME": str(HOME), "ALLMENDE_PACK": "musterstadt"}


def fill(gate: Any) -> None:
    """Let one station measure ten properties."""
    from allmende.gate.door import Ask, Asker
    from allmende.gate.query import Block, Datastream, ObservedProperty, Sensor, Thing

    grant = gate.grant(Ask(Asker("bench"), "collect", "climate-adaptation", "administration"))
    thing = gate.create(grant, "Things", Thing(name="Bench", description="", properties={"slug": "bench"}))
    sensor = gate.create(grant, "Sensors", Sensor(name="T", description="", metadata="T"))
    about = ObservedProperty(name="T", definition="urn:t", description="")
    observed = gate.create(grant, "ObservedProperties", about)
    starts = np.arange(EACH, dtype=np.int64) * STEP + 1_600_000_000_000_000
    for number in range(STREAMS):
        stream = Datastream(
            name=f"T{number}",
            description="",
            thing_id=thing,
            sensor_id=sensor,
            observed_property_id=observed,
            unit="Cel",
            category="weather",
            data_use="stadtklima",
            properties={"slug": f"bench-{number}", "observed": "air-temperature", "dataset": "weather-demo"},
        )
        made = gate.create(grant, "Datastreams", stream)
        values = np.round(12 + 9 * np.sin(np.arange(EACH) / (96 + number)), 1)
        gate.append(grant, Block(datastream_id=made, start=starts, number=values))
    gate.seal()


def main() -> None:
    """Found, fill, write and print."""
    subprocess.run([sys.executable, "-m", "allmende.cli.main", "init", "--pack", "musterstadt"], check=True)
    from allmende.gate.door import open_gate
    from allmende.serve.settings import settings
    from allmende.serve.transfer import export

    current = settings()
    gate = open_gate(current.store_url)
    fill(gate)
    gate.close()
    for number in range(ROUNDS):
        begin = time.perf_counter(), time.process_time()
        done = export(current, slug="stadtklima", verb="publish", purpose="open-data", recipient="public")
        took, spent = time.perf_counter() - begin[0], time.process_time() - begin[1]
        size = len(done.raw) / 1e6
        print(
            f"{STREAMS * EACH:,} observations, round {number + 1}: {took:.2f} s (processor {spent:.2f} s), "
            f"{size:.1f} MB; bar {BAR} s"
        )


if __name__ == "__main__":
    main()
