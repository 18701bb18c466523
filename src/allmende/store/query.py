"""How the doors ask the store: filters as a small tree, independent of SQL and of any standard's grammar."""

from typing import Literal

import msgspec

from allmende.store.model import EntityKind

Comparison = Literal["eq", "ne", "gt", "ge", "lt", "le"]
Kind = EntityKind | Literal["Observations"]


class Path(msgspec.Struct, frozen=True, tag=True):
    """A property, reached over navigation links: ``("Thing", "properties", "slug")``.

    Names are those of SensorThings 1.1; entities end in a property, JSON members may follow it.
    """

    parts: tuple[str, ...]


class Constant(msgspec.Struct, frozen=True, tag=True):
    """A constant: text, number, truth, nothing, or an instant in microseconds (``is_instant``)."""

    value: str | float | int | bool | None
    is_instant: bool = False


class Interval(msgspec.Struct, frozen=True, tag=True):
    """A constant interval of time in microseconds, end exclusive; ``start`` lies before ``end``."""

    start: int
    end: int


class Duration(msgspec.Struct, frozen=True, tag=True):
    """A constant length of time in microseconds; it may be negative."""

    micros: int


class TimeOfDay(msgspec.Struct, frozen=True, tag=True):
    """A constant time of a day: the microseconds since midnight."""

    micros: int


class Shape(msgspec.Struct, frozen=True, tag=True):
    """A constant geometry in WGS 84, longitude first, as well-known text."""

    wkt: str


class Call(msgspec.Struct, frozen=True, tag=True):
    """A function or an arithmetic operator of the standard, such as ``substringof``, ``year`` or ``add``."""

    name: str
    arguments: "tuple[Expression, ...]"


class Compare(msgspec.Struct, frozen=True, tag=True):
    """A comparison of two values."""

    operator: Comparison
    left: "Expression"
    right: "Expression"


class Logic(msgspec.Struct, frozen=True, tag=True):
    """``and`` or ``or`` over two or more conditions."""

    operator: Literal["and", "or"]
    terms: "tuple[Expression, ...]"


class Not(msgspec.Struct, frozen=True, tag=True):
    """The opposite of a condition."""

    term: "Expression"


class Among(msgspec.Struct, frozen=True, tag=True):
    """The entity is one of these: what became of a condition that was judged before."""

    ids: tuple[int, ...]


Expression = Among | Path | Constant | Interval | Duration | TimeOfDay | Shape | Call | Compare | Logic | Not


class Order(msgspec.Struct, frozen=True):
    """One key of the order of an answer: a property, or what is reckoned from some."""

    path: Expression
    descending: bool = False


class Within(msgspec.Struct, frozen=True):
    """Only what hangs on one entity: the ``Datastreams`` of ``Things(7)`` is ``Within("Things", 7)``."""

    kind: Kind
    id: int


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A question for one page of one entity set.

    ``after`` is the cursor of the page before (keyset), ``skip`` counts rows; ``count`` asks for the total.
    """

    kind: Kind
    where: Expression | None = None
    within: Within | None = None
    id: int | None = None
    order: tuple[Order, ...] = ()
    top: int = 100
    skip: int = 0
    after: str | None = None
    count: bool = False
