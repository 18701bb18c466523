"""MQTT in the data process: connected when a broker is named, closed with it, seen in health, figures and doctor."""

import asyncio
import contextlib
import hashlib
import platform
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gmqtt
from prometheus_client import CollectorRegistry, Counter, Gauge

from allmende.apis.sensorthings.mqtt.connection import Connection, Session, read_broker
from allmende.apis.sensorthings.mqtt.inbox import Inbox, Message, Outcome
from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG, set_password, write_config
from allmende.apis.sensorthings.mqtt.topics import EVERYTHING_SENT
from allmende.gate.door import Gate
from allmende.serve.settings import Settings

OFF, GRACE_SECONDS = "off", 5.0


class MqttFigures:
    """What ``/metrics`` shows of MQTT."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connected = Gauge("allmende_mqtt_connected", "1 with a connection to the broker", registry=registry)
        self.messages = Counter("allmende_mqtt_messages", "Messages by outcome", ["outcome"], registry=registry)


class Mqtt:
    """The doors of MQTT."""

    def __init__(self, settings: Settings, gate: Gate, registry: CollectorRegistry, written: Counter) -> None:
        self._figures = MqttFigures(registry)
        self._written = written
        self._inbox = Inbox(gate, self._tell)
        self._connection: Connection | None = None
        if settings.mqtt_url:
            broker = read_broker(settings.mqtt_url)
            self._connection = Connection(broker, _client_id(settings), self._take, EVERYTHING_SENT)
        self._figures.connected.set_function(lambda: float(self.state == "ok"))

    @property
    def state(self) -> str:
        """Say how the connection fares: ``off``, ``connecting``, ``ok``, or ``away`` with the reason."""
        return self._connection.state if self._connection is not None else OFF

    async def _take(self, topic: str, payload: bytes, properties: dict[str, Any]) -> None:
        await self._inbox.put(Message(topic, payload, properties))

    def _tell(self, outcome: Outcome) -> None:
        self._written.inc(outcome.added)
        for name, number in (
            ("stored", outcome.added),
            ("repeated", outcome.repeated),
            ("refused", len(outcome.refused)),
        ):
            self._figures.messages.labels(name).inc(number)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take what comes while the block lasts."""
        if self._connection is None:
            yield
            return
        storing = asyncio.ensure_future(self._inbox.run())
        connected = asyncio.ensure_future(self._connection.run())
        try:
            yield
        finally:
            connected.cancel()
            await asyncio.gather(connected, return_exceptions=True)
            await self._inbox.finish(GRACE_SECONDS)
            storing.cancel()


def _client_id(settings: Settings) -> str:
    """Give the lasting name under which the broker keeps what came while we were away."""
    return "allmende-" + hashlib.sha256(f"{platform.node()}:{settings.home}".encode()).hexdigest()[:12]


async def _knock(settings: Settings) -> None:
    session = Session(read_broker(settings.mqtt_url), "", None, lasting=False)
    try:
        await session.open()
    finally:
        await session.close()


def broker_fault(settings: Settings) -> str:
    """Try to sign in at the broker; give the reason when that fails, nothing otherwise."""
    try:
        asyncio.run(_knock(settings))
    except (OSError, TimeoutError, gmqtt.MQTTConnectError) as error:
        return str(error) or type(error).__name__
    return ""


def mosquitto_config(folder: Path, *, host: str, port: int, receive_port: int) -> tuple[Path, Path]:
    """Write the configuration of a broker; give its file and that with the address for Allmende."""
    url = write_config(folder, host, port, receive_port)
    return url.parent / CONFIG, url


def add_account(passwords: Path, name: str, plain: str) -> None:
    """Let a token sign in at the broker under its name."""
    set_password(passwords, name, plain)
