"""May a rule book be put in force? What stands in the way, beyond what makes it unsound."""

import datetime as dt
from collections.abc import Iterator
from itertools import combinations

from allmende.ethics.check import faults, refuse
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.differencing import crossings
from allmende.ethics.linking import apart_for, parts_named
from allmende.ethics.model import EVERY, Rule, Rulebook
from allmende.ethics.space import Space, numbers_in
from allmende.ethics.vocabulary import wrong_terms
from allmende.kernel.text import Text

# What the pages and doors for everybody ask: verb, purpose, recipient.
PORTAL = ("publish", "open-data", "public")
ABOUT_PERSONS = ("pseudonymous", "personal", "special")


def hindrances(book: Rulebook, day: dt.date) -> list[Text]:
    """List why a book may not come in force on a day; nothing if it may."""
    found = faults(book)
    if found:
        return found
    return [
        *(*_overlaps(book), *_unknown_principles(book), *_unfounded(book), *wrong_terms(book), *crossings(book)),
        *(*_unsourced(book), *_linked(book, day), *_shut(book, day)),
    ]


def require_publishable(book: Rulebook, day: dt.date) -> None:
    """Refuse a rule book that may not come in force, naming all reasons."""
    refuse(hindrances(book, day))


def _scope(rule: Rule) -> tuple[object, ...]:
    return (rule.effect, *(frozenset(part) for part in (rule.verbs, rule.categories, rule.purposes, rule.recipients)))


def _meet(one: Rule, other: Rule) -> bool:
    """Tell whether there is a day on which both rules hold."""
    begin = max(one.since or dt.date.min, other.since or dt.date.min)
    return begin <= min(one.until or dt.date.max, other.until or dt.date.max)


def _overlaps(book: Rulebook) -> Iterator[Text]:
    """Find rules that speak of the same at the same time, so that nobody knows which is meant."""
    groups: dict[tuple[object, ...], list[Rule]] = {}
    for rule in book.rules:
        groups.setdefault(_scope(rule), []).append(rule)
    for rules in groups.values():
        for one, other in combinations(rules, 2):
            if _meet(one, other):
                yield Text(
                    f"die Regeln {one.slug} und {other.slug} regeln dasselbe, und ihre Gültigkeit überschneidet sich",
                    f"the rules {one.slug} and {other.slug} rule the same, and their validity overlaps",
                )


def _unknown_principles(book: Rulebook) -> Iterator[Text]:
    known = {principle.slug for principle in book.principles}
    for rule in book.rules:
        for slug in rule.principles:
            if slug not in known:
                yield Text(
                    f"Regel {rule.slug}: Grundsatz {slug} ist unbekannt", f"rule {rule.slug}: unknown principle {slug}"
                )


def _unsourced(book: Rulebook) -> Iterator[Text]:
    """Find rules that do not say where they stand: nobody could follow them up."""
    for rule in book.rules:
        if not rule.source.strip():
            yield Text(f"Regel {rule.slug} nennt keine Fundstelle", f"rule {rule.slug} names no source")


def _unfounded(book: Rulebook) -> Iterator[Text]:
    """Find permissions that open data about persons without legal basis, and special data without assessment."""
    personal = {category.slug: category.personal for category in book.categories}
    for rule in book.rules:
        if rule.effect == "prohibit" or set(rule.verbs) == {"delete"}:
            continue
        degrees = {personal[slug] for slug in (personal if EVERY in rule.categories else rule.categories)}
        if degrees & set(ABOUT_PERSONS) and rule.legal_basis is None:
            yield Text(
                f"Regel {rule.slug} öffnet Daten über Personen ohne Rechtsgrundlage",
                f"rule {rule.slug} opens data about persons without a legal basis",
            )
        if "special" in degrees and not rule.assessment.strip():
            yield Text(
                f"Regel {rule.slug} öffnet besonders geschützte Daten ohne Folgenabschätzung",
                f"rule {rule.slug} opens specially protected data without an assessment",
            )


def _linked(book: Rulebook, day: dt.date) -> Iterator[Text]:
    """Find what everybody could link from a day on although no rule lets them: what is public cannot be kept apart."""
    compiled = compile_rulebook(book)
    verb, purpose, recipient = PORTAL
    found: set[str] = set()
    for begin in [max(begin, day) for begin, _ in compiled.space.periods(compiled.space.every)]:
        for apart in apart_for(compiled, verb, purpose, recipient, begin):
            slug, parts = apart.category.slug, parts_named(apart.category)
            if slug not in found:
                found.add(slug)
                yield Text(
                    f"ab {begin.isoformat()} wären {parts.de} für alle offen; jeder könnte daraus {slug} machen, und "
                    "das erlaubt keine Regel",
                    f"from {begin.isoformat()} {parts.en} would be open to everybody; anyone could make {slug} of "
                    "them, and no rule permits that",
                )


def portal_sets(space: Space) -> dict[str, int]:
    """Give for each category the rules that speak of what the portal asks."""
    verb, purpose, recipient = PORTAL
    asked = space.verbs[verb] & space.purposes.get(purpose, 0) & space.recipients.get(recipient, 0)
    return {category: asked & rules for category, rules in space.categories.items()}


def _shut(book: Rulebook, day: dt.date) -> Iterator[Text]:
    """Find prohibitions that would leave nothing of what permissions open to everybody, from a day on."""
    space = Space(book)
    sets = portal_sets(space)
    together = 0
    for rules in sets.values():
        together |= rules
    for begin in [max(begin, day) for begin, _ in space.periods(together)]:
        active = space.in_force(begin)
        opened = [rules & active for rules in sets.values() if rules & active & space.permits]
        if opened and all(rules & space.bans for rules in opened):
            bans = together & active & space.bans
            names = ", ".join(space.rules[number].slug for number in numbers_in(bans))
            yield Text(
                f"ab {begin.isoformat()} wäre das Portal der offenen Daten geschlossen durch {names}",
                f"from {begin.isoformat()} the portal of open data would be shut by {names}",
            )
            return
