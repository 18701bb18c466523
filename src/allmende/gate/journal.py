"""Decisions about reading are gathered and written together, at the latest after a second."""

import threading

from allmende.store.port import Store
from allmende.store.scope import DecisionRow

FLUSH_SECONDS = 0.5
FULL = 2_000


class Journal:
    """Takes rows at once and writes them from a thread of its own; refusals are written before the refusal is told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[DecisionRow] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, rows: list[DecisionRow]) -> None:
        """Take rows to be written soon."""
        with self._lock:
            self._rows += rows
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
                self._thread.start()
            if len(self._rows) >= FULL:
                self._wake.set()

    def flush(self) -> None:
        """Write what has been taken."""
        with self._lock:
            rows, self._rows = self._rows, []
        if rows:
            self._store.record(rows)

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def close(self) -> None:
        """Write the rest and stop."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)
        self.flush()
