"""The connection to the broker: kept, and made anew after a growing pause."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import gmqtt
import msgspec
import structlog
from gmqtt.storage import PersistentStorage

log = structlog.get_logger("allmende.mqtt")

FIRST_PAUSE, LONGEST_PAUSE, CONNECT_SECONDS = 0.25, 30.0, 10.0
NEVER, NO_RECONNECT = 0xFFFFFFFF, -2
AT_ONCE, MOST_PUBLISHED = 5_000, 1_000
STORED = 0
# What the client says is said here in one line; its own log would repeat every message at the level of debugging.
logging.getLogger("gmqtt").setLevel(logging.CRITICAL + 1)

Take = Callable[[str, bytes, dict[str, Any]], Awaitable[None]]


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""


def read_broker(url: str) -> Broker:
    """Read ``mqtt://user:password@host:port``, or ``mqtts://``; raise ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("mqtt://user:password@host:port or mqtts://… is needed")
    tls = parts.scheme == "mqtts"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Broker(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password)


class Session:
    """One connection with what was sent over it and is not yet acknowledged.

    Acknowledgements of a connection that has gone stay with it: numbers of packets begin anew on the next.
    """

    def __init__(self, broker: Broker, client_id: str, take: Take | None, *, lasting: bool = True) -> None:
        self._broker = broker
        self.unacknowledged = PersistentStorage()
        self.lost = asyncio.Event()
        self._client = gmqtt.Client(
            client_id,
            clean_session=not lasting,
            optimistic_acknowledgement=False,
            persistent_storage=self.unacknowledged,
            session_expiry_interval=NEVER if lasting else 0,
            receive_maximum=AT_ONCE,
        )
        self._client.set_config({"reconnect_retries": NO_RECONNECT, "reconnect_delay": 0})
        if broker.user:
            self._client.set_auth_credentials(broker.user, broker.password)
        self.window = MOST_PUBLISHED
        self._client.on_connect = self._agree
        self._client.on_disconnect = lambda *_: self.lost.set()
        if take is not None:
            self._client.on_message = _answering(take)

    def _agree(self, _client: Any, _flags: int, _result: int, properties: dict[str, Any]) -> None:
        """Note how many messages the broker takes at once."""
        for most in properties.get("receive_maximum", ()):
            self.window = max(1, min(self.window, most // 2))

    async def open(self, topic: str | None = None) -> None:
        """Connect, and subscribe to a topic with the promise of delivery."""
        tls = ssl.create_default_context() if self._broker.tls else False
        subscribed = asyncio.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._client.connect(self._broker.host, self._broker.port, ssl=tls, keepalive=30)
            if topic is not None:
                self._client.subscribe(topic, qos=1)
                await subscribed.wait()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send with the promise of delivery; ``delivered`` waits for it."""
        self._client.publish(topic, payload, qos=1)

    async def delivered(self) -> bool:
        """Wait until the broker has all that was published; tell whether it has."""
        empty = asyncio.ensure_future(self.unacknowledged.wait_empty())
        lost = asyncio.ensure_future(self.lost.wait())
        await asyncio.wait({empty, lost}, return_when=asyncio.FIRST_COMPLETED)
        reached = bool(empty.done())
        for future in (empty, lost):
            future.cancel()
        return reached

    async def close(self) -> None:
        """Say good-bye; the broker keeps what comes for a lasting session."""
        with contextlib.suppress(Exception):
            await self._client.disconnect()


def _answering(take: Take) -> Callable[..., Awaitable[int]]:
    async def on_message(_client: Any, topic: str, payload: bytes, _qos: int, properties: dict[str, Any]) -> int:
        await take(topic, payload, properties)
        return STORED

    return on_message


class Connection:
    """Holds a session with the broker and opens the next when it breaks."""

    def __init__(self, broker: Broker, client_id: str, take: Take, topic: str) -> None:
        self._broker, self._client_id, self._take, self._topic = broker, client_id, take, topic
        self.session: Session | None = None
        self.state = "connecting"
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause = FIRST_PAUSE
        while True:
            session = Session(self._broker, self._client_id, self._take)
            try:
                await session.open(self._topic)
                pause = FIRST_PAUSE
                await self._set(session, "ok")
                log.info("connected to the broker", host=self._broker.host, port=self._broker.port)
                await session.lost.wait()
                why = "the broker closed the connection"
            except (OSError, TimeoutError, gmqtt.MQTTConnectError) as error:
                why = str(error) or type(error).__name__
            finally:
                await asyncio.shield(session.close())
            await self._set(None, f"away: {why}")
            log.warning("no connection to the broker", why=why, next_try_in=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the tries, keeps no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _set(self, session: Session | None, state: str) -> None:
        async with self._changed:
            self.session, self.state = session, state
            self._changed.notify_all()

    async def ready(self) -> Session:
        """Wait for a session."""
        async with self._changed:
            while self.session is None:
                await self._changed.wait()
            return self.session
