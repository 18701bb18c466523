"""What sources send by themselves, over HTTP and MQTT: kept raw, read, and stored with all that comes meanwhile.

Each source has a thread that reads what has come since; the commit is shared with all other doors (``Ingest``).
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from allmende.apis.sensorthings.ingest import Ingest
from allmende.gate.door import Gate
from allmende.kernel.errors import AllmendeError, Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.sources.reception import Parcel, Reception
from allmende.sources.run import House

log = structlog.get_logger("allmende.sources")

FAULT = ErrorCode(
    "ingest.fault",
    Text(
        "Beim Speichern dieser Nachricht trat immer wieder ein unerwarteter Fehler auf.",
        "An unexpected error occurred again and again while this message was stored.",
    ),
    Text("Der Fehler steht im Protokoll; melden Sie ihn.", "The error stands in the log; report it."),
)
MOST_TOGETHER, MOST_TRIES = 5_000, 5
FIRST_PAUSE, LONGEST_PAUSE, FLUSH_SECONDS = 0.2, 2.0, 1.0
Settle = Callable[[Parcel], None]


class _Waiting:
    """A parcel, with whom to tell in which loop what became of it; a ``lasting`` one waits while the store is away."""

    __slots__ = ("lasting", "loop", "parcel", "settle")

    def __init__(self, parcel: Parcel, settle: Settle, loop: asyncio.AbstractEventLoop, *, lasting: bool) -> None:
        self.parcel, self.settle, self.loop, self.lasting = parcel, settle, loop, lasting


class Intake:
    """Takes parcels of all sources; ``written`` is told in the loop how many observations are new."""

    def __init__(self, house: House, gate: Gate, ingest: Ingest, written: Callable[[int], None]) -> None:
        self.house, self._gate, self._ingest, self._written = house, gate, ingest, written
        self._desks: dict[str, _Desk] = {}

    def put(self, parcel: Parcel, settle: Settle, *, lasting: bool = False) -> None:
        """Take a parcel; called in a loop's thread, in which ``settle`` is told when all of it is durable."""
        name = parcel.connector.name
        if name not in self._desks:
            reception = Reception(self.house, self._gate, self._ingest, name)
            self._desks[name] = _Desk(name, reception, self._written)
        self._desks[name].waiting.put(_Waiting(parcel, settle, asyncio.get_running_loop(), lasting=lasting))


class _Desk:
    """Takes what waits of one source, from a thread of its own."""

    def __init__(self, name: str, reception: Reception, written: Callable[[int], None]) -> None:
        self._reception, self._written = reception, written
        self.waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"source {name}", daemon=True).start()

    def _run(self) -> None:
        while True:
            held = self._next()
            if held:
                self._take(held)
            else:
                self._reception.flush()

    def _next(self) -> list[_Waiting]:
        """Wait for something, and take all that waits of one state of the connector; nothing after a quiet second."""
        try:
            held = [self.waiting.get(timeout=FLUSH_SECONDS if self._reception.unsaved else None)]
        except queue.Empty:
            return []
        size = len(held[0].parcel.messages)
        while size < MOST_TOGETHER:
            try:
                held.append(self.waiting.get_nowait())
            except queue.Empty:
                break
            size += len(held[-1].parcel.messages)
        return held

    def _take(self, held: list[_Waiting]) -> None:
        """Store parcels; those that last again and again until the store is back: what is not stored is not settled.

        What breaks in an unforeseen way is narrowed down, so that one message cannot hold up all others for ever.
        """
        pause, tries = FIRST_PAUSE, 0
        while held and tries < MOST_TRIES:
            try:
                self._reception.take([one.parcel for one in held])
            except AllmendeError as error:
                log.warning("messages wait to be stored", parcels=len(held), error=str(error))
                self._refuse([one for one in held if not one.lasting], error)
                held = [one for one in held if one.lasting]
            except Exception:
                tries += 1
                log.exception("storing messages broke", parcels=len(held), tries=tries)
            else:
                self._settle(held)
                return
            if held:
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._narrow(held)

    def _narrow(self, held: list[_Waiting]) -> None:
        if len(held) > 1:
            half = len(held) // 2
            self._take(held[:half])
            self._take(held[half:])
        elif held and len(held[0].parcel.messages) > 1:
            for part in held[0].parcel.apart():
                self._take([_Waiting(part, lambda _: None, held[0].loop, lasting=held[0].lasting)])
            self._settle(held)
        else:
            self._refuse(held, Broken(FAULT))

    def _refuse(self, held: Sequence[_Waiting], error: AllmendeError) -> None:
        for one in held:
            one.parcel.error = error
        self._settle(held)

    def _settle(self, held: Sequence[_Waiting]) -> None:
        """Tell all who wait, with one call into each loop."""
        for loop in {one.loop for one in held}:
            loop.call_soon_threadsafe(self._tell, [one for one in held if one.loop is loop])

    def _tell(self, held: Sequence[_Waiting]) -> None:
        taken = sum(one.parcel.outcome.taken for one in held)
        if taken:
            self._written(taken)
        for one in held:
            one.settle(one.parcel)
