"""How long a year of one station takes from a reply that lies there to durable rows.

Usage: ``python bench/backfill.py``. 52,560 steps of 10 minutes with eight values, as an archive of the DWD and as JSON,
read by a recipe and written through the gate into SQLite in a temporary folder. Prints each figure beside its bar.
"""

import datetime as dt
import io
import json
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import Gate, migrate_store, open_gate  # noqa: E402
from allmende.sources.definition import read_connector  # noqa: E402
from allmende.sources.parse import Told  # noqa: E402
from allmende.sources.write import Sink, collecting  # noqa: E402
from tests.sources.conftest import MANIFEST, RECIPE  # noqa: E402 - the tests lie beside this folder
from tests.weather_rules import WEATHER_RULES  # noqa: E402

STEPS, BAR = 52_560, 5.0
NAMES = ("TT_10", "RF_10", "PP_10", "TM5_10", "TD_10", "FF_10", "DD_10", "RWS_10")
BEGIN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def _rows() -> list[tuple[dt.datetime, list[float]]]:
    return [
        (BEGIN + dt.timedelta(minutes=10 * step), [(step * 7 + place * 13) % 300 / 10 for place in range(len(NAMES))])
        for step in range(STEPS)
    ]


def _archive() -> bytes:
    lines = [f"STATIONS_ID;MESS_DATUM;  QN;{';'.join(NAMES)};eor"]
    lines += [
        f"       2712;{when:%Y%m%d%H%M};    3;{';'.join(f'{value:6.1f}' for value in values)};eor"
        for when, values in _rows()
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("produkt_zehn_min.txt", "\n".join(lines))
    return packed.getvalue()


def _json() -> bytes:
    rows = [{"time": when.isoformat(), **dict(zip(NAMES, values, strict=True))} for when, values in _rows()]
    return json.dumps(rows).encode()


def _measure(gate: Gate, folder: Path, name: str, body: bytes, changes: dict[str, Any]) -> None:
    """Read and write a reply twice, the second time all of it is there."""
    home = folder / "connectors" / name
    home.mkdir(parents=True)
    (home / "manifest.toml").write_text(MANIFEST.format(name=name, kind="push"), encoding="utf-8")
    value = {**RECIPE["values"][0], "definition": "https://example.org/", "minimum": -999, "maximum": 2_000}
    values = [{**value, "path": one, "observed": one.lower().replace("_", "-")} for one in NAMES]
    recipe = {**RECIPE, "dataset": name, "values": values, **changes}
    (home / "source.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    connector = read_connector(home, own=True)
    taken, used = [], []
    for _ in range(2):
        begin, busy = time.perf_counter(), time.process_time()
        outcome = Sink(gate, connector, collecting(gate, connector, "system:bench")).write(
            list(connector.parser().parse(body, Told("1")))
        )
        taken.append(time.perf_counter() - begin)
        used.append(time.process_time() - busy)
        assert outcome.taken + outcome.repeated == STEPS * len(NAMES)
    first, again = (f"{wall:.2f} s (cpu {cpu:.2f})" for wall, cpu in zip(taken, used, strict=True))
    print(f"{STEPS:,} x {len(NAMES)} values, {name:10} {first}   bar: {BAR:.0f} s   again: {again}", flush=True)


def main() -> None:
    """Measure both forms."""
    with tempfile.TemporaryDirectory() as folder:
        url = str(Path(folder) / "observations.sqlite3")
        migrate_store(url)
        gate = open_gate(url)
        gate.publish(WEATHER_RULES, actor="bench")
        dwd = {"parser": "dwd", "time": {"path": "MESS_DATUM", "format": "%Y%m%d%H%M", "zone": "UTC"}}
        forms = (("archive", _archive(), dwd), ("json", _json(), {}))
        for form in forms:
            _measure(gate, Path(folder), *form)
        gate.close()


if __name__ == "__main__":
    main()
