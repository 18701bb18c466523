"""The outermost layer of the data process: every request is counted, and handled by its kind."""

import time

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allmende.serve.figures import Figures

COMPRESSED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")
SHOWN_TO_SCRIPTS = ("ETag", "Link", "Location")
DOORS = ("/sensorthings", "/ogc", "/ingest", "/catalog", "/api", "/ledger")


class Front:
    """Counts every request; data doors are open for scripts of other origins, and compress what is read there."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._plain, self._figures = app, figures
        self._writing = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=SHOWN_TO_SCRIPTS
        )
        self._reading = GZipMiddleware(
            self._writing, minimum_size=1000, compresslevel=1, exclude_content_types=COMPRESSED_ALREADY
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path, and note the answer's status and time."""
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        started = time.perf_counter()
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
