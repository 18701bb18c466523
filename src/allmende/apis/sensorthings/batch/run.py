"""Runs the parts of a batch one after the other through the doors of the data process."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from allmende.apis.sensorthings.batch.parts import Outcome, Part, bad_part
from allmende.gate.door import Gate
from allmende.kernel.errors import AllmendeError, ErrorCode, Malformed
from allmende.kernel.text import Text

REFERENCE = re.compile(r"/?\$([^/?]+)")
URL_SIGNS = "%/()$',:@!*+=&;~?"
LARGEST_ANSWER = 50_000_000
# What belongs to the connection, or to the batch as a whole, is no matter of a part.
OUTER = ("host", "authorization", "accept-language")
NOT_PASSED = (*OUTER, "accept-encoding", "content-length", "transfer-encoding", "connection", "expect", "content-id")
SHOWN = ("content-type", "location", "etag", "link")

TOO_MUCH = ErrorCode(
    "sensorthings.batch_answer_too_large",
    Text(
        "Die Antworten sind zusammen größer als {limit} Bytes.", "The answers are larger than {limit} bytes together."
    ),
    Text("Stellen Sie große Fragen einzeln.", "Ask large questions one by one."),
)
FAILED_BEFORE = ErrorCode(
    "sensorthings.failed_before",
    Text(
        "Nicht ausgeführt: ein Teil, von dem dieser abhängt, ist gescheitert.",
        "Not run: a part on which this one depends has failed.",
    ),
    Text("Berichtigen Sie den gescheiterten Teil.", "Correct the part that failed."),
)


class TooMuch(Malformed):
    """The answers outgrow what is kept in memory."""

    status = 413


class FailedBefore(AllmendeError):
    """What this depends on did not go well."""

    status = 424


class Runner:
    """Runs one batch with the token of the request that brought it."""

    def __init__(self, request: Request, gate: Gate, prefix: str) -> None:
        self.request, self.gate, self.prefix = request, gate, prefix
        self.places: dict[str, str] = {}
        self.failed: set[str] = set()
        self.room = LARGEST_ANSWER

    async def run(self, parts: list[Part]) -> list[Outcome]:
        """Give the answers in the order of the parts; the members of a change set stand or fall together."""
        outcomes: dict[int, Outcome] = {}
        for place, part in enumerate(parts):
            if place in outcomes:
                continue
            if part.group:
                members = [index for index, one in enumerate(parts) if one.group == part.group]
                done = await self._change_set([parts[index] for index in members])
                outcomes.update(zip(members, done, strict=True))
                if any(outcome.status >= 400 for outcome in done):
                    self.failed.add(part.group)
            else:
                outcomes[place] = await self._one(part)
        return [outcomes[place] for place in range(len(parts))]

    async def _change_set(self, parts: list[Part]) -> list[Outcome]:
        """Run all or nothing: the first failure takes back what went before."""
        bundle = await anyio.to_thread.run_sync(self.gate.bundle)
        outcomes: list[Outcome] = []
        try:
            with bundle.joined():
                for part in parts:
                    outcomes.append(await self._one(_writing(part)))
                    if outcomes[-1].status >= 400:
                        break
        finally:
            good = len(outcomes) == len(parts) and outcomes[-1].status < 400
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(bundle.keep if good else bundle.drop)
        if good:
            return outcomes
        names = {part.id for part in parts if part.id}
        self.failed |= names
        self.places = {name: place for name, place in self.places.items() if name not in names}
        last = len(outcomes) - 1
        return [
            outcomes[last] if place == last else await self._told(part, FailedBefore(FAILED_BEFORE))
            for place, part in enumerate(parts)
        ]

    async def _one(self, part: Part) -> Outcome:
        try:
            if part.error is not None:
                raise part.error
            if self.failed & set(part.needs):
                raise FailedBefore(FAILED_BEFORE)
            outcome = await self._sent(part)
        except AllmendeError as error:
            outcome = await self._told(part, error)
        if part.id and outcome.status >= 400:
            self.failed.add(part.id)
        elif part.id and "location" in outcome.headers:
            self.places[part.id] = outcome.headers["location"]
        return outcome

    async def _told(self, part: Part, error: AllmendeError) -> Outcome:
        """Word an error as the doors do."""
        tell: Any = self.request.app.exception_handlers[AllmendeError]
        response: Response = await tell(self.request, error)
        headers = {name: value for name, value in response.headers.items() if name in SHOWN}
        return Outcome(part=part, status=response.status_code, headers=headers, body=bytes(response.body))

    def _target(self, url: str) -> tuple[str, str]:
        """Give path and query of a part's address: relative to the root, absolute, or beginning with ``$id``."""
        named = REFERENCE.match(url)
        if named is not None and named[1] in self.places:
            url = self.places[named[1]] + url[named.end() :]
        split = urlsplit(url)
        path = split.path
        if not split.netloc and not path.startswith("/"):
            path = f"{self.prefix}/{path}"
        start = path.find(self.prefix + "/")
        if start < 0 or path.rstrip("/").endswith("$batch"):
            raise bad_part(f"„{url[:60]}“ führt nicht hierher", f"“{url[:60]}” does not lead here")
        return path[start:], split.query

    def _body(self, body: bytes) -> bytes:
        """Put the ids of entities made before in place of ``$id``."""
        if b'"$' not in body or not self.places:
            return body
        try:
            value = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return body
        return msgspec.json.encode(self._referred(value))

    def _referred(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._referred(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        found = {name: self._referred(inner) for name, inner in value.items()}
        named = found.get("@iot.id")
        if isinstance(named, str) and named.startswith("$") and named[1:] in self.places:
            found["@iot.id"] = int(self.places[named[1:]].rpartition("(")[2].rstrip(")"))
        return found

    def _scope(self, part: Part) -> dict[str, Any]:
        """Write a part as a request of its own; token, host and language are those of the batch."""
        path, query = self._target(part.url)
        outer = {name: self.request.headers[name] for name in OUTER if name in self.request.headers}
        own = {name: value for name, value in part.headers.items() if name not in NOT_PASSED}
        return {
            **{name: self.request.scope.get(name) for name in ("http_version", "scheme", "server", "client")},
            # An older version than 2.4 tells an endless answer by a message that nobody listens any more.
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "allmende.batch": True,
            "type": "http",
            "method": part.method,
            "path": unquote(path),
            "raw_path": quote(path, safe=URL_SIGNS).encode(),
            "root_path": "",
            "query_string": quote(query, safe=URL_SIGNS).encode(),
            "headers": [
                (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in {**own, **outer}.items()
            ],
        }

    async def _sent(self, part: Part) -> Outcome:
        scope, answer = self._scope(part), _Answer(self._body(part.body), self.room)
        try:
            await self.request.app(scope, answer.receive, answer.take)
        except Exception:  # noqa: BLE001 - the doors have logged it and told the part; the other parts go on
            answer.status = HTTPStatus.INTERNAL_SERVER_ERROR
        if answer.full.is_set():
            raise TooMuch(TOO_MUCH, limit=LARGEST_ANSWER)
        self.room -= len(answer.body)
        headers = {name: value for name, value in answer.headers.items() if name in SHOWN}
        return Outcome(part=part, status=answer.status, headers=headers, body=bytes(answer.body))


def _writing(part: Part) -> Part:
    """Refuse to read in a change set."""
    if part.error is None and part.method == "GET":
        error = bad_part("GET gehört in kein change set", "GET belongs in no change set")
        return msgspec.structs.replace(part, error=error)
    return part


class _Answer:
    """Gives a part's body and collects its answer, up to the room that is left."""

    def __init__(self, sent: bytes, room: int) -> None:
        self.sent: bytes | None = sent
        self.room, self.status, self.body = room, int(HTTPStatus.INTERNAL_SERVER_ERROR), bytearray()
        self.headers: dict[str, str] = {}
        self.full = anyio.Event()

    async def receive(self) -> Message:
        """Give the body once, and then the end of the connection when there is no more room."""
        if self.sent is not None:
            body, self.sent = self.sent, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.full.wait()
        return {"type": "http.disconnect"}

    async def take(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in message["headers"]}
        elif not self.full.is_set():
            self.body += message.get("body", b"")
            if len(self.body) > self.room:
                self.body.clear()
                self.full.set()
