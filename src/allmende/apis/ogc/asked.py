"""What a request asks for, read and judged: bbox, datetime, limit, coords, parameter-name, f."""

import datetime as dt
from collections.abc import Collection, Mapping

import msgspec
from shapely import Geometry, from_wkt
from shapely.errors import ShapelyError

from allmende.kernel.clock import UTC, micros_from_instant
from allmende.kernel.errors import AllmendeError, ErrorCode, Malformed
from allmende.kernel.text import Text

BAD = ErrorCode(
    "ogc.bad_parameter",
    Text("„{name}“ ist so nicht möglich: {why}", "“{name}” is not possible like this: {why}"),
    Text("Die Angaben stehen in /api/openapi.json.", "The parameters stand in /api/openapi.json."),
)
NUMBER, SHAPE, TIME, CRS84 = "-180,-90,180,90", "POINT(9.17 47.66)", "2024-06-01T00:00:00Z/..", "CRS84"
DEFAULT_LIMIT, GREATEST_LIMIT = 100, 10_000
Box = tuple[float, float, float, float]


def bad(name: str, german: str, english: str) -> AllmendeError:
    """Give the error that names a parameter and the reason."""
    return Malformed(BAD, name=name, why=Text(german, english))


class Asked(msgspec.Struct, frozen=True):
    """The parameters of a request that were understood."""

    bbox: Box | None = None
    since: int | None = None
    until: int | None = None
    limit: int = DEFAULT_LIMIT
    after: str = ""
    form: str = ""
    names: tuple[str, ...] = ()
    coords: Geometry | None = None


def read(query: Mapping[str, str], known: Collection[str], forms: Collection[str]) -> Asked:
    """Read the parameters of a request; one that the door does not know is an error (17-069, clause 7.6)."""
    for name in query:
        if name not in known:
            raise bad(name[:40], f"möglich sind {', '.join(known)}", f"possible are {', '.join(known)}")
    since, until = _span(query["datetime"]) if "datetime" in query else (None, None)
    form = query.get("f", "")
    if form and form not in forms:
        raise bad("f", f"möglich sind {', '.join(forms)}", f"possible are {', '.join(forms)}")
    return Asked(
        _box(query["bbox"]) if "bbox" in query else None,
        since,
        until,
        _limit(query.get("limit", "")),
        query.get("after", ""),
        form,
        tuple(filter(None, query.get("parameter-name", "").split(","))),
        _shape(query["coords"]) if "coords" in query else None,
    )


def _limit(text: str) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal()) or not int(text[:9]) >= 1:
        raise bad("limit", "eine ganze Zahl ab 1", "a whole number from 1 on")
    return min(int(text[:9]), GREATEST_LIMIT)


def _box(text: str) -> Box:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(abs(number) < 1e9 for number in numbers):
        raise bad("bbox", f"vier Zahlen wie {NUMBER}", f"four numbers such as {NUMBER}")
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if south > north:
        raise bad("bbox", "Süden liegt über Norden", "south lies above north")
    return west, south, east, north


def _shape(text: str) -> Geometry:
    try:
        found = from_wkt(text)
    except (ShapelyError, ValueError) as error:
        raise bad("coords", f"WKT wie {SHAPE}", f"WKT such as {SHAPE}") from error
    if found is None or found.is_empty or not found.is_valid:
        raise bad("coords", "die Form ist leer oder schneidet sich", "the shape is empty or crosses itself")
    return found


def _span(text: str) -> tuple[int | None, int | None]:
    """Read an instant or an interval; its end belongs to it, as the standard says."""
    start, slash, end = text.partition("/")
    since = _instant(start)
    last = _instant(end) if slash else since
    if (not slash and since is None) or (since is not None and last is not None and since > last):
        raise bad("datetime", f"wie {TIME}", f"such as {TIME}")
    return since, None if last is None else last + 1


def _instant(text: str) -> int | None:
    if text in ("", ".."):
        return None
    try:
        found = dt.datetime.fromisoformat(text.upper())
        day = len(text) == len("2024-06-01")
        return micros_from_instant(found.replace(tzinfo=UTC) if day else found)
    except (ValueError, OverflowError) as error:
        raise bad("datetime", f"wie {TIME}", f"such as {TIME}") from error


def within(box: Box | None, x: float, y: float) -> bool:
    """Tell whether a point lies in a box; one whose west lies east of its east crosses the date line."""
    if box is None:
        return True
    west, south, east, north = box
    inside = west <= x <= east if west <= east else (x >= west or x <= east)
    return inside and south <= y <= north
