"""The store on SQLite and PostgreSQL: one transaction for each call of the port."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, update

from allmende.store import (
    audit,
    books,
    changes,
    corrections,
    entities,
    erase,
    forget,
    planting,
    quarantine,
    schema,
    seal,
    stamps,
)
from allmende.store.aggregate import Aggregation
from allmende.store.drafts import Draft, Edit, Ref
from allmende.store.engine import Bundle, after_bundle, is_postgres, joined, open_engine, reading, viewing, writing
from allmende.store.following import Following, Marks, News
from allmende.store.ledger import LedgerTables
from allmende.store.model import Correction, EntityKind, Observation, Receipt, Revision
from allmende.store.observing import Observing
from allmende.store.port import Decide
from allmende.store.quality import QualityTables
from allmende.store.query import Kind, Query, Within
from allmende.store.read import Reader
from allmende.store.recall import Recall
from allmende.store.scope import (
    Columns,
    DayStatistics,
    DecisionRow,
    Grouping,
    Groups,
    Page,
    Record,
    Scope,
    Series,
    StreamSummary,
    Tie,
)
from allmende.store.sql_books import SqlBooks, now_micros
from allmende.store.statistics import Newest, Statistics
from allmende.store.tables import entity_changes
from allmende.store.taking import streams_in, take_all
from allmende.store.write import Batch, Writer


def _recorded(connection: Connection, decide: Decide) -> Callable[[dict[Tie, int]], None]:
    return lambda amounts: books.add_decisions(connection, decide(amounts))


class SqlStore(SqlBooks):
    """Entities and observations as rows in SQLite or PostgreSQL, with maintained state beside them."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        schema.check(self.engine)
        self._recall = Recall()
        self._newest = Newest()
        self._tally = books.Tally()
        self.ledger = LedgerTables(self.engine)
        self.quality = QualityTables(self.engine)
        # Sources are never taken away, so that a number found once stays right; those of a bundle may be taken back.
        self._sources: dict[str, int] = {}

    @property
    def recall(self) -> Recall | None:
        """Give what is kept of former answers; a bundle must see, and keep to itself, what is not durable yet."""
        return None if joined(self.engine) else self._recall

    def _reader(self, connection: Connection, scope: Scope) -> Reader:
        return Reader(connection, scope, self.recall)

    def _statistics(self, connection: Connection, scope: Scope) -> Statistics:
        return Statistics(connection, scope, self.recall)

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
            newest = None if joined(self.engine) else self._newest
            return self._statistics(connection, scope).latest(ids, newest)

    def series(self, scope: Scope, datastream_id: int, since: int, until: int) -> Series:
        """See the port."""
        with reading(self.engine) as connection:
            return self._statistics(connection, scope).series(datastream_id, since, until)

    def days(self, scope: Scope, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """See the port."""
        with reading(self.engine) as connection:
            return self._statistics(connection, scope).days(ids, since, until)

    def aggregate(self, scope: Scope, ids: Sequence[int] | None, grouping: Grouping) -> Groups:
        """See the port."""
        with reading(self.engine) as connection:
            return Aggregation(connection, scope, grouping).groups(ids)

    def summary(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """See the port."""
        with reading(self.engine) as connection:
            return self._statistics(connection, scope).summary(ids)

    def ties(self, ids: Collection[int]) -> dict[int, Tie]:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.ties(connection, ids)

    def data_uses(self) -> set[Tie]:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.all_ties(connection)

    def append(self, arrivals: Batch, decide: Decide) -> Receipt:
        """See the port."""
        (receipt,) = self.append_all([(arrivals, decide)])
        if isinstance(receipt, Exception):
            raise receipt
        return receipt

    def append_all(self, batches: Sequence[tuple[Batch, Decide]]) -> list[Receipt | Exception]:
        """See the port."""
        decided: list[DecisionRow] = []
        with writing(self.engine) as connection:
            writer = Writer(connection, now_micros(), self._sources)
            writer.know(streams_in(batch for batch, _ in batches))
            found = take_all(writer, batches, decided)
            writer.flush()
            noted = self._tally.add(connection, decided)
        lasting = joined(self.engine) is None
        self._tally.note(noted, lasting=lasting)
        if lasting and len(writer.known_sources) > len(self._sources):
            self._sources = writer.known_sources
        return found

    def columns(self, scope: Scope, query: Query) -> Columns | None:
        """See the port."""
        with reading(self.engine) as connection:
            found = Observing(connection, scope, self.recall).columns(query)
        return None if found is None else Columns(*found)

    def correct(self, scope: Scope, number: int, change: Revision, words: tuple[str, str], decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            permit = _recorded(connection, decide)
            corrections.correct(connection, scope, number, change, (*words, now_micros()), permit)

    def former(self, scope: Scope, number: int) -> list[corrections.Former]:
        """See the port."""
        with reading(self.engine) as connection:
            return corrections.former(connection, scope, number)

    def remove(self, datastream_id: int, which: forget.Which, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            return forget.remove(connection, datastream_id, which, _recorded(connection, decide))

    def keep(self, refused: Sequence[quarantine.Refused], opened: Collection[str], decide: Decide) -> None:
        """See the port; what a bundle takes back was refused all the same."""

        def write() -> None:
            with writing(self.engine) as connection:
                amounts = quarantine.keep(connection, refused, opened, now_micros())
                books.add_decisions(connection, decide(amounts))

        after_bundle(self.engine, write)

    def kept(self, scope: Scope, limit: int) -> list[quarantine.Quarantined]:
        """See the port."""
        with reading(self.engine) as connection:
            return quarantine.listed(connection, scope, limit)

    def waiting(self, scope: Scope) -> int:
        """See the port."""
        with reading(self.engine) as connection:
            return quarantine.count_open(connection, scope)

    def release(self, scope: Scope, number: int, change: Correction, words: tuple[str, str], decide: Decide) -> None:
        """See the port."""
        told: dict[Tie, int] = {}

        def permit(amounts: dict[Tie, int]) -> None:
            decide(amounts)
            told.update(amounts)

        with writing(self.engine) as connection:
            quarantine.release(connection, scope, number, change, (*words, now_micros()), permit)
            books.add_decisions(connection, decide(told))

    def discard(self, number: int, words: tuple[str, str], decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            quarantine.discard(connection, number, words, now_micros(), _recorded(connection, decide))

    def sweep(self, before: int, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            amounts = quarantine.sweep(connection, before)
            books.add_decisions(connection, decide(amounts))
        return sum(amounts.values())

    def overdue(self, now: int, days: Mapping[str, int]) -> list[forget.Overdue]:
        """See the port."""
        with reading(self.engine) as connection:
            return forget.overdue(connection, now, days)

    def seal(self, before: int) -> Iterator[tuple[int, int]]:
        """See the port."""
        with reading(self.engine) as connection:
            streams = seal.waiting(connection, before)
        for stream in streams:
            yield seal.seal_stream(self.engine, stream), len(streams)

    def stamps(self) -> Iterator[stamps.Stamp]:
        """See the port."""
        with reading(self.engine) as connection:
            yield from stamps.stamps(connection)

    def audit(self) -> Iterator[audit.Audited]:
        """See the port."""
        return audit.audited(self.engine)

    def find(self, kind: EntityKind, slugs: Collection[str]) -> dict[str, int]:
        """See the port."""
        with reading(self.engine) as connection:
            return planting.find(connection, kind, slugs)

    def make(self, scope: Scope | None, draft: Draft, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            maker = entities.Maker(connection, scope, now_micros())
            number = maker.make(draft)
            books.add_decisions(connection, decide(maker.amounts))
        return number

    def plant(self, several: Sequence[planting.Planting], decide: Decide) -> dict[str, int]:
        """See the port."""
        with writing(self.engine) as connection:
            numbers, new = planting.plant(connection, several, now_micros())
            books.add_decisions(connection, books.each(decide(dict.fromkeys(new, 0)), new))
        return numbers

    def change(self, scope: Scope | None, kind: EntityKind, number: int, edit: Edit, decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            changer = changes.Changer(connection, scope, now_micros())
            changer.change(kind, number, edit)
            books.add_decisions(connection, decide(changer.amounts))

    def add(self, scope: Scope, near: Within, name: str, part: Draft | Ref, decide: Decide) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            changer = changes.Changer(connection, scope, now_micros())
            number = changer.add(near, name, part)
            books.add_decisions(connection, decide(changer.amounts))
        return number

    def erase(self, scope: Scope, kind: EntityKind, number: int, decide: Decide) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            erase.erase(connection, scope, kind, number, _recorded(connection, decide))

    def follow(self, scope: Scope, near: Within, name: str) -> list[int]:
        """See the port."""
        with reading(self.engine) as connection:
            found = self._reader(connection, scope).related(near.kind, name, [near.id])
            return [record.id for record in found[near.id]]

    def news(self, scope: Scope, marks: Marks | None) -> News:
        """See the port."""
        with reading(self.engine) as connection:
            return Following(connection, scope).news(marks)

    def multi(self, ids: set[int]) -> set[int]:
        """See the port."""
        with reading(self.engine) as connection:
            return entities.multi_among(connection, ids)

    def record(self, decisions: Sequence[DecisionRow]) -> None:
        """See the port; what a bundle takes back was decided all the same."""

        def write() -> None:
            with writing(self.engine) as connection:
                noted = self._tally.add(connection, decisions)
            self._tally.note(noted, lasting=True)

        after_bundle(self.engine, write)

    def decisions(self, limit: int, before: int | None) -> list[DecisionRow]:
        """See the port."""
        with reading(self.engine) as connection:
            return books.decision_rows(connection, limit, before)

    def view(self) -> AbstractContextManager[None]:
        """See the port."""
        return viewing(self.engine)

    def bundled(self) -> bool:
        """See the port."""
        return joined(self.engine) is not None

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
