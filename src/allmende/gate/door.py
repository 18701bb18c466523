"""The one door to observations: decide, act, record."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import msgspec

from allmende.gate import about
from allmende.gate.grant import PUBLIC, Ask, Asker, Grant, decide_all
from allmende.gate.guard import Guard, Role
from allmende.gate.linking import one_answer
from allmende.gate.recording import (
    Closed,
    Shut,
    category_of,
    day_number,
    decider,
    now_micros,
)
from allmende.kernel.clock import micros_from_instant, today, utc_now
from allmende.kernel.errors import AllmendeError, Denied, ErrorCode, NotFound
from allmende.kernel.ids import datastream_of_observation
from allmende.kernel.text import Text
from allmende.store.audit import Audited
from allmende.store.corrections import NO_OBSERVATION, Former
from allmende.store.drafts import Change, Draft, Edit, Ref, drafted_categories
from allmende.store.engine import Bundle
from allmende.store.entities import Writable, linked_draft, references
from allmende.store.following import Marks, News
from allmende.store.forget import NO_STREAM, Overdue
from allmende.store.model import EntityKind, Observation, Receipt, Revision
from allmende.store.planting import Planting
from allmende.store.port import Store
from allmende.store.query import Kind, Query, Within
from allmende.store.scope import (
    Columns,
    DayStatistics,
    DecisionRow,
    Grouping,
    Groups,
    Limits,
    Page,
    Record,
    Series,
    StreamSummary,
)
from allmende.store.sql_store import SqlStore, check_store, migrate_store, store_facts
from allmende.store.write import Batch

STREAMS = ("Datastreams", "MultiDatastreams")

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


class Gate(Guard):
    """Decides by the newest published rule book and data sheets; notices new ones within a second.

    Threads may share it.
    """

    def page(self, grant: Grant, query: Query) -> Page:
        """Answer a question with one page of what the grant opens."""
        return self._store.page(self._open(grant, _asked(query)), query)

    def related(self, grant: Grant, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow one link from many entities at once; from a single one to suspended observations it is refused."""
        named = ids if len(ids) == 1 and kind in STREAMS and name == "Observations" else ()
        return self._store.related(self._open(grant, named), kind, name, list(ids))

    def latest(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, Observation]:
        """Give the newest observation of each datastream, of all when no ids are named."""
        return self._store.latest(self._scope(grant), None if ids is None else list(ids))

    def series(self, grant: Grant, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream whose time lies in ``[since, until)``, microseconds."""
        return self._store.series(self._open(grant, [datastream_id]), datastream_id, since, until)

    def days(self, grant: Grant, ids: Iterable[int], since: dt.date, until: dt.date) -> list[DayStatistics]:
        """Give statistics of the UTC days ``[since, until)``, in order of datastream and day."""
        named = list(ids)
        return self._store.days(self._open(grant, named), named, day_number(since), day_number(until))

    def aggregate(self, grant: Grant, ids: Iterable[int] | None, grouping: Grouping) -> Groups:
        """Put the numbers of datastreams, of all when no ids are named, together by units of time."""
        named = None if ids is None else list(ids)
        return self._store.aggregate(self._open(grant, named or ()), named, grouping)

    def summary(self, grant: Grant, ids: Iterable[int] | None = None) -> dict[int, StreamSummary]:
        """Give count, first and last time of datastreams."""
        return self._store.summary(self._scope(grant), None if ids is None else list(ids))

    def append(self, grant: Grant, arrivals: Batch) -> Receipt:
        """Store a batch; durable, with its decision, when this returns. A closed category refuses the batch."""
        current = self.to_write(grant)
        about.require_known(self._store, current, arrivals)
        try:
            return self._store.append(arrivals, decider(current))
        except Closed as closed:
            raise self.refused(current, closed) from closed

    def append_all(self, batches: Sequence[tuple[Grant, Batch]]) -> list[Receipt | AllmendeError]:
        """Store batches in one go, each whole or not at all; give for each its receipt or the error that refuses it."""
        current = {id(grant): self.to_write(grant) for grant in {id(grant): grant for grant, _ in batches}.values()}
        deciders = {number: decider(grant) for number, grant in current.items()}
        errors = about.refused(self._store, batches, current)
        sent = [(batch, deciders[id(grant)]) for n, (grant, batch) in enumerate(batches) if n not in errors]
        found = about.in_place(self._store.append_all(sent), errors, len(batches))
        return [
            told if isinstance(told, Receipt) else self._told(current[id(grant)], told)
            for (grant, _), told in zip(batches, found, strict=True)
        ]

    def _told(self, grant: Grant, error: Exception) -> AllmendeError:
        if isinstance(error, Closed):
            return self.refused(grant, error)
        if isinstance(error, AllmendeError):
            return error
        raise error

    def columns(self, grant: Grant, query: Query) -> Columns | None:
        """Answer a question about observations with columns; None where they cannot be given as they are stored."""
        return self._store.columns(self._open(grant, _asked(query)), query)

    def correct(self, grant: Grant, number: int, change: Revision, reason: str = "") -> None:
        """Put another state of an observation in place of the present one, which stays readable.

        What the grant does not open looks as if it were not there.
        """
        current = self.to_write(grant)
        scope, words = current.scope(now_micros()), (grant.ask.asker.name, reason)
        try:
            self._store.correct(scope, number, change, words, decider(current))
        except Closed as closed:
            refused = self.refused(current, closed)
            raise refused if isinstance(closed, Shut) else NotFound(NO_OBSERVATION, id=number) from closed

    def former(self, grant: Grant, number: int) -> list[Former]:
        """Give the former states of an observation whose datastream the grant opens as it is, newest first."""
        return self._store.former(self._open(grant, [datastream_of_observation(number)]), number)

    def remove(
        self,
        grant: Grant,
        datastream_id: int,
        since: int | None = None,
        until: int | None = None,
        ids: Collection[int] | None = None,
    ) -> int:
        """Delete the observations of a datastream that lie in ``[since, until)``, or some of them; give how many.

        A datastream that the same request may neither delete from nor collect looks as if it were not there.
        """
        self._require_writer()
        grant.require("delete")
        current = self.still(grant)
        try:
            return self._store.remove(datastream_id, (since, until, ids), decider(current))
        except Closed as closed:
            refused = self.refused(current, closed)
            known = closed.category in self._known_to(current.ask)
            raise refused if known else NotFound(NO_STREAM, id=datastream_id) from closed

    def overdue(self, now: dt.datetime) -> list[Overdue]:
        """Give the datastreams that hold what they or their data sheets let go; for the operation alone."""
        return self._store.overdue(micros_from_instant(now), self.sheets().kept)

    def seal(self, before: dt.datetime | None = None) -> int:
        """Pack what is fresh into chunks: all of it, or what came before an instant; give how many observations."""
        self._require_writer()
        return sum(points for points, _ in self.sealing(before or utc_now() + dt.timedelta(days=1)))

    def sealing(self, before: dt.datetime) -> Iterator[tuple[int, int]]:
        """Pack datastreams with enough for a chunk or something old; give the points of each, and how many streams."""
        self._require_writer()
        yield from self._store.seal(micros_from_instant(before))

    def audit(self) -> Iterator[Audited]:
        """Check all that is stored, datastream by datastream; needs no grant, as it tells no value."""
        return self._store.audit()

    def find(self, kind: EntityKind, slug: str) -> int | None:
        """Look an entity up by the slug of its properties; tells a number, nothing else."""
        return self._store.find(kind, (slug,)).get(slug)

    def find_all(self, kind: EntityKind, slugs: Collection[str]) -> dict[str, int]:
        """Look many up; those that are not there are left out."""
        return self._store.find(kind, slugs)

    def plant(self, grant: Grant, several: Sequence[Planting]) -> dict[str, int]:
        """Add some hundred things with their datastreams where they are not there yet, in one transaction.

        Gives the numbers of the datastreams by slug; each category must be open for collecting.
        """
        current = self.to_write(grant)
        with self._refusing(current, {stream.category for one in several for stream in one.streams}):
            return self._store.plant(several, decider(current))

    def create(self, grant: Grant, kind: EntityKind, entity: Writable) -> int:
        """Add an entity; a datastream needs a category that the grant opens for collecting."""
        current = self.to_write(grant)
        with self._refusing(current, category_of(entity)):
            return self._store.make(None, linked_draft(kind, entity), decider(current))

    def update(self, grant: Grant, kind: EntityKind, number: int, entity: Writable) -> None:
        """Put an entity's new state; the categories of all that hangs on it must be open for collecting."""
        current = self.to_write(grant)
        change = Change(value=entity, links=references(kind, entity), exact=True)
        with self._refusing(current, category_of(entity)):
            self._store.change(None, kind, number, lambda _record, _links: change, decider(current))

    def make(self, grant: Grant, draft: Draft) -> int:
        """Add an entity with all that hangs on it, in one transaction; links reach what the grant opens."""
        current = self.to_write(grant)
        with self._refusing(current, drafted_categories(draft)):
            return self._store.make(current.scope(now_micros()), draft, decider(current))

    def add(self, grant: Grant, near: Within, name: str, part: Draft | Ref) -> int:
        """Hang one more entity on another over a link that leads to many; give its number."""
        current = self.to_write(grant)
        with self._refusing(current, drafted_categories(part)):
            return self._store.add(current.scope(now_micros()), near, name, part, decider(current))

    def change(self, grant: Grant, kind: EntityKind, number: int, edit: Edit) -> None:
        """Put the state that ``edit`` makes of the present one, in one transaction."""
        current = self.to_write(grant)
        named: set[str] = set()

        def edited(record: Record, links: dict[str, tuple[int, ...]]) -> Change:
            change = edit(record, links)
            named.update(category_of(change.value))
            return change

        with self._refusing(current, named):
            self._store.change(current.scope(now_micros()), kind, number, edited, decider(current))

    def delete(self, grant: Grant, kind: EntityKind, number: int) -> None:
        """Delete an entity with what cannot be without it; every category concerned must be open for deleting.

        What the same request may neither delete nor collect looks as if it were not there.
        """
        self._require_writer()
        grant.require("delete")
        current = self.still(grant)
        collected = self._known_to(current.ask)
        scope = current.scope(now_micros())
        seen = msgspec.structs.replace(scope, categories={**dict.fromkeys(collected, Limits()), **scope.categories})
        with self._refusing(current, collected):
            self._store.erase(seen, kind, number, decider(current))

    def _known_to(self, ask: Ask) -> set[str]:
        """Give the categories that who asks may collect for the same purpose."""
        decisions = decide_all(self._rules.compiled(), msgspec.structs.replace(ask, verb="collect"), today())
        return {category for category, decision in decisions.items() if decision.allowed}

    def follow(self, grant: Grant, near: Within, name: str) -> list[int]:
        """Give the numbers to which a link leads, to those who write: where, and nothing about it."""
        grant.require("collect", "delete")
        return self._store.follow(self.still(grant).scope(now_micros()), near, name)

    def news(self, grant: Grant, marks: Marks | None) -> News:
        """Give the observations that came, and were corrected, since the marks; with none, the marks of the present."""
        return self._store.news(self._scope(grant), marks)

    def multi(self, ids: set[int]) -> set[int]:
        """Tell which of these numbers are MultiDatastreams."""
        return self._store.multi(ids)

    @contextmanager
    def _refusing(self, grant: Grant, named: Collection[str]) -> Iterator[None]:
        """Record a refusal; the rules of a category that the request neither names nor may see stay unnamed."""
        try:
            yield
        except Closed as closed:
            refused = self.refused(grant, closed)
            raise (
                refused if closed.category in named or isinstance(closed, Shut) else Denied(CONCERNS_CLOSED)
            ) from closed

    def view(self) -> AbstractContextManager[None]:
        """See the port; all that is read within is one answer."""
        return one_answer(self._store.view())

    def bundled(self) -> bool:
        """Tell whether calls of this context take part in a change set."""
        return self._store.bundled()

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


def _asked(query: Query) -> list[int]:
    """Name the datastreams whose observations a question names."""
    if query.kind != "Observations":
        return []
    if query.id is not None:
        return [datastream_of_observation(query.id)]
    return [query.within.id] if query.within is not None and query.within.kind in STREAMS else []


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
