"""Where a plan lies: the rectangle around what a message draws as GeoJSON, in degrees (WGS 84)."""

from typing import Any

import msgspec

from allmende.kernel.text import Text

MOST_POINTS = 200_000
NO_AREA = Text(
    "geltungsbereich ist kein Polygon als GeoJSON in Grad (WGS 84); die Karte zeigt den Plan nicht.",
    "geltungsbereich is no polygon as GeoJSON in degrees (WGS 84); the map does not show the plan.",
)


class Area(msgspec.Struct, frozen=True):
    """A rectangle."""

    west: float
    south: float
    east: float
    north: float


def area_of(words: str) -> tuple[Area | None, Text | None]:
    """Read the area of a plan; one that cannot be read is a hint and no fault: the card lives without it."""
    if not words:
        return None, None
    try:
        points = _points(msgspec.json.decode(words))
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError):
        return None, NO_AREA
    if not points:
        return None, NO_AREA
    longitudes, latitudes = [one[0] for one in points], [one[1] for one in points]
    area = Area(min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    inside = area.west >= -180 and area.east <= 180 and area.south >= -90 and area.north <= 90
    return (area, None) if inside else (None, NO_AREA)


def _points(tree: Any) -> list[tuple[float, float]]:
    """Gather all positions of a geometry, a feature or a collection, without regard to how they are nested."""
    found: list[tuple[float, float]] = []
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [one[name] for name in ("coordinates", "geometry", "geometries", "features") if one.get(name)]
        elif isinstance(one, list) and one and isinstance(one[0], int | float):
            found.append((float(one[0]), float(one[1])))
        elif isinstance(one, list):
            waiting += one
        if len(found) + len(waiting) > MOST_POINTS:
            raise ValueError("too many points")
    return found
