"""What two rule books answer differently: over all requests and all days, whatever the wording of their rules."""

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from allmende.ethics.decide import Compiled
from allmende.ethics.model import Decision
from allmende.ethics.space import ONE_DAY

Kind = Literal["allowed", "refused", "duties"]
# For each name the rules of the old and of the new book that speak of it; None where the book does not know it.
Pair = tuple[int | None, int | None]
Point = tuple[int, int, int, int]
Box = tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]
KINDS: tuple[Kind, ...] = ("allowed", "refused", "duties")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that are answered differently from ``since`` to ``until``, both included; None is without end.

    All combinations of the verbs, purposes, categories and recipients are meant.
    """

    kind: Kind
    verbs: tuple[str, ...]
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    since: dt.date
    until: dt.date | None
    before: Decision
    after: Decision


class Stretch(msgspec.Struct, frozen=True):
    """Days on which both books give one answer each."""

    kind: Kind
    since: dt.date
    until: dt.date | None
    before: Decision
    after: Decision


class Axis:
    """The names of one side of the decision space, grouped by what both books say of them."""

    def __init__(self, old: dict[str, int], new: dict[str, int]) -> None:
        groups: dict[Pair, list[str]] = {}
        for name in [*new, *(name for name in old if name not in new)]:
            groups.setdefault((old.get(name), new.get(name)), []).append(name)
        self.pairs = list(groups)
        self.names = list(groups.values())

    def named(self, places: frozenset[int]) -> tuple[str, ...]:
        """Give the names of several groups."""
        return tuple(name for place in sorted(places) for name in self.names[place])


class Comparison:
    """Two rule books side by side."""

    def __init__(self, old: Compiled, new: Compiled, since: dt.date) -> None:
        self._old, self._new, self._since = old, new, since
        self._axes = (
            Axis(old.space.verbs, new.space.verbs),
            Axis(old.space.purposes, new.space.purposes),
            Axis(old.space.categories, new.space.categories),
            Axis(old.space.recipients, new.space.recipients),
        )
        self._known: dict[Pair, tuple[Stretch, ...]] = {}

    def changes(self) -> list[Change]:
        """Give all changes, in as few pieces as are easily found: first what is newly allowed."""
        # Each book makes an answer once, so that it is known by its identity.
        found: dict[tuple[object, ...], tuple[Stretch, list[Point]]] = {}
        for point, pair in self._points():
            for one in self._stretches(pair):
                key = (one.since, one.until, id(one.before), id(one.after))
                found.setdefault(key, (one, []))[1].append(point)
        pieces = [self._change(stretch, box) for stretch, points in found.values() for box in boxes(points)]
        return sorted(pieces, key=lambda change: (KINDS.index(change.kind), change.since))

    def _points(self) -> Iterator[tuple[Point, Pair]]:
        verbs, purposes, categories, recipients = (axis.pairs for axis in self._axes)
        for one, verb in enumerate(verbs):
            for two, purpose in enumerate(purposes):
                first = _both(verb, purpose)
                for three, category in enumerate(categories):
                    second = _both(first, category)
                    for four, recipient in enumerate(recipients):
                        yield (one, two, three, four), _both(second, recipient)

    def _stretches(self, pair: Pair) -> tuple[Stretch, ...]:
        """Give the days on which the answers differ, where these rules of the two books match."""
        if pair not in self._known:
            self._known[pair] = tuple(self._differing(pair))
        return self._known[pair]

    def _differing(self, pair: Pair) -> Iterator[Stretch]:
        old, new = pair[0] or 0, pair[1] or 0
        days = {max(day, self._since) for day, _ in (*self._old.space.periods(old), *self._new.space.periods(new))}
        last: Stretch | None = None
        for day in sorted(days):
            before = self._old.answer(old & self._old.space.in_force(day))
            after = self._new.answer(new & self._new.space.in_force(day))
            kind = _kind(before, after)
            if last is not None and (kind, before, after) != (last.kind, last.before, last.after):
                yield msgspec.structs.replace(last, until=day - ONE_DAY)
                last = None
            if kind is not None and last is None:
                last = Stretch(kind, day, None, before, after)
        if last is not None:
            yield last

    def _change(self, stretch: Stretch, box: Box) -> Change:
        verbs, purposes, categories, recipients = (
            axis.named(places) for axis, places in zip(self._axes, box, strict=True)
        )
        return Change(
            kind=stretch.kind,
            verbs=verbs,
            purposes=purposes,
            categories=categories,
            recipients=recipients,
            since=stretch.since,
            until=stretch.until,
            before=stretch.before,
            after=stretch.after,
        )


def _both(one: Pair, other: Pair) -> Pair:
    (old, new), (also_old, also_new) = one, other
    return (
        None if old is None or also_old is None else old & also_old,
        None if new is None or also_new is None else new & also_new,
    )


def _kind(before: Decision, after: Decision) -> Kind | None:
    if before.allowed != after.allowed:
        return "allowed" if after.allowed else "refused"
    return "duties" if before.duties != after.duties else None


def boxes(points: list[Point]) -> list[Box]:
    """Put points together to boxes that do not meet: along recipients first, then categories, purposes, verbs."""
    found: list[Box] = [
        (frozenset({one}), frozenset({two}), frozenset({three}), frozenset({four})) for one, two, three, four in points
    ]
    for side in (3, 2, 1, 0):
        merged: dict[tuple[frozenset[int], ...], frozenset[int]] = {}
        for box in found:
            rest = box[:side] + box[side + 1 :]
            merged[rest] = merged.get(rest, frozenset()) | box[side]
        found = [_with(rest, side, places) for rest, places in merged.items()]
    return found


def _with(rest: tuple[frozenset[int], ...], side: int, places: frozenset[int]) -> Box:
    sides = [*rest[:side], places, *rest[side:]]
    return sides[0], sides[1], sides[2], sides[3]


def changes(old: Compiled, new: Compiled, since: dt.date) -> list[Change]:
    """Give what the new rule book answers differently from the old one, from a day on."""
    return Comparison(old, new, since).changes()
