"""The form in which a pack brings its programme; facts name their source by slug."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.clock import Precision
from allmende.kernel.text import Text

State = Literal[
    "idea", "decided", "running", "pilot-finished", "permanent", "transferred", "ended", "dropped", "idea-store", "note"
]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file in which an unknown field is an error."""


class SourceEntry(Entry, frozen=True):
    """Where facts stand."""

    slug: str
    title: str
    publisher: str
    url: str = ""
    day: dt.date | None = None


class ProgrammeEntry(Entry, frozen=True):
    """The whole programme."""

    slug: str
    city: str
    title: Text
    sentence: Text
    vision: Text
    about: Text
    notice: Text
    awarded: dt.date
    awarded_precision: Precision
    rate: tuple[int, int]
    source: str


class DescribedEntry(Entry, frozen=True):
    """Title, text and source, as target images, tracks and funding rules have them."""

    title: Text
    text: Text
    source: str
    slug: str = ""


class BodyEntry(Entry, frozen=True):
    """Who decides or advises."""

    slug: str
    title: Text
    role: Text


class DecisionEntry(Entry, frozen=True):
    """A dated decision."""

    slug: str
    title: Text
    text: Text
    body: str
    day: dt.date
    source: str
    precision: Precision = "day"
    paper: str = ""
    oparl: str = ""


class EventEntry(Entry, frozen=True):
    """Something that happened to a project."""

    day: dt.date
    state: State
    text: Text
    source: str
    precision: Precision = "day"
    certain: bool = True
    decision: str = ""


class PartnerEntry(Entry, frozen=True):
    """Who takes part."""

    name: str
    role: Text


class ProjectEntry(Entry, frozen=True):
    """A project with its history; ``targets`` maps target images to whether the city states them."""

    slug: str
    title: Text
    sentence: Text
    purpose: Text
    sources: tuple[str, ...]
    events: tuple[EventEntry, ...]
    targets: dict[str, Literal["stated", "inferred"]] = {}
    partners: tuple[PartnerEntry, ...] = ()
    standing: Literal["certain", "likely", "unknown", "neighbour"] = "certain"
    contact: Text | None = None
    data_use: str = ""


class CountEntry(Entry, frozen=True):
    """How many projects a source counted."""

    day: dt.date
    label: str
    text: Text
    source: str
    count: int | None = None
    precision: Precision = "day"


class PlanEntry(Entry, frozen=True):
    """A finance plan as published, in euros."""

    slug: str
    title: Text
    day: dt.date
    total: str
    federal: str
    own: str
    rounding: Literal["exact", "rounded", "about"]
    source: str
    precision: Precision = "day"
    note: Text | None = None


class DateEntry(Entry, frozen=True):
    """A date of a milestone, known from a day on."""

    kind: Literal["baseline", "forecast", "claimed", "actual"]
    day: dt.date
    known_since: dt.date
    precision: Precision = "day"
    reason: Text | None = None


class MilestoneEntry(Entry, frozen=True):
    """A step with the history of its dates."""

    slug: str
    title: Text
    text: Text
    source: str
    dates: tuple[DateEntry, ...]
    project: str = ""
    evidence: str = ""
    duration_days: int | None = None
    needs: tuple[str, ...] = ()


class OccasionEntry(Entry, frozen=True):
    """Something that took place."""

    title: Text
    text: Text
    kind: Literal["participation", "work", "exchange", "report"]
    day: dt.date
    source: str
    precision: Precision = "day"
    place: str = ""
    participants: int | None = None
    track: str = ""
    certain: bool = True


class DiscrepancyEntry(Entry, frozen=True):
    """Sources that differ."""

    title: Text
    text: Text
    sources: tuple[str, ...]


class GapEntry(Entry, frozen=True):
    """Something that is not known."""

    title: Text
    text: Text


class ProgrammeContent(Entry, frozen=True):
    """All that a pack says about its programme."""

    programme: ProgrammeEntry
    sources: tuple[SourceEntry, ...]
    target_images: tuple[DescribedEntry, ...]
    funding_rules: tuple[DescribedEntry, ...]
    tracks: tuple[DescribedEntry, ...]
    bodies: tuple[BodyEntry, ...]
    decisions: tuple[DecisionEntry, ...]
    projects: tuple[ProjectEntry, ...]
    counts: tuple[CountEntry, ...]
    plans: tuple[PlanEntry, ...]
    milestones: tuple[MilestoneEntry, ...]
    occasions: tuple[OccasionEntry, ...]
    discrepancies: tuple[DiscrepancyEntry, ...]
    gaps: tuple[GapEntry, ...]
