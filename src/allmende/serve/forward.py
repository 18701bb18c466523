"""Passes everything that is no data door on to the portal, over a Unix socket, streaming both ways."""

from collections.abc import AsyncIterator

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
        *("transfer-encoding", "upgrade"),
    }
)
# What the asker says about their own address is not believed.
NOT_PASSED_ON = HOP_BY_HOP | {"x-forwarded-for", "x-forwarded-proto"}
NOT_YET = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Gleich wieder da</title>
<meta http-equiv="refresh" content="2"><body style="font-family:sans-serif;margin:4em auto;max-width:40em">
<h1>Gleich wieder da</h1><p>Das Portal startet gerade. Diese Seite lädt sich von selbst neu.</p>
<p lang="en">The portal is starting. This page reloads by itself.</p></body></html>"""


WAITING = {"timeout": httpx.Timeout(120, connect=2).as_dict()}


class Forwarder:
    """Connections to the web process.

    A transport and no client: a client would keep the cookies of one answer and send them with everybody's requests.
    """

    def __init__(self, socket_path: str) -> None:
        limits = httpx.Limits(max_keepalive_connections=32)
        self._transport = httpx.AsyncHTTPTransport(uds=socket_path, limits=limits)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.aclose()

    async def answer(self, request: Request) -> Response:
        """Forward one request; while the portal is away, a page says so and reloads itself."""
        headers = [(name, value) for name, value in request.headers.raw if name.decode() not in NOT_PASSED_ON]
        client = request.client.host if request.client else ""
        headers += [(b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", request.url.scheme.encode())]
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        target = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
        outgoing = httpx.Request(
            request.method,
            httpx.URL(f"http://portal{target}"),
            headers=headers,
            content=request.stream() if has_body else None,
            extensions=WAITING,
        )
        try:
            answer = await self._transport.handle_async_request(outgoing)
        except httpx.TransportError:
            return HTMLResponse(NOT_YET, 503, {"Retry-After": "1"})
        return _streamed(answer)


def _streamed(answer: httpx.Response) -> Response:
    async def body() -> AsyncIterator[bytes]:
        try:
            async for part in answer.aiter_raw():
                yield part
        except httpx.TransportError:
            # The portal died in the middle: the connection ends, the reader sees an incomplete answer.
            return

    response = StreamingResponse(body(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.decode().lower() not in HOP_BY_HOP
    ]
    return response
