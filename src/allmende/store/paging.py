"""Keyset paging: the keys of the order and the id make a cursor, behind which the next page begins."""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import FromClause, Select, and_, or_

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.filters import Compiler
from allmende.store.query import Order, Path, Query
from allmende.store.rows import storable

BAD_CURSOR = ErrorCode(
    "query.bad_cursor",
    Text("Die Fortsetzungsmarke ist nicht gültig.", "The continuation mark is not valid."),
    Text("Folgen Sie dem nextLink der vorigen Seite unverändert.", "Follow the nextLink of the page before as it is."),
)
ID = Path(("id",))
GREATEST = 1 << 63


class Key(msgspec.Struct, frozen=True):
    """One key of an order. Null is less than any value (18-088, clause 9.3.3.2), in either database."""

    kind: str
    sql: Any
    descending: bool
    nullable: bool

    @property
    def ordering(self) -> Any:
        """Give the clause of ORDER BY."""
        if not self.nullable:
            return self.sql.desc() if self.descending else self.sql.asc()
        return self.sql.desc().nulls_last() if self.descending else self.sql.asc().nulls_first()

    def beyond(self, value: Any) -> Any:
        """Tell what follows a value; nothing follows a null when descending."""
        if value is None:
            return None if self.descending else self.sql.is_not(None)
        if not self.descending:
            return self.sql > value
        return or_(self.sql < value, self.sql.is_(None)) if self.nullable else self.sql < value

    def same(self, value: Any) -> Any:
        """Tell what has the same key."""
        return self.sql.is_(None) if value is None else self.sql == value

    def fits(self, value: Any) -> bool:
        """Tell whether a cursor's value can be one of this key."""
        if value is None:
            return self.nullable
        if self.kind == "text":
            return storable(value)
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < GREATEST


def _by_time(rows: FromClause) -> list[Key]:
    """Give the order of observations that none asks for: by datastream and time, as they lie in the store."""
    columns = (("number", rows.c.datastream_id), ("instant", rows.c.start), ("number", rows.c.id))
    return [Key(kind, column, descending=False, nullable=False) for kind, column in columns]


def keys_of(compiler: Compiler, query: Query, rows: FromClause) -> list[Key]:
    """Compile the order of a question; the id comes last, so that the order is whole."""
    if query.kind == "Observations" and not query.order:
        return _by_time(rows)
    orders = [*query.order]
    if not any(order.path == ID for order in orders):
        orders.append(Order(ID, orders[-1].descending if orders else False))
    keys = []
    for order in orders:
        for kind, sql, nullable in compiler.key(order.path, query.kind, rows):
            collated = sql.collate("C") if kind == "text" and compiler.postgres else sql
            keys.append(Key(kind, collated, order.descending, nullable))
        if order.path == ID:
            break
    return keys


def first_of(rows: Sequence[Any], keys: Sequence[Key], most: int) -> list[Any]:
    """Put rows that end in their keys in order, and give the first of them."""
    ordered = list(rows)
    for place in range(-1, -len(keys) - 1, -1):
        key = keys[place]
        there = [row for row in ordered if row[place] is not None]
        there.sort(key=lambda row: row[place], reverse=key.descending)
        absent = [row for row in ordered if row[place] is None]
        ordered = [*there, *absent] if key.descending else [*absent, *there]
    return ordered[:most]


def behind(question: Select[Any], keys: Sequence[Key], cursor: str) -> Select[Any]:
    """Narrow a question to what stands behind a cursor."""
    values = _values(cursor, keys)
    branches = []
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        beyond = key.beyond(value)
        if beyond is not None:
            branches.append(and_(*(k.same(v) for k, v in zip(keys[:index], values[:index], strict=True)), beyond))
    question = question.where(or_(*branches))
    first, value = keys[0], values[0]
    if len(keys) > 1 and not first.nullable:
        # Says again what the branches say, in a form that an index can use.
        question = question.where(first.sql <= value if first.descending else first.sql >= value)
    return question


def cursor_of(values: Sequence[Any]) -> str:
    """Write the keys of a page's last row as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(values))).decode().rstrip("=")


def _read(cursor: str) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=list[Any])
    except (ValueError, msgspec.DecodeError) as error:
        raise Malformed(BAD_CURSOR) from error


def _values(cursor: str, keys: Sequence[Key]) -> list[Any]:
    values = _read(cursor)
    if len(values) != len(keys) or not all(key.fits(value) for key, value in zip(keys, values, strict=True)):
        raise Malformed(BAD_CURSOR)
    return values


def numbers_of(cursor: str, count: int) -> list[int]:
    """Read a cursor of so many whole numbers."""
    values = _read(cursor)
    if len(values) != count or not all(type(value) is int and abs(value) < GREATEST for value in values):
        raise Malformed(BAD_CURSOR)
    return values
