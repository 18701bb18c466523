"""How many observations a second arrive durably over MQTT with QoS 1, and how soon they are told to who follows.

Through a real Mosquitto and the gate, rules on.

Usage: ``python bench/mqtt.py``. The data process has one core, Mosquitto and the publisher the other.
``BENCH_MESSAGES`` changes how many are sent, ``BENCH_STREAMS`` to how many datastreams. The store is SQLite.
"""

import multiprocessing
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG, WRITERS, set_password, write_config  # noqa: E402
from allmende.apis.sensorthings.mqtt.packets import SUBACK, acknowledge, connect, read, subscribe  # noqa: E402
from allmende.apis.sensorthings.mqtt.reception import Reception  # noqa: E402
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate  # noqa: E402
from allmende.gate.query import Datastream, ObservedProperty, Sensor, Thing  # noqa: E402
from allmende.gate.tokens import create_token  # noqa: E402
from allmende.serve.data import run  # noqa: E402
from allmende.serve.settings import Settings  # noqa: E402
from tests.program import free_port  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
STREAMS = int(os.environ.get("BENCH_STREAMS", "20"))
WINDOW, BAR = 4_000, 20_000
PACE, PACED = 500, 10
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


def _body(number: int, day: int, value: int) -> bytes:
    second = number // STREAMS
    clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{second // 86400:03d}Z"
    return b'{"phenomenonTime":"2026-05-%02dT%b","result":%d.5}' % (day, clock.encode(), value)


def _text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def _packet(kind: int, content: bytes) -> bytes:
    """Write a packet of MQTT 3.1.1 shorter than 16,384 bytes."""
    size = len(content)
    return bytes([kind]) + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + content


def _sign_in(line: socket.socket, secret: str) -> None:
    flags = struct.pack("!BBH", 4, 0xC2, 600)
    line.sendall(_packet(0x10, _text(b"MQTT") + flags + _text(b"bench") + _text(b"bench") + _text(secret.encode())))
    assert line.recv(4) == b"\x20\x02\x00\x00", "the broker did not let us in"


def _observation(stream: int, number: int, day: int, value: int) -> bytes:
    topic = f"u/bench/v1.1/Datastreams({stream})/Observations".encode()
    return _packet(0x32, _text(topic) + struct.pack("!H", number % 65_535 + 1) + _body(number, day, value))


def _publish(port: int, secret: str, packets: list[bytes]) -> None:
    """Send all, with never more than a window that the broker has not acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        _sign_in(line, secret)
        sent = acknowledged = rest = 0
        while acknowledged < len(packets):
            most = min(len(packets), acknowledged + WINDOW)
            if sent < most and sent - acknowledged < WINDOW // 2:
                line.sendall(b"".join(packets[sent:most]))
                sent = most
            rest += len(line.recv(65_536))
            acknowledged, rest = acknowledged + rest // 4, rest % 4


class _Follower(threading.Thread):
    """Notes when each update arrives: over MQTT by a socket of its own, or as events of one datastream."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.arrived: dict[float, float] = {}
        self.ready = threading.Event()

    def note(self, body: bytes) -> None:
        """Note one update."""
        self.arrived.setdefault(msgspec.json.decode(body)["result"], time.perf_counter())


class _OverMqtt(_Follower):
    def __init__(self, port: int) -> None:
        super().__init__()
        self.line = socket.create_connection(("127.0.0.1", port))

    def run(self) -> None:
        """Follow all observations."""
        self.line.sendall(connect("lag", ("", ""), keep_alive=600, lasting=False, window=10_000))
        self.line.sendall(subscribe(1, ("v1.1/Observations",)))
        rest = b""
        while data := self.line.recv(65_536):
            published, others, end = read(rest + data)
            rest = (rest + data)[end:]
            if any(kind == SUBACK for kind, _ in others):
                self.ready.set()
            self.line.sendall(acknowledge([one.number for one in published]))
            for one in published:
                self.note(one.payload)


class _Live(_Follower):
    def __init__(self, client: httpx.Client, stream: int) -> None:
        super().__init__()
        self.client, self.path = client, f"/sensorthings/v1.1/Datastreams({stream})/Observations?$live"

    def run(self) -> None:
        """Follow one datastream."""
        with self.client.stream("GET", self.path) as answer:
            for line in answer.iter_lines():
                self.ready.set()
                if line.startswith("data: "):
                    self.note(line[6:].encode())


def _lag(client: httpx.Client, ports: tuple[int, int], secret: str, streams: list[int]) -> None:
    """Print how long after they were sent observations are told, at a steady pace."""
    followers = (_OverMqtt(ports[1]), _Live(client, streams[0]))
    for follower in followers:
        follower.start()
        follower.ready.wait(30)
    sent: dict[float, float] = {}
    with socket.create_connection(("127.0.0.1", ports[0])) as line:
        _sign_in(line, secret)
        begin = time.perf_counter()
        for number in range(PACED * PACE):
            time.sleep(max(0.0, begin + number / PACE - time.perf_counter()))
            sent[number + 0.5] = time.perf_counter()
            line.sendall(_observation(streams[number % STREAMS], number, 2, number))
        time.sleep(2)
    for name, follower in zip(("MQTT", "$live"), followers, strict=True):
        late = sorted(follower.arrived[number] - at for number, at in sent.items() if number in follower.arrived)
        place = (late[len(late) // 2], late[len(late) * 99 // 100], late[-1]) if late else (0.0, 0.0, 0.0)
        told = f"p50 {place[0]:.3f} s, p99 {place[1]:.3f} s, most {place[2]:.3f} s ({len(late)} of {len(sent)})"
        print(f"{f'told over {name} at {PACE}/s after':34} {told}   bar: below 1 s")


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
    reception, count = Reception(gate), MESSAGES // 5
    token = b"\x26" + _text(b"Authorization") + _text(b"Bearer " + secret.encode())
    sent = b"".join(
        _packet(
            0x32,
            _text(f"in/v1.1/Datastreams({streams[number % STREAMS]})/Observations".encode())
            + struct.pack("!HB", number % 65_535 + 1, len(token))
            + token
            + _body(number, 1, number % 40),
        )
        for number in range(count)
    )
    begin = time.process_time()
    messages, _, _ = read(sent)
    parsed = time.process_time()
    for start in range(0, count, 2_500):
        reception.take(messages[start : start + 2_500])
    stored = time.process_time() - parsed
    print(f"{'reading the packet of a message':34} {(parsed - begin) / count * 1e6:8.1f} µs of CPU")
    print(f"{'checking and storing, 2,500 at once':34} {stored / count * 1e6:8.1f} µs of CPU")


def _through(client: httpx.Client, process: int, port: int, secret: str, streams: list[int]) -> None:
    """Send through the broker, and print the figure beside the bar."""
    packets = [_observation(streams[number % STREAMS], number, 3, number % 40) for number in range(MESSAGES)]
    stored = 'allmende_mqtt_messages_total{outcome="stored"}'
    before, published = _figure(client, stored), _figure(client, "allmende_mqtt_published")
    begin, cpu = time.perf_counter(), _cpu(process)
    _publish(port, secret, packets)
    taken = time.perf_counter() - begin
    while _figure(client, stored) - before < MESSAGES and time.perf_counter() - begin < 300:
        time.sleep(0.2)
    seconds, used = time.perf_counter() - begin, _cpu(process) - cpu
    print(f"{'the broker took all after':34} {taken:8.1f} s")
    rate = MESSAGES / seconds
    print(f"{'created over MQTT, QoS 1, durable':34} {rate:8.0f}/s   bar: at least {BAR}/s")
    print(f"{'CPU of the data process':34} {used / MESSAGES * 1e6:8.1f} µs a message, its updates included so far")
    while _figure(client, "allmende_mqtt_published") - published < 2 * MESSAGES and time.perf_counter() - begin < 600:
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
        _lag(client, (port, receive), secret, streams)
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
