"""The form in which a pack brings ``steering.yaml``: goals, measures, weights, risks, conditions, strategy."""

import datetime as dt
from typing import Literal

from allmende.kernel.text import Text
from allmende.programme.content import Entry


class GoalEntry(Entry, frozen=True):
    """What a target image means."""

    slug: str
    target: str
    title: Text
    text: Text
    source: str
    since: dt.date
    until: dt.date | None = None


class MeasureLink(Entry, frozen=True):
    """A project of a measure."""

    project: str
    since: dt.date
    until: dt.date | None = None
    certain: bool = True


class MeasureEntry(Entry, frozen=True):
    """A measure as the funder counts it."""

    slug: str
    title: Text
    text: Text
    source: str
    projects: tuple[MeasureLink, ...]
    number: str = ""


class WeightsEntry(Entry, frozen=True):
    """The weights of one project from a day on, in hundredths of a percent."""

    project: str
    since: dt.date
    weights: dict[str, int]


class DependencyEntry(Entry, frozen=True):
    """How two projects play together."""

    project: str
    kind: Literal["needs", "uses-data", "shares", "strengthens"]
    other: str
    text: Text
    since: dt.date
    source: str
    until: dt.date | None = None


class EstimateEntry(Entry, frozen=True):
    """How a risk was seen from a day on."""

    day: dt.date
    probability: int
    impact: int
    state: Literal["open", "handled", "occurred", "over"] = "open"
    response: Text | None = None


class RiskEntry(Entry, frozen=True):
    """What may go wrong."""

    slug: str
    title: Text
    text: Text
    estimates: tuple[EstimateEntry, ...]
    project: str = ""
    owner: Text | None = None


class FindingEntry(Entry, frozen=True):
    """Whether a condition was kept, from a day on."""

    day: dt.date
    text: Text
    state: Literal["met", "not-met", "unknown"] = "unknown"
    evidence: str = ""


class ConditionEntry(Entry, frozen=True):
    """Something that has to be kept."""

    slug: str
    title: Text
    text: Text
    source: str
    since: dt.date
    findings: tuple[FindingEntry, ...] = ()


class StatementEntry(Entry, frozen=True):
    """A paragraph of the strategy and what it speaks of."""

    text: Text
    goals: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()


class SectionEntry(Entry, frozen=True):
    """A numbered part of the strategy."""

    key: str
    number: str
    title: Text
    statements: tuple[StatementEntry, ...] = ()


class StrategyEntry(Entry, frozen=True):
    """A version of the strategy."""

    number: int
    title: Text
    summary: Text
    source: str
    sections: tuple[SectionEntry, ...]
    adopted: dt.date | None = None
    decision: str = ""


class SteeringContent(Entry, frozen=True):
    """``steering.yaml``, which a pack may have."""

    goals: tuple[GoalEntry, ...] = ()
    measures: tuple[MeasureEntry, ...] = ()
    weights: tuple[WeightsEntry, ...] = ()
    dependencies: tuple[DependencyEntry, ...] = ()
    risks: tuple[RiskEntry, ...] = ()
    conditions: tuple[ConditionEntry, ...] = ()
    strategy: tuple[StrategyEntry, ...] = ()
