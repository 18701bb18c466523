"""How fast counts are changed by the cell-key method: ten million records in a table, and a store full of counts.

Usage: ``python bench/cellkey.py [RECORDS]``. Works in a temporary folder on SQLite. Prints each figure beside its bar.
"""

import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.ethics.model import Duties  # noqa: E402
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Block, Datastream, Grouping, ObservedProperty, Sensor, Thing  # noqa: E402
from allmende.store.cellkey import cell_keys, record_keys, table_of  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

SECRET = bytes(range(16))
CELLS, DEVIATION, IN_STORE = 12_000, 5, 500_000
COLLECT = Ask(Asker("bench"), "collect", "climate-adaptation", "administration")
READ = Ask(PUBLIC, "publish", "open-data", "public")
BEGIN, MINUTE = 1_704_067_200_000_000, 60_000_000


def _line(label: str, figure: str, bar: str) -> None:
    print(f"{label:46} {figure:>34}   bar: {bar}", flush=True)


def _table(records: int) -> None:
    """Make the keys of records and the changed counts of their cells: 500 segments by 24 hours."""
    chance = np.random.default_rng(1)
    ids, counts = np.arange(records), np.ones(records, np.int64)
    cells = chance.integers(0, CELLS, records)
    table_of.cache_clear()
    begin, used = time.perf_counter(), time.process_time()
    keys = record_keys(SECRET, ids, counts)
    hashed = time.process_time() - used
    totals = np.bincount(cells, minlength=CELLS)
    told = table_of(DEVIATION).changed(totals, cell_keys(keys, cells, CELLS))
    taken, used = time.perf_counter() - begin, time.process_time() - used
    figure = f"{taken:.2f} s, cpu {used:.2f} s, keys {hashed:.2f} s"
    _line(f"cell-key table over {records:,} records", figure, "1.5 s for 10,000,000")
    change = told - totals
    _line("change of the counts", f"at most {np.abs(change).max()}, variance {change.var():.2f}", f"{DEVIATION}, 4.5")


def _fill(gate: Gate) -> int:
    """Make a counter that tells every minute; give its number."""
    gate.publish(WEATHER_RULES, "bench")
    grant = gate.grant(COLLECT)
    links = {
        "thing_id": gate.create(grant, "Things", Thing(name="Counter", description="")),
        "sensor_id": gate.create(grant, "Sensors", Sensor(name="bench", description="")),
        "observed_property_id": gate.create(
            grant, "ObservedProperties", ObservedProperty(name="persons", definition="", description="")
        ),
    }
    stream = Datastream(name="persons", description="", unit="1", category="weather", data_use="bench", **links)
    number = gate.create(grant, "Datastreams", stream)
    counts = np.random.default_rng(1).integers(0, 9, IN_STORE).astype(np.float64)
    times = BEGIN + np.arange(IN_STORE, dtype=np.int64) * MINUTE
    gate.append(grant, Block(datastream_id=number, start=times, number=counts))
    gate.seal()
    return number


def _store(gate: Gate, number: int) -> None:
    """Put the counts of a year together by days, under duties."""
    collect, publish = WEATHER_RULES.rules
    for label, duties in (
        ("hours", Duties(time_grid_seconds=3600)),
        ("hours, from ten persons on", Duties(time_grid_seconds=3600, minimum_persons=10)),
        ("hours, counts changed", Duties(time_grid_seconds=3600, count_noise=DEVIATION)),
    ):
        rules = (collect, msgspec.structs.replace(publish, duties=duties))
        gate.publish(msgspec.structs.replace(WEATHER_RULES, rules=rules), "bench")
        grant = gate.grant(READ)
        used = time.process_time()
        groups = gate.aggregate(grant, [number], Grouping(unit="day"))
        used = time.process_time() - used
        _line(f"{len(groups)} days of {label}", f"{IN_STORE:,} records, cpu {used:.2f} s", "none")


def main() -> None:
    """Measure everything."""
    _table(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "store.sqlite3")
        migrate_store(address)
        gate = open_gate(address)
        _store(gate, _fill(gate))
        gate.close()


if __name__ == "__main__":
    main()
