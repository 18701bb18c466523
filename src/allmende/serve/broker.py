"""MQTT in the data process: connected when a broker is named, closed with it, seen in health, figures and doctor."""

import asyncio
import contextlib
import hashlib
import platform
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from allmende.apis.sensorthings.hub import Hub
from allmende.apis.sensorthings.mqtt.connection import Connection
from allmende.apis.sensorthings.mqtt.inbox import Inbox
from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG, set_password, write_config
from allmende.apis.sensorthings.mqtt.outbox import Outbox
from allmende.apis.sensorthings.mqtt.packets import Published
from allmende.apis.sensorthings.mqtt.reception import Outcome
from allmende.apis.sensorthings.mqtt.selections import SUBSCRIBED, Selections
from allmende.apis.sensorthings.mqtt.session import BrokerRefused, Session, read_broker
from allmende.apis.sensorthings.mqtt.topics import EVERYTHING_SENT, VERSION
from allmende.gate.door import Gate
from allmende.serve.settings import Settings
from allmende.sources.subscribe import Subscriptions

log = structlog.get_logger("allmende.mqtt")

OFF, GRACE_SECONDS = "off", 5.0
_SUBSCRIBED = SUBSCRIBED.encode()
REQUIREMENTS = "http://www.opengis.net/spec/iot_sensing/1.1/req"


class MqttFigures:
    """What ``/metrics`` shows of MQTT."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connected = Gauge("allmende_mqtt_connected", "1 with a connection to the broker", registry=registry)
        self.messages = Counter("allmende_mqtt_messages", "Messages by outcome", ["outcome"], registry=registry)
        self.refused = Counter("allmende_mqtt_refused", "Refused messages by reason", ["code"], registry=registry)
        self.published = Gauge("allmende_mqtt_published", "Updates that the broker has taken", registry=registry)


class Mqtt:
    """The doors of MQTT."""

    def __init__(
        self, settings: Settings, gate: Gate, registry: CollectorRegistry, hub: Hub, written: Callable[[int], None]
    ) -> None:
        self._figures = MqttFigures(registry)
        self._written = written
        self._inbox = Inbox(gate, self._tell)
        self._connection: Connection | None = None
        self._outbox: Outbox | None = None
        self._selections = Selections(settings.home / "mqtt" / "selections.json")
        if settings.mqtt_url:
            broker = read_broker(settings.mqtt_url, settings.mqtt_ca)
            self._connection = Connection(broker, _client_id(settings), self._take, (EVERYTHING_SENT, SUBSCRIBED))
            root = f"{_address(settings)}/sensorthings/{VERSION}"
            self._outbox = Outbox(gate, hub, self._connection, self._selections, root, self._inbox.busy)
            self._figures.published.set_function(lambda: self._outbox.published if self._outbox else 0)
        self._figures.connected.set_function(lambda: float(self.state == "ok"))

    @property
    def state(self) -> str:
        """Say how the connection fares: ``off``, ``connecting``, ``ok``, or ``away`` with the reason."""
        return self._connection.state if self._connection is not None else OFF

    def _take(self, session: Session, published: list[Published]) -> None:
        """Put what clients sent into the inbox; what the broker itself tells is heard and forgotten."""
        told = [message for message in published if message.topic == _SUBSCRIBED]
        if told:
            for message in told:
                self._selections.hear(message.payload)
            session.acknowledge(told)
            published = [message for message in published if message.topic != _SUBSCRIBED]
        if published:
            self._inbox.put(session, published)

    def _tell(self, outcome: Outcome) -> None:
        self._written(outcome.added)
        for name, number in (
            ("stored", outcome.added),
            ("repeated", outcome.repeated),
            ("refused", len(outcome.refused)),
        ):
            self._figures.messages.labels(name).inc(number)
        for _, error in outcome.refused:
            self._figures.refused.labels(error.code.code).inc()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take what comes while the block lasts."""
        if self._connection is None or self._outbox is None:
            yield
            return
        storing = asyncio.ensure_future(_kept(self._inbox.run))
        deeds = (self._outbox.run, self._outbox.run_entities, self._connection.run)
        connected = [asyncio.ensure_future(_kept(deed)) for deed in deeds]
        try:
            yield
        finally:
            for deed in connected:
                deed.cancel()
            await asyncio.gather(*connected, return_exceptions=True)
            await self._inbox.calm(GRACE_SECONDS)
            storing.cancel()


@contextlib.asynccontextmanager
async def listening(subscriptions: Subscriptions) -> AsyncIterator[None]:
    """Listen for the city's sources while the block lasts."""
    task = asyncio.ensure_future(_kept(subscriptions.run))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _kept(deed: Callable[[], Awaitable[None]]) -> None:
    """Keep something running that has no reason to end."""
    while True:
        try:
            await deed()
        except Exception:
            log.exception("a part of MQTT broke and begins anew")
        await asyncio.sleep(1)


def _address(settings: Settings) -> str:
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def announced(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Give the endpoints that the service document names, by requirement (18-088, clause 14)."""
    named = {
        f"{REQUIREMENTS}/create-observations-via-mqtt/observations-creation": settings.mqtt_create_endpoint,
        f"{REQUIREMENTS}/receive-updates-via-mqtt/receive-updates": settings.mqtt_receive_endpoint,
    }
    return {name: {"endpoints": [endpoint]} for name, endpoint in named.items() if endpoint and settings.mqtt_url}


def _client_id(settings: Settings) -> str:
    """Give the lasting name under which the broker keeps what came while we were away."""
    return "allmende-" + hashlib.sha256(f"{platform.node()}:{settings.home}".encode()).hexdigest()[:12]


async def _knock(settings: Settings) -> None:
    session = Session(read_broker(settings.mqtt_url, settings.mqtt_ca), "", lasting=False)
    try:
        await session.open()
    finally:
        await session.close()


def broker_fault(settings: Settings) -> str:
    """Try to sign in at the broker; give the reason when that fails, nothing otherwise."""
    try:
        asyncio.run(_knock(settings))
    except (OSError, TimeoutError, BrokerRefused) as error:
        return str(error) or type(error).__name__
    return ""


def mosquitto_config(folder: Path, *, host: str, port: int, receive_port: int) -> tuple[Path, Path]:
    """Write the configuration of a broker; give its file and that with the address for Allmende."""
    url = write_config(folder, host, port, receive_port)
    return url.parent / CONFIG, url


def add_account(passwords: Path, name: str, plain: str) -> None:
    """Let a token sign in at the broker under its name."""
    set_password(passwords, name, plain)
