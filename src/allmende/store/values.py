"""Values in conditions: each has a kind, so that both databases refuse the same comparisons."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from sqlalchemy import BigInteger as Big
from sqlalchemy import BindParameter, ColumnElement, and_, case, cast, false, func, literal, literal_column, or_, true
from sqlalchemy import Float as Number
from sqlalchemy import Text as String
from sqlalchemy.dialects.postgresql import JSONB

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.intervals import RELATIONS, Times
from allmende.store.query import Constant, Duration, Interval, TimeOfDay
from allmende.store.rows import storable
from allmende.store.tables import QUALITIES

Sql = ColumnElement[Any]
Plain = Literal["number", "text", "instant", "truth", "interval", "duration", "time"]

NOT_COMPARABLE = ErrorCode(
    "query.not_comparable",
    Text("{left} und {right} lassen sich nicht vergleichen.", "{left} and {right} cannot be compared."),
    Text(
        "Prüfen Sie die Art der Werte (Text, Zahl, Zeitpunkt, Wahrheitswert).",
        "Check the kind of the values (text, number, instant, truth value).",
    ),
)
WRONG_KIND = ErrorCode(
    "query.wrong_kind",
    Text("An dieser Stelle steht {found} statt {wanted}.", "Here stands {found} in place of {wanted}."),
    Text(
        "Prüfen Sie die Art der Werte (Text, Zahl, Zeitpunkt, Wahrheitswert).",
        "Check the kind of the values (text, number, instant, truth value).",
    ),
)
UNUSABLE_TEXT = ErrorCode(
    "query.unusable_text",
    Text("Ein Text enthält ein Zeichen, das nicht gespeichert wird.", "A text has a character that is never stored."),
    Text("Verwenden Sie Texte ohne Nullzeichen.", "Use texts without NUL characters."),
)
KIND_NAMES = {
    "number": Text("eine Zahl", "a number"),
    "text": Text("ein Text", "a text"),
    "instant": Text("ein Zeitpunkt", "an instant"),
    "truth": Text("ein Wahrheitswert", "a truth value"),
    "interval": Text("ein Zeitraum", "an interval"),
    "duration": Text("eine Dauer", "a duration"),
    "time": Text("eine Uhrzeit", "a time of day"),
    "shape": Text("eine Geometrie", "a geometry"),
    "null": Text("null", "null"),
    "open": Text("ein offener Wert", "an open value"),
    "json": Text("ein JSON-Objekt", "a JSON object"),
}
_POSTGRES_KINDS = {"number": ["number"], "text": ["string"], "truth": ["boolean"]}
_SQLITE_KINDS = {"number": ["integer", "real"], "text": ["text"], "truth": ["true", "false"]}
_NO_PATH: Sql = literal_column("'{}'::text[]")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a.is_distinct_from(b),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


class Value(msgspec.Struct, frozen=True):
    """A compiled value. One of kind ``open`` (a result, a JSON member) is of the kind that it is compared with.

    An interval has its start as ``sql`` and its end among the variants; an instant is one that ends where it starts.
    ``present`` is null where the value is absent.
    """

    kind: Plain | Literal["null", "open", "json", "shape"]
    sql: Any = None
    variants: dict[str, Any] = {}

    @property
    def present(self) -> Sql:
        """Give what is null exactly where the value is absent."""
        found: Sql = self.variants["present"] if self.kind == "open" else self.sql
        return found

    @property
    def end(self) -> Sql:
        """Give the end of a time."""
        found: Sql = self.variants["end"] if self.kind == "interval" else self.sql
        return found

    def fits(self, kind: Plain) -> bool:
        """Tell whether the value can be taken as one of a kind."""
        return kind in (self.kind, *(self.variants if self.kind == "open" else ())) or (
            self.kind == "interval" and kind == "instant"
        )

    def of_kind(self, kind: Plain) -> Sql:
        """Give the value as one of a kind, an interval also as the instant of its start; refuse another kind."""
        if self.kind == "open" and kind in self.variants:
            return self.variants[kind]  # type: ignore[no-any-return]
        if not self.fits(kind):
            raise Malformed(WRONG_KIND, found=KIND_NAMES[self.kind], wanted=KIND_NAMES[kind])
        return self.sql  # type: ignore[no-any-return]


def constant(value: Constant | Interval | Duration | TimeOfDay) -> Value:
    """Compile a constant."""
    if isinstance(value, Interval):
        return Value("interval", literal(value.start), {"end": literal(value.end)})
    if isinstance(value, Duration | TimeOfDay):
        return Value("duration" if isinstance(value, Duration) else "time", literal(value.micros))
    raw = value.value
    if raw is None:
        return Value("null")
    if isinstance(raw, bool):
        return Value("truth", literal(raw))
    if isinstance(raw, str):
        if not storable(raw):
            raise Malformed(UNUSABLE_TEXT)
        return Value("text", literal(raw))
    if value.is_instant:
        return Value("instant", literal(int(raw)))
    return Value("number", literal(float(raw) if isinstance(raw, int) and abs(raw) >= 1 << 53 else raw))


def compare(operator: str, left: Value, right: Value, *, postgres: bool) -> ColumnElement[bool]:
    """Compile a comparison; refuse kinds that do not fit."""
    if "null" in (left.kind, right.kind):
        return _with_null(operator, left, right)
    kinds = {left.kind, right.kind} - {"open"}
    if "interval" in kinds and kinds <= {"interval", "instant"} and "open" not in (left.kind, right.kind):
        return relate(operator, left, right)
    ordered = operator not in ("eq", "ne")
    if len(kinds) > 1 or kinds & {"json", "shape", "interval"} or (ordered and "truth" in kinds):
        raise Malformed(NOT_COMPARABLE, left=KIND_NAMES[left.kind], right=KIND_NAMES[right.kind])
    if not kinds:
        return _open(operator, left, right, postgres=postgres)
    (kind,) = kinds
    if kind in ("instant", "duration", "time") and "open" in (left.kind, right.kind):
        raise Malformed(NOT_COMPARABLE, left=KIND_NAMES[left.kind], right=KIND_NAMES[right.kind])
    return _same_kind(operator, kind, left, right, postgres=postgres)


def _same_kind(operator: str, kind: Any, left: Value, right: Value, *, postgres: bool) -> ColumnElement[bool]:
    one, other = left.of_kind(kind), right.of_kind(kind)
    if kind == "text" and postgres and operator not in ("eq", "ne"):
        one = one.collate("C")
    if operator == "eq" and not (isinstance(one, BindParameter) or isinstance(other, BindParameter)):
        return one.is_not_distinct_from(other)
    compared: ColumnElement[bool] = OPERATORS[operator](one, other)
    return compared


def _with_null(operator: str, left: Value, right: Value) -> ColumnElement[bool]:
    other = right if left.kind == "null" else left
    if operator not in ("eq", "ne"):
        raise Malformed(NOT_COMPARABLE, left=KIND_NAMES[left.kind], right=KIND_NAMES[right.kind])
    if other.kind == "null":
        return false() if operator == "ne" else ~false()
    present = other.present
    return present.is_(None) if operator == "eq" else present.is_not(None)


def _open(operator: str, left: Value, right: Value, *, postgres: bool) -> ColumnElement[bool]:
    kinds: tuple[Plain, ...] = ("number", "text", "truth") if operator in ("eq", "ne") else ("number", "text")
    if operator == "ne":
        return ~func.coalesce(_open("eq", left, right, postgres=postgres), literal(value=False))
    of_kinds = [_same_kind(operator, kind, left, right, postgres=postgres) for kind in kinds]
    if operator == "eq":
        present = [and_(left.of_kind(kind).is_not(None), term) for kind, term in zip(kinds, of_kinds, strict=True)]
        return or_(and_(left.present.is_(None), right.present.is_(None)), *present)
    return or_(*of_kinds)


def member(column: Sql, names: tuple[str, ...], *, postgres: bool) -> Value:
    """Compile a member of a JSON text (the whole of it without names), whatever its kind."""
    if postgres:
        parsed = cast(column, JSONB)
        kind = func.jsonb_typeof(func.jsonb_extract_path(parsed, *names) if names else parsed)
        text = func.jsonb_extract_path_text(parsed, *names) if names else parsed.op("#>>")(_NO_PATH)
        names_of = _POSTGRES_KINDS
        truth = text == literal("true")
    else:
        path = literal("$" + "".join(f'."{name}"' for name in names))
        kind, text = func.json_type(column, path), func.json_extract(column, path)
        names_of = _SQLITE_KINDS
        truth = kind == literal("true")
    return Value(
        "open",
        variants={
            "number": case((kind.in_(names_of["number"]), cast(text, Number) if postgres else text)),
            "text": case((kind.in_(names_of["text"]), cast(text, String))),
            "truth": case((kind.in_(names_of["truth"]), truth)),
            "present": func.nullif(kind, literal("null")),
        },
    )


def result(number: Sql, other: Sql, names: tuple[str, ...], *, postgres: bool) -> Value:
    """Compile an observation's result: a number has a column of its own, the rest is JSON."""
    found = member(other, names, postgres=postgres)
    if names:
        return found
    present = case((number.is_not(None), literal("number")), else_=found.variants["present"])
    return Value("open", variants={**found.variants, "number": number, "present": present})


def quality(level: Sql, described: Sql, names: tuple[str, ...], *, postgres: bool) -> Value:
    """Compile an observation's quality: a level has a number, any other is JSON."""
    found = member(described, names, postgres=postgres)
    if names:
        return found
    name = case(*((level == number, literal(name)) for number, name in enumerate(QUALITIES)))
    text = case((described.is_(None), name), else_=found.variants["text"])
    present = case((described.is_(None), name), else_=found.variants["present"])
    return Value("open", variants={**found.variants, "text": text, "present": present})


def kept_span(column: Sql, *, postgres: bool) -> Value:
    """Compile a time that is kept as a JSON array of start and end."""
    parsed = cast(column, JSONB) if postgres else column
    start, end = (
        cast(
            func.jsonb_extract_path_text(parsed, str(place)) if postgres else func.json_extract(parsed, f"$[{place}]"),
            Big,
        )
        for place in (0, 1)
    )
    return Value("interval", start, {"end": end})


def relate(relation: str, left: Value, right: Value) -> ColumnElement[bool]:
    """Compile how two times lie to each other; a missing time is unequal to every other and else nowhere."""
    one, other = (Times(value.of_kind("instant"), value.end, long=value.kind == "interval") for value in (left, right))
    related = RELATIONS[relation](one, other)
    return func.coalesce(related, true()) if relation == "ne" else related
