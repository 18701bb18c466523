"""The functions of the standard's filters (OGC 18-088, table 25) that the store computes."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger as Big
from sqlalchemy import Float as Number
from sqlalchemy import Integer, Numeric, cast, func, literal
from sqlalchemy import Text as String
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.geometry import FUNCTIONS as GEOMETRIC
from allmende.store.values import Plain, Value, relate

SECOND = 1_000_000
TEMPORAL = ("before", "after", "meets", "during", "overlaps", "starts", "finishes")
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999

UNKNOWN_FUNCTION = ErrorCode(
    "query.unknown_function",
    Text(
        "Die Funktion „{name}“ mit {count} Werten gibt es hier nicht.",
        "There is no function “{name}” with {count} values here.",
    ),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)


class Function(msgspec.Struct, frozen=True):
    """The kinds of the arguments, the kind of the value, and how it is built."""

    takes: tuple[Plain, ...]
    gives: Plain
    build: Callable[..., Any]

    def fits(self, values: Sequence[Value]) -> bool:
        """Tell whether the values are of the kinds that the function takes."""
        return all(value.fits(kind) for value, kind in zip(values, self.takes, strict=True))


# No builder names an argument twice where its value may be an argument again: nesting would double the question.


def _counted(micros: Any) -> Any:
    """Count from the year 1, so that division and remainder are of numbers that are not negative."""
    return cast(micros, Big) - EARLIEST


def _fraction(micros: Any) -> Any:
    return cast(_counted(micros) % SECOND, Number) / float(SECOND)


def _date(micros: Any) -> Any:
    return _counted(micros) // DAY_MICROSECONDS * DAY_MICROSECONDS + EARLIEST


def _scaled(duration: Any, by: Any) -> Any:
    return cast(cast(duration, Number) * by, Big)


_SHARED: dict[str, tuple[Function, ...]] = {
    "startswith": (Function(("text", "text"), "truth", lambda a, b: func.substr(a, 1, func.length(b)) == b),),
    "endswith": (
        Function(
            ("text", "text"),
            "truth",
            lambda a, b: (
                (func.length(a) >= func.length(b))
                & (func.substr(a, func.length(a) - func.length(b) + 1, func.length(b)) == b)
            ),
        ),
    ),
    "tolower": (Function(("text",), "text", func.lower),),
    "toupper": (Function(("text",), "text", func.upper),),
    "trim": (Function(("text",), "text", func.trim),),
    "length": (Function(("text",), "number", func.length),),
    "concat": (Function(("text", "text"), "text", lambda a, b: cast(a, String).concat(b)),),
    "ceiling": (Function(("number",), "number", func.ceil),),
    "mul": (
        Function(("number", "number"), "number", lambda a, b: cast(a, Number) * b),
        Function(("duration", "number"), "duration", _scaled),
        Function(("number", "duration"), "duration", lambda a, b: _scaled(b, a)),
    ),
    "div": (
        Function(
            ("number", "number"), "number", lambda a, b: cast(a, Number) / func.nullif(cast(b, Number), 0, type_=Number)
        ),
    ),
    "date": (Function(("instant",), "instant", _date),),
    "time": (Function(("instant",), "time", lambda a: _counted(a) % DAY_MICROSECONDS),),
    "fractionalseconds": (Function(("instant",), "number", _fraction),),
    "totaloffsetminutes": (Function(("instant",), "number", lambda a: a - a),),
    "mindatetime": (Function((), "instant", lambda: literal(EARLIEST)),),
    "maxdatetime": (Function((), "instant", lambda: literal(LATEST)),),
}


def _sums(greatest: Callable[..., Any], least: Callable[..., Any]) -> dict[str, tuple[Function, ...]]:
    """Build ``add`` and ``sub``; no time lies before ``mindatetime()`` or after ``maxdatetime()``."""

    def within(moment: Any) -> Any:
        before, behind = literal(EARLIEST - 1, Big), literal(LATEST + 1, Big)
        return func.nullif(func.nullif(least(greatest(moment, before), behind), before, type_=Big), behind, type_=Big)

    return {
        "add": (
            Function(("number", "number"), "number", lambda a, b: a + b),
            Function(("instant", "duration"), "instant", lambda a, b: within(a + b)),
            Function(("duration", "instant"), "instant", lambda a, b: within(a + b)),
            Function(("duration", "duration"), "duration", lambda a, b: a + b),
        ),
        "sub": (
            Function(("number", "number"), "number", lambda a, b: a - b),
            Function(("instant", "duration"), "instant", lambda a, b: within(a - b)),
            Function(("instant", "instant"), "duration", lambda a, b: a - b),
            Function(("duration", "duration"), "duration", lambda a, b: a - b),
        ),
    }


def _substring(size: Callable[[Any], Any]) -> dict[str, tuple[Function, ...]]:
    """Build ``substring`` with lengths that are whole and not negative, as PostgreSQL wants them."""
    return {
        "substring": (
            Function(("text", "number"), "text", lambda a, start: func.substr(a, size(start) + 1)),
            Function(
                ("text", "number", "number"), "text", lambda a, start, end: func.substr(a, size(start) + 1, size(end))
            ),
        )
    }


_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}


def _on_sqlite() -> dict[str, tuple[Function, ...]]:
    def written(form: str) -> Callable[[Any], Any]:
        return lambda micros: func.strftime(form, _counted(micros) // SECOND + EARLIEST // SECOND, "unixepoch")

    def part(form: str) -> Callable[[Any], Any]:
        return lambda micros: cast(written(form)(micros), Number)

    return {
        "substringof": (Function(("text", "text"), "truth", lambda a, b: func.instr(b, a) > 0),),
        "indexof": (Function(("text", "text"), "number", lambda a, b: func.instr(a, b) - 1),),
        "round": (Function(("number",), "number", func.round),),
        # SQLAlchemy puts a floor of its own in place of SQLite's, which fails for null.
        "floor": (Function(("number",), "number", lambda a: -func.ceil(-a)),),
        "mod": (Function(("number", "number"), "number", lambda a, b: func.mod(a, func.nullif(b, 0))),),
        **_sums(func.max, func.min),
        **_substring(lambda size: cast(func.max(size, 0), Integer)),
        **{name: (Function(("instant",), "number", part(form)),) for name, form in _PARTS.items()},
    }


def _on_postgres() -> dict[str, tuple[Function, ...]]:
    def instant(micros: Any) -> Any:
        return func.timezone("UTC", func.to_timestamp(func.floor(micros / float(SECOND))))

    def part(name: str) -> Callable[[Any], Any]:
        return lambda micros: cast(func.date_part(name, instant(micros)), Number)

    def exact(build: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values: cast(build(*(cast(value, Numeric) for value in values)), Number)

    return {
        "substringof": (Function(("text", "text"), "truth", lambda a, b: func.strpos(b, a) > 0),),
        "indexof": (Function(("text", "text"), "number", lambda a, b: func.strpos(a, b) - 1),),
        "round": (Function(("number",), "number", exact(func.round)),),
        "floor": (Function(("number",), "number", func.floor),),
        "mod": (Function(("number", "number"), "number", exact(lambda a, b: func.mod(a, func.nullif(b, 0)))),),
        # The greatest of null and a number is the number, here the one that stands for no time.
        **_sums(func.greatest, func.least),
        # Unlike greatest, this is null for a null, as in the other database.
        **_substring(lambda size: cast(func.trunc(func.float8larger(cast(size, DOUBLE_PRECISION), 0.0)), Integer)),
        **{name: (Function(("instant",), "number", part(name)),) for name in _PARTS},
    }


ON_SQLITE, ON_POSTGRES = _SHARED | _on_sqlite(), _SHARED | _on_postgres()


def call(name: str, values: list[Value], now: int, *, postgres: bool) -> Value:
    """Compile a call; refuse functions that are not known with so many values, and values of the wrong kind."""
    if name == "now" and not values:
        return Value("instant", literal(now))
    if name in TEMPORAL and len(values) == 2:
        return Value("truth", relate(name, *values))
    table = ON_POSTGRES if postgres else ON_SQLITE
    possible = [function for function in table.get(name, ()) if len(function.takes) == len(values)]
    for function in [*filter(lambda one: one.fits(values), possible), *possible]:
        arguments = [value.of_kind(kind) for value, kind in zip(values, function.takes, strict=True)]
        return Value(function.gives, function.build(*arguments))
    known = ", ".join(sorted([*table, *TEMPORAL, *GEOMETRIC, "now"]))
    raise Malformed(UNKNOWN_FUNCTION, name=name[:40], count=len(values), known=known)
