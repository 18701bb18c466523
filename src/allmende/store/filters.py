"""Compiles the filter tree to SQL; navigation paths follow only what the scope lets through."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy import Float as Number
from sqlalchemy import Text as String
from sqlalchemy.dialects.postgresql import JSONB

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.navigation import JSON_PROPERTIES, LINKS, PROPERTIES, Link
from allmende.store.query import Call, Compare, Constant, Expression, Kind, Logic, Not, Path
from allmende.store.scope import Scope
from allmende.store.visible import entities, seen_observations

UNKNOWN_PROPERTY = ErrorCode(
    "query.unknown_property",
    Text("„{path}“ gibt es an {kind} nicht.", "There is no “{path}” on {kind}."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
UNKNOWN_FUNCTION = ErrorCode(
    "query.unknown_function",
    Text(
        "Die Funktion „{name}“ mit {count} Werten gibt es hier nicht.",
        "There is no function “{name}” with {count} values here.",
    ),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
NOT_COMPARABLE = ErrorCode(
    "query.not_comparable",
    Text("„{path}“ lässt sich nicht mit diesem Wert vergleichen.", "“{path}” cannot be compared with this value."),
    Text(
        "Prüfen Sie die Art des Werts (Text, Zahl, Zeitpunkt).", "Check the kind of the value (text, number, instant)."
    ),
)
SECOND = 1_000_000

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
_JSON_NAME = re.compile(r"[A-Za-z0-9_.@-]+")


def seen(kind: Kind, scope: Scope) -> FromClause:
    """Give the rows of any set, observations too, that the scope lets through."""
    return seen_observations(scope) if kind == "Observations" else entities(kind, scope)


def linked(link: Link, near: FromClause, far: FromClause) -> ColumnElement[bool]:
    """Give the condition under which a far row hangs on a near row."""
    if link.between is None:
        return far.c[link.far] == near.c[link.near]
    between = link.between.alias()
    joined = and_(between.c[link.near] == near.c.id, between.c[link.far] == far.c.id)
    return select(literal(1)).select_from(between).where(joined).correlate(near, far).exists()


class Compiler:
    """Compiles the conditions of one question."""

    def __init__(self, scope: Scope, dialect: Dialect) -> None:
        self.scope = scope
        self.postgres = dialect.name == "postgresql"

    def condition(self, expression: Expression, kind: Kind, rows: FromClause) -> ColumnElement[bool]:
        """Compile a condition on the rows of a set."""
        if isinstance(expression, Logic):
            terms = [self.condition(term, kind, rows) for term in expression.terms]
            return and_(*terms) if expression.operator == "and" else or_(*terms)
        if isinstance(expression, Not):
            return not_(func.coalesce(self.condition(expression.term, kind, rows), literal(False)))
        if isinstance(expression, Compare):
            return self._compare(expression, kind, rows)
        if isinstance(expression, Call):
            return self._through_many(
                expression.arguments, kind, rows, lambda values: self._predicate(expression, values)
            )
        if isinstance(expression, Constant):
            return true() if expression.value is True else false()
        value = self.value(expression, kind, rows, as_number=False)
        truth: ColumnElement[bool] = func.lower(cast(value, String)).in_(("true", "1"))
        return truth

    def _compare(self, expression: Compare, kind: Kind, rows: FromClause) -> ColumnElement[bool]:
        sides = (expression.left, expression.right)
        numeric = any(isinstance(side, Constant) and _is_number(side.value) for side in sides)

        def compared(values: list[Any]) -> ColumnElement[bool]:
            left, right = values
            for side, other in ((expression.left, right), (expression.right, left)):
                if isinstance(side, Constant) and side.value is None:
                    return other.is_(None) if expression.operator == "eq" else other.is_not(None)
            result: ColumnElement[bool] = OPERATORS[expression.operator](left, right)
            return result

        return self._through_many(sides, kind, rows, compared, numeric=numeric)

    def _through_many(
        self,
        sides: tuple[Expression, ...],
        kind: Kind,
        rows: FromClause,
        build: Callable[[list[Any]], ColumnElement[bool]],
        *,
        numeric: bool = False,
    ) -> ColumnElement[bool]:
        """Build a condition; a path over a to-many link becomes "there is one for which"."""
        values: list[Any] = []
        wrappers: list[tuple[FromClause, ColumnElement[bool]]] = []
        for side in sides:
            if isinstance(side, Path) and (step := self._first_many(side, kind)) is not None:
                far: FromClause = seen(step.target, self.scope).alias()
                wrappers.append((far, linked(step, rows, far)))
                values.append(self.value(Path(side.parts[1:]), step.target, far, as_number=numeric))
            else:
                values.append(self.value(side, kind, rows, as_number=numeric))
        condition = build(values)
        for far, link in wrappers:
            condition = select(literal(1)).select_from(far).where(link, condition).correlate(rows).exists()
        return condition

    def _first_many(self, path: Path, kind: Kind) -> Link | None:
        link = LINKS[kind].get(path.parts[0])
        return link if link is not None and link.many and len(path.parts) > 1 else None

    def value(self, expression: Expression, kind: Kind, rows: FromClause, *, as_number: bool) -> ColumnElement[Any]:
        """Compile a value: a constant, a property or a function."""
        if isinstance(expression, Constant):
            return literal(expression.value) if expression.value is not None else literal(None)
        if isinstance(expression, Path):
            return self._path(expression.parts, kind, rows, as_number=as_number)
        if isinstance(expression, Call):
            values = [self.value(argument, kind, rows, as_number=False) for argument in expression.arguments]
            return self._function(expression, values)
        raise Malformed(NOT_COMPARABLE, path="(…)")

    def _path(self, parts: tuple[str, ...], kind: Kind, rows: FromClause, *, as_number: bool) -> ColumnElement[Any]:
        head, rest = parts[0], parts[1:]
        link = LINKS[kind].get(head)
        if link is not None and not link.many and rest:
            far = seen(link.target, self.scope).alias()
            inner = self._path(rest, link.target, far, as_number=as_number)
            question: Select[Any] = select(inner).select_from(far).where(linked(link, rows, far)).correlate(rows)
            return question.scalar_subquery()
        if head not in PROPERTIES[kind] or (rest and head not in JSON_PROPERTIES):
            known = ", ".join([*PROPERTIES[kind], *LINKS[kind]])
            raise Malformed(UNKNOWN_PROPERTY, path="/".join(parts)[:100], kind=kind, known=known)
        if kind == "Observations":
            return self._observed(head, rest, rows, as_number=as_number)
        column = rows.c[PROPERTIES[kind][head]]
        return self._member(column, rest, as_number=as_number) if rest else column

    def _observed(self, head: str, rest: tuple[str, ...], rows: FromClause, *, as_number: bool) -> ColumnElement[Any]:
        if head == "result":
            return (
                rows.c.number
                if as_number
                else case((rows.c.number.is_not(None), cast(rows.c.number, String)), else_=_unquoted(rows.c.other))
            )
        if head == "resultTime":
            return rows.c.start + rows.c.duration + rows.c.latency
        if head == "parameters" and rest:
            return self._member(rows.c.parameters, rest, as_number=as_number)
        return rows.c[PROPERTIES["Observations"][head]]

    def _member(self, column: ColumnElement[Any], names: tuple[str, ...], *, as_number: bool) -> ColumnElement[Any]:
        """Read a member of a JSON text; a number where it is compared with one, text otherwise."""
        if not all(_JSON_NAME.fullmatch(name) for name in names):
            raise Malformed(UNKNOWN_PROPERTY, path="/".join(names)[:100], kind="JSON", known="A–Z a–z 0–9 _ . @ -")
        if self.postgres:
            text = func.jsonb_extract_path_text(cast(column, JSONB), *names)
            if as_number:
                is_number = func.jsonb_typeof(func.jsonb_extract_path(cast(column, JSONB), *names)) == "number"
                return case((is_number, cast(text, Number)), else_=None)
            return text
        path = "$" + "".join(f'."{name}"' for name in names)
        member = func.json_extract(column, path)
        if as_number:
            return case((func.json_type(column, path).in_(("integer", "real")), member), else_=None)
        truth = case((func.json_type(column, path) == "true", "true"), else_="false")
        return case((func.json_type(column, path).in_(("true", "false")), truth), else_=cast(member, String))

    def _predicate(self, call: Call, values: list[Any]) -> ColumnElement[bool]:
        predicates: dict[tuple[str, int], Callable[..., Any]] = {
            ("substringof", 2): lambda part, whole: self._position(part, whole) > 0,
            ("startswith", 2): lambda whole, part: func.substr(whole, 1, func.length(part)) == part,
            ("endswith", 2): lambda whole, part: func.substr(whole, func.length(whole) - func.length(part) + 1) == part,
        }
        build = predicates.get((call.name, len(values)))
        if build is None:
            raise Malformed(UNKNOWN_FUNCTION, name=call.name, count=len(values), known=", ".join(KNOWN_FUNCTIONS))
        result: ColumnElement[bool] = build(*values)
        return result

    def _position(self, part: Any, whole: Any) -> Any:
        return func.strpos(whole, part) if self.postgres else func.instr(whole, part)

    def _function(self, call: Call, values: list[Any]) -> ColumnElement[Any]:
        functions: dict[tuple[str, int], Callable[..., Any]] = {
            ("tolower", 1): func.lower,
            ("toupper", 1): func.upper,
            ("trim", 1): func.trim,
            ("length", 1): func.length,
            ("concat", 2): lambda first, second: first + second,
            ("indexof", 2): lambda whole, part: self._position(part, whole) - 1,
            ("substring", 2): lambda whole, start: func.substr(whole, start + 1),
            ("substring", 3): lambda whole, start, size: func.substr(whole, start + 1, size),
            ("round", 1): func.round,
            ("floor", 1): func.floor,
            ("ceiling", 1): func.ceil,
            **{(name, 1): self._calendar(name) for name in CALENDAR},
        }
        build = functions.get((call.name, len(values)))
        if build is None:
            raise Malformed(UNKNOWN_FUNCTION, name=call.name, count=len(values), known=", ".join(KNOWN_FUNCTIONS))
        result: ColumnElement[Any] = build(*values)
        return result

    def _calendar(self, name: str) -> Callable[[Any], Any]:
        """Give the part of an instant in UTC."""

        def part(micros: Any) -> Any:
            seconds = micros / SECOND if self.postgres else micros // SECOND
            if self.postgres:
                return cast(func.date_part(name, func.timezone("UTC", func.to_timestamp(seconds))), Number)
            return cast(func.strftime(CALENDAR[name], seconds, "unixepoch"), Number)

        return part


CALENDAR = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
KNOWN_FUNCTIONS = (
    *("substringof", "startswith", "endswith", "tolower", "toupper", "trim", "length", "concat", "indexof"),
    *("substring", "round", "floor", "ceiling"),
    *CALENDAR,
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unquoted(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a JSON string without its quotes; other JSON stays as it is written."""
    return case((column.like('"%'), func.substr(column, 2, func.length(column) - 2)), else_=column)
