"""Messages turned into observations: who sent them, what they say, and what became of them."""

import time
from collections.abc import Sequence

import msgspec

from allmende.apis.sensorthings.create import BAD_BODY, Incoming, arrival_from, collecting, stream_of
from allmende.apis.sensorthings.mqtt.packets import Malformed as NotMqtt
from allmende.apis.sensorthings.mqtt.packets import Published, user_property
from allmende.apis.sensorthings.mqtt.topics import read_sent
from allmende.gate.door import Gate, Grant
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Arrival
from allmende.gate.tokens import Token, authenticate, vouched_for
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, Malformed, Unknown
from allmende.kernel.text import Text

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
LARGEST_BODY = 1_000_000
TOKEN_SECONDS, MOST_TOKENS = 1.0, 10_000
MOST_TIMES = 20_000
_decoder = msgspec.json.Decoder(Incoming)


def passes(error: AllmendeError) -> bool:
    """Tell whether the fault is ours, and the same message may be stored later."""
    return error.status >= 500


class Outcome(msgspec.Struct):
    """What became of a batch: how many are new, how many were there, and those refused with the reason."""

    added: int = 0
    repeated: int = 0
    refused: list[tuple[Published, AllmendeError]] = []


class Tokens:
    """Knows for a second who a token is, so that not every commit asks the store."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._known: dict[tuple[str, str], tuple[float, Token | AllmendeError]] = {}

    def of(self, account: str, authorization: str) -> Token:
        """Give the token of a message: the account that the broker let in, or the one it carries."""
        if account:
            return self._look("account", account)
        scheme, _, plain = authorization.partition(" ")
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
                if passes(error):
                    raise
                found = error
            self._known[key] = (now, found)
        if isinstance(found, AllmendeError):
            raise found
        return found


class _Sender(msgspec.Struct, frozen=True):
    """What topic and properties say, the same for many messages of a commit."""

    datastream: int | None
    multi: bool
    token: Token
    source: str
    key: str


class _Part(msgspec.Struct):
    """Messages of one token that can be read, as arrivals."""

    grant: Grant
    arrivals: list[Arrival]
    messages: list[Published]


class Reception:
    """Turns messages into stored observations; blocks, and so runs in a thread."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._tokens = Tokens(gate)
        self._times: dict[tuple[bytes, bytes], int] = {}
        self._last = 0

    def take(self, messages: Sequence[Published]) -> Outcome:
        """Store what is good in as few commits as possible; raise only what passes by itself."""
        outcome = Outcome(refused=[])
        senders: dict[tuple[bytes, bytes], _Sender | AllmendeError] = {}
        read: dict[str, tuple[Token, list[Arrival], list[Published]]] = {}
        for message in messages:
            try:
                sender = self._sender(message, senders)
                arrival = self._arrival(message, sender)
            except AllmendeError as error:
                if passes(error):
                    raise
                outcome.refused.append((message, error))
                continue
            _, arrivals, sent = read.setdefault(sender.source, (sender.token, [], []))
            arrivals.append(arrival)
            sent.append(message)
        self._store(self._granted(read, outcome), outcome)
        return outcome

    def _granted(self, read: dict[str, tuple[Token, list[Arrival], list[Published]]], outcome: Outcome) -> list[_Part]:
        parts = []
        for token, arrivals, messages in read.values():
            try:
                parts.append(_Part(self._gate.grant(collecting(token)), arrivals, messages))
            except AllmendeError as error:
                if passes(error):
                    raise
                outcome.refused += [(message, error) for message in messages]
        return parts

    def _store(self, parts: list[_Part], outcome: Outcome) -> None:
        """Store all at once; what the door refuses is halved until it stands alone."""
        refused: list[tuple[_Part, AllmendeError]] = []
        while parts:
            receipts = self._gate.append_all([(part.grant, part.arrivals) for part in parts])
            halves = []
            for part, receipt in zip(parts, receipts, strict=True):
                if not isinstance(receipt, AllmendeError):
                    outcome.added += receipt.added
                    outcome.repeated += receipt.repeated
                elif len(part.arrivals) == 1:
                    refused.append((part, receipt))
                else:
                    halves += _halved(part)
            parts = halves
        if refused:
            keep_refused(
                self._gate, [(part.grant, part.arrivals) for part, _ in refused], [error for _, error in refused]
            )
            outcome.refused += [(part.messages[0], error) for part, error in refused]

    def _sender(self, message: Published, known: dict[tuple[bytes, bytes], _Sender | AllmendeError]) -> _Sender:
        key = (message.topic, message.properties)
        found = known.get(key)
        if found is None:
            try:
                found = self._read_sender(message)
            except AllmendeError as error:
                if passes(error):
                    raise
                found = error
            known[key] = found
        if isinstance(found, AllmendeError):
            raise found
        return found

    def _read_sender(self, message: Published) -> _Sender:
        sent = read_sent(message.topic)
        try:
            authorization = user_property(message.properties, b"authorization")
            key = user_property(message.properties, b"idempotency-key")[:200]
        except NotMqtt as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        token = self._tokens.of(sent.account, authorization)
        return _Sender(sent.datastream, sent.multi, token, f"token:{token.name}", key)

    def _arrival(self, message: Published, sender: _Sender) -> Arrival:
        if len(message.payload) > LARGEST_BODY:
            raise Malformed(TOO_LARGE, limit=LARGEST_BODY)
        try:
            incoming = _decoder.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(BAD_BODY, why=str(error)) from error
        datastream = stream_of(self._gate, incoming, sender.datastream, multi=sender.multi)
        arrival = arrival_from(incoming, datastream, sender.source, sender.key)
        if incoming.phenomenon_time is not None:
            return arrival
        return msgspec.structs.replace(arrival, phenomenon_start=self._now_for(message))

    def _now_for(self, message: Published) -> int:
        """Give a message without a time the present, and the same again when the broker delivers it again."""
        if message.time:
            return message.time
        key = (message.topic, message.payload)
        known = self._times.get(key) if message.repeated else None
        if known is None:
            known = self._last = max(micros_from_instant(utc_now()), self._last + 1)
            self._times.pop(key, None)
            self._times[key] = known
            if len(self._times) > MOST_TIMES:
                del self._times[next(iter(self._times))]
        message.time = known
        return known


def _halved(part: _Part) -> list[_Part]:
    half = len(part.arrivals) // 2
    return [
        _Part(part.grant, part.arrivals[some], part.messages[some]) for some in (slice(None, half), slice(half, None))
    ]
