"""What a condition on observations says of their datastreams and their time, so that little need be read."""

import msgspec

from allmende.store.navigation import LINKS
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
)

STREAM, MULTI, TIME = Path(("Datastream", "id")), Path(("MultiDatastream", "id")), Path(("phenomenonTime",))
DEEPEST = 100
FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


class Bounds(msgspec.Struct, frozen=True):
    """Datastreams, and the microseconds ``[since, until)``, in which the whole of an observation's time must lie.

    An instant lies in it where ``since <= start < until``; an interval (end exclusive) where besides
    ``end <= until``. None bounds nothing. ``exact`` tells that the condition says nothing else, but that a
    MultiDatastream among the streams is none of them: they were named by ``Datastream/id``.
    """

    streams: frozenset[int] | None = None
    since: int | None = None
    until: int | None = None
    exact: bool = False

    def holds(self, stream: int, start: int, end: int) -> bool:
        """Tell whether an observation lies in the bounds; the end of an instant is its start."""
        return (
            (self.streams is None or stream in self.streams)
            and (self.since is None or start >= self.since)
            and (self.until is None or (start < self.until and end <= self.until))
        )


NOTHING_SAID = Bounds()


def bounds_of(expression: Expression | None, now: int | None = None) -> Bounds:
    """Find what a condition on observations demands of each; ``now`` is the instant for which ``now()`` stands."""
    return Bounds(exact=True) if expression is None else _bounds(expression, now, 0)


def _bounds(expression: Expression, now: int | None, depth: int) -> Bounds:
    if depth > DEEPEST:
        return NOTHING_SAID
    if isinstance(expression, Logic):
        parts = [_bounds(term, now, depth + 1) for term in expression.terms]
        return _all(parts) if expression.operator == "and" else _any(parts)
    if isinstance(expression, Compare):
        return _compared(expression, now)
    if isinstance(expression, Call) and len(expression.arguments) == 2 and expression.arguments[0] == TIME:
        span = _span(expression.arguments[1], now, depth)
        return NOTHING_SAID if span is None else _timed(expression.name, *span)
    if isinstance(expression, Constant) and isinstance(expression.value, bool):
        return Bounds(None if expression.value else frozenset(), exact=True)
    return NOTHING_SAID


def _all(parts: list[Bounds]) -> Bounds:
    named = [part.streams for part in parts if part.streams is not None]
    since = [part.since for part in parts if part.since is not None]
    until = [part.until for part in parts if part.until is not None]
    return Bounds(
        frozenset.intersection(*named) if named else None,
        max(since, default=None),
        min(until, default=None),
        all(part.exact for part in parts),
    )


def _any(parts: list[Bounds]) -> Bounds:
    possible = [part for part in parts if part.streams != frozenset()]
    if not possible:
        return Bounds(frozenset(), exact=all(part.exact for part in parts))
    named = [part.streams for part in possible if part.streams is not None]
    since = [part.since for part in possible if part.since is not None]
    until = [part.until for part in possible if part.until is not None]
    whole = len(possible)
    return Bounds(
        frozenset.union(*named) if len(named) == whole else None,
        min(since) if len(since) == whole else None,
        max(until) if len(until) == whole else None,
        all(part.exact for part in parts) and _alike(possible),
    )


def _alike(parts: list[Bounds]) -> bool:
    """Tell whether parts differ in no more than their datastreams, all of which are named or none."""
    first = parts[0]
    same = all((part.since, part.until) == (first.since, first.until) for part in parts)
    return same and len({part.streams is None for part in parts}) == 1


def _compared(term: Compare, now: int | None) -> Bounds:
    left, right, operator = term.left, term.right, term.operator
    if right in (STREAM, MULTI, TIME):
        left, right, operator = right, left, FLIPPED[operator]  # type: ignore[assignment]
    if left in (STREAM, MULTI) and operator == "eq" and isinstance(right, Constant) and not right.is_instant:
        value = right.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return NOTHING_SAID
        whole = isinstance(value, int) or value.is_integer()
        return Bounds(frozenset([int(value)] if whole else []), exact=left == STREAM)
    span = _span(right, now, 0) if left == TIME else None
    return NOTHING_SAID if span is None else _timed(operator, *span)


def _timed(relation: str, start: int, end: int) -> Bounds:
    """Give the bounds that a relation to ``[start, end)`` puts on phenomenonTime; an instant ends where it starts."""
    instant = start == end
    last = start if instant else end - 1
    if relation in ("lt", "before"):
        return Bounds(until=start, exact=True)
    if relation in ("gt", "after"):
        return Bounds(since=last + 1, exact=True)
    if relation == "le":
        return Bounds(until=last + 1, exact=instant)
    if relation == "ge":
        return Bounds(since=start, exact=instant)
    if relation == "finishes":
        return Bounds(since=start, until=end + 1)
    if relation in ("eq", "during", "starts"):
        return Bounds(since=start, until=last + 1, exact=relation == "during")
    return NOTHING_SAID


def _span(expression: Expression, now: int | None, depth: int) -> tuple[int, int] | None:
    """Read a constant time, also one that is reckoned from others."""
    if isinstance(expression, Interval):
        return expression.start, expression.end
    if isinstance(expression, Constant) and expression.is_instant and isinstance(expression.value, int):
        return expression.value, expression.value
    if isinstance(expression, Call) and depth <= DEEPEST:
        return _reckoned(expression, now, depth)
    return None


def _reckoned(call: Call, now: int | None, depth: int) -> tuple[int, int] | None:
    if call.name == "now" and not call.arguments:
        return None if now is None else (now, now)
    if call.name not in ("add", "sub") or len(call.arguments) != 2:
        return None
    span = _span(call.arguments[0], now, depth + 1)
    by = call.arguments[1]
    if span is None or not isinstance(by, Duration):
        return None
    shift = by.micros if call.name == "add" else -by.micros
    return span[0] + shift, span[1] + shift


def mentions_observations(expression: Expression | None, kind: Kind) -> bool:
    """Tell whether a condition on a set walks over a link to observations."""
    if isinstance(expression, Path):
        return _walks(expression.parts, kind)
    if isinstance(expression, Logic):
        return any(mentions_observations(term, kind) for term in expression.terms)
    if isinstance(expression, Compare):
        return mentions_observations(expression.left, kind) or mentions_observations(expression.right, kind)
    if isinstance(expression, Call):
        return any(mentions_observations(argument, kind) for argument in expression.arguments)
    return isinstance(expression, Not) and mentions_observations(expression.term, kind)


def _walks(parts: tuple[str, ...], kind: Kind) -> bool:
    for name in parts:
        link = LINKS[kind].get(name)
        if link is None:
            return False
        if link.target == "Observations":
            return True
        kind = link.target
    return False
