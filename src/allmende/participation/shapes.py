"""Lines and areas that people draw: read from what they wrote, checked, measured (WGS 84, longitude first)."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import shapely

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.register.around import EARTH_METRES, Point, metres

Kind = Literal["point", "line", "area"]
# Finds a place by what somebody wrote, and its name; no name where they wrote coordinates.
Find = Callable[[str], tuple[Point | None, str]]
KINDS: dict[str, Text] = {
    "point": Text("Punkt", "Point"),
    "line": Text("Strecke", "Line"),
    "area": Text("Fläche", "Area"),
}
GEOJSON: dict[str, Kind] = {"Point": "point", "LineString": "line", "Polygon": "area"}
LEAST = {"line": 2, "area": 3}
MOST_CORNERS, MOST_LETTERS = 200, 20_000
# In metres and square metres: a line below is a point, an area above is the whole city.
LEAST_LENGTH, MOST_LENGTH, LEAST_AREA, MOST_AREA = 5.0, 50_000.0, 10.0, 100_000_000.0
# As RFC 7946 advises; the seventh is a centimetre.
DECIMALS = 7
DEGREE = math.radians(EARTH_METRES)

BAD_SHAPE = ErrorCode(
    "participation.bad_shape",
    Text("{why}.", "{why}."),
    Text(
        "Nennen Sie die Ecken der Reihe nach, je Zeile eine; Ihr Text ist noch da.",
        "Give the corners in order, one a line; your text is still there.",
    ),
)
_UNKNOWN = Text("Zeile {row}: „{words}“ kennt die Suche nicht", "Line {row}: the search does not know “{words}”")
_FEW = Text("{kind} braucht mindestens {n} verschiedene Ecken", "{kind}: at least {n} different corners are needed")
_MANY = Text("Mehr als {n} Ecken sind zu viele", "More than {n} corners are too many")
_OUTSIDE = Text(
    "Die Ecke {row} ({where}) liegt nicht in der Umgebung der Stadt",
    "Corner {row} ({where}) does not lie in the surroundings of the city",
)
_SWAPPED = Text(
    "Die Ecke {row} ({where}) liegt weit weg; Länge und Breite sind wohl vertauscht",
    "Corner {row} ({where}) lies far away; latitude and longitude seem to be swapped",
)
_CROSSES = Text("Der Rand der Fläche kreuzt sich bei {where}", "The edge of the area crosses itself at {where}")
_SHORT = Text("Die Strecke ist kürzer als {n} Meter", "The line is shorter than {n} metres")
_LONG = Text("Die Strecke ist länger als {n} Kilometer", "The line is longer than {n} kilometres")
_SMALL = Text("Die Fläche ist kleiner als {n} Quadratmeter", "The area is smaller than {n} square metres")
_LARGE = Text("Die Fläche ist größer als {n} Quadratkilometer", "The area is larger than {n} square kilometres")
_NO_GEOMETRY = Text(
    "Das ist keine lesbare Geometrie (GeoJSON oder WKT)", "This is no readable geometry (GeoJSON or WKT)"
)
_STRANGE = Text(
    "{name} geht hier nicht: nur Punkt, Linie, oder Fläche ohne Löcher",
    "{name} cannot be taken here: only a point, a line, or an area without holes",
)
_OTHER = Text("Gewählt ist „{kind}“, geschrieben ist „{other}“", "“{kind}” is chosen, “{other}” is written")


class Borders(msgspec.Struct, frozen=True):
    """A generous box around a city, within which everything lies that people bring."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        """Tell whether a point lies within."""
        return self.west <= point.longitude <= self.east and self.south <= point.latitude <= self.north

    def swapped(self, point: Point) -> bool:
        """Tell whether a point would lie within, had longitude and latitude been written the other way round."""
        return self.holds(Point(point.latitude, point.longitude))


class Shape(msgspec.Struct, frozen=True):
    """A line, or an area without holes: its corners in order, those of an area counter-clockwise and each once."""

    kind: Literal["line", "area"]
    corners: tuple[Point, ...]

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """Give longitude and latitude of each corner; those of an area end where they began."""
        found = [(one.longitude, one.latitude) for one in self.corners]
        return found + found[:1] if self.kind == "area" else found

    @property
    def geojson(self) -> dict[str, Any]:
        """Write it as a geometry of RFC 7946."""
        pairs = [list(pair) for pair in self.pairs]
        if self.kind == "area":
            return {"type": "Polygon", "coordinates": [pairs]}
        return {"type": "LineString", "coordinates": pairs}

    @property
    def size(self) -> float:
        """Give the length of a line in metres, or the size of an area in square metres."""
        if self.kind == "line":
            ends = zip(self.corners, self.corners[1:], strict=False)
            return sum(metres(one, other) for one, other in ends)
        return float(shapely.Polygon(flat(self.pairs, self.corners[0])).area)

    @property
    def middle(self) -> Point:
        """Give the middle of a line, or a point inside an area, that stands for it in lists and searches."""
        if self.kind == "line":
            found = shapely.line_interpolate_point(shapely.LineString(self.pairs), 0.5, normalized=True)
        else:
            found = shapely.point_on_surface(shapely.Polygon(self.pairs))
        return Point(round(found.x, DECIMALS), round(found.y, DECIMALS))

    @property
    def text(self) -> Text:
        """Name it with its size."""
        return _measured(KINDS[self.kind], *_size(self.kind, self.size))


def flat(pairs: Sequence[tuple[float, float]], origin: Point) -> list[tuple[float, float]]:
    """Give metres east and north of a point; good to a thousandth on the few kilometres of a city."""
    across = DEGREE * math.cos(math.radians(origin.latitude))
    return [((x - origin.longitude) * across, (y - origin.latitude) * DEGREE) for x, y in pairs]


def _size(kind: str, size: float) -> tuple[float, str, int]:
    """Give a size as people say it: the number, its unit, and how many decimals are told."""
    if kind == "line":
        return (size / 1_000, "km", 1) if size >= 1_000 else (round(size, -1 if size >= 100 else 0), "m", 0)
    if size >= 1_000_000:
        return size / 1_000_000, "km²", 1
    return (size / 10_000, "ha", 1) if size >= 1_000 else (round(size, -1 if size >= 100 else 0), "m²", 0)


def _measured(name: Text, number: float, unit: str, decimals: int) -> Text:
    told = f"{number:.{decimals}f}"
    return Text(f"{name.de}, {told.replace('.', ',')} {unit}", f"{name.en}, {told} {unit}")


def shape_of(geometry: dict[str, Any] | None) -> Shape | None:
    """Read a geometry that was checked and kept."""
    if not geometry:
        return None
    area = geometry["type"] == "Polygon"
    pairs = geometry["coordinates"][0][:-1] if area else geometry["coordinates"]
    return Shape("area" if area else "line", tuple(Point(*pair) for pair in pairs))


def wkt_of(geometry: dict[str, Any] | None) -> str | None:
    """Write a geometry of GeoJSON as well-known text, longitude first; None where there is none."""
    if geometry is None:
        return None
    shape = None if geometry["type"] == "Point" else shape_of(geometry)
    pairs = shape.pairs if shape else [geometry["coordinates"]]
    words = ", ".join(f"{x:.{DECIMALS}f} {y:.{DECIMALS}f}" for x, y in pairs)
    return {"Point": f"POINT ({words})", "LineString": f"LINESTRING ({words})", "Polygon": f"POLYGON (({words}))"}[
        geometry["type"]
    ]


def _refuse(why: Text, **values: object) -> Invalid:
    return Invalid(BAD_SHAPE, why=why.filled(**values))


def checked(kind: Kind, corners: Sequence[Point], borders: Borders | None) -> Shape:
    """Make a line or an area of corners; raises ``Invalid`` with the reason where these make none."""
    if len(corners) > MOST_CORNERS + 1:
        raise _refuse(_MANY, n=MOST_CORNERS)
    for row, point in enumerate(corners, 1):
        require_within(point, row, borders)
    found = [Point(round(one.longitude, DECIMALS), round(one.latitude, DECIMALS)) for one in corners]
    found = [one for place, one in enumerate(found) if place == 0 or one != found[place - 1]]
    if kind == "area" and len(found) > 1 and found[0] == found[-1]:
        found.pop()
    if len(found) > MOST_CORNERS:
        raise _refuse(_MANY, n=MOST_CORNERS)
    if kind == "point" or len(set(found)) < LEAST[kind]:
        raise _refuse(_FEW, kind=KINDS[kind], n=LEAST.get(kind, 1))
    shape = Shape(kind, tuple(found))
    if kind == "area":
        shape = _whole(shape)
    _require_size(shape)
    return shape


def require_within(point: Point, row: int, borders: Borders | None) -> None:
    """Refuse a corner that is no place on earth, or far from the city."""
    real = math.isfinite(point.longitude) and abs(point.longitude) <= 180 and abs(point.latitude) <= 90
    if real and (borders is None or borders.holds(point)):
        return
    why = _SWAPPED if borders is not None and borders.swapped(point) else _OUTSIDE
    raise _refuse(why, row=row, where=f"{point.latitude:.5f}, {point.longitude:.5f}")


def _whole(shape: Shape) -> Shape:
    """Turn the edge of an area counter-clockwise (RFC 7946, 3.1.6); refuse one that crosses or touches itself."""
    ring = shapely.Polygon(flat(shape.pairs, shape.corners[0]))
    if not ring.is_valid:
        # The reason ends with the place: “Self-intersection[9.17 47.66]”.
        reason = shapely.is_valid_reason(shapely.Polygon(shape.pairs))
        x, _, y = reason.partition("[")[2].rstrip("]").partition(" ")
        where = f"{float(y):.5f}, {float(x):.5f}" if x and y else reason
        raise _refuse(_CROSSES, where=where)
    if ring.exterior.is_ccw:
        return shape
    first, *others = shape.corners
    return Shape("area", (first, *reversed(others)))


def _require_size(shape: Shape) -> None:
    size = shape.size
    if shape.kind == "line" and not LEAST_LENGTH <= size <= MOST_LENGTH:
        short = size < LEAST_LENGTH
        raise _refuse(_SHORT if short else _LONG, n=int(LEAST_LENGTH if short else MOST_LENGTH / 1_000))
    if shape.kind == "area" and not LEAST_AREA <= size <= MOST_AREA:
        small = size < LEAST_AREA
        raise _refuse(_SMALL if small else _LARGE, n=int(LEAST_AREA if small else MOST_AREA / 1_000_000))


def read_shape(kind: Kind, text: str, borders: Borders | None, find: Find) -> tuple[Shape, list[str]]:
    """Read corners, one a line by address, name or coordinates, or a geometry as GeoJSON or WKT; give the names, too.

    Raises ``Invalid`` with the reason, its ``about`` the words that are not known.
    """
    text = text.strip()
    if len(text) > MOST_LETTERS:
        raise _refuse(_MANY, n=MOST_CORNERS)
    if is_geometry(text):
        other, corners = read_geometry(text)
        if other != kind:
            raise _refuse(_OTHER, kind=KINDS[kind], other=KINDS[other])
        return checked(kind, corners, borders), []
    lines = [(row, line.strip()) for row, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_CORNERS + 1:
        raise _refuse(_MANY, n=MOST_CORNERS)
    corners, names = [], []
    for row, words in lines:
        point, name = find(words)
        if point is None:
            error = _refuse(_UNKNOWN, row=row, words=words[:60])
            error.about = words
            raise error
        corners.append(point)
        names.append(name)
    return checked(kind, corners, borders), [name for name in names if name]


def is_geometry(text: str) -> bool:
    """Tell whether something is written as GeoJSON or WKT rather than in words."""
    word = text.partition("(")[0].strip().upper()
    return text.startswith(("{", "[")) or ("(" in text and word in _WORDS)


_WORDS = frozenset({"POINT", "LINESTRING", "POLYGON", "LINEARRING"})
_WORDS |= frozenset({"MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"})


def read_geometry(text: str) -> tuple[Kind, list[Point]]:
    """Read a geometry written as GeoJSON or WKT; heights are left out."""
    tree = _from_json(text) if text.startswith(("{", "[")) else _from_wkt(text)
    if isinstance(tree, dict) and tree.get("type") == "Feature":
        tree = tree.get("geometry")
    name = str(tree.get("type", "")) if isinstance(tree, dict) else ""
    if not isinstance(tree, dict) or name not in GEOJSON:
        raise _refuse(_STRANGE, name=name[:30] or "?")
    coordinates = tree.get("coordinates")
    if name == "Point":
        coordinates = [coordinates]
    elif name == "Polygon":
        if isinstance(coordinates, list) and len(coordinates) > 1:
            raise _refuse(_STRANGE, name=name)
        coordinates = coordinates[0] if isinstance(coordinates, list) and coordinates else None
    try:
        pairs = msgspec.convert(coordinates, list[list[float]])
        return GEOJSON[name], [Point(pair[0], pair[1]) for pair in pairs]
    except (msgspec.ValidationError, IndexError) as error:
        raise _refuse(_NO_GEOMETRY) from error


def read_place(text: str, borders: Borders | None) -> tuple[Point | None, Shape | None]:
    """Read a point, a line or an area that is written as WKT or GeoJSON."""
    kind, corners = read_geometry(text.strip())
    if kind != "point":
        return None, checked(kind, corners, borders)
    require_within(corners[0], 1, borders)
    return corners[0], None


def _from_json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise _refuse(_NO_GEOMETRY) from error


def _from_wkt(text: str) -> object:
    try:
        with np.errstate(invalid="ignore"):
            found = shapely.force_2d(shapely.from_wkt(text))
        return msgspec.json.decode(shapely.to_geojson(found))
    except (shapely.errors.GEOSException, msgspec.DecodeError, UnicodeError, ValueError, TypeError) as error:
        raise _refuse(_NO_GEOMETRY) from error
