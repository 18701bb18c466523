"""A network of LoRaWAN devices: The Things Stack's messages, a plain broker, a city that subscribes, and a sender."""

import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from allmende.apis.sensorthings.mqtt.mosquitto import password_line
from allmende.gate.door import Ask, Asker, Gate, migrate_store, open_gate
from allmende.kernel.clock import iso_from_micros
from allmende.sources.create import create
from allmende.sources.state import State, StateFile
from tests.mqtt_broker import MOSQUITTO, steady_port
from tests.program import PROGRAM, environment
from tests.weather_rules import WEATHER_RULES

READ = Ask(Asker("public"), "publish", "open-data", "public")
BEGIN, STEP = 1_772_323_200_000_000, 60_000_000
Sent = tuple[str, bytes]

CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
password_file {folder}/passwords
persistence true
persistence_location {folder}/
autosave_interval {autosave}
max_queued_messages 0
max_inflight_messages 20000
log_type error
"""


def uplink(device: int, frame: int, at: str = "", **payload: Any) -> Sent:
    """Write topic and message of one uplink, as large as those of the network are; what is 0 is left out."""
    name = f"station-{device}"
    counter = {"f_cnt": frame} if frame else {}
    heard = {
        "gateway_ids": {"gateway_id": "roof", "eui": "9C5C8E00001A05C4"},
        "time": "2026-03-01T00:00:00.787Z",
        "timestamp": 2463457000,
        "rssi": -95,
        "channel_rssi": -95,
        "uplink_token": "ChIKEAoEZ3R3MRIInFyOAAAaBcQQ6L3Vlgk=",
        "channel_index": 2,
    }
    when = at or iso_from_micros(BEGIN + frame * STEP + device + 1)[:-1] + "789Z"
    message = {
        "end_device_ids": {
            "device_id": name,
            "application_ids": {"application_id": "city"},
            "dev_eui": f"{device:016X}",
            "join_eui": "800000000000000C",
            "dev_addr": "00BCB929",
        },
        "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ", "gs:uplink:01E0WZGSZWT07NE5TS2APTV1Z9"],
        "received_at": when,
        "uplink_message": {
            "session_key_id": "AXA50tHUGUucuzS/bCGMNw==",
            **counter,
            "f_port": 2,
            "frm_payload": "gkHe",
            "decoded_payload": payload or {"temperature": frame % 40 + 0.5},
            "rx_metadata": [{**heard, "snr": 5}, heard],
            "settings": {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}}, "frequency": "868300000"},
            "consumed_airtime": "0.056576s",
            "received_at": when,
        },
    }
    return f"v3/city/devices/{name}/up", json.dumps(message).encode()


def until(enough: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not enough():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


class Mosquitto:
    """A broker with one account, ``city``; anybody may send. It writes what it keeps every ``autosave`` seconds."""

    def __init__(self, autosave: int = 1_800) -> None:
        if MOSQUITTO is None:
            pytest.skip("no Mosquitto; install the package mosquitto")
        self.folder = Path(tempfile.mkdtemp(prefix="allmende-broker-"))
        self.port = steady_port()
        (self.folder / "passwords").write_text(password_line("city", "key"), encoding="utf-8")
        (self.folder / "conf").write_text(
            CONFIG.format(port=self.port, folder=self.folder, autosave=autosave), encoding="utf-8"
        )
        if os.geteuid() == 0:
            for place in (self.folder, *self.folder.iterdir()):
                shutil.chown(place, "mosquitto")
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.process = subprocess.Popen([str(MOSQUITTO), "-c", str(self.folder / "conf")])

        def answers() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False

        until(answers, 10)

    def save(self) -> None:
        """Have it write what it keeps, as it does by itself now and then."""
        changed = self._saved()
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: self._saved() != changed, 20)

    def _saved(self) -> float:
        path = self.folder / "mosquitto.db"
        return path.stat().st_mtime if path.exists() else 0.0

    def kill(self) -> None:
        """End at once."""
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        """End, and leave nothing behind."""
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def text(value: bytes) -> bytes:
    """Write a text as packets have it."""
    return struct.pack("!H", len(value)) + value


def packet(kind: int, content: bytes) -> bytes:
    """Write a packet."""
    size, head = len(content), bytearray((kind,))
    while True:
        size, low = divmod(size, 128)
        head.append(low | 128 if size else low)
        if not size:
            return bytes(head) + content


HELLO = packet(0x10, text(b"MQTT") + struct.pack("!BBH", 4, 2, 600) + text(b""))


def publish(port: int, messages: Sequence[Sent], window: int = 500, pace: float = 0.0) -> None:
    """Publish with QoS 1 over MQTT 3.1.1, each again until the broker acknowledges it."""
    waiting = deque(messages)
    while waiting:
        with suppress(OSError):
            _publish(port, waiting, window, pace)
        time.sleep(0.05)


def _publish(port: int, waiting: deque[Sent], window: int, pace: float) -> None:
    on_the_way: dict[int, Sent] = {}
    mark, rest = 0, b""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(HELLO)
        try:
            if line.recv(4) != b"\x20\x02\x00\x00":
                raise ConnectionError
            while waiting or on_the_way:
                parts = []
                while waiting and len(on_the_way) < window:
                    mark = mark % 65_535 + 1
                    on_the_way[mark] = sent = waiting.popleft()
                    parts.append(packet(0x32, text(sent[0].encode()) + struct.pack("!H", mark) + sent[1]))
                line.sendall(b"".join(parts))
                if not select.select([line], [], [], 20)[0] or not (got := line.recv(65_536)):
                    raise ConnectionError
                rest += got
                for place in range(0, len(rest) - 3, 4):
                    del on_the_way[rest[place + 2] << 8 | rest[place + 3]]
                rest = rest[len(rest) // 4 * 4 :]
                time.sleep(pace)
        finally:
            waiting.extend(on_the_way.values())


class Network:
    """A city with a source ``lora`` of so many devices, its data processes, and the broker."""

    def __init__(self, home: Path, store_url: str, devices: int, share: str = "", autosave: int = 1_800) -> None:
        self.home, self.store_url, self.devices = home, store_url, devices
        migrate_store(store_url)
        self.gate: Gate = open_gate(store_url)
        self.gate.publish(WEATHER_RULES, actor="tests")
        self.broker = Mosquitto(autosave)
        self.recipe("lora", "tts", share=share)
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def recipe(self, name: str, like: str, share: str = "", **changes: str) -> None:
        """Make a connector of the city that listens to the broker."""
        folder = self.home / "connectors" / name
        if not folder.exists():
            create(self.home, name, like)
        text = (folder / "source.yaml").read_text(encoding="utf-8")
        if like == "tts":
            head, _, behind = text.partition("stations:")
            stations = "".join(
                f"  - {{ slug: s-{one}, name: S{one}, key: station-{one}, longitude: {9 + one / 5e4}, latitude: 8 }}\n"
                for one in range(self.devices)
            )
            behind = behind[behind.index("instrument:") :].partition("  - path: payload.pressure")[0]
            mqtt = (
                f'mqtt: {{ url: "mqtt://127.0.0.1:{self.broker.port}", topic: "v3/{{app}}/devices/{{device}}/up",'
                f' share: "{share}", user: city, secret: {{ environment: TTS_KEY }} }}\n'
            )
            text = f"{head.replace('lorawan-weather', name, 1)}{mqtt}stations:\n{stations}\n{behind}"
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / "source.yaml").write_text(text, encoding="utf-8")

    def start(self, port: int, **more: str) -> None:
        """Start a data process."""
        named = {"ALLMENDE_DATABASE_URL": self.store_url} if self.store_url.startswith("postgres") else {}
        secrets = {"TTS_KEY": "key", "ALLMENDE_SOURCE_HOSTS": "127.0.0.1", **more}
        self.processes[port] = subprocess.Popen(
            [*PROGRAM, "serve", "data", "--port", str(port)], env=environment(self.home, **named, **secrets)
        )

    def kill(self, port: int) -> None:
        """End a data process at once."""
        self.processes[port].kill()
        self.processes[port].wait(10)

    def answers(self, port: int) -> bool:
        """Tell whether a data process is well."""
        with suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
        return False

    def end(self) -> None:
        """End all."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(20)
        self.broker.end()
        self.gate.close()

    def send(self, messages: Sequence[Sent], pace: float = 0.0) -> None:
        """Publish to the broker until it has all."""
        publish(self.broker.port, messages, pace=pace)

    def heard(self, messages: Sequence[Sent]) -> bool:
        """Publish, and tell whether anything of the source has been stored by now."""
        self.send(messages)
        return self.state().last_value is not None

    def state(self, name: str = "lora") -> State:
        """Give what is remembered of a source."""
        return StateFile(self.home / "sources" / name).read()

    def stored(self) -> dict[str, int]:
        """Count the stored temperatures of each device."""
        grant, found = self.gate.grant(READ), {}
        for device in range(self.devices):
            number = self.gate.find("Datastreams", f"lora-s-{device}-air-temperature")
            if number is not None:
                found[f"station-{device}"] = len(self.gate.series(grant, number, 0, 1 << 60).times)
        return found

    def values(self, slug: str) -> list[tuple[str, float]]:
        """Give times and numbers of a datastream."""
        number = self.gate.find("Datastreams", slug)
        if number is None:
            return []
        series = self.gate.series(self.gate.grant(READ), number, 0, 1 << 60)
        return [(iso_from_micros(at), value) for at, value in zip(series.times.tolist(), series.values, strict=True)]
