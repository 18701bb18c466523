"""Where a contribution is: a point, a line or an area, by words, coordinates or corners on the map."""

from typing import Any

import msgspec
from django import forms
from django.conf import settings
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.packs.read import NamedPlace, read_places
from allmende.participation.models import Contribution, Process
from allmende.participation.rules import cleaned
from allmende.participation.shapes import KINDS, MOST_LETTERS, Borders, Kind, Shape, is_geometry, read_shape
from allmende.portal.participation_frame import find_place, language
from allmende.register.addresses import find_addresses
from allmende.register.around import Point, metres, read_point
from allmende.ui.maps import Marker

# How far beyond the places of the pack the surroundings of a city reach, in degrees: some 20 to 30 kilometres.
AROUND = 0.25
# Farther than this nothing is said to be near a place, in metres.
NEAR = 2_500.0
FIELDS = ("place", "shape", "corners")

FAR_AWAY = ErrorCode(
    "participation.far_away",
    Text("Dieser Ort liegt nicht in der Umgebung der Stadt.", "This place is not in the surroundings of the city."),
    Text(
        "Schreiben Sie zuerst die Breite, dann die Länge, oder wählen Sie den Ort in der Karte.",
        "Write the latitude first, then the longitude, or choose the place on the map.",
    ),
)
UNKNOWN_PLACE = ErrorCode(
    "participation.unknown_place",
    Text("Diesen Ort kennt die Suche nicht.", "The search does not know this place."),
    Text(
        "Wählen Sie ihn in der Karte, oder lassen Sie das Feld leer.", "Choose it on the map, or leave the field empty."
    ),
)
SEVERAL_PLACES = ErrorCode(
    "participation.several_places",
    Text("Diese Adresse ist nicht eindeutig.", "This address could be several."),
    Text("Meinen Sie: {near}?", "Do you mean: {near}?"),
)
NO_KIND = ErrorCode(
    "participation.no_kind_of_place",
    Text("Sie haben Ecken genannt, aber nicht wofür.", "You gave corners, but not what for."),
    Text("Wählen Sie „Strecke“ oder „Fläche“.", "Choose “line” or “area”."),
)


class Where(msgspec.Struct, frozen=True):
    """Where something is, and what people call that; nothing where it has no place."""

    point: Point | None = None
    shape: Shape | None = None
    place: str = ""

    @property
    def at(self) -> Point | None:
        """Give its point, or the one that stands for its line or area."""
        return self.shape.middle if self.shape else self.point


def city_borders() -> Borders | None:
    """Give the surroundings of the city; None where the pack names no places, and anything on earth is taken."""
    known = read_places(settings.ALLMENDE.pack)
    if not known:
        return None
    east, north = max(one.longitude for one in known), max(one.latitude for one in known)
    west, south = min(one.longitude for one in known), min(one.latitude for one in known)
    return Borders(west - AROUND, south - AROUND, east + AROUND, north + AROUND)


def add_place_fields(form: forms.Form, process: Process) -> None:
    """Ask for lines and areas, too, where the format takes them."""
    kinds = process.form.geometries
    if not process.form.place or len(kinds) < 2:
        return
    words = {"point": gettext("Punkt, oder ohne Ort")}
    form.fields["shape"] = forms.ChoiceField(
        label=_("Auf der Karte ist das"),
        choices=[(kind, words.get(kind, KINDS[kind].within(language()))) for kind in kinds],
        widget=forms.RadioSelect,
        initial="point",
        required=False,
    )
    form.fields["corners"] = forms.CharField(
        label=_("Ecken der Reihe nach"),
        required=False,
        max_length=MOST_LETTERS,
        help_text=_("Je Zeile eine Adresse, ein Stadtteil oder Koordinaten: von … über … nach …"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


def read_where(values: dict[str, Any], *, free: bool = False) -> Where:
    """Read what a form says; raises ``Invalid`` whose ``about`` names the field.

    ``free`` takes words that the search does not know as the name of a place without a point.
    """
    kind: Kind = values.get("shape") or "point"
    place, corners = values.get("place", ""), values.get("corners", "")
    try:
        if kind == "point":
            return _point(place, corners, free=free)
        shape, names = read_shape(kind, corners, city_borders(), find_place)
    except AllmendeError as error:
        words, error.about = error.about, error.about if error.about in FIELDS else "corners"
        near = _near_addresses(words) if isinstance(words, str) and words not in FIELDS else ""
        if near:
            error = _about("corners", Invalid(SEVERAL_PLACES, near=near))
        raise error from None
    return Where(shape=shape, place=_name(place, shape, names))


def _about(field: str, error: Invalid) -> Invalid:
    error.about = field
    return error


def _point(text: str, corners: str, *, free: bool) -> Where:
    if corners and not text:
        raise _about("shape", Invalid(NO_KIND))
    if not text:
        return Where()
    point, name = find_place(text)
    if point is None:
        if free:
            return Where(place=text)
        near = _near_addresses(text)
        raise _about("place", Invalid(SEVERAL_PLACES, near=near) if near else Invalid(UNKNOWN_PLACE))
    borders = city_borders()
    if borders is not None and not borders.holds(point):
        raise _about("place", Invalid(FAR_AWAY))
    return Where(point=point, place=name or (text if free else ""))


def _near_addresses(text: str) -> str:
    return ", ".join(map(str, find_addresses(text)[:4]))


def _name(place: str, shape: Shape, names: list[str]) -> str:
    """Name a line or an area: as people do, by its ends, or by what lies near."""
    if place and read_point(place) is None:
        return place
    if names:
        ends = dict.fromkeys((names[0], names[-1]) if shape.kind == "line" else names[:1])
        return " – ".join(ends)[:120]
    near = nearest_place(shape.middle)
    return pgettext("Ort", "bei %(place)s") % {"place": near.name.within(language())} if near else ""


def nearest_place(point: Point) -> NamedPlace | None:
    """Give the place of the pack that is nearest; None where none is near."""
    rows = [(metres(point, Point(one.longitude, one.latitude)), one) for one in read_places(settings.ALLMENDE.pack)]
    distance, found = min(rows, key=lambda row: row[0], default=(NEAR, None))
    return found if distance < NEAR else None


def take_where(form: forms.Form, values: dict[str, Any], *, free: bool = False) -> Where:
    """Read where from the values of a form; what is wrong stands at its field."""
    if any(name in form.errors for name in FIELDS):
        return Where()
    try:
        return read_where(values, free=free)
    except AllmendeError as error:
        field = str(error.about) if error.about in form.fields else "place"
        form.add_error(field, f"{error.what.within(language())} {error.next.within(language())}")
        return Where()


def typed_where(one: Contribution) -> dict[str, str]:
    """Give what a form begins with, so that sending it unchanged changes nothing."""
    shape = one.shape
    if shape is None:
        written = f"{one.latitude:.5f}, {one.longitude:.5f}" if one.longitude is not None else ""
        return {"place": one.place or written, "shape": "point", "corners": ""}
    lines = [f"{corner.latitude:.7f}, {corner.longitude:.7f}" for corner in shape.corners]
    return {"place": one.place, "shape": shape.kind, "corners": "\n".join(lines)}


def with_field(data: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Add a field of the map to what was typed: as the place, or as the next corner; for who has no script."""
    if data.get("shape") not in ("line", "area"):
        return {**data, "place": chosen}
    corners = cleaned(data.get("corners", ""))
    begun = "" if is_geometry(corners) else corners
    return {**data, "corners": f"{begun}\n{chosen}".strip()}


def marker_of(one: Contribution, label: str, link: str) -> Marker | None:
    """Give the marker of a contribution with its line or area; None where it has no place."""
    point, shape = one.point, one.shape
    if point is None:
        return None
    return Marker(
        point.longitude,
        point.latitude,
        f"{one.number}: {one.title}" + (f" ({shape.text.within(language())})" if shape else ""),
        label,
        link,
        course=tuple(shape.pairs) if shape else (),
        sign=one.tag,
    )
