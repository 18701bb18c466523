"""How fast a log of a million entries is appended, proved, copied and verified, and what it costs the ingest.

Usage: ``python bench/ledger.py [ENTRIES]``. Works in a temporary folder on SQLite. Prints each figure beside its bar.
"""

import datetime as dt
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.ledger import Ledger  # noqa: E402
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor, Thing  # noqa: E402
from allmende.ledger.check import verify_log, verify_proof  # noqa: E402
from allmende.ledger.entry import Released, Tally, entry_bytes  # noqa: E402
from allmende.ledger.files import FolderSource  # noqa: E402
from allmende.ledger.note import LOG, Checkpoint, Signer, signed  # noqa: E402
from allmende.serve.ledger import copy_log  # noqa: E402
from allmende.store.ledger import Composed, tell_decisions  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

SIGNER = Signer.made("bench.example/ledger", LOG)
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
AT_ONCE, PROOFS, BATCHES, CALLS = 5_000, 2_000, 500, 100_000
CATEGORIES = ("weather", "traffic-counts")


def _entry(number: int) -> bytes:
    """Write what most entries are: what was published in a minute."""
    at = (BEGIN + dt.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = {"verb": "publish", "purpose": "open-data", "recipient": "public", "rulebook": 7}
    tallies = tuple(Tally(category=name, rules=("publish-" + name,), times=number % 97, **names) for name in CATEGORIES)
    return entry_bytes(Released(at=at, minute=at, tallies=tallies))


def _line(label: str, figure: str, bar: str) -> None:
    print(f"{label:46} {figure:>34}   bar: {bar}", flush=True)


def _fill(gate: Gate, count: int) -> None:
    """Append entries as the sequencer does, five thousand in a transaction."""
    used, begin = time.process_time(), time.perf_counter()
    for first in range(0, count, AT_ONCE):
        batch = [_entry(number) for number in range(first, min(count, first + AT_ONCE))]
        gate.store.ledger.append(
            0,
            lambda *_told, batch=batch: Composed(batch, [], "2026-01-01T00:00:00Z", str(SIGNER.key)),
            lambda size, root: signed(Checkpoint(SIGNER.key.name, size, root), SIGNER),
        )
    used, taken = time.process_time() - used, time.perf_counter() - begin
    _line(f"append {count:,} entries", f"{count / taken:,.0f}/s, cpu {used:.1f} s", "none")


def _prove(log: Ledger) -> None:
    chance = random.Random(1)
    chosen = [chance.randrange(log.size) for _ in range(PROOFS)]
    taken, used = [], time.process_time()
    for index in chosen:
        begin = time.perf_counter()
        proof = log.proof(index)
        taken.append(time.perf_counter() - begin)
    used = (time.process_time() - used) / PROOFS * 1000
    middle = sorted(taken)[PROOFS // 2] * 1000
    _line("inclusion proof, with entry and checkpoint", f"{middle:.2f} ms, cpu {used:.2f} ms", "1 ms")
    begin = time.process_time()
    verify_proof(proof, SIGNER.key)
    _line("verify one proof", f"cpu {(time.process_time() - begin) * 1000:.2f} ms", "none")


def _verify(log: Ledger, folder: Path) -> None:
    begin = time.perf_counter()
    copy_log(log, folder, lambda _done, _total: None)
    _line("copy to files", f"{time.perf_counter() - begin:.1f} s", "none")
    used, begin = time.process_time(), time.perf_counter()
    found = verify_log(FolderSource(folder), SIGNER.key)
    used, taken = time.process_time() - used, time.perf_counter() - begin
    _line(
        f"verify {found.checkpoint.size:,} entries from files", f"{taken:.1f} s, cpu {used:.1f} s", "10 s for 1,000,000"
    )


def _ingest(gate: Gate) -> None:
    """Compare what it takes to see that a decision to collect is not for the log with the ingest around it."""
    gate.publish(WEATHER_RULES, "bench")
    grant = gate.grant(Ask(Asker("bench"), "collect", "climate-adaptation", "administration"))
    links = {
        "thing_id": gate.create(grant, "Things", Thing(name="Station", description="")),
        "sensor_id": gate.create(grant, "Sensors", Sensor(name="bench", description="")),
        "observed_property_id": gate.create(
            grant, "ObservedProperties", ObservedProperty(name="t", definition="", description="")
        ),
    }
    stream = Datastream(name="t", description="", unit="Cel", category="weather", data_use="bench", **links)
    number = gate.create(grant, "Datastreams", stream)
    begin = time.process_time()
    for minute in range(BATCHES):
        gate.append(grant, [Arrival(datastream_id=number, phenomenon_start=minute * 60_000_000, result=1.0)])
    whole = (time.process_time() - begin) / BATCHES * 1e6
    rows = gate.decisions(1)
    begin = time.process_time()
    for _ in range(CALLS):
        tell_decisions(cast(Connection, None), rows)
    part = (time.process_time() - begin) / CALLS * 1e6
    _line("of ingest of one observation", f"{part:.2f} of {whole:.0f} µs cpu, {part / whole * 100:.2f} %", "5 %")


def main() -> None:
    """Measure everything."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        migrate_store(str(home / "store.sqlite3"))
        gate = open_gate(str(home / "store.sqlite3"))
        _ingest(gate)
        _fill(gate, count)
        _prove(Ledger(gate))
        _verify(Ledger(gate), home / "log")
        gate.close()


if __name__ == "__main__":
    main()
