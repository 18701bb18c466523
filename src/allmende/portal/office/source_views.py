"""Sources in the staff room: how each is, what it sent, what went wrong; pause, ask now, read again."""

import datetime as dt
from typing import Any

import msgspec
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.query import Grouping
from allmende.kernel.clock import iso_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office import silent
from allmende.portal.office.forms import ReplayForm
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.services import ORDERS, asking, order_source
from allmende.sources.archive import RawReply
from allmende.sources.counts import Counts
from allmende.sources.definition import Connector, connector, connectors
from allmende.sources.health import WORDS, Health, health
from allmende.sources.orders import Orders
from allmende.sources.parse import REASONS
from allmende.sources.run import House
from allmende.sources.streams import slugs_of

DAYS, REPLIES, SHOWN_BYTES, DAY = 30, 20, 20_000, 86_400_000_000
HEADER = (
    *("name", "kind", "state", "paused", "last_run", "last_value", "lag_seconds", "taken", "refused"),
    *("values_today", "failures", "next_run", "trouble"),
)


class Row(msgspec.Struct, frozen=True):
    """A source as the list shows it."""

    one: Health
    title: str
    paused: bool
    waiting: bool
    today: int | None = None

    @property
    def word(self) -> str:
        """Give the state in the page's language."""
        return gettext("angehalten") if self.paused else WORDS[self.one.word].within(get_language() or "de")

    @property
    def kind(self) -> str:
        """Give the colour of the state."""
        return "primary" if self.one.word == "ok" and not self.paused else "secondary"

    @property
    def why(self) -> str:
        """Give what is wrong in the page's language."""
        return self.one.why.within(get_language() or "de") if self.one.why else ""

    @property
    def next_run(self) -> int | None:
        """Give when the source is asked again, in microseconds."""
        planned = self.one.kind == "pull" and self.one.state.next_run and not self.paused
        return int(self.one.state.next_run * 1_000_000) if planned else None

    @property
    def refused(self) -> int:
        """Give how many values of the last run were refused."""
        return sum(self.one.state.refused.values())


class DayCount(msgspec.Struct, frozen=True):
    """How many values of a source fall on a day (UTC)."""

    day: str
    count: int


def _house() -> House:
    return House(settings.ALLMENDE.home)


def _rows(person: Person | None = None) -> list[Row]:
    """Look at all sources; how many values they have today is counted for the one who asks."""
    house = _house()
    today = {} if person is None else _today(house, person)
    rows = []
    for one in health(house):
        orders = Orders(house, one.name)
        rows.append(Row(one, _title(house, one), orders.paused, orders.waiting, today.get(one.name)))
    return rows


def _today(house: House, person: Person) -> dict[str, int]:
    sound = [one for one in connectors(house.home) if isinstance(one, Connector)]
    return Counts(gate()).today(sound, asking(person, "use"))


def _title(house: House, one: Health) -> str:
    if one.word == "broken":
        return one.name
    return connector(house.home, one.name).manifest.title.within(get_language() or "de")


@reads("sources")
def sources(request: HttpRequest) -> HttpResponseBase:
    """List the sources of the city."""
    rows = sorted(_rows(person_of(request)), key=lambda row: (row.one.word in ("ok", "new"), row.title))
    stations = _stations(request)
    shown: dict[str, Any] = {"rows": rows, "stations": [one for one in stations if one.silent], "all": len(stations)}
    return page(request, "sources", _("Datenquellen"), icon="download", drawing=silent.drawing(stations), **shown)


def _stations(request: HttpRequest) -> list[silent.Station]:
    """Give the stations with what is silent there; nothing, with the reason, where the rules refuse."""
    try:
        return silent.stations(person_of(request))
    except AllmendeError as error:
        tell(request, error)
        return []


@reads("sources")
def silent_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the silent sensors as a file."""
    return csv_file("stumme-sensoren", silent.HEADER, silent.rows_of(_stations(request)))


@reads("sources")
def sources_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    return csv_file("datenquellen", HEADER, [_cells(row) for row in _rows(person_of(request))])


def _cells(row: Row) -> tuple[object, ...]:
    state = row.one.state
    moments = [None if at is None else iso_from_micros(at) for at in (state.last_run, state.last_value)]
    lag = None if row.one.lag is None else round(row.one.lag)
    following = None if row.next_run is None else iso_from_micros(row.next_run)
    return (
        *(row.one.name, row.one.kind, row.one.word, row.paused, *moments, lag, state.taken, row.refused),
        *(row.today, state.failures, following, row.why),
    )


def _found(name: str) -> Row:
    row = next((row for row in _rows() if row.one.name == name), None)
    if row is None:
        raise Http404
    return row


@reads("sources")
def source(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show a source; take an order for it."""
    row = _found(name)
    form = ReplayForm(request.POST if request.POST.get("order") == "read-again" else None)
    if request.method == "POST":
        return _ordered(request, row, form)
    one = connector(_house().home, name) if row.one.word != "broken" else None
    return page(
        request,
        "source",
        row.title,
        icon="download",
        back=(reverse("office:sources"), _("Datenquellen")),
        row=row,
        one=one,
        form=form,
        days=_days(request, one) if one else [],
        refused=[(REASONS[reason].within(get_language() or "de"), n) for reason, n in row.one.state.refused.items()],
        replies=_last_replies(name),
        may_change=may_write(roles_of(request.user), "sources") and one is not None,
    )


def _ordered(request: HttpRequest, row: Row, form: ReplayForm) -> HttpResponseBase:
    order = request.POST.get("order", "")
    if order not in ORDERS or (order == "read-again" and not form.is_valid()):
        messages.error(request, gettext("Diesen Auftrag gibt es nicht, oder der Tag ist keiner."))
        return redirect("office:source", row.one.name)
    since = form.cleaned_data["since"] if order == "read-again" else None
    order_source(person_of(request), orders=Orders(_house(), row.one.name), name=row.one.name, order=order, since=since)
    messages.success(request, gettext("Aufgetragen. Der Arbeitsprozess sieht in wenigen Sekunden nach."))
    return redirect("office:source", row.one.name)


def _days(request: HttpRequest, one: Connector) -> list[DayCount]:
    """Count the stored values of the last days, newest first; nothing, with the reason, where the rules refuse."""
    today = micros_from_instant(utc_now()) // DAY * DAY
    since = today - (DAYS - 1) * DAY
    try:
        grant = gate().grant(asking(person_of(request), "use"))
        found = (gate().find("Datastreams", slug) for slug in slugs_of(one))
        streams = sorted(number for number in found if number is not None)
        groups = gate().aggregate(grant, streams, Grouping(unit="day", since=since)) if streams else None
    except AllmendeError as error:
        tell(request, error)
        return []
    counts = dict.fromkeys(range(today, since - 1, -DAY), 0)
    if groups is not None:
        for start, count in zip(groups.start.tolist(), groups.count.tolist(), strict=True):
            if start in counts:
                counts[start] += count
    return [DayCount(iso_from_micros(start)[:10], count) for start, count in counts.items()]


@reads("sources")
def source_days_csv(request: HttpRequest, name: str) -> HttpResponseBase:
    """Give the values by day as a file."""
    row = _found(name)
    if row.one.word == "broken":
        raise Http404
    days = _days(request, connector(_house().home, name))
    return csv_file(f"{name}-tage", ("day", "values"), [(one.day, one.count) for one in days])


def _last_replies(name: str) -> list[tuple[RawReply, int]]:
    """Give the newest raw replies with their size."""
    last = _house().archive(name).last(REPLIES)[-REPLIES:]
    return [(reply, len(reply.body)) for reply in reversed(last)]


@reads("sources")
def reply(request: HttpRequest, name: str) -> HttpResponse:
    """Show a raw reply as text, cut where it is long."""
    wanted = request.GET.get("empfangen", "")
    try:
        kept = _house().archive(_found(name).one.name).replies(dt.datetime.fromisoformat(wanted))
        found = next((one for one in kept if one.received == wanted), None)
    except (ValueError, TypeError) as error:
        raise Http404 from error
    if found is None:
        raise Http404
    text = found.body[:SHOWN_BYTES].decode("utf-8", "replace")
    values: dict[str, Any] = {"reply": found, "text": text, "cut": len(found.body) > SHOWN_BYTES}
    back = (reverse("office:source", args=[name]), name)
    return page(request, "source_reply", _("Rohantwort"), icon="download", back=back, **values)
