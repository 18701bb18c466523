"""How fast the running data process answers over HTTP, each figure beside its bar; the client shares the machine.

Usage: ``python bench/sensorthings.py [VALUES A DATASTREAM]``; 1,000 datastreams, 1,000 values each unless told
otherwise, one with ten times as many. ``ALLMENDE_TEST_POSTGRES_URL`` names a PostgreSQL database beside which another
is made that is measured too.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.tokens import create_token  # noqa: E402
from allmende.kernel.clock import iso_from_micros  # noqa: E402
from bench.bare import bare_rate  # noqa: E402
from bench.floors import Floors, Sheet, measured, size  # noqa: E402
from bench.town import block, found  # noqa: E402
from bench.wire import Wire, crowd, request  # noqa: E402
from tests.postgres import Databases  # noqa: E402
from tests.program import PROGRAM, environment, free_port  # noqa: E402 - the tests lie beside this folder

BASE = "/sensorthings/v1.1"
LATEST = "Observations($top=1;$orderby=phenomenonTime desc)"
WRITERS, SINGLES, TIMES = 32, 500, 30


sheet = Sheet()


def _body(stream: int, first: int, count: int) -> bytes:
    values = block(stream, first, count, stream + first)
    rows = [
        [iso_from_micros(start), number]
        for start, number in zip(values.start.tolist(), values.number.tolist(), strict=True)
    ]
    array = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    return msgspec.json.encode([array])


def _ingest(address: str, token: str, streams: list[int], values: int, server: int, floors: Floors) -> None:
    """Send dataArrays of 1,000 rows from two writers."""
    size = 1_000
    jobs = [
        (stream, first, min(size, count - first))
        for stream, count in [*((stream, values) for stream in streams[:-1]), (streams[-1], 10 * values)]
        for first in range(0, count, size)
    ]
    bodies = [_body(*job) for job in jobs]
    host = address.removeprefix("http://")
    sent = [request(host, "POST", f"{BASE}/CreateObservations", body, token) for body in bodies]
    begin, cpu = time.perf_counter(), _cpu(server)
    crowd(address, [sent[::2], sent[1::2]])
    rows = sum(job[2] for job in jobs)
    sheet.say(
        f"dataArray of 1,000 rows, durable, {rows:,} in all",
        rows / (time.perf_counter() - begin),
        "a second",
        ">= 300,000",
        f"JSON {floors.json:,.0f}, block write {floors.blocks:,.0f}",
    )
    sheet.say("  the server's processor time for each row", (_cpu(server) - cpu) / rows * 1e6, "us", "none")


def _singles(address: str, token: str, streams: list[int], values: int, server: int) -> None:
    def ask(writer: int, number: int) -> bytes:
        (row,) = block(streams[writer], values + number, 1, 1).start.tolist()
        body = (
            f'{{"phenomenonTime":"{iso_from_micros(row)}","result":12.5,"Datastream":{{"@iot.id":{streams[writer]}}}}}'
        )
        return request(address.removeprefix("http://"), "POST", f"{BASE}/Observations", body.encode(), token)

    requests = [[ask(writer, number) for number in range(SINGLES)] for writer in range(WRITERS)]
    cpu = _cpu(server)
    rate, slowest = crowd(address, requests)
    spent = (_cpu(server) - cpu) / (WRITERS * SINGLES) * 1e6
    sheet.say("single POST, 32 writers, a bare server that stores nothing", bare_rate(requests), "a second", "none")
    sheet.say("single POST, 32 writers, durable", rate, "a second", ">= 10,000")
    sheet.say("  the slowest hundredth", slowest, "ms", "< 20")
    sheet.say("  the server's processor time for each", spent, "us", "none")


def _questions(streams: list[int], total: int) -> list[tuple[str, str, str]]:
    one = f"{BASE}/Datastreams({streams[-1]})/Observations"
    deep = min(500_000, total // 2)
    return [
        ("latest of 1,000", f"{BASE}/Datastreams?$top=1000&$expand={LATEST}", "<= 10"),
        (
            "map: things, places, streams, latest",
            f"{BASE}/Things?$top=250&$expand=Locations,Datastreams($expand={LATEST})",
            "<= 15",
        ),
        ("10,000 of one, JSON", f"{one}?$top=10000", "<= 10"),
        ("10,000 of one, dataArray", f"{one}?$top=10000&$resultFormat=dataArray", "<= 6"),
        ("one day of one", f"{one}?$top=288&$orderby=phenomenonTime", "<= 1.2"),
        ("count of all", f"{BASE}/Observations?$count=true&$top=0", "<= 2"),
        (f"page behind {deep:,}", f"{BASE}/Observations?$top=100&$skip={deep}", "<= 20"),
        ("one thing", f"{BASE}/Things(7)", "none"),
    ]


def _reads(address: str, streams: list[int], total: int, server: int, state: str) -> None:
    wire = Wire(address)
    for what, path, bar in _questions(streams, total):
        cpu = _cpu(server)
        middle = _middle(wire, path)
        spent = f"(the server's processor: {(_cpu(server) - cpu) / TIMES * 1000:.1f} ms)"
        sheet.say(f"{state}: {what}", middle, "ms", bar, spent)
    deep = f"{BASE}/Observations?$top=100&$skip={min(500_000, total // 2)}"
    link = msgspec.json.decode(wire.ask("GET", deep)[1])["@iot.nextLink"]
    sheet.say(f"{state}: the page after it, by nextLink", _middle(wire, link[link.index(BASE) :]), "ms", "<= 3")


def _cpu(number: int) -> float:
    """Give the processor seconds that a process has used."""
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _middle(wire: Wire, path: str, times: int = TIMES) -> float:
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        status, _ = wire.ask("GET", path)
        taken.append(time.perf_counter() - begin)
        if status != 200:
            raise RuntimeError(f"status {status} for {path}")
    return sorted(taken)[times // 2] * 1000


def _memory(number: int) -> float:
    """Give the largest memory that a process has had, in MB."""
    status = Path(f"/proc/{number}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            if Wire(address).ask("GET", "/health")[0] in (200, 503):
                return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit("the data process did not answer within half a minute")


def measure(name: str, home: Path, url: str, values: int) -> None:
    """Found a town, serve it, and measure."""
    sheet.store = name
    port = free_port()
    floors = measured(home, url)
    sheet.floors(floors)
    migrate_store(url)
    gate: Gate = open_gate(url)
    streams, token = found(gate), create_token(gate, name="bench", scopes=("sensorthings:write",))
    gate.close()
    more = {"ALLMENDE_DATABASE_URL": url} if url.startswith("postgres") else {}
    served = subprocess.Popen([*PROGRAM, "serve", "data", "--port", str(port)], env=environment(home, **more))
    address, total = f"http://127.0.0.1:{port}", len(streams) * values
    try:
        _wait(address)
        _ingest(address, token, streams, values, served.pid, floors)
        _singles(address, token, streams, values, served.pid)
        _reads(address, streams, total, served.pid, "fresh")
        sheet.say("largest memory of the data process", _memory(served.pid), "MB", "<= 400")
        gate = open_gate(url)
        sealed = gate.seal()
        gate.close()
        _reads(address, streams, total, served.pid, "sealed")
    finally:
        served.send_signal(signal.SIGINT)
        served.wait(30)
    sheet.say("bytes a value on disk, all included", size(url) / sealed, "bytes", "<= 9")


def main() -> None:
    """Measure each store that there is."""
    values = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        measure("SQLite", home, str(home / "observations.sqlite3"), values)
        url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
        if not url:
            print("PostgreSQL  not measured: ALLMENDE_TEST_POSTGRES_URL is not set")
            return
        databases = Databases(url)
        try:
            measure("PostgreSQL", home, databases.new(), values)
        finally:
            databases.drop()
    sheet.compare("SQLite", "PostgreSQL")


if __name__ == "__main__":
    main()
