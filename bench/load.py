"""How fast tables are parsed and loaded: the 41,184 hourly rows of eleven stations, and a simulated year.

Usage: ``python bench/load.py [FOLDER WITH ws_compl_summer.*.csv]``. Prints one JSON line.
``ALLMENDE_BENCH_STORE`` names another store than a throw-away SQLite file (an empty PostgreSQL database).
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from allmende.connectors.simulation.demo import read_demo
from allmende.connectors.simulation.generate import fill
from allmende.connectors.table.lines import file_lines
from allmende.connectors.table.load import load
from allmende.connectors.table.parse import TableParser
from allmende.connectors.table.reading import read_mapping
from allmende.gate.door import Gate, migrate_store, open_gate
from allmende.kernel.clock import UTC, micros_from_instant, utc_now

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

PACK = ROOT / "src" / "allmende" / "packs" / "konstanz"
SAMPLES = Path(os.environ.get("ALLMENDE_SAMPLES", ROOT.parent / "shared" / "samples"))


def _parsing(files: list[Path]) -> dict[str, float]:
    mapping = read_mapping(PACK / "mappings" / "weather-2024.yaml")
    parser = TableParser(mapping, mapping.names().get, micros_from_instant(utc_now()))
    begin = time.perf_counter()
    outcomes = sum(
        1 for path in files for _ in parser.parse(file_lines(path, mapping.form, lambda size: None), path.name)
    )
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rows_per_s": parser.rows / seconds, "values_per_s": outcomes / seconds}


def _loading(gate: Gate, files: list[Path]) -> dict[str, float]:
    mapping = read_mapping(PACK / "mappings" / "weather-2024.yaml")
    begin = time.perf_counter()
    report = load(gate, files, mapping)
    seconds = time.perf_counter() - begin
    rows = sum(file.rows for file in report.files)
    return {"seconds": seconds, "rows_per_s": rows / seconds, "taken": report.taken, "repeated": report.repeated}


def _simulating(gate: Gate, days: int) -> dict[str, float]:
    demo = msgspec.structs.replace(read_demo(PACK), days=days)
    until = dt.datetime(2026, 7, 1, tzinfo=UTC)
    begin = time.perf_counter()
    added = fill(gate, demo, until - dt.timedelta(days=days), until)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "values": added, "values_per_s": added / seconds}


def main() -> None:
    """Measure in a throw-away store."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "konstanz-weather"
    files = sorted(folder.glob("ws_compl_summer.*.csv"))
    if not files:
        sys.exit(f"no ws_compl_summer.*.csv in {folder}; give the folder or set ALLMENDE_SAMPLES")
    with tempfile.TemporaryDirectory() as home:
        url = os.environ.get("ALLMENDE_BENCH_STORE", str(Path(home) / "observations.sqlite3"))
        migrate_store(url)
        gate = open_gate(url)
        gate.publish(WEATHER_RULES, actor="bench")
        found = {
            "parse": _parsing(files),
            "load": _loading(gate, files),
            "load_again": _loading(gate, files),
            "simulate": _simulating(gate, int(os.environ.get("BENCH_DAYS", "730"))),
        }
        gate.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
