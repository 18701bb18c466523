"""The port behind which the store may change its form, and the one store that stands behind it now.

The port speaks of batches, series and maintained statistics, never of rows, so that a store of sealed column chunks
fits behind it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, update

from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.store import books, changes, entities, erase, schema
from allmende.store.drafts import Draft, Edit, Ref
from allmende.store.engine import Bundle, after_bundle, is_postgres, joined, open_engine, reading, writing
from allmende.store.model import Arrival, EntityKind, Observation, Receipt
from allmende.store.query import Kind, Query, Within
from allmende.store.read import Reader
from allmende.store.recall import Recall
from allmende.store.scope import DayStatistics, DecisionRow, Page, Record, Scope, Series, StreamSummary, TokenRow
from allmende.store.statistics import Statistics
from allmende.store.tables import entity_changes
from allmende.store.write import Writer

Decide = Callable[[dict[str, int]], list[DecisionRow]]


class Store(Protocol):
    """What the gate needs of a store; every read is within a scope, every write leaves its decisions with it."""

    def page(self, scope: Scope, query: Query) -> Page:
        """Answer a question with one page."""

    def related(self, scope: Scope, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """Follow a link from many entities."""

    def latest(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, Observation]:
        """Give the newest observation of each datastream."""

    def series(self, scope: Scope, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream."""

    def days(self, scope: Scope, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """Give the statistics of UTC days."""

    def summary(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """Give count, first and last of datastreams."""

    def categories(self, ids: set[int]) -> dict[int, str]:
        """Give the category of each datastream that exists."""

    def append(self, arrivals: Sequence[Arrival], decide: Decide) -> Receipt:
        """Store a batch and the decisions that allow it, durably, whole or not at all.

        ``decide`` is told the number of arrivals of each category, and raises to refuse the batch.
        """

    def find(self, kind: EntityKind, slug: str) -> int | None:
        """Look an entity up by its slug."""

    def make(self, scope: Scope | None, draft: Draft, decide: Decide) -> int:
        """Add an entity with all that hangs on it, whole or not at all; links reach what the scope opens."""

    def change(self, scope: Scope | None, kind: EntityKind, number: int, edit: Edit, decide: Decide) -> None:
        """Put the state that ``edit`` makes of the present one."""

    def add(self, scope: Scope, near: Within, name: str, part: Draft | Ref, decide: Decide) -> int:
        """Hang one more entity on another over a link; give its number."""

    def erase(self, scope: Scope, kind: EntityKind, number: int, decide: Decide) -> None:
        """Delete an entity with what cannot be without it."""

    def follow(self, scope: Scope, near: Within, name: str) -> list[int]:
        """Give the numbers to which a link leads."""

    def multi(self, ids: set[int]) -> set[int]:
        """Tell which of these are MultiDatastreams."""

    def record(self, decisions: Sequence[DecisionRow]) -> None:
        """Keep decisions that came with no write."""

    def decisions(self, limit: int, before: int | None) -> list[DecisionRow]:
        """Give the newest decisions."""

    def rulebook_version(self) -> int:
        """Give the number of the newest rule book."""

    def rulebook(self, version: int) -> str | None:
        """Give a published rule book."""

    def add_rulebook(self, version: int, content: str, actor: str) -> None:
        """Publish a rule book."""

    def add_token(self, row: TokenRow) -> None:
        """Keep a token."""

    def revoke_token(self, name: str) -> None:
        """End a token."""

    def use_token(self, name: str, day: dt.date) -> None:
        """Note the last day of use."""

    def tokens(self, digest: str | None = None) -> list[TokenRow]:
        """Give tokens."""

    def bundle(self, *, alone: bool = False) -> Bundle:
        """Begin a transaction that several calls may join; ``alone`` lets no other change entities meanwhile."""

    def ping(self) -> None:
        """Fail when the store cannot be reached."""

    def close(self) -> None:
        """Let go of all connections."""


def _now() -> int:
    return micros_from_instant(utc_now())


class SqlStore:
    """Entities and observations as rows in SQLite or PostgreSQL, with maintained state beside them."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        schema.check(self.engine)
        self.recall = Recall()

    def _reader(self, connection: Connection, scope: Scope) -> Reader:
        """Give a reader; one within a bundle must see, and keep to itself, what is not durable yet."""
        return Reader(connection, scope, None if joined(self.engine) else self.recall)

    def page(self, scope: Scope, query: Query) -> Page:
        """See the port."""
        with reading(self.engine) as connection:
            return self._reader(connection, scope).page(query)

    def related(self, scope: Scope, kind: Kind, name: str, ids: Sequence[int]) -> dict[int, list[Record]]:
        """See the port."""
        with reading(self.engine) as connection:
            return self._reader(connection, scope).related(kind, name, ids)

    def latest(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, Observation]:
        """See the port."""
        with reading(self.engine) as connection:
            return Statistics(connection, scope).latest(ids)

    def series(self, scope: Scope, datastream_id: int, since: int, until: int) -> Series:
        """See the port."""
        with reading(self.engine) as connection:
            return Statistics(connection, scope).series(datastream_id, since, until)

    def days(self, scope: Scope, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """See the port."""
        with reading(self.engine) as connection:
            return Statistics(connection, scope).days(ids, since, until)

    def summary(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """See the port."""
        with reading(self.engine) as connection:
            return Statistics(connection, scope).summary(ids)

    def categories(self, ids: set[int]) -> dict[int, str]:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.categories(connection, ids)

    def append(self, arrivals: Sequence[Arrival], decide: Decide) -> Receipt:
        """See the port."""
        decisions: list[DecisionRow] = []
        with writing(self.engine) as connection:
            receipt = Writer(connection, _now()).append(arrivals, lambda amounts: decisions.extend(decide(amounts)))
            if receipt.added:
                books.add_decisions(connection, decisions)
        return receipt

    def find(self, kind: EntityKind, slug: str) -> int | None:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.find(connection, kind, slug)

    def make(self, scope: Scope | None, draft: Draft, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            maker = entities.Maker(connection, scope, _now())
            number = maker.make(draft)
            books.add_decisions(connection, decide(maker.amounts))
        return number

    def change(self, scope: Scope | None, kind: EntityKind, number: int, edit: Edit, decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            changer = changes.Changer(connection, scope, _now())
            changer.change(kind, number, edit)
            books.add_decisions(connection, decide(changer.amounts))

    def add(self, scope: Scope, near: Within, name: str, part: Draft | Ref, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            changer = changes.Changer(connection, scope, _now())
            number = changer.add(near, name, part)
            books.add_decisions(connection, decide(changer.amounts))
        return number

    def erase(self, scope: Scope, kind: EntityKind, number: int, decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            erase.erase(
                *(connection, scope, kind, number),
                lambda amounts: books.add_decisions(connection, decide(amounts)),
            )

    def follow(self, scope: Scope, near: Within, name: str) -> list[int]:
        """See the port."""
        with reading(self.engine) as connection:
            return [
                record.id for record in self._reader(connection, scope).related(near.kind, name, [near.id])[near.id]
            ]

    def multi(self, ids: set[int]) -> set[int]:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.multi_among(connection, ids)

    def record(self, decisions: Sequence[DecisionRow]) -> None:
        """See the port; what a bundle takes back was decided all the same."""

        def write() -> None:
            with writing(self.engine) as connection:
                books.add_decisions(connection, decisions)

        after_bundle(self.engine, write)

    def decisions(self, limit: int, before: int | None) -> list[DecisionRow]:
        """See the port."""
        with reading(self.engine) as connection:
            return books.decision_rows(connection, limit, before)

    def rulebook_version(self) -> int:
        """See the port."""
        with reading(self.engine) as connection:
            return books.rulebook_version(connection)

    def rulebook(self, version: int) -> str | None:
        """See the port."""
        with reading(self.engine) as connection:
            return books.rulebook(connection, version)

    def add_rulebook(self, version: int, content: str, actor: str) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.add_rulebook(connection, version, content, actor, _now())

    def add_token(self, row: TokenRow) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.add_token(connection, row)

    def revoke_token(self, name: str) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.revoke_token(connection, name, _now())

    def use_token(self, name: str, day: dt.date) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            books.use_token(connection, name, day)

    def tokens(self, digest: str | None = None) -> list[TokenRow]:
        """See the port."""
        with reading(self.engine) as connection:
            return books.token_rows(connection, digest)

    def bundle(self, *, alone: bool = False) -> Bundle:
        """See the port."""
        bundle = Bundle(self.engine)
        if alone:
            bundle.connection.execute(update(entity_changes).values(number=entity_changes.c.number))
        return bundle

    def ping(self) -> None:
        """See the port."""
        with reading(self.engine) as connection:
            books.rulebook_version(connection)

    def close(self) -> None:
        """See the port."""
        self.engine.dispose()


def migrate_store(url: str) -> int:
    """Bring a store to this version; give the version it had."""
    if not is_postgres(url):
        Path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = open_engine(url)
    try:
        return schema.migrate(engine)
    finally:
        engine.dispose()


def check_store(url: str) -> None:
    """Refuse a store that is not of this version."""
    engine = open_engine(url)
    try:
        schema.check(engine)
    finally:
        engine.dispose()


def store_facts(url: str) -> str:
    """Say what the store is made of: database and version."""
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            question = "SHOW server_version" if is_postgres(url) else "SELECT sqlite_version()"
            version = connection.exec_driver_sql(question).scalar_one()
        return f"{'PostgreSQL' if is_postgres(url) else 'SQLite'} {version}, schema {schema.VERSION}"
    finally:
        engine.dispose()
