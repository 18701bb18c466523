"""Citizens' page that answers what is measured around a place."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.packs.read import pack_folder
from allmende.portal.asof import stand_of
from allmende.portal.data_views import observed_names, told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.search import RADII, Near, Search, search
from allmende.register.around import Point
from allmende.register.queries import SensorEntry
from allmende.ui import maps
from allmende.ui.templatetags.allmende import number

COLUMNS = 8
# The room that a letter takes on a map that stands beside a list, in the measure of the picture.
LETTER = 9.3
# How far a map reaches at most; up to where it names the parts of the city.
FARTHEST, ORIENTED = 20_000, 2_000
HEADER = (
    *("sensor", "name", "metres", "latitude", "longitude", "position_exact", "measures", "simulated"),
    *("data_use", "why", "responsible", "personal"),
)


class Field(msgspec.Struct, frozen=True):
    """A field of the map that can be chosen: what it is called, and the point that it asks for."""

    name: str
    value: str


def distance(metres: float) -> str:
    """Write a distance as people say it."""
    if metres < 950:
        return gettext("%(metres)s m") % {"metres": number(round(metres, -1), 0)}
    return gettext("%(kilometres)s km") % {"kilometres": number(metres / 1000, 1 if metres % 1000 else 0)}


def pictogram_of(entry: SensorEntry) -> str:
    """Name the pictogram for what something measures."""
    if {"traffic-counts", "parking"} & set(entry.categories):
        return "traffic"
    if "weather" in entry.categories:
        return "weather"
    return "water" if any(name.startswith("water") for name in entry.measures) else "measure"


def _row(near: Near) -> dict[str, Any]:
    entry = near.entry
    return {
        "entry": entry,
        "distance": distance(near.metres),
        "measures": observed_names(entry.measures).values(),
        "pictogram": pictogram_of(entry),
        "use": entry.data_uses[0] if entry.data_uses else None,
    }


def _reach(result: Search) -> float:
    """Give how far the map reaches: as far as the nearest device where there is none within the radius."""
    return result.radius if result.beyond is None else min(max(result.radius, result.beyond.metres), FARTHEST)


def _parts(result: Search, frame: maps.Frame, drawn: Sequence[maps.Label]) -> list[maps.Label]:
    """Write the names of the parts of the city where they lie, for orientation."""
    if _reach(result) > ORIENTED:
        return []
    language = get_language() or "de"
    named = {entry.name for entry in result.entries} | {label.text for label in drawn}
    return [
        maps.Label(*frame.place(one.point.longitude, one.point.latitude), one.name.within(language))
        for one in result.known
        if one != result.place
        and frame.holds(one.point.longitude, one.point.latitude)
        and not {one.name.de, one.name.within(language)} & named
    ]


def _map(result: Search) -> dict[str, Any]:
    """Lay out the map around the point, or of the whole city, with the fields that can be chosen."""
    markers = [
        maps.Marker(
            entry.point.longitude,
            entry.point.latitude,
            entry.name,
            entry.name,
            reverse("sensor", args=[entry.slug]),
            not entry.exact,
        )
        for entry in result.entries
        if entry.point is not None
    ]
    if result.point is not None:
        frame = maps.frame_near(result.point.longitude, result.point.latitude, _reach(result))
        markers = [marker for marker in markers if frame.holds(marker.longitude, marker.latitude)]
    else:
        frame = maps.frame_around(markers) if markers else maps.KONSTANZ
    outline = pack_folder(settings.ALLMENDE.pack) / "outline.geojson"
    drawing = maps.draw_map(outline, markers, get_language() or "de", frame, LETTER)
    if result.point is not None:
        drawing = msgspec.structs.replace(drawing, labels=(*drawing.labels, *_parts(result, frame, drawing.labels)))
    rows, cells = maps.cells(frame, COLUMNS)
    fields = [Field(cell.name, Point(cell.longitude, cell.latitude).written) for cell in cells]
    circle = None
    if result.point is not None:
        x, y = frame.place(result.point.longitude, result.point.latitude)
        circle = {"x": x, "y": y, "radius": round(result.radius * frame.scale, 1)}
    return {"drawing": drawing, "fields": fields, "rows": rows, "columns": COLUMNS, "circle": circle}


@told
def nearby(request: HttpRequest) -> HttpResponseBase:
    """Show what measures around a place, on the map and beside it as a list."""
    stand = stand_of(request)
    result = search(request, stand)
    return page(
        request,
        "register/nearby.html",
        stand,
        search=result,
        near=[_row(near) for near in result.found],
        radii=[(radius, distance(radius)) for radius in RADII],
        around=distance(result.radius),
        beyond=_row(result.beyond) if result.beyond else None,
        wider=distance(result.wider) if result.wider else "",
        query=request.GET.urlencode(),
        **_map(result),
    )


def nearby_csv(request: HttpRequest) -> HttpResponseBase:
    """Give what measures around a place as CSV; without a place, everything."""
    result = search(request, stand_of(request))
    english = (get_language() or "de").startswith("en")
    found: list[tuple[float | None, SensorEntry]] = [(near.metres, near.entry) for near in result.found]
    if result.point is None and not result.failed:
        found = [(None, entry) for entry in result.entries]
    rows = []
    for metres, entry in found:
        use = entry.data_uses[0] if entry.data_uses else None
        texts = [use.part(name) if use else None for name in ("responsible", "personal")]
        rows.append(
            (
                *(entry.slug, entry.name, None if metres is None else round(metres)),
                *((entry.point.latitude, entry.point.longitude) if entry.point else (None, None)),
                *(entry.exact, " ".join(entry.measures), entry.simulated),
                *((use.slug, use.purpose.slug) if use else (None, None)),
                *((text.en if english else text.de) if text else None for text in texts),
            )
        )
    return csv_file("hier", HEADER, rows)
