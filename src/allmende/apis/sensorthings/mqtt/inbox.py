"""Observations that clients publish: gathered, stored many at once, and acknowledged when they are durable."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

import anyio
import anyio.to_thread
import structlog

from allmende.apis.sensorthings.mqtt.packets import Published
from allmende.apis.sensorthings.mqtt.reception import FAULT, Outcome, Reception
from allmende.apis.sensorthings.mqtt.session import Session
from allmende.gate.door import Gate
from allmende.kernel.errors import AllmendeError

log = structlog.get_logger("allmende.mqtt")

MOST_AT_ONCE, MOST_BYTES = 5_000, 64_000_000
MOST_TRIES, MOST_NAMED = 5, 20
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


class Inbox:
    """Gathers while the batch before is being stored; what is durable is acknowledged on the connection it came by."""

    def __init__(self, gate: Gate, tell: Callable[[Outcome], None]) -> None:
        self._reception = Reception(gate)
        self._tell = tell
        self._waiting: deque[tuple[Session, list[Published]]] = deque()
        self._bytes = 0
        self._paused: set[Session] = set()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, session: Session, published: list[Published]) -> None:
        """Take messages; each is acknowledged when it is durable, was there already, or is refused for good."""
        self._waiting.append((session, published))
        self._bytes += _size(published)
        if self._bytes > MOST_BYTES:
            self._paused.add(session)
            session.pause()
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Store batch after batch until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                taken = self._next()
                await self._store([message for _, published in taken for message in published])
                for session, published in taken:
                    session.acknowledge(published)
                    self._bytes -= _size(published)
                if self._bytes <= MOST_BYTES:
                    self._resume()
            self._idle.set()

    def busy(self) -> bool:
        """Tell whether anything is still to be stored."""
        return not self._idle.is_set()

    def _next(self) -> list[tuple[Session, list[Published]]]:
        """Take what waits, up to what one commit may hold."""
        taken = [self._waiting.popleft()]
        size = len(taken[0][1])
        while self._waiting and size + len(self._waiting[0][1]) <= MOST_AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1][1])
        return taken

    def _resume(self) -> None:
        for session in self._paused:
            session.resume()
        self._paused.clear()

    async def calm(self, seconds: float) -> None:
        """Wait until everything that came is stored, but not longer than so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _store(self, messages: list[Published]) -> None:
        """Store a batch, again and again while the store is away: what is not stored is not acknowledged.

        What breaks in an unforeseen way is narrowed down, so that one message cannot hold up all others for ever.
        """
        pause, tries = FIRST_PAUSE, 0
        while tries < MOST_TRIES:
            try:
                outcome = await anyio.to_thread.run_sync(self._reception.take, messages)
            except AllmendeError as error:
                log.warning("observations wait to be stored", messages=len(messages), error=str(error))
            except Exception:
                tries += 1
                log.exception("storing broke", messages=len(messages), tries=tries)
            else:
                self._done(outcome)
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        if len(messages) == 1:
            self._done(Outcome(refused=[(messages[0], AllmendeError(FAULT))]))
            return
        half = len(messages) // 2
        await self._store(messages[:half])
        await self._store(messages[half:])

    def _done(self, outcome: Outcome) -> None:
        _name(outcome.refused)
        self._tell(outcome)


def _name(refused: list[tuple[Published, AllmendeError]]) -> None:
    """Name the refused messages in the log, the first ones of each batch in full."""
    for message, error in refused[:MOST_NAMED]:
        log.warning(
            "message refused",
            topic=message.topic[:200].decode(errors="replace"),
            code=error.code.code,
            error=str(error),
        )
    if len(refused) > MOST_NAMED:
        log.warning("more messages refused", number=len(refused) - MOST_NAMED)


def _size(published: list[Published]) -> int:
    return sum(len(message.payload) + len(message.properties) for message in published)
