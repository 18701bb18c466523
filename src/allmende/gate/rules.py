"""The rule book and the data sheets in force, as every process sees them."""

import datetime as dt
import threading
import time

import msgspec

from allmende.ethics.decide import Compiled, compile_rulebook
from allmende.ethics.model import Rulebook
from allmende.ethics.publication import require_publishable
from allmende.ethics.sheets import Sheet, Sheetbook, Sheets, steps_between
from allmende.gate.grant import Ask, Books, Grant, decide_all, sealed_grant
from allmende.kernel.clock import CIVIL_TIME, micros_from_instant, today, utc_now
from allmende.store.port import Store

VERSION_CHECK_SECONDS = 0.25
MOST_KEPT = 1_000


class RulesInForce:
    """Holds the newest published rule book compiled, and the newest data sheets; notices new ones in a quarter second.

    Threads may share it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._books = Books(compile_rulebook(Rulebook()), Sheets(Sheetbook()))
        self._checked = float("-inf")
        self._granted: dict[Ask, Grant] = {}
        self._day = (0, today())

    def books(self) -> Books:
        """Give what is in force; before the first rule book the empty one, under which everything is refused."""
        now = time.monotonic()
        if now - self._checked < VERSION_CHECK_SECONDS:
            return self._books
        with self._lock:
            known = self._books
            rules, sheets = self._store.book_versions()
            if (rules, sheets) != (known.rules.book.version, known.sheets.version):
                compiled = known.rules if rules == known.rules.book.version else self._compiled(rules)
                self._books = Books(compiled, known.sheets if sheets == known.sheets.version else self._sheets(sheets))
            self._checked = now
            return self._books

    def _compiled(self, version: int) -> Compiled:
        return compile_rulebook(msgspec.json.decode(self._store.rulebook(version) or "{}", type=Rulebook))

    def _sheets(self, version: int) -> Sheets:
        return Sheets(msgspec.json.decode(self._store.sheetbook(version) or "{}", type=Sheetbook))

    def compiled(self) -> Compiled:
        """Give the rule book in force."""
        return self.books().rules

    def versions(self) -> tuple[int, int]:
        """Give the numbers of what is in force: of the rule book and of the book of data sheets."""
        books = self.books()
        return books.rules.book.version, books.sheets.version

    def granted(self, ask: Ask) -> Grant:
        """Decide a request for every category; a decision of the same rules and the same day is kept."""
        books, day = self.books(), self._today()
        found = self._granted.get(ask)
        if found is None or not self.holds(found):
            if len(self._granted) >= MOST_KEPT:
                self._granted = {}
            found = self._granted[ask] = sealed_grant(books, ask, day, decide_all(books.rules, ask, day))
        return found

    def holds(self, grant: Grant) -> bool:
        """Tell whether neither the rules nor the sheets nor the day have changed since."""
        books = self.books()
        same = grant.version == books.rules.book.version and grant.sheets is books.sheets
        return same and grant.day == self._today()

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

    def publish_sheets(self, sheets: tuple[Sheet, ...], actor: str) -> int:
        """Put data sheets in force under the next version; give that version."""
        last = self._store.book_versions()[1]
        before = msgspec.json.decode(self._store.sheetbook(last) or "{}", type=Sheetbook)
        version = last + 1
        book = Sheetbook(version, sheets)
        steps = [{**step, "sheetbook": version, "actor": actor} for step in steps_between(before, book)]
        self._store.add_sheetbook(version, msgspec.json.encode(book).decode(), actor, steps)
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
