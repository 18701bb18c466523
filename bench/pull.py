"""What does a worker cost that asks 500 sources every minute?

Usage: ``python bench/pull.py``. A server on this machine answers for all of them, each with a new value every minute.
``BENCH_SOURCES`` and ``BENCH_SECONDS`` change how many sources there are and for how long is measured. Measured is the
process ``allmende work``, with all that it does beside.
"""

import datetime as dt
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import open_gate  # noqa: E402
from allmende.sources.create import create  # noqa: E402
from tests.program import PROGRAM, environment, free_port, run  # noqa: E402 - the tests lie beside this folder
from tests.uplinks import READ  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402

SOURCES = int(os.environ.get("BENCH_SOURCES", "500"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "180"))
BAR = 0.2


def _serve(port: int, asked: "Synchronized[int]") -> None:
    class Station(BaseHTTPRequestHandler):
        """Answers as the interface of a station would."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Give the value of this minute."""
            minute = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
            body = f'{{"values":[{{"time":"{minute.isoformat()}","temperature":{minute.minute / 2}}}]}}'.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            with asked.get_lock():
                asked.value += 1

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Station).serve_forever()


def _recipes(home: Path, port: int) -> None:
    for number in range(SOURCES):
        folder = create(home, f"source-{number}", "http-json")
        for file, changes in {
            "source.yaml": {
                "https://www.example.org": f"http://127.0.0.1:{port}",
                "dataset: my-source": f"dataset: source-{number}",
                "slug: my-station": f"slug: station-{number}",
                "latitude: 47.66": f"latitude: {47 + number / 1e4}",
            },
            "manifest.toml": {"every_seconds = 900": "every_seconds = 60", "jitter_seconds = 60": "jitter_seconds = 5"},
        }.items():
            text = (folder / file).read_text(encoding="utf-8")
            for old, new in changes.items():
                text = text.replace(old, new)
            (folder / file).write_text(text, encoding="utf-8")


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _stored(home: Path) -> int:
    gate = open_gate(str(home / "observations.sqlite3"))
    try:
        return sum(one.count for one in gate.summary(gate.grant(READ)).values())
    finally:
        gate.close()


def _measure(home: Path, process: int, asked: "Synchronized[int]") -> None:
    before, begin = (_cpu(process), asked.value, _stored(home)), time.monotonic()
    time.sleep(SECONDS)
    seconds = time.monotonic() - begin
    used, runs, stored = _cpu(process) - before[0], asked.value - before[1], _stored(home) - before[2]
    print(f"{'sources, runs a minute':44} {SOURCES}, {runs / seconds * 60:.0f}")
    print(f"{'new values stored a minute':44} {stored / seconds * 60:8.0f}")
    print(f"{'CPU of allmende work':44} {used / seconds:8.1%} of a core   bar: below {BAR:.0%}")
    print(f"{'of each run':44} {used / runs * 1e3 if runs else 0:8.1f} ms, all else included")
    print(f"{'load of the machine (1 minute)':44} {os.getloadavg()[0]:8.1f}")


def main() -> None:
    """Measure in a throw-away folder."""
    context = multiprocessing.get_context("fork")
    asked: Synchronized[int] = context.Value("l", 0)
    port = free_port()
    server = context.Process(target=_serve, args=(port, asked), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory(prefix="allmende-bench-") as folder:
        home = Path(folder)
        done = run(home, "migrate")
        assert done.returncode == 0, done.stderr
        gate = open_gate(str(home / "observations.sqlite3"))
        gate.publish(WEATHER_RULES, actor="bench")
        gate.close()
        _recipes(home, port)
        named = environment(home, ALLMENDE_SOURCE_HOSTS="127.0.0.1")
        worker = subprocess.Popen([*PROGRAM, "work"], env=named, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            begin = time.monotonic()
            while asked.value < SOURCES * 1.2 and time.monotonic() - begin < 400:
                time.sleep(1)
            print(f"{'all asked once, and entered, after':44} {time.monotonic() - begin:8.0f} s", flush=True)
            _measure(home, worker.pid, asked)
        finally:
            worker.terminate()
            worker.wait(30)
            server.terminate()


if __name__ == "__main__":
    main()
