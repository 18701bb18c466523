"""Compiles the filter tree to SQL; navigation paths follow only what the scope lets through."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from allmende.kernel.errors import Denied, ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS, Unit
from allmende.store.among import among
from allmende.store.functions import call
from allmende.store.geography import Places
from allmende.store.geometry import FUNCTIONS, Question, looked_up
from allmende.store.navigation import LINKS, PROPERTIES, Link, Property
from allmende.store.query import (
    Among,
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
    Shape,
    TimeOfDay,
)
from allmende.store.scope import Scope
from allmende.store.tables import stream_state
from allmende.store.values import Sql, Value, compare, constant, kept_span, member, quality, result
from allmende.store.visible import seen

UNKNOWN_PROPERTY = ErrorCode(
    "query.unknown_property",
    Text("„{path}“ gibt es an {kind} nicht.", "There is no “{path}” on {kind}."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)
NO_CONDITION = ErrorCode(
    "query.no_condition",
    Text("Hier fehlt eine Bedingung.", "A condition is missing here."),
    Text("Vergleichen Sie mit eq, ne, gt, ge, lt oder le.", "Compare with eq, ne, gt, ge, lt or le."),
)
HIDDEN = ErrorCode(
    "gate.hidden_field",
    Text("Nach „{field}“ darf nicht gefragt werden: {rule}.", "“{field}” may not be asked for: {rule}."),
    Text("Lassen Sie diese Bedingung weg.", "Leave this condition out."),
)
TOO_DEEP = ErrorCode(
    "query.too_deep",
    Text("Die Bedingung ist zu tief verschachtelt.", "The condition is nested too deeply."),
    Text("Schreiben Sie sie mit höchstens {deepest} Ebenen.", "Write it with at most {deepest} levels."),
)
NO_ORDER = ErrorCode(
    "query.no_order",
    Text("Danach lässt sich nicht ordnen.", "This gives no order."),
    Text(
        "Ordnen Sie nach einer Zahl, einem Text oder einem Zeitpunkt, von denen es je Zeile einen gibt.",
        "Order by a number, a text or an instant of which each row has one.",
    ),
)
NO_PLACE = ErrorCode(
    "query.no_place",
    Text("„{path}“ ist kein Ort.", "“{path}” is no place."),
    Text(
        "Geometrische Funktionen rechnen mit location, feature oder observedArea.",
        "Geospatial functions reckon with location, feature or observedArea.",
    ),
)
_JSON_NAME = re.compile(r"[\w@.:-]+")
DEEPEST = 100
UNIT_PARTS: dict[str, Callable[[Unit], str]] = {
    "name": lambda unit: unit.name.en,
    "symbol": lambda unit: unit.symbol,
    "definition": lambda unit: unit.definition,
}
Step = tuple[FromClause, ColumnElement[bool]]


def linked(link: Link, near: FromClause, far: FromClause) -> ColumnElement[bool]:
    """Give the condition under which a far row hangs on a near row."""
    if link.between is None:
        return far.c[link.far] == near.c[link.near]
    between = link.between.alias()
    joined = and_(between.c[link.near] == near.c.id, between.c[link.far] == far.c.id)
    return exists(select(literal(1)).select_from(between).where(joined).correlate_except(between))


@contextmanager
def speaking_of(expression: Expression) -> Iterator[None]:
    """Note in an error of which part of the question it speaks."""
    try:
        yield
    except Malformed as error:
        raise about(error, expression) from error.__cause__


def about(error: Malformed, part: Expression) -> Malformed:
    """Give an error with the part of the question of which it speaks, if it has none yet."""
    error.about = error.about or part
    return error


class Compiler:
    """Compiles the conditions of one question."""

    def __init__(self, scope: Scope, places: Places) -> None:
        self.scope, self.places = scope, places
        self.postgres = places.connection.dialect.name == "postgresql"

    def condition(self, expression: Expression, kind: Kind, rows: FromClause, depth: int = 0) -> ColumnElement[bool]:
        """Compile a condition on the rows of a set; a path over links becomes "there is one for which"."""
        with speaking_of(expression):
            return self._condition(expression, kind, rows, depth)

    def _condition(self, expression: Expression, kind: Kind, rows: FromClause, depth: int) -> ColumnElement[bool]:
        if depth > DEEPEST:
            raise Malformed(TOO_DEEP, deepest=DEEPEST)
        if isinstance(expression, Logic):
            terms = [self.condition(term, kind, rows, depth + 1) for term in expression.terms]
            return and_(*terms) if expression.operator == "and" else or_(*terms)
        if isinstance(expression, Not):
            return not_(func.coalesce(self.condition(expression.term, kind, rows, depth + 1), false()))
        if isinstance(expression, Among):
            return among(rows.c.id, expression.ids)
        if isinstance(expression, Constant):
            if not isinstance(expression.value, bool):
                raise Malformed(NO_CONDITION)
            return true() if expression.value else false()
        steps: list[Step] = []
        found = self._term(expression, kind, rows, steps)
        for far, link in reversed(steps):
            found = exists(select(literal(1)).select_from(far).where(link, found).correlate_except(far))
        return found

    def _term(self, expression: Expression, kind: Kind, rows: FromClause, steps: list[Step]) -> ColumnElement[bool]:
        if isinstance(expression, Compare):
            left = self._value(expression.left, kind, rows, steps)
            right = self._value(expression.right, kind, rows, steps)
            return compare(expression.operator, left, right, postgres=self.postgres)
        value = self._value(expression, kind, rows, steps)
        if value.kind not in ("truth", "open"):
            raise Malformed(NO_CONDITION)
        return value.of_kind("truth") == true()

    def _value(self, expression: Expression, kind: Kind, rows: FromClause, steps: list[Step], depth: int = 0) -> Value:
        with speaking_of(expression):
            return self._read(expression, kind, rows, steps, depth)

    def _read(self, expression: Expression, kind: Kind, rows: FromClause, steps: list[Step], depth: int) -> Value:
        if depth > DEEPEST:
            raise Malformed(TOO_DEEP, deepest=DEEPEST)
        if isinstance(expression, Constant | Interval | Duration | TimeOfDay):
            return constant(expression)
        if isinstance(expression, Shape):
            return Value("shape")
        if isinstance(expression, Call):
            if expression.name in FUNCTIONS:
                return self._geometric(expression, kind, rows, steps)
            values = [self._value(argument, kind, rows, steps, depth + 1) for argument in expression.arguments]
            return call(expression.name, values, self.scope.now, postgres=self.postgres)
        if isinstance(expression, Path):
            return self._path(expression.parts, kind, rows, steps)
        return Value("truth", self.condition(expression, kind, rows, depth + 1))

    def _path(self, parts: tuple[str, ...], kind: Kind, rows: FromClause, steps: list[Step]) -> Value:
        """Walk the links of a path, noting each step, and read the property at its end."""
        parts, kind, rows = self._walk(parts, kind, rows, steps)
        return self._property(parts, kind, rows)

    def _walk(
        self, parts: tuple[str, ...], kind: Kind, rows: FromClause, steps: list[Step]
    ) -> tuple[tuple[str, ...], Kind, FromClause]:
        while len(parts) > 1 and parts[0] in LINKS[kind]:
            link = LINKS[kind][parts[0]]
            far = seen(link.target, self.scope).alias()
            steps.append((far, linked(link, rows, far)))
            kind, rows, parts = link.target, far, parts[1:]
        return parts, kind, rows

    def _geometric(self, asked: Call, kind: Kind, rows: FromClause, steps: list[Step]) -> Value:
        """Compile a geospatial function of one place and constants, or of constants alone."""
        question = Question.of(asked)
        if question.path is None:
            return constant(Constant(question.constant()))
        parts, kind, rows = self._walk(question.path.parts, kind, rows, steps)
        known = PROPERTIES[kind].get(parts[0])
        if kind == "Observations" or len(parts) > 1 or known is None or known.kind != "place":
            raise about(Malformed(NO_PLACE, path="/".join(question.path.parts)[:100]), question.path)
        found = self.places.values(kind, known.column, asked, question.reckon)
        if question.gives == "number":
            return Value("number", looked_up(found, rows.c.id, postgres=self.postgres))
        true_for = [number for number, value in found.items() if value]
        return Value("truth", among(rows.c.id, true_for))

    def key(self, by: Expression, kind: Kind, rows: FromClause) -> list[tuple[str, Sql, bool]]:
        """Compile a key of an order: its kind, its value, whether it can be null.

        An open value is ordered as number, then as text.
        """
        with speaking_of(by):
            return self._key(by, kind, rows)

    def _key(self, by: Expression, kind: Kind, rows: FromClause) -> list[tuple[str, Sql, bool]]:
        self._refuse_many(by, kind)
        steps: list[Step] = []
        value = self._value(by, kind, rows, steps)
        if value.kind in ("json", "null", "shape"):
            raise Malformed(NO_ORDER)
        if value.kind == "open":
            return [(name, self._reached(value.variants[name], steps), True) for name in ("number", "text")]
        known = ("id", "time", "name", *(("phenomenonTime",) if kind == "Observations" else ()))
        never = isinstance(by, Path) and by.parts[-1] in known and not steps
        kind_of_key = "instant" if value.kind == "interval" else value.kind
        return [(kind_of_key, self._reached(value.sql, steps), not never)]

    def _refuse_many(self, by: Expression, kind: Kind) -> None:
        """Refuse to order by what there can be several of."""
        if isinstance(by, Call):
            for argument in by.arguments:
                self._refuse_many(argument, kind)
        parts = by.parts if isinstance(by, Path) else ()
        while len(parts) > 1 and parts[0] in LINKS[kind]:
            link = LINKS[kind][parts[0]]
            if link.many:
                raise about(Malformed(NO_ORDER), by)
            kind, parts = link.target, parts[1:]

    def _reached(self, sql: Sql, steps: list[Step]) -> Sql:
        for far, link in reversed(steps):
            sql = select(sql).select_from(far).where(link).correlate_except(far).scalar_subquery()
        return sql

    def _unknown(self, parts: tuple[str, ...], kind: Kind) -> Malformed:
        known = ", ".join([*PROPERTIES[kind], *LINKS[kind]])
        return Malformed(UNKNOWN_PROPERTY, path="/".join(parts)[:100], kind=kind, known=known)

    def _property(self, parts: tuple[str, ...], kind: Kind, rows: FromClause) -> Value:
        head, rest = parts[0], parts[1:]
        known = PROPERTIES[kind].get(head)
        inside = known is not None and known.kind in ("json", "place", "result", "unit", "quality")
        if known is None or (rest and not inside) or not all(_JSON_NAME.fullmatch(name) for name in rest):
            raise self._unknown(parts, kind)
        self._refuse_hidden(head, kind)
        if known.kind == "extent":
            return self._extent(known, rows)
        column = rows.c[known.column]
        if known.kind in ("json", "place"):
            return member(column, rest, postgres=self.postgres) if rest else Value("json", column)
        if known.kind == "result":
            return result(rows.c.number, rows.c.other, rest, postgres=self.postgres)
        if known.kind == "quality":
            return quality(column, rows.c.described, rest, postgres=self.postgres)
        if known.kind == "unit":
            return self._unit(parts, kind, column, rows.c.unit_given)
        return self._simple(known, column, rows)

    def _simple(self, known: Property, column: Any, rows: FromClause) -> Value:
        if known.kind == "span":
            return Value("interval", column, {"end": column + rows.c.duration})
        if known.kind == "latency":
            return Value("instant", rows.c.start + rows.c.duration + column)
        if known.kind == "valid":
            return kept_span(column, postgres=self.postgres)
        return Value("instant" if known.kind == "instant" else "number" if known.kind == "number" else "text", column)

    def _extent(self, known: Property, rows: FromClause) -> Value:
        """Read from when to when a datastream reaches; what limits change is known only when it is read."""
        plain = [name for name, limits in self.scope.categories.items() if limits.plain]
        state = stream_state.alias()
        here = and_(state.c.datastream_id == rows.c.id, rows.c.category.in_(sorted(plain)))
        if self.scope.closed:
            here = and_(here, rows.c.data_use.not_in(sorted(self.scope.closed)))
        start, end = (
            select(state.c[name]).where(here).correlate(rows).scalar_subquery()
            for name in (known.column, known.column.replace("first", "last"))
        )
        return Value("interval", start, {"end": end})

    def _unit(self, parts: tuple[str, ...], kind: Kind, column: Any, given: Any) -> Value:
        """Read a part of a unit, which is kept by its code, and as it was sent where that says more."""
        if len(parts) != 2 or parts[1] not in UNIT_PARTS:
            raise self._unknown(parts, kind)
        read = UNIT_PARTS[parts[1]]
        sent = member(given, parts[1:], postgres=self.postgres).variants["text"]
        whens = ((column == code, literal(read(unit))) for code, unit in UNITS.items())
        return Value("text", case((given.is_not(None), sent), *whens, else_=column))

    def _refuse_hidden(self, head: str, kind: Kind) -> None:
        """Refuse to ask for what every open category hides; where only some do, their values count as absent.

        Exact places are refused as soon as one category shows them coarser.
        """
        limits = self.scope.categories
        hiding = [name for name, limit in limits.items() if kind == "Observations" and head in limit.hidden]
        if PROPERTIES[kind][head].kind == "place":
            limits = self.places.scope.categories
            hiding = [name for name, limit in limits.items() if limit.space_grid]
        elif len(hiding) < len(limits):
            return
        if hiding:
            raise Denied(HIDDEN, field=head, rule=self.scope.rules.get(hiding[0], Text(hiding[0], hiding[0])))
