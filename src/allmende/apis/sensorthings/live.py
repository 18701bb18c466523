"""``$live``: new observations of a datastream as a stream of events that browsers can follow."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from allmende.apis.sensorthings.feed import ID, PAGE, TIME, Standing, Trail
from allmende.apis.sensorthings.hub import Hub, Listener
from allmende.apis.sensorthings.lex import fault
from allmende.apis.sensorthings.options import Options, read_options
from allmende.apis.sensorthings.paths import NO_ENTITY, read_path
from allmende.apis.sensorthings.render import writer
from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import Compare, Constant, Expression, Logic, Order, Query, Record, Within
from allmende.kernel.errors import AllmendeError, NotFound

OPTION = "$live"
HEARTBEAT_SECONDS = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Live:
    """One listener's request."""

    def __init__(self, gate: Gate, hub: Hub, path: str, pairs: dict[str, str], last: str) -> None:
        self._gate, self._hub = gate, hub
        self._datastream = _datastream(path)
        self._options = _options(pairs)
        self._last = int(last) if last.isascii() and last.isdigit() and len(last) <= 16 else None

    def _grant(self, standing: Standing) -> Grant:
        standing.renew()
        # Asked again where nothing is open, so that the refusal names its rules.
        return standing.grant or self._gate.grant(standing.ask)

    def _begin(self, standing: Standing) -> Trail:
        """Begin behind the last event that the listener had, or at the end."""
        grant = self._grant(standing)
        query = Query(kind="Datastreams", id=self._datastream, order=(Order(ID),), top=1)
        found = self._gate.page(grant, query).records
        if not found:
            raise NotFound(NO_ENTITY, path=f"Datastreams({self._datastream})")
        self._gate.require_shown(grant, self._datastream)
        limits = grant.limits.get(found[0].value.category)
        trail = Trail(self._datastream, limits is None or not limits.plain, 0)
        if self._last is None:
            trail.go_to_end(self._gate, grant)
        else:
            trail.go_behind(self._gate, grant, self._last)
        return trail

    def _more(self, standing: Standing, trail: Trail) -> list[Record]:
        return trail.read(self._gate, self._grant(standing), self._options.where)

    async def answer(self, ask: Callable[[], Ask], root: str) -> Response:
        """Give the stream; ``ask`` tells who asks, and raises when they may no more."""
        asked = await anyio.to_thread.run_sync(ask)
        standing = Standing(self._gate, asked)
        async with contextlib.AsyncExitStack() as stack:
            listener = await stack.enter_async_context(self._hub.listening(asked, self._datastream))
            trail = await anyio.to_thread.run_sync(self._begin, standing)
            place = stack.pop_all()
        return _Stream(self._events(ask, standing, listener, trail, root), place)

    async def _events(
        self, ask: Callable[[], Ask], standing: Standing, listener: Listener, trail: Trail, root: str
    ) -> AsyncIterator[bytes]:
        """First what was missed, then what comes; a sign of life in between, at which the token is looked at again."""
        write = writer(root, "Observations", self._options.select)
        yield b": allmende\nretry: 2000\n\n"
        missed = self._last is not None
        while missed:
            records = await anyio.to_thread.run_sync(self._more, standing, trail)
            missed = len(records) == PAGE
            yield b"".join(_event(write(record, None), record.id) for record in records)
        while not listener.closed:
            fresh = await listener.next(HEARTBEAT_SECONDS)
            if fresh is None or not (fresh.records or fresh.corrected):
                yield b": .\n\n"
                try:
                    await anyio.to_thread.run_sync(self._look_again, ask, standing)
                except AllmendeError as error:
                    yield _ended(error)
                    return
            else:
                records = await self._chosen(standing, trail.pass_by(fresh.records))
                corrected = await self._chosen(standing, [one.record for one in fresh.corrected])
                yield b"".join(_event(write(record, None), record.id) for record in records)
                yield b"".join(_correction(write(record, None)) for record in corrected)

    def _look_again(self, ask: Callable[[], Ask], standing: Standing) -> None:
        """Refuse who may not listen any more."""
        ask()
        self._gate.require_shown(self._grant(standing), self._datastream)

    async def _chosen(self, standing: Standing, records: list[Record]) -> list[Record]:
        """Give those that a filter lets through."""
        if self._options.where is None or not records:
            return records
        return await anyio.to_thread.run_sync(self._filtered, standing, records, self._options.where)

    def _filtered(self, standing: Standing, records: list[Record], where: Expression) -> list[Record]:
        """Ask the store which of some observations fulfil a condition, in the stretch of time in which they lie."""
        values, numbers = [record.value for record in records], {record.id for record in records}
        bounds = (
            Compare("ge", TIME, Constant(min(value.phenomenon_start for value in values), is_instant=True)),
            Compare("le", TIME, Constant(max(_end(value) for value in values) + 1, is_instant=True)),
            Compare("ge", ID, Constant(min(numbers))),
            Compare("le", ID, Constant(max(numbers))),
        )
        within, found, after = Within("Datastreams", self._datastream), set(), None
        while True:
            condition = Logic("and", (*bounds, where))
            query = Query(
                kind="Observations", within=within, where=condition, order=(Order(ID),), top=PAGE, after=after
            )
            page = self._gate.page(self._grant(standing), query)
            found |= {record.id for record in page.records}
            after = page.next_after
            if after is None:
                return [record for record in records if record.id in found]


class _Stream(StreamingResponse):
    """The answer, which lets the listener's place go whatever happens to it."""

    def __init__(self, events: AsyncIterator[bytes], place: contextlib.AsyncExitStack) -> None:
        super().__init__(events, 200, HEADERS, "text/event-stream")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the listener goes away or is let go."""
        async with self._place:
            await super().__call__(scope, receive, send)


def _event(entity: object, number: int) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (number, msgspec.json.encode(entity))


def _correction(entity: object) -> bytes:
    """Write an observation that was told before; without an id, for the last one stays where it is."""
    return b"event: corrected\ndata: %b\n\n" % msgspec.json.encode(entity)


def _ended(error: AllmendeError) -> bytes:
    """Say why nothing more comes."""
    said = {
        "code": error.code.code,
        "title": msgspec.structs.asdict(error.what),
        "next": msgspec.structs.asdict(error.next),
    }
    return b"event: ended\ndata: %b\n\n" % msgspec.json.encode(said)


def _end(value: Any) -> int:
    return int(value.phenomenon_start if value.phenomenon_end is None else value.phenomenon_end)


def _datastream(path: str) -> int:
    resource = read_path(path)
    steps = [step.name for step in resource.steps]
    if resource.kind != "Datastreams" or resource.id is None or steps != ["Observations"] or resource.ref:
        raise fault(
            OPTION,
            1,
            "möglich an Datastreams(ID)/Observations",
            "possible at Datastreams(ID)/Observations",
        )
    return resource.id


def _options(pairs: dict[str, str]) -> Options:
    for name in pairs:
        if name not in (OPTION, "$filter", "$select"):
            raise fault(name[:40], 1, "neben $live nicht möglich", "not possible beside $live")
    return read_options({name: value for name, value in pairs.items() if name != OPTION})
