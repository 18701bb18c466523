"""The form in which packs and people define indicators: what, how, from which source, towards which target."""

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from allmende.effects.rules import Direction, Path, Point, Quality, Rhythm
from allmende.indicators.figures import Period
from allmende.kernel.text import Text

Kind = Literal["input", "process", "output", "outcome", "impact"]
Confidence = Literal["high", "medium", "low"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file in which an unknown field is an error."""


class Computed(Entry, frozen=True, tag_field="kind", tag="computed"):
    """A query over datastreams, answered through the gate for a declared purpose.

    ``observed`` narrows what the method reads; ``stations`` and ``reference`` are slugs of things, ``dataset`` that of
    a dataset. Of datastreams that are measured and simulated, only the measured ones count.
    """

    method: str
    part: str
    purpose: str
    observed: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    dataset: str = ""
    threshold: float | None = None


class Column(Entry, frozen=True, tag_field="kind", tag="table"):
    """A column of a table of the city's statistics; ``share_of`` is a column of which it is taken in percent."""

    table: str
    column: str
    share_of: str = ""


class ByHand(Entry, frozen=True, tag_field="kind", tag="hand"):
    """Entry by hand; ``who`` says which office, and from what."""

    who: Text


Source = Computed | Column | ByHand


class Level(Entry, frozen=True):
    """One step of a qualitative scale."""

    value: int
    name: Text


class DefinitionEntry(Entry, frozen=True):
    """One version of how an indicator is determined; from the second on with the reason of the change."""

    since: dt.date
    unit: str
    direction: Direction
    period: Period
    rhythm: Rhythm
    method: Text
    source: Source
    number: int = 1
    digits: int = 1
    caveat: Text | None = None
    reason: Text | None = None
    levels: tuple[Level, ...] = ()


class PointEntry(Entry, frozen=True):
    """Where an indicator is (to be) on a day: a value, or a range."""

    day: dt.date
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def point(self) -> Point:
        """Give the plain value; a missing end of a range is open."""
        if self.value is not None:
            return Point(self.day, self.value, self.value)
        low, high = self.low, self.high
        if low is None or high is None:
            raise ValueError("a point needs a value, or low and high")
        return Point(self.day, low, high)

    def __post_init__(self) -> None:
        """Refuse a point without a value, with both forms, or with its ends the wrong way round."""
        ends = (self.low, self.high)
        if (self.value is None) == (ends == (None, None)) or (None in ends and ends != (None, None)):
            raise ValueError("a point needs either a value, or low and high")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")


class PathEntry(Entry, frozen=True):
    """Baseline and target of one version, as decided on a day; a new decision adds a path and changes none.

    ``cost_basis`` says why the cost of the project serves this result alone; without it there is no price per unit.
    """

    since: dt.date
    points: tuple[PointEntry, ...] = ()
    baseline: PointEntry | None = None
    stepped: bool = False
    version: int = 1
    source: str = ""
    reason: Text | None = None
    cost_basis: Text | None = None

    def path(self, direction: Direction) -> Path:
        """Give the plain value."""
        points = tuple(entry.point for entry in self.points)
        start = None if self.baseline is None else self.baseline.point
        return Path(direction=direction, points=points, baseline=start, stepped=self.stepped)


class ValueEntry(Entry, frozen=True):
    """A value for some days, known since a day."""

    first: dt.date
    last: dt.date
    value: Decimal
    known_since: dt.date
    version: int = 1
    quality: Quality = "final"
    used: int = 0
    left_out: int = 0
    source: str = ""
    note: Text | None = None


class IndicatorEntry(Entry, frozen=True):
    """An indicator with its versions, paths and, where they do not come from a source, values."""

    slug: str
    title: Text
    sentence: Text
    kind: Kind
    versions: tuple[DefinitionEntry, ...]
    target_image: str = ""
    goal: Text | None = None
    projects: tuple[str, ...] = ()
    paths: tuple[PathEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    public: bool = True


class LinkEntry(Entry, frozen=True):
    """What one indicator is thought to do to another."""

    cause: str
    effect: str
    sign: Literal["+", "-"]
    confidence: Confidence
    reason: Text
    source: str = ""


class IndicatorsContent(Entry, frozen=True):
    """``indicators.yaml`` of a pack, which it may have."""

    indicators: tuple[IndicatorEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
