"""The schematic map: an outline from the city pack, markers that are links, drawn as SVG on the server."""

import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

WIDTH = 800
# Where browsers get the base map of the interactive map.
BASEMAP_FILE, BASEMAP_TILES = "/grundkarte.pmtiles", "/grundkarte/{z}/{x}/{y}"
# A marker's radius, and the room that a letter of its label takes, in the measure of the picture.
RADIUS, LETTER = 7, 6.3
# How much larger the letters are on a narrow screen, where a label that would cover another is left out.
NARROW_LETTERS = 1.45
# How far beyond its markers a map that is framed around them reaches, as a share of their extent.
MARGIN = 0.17
STYLES = {
    "lake": ("#cfe6f5", "none"),
    "river": ("#cfe6f5", "none"),
    "island": ("#eef3e6", "#b9c7a5"),
    "city": ("#efe3d3", "#c9b79d"),
    "border": ("none", "#8a5a8a"),
}
ORDER = ("city", "lake", "river", "island", "border")


class Marker(msgspec.Struct, frozen=True):
    """A place on the map: what it is called aloud and in writing, where it leads, and whether its position is exact.

    ``course`` are the corners of the line or the area for which it stands, longitude first; an area ends where it
    began. ``sign`` is the kind of its look, by which it is told apart without its colour.
    """

    longitude: float
    latitude: float
    name: str
    label: str
    address: str
    approximate: bool = False
    course: tuple[tuple[float, float], ...] = ()
    sign: str = ""

    @property
    def is_area(self) -> bool:
        """Tell whether it stands for an area."""
        return len(self.course) > 3 and self.course[0] == self.course[-1]


class Mark(msgspec.Struct, frozen=True):
    """A marker in the picture's own measure; crowded where its label has room on a wide screen only.

    ``path`` is its line or its area.
    """

    x: float
    y: float
    marker: Marker
    anchor: str
    text_x: float
    text_y: float
    crowded: bool = False
    path: str = ""


class Shape(msgspec.Struct, frozen=True):
    """A part of the outline as an SVG path."""

    path: str
    fill: str
    stroke: str
    dashed: bool


class Label(msgspec.Struct, frozen=True):
    """A name written on the map."""

    x: float
    y: float
    text: str


class Picture(msgspec.Struct, frozen=True):
    """Everything that the template draws."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    marks: tuple[Mark, ...]
    frame: "Frame"

    @property
    def drawn(self) -> tuple[Mark, ...]:
        """Give the marks with a line or an area, areas first, so that no line lies under one."""
        return tuple(sorted((one for one in self.marks if one.path), key=lambda one: not one.marker.is_area))


class Frame(msgspec.Struct, frozen=True):
    """The part of the world that is drawn (WGS 84); a degree of longitude is shortened by the latitude's cosine."""

    west: float
    south: float
    east: float
    north: float

    @property
    def height(self) -> int:
        """Give the picture's height for its width."""
        shortened = (self.east - self.west) * math.cos(math.radians((self.north + self.south) / 2))
        return round(WIDTH * (self.north - self.south) / shortened)

    @property
    def scale(self) -> float:
        """Give how much of the picture's measure a metre is."""
        return self.height / ((self.north - self.south) * 111_195)

    def holds(self, longitude: float, latitude: float) -> bool:
        """Tell whether a point lies in this part of the world."""
        return self.west < longitude < self.east and self.south < latitude < self.north

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Give the place in the picture."""
        x = (longitude - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - latitude) / (self.north - self.south) * self.height
        return round(x, 1), round(y, 1)


class Box(msgspec.Struct, frozen=True):
    """A rectangle that is taken in the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: "Box") -> float:
        """Give the area that two rectangles share; 0 where they do not overlap."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, across) * max(0.0, down)


class Cell(msgspec.Struct, frozen=True):
    """A field of a grid over the picture: the point in its middle, and its name by column and row."""

    longitude: float
    latitude: float
    name: str


KONSTANZ = Frame(9.125, 47.645, 9.235, 47.700)


@lru_cache(maxsize=4)
def _outline(path: Path) -> list[dict[str, Any]]:
    """Read the outline; a pack may come without one."""
    if not path.exists():
        return []
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return sorted(features, key=lambda feature: ORDER.index(feature["properties"]["kind"]))


def frame_around(markers: Sequence[Marker]) -> Frame:
    """Give the part of the world that holds all markers with some room around them."""
    east, west = max(m.longitude for m in markers), min(m.longitude for m in markers)
    north, south = max(m.latitude for m in markers), min(m.latitude for m in markers)
    across, along = (east - west or 0.02) * MARGIN, (north - south or 0.02) * MARGIN
    return Frame(west - across, south - along, east + across, north + along)


def frame_near(longitude: float, latitude: float, metres: float) -> Frame:
    """Give the part of the world around a point in which a circle of so many metres has some room."""
    along = metres * 1.25 / 111_195
    across = along * 1.3 / math.cos(math.radians(latitude))
    return Frame(longitude - across, latitude - along, longitude + across, latitude + along)


def cells(frame: Frame, columns: int) -> tuple[int, list[Cell]]:
    """Lay a grid of squares over a picture; give the number of rows, and the fields row by row."""
    rows = max(1, round(frame.height / (WIDTH / columns)))
    across, along = (frame.east - frame.west) / columns, (frame.north - frame.south) / rows
    return rows, [
        Cell(frame.west + (x + 0.5) * across, frame.north - (y + 0.5) * along, f"{chr(65 + x)}{y + 1}")
        for y in range(rows)
        for x in range(columns)
    ]


def _path(frame: Frame, geometry: dict[str, Any]) -> str:
    """Draw a line or an area through its points with soft bends (Catmull-Rom, as Bézier curves)."""
    closed = geometry["type"] == "Polygon"
    points = geometry["coordinates"][0][:-1] if closed else geometry["coordinates"]
    places = [frame.place(*point) for point in points]
    last = len(places) - 1

    def at(index: int) -> tuple[float, float]:
        return places[index % len(places)] if closed else places[min(max(index, 0), last)]

    curves = []
    for index in range(len(places) if closed else last):
        before, start, end, after = (at(index + step) for step in (-1, 0, 1, 2))
        bends = [(start[i] + (end[i] - before[i]) / 6, end[i] - (after[i] - start[i]) / 6) for i in (0, 1)]
        curves.append(f"C{bends[0][0]:.1f} {bends[1][0]:.1f} {bends[0][1]:.1f} {bends[1][1]:.1f} {end[0]} {end[1]}")
    return f"M{places[0][0]} {places[0][1]}" + "".join(curves) + ("Z" if closed else "")


def draw_map(
    outline: Path, markers: Sequence[Marker], language: str, frame: Frame = KONSTANZ, letter: float = LETTER
) -> Picture:
    """Lay out the outline and the markers; each label goes where it hides nothing."""
    shapes, labels = [], []
    for feature in _outline(outline):
        properties = feature["properties"]
        fill, stroke = STYLES[properties["kind"]]
        shapes.append(Shape(_path(frame, feature["geometry"]), fill, stroke, properties["kind"] == "border"))
        if "label" in properties:
            x, y = frame.place(*properties["label"])
            if 0 < x < WIDTH and 0 < y < frame.height:
                labels.append(Label(x, y, properties["name"]["en" if language.startswith("en") else "de"]))
    places = [frame.place(marker.longitude, marker.latitude) for marker in markers]
    taken = [Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in places]
    marks = [_mark(x, y, marker, taken, letter) for (x, y), marker in zip(places, markers, strict=True)]
    thinned = (
        msgspec.structs.replace(mark, path=_straight(frame, mark.marker.course))
        for mark in _thinned(marks, letter * NARROW_LETTERS)
    )
    return Picture(WIDTH, frame.height, tuple(shapes), tuple(labels), tuple(thinned), frame)


def _straight(frame: Frame, course: Sequence[tuple[float, float]]) -> str:
    """Draw a line or an area from corner to corner."""
    places = (frame.place(*point) for point in course)
    return "M" + "L".join(f"{x} {y}" for x, y in places) if course else ""


def _box(mark: Mark, letter: float) -> Box:
    """Give the room that a marker's label takes."""
    long, high = len(mark.marker.label) * letter, letter * 2
    left = {"start": mark.text_x, "end": mark.text_x - long, "middle": mark.text_x - long / 2}[mark.anchor]
    return Box(left, mark.text_y - 0.8 * high, left + long, mark.text_y + high / 4)


def _thinned(marks: Sequence[Mark], letter: float) -> Iterator[Mark]:
    """Tell which labels would cover one before them in letters of that room."""
    taken: list[Box] = []
    for mark in marks:
        box = _box(mark, letter)
        crowded = any(box.shared(other) for other in taken)
        if not crowded:
            taken.append(box)
        yield msgspec.structs.replace(mark, crowded=crowded)


def _mark(x: float, y: float, marker: Marker, taken: list[Box], letter: float) -> Mark:
    """Write a marker's label on the first side that is free: right, left, below, above, aslant; or the freest."""
    high = letter * 2
    sides = (
        *(("start", x + 11, y + high / 3), ("end", x - 11, y + high / 3)),
        *(("middle", x, y + 8 + high), ("middle", x, y - 12)),
        *(("start", x + 8, y + 2 + high), ("start", x + 8, y - 8), ("end", x - 8, y + 2 + high), ("end", x - 8, y - 8)),
    )
    options = []
    for anchor, at, base in sides:
        mark = Mark(x, y, marker, anchor, round(at, 1), round(base, 1))
        box = _box(mark, letter)
        outside = math.inf if box.left < 0 or box.right > WIDTH else 0.0
        options.append((sum((box.shared(other) for other in taken), outside), mark, box))
    _, mark, box = min(options, key=lambda option: option[0])
    taken.append(box)
    return mark
