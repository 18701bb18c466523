"""May somebody do something? The answer with all rules that have a part in it, and those that only just do not."""

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from allmende.ethics.decide import Compiled
from allmende.ethics.model import Decision, Rule
from allmende.ethics.space import numbers_in

Side = Literal["verb", "purpose", "category", "recipient", "day"]
Part = Literal["decides", "beaten", "later"]


class Taking(msgspec.Struct, frozen=True):
    """A rule that matches: it decides, is beaten by a prohibition, or stands later in the book."""

    rule: Rule
    part: Part


class Near(msgspec.Struct, frozen=True):
    """A permission that would match if one thing were otherwise."""

    rule: Rule
    side: Side


class Explanation(msgspec.Struct, frozen=True):
    """The answer to one question, and why."""

    decision: Decision
    taking: tuple[Taking, ...]
    near: tuple[Near, ...]


def explain(compiled: Compiled, verb: str, purpose: str, category: str, recipient: str, day: dt.date) -> Explanation:
    """Answer a question and name the rules behind the answer."""
    decision = compiled.decide(verb, purpose, category, recipient, day)
    space = compiled.space
    sides: dict[Side, int] = {
        "verb": space.verbs.get(verb, 0),
        "purpose": space.purposes.get(purpose, 0),
        "category": space.categories.get(category, 0),
        "recipient": space.recipients.get(recipient, 0),
        "day": space.in_force(day),
    }
    matching = space.every
    for speaking in sides.values():
        matching &= speaking
    taking = tuple(_taking(space.rules[number], decision) for number in numbers_in(matching))
    return Explanation(decision, taking, () if decision.allowed else tuple(_near(compiled, sides)))


def _taking(rule: Rule, decision: Decision) -> Taking:
    if rule.slug in decision.slugs:
        return Taking(rule, "decides")
    return Taking(rule, "later" if decision.allowed else "beaten")


def _near(compiled: Compiled, sides: dict[Side, int]) -> Iterator[Near]:
    """Give the permissions that fail on one side only."""
    space = compiled.space
    for side in sides:
        others = space.permits
        for name, speaking in sides.items():
            others &= speaking if name != side else space.every & ~speaking
        for number in numbers_in(others):
            yield Near(space.rules[number], side)
