"""The one door to observations: decide, act, record."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec

from allmende.ethics.model import Decision, Rule, Rulebook
from allmende.gate.grant import (
    PUBLIC,
    READ_VERBS,
    Ask,
    Asker,
    Grant,
    decide_all,
    refusal,
    sealed_grant,
)
from allmende.gate.journal import Journal
from allmende.gate.rules import RulesInForce
from allmende.kernel.clock import DAY_MICROSECONDS, UTC, micros_from_instant, today, utc_now
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.drafts import Change, Draft, Edit, Ref, drafted_categories
from allmende.store.engine import Bundle
from allmende.store.entities import Writable, linked_draft, references
from allmende.store.model import Arrival, Datastream, EntityKind, MultiDatastream, Observation, Receipt
from allmende.store.port import Decide, SqlStore, Store, check_store, migrate_store, store_facts
from allmende.store.query import Kind, Query, Within
from allmende.store.scope import DayStatistics, DecisionRow, Limits, Page, Record, Scope, Series, StreamSummary

Role = Literal["reader", "writer"]

READ_ONLY = ErrorCode(
    "gate.read_only",
    Text("Dieser Zugang zum Messwertspeicher liest nur.", "This access to the observation store only reads."),
    Text("Öffnen Sie ihn als „writer“.", "Open it as “writer”."),
)
CONCERNS_CLOSED = ErrorCode(
    "gate.concerns_closed",
    Text(
        "Das ist nicht erlaubt: daran hängen Daten, die diese Erlaubnis nicht umfasst.",
        "This is not permitted: data hangs on it that this permission does not cover.",
    ),
    Text(
        "Bitten Sie die Stelle, die die Daten verantwortet; sie steht unter /datenethik/.",
        "Ask the office responsible for the data; it is named at /en/datenethik/.",
    ),
)


class _Closed(Exception):
    """A category of a batch is not open in the grant."""

    def __init__(self, category: str) -> None:
        self.category = category
        super().__init__(category)


class Gate:
    """Decides by the newest published rule book; notices a new one within a second. Threads may share it."""

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

    def rulebook(self) -> Rulebook:
        """Give the rule book in force; version 0 when none was ever published."""
        return self._rules.compiled().book

    def publish(self, book: Rulebook, actor: str) -> int:
        """Put a sound rule book in force under the next version; give that version."""
        self._require_writer()
        return self._rules.publish(book, actor)

    def permitted(self, category: str, day: dt.date) -> list[Rule]:
        """Give the rules in force on a day that speak of a category, in the book's order."""
        return self._rules.speaking_of(category, day)

    def decide(self, ask: Ask, category: str, day: dt.date | None = None) -> Decision:
        """Answer whether something would be permitted, without doing or recording anything."""
        return self._rules.compiled().decide(ask.verb, ask.purpose, category, ask.recipient, day or today())

    def grant(self, ask: Ask) -> Grant:
        """Open the categories that the rules open for a request; refuse, naming the rules, when there is none."""
        compiled, day = self._rules.compiled(), today()
        decisions = decide_all(compiled, ask, day)
        grant = sealed_grant(compiled, ask, day, decisions)
        if not grant.categories:
            against = {rule.slug: None for decision in decisions.values() for rule in decision.rules}
            self._store.record([_row(ask, "*", tuple(against), compiled.book.version, allowed=False)])
            raise refusal(list(decisions.values()))
        if ask.verb in READ_VERBS:
            self._journal.note(_rows(grant, dict.fromkeys(grant.categories, 0)))
        return grant

    def _still(self, grant: Grant) -> Grant:
        """Give the grant, asked for anew when the rules or the day have changed since."""
        if grant.version == self._rules.compiled().book.version and grant.day == today():
            return grant
        return self.grant(grant.ask)

    def _scope(self, grant: Grant) -> Scope:
        grant.require(*READ_VERBS)
        return self._still(grant).scope(_now())

    def _to_write(self, grant: Grant) -> Grant:
        self._require_writer()
        grant.require("collect")
        return self._still(grant)

    def _require_writer(self) -> None:
        if self._role != "writer":
            raise Denied(READ_ONLY)

    def page(self, grant: Grant, query: Query) -> Page:
        """Answer a question with one page of what the grant opens."""
        return self._store.page(self._scope(grant), query)

    def related(self, grant: Grant, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow one link from many entities at once."""
        return self._store.related(self._scope(grant), kind, name, list(ids))

    def latest(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, Observation]:
        """Give the newest observation of each datastream, of all when no ids are named."""
        return self._store.latest(self._scope(grant), None if ids is None else list(ids))

    def series(self, grant: Grant, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream whose time lies in ``[since, until)``, microseconds."""
        return self._store.series(self._scope(grant), datastream_id, since, until)

    def days(self, grant: Grant, ids: Iterable[int], since: dt.date, until: dt.date) -> list[DayStatistics]:
        """Give statistics of the UTC days ``[since, until)``, in order of datastream and day."""
        return self._store.days(self._scope(grant), list(ids), _day_number(since), _day_number(until))

    def summary(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, StreamSummary]:
        """Give count, first and last time of datastreams."""
        return self._store.summary(self._scope(grant), None if ids is None else list(ids))

    def append(self, grant: Grant, arrivals: Sequence[Arrival]) -> Receipt:
        """Store a batch; durable, with its decision, when this returns. A closed category refuses the batch."""
        current = self._to_write(grant)

        try:
            return self._store.append(arrivals, _decider(current))
        except _Closed as closed:
            raise self._refused(current, closed.category) from closed

    def require_open(self, grant: Grant, category: str) -> None:
        """Refuse, on record, a category that the grant does not open; asked before a write of several steps."""
        current = self._still(grant)
        if category not in current.categories:
            raise self._refused(current, category)

    def _refused(self, grant: Grant, category: str) -> Denied:
        """Record that a category is closed; give the error that names the rules."""
        decision = self.decide(grant.ask, category)
        rules = tuple(rule.slug for rule in decision.rules)
        self._store.record([_row(grant.ask, category, rules, grant.version, allowed=False)])
        return refusal([decision])

    def find(self, kind: EntityKind, slug: str) -> int | None:
        """Look an entity up by the slug of its properties; tells a number, nothing else."""
        return self._store.find(kind, slug)

    def create(self, grant: Grant, kind: EntityKind, entity: Writable) -> int:
        """Add an entity; a datastream needs a category that the grant opens for collecting."""
        current = self._to_write(grant)
        with self._refusing(current, _category_of(entity)):
            return self._store.make(None, linked_draft(kind, entity), _decider(current))

    def update(self, grant: Grant, kind: EntityKind, number: int, entity: Writable) -> None:
        """Put an entity's new state; the categories of all that hangs on it must be open for collecting."""
        current = self._to_write(grant)
        change = Change(value=entity, links=references(kind, entity), exact=True)
        with self._refusing(current, _category_of(entity)):
            self._store.change(None, kind, number, lambda _record, _links: change, _decider(current))

    def make(self, grant: Grant, draft: Draft) -> int:
        """Add an entity with all that hangs on it, in one transaction; links reach what the grant opens."""
        current = self._to_write(grant)
        with self._refusing(current, drafted_categories(draft)):
            return self._store.make(current.scope(_now()), draft, _decider(current))

    def add(self, grant: Grant, near: Within, name: str, part: Draft | Ref) -> int:
        """Hang one more entity on another over a link that leads to many; give its number."""
        current = self._to_write(grant)
        with self._refusing(current, drafted_categories(part)):
            return self._store.add(current.scope(_now()), near, name, part, _decider(current))

    def change(self, grant: Grant, kind: EntityKind, number: int, edit: Edit) -> None:
        """Put the state that ``edit`` makes of the present one, in one transaction."""
        current = self._to_write(grant)
        named: set[str] = set()

        def edited(record: Record, links: dict[str, tuple[int, ...]]) -> Change:
            change = edit(record, links)
            named.update(_category_of(change.value))
            return change

        with self._refusing(current, named):
            self._store.change(current.scope(_now()), kind, number, edited, _decider(current))

    def delete(self, grant: Grant, kind: EntityKind, number: int) -> None:
        """Delete an entity with what cannot be without it; every category concerned must be open for deleting.

        What the same request may neither delete nor collect looks as if it were not there.
        """
        self._require_writer()
        grant.require("delete")
        current = self._still(grant)
        collected = self._known_to(current.ask)
        scope = current.scope(_now())
        seen = msgspec.structs.replace(scope, categories={**dict.fromkeys(collected, Limits()), **scope.categories})
        with self._refusing(current, collected):
            self._store.erase(seen, kind, number, _decider(current))

    def _known_to(self, ask: Ask) -> set[str]:
        """Give the categories that who asks may collect for the same purpose."""
        decisions = decide_all(self._rules.compiled(), msgspec.structs.replace(ask, verb="collect"), today())
        return {category for category, decision in decisions.items() if decision.allowed}

    def follow(self, grant: Grant, near: Within, name: str) -> list[int]:
        """Give the numbers to which a link leads, to those who write: where, and nothing about it."""
        grant.require("collect", "delete")
        return self._store.follow(self._still(grant).scope(_now()), near, name)

    def multi(self, ids: set[int]) -> set[int]:
        """Tell which of these numbers are MultiDatastreams."""
        return self._store.multi(ids)

    @contextmanager
    def _refusing(self, grant: Grant, named: Collection[str]) -> Iterator[None]:
        """Record a refusal; the rules of a category that the request neither names nor may see stay unnamed."""
        try:
            yield
        except _Closed as closed:
            refused = self._refused(grant, closed.category)
            raise refused if closed.category in named else Denied(CONCERNS_CLOSED) from closed

    def bundle(self, *, alone: bool = False) -> Bundle:
        """Begin a change set: calls that join it are durable together or not at all.

        ``alone`` keeps others from changing entities until it ends.
        """
        self._require_writer()
        return self._store.bundle(alone=alone)

    def decisions(self, limit: int = 100, before: int | None = None) -> list[DecisionRow]:
        """Give the newest decisions, this process's own included; ``before`` is the id of the last one seen."""
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


def _rows(grant: Grant, amounts: dict[str, int]) -> list[DecisionRow]:
    return [
        _row(grant.ask, category, grant.rules[category], grant.version, allowed=True, amount=amount)
        for category, amount in amounts.items()
    ]


def _decider(grant: Grant) -> Decide:
    """Give what a write asks: are its categories open; and if they are, the decisions to keep with it."""

    def decide(amounts: dict[str, int]) -> list[DecisionRow]:
        for category in sorted(amounts):
            if category not in grant.categories:
                raise _Closed(category)
        return _rows(grant, amounts)

    return decide


def _category_of(entity: object) -> set[str]:
    return {entity.category} if isinstance(entity, Datastream | MultiDatastream) else set()


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


def open_gate(store_url: str, *, role: Role = "writer") -> Gate:
    """Open the gate before a store (a PostgreSQL address or a file); refuses one of another version.

    A reader refuses to write observations, entities and rules.
    """
    return Gate(SqlStore(store_url), role)


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
