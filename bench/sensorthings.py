"""How fast the running program answers over HTTP: SensorThings and pages, asked by four readers at once.

Usage: ``python bench/sensorthings.py [ADDRESS]``. Without an address a city is founded and served for the measurement.
Prints requests a second, the middle and the slowest hundredth of the answers beside the bar.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.program import PROGRAM, environment, founded_copy, free_port, run  # noqa: E402 - the tests lie beside

READERS, REQUESTS = 4, 400
BASE = "/sensorthings/v1.1"
QUESTIONS = (
    ("the root", BASE, 20),
    ("all things with places", f"{BASE}/Things?$expand=Locations", 40),
    ("a filter on names", f"{BASE}/Things?$filter=substringof('platz',name)", 40),
    ("newest of each stream", f"{BASE}/Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)", 40),
    ("100 observations", f"{BASE}/Observations?$top=100&$orderby=phenomenonTime desc", 40),
    ("start page", "/", 50),
    ("money", "/geld/", 50),
    ("map", "/daten/karte/", 50),
)


def _ask(address: str, path: str) -> tuple[float, list[float]]:
    """Send all requests; give the seconds in all and those of each answer, in order."""
    local = threading.local()

    def one(_number: int) -> float:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=address, timeout=30)
        begin = time.perf_counter()
        local.client.get(path).raise_for_status()
        return time.perf_counter() - begin

    begin = time.perf_counter()
    with ThreadPoolExecutor(READERS) as pool:
        taken = sorted(pool.map(one, range(REQUESTS)))
    return time.perf_counter() - begin, taken


def measure(address: str) -> None:
    """Ask each question and print what it took; the client shares the machine."""
    for label, path, bar in QUESTIONS:
        httpx.get(address + path, timeout=30)
        seconds, taken = _ask(address, path)
        middle, slowest = taken[len(taken) // 2] * 1000, taken[len(taken) * 99 // 100] * 1000
        rate = REQUESTS / seconds
        print(f"{label:26} {rate:8.0f}/s   p50 {middle:7.1f} ms   p99 {slowest:7.1f} ms   bar: p50 at most {bar} ms")


def main() -> None:
    """Measure the address that is given, or a city of our own."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        home, port = founded_copy(Path(folder)), free_port()
        good, probe = Path(folder) / "good.csv", ROOT / "tests" / "cli" / "probe.yaml"
        rows = [f"Döbele,2024-05-{day:02d} {hour:02d}:00,{hour}" for day in range(1, 31) for hour in range(24)]
        good.write_text("\n".join(["name,time,temperature", *rows]) + "\n", encoding="utf-8")
        run(home, "load", "observations", str(good), "--mapping", str(probe)).check_returncode()
        served = subprocess.Popen([*PROGRAM, "serve", "--port", str(port)], env=environment(home))
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            measure(address)
        finally:
            served.send_signal(signal.SIGINT)
            served.wait(30)


def _wait(address: str) -> None:
    """Wait until the portal answers."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < 60:
        try:
            if httpx.get(address).is_success:
                print(f"{'first answer after':26} {time.perf_counter() - begin:8.1f} s   bar: at most 5 s")
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    sys.exit("the program did not answer within a minute")


if __name__ == "__main__":
    main()
