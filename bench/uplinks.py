"""How many uplinks of LoRaWAN devices a second are read, checked and durable, over MQTT with QoS 1 through Mosquitto.

Usage: ``python bench/uplinks.py``. The data process has one core, Mosquitto and the publisher the other.
``BENCH_DEVICES``, ``BENCH_FRAMES`` (uplinks of each) and ``BENCH_VALUES`` (1 or 2 in each uplink) change what is sent.
The store is SQLite; with ``BENCH_PROFILE`` the reading alone is profiled in this process instead.
"""

import cProfile
import multiprocessing
import os
import pstats
import socket
import struct
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.apis.sensorthings.ingest import Ingest, Sender  # noqa: E402
from allmende.sources.definition import connector  # noqa: E402
from allmende.sources.reception import Parcel, Reception  # noqa: E402
from allmende.sources.run import House  # noqa: E402
from tests.program import free_port  # noqa: E402
from tests.uplinks import HELLO, Network, Sent, packet, text, until, uplink  # noqa: E402

DEVICES = int(os.environ.get("BENCH_DEVICES", "10000"))
FRAMES = int(os.environ.get("BENCH_FRAMES", "12"))
VALUES = int(os.environ.get("BENCH_VALUES", "1"))
BAR, WINDOW, TOGETHER = 15_000, 4_000, 5_000
WRITTEN = "allmende_observations_written_total"


def _frames(first: int, last: int) -> list[Sent]:
    more = {"humidity": 40} if VALUES > 1 else {}
    return [
        uplink(device, frame, temperature=frame % 40 + 0.5, **more)
        for frame in range(first, last)
        for device in range(DEVICES)
    ]


def _figure(port: int) -> float:
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{WRITTEN} ")), 0.0)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _packets(sent: list[Sent]) -> list[bytes]:
    """Write the packets of MQTT 3.1.1 beforehand: the publisher is to cost as little as it can."""
    return [
        packet(0x32, text(topic.encode()) + struct.pack("!H", number % 65_535 + 1) + body)
        for number, (topic, body) in enumerate(sent)
    ]


def _send(port: int, packets: list[bytes], told: Connection) -> None:
    """Send all, with never more than a window that the broker has not acknowledged; tell what it cost."""
    os.sched_setaffinity(0, {1})
    begin = time.process_time()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(HELLO)
        assert line.recv(4) == b"\x20\x02\x00\x00", "the broker did not let us in"
        sent = acknowledged = rest = 0
        while acknowledged < len(packets):
            most = min(len(packets), acknowledged + WINDOW)
            if sent < most and sent - acknowledged < WINDOW // 2:
                line.sendall(b"".join(packets[sent:most]))
                sent = most
            rest += len(line.recv(65_536))
            acknowledged, rest = acknowledged + rest // 4, rest % 4
    told.send(time.process_time() - begin)


def _through(network: Network) -> None:
    """Send through the broker, and print the figure beside the bar."""
    port, broker = free_port(), network.broker.process.pid
    os.sched_setaffinity(broker, {1})
    network.start(port)
    process = network.processes[port].pid
    os.sched_setaffinity(process, {0})
    until(lambda: network.answers(port))
    begin = time.perf_counter()
    network.send(_frames(0, 1))
    until(lambda: _figure(port) >= DEVICES * VALUES, 600)
    print(f"{'all devices made known after':44} {time.perf_counter() - begin:8.1f} s", flush=True)
    packets, before = _packets(_frames(1, FRAMES + 1)), _figure(port)
    size, count = sum(map(len, packets)) / len(packets), len(packets)
    used = [-_cpu(process), -_cpu(broker)]
    here, there = multiprocessing.Pipe()
    begin = time.perf_counter()
    sender = multiprocessing.get_context("fork").Process(target=_send, args=(network.broker.port, packets, there))
    sender.start()
    while _figure(port) - before < count * VALUES and time.perf_counter() - begin < 600:
        time.sleep(0.5)
    seconds = time.perf_counter() - begin
    used = [used[0] + _cpu(process), used[1] + _cpu(broker), here.recv()]
    sender.join()
    print(f"{'uplinks, bytes of one, values in one':44} {count}, {size:.0f}, {VALUES}")
    print(f"{'uplinks over MQTT, QoS 1, durable':44} {count / seconds:8.0f}/s   bar: at least {BAR}/s")
    for name, spent in zip(("the data process", "Mosquitto", "the publisher"), used, strict=True):
        print(f"{f'CPU of {name}':44} {spent / count * 1e6:8.1f} µs an uplink")
    print(f"{'of which two cores at that rate take':44} {sum(used) / count * BAR / 2:8.0%}")
    print(f"{'stored, each once':44} {sum(network.stored().values())} of {DEVICES * (FRAMES + 1)}")
    print(f"{'load of the machine (1 minute)':44} {os.getloadavg()[0]:8.1f}")


def _alone(network: Network) -> None:
    """Profile what the data process does with messages, without any network."""
    house = House(network.home, ("127.0.0.1",), "bench")
    reception = Reception(house, network.gate, Ingest(network.gate), "lora")
    lora, sender = connector(network.home, "lora"), Sender(name="system:bench", purpose="climate-adaptation")

    def take(sent: list[Sent]) -> None:
        for place in range(0, len(sent), TOGETHER):
            reception.take([Parcel(lora, sender, sent[place : place + TOGETHER])])

    take(_frames(0, 1))
    sent = _frames(1, 5)
    begin, cpu = time.perf_counter(), time.process_time()
    take(sent)
    seconds, used = time.perf_counter() - begin, time.process_time() - cpu
    print(f"{seconds / len(sent) * 1e6:.1f} µs an uplink, {used / len(sent) * 1e6:.1f} µs of CPU")
    sent = _frames(5, 9)
    profile = cProfile.Profile()
    profile.enable()
    take(sent)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Measure in throw-away folders."""
    with tempfile.TemporaryDirectory(prefix="allmende-bench-") as home:
        network = Network(Path(home), str(Path(home) / "observations.sqlite3"), DEVICES)
        try:
            (_alone if os.environ.get("BENCH_PROFILE") else _through)(network)
        finally:
            network.end()


if __name__ == "__main__":
    main()
