"""How many observations a second arrive durably over MQTT with QoS 1, through a real Mosquitto and the gate.

Usage: ``python bench/mqtt.py``. The data process has one core, Mosquitto and the publisher the other.
``BENCH_MESSAGES`` changes how many are sent, ``ALLMENDE_TEST_POSTGRES_URL`` is not looked at: the store is SQLite.
"""

import multiprocessing
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.apis.sensorthings.mqtt.inbox import Message, Reception  # noqa: E402
from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG, WRITERS, set_password, write_config  # noqa: E402
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Datastream, ObservedProperty, Sensor, Thing  # noqa: E402
from allmende.gate.tokens import create_token  # noqa: E402
from allmende.serve.data import run  # noqa: E402
from allmende.serve.settings import Settings  # noqa: E402
from tests.program import free_port  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
STREAMS, WINDOW, BAR = 20, 4_000, 20_000
COLLECT = Ask(Asker("bench"), "collect", "climate-adaptation", "administration")


def _streams(gate: Gate) -> list[int]:
    """Make the datastreams."""
    grant = gate.grant(COLLECT)
    thing = gate.create(grant, "Things", Thing(name="bench", description=""))
    sensor = gate.create(grant, "Sensors", Sensor(name="bench", description=""))
    seen = gate.create(grant, "ObservedProperties", ObservedProperty(name="t", definition="", description=""))
    links = {"thing_id": thing, "sensor_id": sensor, "observed_property_id": seen}
    rules = {"unit": "Cel", "category": "weather", "data_use": "bench"}
    return [
        gate.create(grant, "Datastreams", Datastream(name=f"t{number}", description="", **links, **rules))
        for number in range(STREAMS)
    ]


def _body(number: int, day: int) -> bytes:
    second = number // STREAMS
    clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{second // 86400:03d}Z"
    return b'{"phenomenonTime":"2026-05-%02dT%b","result":%d.5}' % (day, clock.encode(), number % 40)


def _text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def _packet(kind: int, content: bytes) -> bytes:
    """Write a packet of MQTT 3.1.1 shorter than 16,384 bytes."""
    size = len(content)
    return bytes([kind]) + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + content


def _publish(port: int, secret: str, packets: list[bytes]) -> None:
    """Send all, with never more than a window that the broker has not acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        flags = struct.pack("!BBH", 4, 0xC2, 600)
        line.sendall(_packet(0x10, _text(b"MQTT") + flags + _text(b"bench") + _text(b"bench") + _text(secret.encode())))
        assert line.recv(4) == b"\x20\x02\x00\x00", "the broker did not let us in"
        sent = acknowledged = rest = 0
        while acknowledged < len(packets):
            most = min(len(packets), acknowledged + WINDOW)
            if sent < most and sent - acknowledged < WINDOW // 2:
                line.sendall(b"".join(packets[sent:most]))
                sent = most
            rest += len(line.recv(65_536))
            acknowledged, rest = acknowledged + rest // 4, rest % 4


def _figure(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _serve(home: Path, url: str, port: int) -> None:
    os.sched_setaffinity(0, {0})
    run(Settings(home=home, mqtt_url=url, port=port))


def _alone(gate: Gate, streams: list[int], secret: str) -> None:
    """Print what reading, checking and storing take without any network."""
    properties = {"user_property": [("Authorization", f"Bearer {secret}")]}
    reception, count = Reception(gate), MESSAGES // 5
    messages = [
        Message(f"in/v1.1/Datastreams({streams[number % STREAMS]})/Observations", _body(number, 1), properties)
        for number in range(count)
    ]
    begin = time.process_time()
    for message in messages:
        reception._arrival(message)
    read = time.process_time() - begin
    begin = time.process_time()
    for start in range(0, count, 1_000):
        reception.take(messages[start : start + 1_000])
    stored = time.process_time() - begin
    print(f"{'reading a message':34} {read / count * 1e6:8.1f} µs of CPU")
    print(f"{'reading and storing, 1,000 at once':34} {stored / count * 1e6:8.1f} µs of CPU")


def _through(client: httpx.Client, process: int, port: int, secret: str, streams: list[int]) -> None:
    """Send through the broker, and print the figure beside the bar."""
    packets = []
    for number in range(MESSAGES):
        topic = f"u/bench/v1.1/Datastreams({streams[number % STREAMS]})/Observations".encode()
        packets.append(_packet(0x32, _text(topic) + struct.pack("!H", number % 65_535 + 1) + _body(number, 2)))
    stored = 'allmende_mqtt_messages_total{outcome="stored"}'
    begin, cpu = time.perf_counter(), _cpu(process)
    _publish(port, secret, packets)
    taken = time.perf_counter() - begin
    while _figure(client, stored) < MESSAGES and time.perf_counter() - begin < 300:
        time.sleep(0.2)
    seconds, used = time.perf_counter() - begin, _cpu(process) - cpu
    print(f"{'the broker took all after':34} {taken:8.1f} s")
    rate = MESSAGES / seconds
    print(f"{'created over MQTT, QoS 1, durable':34} {rate:8.0f}/s   bar: at least {BAR}/s")
    print(f"{'CPU of the data process':34} {used / MESSAGES * 1e6:8.1f} µs a message, its updates included so far")
    while _figure(client, "allmende_mqtt_published") < 2 * MESSAGES and time.perf_counter() - begin < 600:
        time.sleep(0.1)
    print(f"{'all updates published after':34} {time.perf_counter() - begin:8.1f} s (two for each)")


def main() -> None:
    """Measure in throw-away folders."""
    mosquitto = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if mosquitto is None:
        sys.exit("no Mosquitto; install the package mosquitto")
    home = Path(tempfile.mkdtemp(prefix="allmende-bench-"))
    home.chmod(0o755)
    store = str(home / "observations.sqlite3")
    migrate_store(store)
    gate = open_gate(store)
    gate.publish(WEATHER_RULES, actor="bench")
    streams, secret = _streams(gate), create_token(gate, name="bench", scopes=("observations:write",))
    _alone(gate, streams, secret)
    port, receive, http = free_port(), free_port(), free_port()
    url = write_config(home / "broker", "127.0.0.1", port, receive)
    set_password(url.parent / WRITERS, "bench", secret)
    if os.geteuid() == 0:
        for place in (url.parent, *url.parent.iterdir()):
            shutil.chown(place, "mosquitto")
    os.sched_setaffinity(0, {1})
    broker = subprocess.Popen([mosquitto, "-c", str(url.parent / CONFIG)], stderr=subprocess.DEVNULL)
    address = url.read_text(encoding="utf-8").strip()
    served = multiprocessing.get_context("spawn").Process(target=_serve, args=(home, address, http))
    served.start()
    try:
        client = httpx.Client(base_url=f"http://127.0.0.1:{http}", transport=httpx.HTTPTransport(retries=8), timeout=60)
        while client.get("/health").json()["mqtt"] != "ok":
            time.sleep(0.1)
        _through(client, served.pid or 0, port, secret, streams)
    finally:
        served.terminate()
        served.join(20)
        broker.terminate()
        broker.wait(20)
        gate.close()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
