"""Connections of the data process: none may hold the place for long by sending or taking slowly."""

import ctypes
import resource
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.serve.short import Going, Header, Short, written

NO_HTTP = ErrorCode(
    "data.no_http",
    Text("Das ist keine HTTP-Anfrage.", "This is no HTTP request."),
    Text("Senden Sie HTTP/1.1 mit gültiger Adresse und Kopfzeilen.", "Send HTTP/1.1 with a valid address and headers."),
)
HEAD_TOO_LARGE = ErrorCode(
    "data.head_too_large",
    Text("Die Kopfzeilen sind zu groß.", "The headers are too large."),
    Text("Senden Sie weniger und kürzere Kopfzeilen.", "Send fewer and shorter headers."),
)
TOO_SLOW = ErrorCode(
    "data.too_slow",
    Text("Die Anfrage kam nicht rechtzeitig vollständig an.", "The request did not arrive whole in time."),
    Text("Senden Sie sie noch einmal, in kleineren Teilen.", "Send it again, in smaller parts."),
)
OPEN_FILES = 65_536
LINGER_SECONDS = 2
# glibc's M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
MEMORY = ((-8, 1), (-3, 32 << 20), (-1, 64 << 20))


class Patience(msgspec.Struct, frozen=True):
    """How long a connection may keep the process waiting, in seconds, and how large a head may be, in bytes."""

    head: float = 20
    silence: float = 30
    body: float = 600
    stalled: float = 60
    head_bytes: int = 65_536


class DataConfig(uvicorn.Config):
    """uvicorn's settings for the data process."""

    def __init__(self, app: Any, short: Short, patience: Patience | None = None, **more: Any) -> None:
        self.short = short
        self.patience = patience or Patience()
        defaults: dict[str, Any] = {
            "loop": "uvloop",
            "http": Connection,
            "ws": "none",
            "access_log": False,
            "log_level": "warning",
            "server_header": False,
            "timeout_graceful_shutdown": 8,
        }
        super().__init__(app, **{**defaults, **more})


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with an end to every wait, and a short way for what comes most."""

    config: DataConfig

    def connection_made(self, transport: Any) -> None:
        """Begin to watch."""
        super().connection_made(transport)
        now = self.loop.time()
        self._head_since: float | None = now
        self._head_bytes, self._refused = 0, False
        self._hurried: tuple[RequestResponseCycle, Any, Going] | None = None
        self._body_since = self._heard = self._moved = now
        self._left = 0
        patience = self.config.patience
        self._tick = min(patience.head, patience.silence, patience.stalled) / 4
        self._watch = self.loop.call_later(self._tick, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no longer."""
        self._watch.cancel()
        if self._hurried is not None:
            self._hurried[2].place.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that grows without end is refused."""
        if self._refused:
            return
        self._heard = self.loop.time()
        super().data_received(data)
        if self._head_since is not None:
            self._head_bytes += len(data)
            if self._head_bytes > self.config.patience.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note when a head begins."""
        super().on_message_begin()
        self._head_since, self._head_bytes = self.loop.time(), 0

    def on_headers_complete(self) -> None:
        """Note when a body begins."""
        self._head_since, self._body_since = None, self.loop.time()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start a request: the short way begins when its body is there."""
        going = self.config.short.takes(cycle.scope)
        if going is None:
            super()._start_asgi_task(cycle, app)
            return
        self._hurried = (cycle, app, going)
        if not cycle.more_body:
            self._hurry()

    def on_message_complete(self) -> None:
        """Begin what waited for its body."""
        super().on_message_complete()
        if self._hurried is not None and self._hurried[0] is self.cycle:
            self._hurry()

    def _hurry(self) -> None:
        if self._hurried is None or self._refused:
            return
        (cycle, app, going), self._hurried = self._hurried, None

        def send(status: int, headers: list[Header], body: bytes) -> None:
            if self._refused or cycle.disconnected or self.transport.is_closing():
                return
            closing = [] if cycle.keep_alive else [(b"connection", b"close")]
            cycle.response_started = cycle.response_complete = True
            self.transport.write(written(status, [*cycle.default_headers, *headers, *closing], body))
            if not cycle.keep_alive:
                self.transport.close()
            cycle.on_response()

        if not self.config.short.begin(going, bytes(cycle.body), send):
            super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """Note when the reader began to fall behind."""
        self._moved, self._left = self.loop.time(), self.transport.get_write_buffer_size()
        super().pause_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the form of all errors."""
        self._refuse(HTTPStatus.BAD_REQUEST, NO_HTTP)

    def _refuse(self, status: HTTPStatus, code: ErrorCode) -> None:
        """Answer in place of any door, and close once the answer had time to arrive; more bytes are not heard."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = msgspec.json.encode(
            {
                "type": f"urn:allmende:error:{code.code}",
                "title": code.what.de,
                "detail": code.next.de,
                "title_en": code.what.en,
                "status": status.value,
                "code": code.code,
            }
        )
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.flow.resume_reading()
        self.transport.write(head.encode() + body)
        self.transport.write_eof()
        self._watch.cancel()
        self._watch = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _check(self) -> None:
        self._watch = self.loop.call_later(self._tick, self._check)
        now, patience = self.loop.time(), self.config.patience
        if self._head_since is not None:
            if now - self._head_since > patience.head:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)
        elif self._waits_for_body():
            if now - self._heard > patience.silence or now - self._body_since > patience.body:
                self._give_up()
        elif self.flow.write_paused:
            self._check_reader(now)

    def _waits_for_body(self) -> bool:
        cycle = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_complete and not self.flow.read_paused

    def _give_up(self) -> None:
        """Tell a sender that its time is over; the handler hears that nobody is there any more."""
        if self.cycle.response_started:
            self.transport.abort()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)

    def _check_reader(self, now: float) -> None:
        left = self.transport.get_write_buffer_size()
        if left < self._left:
            self._moved, self._left = now, left
        elif now - self._moved > self.config.patience.stalled:
            self.transport.abort()
        else:
            self._left = left


def allow_many_connections() -> None:
    """Raise the number of files that the process may have open, as far as it may do so itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def keep_memory() -> None:
    """Keep the memory that an answer gives back for the next one: to ask the system anew takes longer than to fill it.

    All threads share one stock, so that not each keeps its own. Other C libraries than glibc have no such choice.
    """
    try:
        choose = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for what, value in MEMORY:
        choose(what, value)
