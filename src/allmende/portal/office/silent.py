"""Sensors that bring nothing new: by datastream, and by the station on which they hang, for list and map."""

from typing import Any

import msgspec
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.catalog.door import gate
from allmende.gate.door import Grant
from allmende.gate.query import Query, Record
from allmende.kernel.clock import iso_from_micros, micros_from_instant, utc_now
from allmende.packs.read import pack_folder
from allmende.portal.office.services import asking
from allmende.ui import maps

SECOND = 1_000_000
GRACE = 2 * 3_600 * SECOND
HEADER = ("station", "datastream", "name", "last", "simulated", "longitude", "latitude")


class Silent(msgspec.Struct, frozen=True):
    """A datastream whose newest value is older than it should be; None is: never any."""

    number: int
    thing: int
    name: str
    last: int | None
    simulated: bool


class Station(msgspec.Struct, frozen=True):
    """A station with how many of its datastreams are silent, longest silent first, and where it stands."""

    number: int
    name: str
    total: int
    silent: tuple[Silent, ...]
    longitude: float | None = None
    latitude: float | None = None


def silent_streams(person: Any) -> tuple[list[Silent], int]:
    """Give the datastreams whose newest value is two hours and two intervals old, and the number of all."""
    streams = _streams(_grant(person))
    return [one for one, is_silent in streams if is_silent], len(streams)


def _grant(person: Any) -> Grant:
    return gate().grant(asking(person, "use"))


def _streams(grant: Grant) -> list[tuple[Silent, bool]]:
    """Give all datastreams, longest without news first, and whether they are silent; what was foretold is not."""
    streams = gate().page(grant, Query(kind="Datastreams", top=10_000)).records
    summaries, now = gate().summary(grant), micros_from_instant(utc_now())
    found = []
    for stream in streams:
        summary = summaries.get(stream.id)
        last = summary.last if summary else None
        interval = int(stream.value.properties.get("interval_seconds", 3600)) * SECOND
        one = Silent(stream.id, stream.value.thing_id, stream.value.name, last, stream.value.simulated)
        found.append((one, last is None or now - last > GRACE + 2 * interval))
    return sorted(found, key=lambda entry: entry[0].last or 0)


def stations(person: Any) -> list[Station]:
    """Give the stations that have datastreams, those with the most silent ones first."""
    grant = _grant(person)
    by_thing: dict[int, list[tuple[Silent, bool]]] = {}
    for one, is_silent in _streams(grant):
        by_thing.setdefault(one.thing, []).append((one, is_silent))
    things = [thing for thing in gate().page(grant, Query(kind="Things", top=10_000)).records if thing.id in by_thing]
    places = gate().related(grant, "Things", "Locations", [thing.id for thing in things])
    found = [_station(thing, by_thing[thing.id], places[thing.id]) for thing in things]
    return sorted(found, key=lambda one: (-len(one.silent), one.name))


def _station(thing: Record, streams: list[tuple[Silent, bool]], places: list[Record]) -> Station:
    silent = tuple(one for one, is_silent in streams if is_silent)
    for place in places:
        geometry = place.value.location
        if isinstance(geometry, dict) and geometry.get("type") == "Point":
            longitude, latitude = geometry["coordinates"][:2]
            return Station(thing.id, thing.value.name, len(streams), silent, longitude, latitude)
    return Station(thing.id, thing.value.name, len(streams), silent)


def drawing(several: list[Station]) -> maps.Picture | None:
    """Draw the stations whose place is known: filled where something is silent, empty where nothing is."""
    markers = []
    for one in several:
        if one.longitude is None or one.latitude is None:
            continue
        counts = gettext("%(silent)s von %(total)s stumm") % {"silent": len(one.silent), "total": one.total}
        label = f"{one.name} ({len(one.silent)}/{one.total})" if one.silent else ""
        address = reverse("office:station", args=[one.number])
        whole = f"{one.name}: {counts}"
        markers.append(maps.Marker(one.longitude, one.latitude, whole, label, address, approximate=not one.silent))
    if not markers:
        return None
    outline = pack_folder(settings.ALLMENDE.pack) / "outline.geojson"
    return maps.draw_map(outline, markers, get_language() or "de", _frame(markers))


def _frame(markers: list[maps.Marker]) -> maps.Frame:
    inside = all(maps.KONSTANZ.holds(one.longitude, one.latitude) for one in markers)
    return maps.KONSTANZ if inside else maps.frame_around(markers)


def rows_of(several: list[Station]) -> list[tuple[object, ...]]:
    """Give the silent datastreams as rows of a table."""
    return [
        (
            *(station.name, one.number, one.name, None if one.last is None else iso_from_micros(one.last)),
            *(one.simulated, station.longitude, station.latitude),
        )
        for station in several
        for one in station.silent
    ]
