"""Observations that clients publish: gathered, checked, stored many at once, and acknowledged when they are durable."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import structlog

from allmende.apis.sensorthings.create import (
    BAD_BODY,
    DEFAULT_PURPOSE,
    RECIPIENT,
    Incoming,
    arrival_from,
    stream_of,
)
from allmende.apis.sensorthings.mqtt.topics import Sent, read_sent
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Arrival
from allmende.gate.tokens import Token, authenticate, vouched_for
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, Malformed, Unknown
from allmende.kernel.text import Text

log = structlog.get_logger("allmende.mqtt")

TOKEN_NEEDED = ErrorCode(
    "mqtt.token_needed",
    Text("Der Nachricht fehlt eine Zugangsmarke.", "The message lacks a token."),
    Text(
        "MQTT 5: Benutzereigenschaft „Authorization: Bearer TOKEN“. MQTT 3.1.1: anmelden, Thema u/NAME/v1.1/…",
        "MQTT 5: user property “Authorization: Bearer TOKEN”. MQTT 3.1.1: sign in, topic u/NAME/v1.1/…",
    ),
)
TOO_LARGE = ErrorCode(
    "mqtt.too_large",
    Text("Die Nachricht ist größer als {limit} Bytes.", "The message is larger than {limit} bytes."),
    Text("Senden Sie kleinere Nachrichten.", "Send smaller messages."),
)
FAULT = ErrorCode(
    "mqtt.fault",
    Text(
        "Beim Speichern dieser Nachricht trat immer wieder ein unerwarteter Fehler auf.",
        "An unexpected error occurred again and again while this message was stored.",
    ),
    Text("Der Fehler steht im Protokoll; melden Sie ihn.", "The error stands in the log; report it."),
)
MOST_AT_ONCE, LARGEST_BODY = 5_000, 1_000_000
MOST_TRIES = 5
TOKEN_SECONDS, MOST_TOKENS = 1.0, 10_000
MOST_NAMED = 20
MOST_TIMES = 20_000
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
COLLECT = Ask(Asker("system:mqtt"), "collect", DEFAULT_PURPOSE, RECIPIENT)
_decoder = msgspec.json.Decoder(Incoming)


def _passes(error: AllmendeError) -> bool:
    """Tell whether the fault is ours, and the same message may be stored later."""
    return error.status >= 500


class Message(msgspec.Struct, frozen=True):
    """A published message as it came."""

    topic: str
    payload: bytes
    properties: dict[str, Any]


class Outcome(msgspec.Struct):
    """What became of a batch: how many are new, how many were there, and those refused with the reason."""

    added: int = 0
    repeated: int = 0
    refused: list[tuple[Message, AllmendeError]] = []


def _property(message: Message, name: str) -> str:
    """Give a user property of MQTT 5, whatever the case of its name."""
    for key, value in message.properties.get("user_property", ()):
        if key.lower() == name:
            return str(value)
    return ""


class Tokens:
    """Knows for a second who a token is, so that not every message asks the store."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._known: dict[tuple[str, str], tuple[float, Token | AllmendeError]] = {}

    def of(self, sent: Sent, message: Message) -> Token:
        """Give the token of a message: the account that the broker let in, or the one it carries."""
        if sent.account:
            return self._look("account", sent.account)
        scheme, _, plain = _property(message, "authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise Unknown(TOKEN_NEEDED)
        return self._look("plain", plain.strip())

    def _look(self, way: str, what: str) -> Token:
        now, key = time.monotonic(), (way, what)
        at, found = self._known.get(key, (float("-inf"), None))
        if found is None or now - at > TOKEN_SECONDS:
            if len(self._known) >= MOST_TOKENS:
                self._known.clear()
            try:
                found = authenticate(self._gate, what) if way == "plain" else vouched_for(self._gate, what)
                found.require("sensorthings:write", "observations:write")
            except AllmendeError as error:
                if _passes(error):
                    raise
                found = error
            self._known[key] = (now, found)
        if isinstance(found, AllmendeError):
            raise found
        return found


class Reception:
    """Turns messages into stored observations; blocks, and so runs in a thread."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._tokens = Tokens(gate)
        self._times: dict[tuple[str, bytes], int] = {}
        self._last = 0

    def take(self, messages: Sequence[Message]) -> Outcome:
        """Store what is good in as few commits as possible; raise only what passes by itself."""
        outcome = Outcome(refused=[])
        arrivals: list[Arrival] = []
        readable: list[Message] = []
        for message in messages:
            try:
                arrivals.append(self._arrival(message))
                readable.append(message)
            except AllmendeError as error:
                if _passes(error):
                    raise
                outcome.refused.append((message, error))
        if arrivals:
            self._grant_and_store(arrivals, readable, outcome)
        return outcome

    def _grant_and_store(self, arrivals: list[Arrival], messages: list[Message], outcome: Outcome) -> None:
        try:
            grant = self._gate.grant(COLLECT)
        except AllmendeError as error:
            if _passes(error):
                raise
            outcome.refused += [(message, error) for message in messages]
            return
        self._store(grant, arrivals, messages, outcome)

    def _store(self, grant: Grant, arrivals: list[Arrival], messages: list[Message], outcome: Outcome) -> None:
        """Store all at once; where the door refuses one, halve until it stands alone."""
        try:
            receipt = self._gate.append(grant, arrivals)
        except AllmendeError as error:
            if _passes(error):
                raise
            if len(arrivals) == 1:
                keep_refused(self._gate, [(grant, arrivals)], [error])
                outcome.refused.append((messages[0], error))
                return
            half = len(arrivals) // 2
            self._store(grant, arrivals[:half], messages[:half], outcome)
            self._store(grant, arrivals[half:], messages[half:], outcome)
            return
        outcome.added += receipt.added
        outcome.repeated += receipt.repeated

    def _arrival(self, message: Message) -> Arrival:
        sent = read_sent(message.topic)
        token = self._tokens.of(sent, message)
        if len(message.payload) > LARGEST_BODY:
            raise Malformed(TOO_LARGE, limit=LARGEST_BODY)
        try:
            incoming = _decoder.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        datastream = stream_of(self._gate, incoming, sent.datastream, multi=sent.multi)
        key = _property(message, "idempotency-key")[:200]
        arrival = arrival_from(incoming, datastream, f"token:{token.name}", key)
        if incoming.phenomenon_time is not None:
            return arrival
        return msgspec.structs.replace(arrival, phenomenon_start=self._now_for(message))

    def _now_for(self, message: Message) -> int:
        """Give a message without a time the present, and the same again when the broker delivers it again."""
        key = (message.topic, message.payload)
        known = self._times.get(key) if message.properties.get("dup") else None
        if known is None:
            known = self._last = max(micros_from_instant(utc_now()), self._last + 1)
            self._times.pop(key, None)
            self._times[key] = known
            if len(self._times) > MOST_TIMES:
                del self._times[next(iter(self._times))]
        return known


class Inbox:
    """Gathers while the batch before is being stored; whoever puts a message in is told when it is durable."""

    def __init__(self, gate: Gate, tell: Callable[[Outcome], None]) -> None:
        self._reception = Reception(gate)
        self._tell = tell
        self._waiting: list[Message] = []
        self._stored: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def put(self, message: Message) -> None:
        """Wait until a message is durable, was there already, or is refused for good."""
        if self._stored is None:
            self._stored = asyncio.get_running_loop().create_future()
            self._wake.set()
            self._idle.clear()
        self._waiting.append(message)
        await asyncio.shield(self._stored)

    async def run(self) -> None:
        """Store batch after batch until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            messages, stored = self._waiting, self._stored
            self._waiting, self._stored = [], None
            for start in range(0, len(messages), MOST_AT_ONCE):
                await self._store(messages[start : start + MOST_AT_ONCE])
            if stored is not None:
                stored.set_result(None)
            if self._stored is None:
                self._idle.set()

    async def calm(self, seconds: float) -> None:
        """Wait until everything that came is stored, but not longer than so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _store(self, messages: list[Message]) -> None:
        """Store a batch, again and again while the store is away: what is not stored is not acknowledged.

        What breaks in an unforeseen way is narrowed down, so that one message cannot hold up all others for ever.
        """
        pause, tries = FIRST_PAUSE, 0
        while tries < MOST_TRIES:
            try:
                outcome = await anyio.to_thread.run_sync(self._reception.take, messages)
            except AllmendeError as error:
                log.warning("observations wait to be stored", messages=len(messages), error=str(error))
            except Exception:
                tries += 1
                log.exception("storing broke", messages=len(messages), tries=tries)
            else:
                self._done(outcome)
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        if len(messages) == 1:
            self._done(Outcome(refused=[(messages[0], AllmendeError(FAULT))]))
            return
        half = len(messages) // 2
        await self._store(messages[:half])
        await self._store(messages[half:])

    def _done(self, outcome: Outcome) -> None:
        _name(outcome.refused)
        self._tell(outcome)


def _name(refused: list[tuple[Message, AllmendeError]]) -> None:
    """Name the refused messages in the log, the first ones of each batch in full."""
    for message, error in refused[:MOST_NAMED]:
        log.warning("message refused", topic=message.topic[:200], code=error.code.code, error=str(error))
    if len(refused) > MOST_NAMED:
        log.warning("more messages refused", number=len(refused) - MOST_NAMED)
