"""Compiles the filter tree to SQL; navigation paths follow only what the scope lets through."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
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
from allmende.store.functions import call
from allmende.store.navigation import LINKS, PROPERTIES, Link, Property
from allmende.store.query import (
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
    TimeOfDay,
)
from allmende.store.scope import Scope
from allmende.store.tables import QUALITIES
from allmende.store.values import Sql, Value, compare, constant, member, result
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
_JSON_NAME = re.compile(r"[A-Za-z_@.-][A-Za-z0-9_.@-]*")
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


class Compiler:
    """Compiles the conditions of one question."""

    def __init__(self, scope: Scope, dialect: Dialect) -> None:
        self.scope = scope
        self.postgres = dialect.name == "postgresql"

    def condition(self, expression: Expression, kind: Kind, rows: FromClause, depth: int = 0) -> ColumnElement[bool]:
        """Compile a condition on the rows of a set; a path over links becomes "there is one for which"."""
        if depth > DEEPEST:
            raise Malformed(TOO_DEEP, deepest=DEEPEST)
        if isinstance(expression, Logic):
            terms = [self.condition(term, kind, rows, depth + 1) for term in expression.terms]
            return and_(*terms) if expression.operator == "and" else or_(*terms)
        if isinstance(expression, Not):
            return not_(func.coalesce(self.condition(expression.term, kind, rows, depth + 1), false()))
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
        if depth > DEEPEST:
            raise Malformed(TOO_DEEP, deepest=DEEPEST)
        if isinstance(expression, Constant | Interval | Duration | TimeOfDay):
            return constant(expression)
        if isinstance(expression, Call):
            values = [self._value(argument, kind, rows, steps, depth + 1) for argument in expression.arguments]
            return call(expression.name, values, self.scope.now, postgres=self.postgres)
        if isinstance(expression, Path):
            return self._path(expression.parts, kind, rows, steps)
        return Value("truth", self.condition(expression, kind, rows, depth + 1))

    def _path(self, parts: tuple[str, ...], kind: Kind, rows: FromClause, steps: list[Step]) -> Value:
        """Walk the links of a path, noting each step, and read the property at its end."""
        while len(parts) > 1 and parts[0] in LINKS[kind]:
            link = LINKS[kind][parts[0]]
            far = seen(link.target, self.scope).alias()
            steps.append((far, linked(link, rows, far)))
            kind, rows, parts = link.target, far, parts[1:]
        return self._property(parts, kind, rows)

    def key(self, path: Path, kind: Kind, rows: FromClause) -> list[tuple[str, Sql, bool]]:
        """Compile a key of an order: its kind, its value, whether it can be null.

        An open value is ordered as number, then as text.
        """
        steps: list[Step] = []
        parts = path.parts
        for link in self._links(parts, kind):
            if link.many:
                raise self._unknown(parts, kind)
        value = self._path(parts, kind, rows, steps)
        if value.kind == "json":
            raise self._unknown(parts, kind)
        if value.kind == "open":
            return [(name, self._reached(value.variants[name], steps), True) for name in ("number", "text")]
        never = parts[-1] in ("id", "phenomenonTime", "time", "name") and not steps
        kind_of_key = "instant" if value.kind == "interval" else value.kind
        return [(kind_of_key, self._reached(value.sql, steps), not never)]

    def _links(self, parts: tuple[str, ...], kind: Kind) -> list[Link]:
        found = []
        while len(parts) > 1 and parts[0] in LINKS[kind]:
            found.append(LINKS[kind][parts[0]])
            kind, parts = found[-1].target, parts[1:]
        return found

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
        inside = known is not None and known.kind in ("json", "result", "unit")
        if known is None or (rest and not inside) or not all(_JSON_NAME.fullmatch(name) for name in rest):
            raise self._unknown(parts, kind)
        self._refuse_hidden(head, kind)
        column = rows.c[known.column]
        if known.kind == "json":
            return member(column, rest, postgres=self.postgres) if rest else Value("json", column)
        if known.kind == "result":
            return result(rows.c.number, rows.c.other, rest, postgres=self.postgres)
        if known.kind == "unit":
            return self._unit(parts, kind, column, rows.c.unit_given)
        return self._simple(known, column, rows)

    def _simple(self, known: Property, column: Any, rows: FromClause) -> Value:
        if known.kind == "span":
            return Value("interval", column, {"end": column + rows.c.duration})
        if known.kind == "latency":
            return Value("instant", rows.c.start + rows.c.duration + column)
        if known.kind == "quality":
            return Value("text", case(*((column == number, literal(name)) for number, name in enumerate(QUALITIES))))
        return Value("instant" if known.kind == "instant" else "number" if known.kind == "number" else "text", column)

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
        if head in ("location", "feature", "observedArea"):
            hiding = [name for name, limit in limits.items() if limit.space_grid]
        elif len(hiding) < len(limits):
            return
        if hiding:
            raise Denied(HIDDEN, field=head, rule=self.scope.rules.get(hiding[0], Text(hiding[0], hiding[0])))
