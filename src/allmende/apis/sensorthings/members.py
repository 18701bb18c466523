"""Reading the members of a JSON object, where every fault names its place."""

import datetime as dt
from typing import Any

from allmende.kernel.clock import UTC, micros_from_instant
from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text

BAD_MEMBER = ErrorCode(
    "sensorthings.bad_member",
    Text("{place}: {why}.", "{place}: {why}."),
    Text(
        "Berichtigen Sie diese Stelle; es wurde nichts geschrieben. Die Eigenschaften nennt OGC 18-088, Abschnitt 8.2.",
        "Correct this place; nothing was written. OGC 18-088, clause 8.2, names the properties.",
    ),
)
GEOJSON = ("application/geo+json", "application/vnd.geo+json")
# How deep the positions lie in the coordinates of each geometry.
_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}


def fault(place: str, de: str, en: str) -> Malformed:
    """Give the error that names a place in the body."""
    return Malformed(BAD_MEMBER, place=place[:200], why=Text(de, en))


def _kind_of(value: Any) -> str:
    return {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}.get(
        type(value), "number"
    )


class Members:
    """The members of one object of the body, and where it stands."""

    def __init__(self, value: Any, place: str = "") -> None:
        if not isinstance(value, dict):
            raise self._wrong(place or "body", "object", value)
        self.values: dict[str, Any] = value
        self.place = place

    @staticmethod
    def _wrong(place: str, wanted: str, value: Any) -> Malformed:
        found = _kind_of(value)
        return fault(place, f"hier steht {found} statt {wanted}", f"here is {found} instead of {wanted}")

    def at(self, name: str | int) -> str:
        """Name a member's place."""
        if isinstance(name, int):
            return f"{self.place}[{name}]"
        return f"{self.place}/{name}" if self.place else name

    def any(self, name: str) -> Any:
        """Give a member that has to be there."""
        if self.values.get(name) is None:
            raise fault(self.at(name), "fehlt", "is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        """Give a text that has to be there."""
        value = self.any(name)
        if not isinstance(value, str):
            raise self._wrong(self.at(name), "string", value)
        return value

    def text_or_null(self, name: str) -> str | None:
        """Give a text that may be null, but has to be there."""
        if name not in self.values:
            raise fault(self.at(name), "fehlt (null ist möglich)", "is missing (null is possible)")
        return None if self.values[name] is None else self.text(name)

    def truth(self, name: str, otherwise: bool) -> bool:
        """Give true or false."""
        value = self.values.get(name, otherwise)
        if not isinstance(value, bool):
            raise self._wrong(self.at(name), "boolean", value)
        return value

    def number(self, name: str) -> float | None:
        """Give a number; none is None."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(self.at(name), "number", value)
        return float(value)

    def object(self, name: str) -> dict[str, Any]:
        """Give an object; none is an empty one."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(self.at(name), "object", value)
        return value or {}

    def list(self, name: str) -> list[Any]:
        """Give an array that has to be there."""
        value = self.any(name)
        if not isinstance(value, list):
            raise self._wrong(self.at(name), "array", value)
        return value

    def instant(self, name: str) -> int:
        """Give an instant with a time zone, in microseconds."""
        return self._instant(name, self.text(name))

    def _instant(self, name: str, text: str) -> int:
        try:
            instant = dt.datetime.fromisoformat(text.strip())
            if instant.tzinfo is not None:
                return micros_from_instant(instant.astimezone(UTC))
        except (ValueError, OverflowError):
            pass
        de = f"„{text[:40]}“ ist kein Zeitpunkt mit Zeitzone wie 2026-11-24T12:00:00Z"
        raise fault(self.at(name), de, f"“{text[:40]}” is no instant with a time zone such as 2026-11-24T12:00:00Z")

    def span(self, name: str) -> tuple[int, int | None]:
        """Give an instant, or an interval as start and end."""
        start, _, end = self.text(name).partition("/")
        return self._instant(name, start), self._instant(name, end) if end else None

    def period(self, name: str) -> tuple[int, int] | None:
        """Give an interval, or an instant as one that ends where it starts; null is none."""
        if self.values.get(name) is None:
            return None
        start, end = self.span(name)
        return start, start if end is None else end

    def otherwise(self, name: str, value: Any) -> Any:
        """Give a member, or a value where it is missing or null."""
        return value if self.values.get(name) is None else self.values[name]

    def shape(self, name: str, encoding: str) -> Any:
        """Give what is encoded; GeoJSON has to be a geometry or a feature."""
        value = self.any(name)
        if encoding in GEOJSON:
            self._check_shape(self.at(name), value)
        return value

    def area(self, name: str) -> dict[str, Any] | None:
        """Give a geometry that may be absent."""
        if self.values.get(name) is None:
            return None
        self._check_shape(self.at(name), self.values[name])
        return self.object(name)

    def _check_shape(self, place: str, value: Any) -> None:
        inner = Members(value, place)
        kind = inner.text("type")
        if kind == "Feature":
            self._check_shape(inner.at("geometry"), inner.any("geometry"))
        elif kind == "GeometryCollection":
            for index, part in enumerate(inner.list("geometries")):
                self._check_shape(f"{inner.at('geometries')}[{index}]", part)
        elif kind not in _DEPTHS:
            raise fault(inner.at("type"), f"„{kind[:40]}“ ist keine GeoJSON-Form", f"“{kind[:40]}” is no GeoJSON shape")
        elif not _has_positions(inner.list("coordinates"), _DEPTHS[kind]):
            de, en = f"das sind keine Koordinaten von {kind}", f"these are no coordinates of {kind}"
            raise fault(inner.at("coordinates"), de, en)


def _has_positions(value: Any, depth: int) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if depth:
        return all(_has_positions(part, depth - 1) for part in value)
    return len(value) >= 2 and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
