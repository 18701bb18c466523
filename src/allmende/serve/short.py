"""The connection itself answers what a lane takes: no task, no layers between the parser and the store (ADR 0018)."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from allmende.apis.sensorthings.ingest import Answer
from allmende.apis.sensorthings.lane import Lane, Way
from allmende.kernel.errors import Busy
from allmende.serve.admission import Load, Place
from allmende.serve.figures import Figures

Header = tuple[bytes, bytes]
# Status, headers and body of an answer.
Send = Callable[[int, list[Header], bytes], None]
CREATED, NO_BODY = 201, (b"content-length", b"0")


class Going(msgspec.Struct, frozen=True):
    """A request on the short way, with its place among all."""

    lane: Lane
    way: Way
    place: Place


class Short:
    """The lanes, with the counting and the errors of any door."""

    def __init__(
        self, lanes: list[Lane], load: Load, figures: Figures, tell: Callable[[Request, Exception], Response]
    ) -> None:
        self._lanes, self._load, self._figures, self._tell = lanes, load, figures, tell

    def takes(self, scope: Any) -> Going | None:
        """Tell from its head whether a request may go a short way."""
        for lane in self._lanes:
            way = lane.way(scope)
            if way is not None:
                return self._let_in(lane, way)
        return None

    def _let_in(self, lane: Lane, way: Way) -> Going | None:
        try:
            return Going(lane, way, Place(self._load))
        except Busy:
            return None

    def begin(self, going: Going, body: bytes, send: Send) -> bool:
        """Begin, and send the answer when it is durable; False where it has to go the long way after all."""
        started = time.perf_counter()
        arrival = going.lane.arrival(going.way, body)
        if arrival is None:
            going.place.leave()
            return False

        def settle(answer: Answer) -> None:
            going.place.leave()
            status = self._answer(going, answer, send)
            self._figures.note("POST", status, time.perf_counter() - started)

        going.lane.put(going.way, arrival, settle)
        return True

    def _answer(self, going: Going, answer: Answer, send: Send) -> int:
        outcome = answer if isinstance(answer, Exception) else answer[0]
        if not isinstance(outcome, Exception):
            send(CREATED, [(b"location", going.lane.created(going.way, outcome)), NO_BODY], b"")
            return CREATED
        told = self._tell(Request(going.way.scope), outcome)
        send(told.status_code, told.raw_headers, bytes(told.body))
        return told.status_code


def written(status: int, headers: list[Header], body: bytes) -> bytes:
    """Write an answer of HTTP/1.1."""
    lines = [b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode())]
    lines += [b"%b: %b" % header for header in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
