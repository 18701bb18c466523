"""The outermost of the data process: the short way of new observations, and every other request by its kind."""

import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allmende.apis.sensorthings.lane import Lane, Way
from allmende.serve.admission import Load, Place
from allmende.serve.figures import Figures

Tell = Callable[[Request, Exception], Awaitable[Response]]
COMPRESSED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")
SHOWN_TO_SCRIPTS = ("ETag", "Link", "Location")
DOORS = ("/sensorthings", "/ogc", "/ingest", "/catalog", "/api")


class Front:
    """Counts every request; data doors are open for scripts of other origins, and compress what is read there."""

    def __init__(self, app: ASGIApp, lanes: Sequence[Lane], load: Load, figures: Figures, tell: Tell) -> None:
        self._plain, self._lanes, self._load, self._figures, self._tell = app, lanes, load, figures, tell
        self._writing = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=SHOWN_TO_SCRIPTS
        )
        self._reading = GZipMiddleware(
            self._writing, minimum_size=1000, compresslevel=1, exclude_content_types=COMPRESSED_ALREADY
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose the way."""
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        started = time.perf_counter()
        for lane in self._lanes:
            way = lane.way(scope)
            if way is not None:
                status = await self._short(lane, way, receive, send)
                self._figures.note("POST", status, time.perf_counter() - started)
                return
        await self._long(started, scope, receive, send)

    async def _short(self, lane: Lane, way: Way, receive: Receive, send: Send) -> int:
        """Go the short way; its errors are told like those of any door."""
        place = None
        try:
            place = Place(self._load)
            return await lane.go(way, place.hold, receive, send)
        except ClientDisconnect:
            return 400
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is told
            answer = await self._tell(Request(way.scope), error)
            await answer(way.scope, receive, send)
            return answer.status_code
        finally:
            if place is not None:
                place.leave()

    async def _long(self, started: float, scope: Scope, receive: Receive, send: Send) -> None:
        reads = scope["method"] in ("GET", "HEAD")

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if reads:
                    _tell_apart(message)
                self._figures.note(scope["method"], message["status"], time.perf_counter() - started)
            await send(message)

        if not scope["path"].startswith(DOORS):
            await self._plain(scope, receive, noted)
        elif reads:
            await self._reading(scope, receive, noted)
        else:
            await self._writing(scope, receive, noted)


def _tell_apart(head: Message) -> None:
    """Give a compressed answer an entity tag of its own, since its bytes are others (RFC 9110, clause 8.8.3)."""
    headers = MutableHeaders(raw=head["headers"])
    if headers.get("content-encoding") == "gzip" and headers.get("etag", "").startswith('"'):
        headers["etag"] = headers["etag"][:-1] + '-gzip"'
