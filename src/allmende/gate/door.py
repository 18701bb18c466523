"""The one door to observations: decide, act, record."""

import datetime as dt
import threading
import time
from collections.abc import Iterable, Sequence

import msgspec

from allmende.ethics.decide import Compiled, compile_rulebook
from allmende.ethics.model import Decision, Rule, Rulebook
from allmende.gate.grant import PUBLIC, Ask, Asker, Grant, sealed_grant
from allmende.gate.journal import Journal
from allmende.kernel.clock import DAY_MICROSECONDS, UTC, micros_from_instant, utc_now
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store import schema
from allmende.store.engine import open_engine
from allmende.store.entities import Writable
from allmende.store.model import Arrival, Datastream, EntityKind, Observation, Receipt
from allmende.store.port import SqlStore, Store, migrate_store, store_facts
from allmende.store.query import Kind, Query
from allmende.store.scope import DayStatistics, DecisionRow, Page, Record, Series, StreamSummary

REFUSED = ErrorCode(
    "gate.refused",
    Text("Das ist nicht erlaubt. {reason}", "This is not permitted. {reason}"),
    Text(
        "Die geltenden Regeln stehen unter /datenethik/. Einwände nimmt die dort genannte Stelle entgegen.",
        "The rules in force stand at /en/datenethik/. The office named there takes objections.",
    ),
)
VERSION_CHECK_SECONDS = 0.5
READ_VERBS = ("use", "publish", "pass_on", "link")


class Gate:
    """Decides by the newest published rule book; notices a new one within a second. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._journal = Journal(store)
        self._lock = threading.Lock()
        self._compiled = compile_rulebook(Rulebook())
        self._checked = float("-inf")

    def close(self) -> None:
        """Write what is still to be written and let go of the store."""
        self._journal.close()
        self._store.close()

    def ping(self) -> None:
        """Fail when the store cannot be reached."""
        self._store.ping()

    def _rules(self) -> Compiled:
        """Give the compiled rule book in force."""
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

    def rulebook(self) -> Rulebook:
        """Give the rule book in force; version 0 when none was ever published."""
        return self._rules().book

    def publish(self, book: Rulebook, actor: str) -> int:
        """Put a sound rule book in force under the next version; give that version."""
        version = self._store.rulebook_version() + 1
        book = msgspec.structs.replace(book, version=version, published=utc_now())
        compile_rulebook(book)
        self._store.add_rulebook(version, msgspec.json.encode(book).decode(), actor)
        self._checked = float("-inf")
        return version

    def permitted(self, category: str, day: dt.date) -> list[Rule]:
        """Give the rules in force on a day that speak of a category, in the book's order."""
        return [
            rule
            for rule in self.rulebook().rules
            if rule.in_force(day) and (category in rule.categories or "*" in rule.categories)
        ]

    def decide(self, ask: Ask, category: str, day: dt.date | None = None) -> Decision:
        """Answer whether something would be permitted, without doing or recording anything."""
        return self._rules().decide(ask.verb, ask.purpose, category, ask.recipient, day or utc_now().date())

    def grant(self, ask: Ask) -> Grant:
        """Open the categories that the rules open for a request; refuse, naming the rules, when there is none."""
        compiled = self._rules()
        day = utc_now().date()
        decisions = {
            category.slug: compiled.decide(ask.verb, ask.purpose, category.slug, ask.recipient, day)
            for category in compiled.book.categories
        }
        allowed = {category: decision.duties for category, decision in decisions.items() if decision.allowed}
        rules = {category: tuple(rule.slug for rule in decisions[category].rules) for category in allowed}
        grant = sealed_grant(ask, allowed, rules, compiled.book.version)
        if not allowed:
            self._refuse(ask, decisions, compiled.book.version)
        if ask.verb in READ_VERBS:
            self._journal.note(self._decision_rows(grant, dict.fromkeys(allowed, 0)))
        return grant

    def _refuse(self, ask: Ask, decisions: dict[str, Decision], version: int) -> None:
        """Record a refusal, then tell it."""
        against = {rule.slug: decision for decision in decisions.values() for rule in decision.rules}
        reason = next(
            iter(against.values()),
            next(
                iter(decisions.values()),
                Decision(False, (), Text("Es gilt kein Regelwerk.", "No rule book is in force.")),
            ),
        ).reason
        self._store.record([_row(ask, "*", tuple(against), version, allowed=False)])
        raise Denied(REFUSED, reason=reason)

    def _decision_rows(self, grant: Grant, amounts: dict[str, int]) -> list[DecisionRow]:
        return [
            _row(grant.ask, category, grant.rules[category], grant.version, allowed=True, amount=amount)
            for category, amount in amounts.items()
        ]

    def page(self, grant: Grant, query: Query) -> Page:
        """Answer a question with one page of what the grant opens."""
        grant.require(*READ_VERBS)
        return self._store.page(grant.scope(_now()), query)

    def related(self, grant: Grant, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow one link from many entities at once."""
        grant.require(*READ_VERBS)
        return self._store.related(grant.scope(_now()), kind, name, list(ids))

    def latest(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, Observation]:
        """Give the newest observation of each datastream, of all when no ids are named."""
        grant.require(*READ_VERBS)
        return self._store.latest(grant.scope(_now()), None if ids is None else list(ids))

    def series(self, grant: Grant, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream whose time lies in ``[since, until)``, microseconds."""
        grant.require(*READ_VERBS)
        return self._store.series(grant.scope(_now()), datastream_id, since, until)

    def days(self, grant: Grant, ids: Iterable[int], since: dt.date, until: dt.date) -> list[DayStatistics]:
        """Give statistics of the UTC days ``[since, until)``, in order of datastream and day."""
        grant.require(*READ_VERBS)
        return self._store.days(grant.scope(_now()), list(ids), _day_number(since), _day_number(until))

    def summary(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, StreamSummary]:
        """Give count, first and last time of datastreams."""
        grant.require(*READ_VERBS)
        return self._store.summary(grant.scope(_now()), None if ids is None else list(ids))

    def append(self, grant: Grant, arrivals: Sequence[Arrival]) -> Receipt:
        """Store a batch; durable, with its decision, when this returns. A closed category refuses the batch."""
        grant.require("collect")
        categories = self._store.categories({arrival.datastream_id for arrival in arrivals})
        amounts: dict[str, int] = {}
        for arrival in arrivals:
            category = categories.get(arrival.datastream_id)
            if category is not None:
                amounts[category] = amounts.get(category, 0) + 1
        self._require_open(grant, amounts)
        return self._store.append(arrivals, self._decision_rows(grant, amounts))

    def _require_open(self, grant: Grant, categories: Iterable[str]) -> None:
        """Refuse when a category is not open in the grant."""
        for category in categories:
            if category not in grant.categories:
                decision = self.decide(grant.ask, category)
                rules = tuple(rule.slug for rule in decision.rules)
                self._store.record([_row(grant.ask, category, rules, grant.version, allowed=False)])
                raise Denied(REFUSED, reason=decision.reason)

    def find(self, kind: EntityKind, slug: str) -> int | None:
        """Look an entity up by the slug of its properties; tells a number, nothing else."""
        return self._store.find(kind, slug)

    def create(self, grant: Grant, kind: EntityKind, entity: Writable) -> int:
        """Add an entity; a datastream needs a category that the grant opens for collecting."""
        return self._store.create(kind, entity, self._entity_rows(grant, entity))

    def update(self, grant: Grant, kind: EntityKind, number: int, entity: Writable) -> None:
        """Put an entity's new state."""
        if kind == "Datastreams":
            self._require_open(grant, self._store.categories({number}).values())
        self._store.update(kind, number, entity, self._entity_rows(grant, entity))

    def _entity_rows(self, grant: Grant, entity: Writable) -> list[DecisionRow]:
        grant.require("collect")
        if not isinstance(entity, Datastream):
            return []
        self._require_open(grant, [entity.category])
        return self._decision_rows(grant, {entity.category: 0})

    def decisions(self, limit: int = 100, before: int | None = None) -> list[DecisionRow]:
        """Give the newest decisions, this process's own included."""
        self._journal.flush()
        return self._store.decisions(limit, before)

    @property
    def store(self) -> Store:
        """Give the store to the gate's own modules."""
        return self._store


def _now() -> int:
    return micros_from_instant(utc_now())


def _day_number(day: dt.date) -> int:
    return micros_from_instant(dt.datetime(day.year, day.month, day.day, tzinfo=UTC)) // DAY_MICROSECONDS


def _row(
    ask: Ask, category: str, rules: tuple[str, ...], version: int, *, allowed: bool, amount: int = 0
) -> DecisionRow:
    return DecisionRow(
        at=_now(),
        asker=ask.asker.name,
        verb=ask.verb,
        purpose=ask.purpose,
        recipient=ask.recipient,
        category=category,
        allowed=allowed,
        rules=rules,
        rulebook_version=version,
        amount=amount,
    )


def open_gate(store_url: str) -> Gate:
    """Open the gate before a store (a PostgreSQL address or a file); refuses one of another version."""
    return Gate(SqlStore(store_url))


def check_store(store_url: str) -> None:
    """Refuse a store that is not of this version."""
    engine = open_engine(store_url)
    try:
        schema.check(engine)
    finally:
        engine.dispose()


__all__ = [
    "PUBLIC",
    "Ask",
    "Asker",
    "Gate",
    "Grant",
    "check_store",
    "migrate_store",
    "open_gate",
    "store_facts",
]
