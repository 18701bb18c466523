"""The schematic map: an outline from the city pack, markers that are links, drawn as SVG on the server."""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

WIDTH = 800
STYLES = {
    "lake": ("#cfe6f5", "none"),
    "river": ("#cfe6f5", "none"),
    "island": ("#eef3e6", "#b9c7a5"),
    "city": ("#efe3d3", "#c9b79d"),
    "border": ("none", "#8a5a8a"),
}
ORDER = ("city", "lake", "river", "island", "border")


class Marker(msgspec.Struct, frozen=True):
    """A place on the map: where it leads, what is written, and whether its position is only approximate."""

    longitude: float
    latitude: float
    name: str
    label: str
    address: str
    approximate: bool = False


class Mark(msgspec.Struct, frozen=True):
    """A marker in the picture's own measure."""

    x: float
    y: float
    marker: Marker
    left: bool


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

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Give the place in the picture."""
        x = (longitude - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - latitude) / (self.north - self.south) * self.height
        return round(x, 1), round(y, 1)


KONSTANZ = Frame(9.125, 47.645, 9.235, 47.700)


@lru_cache(maxsize=4)
def _outline(path: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return sorted(features, key=lambda feature: ORDER.index(feature["properties"]["kind"]))


def _path(frame: Frame, geometry: dict[str, Any]) -> str:
    closed = geometry["type"] == "Polygon"
    points = geometry["coordinates"][0] if closed else geometry["coordinates"]
    places = [f"{x} {y}" for x, y in (frame.place(*point) for point in points)]
    return "M" + "L".join(places) + ("Z" if closed else "")


def draw_map(outline: Path, markers: Sequence[Marker], language: str, frame: Frame = KONSTANZ) -> Picture:
    """Lay out the outline and the markers; labels of crowded markers go to the free side."""
    shapes, labels = [], []
    for feature in _outline(outline):
        properties = feature["properties"]
        fill, stroke = STYLES[properties["kind"]]
        shapes.append(Shape(_path(frame, feature["geometry"]), fill, stroke, properties["kind"] == "border"))
        if "label" in properties:
            x, y = frame.place(*properties["label"])
            if 0 < x < WIDTH and 0 < y < frame.height:
                labels.append(Label(x, y, properties["name"]["en" if language.startswith("en") else "de"]))
    marks: list[Mark] = []
    for marker in markers:
        x, y = frame.place(marker.longitude, marker.latitude)
        crowded = any(other.x - 150 < x < other.x and abs(other.y - y) < 16 for other in marks)
        marks.append(Mark(x, y, marker, left=x > WIDTH * 0.8 or crowded))
    return Picture(WIDTH, frame.height, tuple(shapes), tuple(labels), tuple(marks))
