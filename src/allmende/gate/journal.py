"""Decisions about reading are gathered and written together, at the latest after a second."""

import threading

import msgspec
import structlog

from allmende.kernel.errors import AllmendeError
from allmende.store.port import Store
from allmende.store.scope import DecisionRow

FLUSH_SECONDS = 0.5
FULL, TOO_MANY = 2_000, 100_000

log = structlog.get_logger("allmende.gate")


class Journal:
    """Takes rows at once and writes them from a thread of its own; equal decisions become one row that counts them.

    What cannot be written is kept and tried again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[DecisionRow, DecisionRow] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, rows: list[DecisionRow]) -> None:
        """Take rows to be written soon."""
        with self._lock:
            self._merge(rows)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
                self._thread.start()
            if len(self._rows) >= FULL:
                self._wake.set()

    def _merge(self, rows: list[DecisionRow]) -> None:
        for row in rows:
            key = msgspec.structs.replace(row, at=0, times=1)
            first = self._rows.get(key)
            self._rows[key] = row if first is None else msgspec.structs.replace(first, times=first.times + row.times)

    def flush(self) -> None:
        """Write what has been taken."""
        with self._lock:
            rows = list(self._rows.values())
            self._rows.clear()
        if not rows:
            return
        try:
            self._store.record(rows)
        except AllmendeError:
            with self._lock:
                if len(self._rows) < TOO_MANY:
                    self._merge(rows)
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
