"""A real Mosquitto with the configuration that the program writes, and clients of MQTT 3.1.1 and 5."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gmqtt
import pytest

from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG, WRITERS, set_password, write_config

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def steady_port() -> int:
    """Find a free port that the system gives to no outgoing connection, so that it is free again after a kill."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Broker:
    """Mosquitto, which a test may kill and start again."""

    def __init__(self) -> None:
        if MOSQUITTO is None:
            pytest.skip("no Mosquitto; install the package mosquitto")
        # A folder of its own: the folders of pytest are closed to the user that Mosquitto becomes.
        self.folder = Path(tempfile.mkdtemp(prefix="allmende-broker-"))
        self.create_port = self.receive_port = steady_port()
        while self.receive_port == self.create_port:
            self.receive_port = steady_port()
        url = write_config(self.folder, "127.0.0.1", self.create_port, self.receive_port)
        self.url = url.read_text(encoding="utf-8").strip()
        if os.geteuid() == 0:
            for place in (self.folder, *self.folder.iterdir()):
                shutil.chown(place, "mosquitto")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Broker":
        """Start, and wait until both ports answer."""
        command = [str(MOSQUITTO), "-c", str(self.folder / CONFIG)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _answers(self.create_port, self.receive_port)
        return self

    def save(self) -> None:
        """Have the broker write what it keeps, as it does by itself every ten seconds."""
        if self.process is not None:
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(0.2)

    def kill(self) -> None:
        """End at once, without a chance to save anything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def end(self) -> None:
        """End in order, and leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def account(self, name: str, secret: str) -> None:
        """Let a token sign in, and have the running broker read its accounts again."""
        set_password(self.folder / WRITERS, name, secret)
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)


def _answers(*ports: int) -> None:
    deadline = time.monotonic() + 10
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "Mosquitto does not answer"
                time.sleep(0.02)


class Client:
    """A client that notes what it gets."""

    def __init__(self, port: int, version: int = 5, user: str = "", password: str = "") -> None:
        self.client = gmqtt.Client("")
        self.client.set_config({"reconnect_retries": -1, "reconnect_delay": 0.1})
        self.port, self.version = port, version
        self.got: list[tuple[str, bytes]] = []
        self.client.on_message = self._note
        if user:
            self.client.set_auth_credentials(user, password)

    def _note(self, _client: Any, topic: str, payload: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        self.got.append((topic, bytes(payload)))
        return 0

    async def __aenter__(self) -> "Client":
        await asyncio.wait_for(self.client.connect("127.0.0.1", self.port, version=self.version), 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def subscribe(self, *topics: str) -> None:
        """Subscribe and wait until the broker has agreed."""
        agreed = asyncio.Event()
        self.client.on_subscribe = lambda *_: agreed.set()
        for topic in topics:
            agreed.clear()
            self.client.subscribe(topic, qos=1)
            await asyncio.wait_for(agreed.wait(), 10)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, **properties: Any) -> None:
        """Publish; with a promise, wait until the broker has it."""
        self.client.publish(topic, payload, qos=qos, **properties)
        if qos:
            await asyncio.wait_for(self.client._persistent_storage.wait_empty(), 20)

    async def until(self, enough: Callable[[], Any], seconds: float = 10) -> None:
        """Wait until a condition holds."""
        await until(enough, seconds)


async def until(enough: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until a condition holds; the thread that asks is not the one that waits."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(enough):
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.02)
