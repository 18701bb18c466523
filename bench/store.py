"""How fast the gate and its store write and read, each figure beside its bar and beside what the machine could do.

Usage: ``python bench/store.py [VALUES A DATASTREAM]``; 1,000 datastreams, 1,000 values each unless told otherwise.
``ALLMENDE_TEST_POSTGRES_URL`` names a PostgreSQL database beside which another is made that is measured too.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.apis.sensorthings.answer import Answerer  # noqa: E402
from allmende.apis.sensorthings.options import Options, read_options  # noqa: E402
from allmende.apis.sensorthings.paths import Resource, read_path  # noqa: E402
from allmende.gate.door import Gate, Grant, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Arrival, Batch, Order, Query, Within  # noqa: E402
from allmende.gate.query import Path as Property  # noqa: E402
from allmende.kernel.clock import micros_from_instant, utc_now  # noqa: E402
from bench.floors import FASTER, Floors, Sheet, measured, milliseconds, size  # noqa: E402
from bench.town import COLLECT, READ, START, STEP, block, fill, found  # noqa: E402 - the folder lies beside the tests
from tests.postgres import Databases  # noqa: E402

WRITERS, ROUNDS, BLOCK = 32, 100, 1_000
BY_TIME = (Order(Property(("phenomenonTime",))),)
ROOT, LATEST = "http://127.0.0.1/sensorthings/v1.1", "Observations($top=1;$orderby=phenomenonTime desc)"


sheet = Sheet()


def _singles(gate: Gate, streams: list[int], first: int) -> float:
    """Store single values of 32 writers together; give values a second."""
    grant = gate.grant(COLLECT)
    begin = time.perf_counter()
    for number in range(ROUNDS):
        start = START + (first + number) * STEP
        gate.append_all(
            [(grant, [Arrival(datastream_id=s, phenomenon_start=start, result=1.5)]) for s in streams[:WRITERS]]
        )
    return WRITERS * ROUNDS / (time.perf_counter() - begin)


def _share(asked: Callable[[], object], plain: Callable[[], object], rounds: int = 25) -> float:
    """Give how much of a read, in percent of processor time, is deciding and recording it; both take turns."""
    taken: dict[Callable[[], object], list[float]] = {asked: [], plain: []}
    for _ in range(rounds):
        for deed, seconds in taken.items():
            begin = time.process_time()
            for _ in range(20):
                deed()
            seconds.append(time.process_time() - begin)
    whole, rest = (min(seconds) for seconds in taken.values())
    return (whole - rest) / whole * 100


class Undecided:
    """The store under an answer that the gate gave before: what reading takes without it."""

    def __init__(self, gate: Gate) -> None:
        self.store, self.scope = gate.store, gate.grant(READ).scope(micros_from_instant(utc_now()))

    def __getattr__(self, name: str) -> Callable[..., object]:
        read = getattr(self.store, name)
        return read if name == "multi" else lambda _grant, *more: read(self.scope, *more)


def _shares(gate: Gate, stream: int, state: str) -> None:
    """Compare answers that ask the gate with the same ones that do not; HTTP is in neither."""
    plain: Any = Undecided(gate)
    for what, path, pairs in (
        ("one thing", "Things(7)", {}),
        ("one day of one", f"Datastreams({stream})/Observations", {"$top": "288", "$orderby": "phenomenonTime"}),
        ("latest of 1,000", "Datastreams", {"$top": "1000", "$expand": LATEST}),
    ):
        resource, options, grant = read_path(path), read_options(pairs), gate.grant(READ)

        def asked(resource: Resource = resource, options: Options = options) -> None:
            with gate.view():
                Answerer(gate, gate.grant(READ), ROOT).body(resource, options, "")

        def given(resource: Resource = resource, options: Options = options, grant: Grant = grant) -> None:
            with gate.view():
                Answerer(plain, grant, ROOT).body(resource, options, "")

        sheet.say(f"{state}: the gate's share of {what}", _share(asked, given), "%", "<= 5 %")


def _writing_share(gate: Gate, streams: list[int], first: int) -> None:
    """Compare blocks that ask the gate with the same ones that the store takes without a decision."""
    grant, following = gate.grant(COLLECT), iter(streams)

    def batch() -> Batch:
        return block(next(following), first, BLOCK, 1)

    def asked() -> None:
        gate.append(grant, batch())

    def given() -> None:
        gate.store.append(batch(), lambda _amounts: [])

    sheet.say("the gate's share of a block of 1,000", _share(asked, given, len(streams) // 40), "%", "<= 5 %")


def _reads(gate: Gate, streams: list[int], values: int, total: int, floors: Floors, state: str) -> None:
    grant = gate.grant(READ)
    one, end = streams[-1], START + values * STEP
    day = Query(kind="Observations", within=Within("Datastreams", one), top=288, order=BY_TIME)
    many = Query(kind="Observations", within=Within("Datastreams", one), top=10_000, order=BY_TIME)
    deep = Query(kind="Observations", top=100, skip=min(500_000, total // 2))
    after = gate.page(grant, deep).next_after
    count = Query(kind="Observations", top=0, count=True)
    for what, deed, bar in (
        ("latest of 1,000", lambda: gate.latest(grant, streams), "<= 10 ms"),
        ("one day of one, columns", lambda: gate.columns(grant, day), "<= 1.2 ms"),
        ("10,000 of one, columns", lambda: gate.columns(grant, many), "<= 6 ms"),
        ("count of all", lambda: gate.page(grant, count), "<= 2 ms"),
        (f"page behind {deep.skip:,}", lambda: gate.columns(grant, deep), "<= 20 ms"),
        (
            "the page after it",
            lambda: gate.columns(grant, msgspec.structs.replace(deep, skip=0, after=after)),
            "<= 3 ms",
        ),
        (f"all {values:,} numbers of one", lambda: gate.series(grant, one, START, end), "none"),
    ):
        short = what.startswith(("latest", "count"))
        floor = f"1,000 short rows {floors.newest:.2f} ms" if short else f"5 chunks {floors.chunks:.2f} ms"
        sheet.say(f"{state}: {what}", milliseconds(deed), "ms", bar, floor)
    _shares(gate, one, state)


def measure(name: str, folder: Path, url: str, values: int) -> None:
    """Measure one store."""
    sheet.store = name
    floors = measured(folder, url)
    sheet.floors(floors)
    migrate_store(url)
    gate = open_gate(url)
    streams = found(gate)
    grant = gate.grant(COLLECT)
    begin = time.perf_counter()
    total = fill(gate, grant, streams, values)
    rate = total / (time.perf_counter() - begin)
    sheet.say(f"blocks of 1,000, {total:,} values", rate, FASTER, ">= 300,000", f"block write {floors.blocks:,.0f}")
    rate = _singles(gate, streams, values)
    sheet.say(
        "single values of 32 writers", rate, FASTER, ">= 10,000", f"32 with each fdatasync {32 * floors.syncs:,.0f}"
    )
    _writing_share(gate, streams[: len(streams) // 2], values + ROUNDS)
    _reads(gate, streams, values, total, floors, "fresh")
    begin = time.perf_counter()
    sealed = gate.seal()
    sheet.say(f"sealing {sealed:,}", sealed / (time.perf_counter() - begin), FASTER)
    _reads(gate, streams, values, total, floors, "sealed")
    gate.close()
    sheet.say("bytes a value on disk, all included", size(url) / sealed, "bytes", "<= 9")


def main() -> None:
    """Measure each store that there is."""
    values = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as home:
        measure("SQLite", Path(home), str(Path(home) / "observations.sqlite3"), values)
        url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
        if not url:
            print("PostgreSQL  not measured: ALLMENDE_TEST_POSTGRES_URL is not set")
            return
        databases = Databases(url)
        try:
            measure("PostgreSQL", Path(home), databases.new(), values)
        finally:
            databases.drop()
    sheet.compare("SQLite", "PostgreSQL")


if __name__ == "__main__":
    main()
