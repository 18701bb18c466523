"""Decisions about reading are gathered and written together, at the latest after a second."""

import threading
from collections.abc import Hashable

import msgspec
import structlog

from allmende.gate.grant import Grant
from allmende.gate.recording import decision_rows, now_micros
from allmende.kernel.errors import AllmendeError
from allmende.store.port import Store
from allmende.store.scope import DecisionRow

FLUSH_SECONDS = 0.5
FULL, TOO_MANY = 2_000, 100_000

log = structlog.get_logger("allmende.gate")


class Use(msgspec.Struct):
    """A grant, when it was first given since the last writing, and how often since."""

    grant: Grant
    at: int
    times: int = 0


class Journal:
    """Takes down grants at once and writes their decisions from a thread of its own; equal ones become one row.

    What cannot be written is kept and tried again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uses: dict[Hashable, Use] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, grant: Grant) -> None:
        """Take down that a grant was given."""
        with self._lock:
            self._add(grant, None, 1)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
                self._thread.start()
            if len(self._uses) >= FULL:
                self._wake.set()

    def _add(self, grant: Grant, at: int | None, times: int) -> None:
        key = (grant.ask, grant.version, grant.day)
        use = self._uses.get(key)
        if use is None:
            use = self._uses[key] = Use(grant, now_micros() if at is None else at)
        use.times += times

    def flush(self) -> None:
        """Write what has been taken down."""
        with self._lock:
            uses = list(self._uses.values())
            self._uses.clear()
        if not uses:
            return
        try:
            self._store.record([row for use in uses for row in _rows(use)])
        except AllmendeError:
            with self._lock:
                if len(self._uses) < TOO_MANY:
                    for use in uses:
                        self._add(use.grant, use.at, use.times)
            raise

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            try:
                self.flush()
            except AllmendeError as error:
                log.warning("decisions wait to be written", error=str(error))

    def close(self) -> None:
        """Write the rest and stop."""
        with self._lock:
            self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)
        self.flush()


def _rows(use: Use) -> list[DecisionRow]:
    decided = decision_rows(use.grant, dict.fromkeys(use.grant.categories, 0))
    return [msgspec.structs.replace(row, at=use.at, times=use.times) for row in decided]
