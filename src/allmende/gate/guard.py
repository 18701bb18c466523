"""What decides at the door: the rules and data sheets in force, grants, and refusals on record."""

import datetime as dt
from collections.abc import Collection
from typing import Literal

import msgspec

from allmende.ethics.model import Decision, Rulebook
from allmende.ethics.sheets import Sheet, Sheets
from allmende.gate.grant import READ_VERBS, Ask, Grant, decide_all, refusal
from allmende.gate.journal import Journal
from allmende.gate.linking import watched
from allmende.gate.recording import Closed, Shut, decision_row, now_micros
from allmende.gate.rules import RulesInForce
from allmende.gate.sheets import shut, suspension
from allmende.kernel.clock import today
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.ledger import Act
from allmende.store.port import Store
from allmende.store.scope import Scope

Role = Literal["reader", "writer"]

READ_ONLY = ErrorCode(
    "gate.read_only",
    Text("Dieser Zugang zum Messwertspeicher liest nur.", "This access to the observation store only reads."),
    Text("Öffnen Sie ihn als „writer“.", "Open it as “writer”."),
)


class MinutesTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger is told of minutes: ``sha256`` of what is public; it only commits to ``whole`` and ``actor``."""

    number: str
    version: int
    body: str
    day: str
    sha256: str
    whole: str
    actor: str


class Guard:
    """Decides by the newest published rule book and data sheets, and records what is refused."""

    def __init__(self, store: Store, role: Role = "writer") -> None:
        self._store = store
        self._role = role
        self._rules = RulesInForce(store)
        self._journal = Journal(store)

    def close(self) -> None:
        """Write what is still to be written and let go of the store."""
        self._journal.close()
        self._store.close()

    def ping(self) -> None:
        """Fail when the store cannot be reached."""
        self._store.ping()

    def rulebook(self, day: dt.date | None = None) -> Rulebook:
        """Give the rule book in force, or that in force at the end of a day; version 0 before the first."""
        return self._rules.compiled().book if day is None else self._rules.on(day)

    def published(self, version: int) -> Rulebook | None:
        """Give a rule book as it was published; None where there is no such version."""
        return self._rules.published(version)

    def publish(self, book: Rulebook, actor: str) -> int:
        """Put a rule book to which nothing stands against in force under the next version; give that version."""
        self._require_writer()
        return self._rules.publish(book, actor)

    def sheets(self) -> Sheets:
        """Give the data sheets in force."""
        return self._rules.books().sheets

    def publish_sheets(self, sheets: tuple[Sheet, ...], actor: str) -> int:
        """Put data sheets in force; give the version of their book."""
        self._require_writer()
        return self._rules.publish_sheets(sheets, actor)

    def tell_minutes(self, told: MinutesTold) -> None:
        """Leave word for the ledger that minutes of a meeting were sealed."""
        self._require_writer()
        self._store.ledger.put(Act(now_micros(), "minutes", msgspec.json.encode(told).decode()))

    def versions(self) -> tuple[int, int]:
        """Give the numbers of what is in force: of the rule book and of the book of data sheets."""
        return self._rules.versions()

    def data_uses(self) -> dict[str, set[str]]:
        """Map the data uses that datastreams name to the categories in which they do; for the operation."""
        found: dict[str, set[str]] = {}
        for category, use in self._store.data_uses():
            found.setdefault(use, set()).add(category)
        return found

    def decide(self, ask: Ask, category: str, day: dt.date | None = None) -> Decision:
        """Answer whether something would be permitted, without doing or recording anything."""
        return self._rules.compiled().decide(ask.verb, ask.purpose, category, ask.recipient, day or today())

    def grant(self, ask: Ask) -> Grant:
        """Open the categories that the rules open for a request; refuse, naming the rules, when there is none."""
        grant = self._rules.granted(ask)
        if not grant.categories:
            decisions = list(decide_all(self._rules.compiled(), ask, grant.day).values())
            against = {rule.slug: None for decision in decisions for rule in decision.rules}
            self._store.record([decision_row(ask, ask.only or "*", tuple(against), grant.version, allowed=False)])
            raise refusal(decisions)
        if ask.verb in READ_VERBS:
            self._journal.note(grant)
        return grant

    def permit(self, ask: Ask, data_use: str, *, silent: bool = False) -> Grant:
        """Open the one category that a request names, whose data a slice keeps itself; refuse, on record.

        Its data sheet closes it as it closes datastreams: suspended for all but deleting, and for collecting unless
        it is active. A silent permission leaves no decision, for what its time alone would give away.
        """
        grant = self._rules.granted(ask)
        if grant.categories and ask.verb != "delete":
            suspended = data_use in grant.sheets.suspended
            if suspended or (ask.verb == "collect" and not grant.sheets.collects(data_use, grant.day)):
                self._record_shut(grant, ask.only, data_use)
                raise shut(grant.sheets, data_use, grant.day)
        if not grant.categories or ask.verb in READ_VERBS:
            return self.grant(ask)
        if not silent:
            self._journal.note(grant)
        return grant

    def still(self, grant: Grant) -> Grant:
        """Give the grant, asked for anew when the rules or the day have changed since."""
        return grant if self._rules.holds(grant) else self.grant(grant.ask)

    def _scope(self, grant: Grant) -> Scope:
        grant.require(*READ_VERBS)
        current = self.still(grant)
        scope = current.scope(now_micros())
        return watched(self._store, current, scope) if current.apart else scope

    def _open(self, grant: Grant, streams: Collection[int]) -> Scope:
        """Give the scope of a read; refuse, on record, when a datastream that it names is suspended."""
        scope = self._scope(grant)
        if scope.closed and streams:
            for tie in self._store.ties(streams).values():
                sheet = self.sheets().find(tie.data_use)
                if tie.data_use in scope.closed and tie.category in scope.categories and sheet is not None:
                    self._record_shut(grant, tie.category, tie.data_use)
                    raise suspension(sheet)
        return scope

    def require_shown(self, grant: Grant, stream: int) -> None:
        """Refuse, on record, a datastream that is suspended; asked by who goes on showing what it brings."""
        self._open(grant, [stream])

    def _record_shut(self, grant: Grant, category: str, data_use: str) -> None:
        row = decision_row(grant.ask, category, (f"sheet:{data_use or '-'}",), grant.version, allowed=False)
        self._store.record([row])

    def to_write(self, grant: Grant) -> Grant:
        """Give a grant for collecting as it is now; refuse where this access only reads."""
        self._require_writer()
        grant.require("collect")
        return self.still(grant)

    def _require_writer(self) -> None:
        if self._role != "writer":
            raise Denied(READ_ONLY)

    def require_open(self, grant: Grant, category: str) -> None:
        """Refuse, on record, a category that the grant does not open; asked before a write of several steps."""
        current = self.still(grant)
        if category not in current.categories:
            raise self._closed(current, category)

    def refused(self, grant: Grant, closed: Closed) -> Denied:
        """Record that a write was refused; give the error that names the rules or the data sheet."""
        if not isinstance(closed, Shut):
            return self._closed(grant, closed.category)
        self._record_shut(grant, closed.category, closed.data_use)
        return shut(grant.sheets, closed.data_use, grant.day)

    def _closed(self, grant: Grant, category: str) -> Denied:
        decision = self.decide(grant.ask, category)
        self._store.record([decision_row(grant.ask, category, decision.slugs, grant.version, allowed=False)])
        return refusal([decision])
