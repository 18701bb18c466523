"""Tells listeners in this process what is new: at once what was written here, soon what others wrote."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import anyio.to_thread
import structlog

from allmende.apis.sensorthings.feed import Feed, Fresh
from allmende.gate.door import Ask, Gate
from allmende.kernel.errors import AllmendeError, Busy, ErrorCode
from allmende.kernel.text import Text

log = structlog.get_logger("allmende.live")

FULL = ErrorCode(
    "live.full",
    Text("Schon {limit} Zuhörer folgen den Messwerten.", "Already {limit} listeners follow the observations."),
    Text("Versuchen Sie es später noch einmal.", "Try again later."),
)
MOST_LISTENERS, MOST_WAITING = 500, 200
POLL_SECONDS, LEAST_SECONDS = 0.25, 0.02
# Looking for news may take this part of a core, however many datastreams there are.
SHARE_IDLE, SHARE_WOKEN = 8, 4


class Pace:
    """How often to look: soon after this process wrote, otherwise now and then, and never most of the time."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look soon."""
        self._wake.set()

    async def rest(self, took: float) -> None:
        """Rest after a look that took so many seconds."""
        least = max(LEAST_SECONDS, SHARE_WOKEN * took)
        await asyncio.sleep(least)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(POLL_SECONDS, SHARE_IDLE * took) - least):
                await self._wake.wait()
        self._wake.clear()


class Listener:
    """What waits for one listener to a datastream; closed when the listener is too slow or the process ends."""

    def __init__(self, datastream: int) -> None:
        self.datastream = datastream
        self._waiting: asyncio.Queue[Fresh | None] = asyncio.Queue(MOST_WAITING)
        self.closed = False

    def give(self, fresh: Fresh) -> None:
        """Add something new; who cannot keep up is let go, and comes back with the last id."""
        if self._waiting.full():
            self.close()
        elif not self.closed:
            self._waiting.put_nowait(fresh)

    def close(self) -> None:
        """End it after what is being read."""
        self.closed = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def next(self, seconds: float) -> Fresh | None:
        """Wait for something new; None after so many seconds without, or at the end."""
        try:
            async with asyncio.timeout(seconds):
                return await self._waiting.get()
        except TimeoutError:
            return None


class _Channel:
    """All listeners that ask the same."""

    def __init__(self, gate: Gate, ask: Ask) -> None:
        self.feed = Feed(gate, ask)
        self.listeners: set[Listener] = set()
        self.pace = Pace()
        self.started = asyncio.Event()

    async def run(self) -> None:
        """Look and tell until cancelled."""
        try:
            while True:
                begin = time.monotonic()
                try:
                    self._tell(await anyio.to_thread.run_sync(self.feed.poll))
                except AllmendeError as error:
                    log.warning("looking for news failed", error=str(error))
                self.started.set()
                if not self.feed.behind:
                    await self.pace.rest(time.monotonic() - begin)
        finally:
            self.started.set()
            self.close()

    def _tell(self, found: list[Fresh]) -> None:
        by_stream = {fresh.datastream: fresh for fresh in found}
        for listener in self.listeners:
            if listener.datastream in by_stream:
                listener.give(by_stream[listener.datastream])
            elif self.feed.renewed:
                # Rules or data sheets have changed: whoever listens looks whether they still may.
                listener.give(Fresh(listener.datastream, []))

    def close(self) -> None:
        """Let all listeners go."""
        for listener in self.listeners:
            listener.close()


class Hub:
    """Knows who listens."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._channels: dict[Ask, tuple[_Channel, asyncio.Task[None]]] = {}
        self._paces: set[Pace] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        """Count the listeners."""
        return sum(len(channel.listeners) for channel, _ in self._channels.values())

    def published(self) -> None:
        """Say that this process has written observations."""
        for pace in self._paces:
            pace.wake()

    def watch(self, pace: Pace) -> None:
        """Wake a pace too when this process has written."""
        self._paces.add(pace)

    @contextlib.asynccontextmanager
    async def listening(self, ask: Ask, datastream: int) -> AsyncIterator[Listener]:
        """Listen to a datastream while the block lasts."""
        if self.listeners >= MOST_LISTENERS:
            raise Busy(FULL, limit=MOST_LISTENERS)
        channel, listener = self._channel(ask), Listener(datastream)
        channel.listeners.add(listener)
        try:
            await channel.started.wait()
            if self._closed:
                listener.close()
            yield listener
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners and ask in self._channels and self._channels[ask][0] is channel:
                _, task = self._channels.pop(ask)
                self._paces.discard(channel.pace)
                task.cancel()

    def _channel(self, ask: Ask) -> _Channel:
        if ask not in self._channels or self._channels[ask][1].done():
            channel = _Channel(self._gate, ask)
            self._paces.add(channel.pace)
            self._channels[ask] = (channel, asyncio.ensure_future(channel.run()))
        return self._channels[ask][0]

    def close(self) -> None:
        """Let all listeners go, so that the process can end."""
        self._closed = True
        for channel, _ in self._channels.values():
            channel.close()
