"""What a reader may see, as the store understands it; only the gate makes one."""

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.text import Text
from allmende.store.buckets import Unit
from allmende.store.points import Points


class Limits(msgspec.Struct, frozen=True):
    """Duties of one category in the store's units (microseconds, metres, percent)."""

    delay: int = 0
    time_grid: int = 0
    space_grid: int = 0
    minimum_group: int = 0
    minimum_persons: int = 0
    dominance: int = 0
    noise: int = 0
    hidden: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Tell whether observations can be given as they are."""
        return not (self.delay or self.time_grid or self.hidden or self.grouped)

    @property
    def grouped(self) -> bool:
        """Tell whether only groups of observations may be given, never single ones."""
        return self.minimum_group > 1 or self.minimum_persons > 1 or self.dominance > 0 or self.noise > 0


class Tie(NamedTuple):
    """What ties a datastream to the rules: its category and its data use."""

    category: str
    data_use: str


class Scope(msgspec.Struct, frozen=True):
    """The categories that may be seen, each with its limits and the titles of its rules.

    ``now`` is the instant from which delays count; of ``closed`` data uses no observation is seen. ``joins`` is told of
    which categories values are to be read, and raises where they may not be read together with what was read for the
    same answer.
    """

    categories: dict[str, Limits]
    now: int
    rules: dict[str, Text] = {}
    closed: frozenset[str] = frozenset()
    joins: Callable[[Collection[str]], None] | None = None

    @property
    def plain(self) -> bool:
        """Tell whether no category has limits that change observations."""
        return all(limits.plain for limits in self.categories.values())


class HistoricalLocation(msgspec.Struct, frozen=True, kw_only=True):
    """When a thing was given its locations; the store makes it."""

    thing_id: int
    time: int
    location_ids: tuple[int, ...] = ()


class Record(msgspec.Struct, frozen=True):
    """An entity with its lasting id; ``value`` is the struct of its set (a Thing, an Observation …)."""

    id: int
    value: Any


class Page(msgspec.Struct, frozen=True):
    """One page of an answer; ``next_after`` is the cursor of the following one, ``count`` the total if asked for."""

    records: list[Record]
    next_after: str | None = None
    count: int | None = None


class Columns(msgspec.Struct, frozen=True):
    """A page of observations as they are stored: runs of points by datastream, in order."""

    runs: list[tuple[int, Points]]
    next_after: str | None = None
    count: int | None = None


class Refusal(Exception):
    """What the gate raises within the store where a write is not permitted."""


class Series(msgspec.Struct, frozen=True):
    """Numbers of one datastream, ordered by time (start of the interval, microseconds)."""

    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


class DayStatistics(msgspec.Struct, frozen=True):
    """What a UTC day brought: how many numbers, their least, greatest and sum."""

    datastream_id: int
    day: dt.date
    count: int
    minimum: float
    maximum: float
    total: float


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """How numbers are put together: by datastream and by the hours, days, months or years of a time zone.

    What starts in ``[since, until)`` counts (microseconds). ``extremes`` asks for the least and the greatest number of
    each group, ``ends`` for the first and the last one; what is not asked for is NaN.
    """

    unit: Unit
    zone: str = "UTC"
    since: int | None = None
    until: int | None = None
    extremes: bool = True
    ends: bool = False


class Groups(msgspec.Struct, frozen=True):
    """Groups with at least one number, as columns in order of datastream and time; ``end`` is exclusive."""

    datastream: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    minimum: npt.NDArray[np.float64]
    maximum: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    first: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start)


class StreamSummary(msgspec.Struct, frozen=True):
    """How much a datastream holds, and from when to when: of the phenomenon, and of the results (microseconds)."""

    count: int
    first: int | None
    last: int | None
    known_first: int | None = None
    known_last: int | None = None


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of the gate, or ``times`` equal ones within a second.

    ``amount`` counts the observations written, 0 for reads.
    """

    at: int
    asker: str
    verb: str
    purpose: str
    recipient: str
    category: str
    allowed: bool
    rules: tuple[str, ...]
    rulebook_version: int
    amount: int = 0
    times: int = 1
    id: int = 0

    @property
    def same(self) -> tuple[object, ...]:
        """Give what equal decisions have in common."""
        who = (self.asker, self.verb, self.purpose, self.recipient, self.category)
        return (*who, self.allowed, self.rules, self.rulebook_version)


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept: never its plain form."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    until: dt.date | None
    created: int
    revoked: int | None = None
    last_used: dt.date | None = None
