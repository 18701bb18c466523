"""The form in which a pack brings its money, ``money.yaml``; amounts in euros."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.kernel.text import Text


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file in which an unknown field is an error."""


class CostTypeEntry(Entry, frozen=True):
    """A kind of cost."""

    slug: str
    title: Text


class SourceEntry(Entry, frozen=True):
    """Who gives money."""

    slug: str
    title: Text
    kind: Literal["federal", "city", "third"]
    public: bool = False


class TermsEntry(Entry, frozen=True):
    """Terms of an award since a day."""

    known_since: dt.date
    start: dt.date
    end: dt.date
    ceiling: str
    rate: tuple[int, int] = (13, 20)
    reason: str = ""


class AwardEntry(Entry, frozen=True):
    """An award."""

    slug: str
    title: Text
    funder: str
    phase: Literal["A", "B"]
    awarded: dt.date
    terms: tuple[TermsEntry, ...]
    reference: str = ""


class PlanEntry(Entry, frozen=True):
    """A plan version; ``lines`` are project, cost type, year, then one amount for each source in their order."""

    day: dt.date
    title: Text
    reason: str
    decision: str
    lines: tuple[tuple[str, str, int, tuple[str, ...]], ...]


class BookingEntry(Entry, frozen=True):
    """A booking; without ``eligible`` all of it is."""

    number: str
    supplier: str
    day: dt.date
    paid: dt.date
    known_since: dt.date
    amount: str
    project: str
    cost_type: str
    own_source: str
    eligible: str = ""
    reason: str = ""
    commitment: str = ""
    text: str = ""


class OpenInvoiceEntry(Entry, frozen=True):
    """An invoice that is on no position yet."""

    number: str
    supplier: str
    day: dt.date
    amount: str
    text: str = ""


class CommitmentEntry(Entry, frozen=True):
    """A contract."""

    number: str
    project: str
    cost_type: str
    title: str
    signed: dt.date
    amount: str
    until: dt.date | None = None
    exit: str | None = None


class ForecastEntry(Entry, frozen=True):
    """An expected cost."""

    known_since: dt.date
    project: str
    year: int
    amount: str
    reason: str = ""


class RunningEntry(Entry, frozen=True):
    """Cost after the programme, and who carries it."""

    known_since: dt.date
    project: str
    yearly: str
    since: dt.date
    owner: Text | None = None


class HoursEntry(Entry, frozen=True):
    """Own work in a year."""

    known_since: dt.date
    project: str
    year: int
    hours: int
    people: int


class DrawDownEntry(Entry, frozen=True):
    """A draw-down made on a day, and when it was paid."""

    award: str
    until: dt.date
    made: dt.date
    paid: dt.date | None = None


class ScenarioEntry(Entry, frozen=True):
    """A saved scenario."""

    name: str
    day: dt.date
    stop: dt.date
    choices: dict[str, dict[str, str | int]]
    projects: tuple[str, ...] = ()


class MoneyContent(Entry, frozen=True):
    """All that a pack says about its money."""

    simulated: bool
    cost_types: tuple[CostTypeEntry, ...]
    sources: tuple[SourceEntry, ...]
    awards: tuple[AwardEntry, ...]
    plans: tuple[PlanEntry, ...] = ()
    commitments: tuple[CommitmentEntry, ...] = ()
    bookings: tuple[BookingEntry, ...] = ()
    open_invoices: tuple[OpenInvoiceEntry, ...] = ()
    forecasts: tuple[ForecastEntry, ...] = ()
    running: tuple[RunningEntry, ...] = ()
    hours: tuple[HoursEntry, ...] = ()
    draw_downs: tuple[DrawDownEntry, ...] = ()
    scenarios: tuple[ScenarioEntry, ...] = ()
