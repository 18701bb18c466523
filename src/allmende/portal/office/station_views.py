"""Stations: what the gate shows of them to the administration, and a form to correct them."""

from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.query import Query, Record
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.forms import StationForm
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.services import Station, asking, station_of, update_station
from allmende.portal.office.trail import written


class Row(msgspec.Struct, frozen=True):
    """A station as the list shows it."""

    number: int
    slug: str
    station: Station
    streams: int


def _rows(request: HttpRequest) -> list[Row]:
    """Give all things in order of name; nothing, with the reason, where the rules refuse."""
    try:
        grant = gate().grant(asking(person_of(request), "use"))
    except AllmendeError as error:
        tell(request, error)
        return []
    things = gate().page(grant, Query(kind="Things", top=10_000)).records
    ids = [thing.id for thing in things]
    places = gate().related(grant, "Things", "Locations", ids)
    streams = gate().related(grant, "Things", "Datastreams", ids)
    rows = [
        Row(
            thing.id,
            str(thing.value.properties.get("slug", thing.id)),
            station_of(thing.value, places[thing.id][0].value if places[thing.id] else None),
            len(streams[thing.id]),
        )
        for thing in things
    ]
    return sorted(rows, key=lambda row: row.station.name)


@reads("stations")
def stations(request: HttpRequest) -> HttpResponseBase:
    """List the stations."""
    search = request.GET.get("q", "").strip()
    rows = [row for row in _rows(request) if search.lower() in f"{row.station.name} {row.slug}".lower()]
    return page(request, "stations", _("Stationen"), icon="site", rows=rows, search=search)


@reads("stations")
def stations_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    header = ("slug", "name", "latitude", "longitude", "position", "description", "datastreams")
    rows = [
        (
            *(row.slug, row.station.name, row.station.latitude, row.station.longitude),
            *(row.station.position, row.station.description, row.streams),
        )
        for row in _rows(request)
    ]
    return csv_file("stationen", header, rows)


def _found(request: HttpRequest, number: int) -> tuple[Record, Record | None]:
    """Give a thing and its place."""
    grant = gate().grant(asking(person_of(request), "use"))
    things = gate().page(grant, Query(kind="Things", top=10_000)).records
    thing = next((thing for thing in things if thing.id == number), None)
    if thing is None:
        raise Http404
    places = gate().related(grant, "Things", "Locations", [number])[number]
    return thing, places[0] if places else None


@reads("stations")
def station(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a station with its history; correct it."""
    try:
        thing, place = _found(request, number)
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:stations")
    current = station_of(thing.value, place.value if place else None)
    form = StationForm(request.POST or None, initial=msgspec.structs.asdict(current))
    if request.method == "POST" and form.is_valid():
        return _save(request, form.cleaned_data, thing, place)
    return page(
        request,
        "station",
        current.name,
        icon="site",
        back=(reverse("office:stations"), _("Stationen")),
        form=form,
        may_change=may_write(roles_of(request.user), "stations"),
        entries=[written(entry) for entry in AuditEntry.objects.filter(subject=f"things:{number}")],
    )


def _save(request: HttpRequest, values: dict[str, Any], thing: Record, place: Record | None) -> HttpResponseBase:
    try:
        changed = update_station(person_of(request), gate=gate(), thing=thing, place=place, station=Station(**values))
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:station", thing.id)
    text = gettext("Gespeichert: %(name)s") if changed else gettext("Nichts war anders: %(name)s")
    messages.success(request, text % {"name": values["name"]})
    return redirect("office:stations")
