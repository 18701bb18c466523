"""Whether what a package brings fits this city: rules against rules, units against units."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from allmende.ethics.model import EVERY, VERBS, Rule, Rulebook
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Query
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.register.queries import rulebook_from_tables

ASKER = Asker("system:transfer")
# What two cities may say differently about the same rule without meaning something else.
OWN = ("title", "reason", "source", "source_url", "decision", "principles", "since", "until", "legal_basis")
MOST_STREAMS = 10_000


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a part, and why."""

    outcome: str
    reason: Text | None = None


TAKEN, SAME = Verdict("taken"), Verdict("same")


def judge_rule(rule: Rule, gate: Gate) -> Verdict:
    """Compare a rule with this city's rule book, drafts included."""
    book = rulebook_from_tables()
    if unknown := _unknown(rule, book):
        return _conflict(f"unbekannt: {unknown}", f"not known here: {unknown}")
    here = next((one for one in book.rules if one.slug == rule.slug), None)
    if here is not None:
        if _meaning(here) == _meaning(rule):
            return SAME
        return _conflict(
            f"eine andere Regel heißt hier schon „{rule.slug}“ ({here.title.de})",
            f"another rule here is called “{rule.slug}” already ({here.title.en})",
        )
    against = _against(rule, book, gate)
    return TAKEN if against is None else against


def _unknown(rule: Rule, book: Rulebook) -> str:
    known = {
        "purposes": {one.slug for one in book.purposes},
        "categories": {one.slug for one in book.categories},
        "recipients": {one.slug for one in book.recipients},
    }
    return ", ".join(
        name for kind, names in known.items() for name in getattr(rule, kind) if name != EVERY and name not in names
    )


def _meaning(rule: Rule) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(rule)
    lists = ("verbs", "categories", "purposes", "recipients")
    return {name: sorted(value) if name in lists else value for name, value in plain.items() if name not in OWN}


def _against(rule: Rule, book: Rulebook, gate: Gate) -> Verdict | None:
    """Find the rules in force that a permission could not overcome, or that a prohibition would undo."""
    decisions = [gate.decide(ask, category) for ask, category in _requests(rule, book)]
    shut = [one for one in decisions if not one.allowed and any(by.effect == "prohibit" for by in one.rules)]
    if rule.effect == "permit" and decisions and len(shut) == len(decisions):
        names = ", ".join(sorted({by.slug for one in shut for by in one.rules}))
        return _conflict(f"hier verboten durch {names}", f"prohibited here by {names}")
    if rule.effect == "prohibit" and (opened := [one for one in decisions if one.allowed]):
        names = ", ".join(sorted({by.slug for one in opened for by in one.rules}))
        return _conflict(f"verböte, was hier erlaubt ist durch {names}", f"would prohibit what {names} permits here")
    return None


def _requests(rule: Rule, book: Rulebook) -> Iterator[tuple[Ask, str]]:
    """Give every request that a rule speaks of: verbs, leaves of the purposes, recipients, categories."""
    verbs = VERBS if EVERY in rule.verbs else rule.verbs
    recipients = _all(rule.recipients, (one.slug for one in book.recipients))
    categories = _all(rule.categories, (one.slug for one in book.categories))
    for purpose in _leaves(rule.purposes, book):
        for verb in verbs:
            for recipient in recipients:
                ask = Ask(ASKER, verb, purpose, recipient)  # type: ignore[arg-type]
                yield from ((ask, category) for category in categories)


def _all(named: Iterable[str], known: Iterable[str]) -> list[str]:
    names = list(named)
    return list(known) if EVERY in names else names


def _leaves(named: Iterable[str], book: Rulebook) -> list[str]:
    parents = {one.slug: one.parent for one in book.purposes}
    leaves = [slug for slug in parents if slug not in parents.values()]
    wanted = set(named)

    def below(slug: str | None) -> bool:
        while slug is not None:
            if slug in wanted:
                return True
            slug = parents.get(slug)
        return False

    return [slug for slug in leaves if EVERY in wanted or below(slug)]


def judge_units(values: Iterable[dict[str, Any]], gate: Gate) -> Verdict:
    """Hold a source back whose unit is another than that of this city's datastreams of the same property."""
    here = _units(gate)
    for value in values:
        observed, unit = str(value.get("observed", "")), str(value.get("unit", ""))
        known = here.get(observed, set())
        if known and unit not in known:
            names = ", ".join(sorted(known))
            return Verdict(
                "quarantined",
                Text(
                    f"{observed} kommt in {unit}, hier wird in {names} gemessen",
                    f"{observed} comes in {unit}, here it is measured in {names}",
                ),
            )
    return TAKEN


def _units(gate: Gate) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for verb, recipient in (("publish", "public"), ("use", "administration")):
        try:
            grant = gate.grant(Ask(ASKER, verb, "open-data", recipient))  # type: ignore[arg-type]
        except AllmendeError:
            continue
        for one in gate.page(grant, Query(kind="Datastreams", top=MOST_STREAMS)).records:
            found.setdefault(str(one.value.properties.get("observed", "")), set()).add(one.value.unit)
    return found


def _conflict(de: str, en: str) -> Verdict:
    return Verdict("conflict", Text(de, en))
