"""The search around a place: by name, by coordinates, by a field of the map; nobody else is asked."""

import re

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from allmende.catalog.door import gate
from allmende.kernel.text import Text
from allmende.packs.read import read_places
from allmende.portal.asof import Stand
from allmende.portal.data_queries import OPEN
from allmende.programme.queries import ProjectView, projects_on
from allmende.register.around import Point, named, nearest, read_point
from allmende.register.queries import SensorEntry, register_entries

RADII = (250, 500, 1_000, 2_000, 5_000)
USUAL = 500
MOST_LETTERS = 100


class Known(msgspec.Struct, frozen=True):
    """A place that can be found by its name; ``rough`` says that its point is only a middle."""

    name: Text
    point: Point
    rough: bool


class Near(msgspec.Struct, frozen=True):
    """Something that measures, and how far away it is."""

    metres: float
    entry: SensorEntry


class Search(msgspec.Struct, frozen=True):
    """What was looked for, what it was taken for, and what measures there, the nearest first."""

    text: str
    radius: int
    point: Point | None
    place: Known | None
    others: tuple[Known, ...]
    projects: tuple[ProjectView, ...]
    known: tuple[Known, ...]
    entries: tuple[SensorEntry, ...]
    found: tuple[Near, ...] = ()
    beyond: Near | None = None

    @property
    def failed(self) -> bool:
        """Tell whether something was looked for and no place found."""
        return bool(self.text) and self.point is None

    @property
    def wider(self) -> int | None:
        """Give the least radius in which there is something, when there is nothing in this one."""
        if self.beyond is None:
            return None
        return next((radius for radius in RADII if radius >= self.beyond.metres), None)


def _known(entries: list[SensorEntry]) -> tuple[Known, ...]:
    """Give all places with a name: parts of the city, then whatever measures."""
    parts = [
        Known(place.name, Point(place.longitude, place.latitude), rough=True)
        for place in read_places(settings.ALLMENDE.pack)
    ]
    stations = [
        Known(Text(entry.name, entry.name), entry.point, rough=not entry.exact)
        for entry in entries
        if entry.point is not None
    ]
    return (*parts, *stations)


def _radius(request: HttpRequest) -> int:
    text = request.GET.get("umkreis", "")
    return int(text) if re.fullmatch(r"\d{3,4}", text) and int(text) in RADII else USUAL


def search(request: HttpRequest, stand: Stand) -> Search:
    """Answer what the address asks: ``ort`` a name or coordinates, ``punkt`` a point, ``umkreis`` the radius."""
    language = get_language() or "de"
    entries = register_entries(gate(), OPEN, stand.day)
    known = _known(entries)
    text = request.GET.get("ort", "").strip()[:MOST_LETTERS]
    point = read_point(request.GET.get("punkt", "")) or read_point(text)
    hits: list[Known] = []
    projects: list[ProjectView] = []
    if point is None and text:
        hits = [known[place] for place in named([one.name.within(language) for one in known], text)]
        views = projects_on(stand.day)
        projects = [views[place] for place in named([view.project.title.within(language) for view in views], text)]
    place = hits[0] if hits else next((one for one in known if point and one.point.written == point.written), None)
    result = Search(
        text=text,
        radius=_radius(request),
        point=point or (place.point if place else None),
        place=place,
        others=tuple(hits[1:6]),
        projects=tuple(projects[:5]),
        known=known,
        entries=tuple(entries),
    )
    return _around(result)


def _around(result: Search) -> Search:
    if result.point is None:
        return result
    near = [Near(metres, entry) for metres, entry in nearest(result.entries, result.point)]
    found = tuple(one for one in near if one.metres <= result.radius)
    beyond = near[0] if near and not found else None
    return msgspec.structs.replace(result, found=found, beyond=beyond)
