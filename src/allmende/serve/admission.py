"""How much the data process takes on at once: requests, and bytes of bodies in memory."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allmende.kernel.errors import AllmendeError, Busy, ErrorCode
from allmende.kernel.text import Text

MOST_REQUESTS, MOST_BYTES = 500, 200_000_000

FULL = ErrorCode(
    "data.full",
    Text("Der Datenzugang ist gerade ausgelastet.", "The data doors are fully taken just now."),
    Text("Versuchen Sie es gleich noch einmal.", "Try again in a moment."),
)


class Load:
    """What is being worked on."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0


class Place:
    """A place among the requests, with what it holds of its body; given back once."""

    __slots__ = ("_held", "_load", "_taken")

    def __init__(self, load: Load) -> None:
        if load.requests >= MOST_REQUESTS:
            raise Busy(FULL)
        self._load, self._held, self._taken = load, 0, True
        load.requests += 1

    def hold(self, size: int) -> None:
        """Hold so many more bytes."""
        self._held += size
        self._load.bytes += size
        if self._load.bytes > MOST_BYTES:
            raise Busy(FULL)

    def stand_aside(self) -> None:
        """Make room for another request, and keep the bytes."""
        self._load.requests -= self._taken
        self._taken = False

    def leave(self) -> None:
        """Give all back."""
        self.stand_aside()
        self._load.bytes -= self._held
        self._held = 0


class Admission:
    """Refuses with 503 what would be too much at once; parts of a batch are inside already."""

    def __init__(self, app: ASGIApp, load: Load, tell: Callable[[AllmendeError, Request], Response]) -> None:
        self.app, self.load, self.tell = app, load, tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request in, and out again whatever becomes of it."""
        if scope["type"] != "http" or "allmende.batch" in scope:
            await self.app(scope, receive, send)
            return
        try:
            place = Place(self.load)
        except Busy as full:
            await self.tell(full, Request(scope))(scope, receive, send)
            return

        async def counted() -> Message:
            message = await receive()
            place.hold(len(message.get("body", b"")))
            return message

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_stream_of_events(message):
                place.stand_aside()
            await send(message)

        try:
            await self.app(scope, counted, noted)
        finally:
            place.leave()


def _is_stream_of_events(head: Message) -> bool:
    """Tell an answer that lasts as long as its reader likes; its door has a limit of its own."""
    return any(n == b"content-type" and v.startswith(b"text/event-stream") for n, v in head["headers"])
