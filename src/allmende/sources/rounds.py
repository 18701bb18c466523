"""Runs the city's pull connectors when they are due, and those of folders when files wait, several side by side."""

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import structlog

from allmende.gate.door import Gate
from allmende.kernel.errors import AllmendeError, Busy
from allmende.sources.definition import Connector, own_folders, read_connector
from allmende.sources.inbox import take_all, waiting
from allmende.sources.orders import Orders
from allmende.sources.run import House, pull, replay
from allmende.sources.write import Outcome

SIDE_BY_SIDE, KEEP_OTHERWISE = 4, 14
SETTLED_NANOSECONDS = 1_000_000_000

log = structlog.get_logger("allmende.sources")
Declare = Callable[[Connector], None]
Deed = Callable[[House, Gate, Connector], Outcome]
DEEDS: dict[str, Deed] = {"pull": pull, "folder": take_all}


class _Seen(msgspec.Struct):
    """What was found in a source's folder: what is ordered, when it is due, whether it ever had a value.

    ``stamp`` is when the folder had changed last; 0 where it changed so lately that it may have again unnoticed.
    """

    stamp: int
    paused: bool
    ordered: bool
    next_run: float
    sent: bool


class Rounds:
    """Looks who is due; one that hangs or fails holds no other up. ``declare`` enters a dataset into the catalogue."""

    def __init__(self, house: House, gate: Gate, declare: Declare) -> None:
        self._house, self._gate, self._declare = house, gate, declare
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="source")
        self._running: dict[str, Future[None]] = {}
        self._declared: set[str] = set()
        self._broken: dict[Path, str] = {}
        self._seen: dict[str, _Seen] = {}

    def close(self) -> None:
        """Let what runs come to its end; what waits is due again after the next start."""
        self._pool.shutdown(cancel_futures=True)

    def look(self) -> None:
        """Start the sources that are due and not running yet."""
        self._running = {name: one for name, one in self._running.items() if not one.done()}
        now = time.time()
        for one in self._connectors():
            if one.name not in self._running:
                self._start(one, now)

    def _start(self, one: Connector, now: float) -> None:
        """Carry out an order that waits, or ask the source if it is due."""
        orders, seen = Orders(self._house, one.name), self._look_at(one.name)
        again, since = orders.take_again() if seen.ordered else (False, None)
        if again:
            self._running[one.name] = self._pool.submit(self._attempt, one, partial(_again, since))
        elif one.manifest.kind in DEEDS:
            due = not seen.paused and self._is_due(one, seen, now)
            if (seen.ordered and orders.take_now()) or due:
                self._running[one.name] = self._pool.submit(self._attempt, one, DEEDS[one.manifest.kind])
        elif seen.sent and one.name not in self._declared:
            self._declared.add(one.name)
            self._running[one.name] = self._pool.submit(self._enter, one)

    def _look_at(self, name: str) -> _Seen:
        """Give what a source's folder says; it is read only when something in it was put in place or taken away."""
        try:
            stamp = self._house.folder(name).stat().st_mtime_ns
        except FileNotFoundError:
            stamp = 0
        known = self._seen.get(name)
        if known is None or not stamp or known.stamp != stamp:
            orders, state = Orders(self._house, name), self._house.state(name).read()
            settled = stamp if time.time_ns() - stamp > SETTLED_NANOSECONDS else 0
            known = _Seen(settled, orders.paused, orders.waiting, state.next_run, state.last_value is not None)
            self._seen[name] = known
        return known

    def busy(self) -> bool:
        """Tell whether any source is being read."""
        return any(not one.done() for one in self._running.values())

    def _is_due(self, one: Connector, seen: _Seen, now: float) -> bool:
        if one.manifest.kind == "folder" and not waiting(self._house, one.name):
            return False
        return seen.next_run <= now

    def sweep(self) -> None:
        """Delete raw replies that were kept long enough."""
        for one in self._connectors():
            days = one.manifest.data.keep_raw_days if one.manifest.data else KEEP_OTHERWISE
            self._house.archive(one.name).sweep(days)

    def _connectors(self) -> list[Connector]:
        """Give the city's connectors; what is wrong with one is told once, until its files change."""
        found = []
        for folder in own_folders(self._house.home):
            try:
                found.append(read_connector(folder, own=True))
                self._broken.pop(folder, None)
            except AllmendeError as error:
                if self._broken.get(folder) != str(error):
                    log.warning("connector cannot be read", folder=folder.name, error=str(error))
                self._broken[folder] = str(error)
        return found

    def _enter(self, one: Connector) -> None:
        """Enter the dataset of a source that sends by itself, once it has."""
        try:
            self._declare(one)
        except Exception:
            log.exception("dataset not declared", source=one.name)

    def _attempt(self, one: Connector, deed: Deed) -> None:
        try:
            outcome = deed(self._house, self._gate, one)
            self._declare(one)
            log.info("source read", source=one.name, taken=outcome.taken, refused=dict(outcome.refused))
        except Busy as error:
            log.info("source waits", source=one.name, error=str(error))
        except AllmendeError as error:
            log.warning("source failed", source=one.name, error=str(error))
        except Exception:
            log.exception("source broke", source=one.name)
            _put_off(self._house, one)


def _again(since: dt.datetime | None, house: House, gate: Gate, one: Connector) -> Outcome:
    outcome, unread = replay(house, gate, one, since)
    log.info("kept replies read again", source=one.name, unread=unread)
    return outcome


def _put_off(house: House, one: Connector) -> None:
    with house.state(one.name).alone(one.name, wait=True) as state:
        state.next_run = time.time() + (one.manifest.schedule.every_seconds if one.manifest.schedule else 3_600)
