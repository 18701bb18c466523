"""Filters computed in plain Python over plain rows, written without a look at how the store does it."""

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from shapely.geometry import shape as geometry
from shapely.wkt import loads

from allmende.gate.door import Gate, Grant
from allmende.gate.query import (
    LINKS,
    Call,
    Compare,
    Constant,
    Duration,
    Expression,
    Interval,
    Kind,
    Logic,
    Not,
    Path,
    Query,
    Shape,
    TimeOfDay,
)
from allmende.kernel.clock import EPOCH

Row = dict[str, Any]
DAY, SECOND = 86_400_000_000, 1_000_000
EARLIEST, LATEST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1
FIELDS = {
    "encodingType": "encoding_type",
    "observationType": "observation_type",
    "resultTime": "result_time",
    "resultQuality": "quality",
}
SYMBOLS = {"Cel": "°C", "%": "%"}


class Span(msgspec.Struct, frozen=True):
    """A time: an instant where both ends are the same, else an interval without its end."""

    start: int
    end: int

    @property
    def first_and_last(self) -> tuple[int, int]:
        """Give the first and the last microsecond that belong to it."""
        return self.start, max(self.start, self.end - 1)


class TimeSpan(msgspec.Struct, frozen=True):
    """A length of time, or a time of day (``clock``)."""

    micros: int
    clock: bool = False


class World:
    """All rows of all sets with the links between them, read once through the gate."""

    def __init__(self, gate: Gate, grant: Grant, kinds: tuple[Kind, ...]) -> None:
        self.rows: dict[Kind, dict[int, Row]] = {}
        self.links: dict[tuple[Kind, str], dict[int, list[int]]] = {}
        for kind in kinds:
            records = gate.page(grant, Query(kind=kind, top=10_000)).records
            self.rows[kind] = {record.id: _row(kind, record.id, record.value) for record in records}
            for name in LINKS[kind]:
                found = gate.related(grant, kind, name, list(self.rows[kind]))
                self.links[kind, name] = {number: [far.id for far in fars] for number, fars in found.items()}

    def satisfying(self, kind: Kind, where: Expression) -> set[int]:
        """Give the ids of the rows that satisfy a condition."""
        return {number for number in self.rows[kind] if self.holds(where, kind, number)}

    def holds(self, where: Expression, kind: Kind, number: int) -> bool:
        """Tell whether a row satisfies a condition; what is reached over links needs one example."""
        if isinstance(where, Logic):
            join = all if where.operator == "and" else any
            return join([self.holds(term, kind, number) for term in where.terms])
        if isinstance(where, Not):
            return not self.holds(where.term, kind, number)
        paths = list(_paths(where))
        choices = [list(self.reached(path.parts, kind, number)) for path in paths]
        return any(evaluate(where, iter(values)) is True for values in itertools.product(*choices))

    def reached(self, parts: tuple[str, ...], kind: Kind, number: int) -> Iterator[Any]:
        """Give every value that a path leads to."""
        if parts[0] in LINKS[kind] and len(parts) > 1:
            for far in self.links[kind, parts[0]][number]:
                yield from self.reached(parts[1:], LINKS[kind][parts[0]].target, far)
            return
        value: Any = self.rows[kind][number][parts[0]]
        for name in parts[1:]:
            value = value.get(name) if isinstance(value, dict) else None
        yield value


def _row(kind: Kind, number: int, value: Any) -> Row:
    row: Row = {"id": number}
    for name in ("name", "description", "properties", "location", "feature", "definition", "metadata", "result"):
        if hasattr(value, name):
            row[name] = getattr(value, name)
    for shown, field in FIELDS.items():
        if hasattr(value, field):
            row[shown] = getattr(value, field)
    if kind == "Observations":
        end = value.phenomenon_end or value.phenomenon_start
        row |= {"phenomenonTime": Span(value.phenomenon_start, end), "parameters": value.parameters}
        row["resultTime"] = None if value.result_time is None else Span(value.result_time, value.result_time)
    if kind == "HistoricalLocations":
        row["time"] = Span(value.time, value.time)
    if kind == "Datastreams":
        row["unitOfMeasurement"] = {"symbol": SYMBOLS[value.unit]}
    return row


def _paths(part: Expression) -> Iterator[Path]:
    if isinstance(part, Path):
        yield part
    elif isinstance(part, Compare):
        yield from _paths(part.left)
        yield from _paths(part.right)
    elif isinstance(part, Call):
        for argument in part.arguments:
            yield from _paths(argument)


def evaluate(part: Expression, values: Iterator[Any]) -> Any:
    """Compute an expression whose paths have these values, in the order in which they stand there."""
    if isinstance(part, Path):
        return next(values)
    if isinstance(part, Constant):
        return Span(part.value, part.value) if part.is_instant else part.value  # type: ignore[arg-type]
    if isinstance(part, Interval):
        return Span(part.start, part.end)
    if isinstance(part, Duration | TimeOfDay):
        return TimeSpan(part.micros, isinstance(part, TimeOfDay))
    if isinstance(part, Shape):
        return loads(part.wkt.removeprefix("SRID=4326;"))
    if isinstance(part, Compare):
        return _compared(part.operator, evaluate(part.left, values), evaluate(part.right, values))
    assert isinstance(part, Call)
    arguments = [evaluate(argument, values) for argument in part.arguments]
    return (
        None if any(value is None or isinstance(value, list) for value in arguments) else _called(part.name, arguments)
    )


def _compared(operator: str, left: Any, right: Any) -> bool | None:
    if isinstance(left, Span) and isinstance(right, Span):
        return RELATIONS[operator](left, right)
    if operator in ("eq", "ne"):
        alike = left == right and isinstance(left, bool) == isinstance(right, bool) and not isinstance(left, list)
        return alike == (operator == "eq")
    if left is None or right is None or isinstance(left, list) or isinstance(right, list):
        return None
    one, other = (value.micros if isinstance(value, TimeSpan) else value for value in (left, right))
    if isinstance(one, str) != isinstance(other, str) or isinstance(one, bool) or isinstance(other, bool):
        return None
    results: dict[str, bool] = {"lt": one < other, "le": one <= other, "gt": one > other, "ge": one >= other}
    return results[operator]


def _before(one: Span, other: Span) -> bool:
    return one.first_and_last[1] < other.first_and_last[0]


def _up_to(one: Span, other: Span) -> bool:
    if one.start == one.end or other.start == other.end:
        return one.first_and_last[1] <= other.first_and_last[0]
    return one.start <= other.start and one.end <= other.end


def _inside(one: Span, other: Span) -> bool:
    (first, last), (lowest, highest) = one.first_and_last, other.first_and_last
    return lowest <= first and last <= highest


RELATIONS: dict[str, Callable[[Span, Span], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": _before,
    "gt": lambda a, b: _before(b, a),
    "le": lambda a, b: _up_to(a, b),
    "ge": lambda a, b: _up_to(b, a),
    "before": _before,
    "after": lambda a, b: _before(b, a),
    "meets": lambda a, b: a.end == b.start or b.end == a.start,
    "during": _inside,
    "overlaps": lambda a, b: not _before(a, b) and not _before(b, a),
    "starts": lambda a, b: a.start == b.start and _inside(a, b),
    "finishes": lambda a, b: a.end == b.end and a.start >= b.start,
}


def _clock(span: Span) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=span.start)


def _added(one: Any, other: Any, sign: int) -> Any:
    if isinstance(one, TimeSpan) and isinstance(other, Span):
        return _added(other, one, sign)
    if isinstance(one, Span) and isinstance(other, Span):
        return TimeSpan(one.start - other.start)
    if isinstance(one, Span):
        moment = one.start + sign * other.micros
        return Span(moment, moment) if EARLIEST <= moment <= LATEST else None
    return TimeSpan(one.micros + sign * other.micros) if isinstance(one, TimeSpan) else one + sign * other


def _rounded(number: float) -> float:
    return math.copysign(math.floor(abs(number) + 0.5), number)


def _times(one: Any, other: Any) -> Any:
    return TimeSpan(int(one.micros * other)) if isinstance(one, TimeSpan) else one * other


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "substringof": lambda part, whole: part in whole,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "length": len,
    "indexof": str.find,
    "substring": lambda text, start, size=None: text[max(int(start), 0) :][
        : None if size is None else max(int(size), 0)
    ],
    "tolower": str.lower,
    "toupper": str.upper,
    "trim": lambda text: text.strip(" "),
    "concat": lambda one, other: one + other,
    "year": lambda time: _clock(time).year,
    "month": lambda time: _clock(time).month,
    "day": lambda time: _clock(time).day,
    "hour": lambda time: _clock(time).hour,
    "minute": lambda time: _clock(time).minute,
    "second": lambda time: _clock(time).second,
    "fractionalseconds": lambda time: _clock(time).microsecond / 1e6,
    "date": lambda time: Span(time.start // DAY * DAY, time.start // DAY * DAY),
    "time": lambda time: TimeSpan(time.start % DAY, True),
    "totaloffsetminutes": lambda _time: 0,
    "mindatetime": lambda: Span(EARLIEST, EARLIEST),
    "maxdatetime": lambda: Span(LATEST, LATEST),
    "round": _rounded,
    "floor": math.floor,
    "ceiling": math.ceil,
    "add": lambda one, other: _added(one, other, 1),
    "sub": lambda one, other: _added(one, other, -1),
    "mul": _times,
    "div": lambda one, other: None if other == 0 else one / other,
    "mod": lambda one, other: None if other == 0 else math.fmod(one, other),
}
SHAPES = {
    "st_equals": "equals", "st_disjoint": "disjoint", "st_touches": "touches", "st_within": "within",
    "st_overlaps": "overlaps", "st_crosses": "crosses", "st_intersects": "intersects", "st_contains": "contains",
    "geo.intersects": "intersects", "geo.distance": "distance", "st_relate": "relate_pattern",
}  # fmt: skip


def _called(name: str, arguments: list[Any]) -> Any:
    if name == "geo.length" or name in SHAPES:
        one, *others = [geometry(value) if isinstance(value, dict) else value for value in arguments]
        return one.length if name == "geo.length" else getattr(one, SHAPES[name])(*others)
    if name in RELATIONS:
        return RELATIONS[name](*arguments)
    return FUNCTIONS[name](*arguments)
