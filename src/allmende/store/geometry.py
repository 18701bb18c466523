"""The geospatial functions of the standard's filters (OGC 18-088, table 25).

Neither database needs to know geometry: a function is reckoned here over the places of a set and enters the question
as the ids for which it is true, or as a number for each id. Distances and lengths are in degrees, the units of the
coordinates.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import shapely
from sqlalchemy import ColumnElement, cast, func, literal
from sqlalchemy import Float as Number
from sqlalchemy import Text as String
from sqlalchemy.dialects.postgresql import JSONB

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.query import Call, Constant, Expression, Path, Shape

BAD_SHAPE = ErrorCode(
    "query.bad_shape",
    Text("„{shown}“ ist keine lesbare Geometrie.", "“{shown}” is no readable geometry."),
    Text(
        "Schreiben Sie sie als WKT in WGS 84, Länge vor Breite: geography'POINT (9.17 47.66)'.",
        "Write it as WKT in WGS 84, longitude first: geography'POINT (9.17 47.66)'.",
    ),
)
NOT_RELATABLE = ErrorCode(
    "query.not_relatable",
    Text("„{name}“ lässt sich für diese Geometrien nicht berechnen.", "“{name}” cannot be computed for these shapes."),
    Text("Verwenden Sie Punkte, Linien oder Flächen.", "Use points, lines or areas."),
)
BAD_GEOMETRIC = ErrorCode(
    "query.bad_geometric",
    Text(
        "„{name}“ steht hier mit anderen Werten als vorgesehen.", "“{name}” stands here with other values than meant."
    ),
    Text(
        "Nennen Sie einen Ort und dazu Konstanten: st_within(location, geography'POLYGON ((…))').",
        "Name one place, and constants with it: st_within(location, geography'POLYGON ((…))').",
    ),
)
BAD_PATTERN = ErrorCode(
    "query.bad_pattern",
    Text("„{shown}“ ist kein Muster für st_relate.", "“{shown}” is no pattern for st_relate."),
    Text(
        "Ein Muster hat neun Zeichen aus T, F, *, 0, 1 und 2.", "A pattern has nine characters of T, F, *, 0, 1 and 2."
    ),
)
_SRID = re.compile(r"\s*SRID=(?:4326|0);", re.IGNORECASE)
_PATTERN = re.compile(r"[TF*012]{9}")
RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "geo.intersects": shapely.intersects,
    "st_equals": shapely.equals,
    "st_disjoint": shapely.disjoint,
    "st_touches": shapely.touches,
    "st_within": shapely.within,
    "st_overlaps": shapely.overlaps,
    "st_crosses": shapely.crosses,
    "st_intersects": shapely.intersects,
    "st_contains": shapely.contains,
}
FUNCTIONS = (*RELATIONS, "geo.distance", "geo.length", "st_relate")


def _shape(given: Shape) -> Any:
    """Read a constant geometry."""
    text = _SRID.sub("", given.wkt, count=1)
    try:
        found = shapely.force_2d(shapely.from_wkt(text))
    except (shapely.errors.GEOSException, UnicodeError, ValueError) as error:
        raise Malformed(BAD_SHAPE, shown=text[:60]) from error
    if shapely.is_empty(found) or not np.isfinite(shapely.get_coordinates(found)).all():
        raise Malformed(BAD_SHAPE, shown=text[:60])
    return found if shapely.is_valid(found) else shapely.make_valid(found)


def _pattern(text: str) -> str:
    """Check a pattern of ``st_relate``."""
    if not _PATTERN.fullmatch(text):
        raise Malformed(BAD_PATTERN, shown=text[:30])
    return text


def _reckoned(name: str, places: Any, fixed: Sequence[Any], *, first: bool) -> Any:
    """Compute a function for many places; ``first`` tells that the place stands before the constant."""
    try:
        if name == "geo.length":
            return shapely.length(places)
        other, rest = fixed[0], fixed[1:]
        pair = (places, other) if first else (other, places)
        if name == "geo.distance":
            return shapely.distance(*pair)
        if name == "st_relate":
            return shapely.relate_pattern(*pair, *rest)
        return RELATIONS[name](*pair)
    except shapely.errors.GEOSException as error:
        raise Malformed(NOT_RELATABLE, name=name) from error


class Question(msgspec.Struct, frozen=True):
    """A geospatial function of one place and constants, or of constants alone."""

    name: str
    path: Path | None
    fixed: tuple[Any, ...]
    first: bool

    @classmethod
    def of(cls, call: Call) -> "Question":
        """Read a call; refuse other values than one place, and geometries as the function wants them."""
        wanted = {"geo.length": 1, "st_relate": 3}.get(call.name, 2)
        paths = [argument for argument in call.arguments if isinstance(argument, Path)]
        if len(call.arguments) != wanted or len(paths) > 1 or (wanted == 3 and isinstance(call.arguments[2], Path)):
            raise Malformed(BAD_GEOMETRIC, name=call.name)
        fixed = tuple(_fixed(argument, call.name) for argument in call.arguments if not isinstance(argument, Path))
        shapes = [not isinstance(value, str) for value in fixed]
        if shapes != [place < 2 - len(paths) for place in range(len(fixed))]:
            raise Malformed(BAD_GEOMETRIC, name=call.name)
        return cls(call.name, paths[0] if paths else None, fixed, isinstance(call.arguments[0], Path))

    @property
    def gives(self) -> Literal["number", "truth"]:
        """Give the kind of the function's value."""
        return "number" if self.name in ("geo.distance", "geo.length") else "truth"

    def reckon(self, places: Any) -> Any:
        """Compute the function for many places."""
        return _reckoned(self.name, places, self.fixed, first=self.first)

    def constant(self) -> float | bool:
        """Compute the function of constants alone."""
        found: float | bool = _reckoned(self.name, np.array([self.fixed[0]]), self.fixed[1:], first=True)[0].item()
        return found


def _fixed(argument: Expression, name: str) -> Any:
    if isinstance(argument, Shape):
        try:
            return _shape(argument)
        except Malformed as error:
            error.about = argument
            raise
    if isinstance(argument, Constant) and isinstance(argument.value, str):
        return _pattern(argument.value)
    raise Malformed(BAD_GEOMETRIC, name=name)


def looked_up(values: dict[int, float], number: ColumnElement[Any], *, postgres: bool) -> ColumnElement[Any]:
    """Give the number that belongs to a row's id; all are given as one parameter."""
    text = literal(_json({str(key): value for key, value in values.items()}))
    if postgres:
        return cast(func.jsonb_extract_path_text(cast(text, JSONB), cast(number, String)), Number)
    return func.json_extract(text, literal('$."').concat(cast(number, String)).concat(literal('"')))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
