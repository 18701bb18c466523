"""Documented cases: questions with the answer that the city expects, checked against the rules."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from allmende.ethics.decide import compile_rulebook
from allmende.ethics.model import Rulebook, Verb
from allmende.kernel.text import Text


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question about the rules in plain words, what it asks, and the answer with the rules that give it."""

    slug: str
    question: Text
    verb: Verb
    purpose: str
    category: str
    recipient: str
    allowed: bool
    rules: tuple[str, ...] = ()
    day: dt.date | None = None


def wrong_cases(book: Rulebook, cases: Iterable[Case], day: dt.date) -> list[Text]:
    """Name the cases that a sound book answers otherwise than documented, on their own day or on this one."""
    compiled = compile_rulebook(book)
    found = []
    for case in cases:
        decision = compiled.decide(case.verb, case.purpose, case.category, case.recipient, case.day or day)
        if decision.allowed != case.allowed or set(decision.slugs) != set(case.rules):
            reason = decision.reason
            found.append(
                Text(f"Fall {case.slug} ist anders: {reason.de}", f"case {case.slug} is otherwise: {reason.en}")
            )
    return found
