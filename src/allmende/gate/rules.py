"""The rule book in force, as every process sees it."""

import datetime as dt
import threading
import time

import msgspec

from allmende.ethics.decide import Compiled, compile_rulebook
from allmende.ethics.model import Rulebook
from allmende.ethics.publication import require_publishable
from allmende.gate.grant import Ask, Grant, decide_all, sealed_grant
from allmende.kernel.clock import CIVIL_TIME, micros_from_instant, today, utc_now
from allmende.store.port import Store

VERSION_CHECK_SECONDS = 0.5
MOST_KEPT = 1_000


class RulesInForce:
    """Holds the newest published rule book compiled; notices a new one within half a second. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._compiled = compile_rulebook(Rulebook())
        self._checked = float("-inf")
        self._granted: dict[Ask, Grant] = {}
        self._day = (0, today())

    def compiled(self) -> Compiled:
        """Give the rule book in force; the empty one, under which everything is refused, before the first."""
        now = time.monotonic()
        if now - self._checked < VERSION_CHECK_SECONDS:
            return self._compiled
        with self._lock:
            version = self._store.rulebook_version()
            if version != self._compiled.book.version:
                content = self._store.rulebook(version)
                self._compiled = compile_rulebook(msgspec.json.decode(content or "{}", type=Rulebook))
            self._checked = now
            return self._compiled

    def granted(self, ask: Ask) -> Grant:
        """Decide a request for every category; a decision of the same rules and the same day is kept."""
        compiled, day = self.compiled(), self._today()
        found = self._granted.get(ask)
        if found is None or (found.version, found.day) != (compiled.book.version, day):
            if len(self._granted) >= MOST_KEPT:
                self._granted = {}
            found = self._granted[ask] = sealed_grant(compiled, ask, day, decide_all(compiled, ask, day))
        return found

    def holds(self, grant: Grant) -> bool:
        """Tell whether neither the rules nor the day have changed since."""
        return grant.version == self.compiled().book.version and grant.day == self._today()

    def _today(self) -> dt.date:
        """Give the present day, which the clock tells in a zone only once a second: each read asks several times."""
        now = time.time()
        second, day = self._day
        if second != int(now):
            day = today()
            self._day = (int(now), day)
        return day

    def publish(self, book: Rulebook, actor: str) -> int:
        """Put a rule book to which nothing stands against in force under the next version; give that version."""
        require_publishable(book, today())
        version = self._store.rulebook_version() + 1
        book = msgspec.structs.replace(book, version=version, published=utc_now())
        self._store.add_rulebook(version, msgspec.json.encode(book).decode(), actor)
        self._checked = float("-inf")
        return version

    def published(self, version: int) -> Rulebook | None:
        """Give a rule book as it was published; None where there is no such version."""
        content = self._store.rulebook(version)
        return None if content is None else msgspec.json.decode(content, type=Rulebook)

    def on(self, day: dt.date) -> Rulebook:
        """Give the rule book in force at the end of a civil day, or now; the empty one before the first."""
        if day >= today():
            return self.compiled().book
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), CIVIL_TIME)
        return self.published(self._store.rulebook_version(micros_from_instant(end))) or Rulebook()
