"""Citizens' page about one sensor: four answers, the sheet, the rules, who got its data, and what changed."""

import calendar
import datetime as dt
from collections.abc import Collection
from functools import cache

import msgspec
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language

from allmende.catalog.door import gate
from allmende.gate.ledger import Ledger
from allmende.gate.released import Flow, Releases
from allmende.kernel.text import Text
from allmende.ledger.files import CHECKPOINT
from allmende.portal.asof import Stand, stand_of
from allmende.portal.data_queries import OPEN
from allmende.portal.data_views import observed_names, told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.nearby_views import pictogram_of
from allmende.register import queries
from allmende.register.codes import code_of
from allmende.register.history import Happening, as_it_read, entered, history
from allmende.register.minutes.models import Minutes
from allmende.register.minutes.queries import citing
from allmende.register.queries import SensorEntry

RELEASED = ("category", "verb", "purpose", "recipient", "times", "from", "to")
CHANGES = ("day", "change", "detail", "rulebook")
PERSONS = ("personal", "special", "pseudonymous")


class Row(msgspec.Struct, frozen=True):
    """How often data was let go, with titles in place of short names."""

    flow: Flow
    times: int
    verb: Text
    purpose: Text
    recipient: Text


@cache
def releases() -> Releases:
    """Give the counter of this process, which keeps the days that are over."""
    return Releases(Ledger(gate()))


def entry_of(slug: str, stand: Stand) -> SensorEntry:
    """Give a sensor with its sheets as they read on a day."""
    entries = queries.register_entries(gate(), OPEN, stand.day)
    entry = next((entry for entry in entries if entry.slug == slug), None)
    if entry is None:
        raise Http404
    if stand.past:
        for use in entry.data_uses:
            as_it_read(use, stand.day)
    return entry


def a_year_before(day: dt.date) -> dt.date:
    """Give the first of the twelve months that end with a day."""
    year = max(day.year - 1, 1)
    last = calendar.monthrange(year, day.month)[1]
    return day.replace(year=year, day=min(day.day, last)) + dt.timedelta(days=1)


def _released(entry: SensorEntry, day: dt.date) -> list[Row]:
    return rows_of(entry.categories, day)


def rows_of(categories: Collection[str], day: dt.date) -> list[Row]:
    """Count how often data of some categories was let go in the year that ends with a day, the most frequent first."""
    counted = releases().between(a_year_before(day), day, categories)
    titles = queries.titles(gate().rulebook())
    return [
        Row(flow, times, *(titles.get(name, Text(name, name)) for name in (flow.verb, flow.purpose, flow.recipient)))
        for flow, times in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


def about_persons(entry: SensorEntry) -> bool:
    """Tell whether one of the categories is about persons."""
    return any(use.category.personal in PERSONS for use in entry.data_uses)


def _discussed(entry: SensorEntry, stand: Stand) -> list[Minutes]:
    """Give the meetings in which one of its data sheets was on the agenda, each once."""
    found = [one for use in entry.data_uses for one in citing("data-use", use.slug, stand.day)]
    return list({one.pk: one for one in found}.values())


@told
def sensor(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Answer four questions about one sensor, then show its whole data sheet and what happened about it."""
    stand = stand_of(request)
    entry = entry_of(slug, stand)
    book = gate().rulebook(stand.day)
    first = min((day for use in entry.data_uses if (day := entered(use))), default=None)
    return page(
        request,
        "register/sensor.html",
        stand,
        entry=entry,
        measures=observed_names(entry.measures).values(),
        titles=queries.titles(book),
        book=book,
        pictogram=pictogram_of(entry),
        persons=about_persons(entry),
        code=code_of(slug),
        categories=[queries.title_of_category(name) or name for name in entry.categories],
        before_entry=first if first and stand.day < first else None,
        released=_released(entry, stand.day),
        since=a_year_before(stand.day),
        log=f"/ledger/{CHECKPOINT}",
        discussed=_discussed(entry, stand),
        history=history(gate(), entry.data_uses, entry.categories, stand.day),
    )


def released_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give how often data of a sensor's categories was published and passed on as CSV."""
    stand = stand_of(request)
    first = a_year_before(stand.day)
    rows = [
        (row.flow.category, row.flow.verb, row.flow.purpose, row.flow.recipient, row.times, first, stand.day)
        for row in _released(entry_of(slug, stand), stand.day)
    ]
    return csv_file(f"{slug}-weitergabe", RELEASED, rows)


def _lines(day: dt.date, happening: Happening, language: str) -> list[tuple[object, ...]]:
    about = (day, happening.text.within(language))
    details = [detail.within(language) for detail in happening.details] or [""]
    return [(*about, detail, happening.rulebook or None) for detail in details]


def history_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give what changed about a sensor's sheet and rules as CSV."""
    stand = stand_of(request)
    entry = entry_of(slug, stand)
    language = get_language() or "de"
    days = history(gate(), entry.data_uses, entry.categories, stand.day)
    rows = [line for day, changes in days for change in changes for line in _lines(day, change, language)]
    return csv_file(f"{slug}-verlauf", CHANGES, rows)
