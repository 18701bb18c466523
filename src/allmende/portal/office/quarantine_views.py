"""The quarantine: observations that the door refused, until somebody releases or discards them."""

from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.quarantine import Quarantined, count_waiting, quarantined
from allmende.gate.query import Query
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.forms import JudgeForm
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.services import asking, discard_value, release_value

HEADER = (
    *("number", "received", "station", "datastream", "time", "value", "code", "reason", "source"),
    *("decided", "deed", "actor", "note"),
)


class Row(msgspec.Struct, frozen=True):
    """A refused observation with the names of its station and datastream."""

    one: Quarantined
    station: str
    stream: str

    @property
    def reason(self) -> str:
        """Give the reason in the page's language."""
        return self.one.reason.within(get_language() or "de")


def _rows(request: HttpRequest) -> list[Row]:
    """Give what the rules show of the quarantine; nothing, with the reason, where they refuse."""
    try:
        grant = gate().grant(asking(person_of(request), "use"))
        found = quarantined(gate(), grant)
    except AllmendeError as error:
        tell(request, error)
        return []
    ids = list({one.datastream_id for one in found if one.datastream_id is not None})
    streams = {record.id: record for record in gate().page(grant, Query(kind="Datastreams", top=10_000)).records}
    things = gate().related(grant, "Datastreams", "Thing", [number for number in ids if number in streams])
    rows = []
    for one in found:
        stream = streams.get(one.datastream_id) if one.datastream_id is not None else None
        thing = things[stream.id][0].value.name if stream and things.get(stream.id) else ""
        rows.append(Row(one, thing, stream.value.name if stream else str(one.arrival.datastream_id)))
    return rows


def waiting(request: HttpRequest) -> int | None:
    """Count what waits for a decision; None where the rules refuse."""
    try:
        return count_waiting(gate(), gate().grant(asking(person_of(request), "use")))
    except AllmendeError:
        return None


@reads("quarantine")
def quarantine(request: HttpRequest) -> HttpResponseBase:
    """List what waits and what was decided."""
    rows = _rows(request)
    return page(
        request,
        "quarantine",
        _("Quarantäne"),
        icon="warning",
        waiting=[row for row in rows if row.one.decided is None],
        decided=[row for row in rows if row.one.decided is not None],
        may_change=may_write(roles_of(request.user), "quarantine"),
    )


@reads("quarantine")
def quarantine_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [_cells(row) for row in _rows(request)]
    return csv_file("quarantaene", HEADER, rows)


def _cells(row: Row) -> tuple[object, ...]:
    one = row.one
    return (
        *(one.id, iso_from_micros(one.received), row.station, row.stream),
        *(iso_from_micros(one.arrival.phenomenon_start), one.arrival.result, one.code, row.reason, one.source),
        None if one.decided is None else iso_from_micros(one.decided),
        *(one.deed, one.actor, one.note),
    )


@reads("quarantine")
def judge(request: HttpRequest, number: int) -> HttpResponseBase:
    """Ask for the reason and a confirmation, then release or discard."""
    row = next((row for row in _rows(request) if row.one.id == number), None)
    if row is None:
        raise Http404
    form = JudgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _judged(request, row, form)
    return page(
        request,
        "judge",
        _("Nummer %(number)s") % {"number": number},
        icon="warning",
        back=(reverse("office:quarantine"), _("Quarantäne")),
        row=row,
        form=form,
        may_change=may_write(roles_of(request.user), "quarantine") and row.one.decided is None,
    )


def _judged(request: HttpRequest, row: Row, form: JudgeForm) -> HttpResponseBase:
    values: dict[str, Any] = form.cleaned_data
    actor, reason = person_of(request), values["reason"]
    try:
        if values["deed"] == "release":
            release_value(actor, gate=gate(), one=row.one, result=values["result"], reason=reason)
            text = gettext("Freigegeben: Nummer %(number)s")
        else:
            discard_value(actor, gate=gate(), one=row.one, reason=reason)
            text = gettext("Verworfen: Nummer %(number)s")
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:quarantine-one", row.one.id)
    messages.success(request, text % {"number": row.one.id})
    return redirect("office:quarantine")
