"""The data process: SensorThings and the other data doors, ASGI; it never imports Django (ADR 0004)."""

import datetime as dt
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import msgspec
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from allmende.apis.sensorthings.hub import Hub
from allmende.apis.sensorthings.ingest import Ingest
from allmende.apis.sensorthings.routes import House
from allmende.families.registry import load, members
from allmende.gate.door import Gate, open_gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.serve import basemap, ledger, openapi
from allmende.serve.admission import Admission, Load
from allmende.serve.broker import Mqtt, announced, listening
from allmende.serve.connection import DataConfig, allow_many_connections, keep_memory
from allmende.serve.figures import METHODS, Figures
from allmende.serve.forward import Forwarder
from allmende.serve.front import Front
from allmende.serve.logs import configure_logs
from allmende.serve.settings import Settings
from allmende.serve.short import Short
from allmende.serve.source_figures import SourceFigures
from allmende.sources import door
from allmende.sources.health import summary
from allmende.sources.intake import Intake
from allmende.sources.run import House as Sources
from allmende.sources.subscribe import Subscriptions

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


def told(request: Request, error: Exception) -> Response:
    """Write any error; what was not expected goes to the log."""
    if isinstance(error, AllmendeError):
        return problem(error, request)
    log.error("request broke", path=request.url.path, exc_info=error)
    return problem(AllmendeError(FAULT), request)


async def _told(request: Request, error: Exception) -> Response:
    return told(request, error)


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
        return {
            "store": store,
            "rules": rules,
            "work": self._work(),
            "mqtt": self.mqtt.state,
            "sources": summary(self.settings.home),
        }

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


class Served(msgspec.Struct, frozen=True):
    """The data process: its application, the hub of its event streams, and its short way."""

    app: ASGIApp
    hub: Hub
    short: Short


def create_app(settings: Settings, gate: Gate, forward_to: str | None = None) -> Served:
    """Put the data process together; what is left goes to ``forward_to``, when that is given."""
    hub = Hub(gate)
    sources = Sources(settings.home, settings.source_hosts, settings.public_url)
    figures = Figures(lambda: hub.listeners, SourceFigures(sources, gate))

    def written(number: int) -> None:
        figures.written(number)
        hub.published()

    mqtt, ingest = Mqtt(settings, gate, figures.registry, hub, written), Ingest(gate)
    intake = Intake(sources, gate, ingest, written)
    forwarder = Forwarder(forward_to) if forward_to else None

    async def nothing(request: Request) -> Response:
        raise NotFound(NO_DOOR, path=request.url.path[:100])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with mqtt.running(), listening(Subscriptions(intake.house, intake)):
            yield
        if forwarder is not None:
            await forwarder.close()
        await anyio.to_thread.run_sync(gate.close)

    house = House(written, hub, ingest, announced(settings))
    routes = [
        Route("/health", Health(settings, gate, mqtt).answer, methods=["GET"]),
        Route("/metrics", figures.answer, methods=["GET"]),
        *_doors(settings, gate, house),
        *(*ledger.routes(settings, gate), *openapi.routes()),
        *door.routes(intake.house, gate, intake),
        *basemap.routes(settings),
        Route("/{path:path}", forwarder.answer if forwarder else nothing, methods=METHODS),
    ]
    handlers: dict[Any, Any] = {AllmendeError: _told, ClientDisconnect: _gone, 500: _told}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    load = Load()
    app.add_middleware(Admission, load=load, tell=problem)
    return Served(Front(app, figures), hub, Short(house.lanes, load, figures, told))


class _Server(uvicorn.Server):
    """Lets listeners of event streams go first: they would otherwise hold up the end."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order."""
        self._hub.close()
        await super().shutdown(sockets)


def _calm_collector() -> None:
    """Leave what lives as long as the process out of the search for circles, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def run(settings: Settings, *, fd: int | None = None, forward_to: str | None = None) -> None:
    """Serve on an inherited socket, or on host and port, until told to stop."""
    configure_logs()
    keep_memory()
    gate = open_gate(settings.store_url)
    allow_many_connections()
    served = create_app(settings, gate, forward_to)
    server = _Server(DataConfig(served.app, served.short, host=settings.host, port=settings.port), served.hub)
    _calm_collector()
    server.run(sockets=[socket.socket(fileno=fd)] if fd is not None else None)
