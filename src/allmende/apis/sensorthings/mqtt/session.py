"""One connection to the broker: what comes is handed on in bulk, and acknowledged when that is asked for."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

import msgspec

from allmende.apis.sensorthings.mqtt import packets
from allmende.apis.sensorthings.mqtt.packets import Published

KEEP_ALIVE, CONNECT_SECONDS = 30, 10.0
# Mosquitto has one thread, and answers nobody while it saves what waits: gigabytes after a long outage.
SILENT_SECONDS = 2 * KEEP_ALIVE
AT_ONCE, MOST_PUBLISHED = 10_000, 1_000
REFUSED = 0x80
REASONS = {
    0x84: "the broker does not speak MQTT 5",
    0x85: "the broker does not accept the client's name",
    0x86: "wrong name or password",
    0x87: "not authorised",
    0x04: "wrong name or password",
    0x05: "not authorised",
    0x88: "the broker is unavailable",
    0x89: "the broker is busy",
    0x8B: "the broker shuts down",
    0x8E: "another connection took the session over",
    0x95: "a packet was too large",
}
# The second is how 3.1.1 says it; there 4 and 5 are a wrong name or password, and not authorised.
OLD_VERSION = (0x84, 0x01)
UNWELCOME = frozenset({0x86, 0x87, 0x8A, 0x04, 0x05})
Update = tuple[str, bytes]


class BrokerRefused(Exception):
    """The broker does not let us in, or does not grant what is needed; ``lasting`` where only a person can help."""

    def __init__(self, why: str, code: int = 0) -> None:
        super().__init__(why)
        self.lasting = code in UNWELCOME


class OldBroker(BrokerRefused):
    """The broker does not speak the version of MQTT that was asked for."""


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is and who we are there; ``authority`` is the file of who vouches for its certificate.

    ``name`` is what its certificate has to name, where the host is given as a number.
    """

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""
    authority: str = ""
    name: str = ""


def read_broker(url: str, authority: str = "") -> Broker:
    """Read ``mqtt://user:password@host:port``, or ``mqtts://``; raise ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("mqtt://user:password@host:port or mqtts://… is needed")
    tls = parts.scheme == "mqtts"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Broker(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password, authority)


def _trusting(authority: str) -> ssl.SSLContext:
    if authority and not Path(authority).is_file():
        raise BrokerRefused(f"{authority} is no file")
    return ssl.create_default_context(cafile=authority or None)


class Session(asyncio.Protocol):
    """A connection with what was sent over it and is not yet acknowledged.

    Acknowledgements of a connection that has gone stay with it: numbers of packets begin anew on the next.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        take: "Callable[[Session, list[Published]], None] | None" = None,
        *,
        lasting: bool = True,
        version: int = packets.NEW,
    ) -> None:
        self._broker, self._client_id, self._take, self._lasting = broker, client_id, take, lasting
        self._version = version
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._heard = time.monotonic()
        self._paused = False
        self._waiting: set[int] = set()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._empty = asyncio.Event()
        self.lost = asyncio.Event()
        self.why = "the broker closed the connection"
        # Why a message that was published did not go on; in 3.1.1 the broker does not say.
        self.denied = ""
        self.window = MOST_PUBLISHED

    async def open(self, *topics: str) -> None:
        """Connect, and subscribe to topics with the promise of delivery."""
        tls = _trusting(self._broker.authority) if self._broker.tls else None
        loop, account = asyncio.get_running_loop(), (self._broker.user, self._broker.password)
        async with asyncio.timeout(CONNECT_SECONDS):
            named = (self._broker.name or None) if tls else None
            await loop.create_connection(
                lambda: self, self._broker.host, self._broker.port, ssl=tls, server_hostname=named
            )
        async with asyncio.timeout(SILENT_SECONDS):
            hello = packets.connect(
                *(self._client_id, account),
                keep_alive=KEEP_ALIVE,
                lasting=self._lasting,
                window=AT_ONCE,
                version=self._version,
            )
            self._agree(await self._asked(hello, packets.CONNACK))
            if topics:
                granted = await self._asked(packets.subscribe(1, topics, self._version), packets.SUBACK)
                if any(code >= REFUSED for code in granted[-len(topics) :]):
                    raise BrokerRefused("the broker does not grant the topics", 0x87)

    async def _asked(self, question: bytes, kind: int) -> bytes:
        """Send what the broker answers with one packet; give its content."""
        self._answer = asyncio.get_running_loop().create_future()
        self._write(question)
        got, content = await self._answer
        if got != kind:
            raise BrokerRefused(f"the broker answers with a packet of kind {got}")
        return content

    def _agree(self, content: bytes) -> None:
        """Note how many messages the broker takes at once, or why it does not let us in."""
        code = packets.code_of(content, 1)
        if code in OLD_VERSION:
            raise OldBroker(REASONS[0x84])
        if code >= REFUSED or 0 < code <= 5:
            raise BrokerRefused(REASONS.get(code, f"the broker refuses with code {code:#04x}"), code)
        if self._version == packets.OLD:
            return
        for which, value, _ in packets.properties_of(packets.behind_length(content, 2)):
            if which == packets.RECEIVE_MAXIMUM:
                self.window = max(1, min(MOST_PUBLISHED, int.from_bytes(value, "big")))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what leads to the broker."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read what is whole, hand messages on, and keep the rest."""
        self._heard = time.monotonic()
        whole = self._buffer + data if self._buffer else data
        try:
            published, others, end = packets.read(whole, self._version)
            for kind, content in others:
                self._hear(kind, content)
        except (packets.Malformed, IndexError) as error:
            self.fail(f"the broker sends what is not MQTT: {error}")
            return
        self._buffer = whole[end:]
        if published and self._take is not None:
            self._take(self, published)

    def _hear(self, kind: int, content: bytes) -> None:
        if kind == packets.PUBACK:
            code = packets.code_of(content, 2) if len(content) > 2 else 0
            if code >= REFUSED:
                self.denied = REASONS.get(code, f"the broker refuses a message with code {code:#04x}")
            self._waiting.discard(content[0] << 8 | content[1])
            if not self._waiting:
                self._empty.set()
        elif kind == packets.DISCONNECT:
            code = packets.code_of(content, 0)
            self.why = REASONS.get(code, f"the broker ends the connection with code {code:#04x}")
        elif kind != packets.PINGRESP and self._answer is not None and not self._answer.done():
            self._answer.set_result((kind, content))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if exc is not None:
            self.why = str(exc) or type(exc).__name__
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BrokerRefused(self.why))
        self.lost.set()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def acknowledge(self, published: Sequence[Published]) -> None:
        """Tell the broker that messages are taken care of."""
        self._write(packets.acknowledge([one.number for one in published if one.number]))

    def pause(self) -> None:
        """Take no more for now."""
        if self._transport is not None and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Take more again."""
        if self._transport is not None and self._paused and not self._transport.is_closing():
            self._paused, self._heard = False, time.monotonic()
            self._transport.resume_reading()

    def beat(self) -> None:
        """Give a sign of life; end a connection from which none came for long."""
        if not self._paused and time.monotonic() - self._heard > SILENT_SECONDS:
            self.fail("the broker is silent")
        self._write(packets.PING)

    def fail(self, why: str) -> None:
        """End the connection at once."""
        self.why = why
        if self._transport is not None:
            self._transport.abort()

    async def publish(self, updates: Sequence[Update], *, retained: bool = False) -> bool:
        """Send no more than the window with the promise of delivery; tell whether the broker has it."""
        self._waiting = set(range(1, len(updates) + 1))
        self._empty.clear()
        numbered = enumerate(updates, 1)
        self._write(b"".join(packets.publish(number, *update, retained=retained) for number, update in numbered))
        delivered = asyncio.ensure_future(self._empty.wait())
        lost = asyncio.ensure_future(self.lost.wait())
        await asyncio.wait({delivered, lost}, return_when=asyncio.FIRST_COMPLETED)
        for future in (delivered, lost):
            future.cancel()
        return not self._waiting

    async def close(self) -> None:
        """Say good-bye; the broker keeps what comes for a lasting session."""
        if self._transport is None:
            return
        self._write(packets.GOODBYE)
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.lost.wait()
