"""What a source remembers between runs: cursors, its health, readings of counters; one run at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from allmende.kernel.errors import AllmendeError, Busy, ErrorCode
from allmende.kernel.text import Text
from allmende.sources.parse import Counters

RUNNING = ErrorCode(
    "source.running",
    Text("Die Quelle „{name}“ wird gerade gelesen.", "The source “{name}” is being read just now."),
    Text("Versuchen Sie es gleich noch einmal.", "Try again in a moment."),
)
MOST_UNKNOWN = 50


class Trouble(msgspec.Struct, frozen=True):
    """What went wrong last: code, what and what next in both languages, and whether time alone may mend it."""

    code: str
    what: Text
    next: Text
    transient: bool


class State(msgspec.Struct, kw_only=True):
    """The state of one source; times in microseconds, ``next_run`` in seconds since the epoch.

    The counts are those of the last run; of a source that sends by itself they are of all that it sent. ``files`` has
    the content hashes of the files that were taken, with their names.
    """

    last_run: int | None = None
    last_success: int | None = None
    last_value: int | None = None
    next_run: float = 0.0
    failures: int = 0
    trouble: Trouble | None = None
    taken: int = 0
    repeated: int = 0
    corrected: int = 0
    refused: dict[str, int] = {}
    unknown: list[str] = []
    unread: int = 0
    last_unread: Trouble | None = None
    cursors: dict[str, int] = {}
    validators: dict[str, dict[str, str]] = {}
    counters: Counters = {}
    files: dict[str, str] = {}

    @staticmethod
    def told(error: AllmendeError) -> Trouble:
        """Write an error as trouble."""
        return Trouble(error.code.code, error.what, error.next, error.retryable)

    def note_unknown(self, station: str) -> None:
        """Remember a station that nobody registered."""
        if station not in self.unknown and len(self.unknown) < MOST_UNKNOWN:
            self.unknown.append(station)


class StateFile:
    """The state of a source on disk; a broken file is as good as none, since all can be fetched again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "state.json"

    def read(self) -> State:
        """Give the state as it was written last."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError):
            return State()

    def write(self, state: State) -> None:
        """Put a state in place of the last one, whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(state))
        fresh.replace(self._path)

    @contextlib.contextmanager
    def alone(self, name: str, *, wait: bool = False) -> Iterator[State]:
        """Give the state to one run at a time, over all processes, and write it afterwards whatever happens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise Busy(RUNNING, name=name) from error
            state = self.read()
            try:
                yield state
            finally:
                self.write(state)
