"""Topics to which sources send over MQTT: a lasting session for each, acknowledged when the store has it (ADR 0022)."""

import asyncio
import fcntl
import hashlib
import os
import platform
from pathlib import Path

import anyio.to_thread
import structlog

from allmende.apis.sensorthings.ingest import Sender
from allmende.apis.sensorthings.mqtt.connection import Connection
from allmende.apis.sensorthings.mqtt.packets import Published
from allmende.apis.sensorthings.mqtt.session import Broker, Session, read_broker
from allmende.kernel.errors import AllmendeError, Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.definition import Connector, own_folders, read_connector
from allmende.sources.fetch import public_address, secret_value
from allmende.sources.intake import Intake
from allmende.sources.reception import Parcel
from allmende.sources.recipe import Subscription
from allmende.sources.run import House, asker
from allmende.sources.state import State

log = structlog.get_logger("allmende.sources")

AWAY = ErrorCode(
    "source.broker_away",
    Text("Keine Verbindung zum Broker {host}: {why}", "No connection to the broker {host}: {why}"),
    Text("Es wird von selbst noch einmal versucht.", "It is tried again without your doing."),
)
UNWELCOME = ErrorCode(
    "source.broker_refuses",
    Text("Der Broker {host} weist uns ab: {why}", "The broker {host} refuses us: {why}"),
    Text(
        "Prüfen Sie user, secret und topic unter mqtt im Rezept.", "Check user, secret and topic at mqtt in the recipe."
    ),
)
LOOK_SECONDS, AGAIN_SECONDS, CALM_SECONDS = 2.0, 10.0, 5.0
MOST_BYTES = 32_000_000
BROKER_CODES = (AWAY.code, UNWELCOME.code)


class Subscriptions:
    """Keeps a subscription for each source of the city that names a topic; a changed recipe begins it anew."""

    def __init__(self, house: House, intake: Intake) -> None:
        self._house, self._intake = house, intake
        self._running: dict[str, tuple[Connector, _Subscription, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Look after them until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            waiting = [one for _, one, _ in self._running.values()]
            for name in list(self._running):
                await asyncio.shield(self._end(name))
            for one in waiting:
                await asyncio.shield(one.calm(CALM_SECONDS))

    async def _look(self) -> None:
        wanted = await anyio.to_thread.run_sync(self._wanted)
        for name, (connector, _, task) in list(self._running.items()):
            if wanted.get(name) is not connector or task.done():
                if task.done() and not task.cancelled() and task.exception() is not None:
                    log.error("a subscription broke and begins anew", source=name, exc_info=task.exception())
                await self._end(name)
        for name, connector in wanted.items():
            if name not in self._running:
                one = _Subscription(self._house, self._intake, connector)
                self._running[name] = (connector, one, asyncio.ensure_future(one.run()))

    async def _end(self, name: str) -> None:
        _, one, task = self._running.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        one.let_go()

    def _wanted(self) -> dict[str, Connector]:
        found = {}
        for folder in own_folders(self._house.home):
            try:
                one = read_connector(folder, own=True)
            except Invalid:
                continue
            if one.recipe.mqtt is not None:
                found[one.name] = one
        return found


class _Subscription:
    """One source: its place among the processes that share it, its connection, and what waits to be stored."""

    def __init__(self, house: House, intake: Intake, connector: Connector) -> None:
        self._house, self._intake, self._connector = house, intake, connector
        self._sender = Sender(name=asker(connector), purpose=connector.recipe.purpose)
        self._place: int | None = None
        self._bytes = 0
        self._paused: set[Session] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Stay subscribed until cancelled."""
        asked = self._connector.recipe.mqtt
        if asked is None:
            return
        number = await self._take_place(1_000 if asked.share else 1)
        while True:
            try:
                broker = await anyio.to_thread.run_sync(self._broker, asked)
                break
            except AllmendeError as error:
                await anyio.to_thread.run_sync(self._trouble, error)
                await asyncio.sleep(AGAIN_SECONDS)
        connection = Connection(broker, self._client_id(number), self._take, (asked.filter,), self._tell)
        await connection.run()

    async def _take_place(self, places: int) -> int:
        """Take the first free place: the broker keeps what waits under its number. A killed process frees its own."""
        folder = self._house.folder(self._connector.name)
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            for number in range(places):
                if self._lock(folder / f"mqtt-{number}.lock"):
                    return number
            await asyncio.sleep(LOOK_SECONDS)

    def _lock(self, path: Path) -> bool:
        place = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
            return False
        self._place = place
        return True

    def let_go(self) -> None:
        """Give the place back."""
        if self._place is not None:
            os.close(self._place)
            self._place = None

    def _client_id(self, number: int) -> str:
        """Give the lasting name under which the broker keeps what came while we were away."""
        whole = f"{platform.node()}:{self._house.home}:{self._connector.name}:{number}"
        return "alm-" + hashlib.sha256(whole.encode()).hexdigest()[:16]

    def _broker(self, asked: Subscription) -> Broker:
        broker = read_broker(asked.url, asked.authority)
        address = public_address(broker.host, broker.port, self._house.allowed_hosts)
        secret = secret_value(asked.secret) if asked.secret else ""
        return Broker(address, broker.port, broker.tls, asked.user, secret, asked.authority, broker.host)

    def _take(self, session: Session, published: list[Published]) -> None:
        """Hand messages on; no more are read while too many wait."""
        messages = [(message.topic.decode(errors="replace"), message.payload) for message in published]
        size = sum(len(message.payload) for message in published)
        self._bytes += size
        self._idle.clear()
        if self._bytes > MOST_BYTES:
            self._paused.add(session)
            session.pause()

        def settle(_parcel: Parcel) -> None:
            session.acknowledge(published)
            self._bytes -= size
            if self._bytes <= MOST_BYTES // 2:
                for one in self._paused:
                    one.resume()
                self._paused.clear()
            if not self._bytes:
                self._idle.set()

        self._intake.put(Parcel(self._connector, self._sender, messages), settle, lasting=True)

    async def calm(self, seconds: float) -> None:
        """Wait until everything that came is stored, but not longer than so many seconds."""
        await asyncio.wait([asyncio.ensure_future(self._idle.wait())], timeout=seconds)

    def _tell(self, why: str, lasting: bool) -> None:
        host = read_broker(self._connector.recipe.mqtt.url).host if self._connector.recipe.mqtt else ""
        kind: type[AllmendeError] = Invalid if lasting else Busy
        error = kind(UNWELCOME if lasting else AWAY, host=host, why=why) if why else None
        asyncio.get_running_loop().run_in_executor(None, self._trouble, error)

    def _trouble(self, error: AllmendeError | None) -> None:
        """Put trouble with the broker into the state of the source, or take it out again."""
        with self._house.state(self._connector.name).alone(self._connector.name, wait=True) as state:
            if error is not None:
                state.trouble = State.told(error)
            elif state.trouble is not None and state.trouble.code in BROKER_CODES:
                state.trouble = None
