"""The data process: SensorThings and the other data doors, ASGI; it never imports Django (ADR 0004)."""

import datetime as dt
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import msgspec
import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allmende.apis.sensorthings.hub import Hub
from allmende.apis.sensorthings.lane import Lane
from allmende.apis.sensorthings.routes import House
from allmende.families.registry import load, members
from allmende.gate.door import Gate, open_gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.serve import basemap
from allmende.serve.admission import Admission
from allmende.serve.broker import Mqtt, announced
from allmende.serve.connection import DataConfig, allow_many_connections
from allmende.serve.forward import Forwarder
from allmende.serve.logs import configure_logs
from allmende.serve.settings import Settings

log = structlog.get_logger("allmende.data")

NO_DOOR = ErrorCode(
    "data.no_door",
    Text("Unter {path} gibt es hier nichts.", "There is nothing at {path} here."),
    Text("Die Daten stehen unter /sensorthings/v1.1.", "The data stands at /sensorthings/v1.1."),
)
FAULT = ErrorCode(
    "data.fault",
    Text("Ein unerwarteter Fehler ist aufgetreten.", "An unexpected error occurred."),
    Text("Versuchen Sie es noch einmal; der Fehler steht im Protokoll.", "Try again; the error stands in the log."),
)
WORK_SILENT_SECONDS = 60
COMPRESSED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")
SHOWN_TO_SCRIPTS = ("ETag", "Link", "Location")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
DOORS = ("/sensorthings", "/ogc", "/ingest", "/catalog", "/api")


class Figures:
    """What ``/metrics`` shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("allmende_requests", "Requests", ["method", "status"], registry=self.registry)
        self.seconds = Histogram("allmende_request_seconds", "Time to the answer's head", registry=self.registry)
        self.observations = Counter("allmende_observations_written", "New observations", registry=self.registry)
        self.listeners = Gauge("allmende_live_listeners", "Listeners of event streams", registry=self.registry)
        self._labelled: dict[tuple[str, int], Counter] = {}

    def note(self, method: str, status: int, seconds: float) -> None:
        """Count one answer; methods that are none of HTTP's share a name, so that nobody can make ever more."""
        known = method if method in METHODS else "other"
        counter = self._labelled.get((known, status))
        if counter is None:
            counter = self._labelled[known, status] = self.requests.labels(known, str(status))
        counter.inc()
        self.seconds.observe(seconds)

    async def answer(self, _request: Request) -> Response:
        """Give all figures as Prometheus reads them."""
        return Response(generate_latest(self.registry), 200, None, CONTENT_TYPE_LATEST)


def problem(error: AllmendeError, request: Request) -> Response:
    """Write an error as problem+json (RFC 9457); ``detail`` in the language asked for, German otherwise."""
    language = "en" if request.headers.get("accept-language", "").lower().startswith("en") else "de"
    body = {
        "type": f"urn:allmende:error:{error.code.code}",
        "title": error.what.within(language),
        "detail": error.next.within(language),
        "title_en": error.what.en,
        "status": error.status,
        "code": error.code.code,
    }
    headers = {"Vary": "Accept-Language", "Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retryable:
        headers["Retry-After"] = "1"
    return Response(msgspec.json.encode(body), error.status, headers, "application/problem+json")


async def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, AllmendeError):
        return problem(error, request)
    log.error("request broke", path=request.url.path, exc_info=error)
    return problem(AllmendeError(FAULT), request)


async def _gone(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the sender went away before the request was whole."""
    return Response(status_code=400)


class Health:
    """Answers ``/health``."""

    def __init__(self, settings: Settings, gate: Gate, mqtt: Mqtt) -> None:
        self.settings, self.gate, self.mqtt = settings, gate, mqtt

    def state(self) -> dict[str, str]:
        """Look at store, rule book and background work; a word other than ``ok`` says what is wrong."""
        try:
            self.gate.ping()
            store = "ok"
            rules = "ok" if self.gate.rulebook().version else "no rule book is published"
        except AllmendeError as error:
            store = rules = error.code.code
        return {"store": store, "rules": rules, "work": self._work(), "mqtt": self.mqtt.state}

    def _work(self) -> str:
        try:
            beat = (self.settings.home / "run" / "work.alive").read_text(encoding="utf-8")
            age = (utc_now() - dt.datetime.fromisoformat(beat)).total_seconds()
        except (OSError, ValueError):
            return "not started"
        return "ok" if age < WORK_SILENT_SECONDS else f"silent for {int(age)} s"

    async def answer(self, _request: Request) -> Response:
        """Give 200 when store and rules are well, 503 otherwise; work and broker may rest without making it worse."""
        state = await anyio.to_thread.run_sync(self.state)
        well = state["store"] == "ok" and state["rules"] == "ok"
        body = {"status": "ok" if well else "ill", "data": "ok", **state, "version": version("allmende")}
        return Response(msgspec.json.encode(body), 200 if well else 503, None, "application/json")


def _doors(settings: Settings, gate: Gate, house: House) -> list[BaseRoute]:
    """Mount every standard that the family has."""
    found: list[BaseRoute] = []
    for entry in members("apis"):
        module = load(entry, entry.manifest.routes)
        found += module.routes(gate, entry.manifest, settings.public_url, house)
    return found


def create_app(settings: Settings, gate: Gate, forward_to: str | None = None) -> Starlette:
    """Put the data process together; with ``forward_to`` the portal answers what is left."""
    figures = Figures()
    hub = Hub(gate)

    def written(number: int) -> None:
        figures.observations.inc(number)
        hub.published()

    figures.listeners.set_function(lambda: hub.listeners)
    mqtt = Mqtt(settings, gate, figures.registry, hub, written)
    forwarder = Forwarder(forward_to) if forward_to else None

    async def nothing(request: Request) -> Response:
        raise NotFound(NO_DOOR, path=request.url.path[:100])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with mqtt.running():
            yield
        if forwarder is not None:
            await forwarder.close()
        await anyio.to_thread.run_sync(gate.close)

    house = House(written, hub, announced(settings))
    routes = [
        Route("/health", Health(settings, gate, mqtt).answer, methods=["GET"]),
        Route("/metrics", figures.answer, methods=["GET"]),
        *_doors(settings, gate, house),
        *basemap.routes(settings),
        Route("/{path:path}", forwarder.answer if forwarder else nothing, methods=METHODS),
    ]
    handlers: dict[Any, Any] = {AllmendeError: _told, ClientDisconnect: _gone, 500: _told}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.add_middleware(_Lanes, lanes=house.lanes)
    app.add_middleware(Admission, tell=problem)
    app.add_middleware(_Doors, figures=figures)
    app.state.hub = hub
    return app


class _Lanes:
    """Lets requests that have a short way go it; its errors are told like those of any door."""

    def __init__(self, app: ASGIApp, lanes: Sequence[Lane]) -> None:
        self.app, self.lanes = app, lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose the way."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        for lane in self.lanes:
            way = lane.fits(scope)
            if way is not None:
                await self._go(lane, way, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _go(self, lane: Lane, way: Any, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await lane.go(way, scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is told
            answer = await _told(Request(scope), error)
            await answer(scope, receive, send)


class _Doors:
    """Counts every request; data doors are open for scripts of other origins, and compress what is read there."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.plain = app
        self.writing = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=SHOWN_TO_SCRIPTS
        )
        self.reading = GZipMiddleware(
            self.writing, minimum_size=1000, compresslevel=1, exclude_content_types=COMPRESSED_ALREADY
        )
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path, and note the answer's status and time."""
        if scope["type"] != "http":
            await self.plain(scope, receive, send)
            return
        started, reads = time.perf_counter(), scope["method"] in ("GET", "HEAD")

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if reads:
                    _tell_apart(message)
                self.figures.note(scope["method"], message["status"], time.perf_counter() - started)
            await send(message)

        if not scope["path"].startswith(DOORS):
            await self.plain(scope, receive, noted)
        elif reads:
            await self.reading(scope, receive, noted)
        elif any(name == b"origin" for name, _ in scope["headers"]):
            await self.writing(scope, receive, noted)
        else:
            await self.plain(scope, receive, noted)


def _tell_apart(head: Message) -> None:
    """Give a compressed answer an entity tag of its own, since its bytes are others (RFC 9110, clause 8.8.3)."""
    headers = MutableHeaders(raw=head["headers"])
    if headers.get("content-encoding") == "gzip" and headers.get("etag", "").startswith('"'):
        headers["etag"] = headers["etag"][:-1] + '-gzip"'


class _Server(uvicorn.Server):
    """Lets listeners of event streams go first: they would otherwise hold up the end."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order."""
        self._hub.close()
        await super().shutdown(sockets)


def run(settings: Settings, *, fd: int | None = None, forward_to: str | None = None) -> None:
    """Serve on an inherited socket, or on host and port, until told to stop."""
    configure_logs()
    gate = open_gate(settings.store_url)
    allow_many_connections()
    app = create_app(settings, gate, forward_to)
    server = _Server(DataConfig(app, host=settings.host, port=settings.port), app.state.hub)
    server.run(sockets=[socket.socket(fileno=fd)] if fd is not None else None)
