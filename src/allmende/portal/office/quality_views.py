"""Quality in the staff room: which values the tests object to, and what the tests of a datastream go by."""

import datetime as dt
from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.door import Grant
from allmende.gate.quality import Flag, flags, tally
from allmende.gate.query import Datastream, Query, Record
from allmende.kernel.clock import iso_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.units import UNITS
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.quality_forms import ThresholdForm, initial_of
from allmende.portal.office.services import asking, set_thresholds
from allmende.portal.office.trail import written
from allmende.quality.thresholds import LEVELS, NAMES, default_of, thresholds_of

DAYS, SHOWN = 30, 200
HEADER = ("datastream", "name", "observed", "bad", "suspect", "own_thresholds")
FLAGS_HEADER = ("observation", "time", "result", "unit", "quality", "tests", "flagged")


class Row(msgspec.Struct, frozen=True):
    """A datastream and what was flagged of its last days."""

    number: int
    stream: Datastream
    bad: int
    suspect: int

    @property
    def own(self) -> bool:
        """Tell whether something was set for this datastream."""
        return "quality" in self.stream.properties


class Shown(msgspec.Struct, frozen=True):
    """A flag in the page's language."""

    flag: Flag
    level: str
    tests: str


def _grant(request: HttpRequest) -> Grant:
    return gate().grant(asking(person_of(request), "use"))


def _since() -> int:
    return micros_from_instant(utc_now() - dt.timedelta(days=DAYS))


def _streams(grant: Grant) -> list[Record]:
    records = gate().page(grant, Query(kind="Datastreams", top=10_000)).records
    return [one for one in records if isinstance(one.value, Datastream)]


def _rows(request: HttpRequest) -> list[Row]:
    """Give all datastreams, those with the most bad values first; nothing, with the reason, where rules refuse."""
    try:
        grant = _grant(request)
        streams = _streams(grant)
        counts = tally(gate(), grant, [one.id for one in streams], since=_since())
    except AllmendeError as error:
        tell(request, error)
        return []
    rows = []
    for one in streams:
        found = counts.get(one.id, {})
        bad, suspect = (sum(n for (level, _), n in found.items() if level == word) for word in ("bad", "suspect"))
        rows.append(Row(one.id, one.value, bad, suspect))
    return sorted(rows, key=lambda row: (-row.bad, -row.suspect, row.stream.name))


@reads("stations")
def quality(request: HttpRequest) -> HttpResponseBase:
    """List the datastreams with what was flagged of their last days."""
    search = request.GET.get("q", "").strip()
    rows = [row for row in _rows(request) if search.lower() in row.stream.name.lower()]
    shown: dict[str, Any] = {"rows": rows[:SHOWN], "total": len(rows), "search": search, "days": DAYS}
    return page(request, "quality", _("Qualität der Werte"), icon="check", **shown)


@reads("stations")
def quality_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [
        (row.number, row.stream.name, row.stream.properties.get("observed"), row.bad, row.suspect, row.own)
        for row in _rows(request)
    ]
    return csv_file("qualitaet", HEADER, rows)


def _found(grant: Grant, number: int) -> Datastream:
    found = next((one.value for one in _streams(grant) if one.id == number), None)
    if not isinstance(found, Datastream):
        raise Http404
    return found


def _shown(flag: Flag) -> Shown:
    language = get_language() or "de"
    tests = ", ".join(
        f"{NAMES[name].within(language)} ({LEVELS[level].within(language)})" for name, level in flag.tests.items()
    )
    return Shown(flag, LEVELS[flag.level].within(language), tests)


@reads("stations")
def datastream(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show the flags of a datastream and what its tests go by; set that."""
    try:
        grant = _grant(request)
        stream = _found(grant, number)
        found = flags(gate(), grant, [number], limit=SHOWN)
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:quality")
    form = _form(request, stream)
    if request.method == "POST" and form.is_valid():
        return _save(request, number, stream, form.cleaned_data["tree"])
    observed = str(stream.properties.get("observed", ""))
    values: dict[str, Any] = {
        "number": number,
        "stream": stream,
        "unit": UNITS[stream.unit].symbol if stream.unit in UNITS else stream.unit,
        "flags": [_shown(one) for one in found],
        "counts": _counts(grant, number),
        "form": form,
        "days": DAYS,
        "known": bool(default_of(observed, stream.unit).unit),
        "may_change": may_write(roles_of(request.user), "stations"),
        "entries": [written(entry) for entry in AuditEntry.objects.filter(subject=f"datastreams:{number}")],
    }
    back = (reverse("office:quality"), _("Qualität der Werte"))
    return page(request, "quality_stream", stream.name, icon="check", back=back, **values)


def _form(request: HttpRequest, stream: Datastream) -> ThresholdForm:
    try:
        current = thresholds_of(stream.properties, stream.unit)
    except AllmendeError as error:
        tell(request, error)
        current = default_of(str(stream.properties.get("observed", "")), stream.unit)
    sent = request.POST if request.method == "POST" else None
    return ThresholdForm(sent, initial=initial_of(current), properties=stream.properties, unit=stream.unit)


def _counts(grant: Grant, number: int) -> list[tuple[str, str, int]]:
    """Count the flags of the last days by level and tests, in words."""
    language = get_language() or "de"
    found = tally(gate(), grant, [number], since=_since()).get(number, {})
    return [
        (LEVELS[level].within(language), ", ".join(NAMES[name].within(language) for name in tests.split("+")), count)
        for (level, tests), count in sorted(found.items(), key=lambda one: -one[1])
    ]


def _save(request: HttpRequest, number: int, stream: Datastream, tree: dict[str, Any]) -> HttpResponseBase:
    try:
        changed = set_thresholds(person_of(request), gate=gate(), number=number, stream=stream, tree=tree)
    except AllmendeError as error:
        tell(request, error)
    else:
        said = gettext("Gesetzt. Alle Werte werden in den nächsten Minuten neu geprüft.")
        messages.success(request, said if changed else gettext("Nichts war anders."))
    return redirect("office:quality-stream", number)


@reads("stations")
def flags_csv(request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the flags of a datastream as a file."""
    try:
        grant = _grant(request)
        stream = _found(grant, number)
        found = flags(gate(), grant, [number], limit=100_000)
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:quality")
    rows = [
        (
            *(one.observation_id, iso_from_micros(one.start), one.result, stream.unit, one.level),
            *(" ".join(f"{name}={level}" for name, level in one.tests.items()), iso_from_micros(one.at)),
        )
        for one in found
    ]
    return csv_file(f"qualitaet-{number}", FLAGS_HEADER, rows)
