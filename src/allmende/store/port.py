"""The port behind which the store may change its form.

The port speaks of batches, series and maintained statistics, never of rows, so that a store of sealed column chunks
fits behind it.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from allmende.store import forget
from allmende.store.audit import Audited
from allmende.store.corrections import Former
from allmende.store.drafts import Draft, Edit, Ref
from allmende.store.engine import Bundle
from allmende.store.following import Marks, News
from allmende.store.ledger import LedgerTables
from allmende.store.model import Correction, EntityKind, Observation, Receipt, Revision
from allmende.store.planting import Planting
from allmende.store.quality import QualityTables
from allmende.store.quarantine import Quarantined, Refused
from allmende.store.query import Kind, Query, Within
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
    TokenRow,
)
from allmende.store.stamps import Stamp
from allmende.store.write import Batch

Decide = Callable[[dict[Tie, int]], list[DecisionRow]]


class Store(Protocol):
    """What the gate needs of a store; every read is within a scope, every write leaves its decisions with it."""

    @property
    def ledger(self) -> LedgerTables:
        """Give the tables of the public log."""

    @property
    def quality(self) -> QualityTables:
        """Give the flags of quality."""

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

    def aggregate(self, scope: Scope, ids: Sequence[int] | None, grouping: Grouping) -> Groups:
        """Put the numbers of datastreams together by units of time."""

    def summary(self, scope: Scope, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """Give count, first and last of datastreams."""

    def ties(self, ids: Collection[int]) -> dict[int, Tie]:
        """Tell of each datastream that exists by what it is tied to the rules."""

    def data_uses(self) -> set[Tie]:
        """Give all by which datastreams are tied to the rules."""

    def append(self, arrivals: Batch, decide: Decide) -> Receipt:
        """Store a batch and the decisions that allow it, durably, whole or not at all.

        ``decide`` is told the number of arrivals by what they are tied to, and raises to refuse the batch.
        """

    def append_all(self, batches: Sequence[tuple[Batch, Decide]]) -> list[Receipt | Exception]:
        """Store batches in one transaction, each whole or not at all; give for each its receipt or what refused it."""

    def columns(self, scope: Scope, query: Query) -> Columns | None:
        """Answer a question with columns, where they can be given as they are stored."""

    def correct(self, scope: Scope, number: int, change: Revision, words: tuple[str, str], decide: Decide) -> None:
        """Put another state of an observation in place of the present one; ``words`` are who corrects and why."""

    def former(self, scope: Scope, number: int) -> list[Former]:
        """Give the former states of an observation, newest first."""

    def remove(self, datastream_id: int, which: forget.Which, decide: Decide) -> int:
        """Delete observations of a datastream; give how many."""

    def keep(self, refused: Sequence[Refused], opened: Collection[str], decide: Decide) -> None:
        """Keep refused arrivals of the categories that are open, each once, for somebody to decide."""

    def kept(self, scope: Scope, limit: int) -> list[Quarantined]:
        """Give what is kept so of what the scope opens as it is, newest first."""

    def waiting(self, scope: Scope) -> int:
        """Count what waits for a decision."""

    def release(self, scope: Scope, number: int, change: Correction, words: tuple[str, str], decide: Decide) -> None:
        """Store what was kept after all, with what is to be different; ``words`` are who says so and why."""

    def discard(self, number: int, words: tuple[str, str], decide: Decide) -> None:
        """Decide that what was kept is not stored."""

    def sweep(self, before: int, decide: Decide) -> int:
        """Delete what was kept, or decided, before an instant; give how many."""

    def overdue(self, now: int, days: Mapping[str, int]) -> list[forget.Overdue]:
        """Give the datastreams that hold what is to be kept no longer; ``days`` is how long each data use keeps."""

    def seal(self, before: int) -> Iterator[tuple[int, int]]:
        """Seal the datastreams with much that is fresh, or with some that came before an instant.

        Gives for each how many observations, and how many datastreams there are in all.
        """

    def stamps(self) -> Iterator[Stamp]:
        """Give digests of all chunks and fresh pieces, by which a change shows."""

    def audit(self) -> Iterator[Audited]:
        """Read everything that is stored and check it, datastream by datastream."""

    def find(self, kind: EntityKind, slugs: Collection[str]) -> dict[str, int]:
        """Look entities up by their slugs."""

    def make(self, scope: Scope | None, draft: Draft, decide: Decide) -> int:
        """Add an entity with all that hangs on it, whole or not at all; links reach what the scope opens."""

    def plant(self, several: Sequence[Planting], decide: Decide) -> dict[str, int]:
        """Add things with their datastreams where they are not there yet; give the datastreams' numbers by slug."""

    def change(self, scope: Scope | None, kind: EntityKind, number: int, edit: Edit, decide: Decide) -> None:
        """Put the state that ``edit`` makes of the present one."""

    def add(self, scope: Scope, near: Within, name: str, part: Draft | Ref, decide: Decide) -> int:
        """Hang one more entity on another over a link; give its number."""

    def erase(self, scope: Scope, kind: EntityKind, number: int, decide: Decide) -> None:
        """Delete an entity with what cannot be without it."""

    def follow(self, scope: Scope, near: Within, name: str) -> list[int]:
        """Give the numbers to which a link leads."""

    def news(self, scope: Scope, marks: Marks | None) -> News:
        """Give the observations that came, and were corrected, since the marks; with none, the marks of the present."""

    def multi(self, ids: set[int]) -> set[int]:
        """Tell which of these are MultiDatastreams."""

    def record(self, decisions: Sequence[DecisionRow]) -> None:
        """Keep decisions that came with no write."""

    def decisions(self, limit: int, before: int | None) -> list[DecisionRow]:
        """Give the newest decisions."""

    def rulebook_version(self, before: int | None = None) -> int:
        """Give the number of the newest rule book, or of the newest published before an instant."""

    def rulebook(self, version: int) -> str | None:
        """Give a published rule book."""

    def add_rulebook(self, version: int, content: str, actor: str) -> None:
        """Publish a rule book."""

    def book_versions(self) -> tuple[int, int]:
        """Give the numbers of the newest rule book and of the newest book of data sheets; 0 where there is none."""

    def sheetbook(self, version: int) -> str | None:
        """Give the data sheets as they were published."""

    def add_sheetbook(self, version: int, content: str, actor: str, steps: Sequence[dict[str, object]]) -> None:
        """Publish the data sheets, and leave word of their steps for the ledger."""

    def add_token(self, row: TokenRow) -> None:
        """Keep a token."""

    def revoke_token(self, name: str) -> None:
        """End a token."""

    def use_token(self, name: str, day: dt.date) -> None:
        """Note the last day of use."""

    def tokens(self, digest: str | None = None) -> list[TokenRow]:
        """Give tokens."""

    def view(self) -> AbstractContextManager[None]:
        """Let all that one thread reads within see one state."""

    def bundled(self) -> bool:
        """Tell whether calls of this context take part in a transaction of several calls."""

    def bundle(self, *, alone: bool = False) -> Bundle:
        """Begin a transaction that several calls may join; ``alone`` lets no other change entities meanwhile."""

    def ping(self) -> None:
        """Fail when the store cannot be reached."""

    def close(self) -> None:
        """Let go of all connections."""
