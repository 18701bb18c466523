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


class Admission:
    """Refuses with 503 what would be too much at once; parts of a batch are inside already."""

    def __init__(self, app: ASGIApp, tell: Callable[[AllmendeError, Request], Response]) -> None:
        self.app, self.tell = app, tell
        self.requests = self.bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request in, and out again whatever becomes of it."""
        if scope["type"] != "http" or "allmende.batch" in scope:
            await self.app(scope, receive, send)
            return
        if self.requests >= MOST_REQUESTS:
            await self.tell(Busy(FULL), Request(scope))(scope, receive, send)
            return
        held = 0

        async def counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self.bytes += size
            if self.bytes > MOST_BYTES:
                raise Busy(FULL)
            return message

        place = _Place(self)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_stream_of_events(message):
                place.leave()
            await send(message)

        try:
            await self.app(scope, counted, noted)
        finally:
            place.leave()
            self.bytes -= held


class _Place:
    """A place among the requests, given back once."""

    def __init__(self, admission: Admission) -> None:
        self.admission, self.taken = admission, True
        admission.requests += 1

    def leave(self) -> None:
        """Give the place back."""
        self.admission.requests -= self.taken
        self.taken = False


def _is_stream_of_events(head: Message) -> bool:
    """Tell an answer that lasts as long as its reader likes; its door has a limit of its own."""
    return any(n == b"content-type" and v.startswith(b"text/event-stream") for n, v in head["headers"])
