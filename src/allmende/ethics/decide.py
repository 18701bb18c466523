"""Purpose-based access control, compiled to a table.

Semantics after Byun, Bertino and Li, *Purpose Based Access Control of Complex Data for Privacy Protection*
(SACMAT 2005): a permitted purpose opens its descendants; a prohibited purpose shuts out its descendants and its
ancestors; a prohibition wins; the purpose of a request must be a declared leaf; what no rule permits is refused.
Of several permissions the one in the book's order holds, with its duties.
"""

import datetime as dt

from allmende.ethics.check import require_sound
from allmende.ethics.model import EVERY, VERBS, Decision, Rule, Rulebook
from allmende.kernel.text import Text

Key = tuple[str, str, str]
MOST_KEPT = 100_000

UNKNOWN_PURPOSE = Text(
    "Der Zweck „{purpose}“ ist nicht erklärt oder kein einzelner Zweck.",
    "The purpose “{purpose}” is not declared, or is no single purpose.",
)
UNKNOWN_CATEGORY = Text(
    "Die Datenkategorie „{category}“ ist nicht erklärt.", "The data category “{category}” is not declared."
)
UNKNOWN_RECIPIENT = Text(
    "Der Empfängerkreis „{recipient}“ ist nicht erklärt.", "The class of recipients “{recipient}” is not declared."
)
NO_RULE = Text(
    "Keine Regel erlaubt das; ohne Erlaubnis gilt nein.", "No rule permits this; without permission the answer is no."
)
PROHIBITED = Text("Verboten durch: {rules}", "Prohibited by: {rules}")
PERMITTED = Text("Erlaubt durch: {rules}", "Permitted by: {rules}")


class Compiled:
    """A rule book made ready for millions of decisions a second."""

    def __init__(self, book: Rulebook) -> None:
        require_sound(book)
        self.book = book
        slugs = [purpose.slug for purpose in book.purposes]
        self._bit = {slug: 1 << index for index, slug in enumerate(slugs)}
        self._parent = {purpose.slug: purpose.parent for purpose in book.purposes}
        self._leaves = set(slugs) - {parent for parent in self._parent.values() if parent}
        self._categories = {category.slug for category in book.categories}
        self._recipients = {recipient.slug for recipient in book.recipients}
        self._below, self._above = self._masks()
        self._table: dict[Key, list[tuple[int, Rule]]] = {}
        self._known: dict[tuple[str, str, str, str, dt.date], Decision] = {}
        for rule in book.rules:
            self._enter(rule)

    def _masks(self) -> tuple[dict[str, int], dict[str, int]]:
        """Give for each purpose the bits of itself with its descendants, and of its ancestors."""
        below, above = dict(self._bit), dict.fromkeys(self._bit, 0)
        for slug in self._bit:
            node = self._parent[slug]
            while node is not None:
                below[node] |= self._bit[slug]
                above[slug] |= self._bit[node]
                node = self._parent[node]
        return below, above

    def _enter(self, rule: Rule) -> None:
        every = sum(self._bit.values())
        mask = 0
        for slug in rule.purposes:
            mask |= every if slug == EVERY else self._below[slug]
            if slug != EVERY and rule.effect == "prohibit":
                mask |= self._above[slug]
        verbs = VERBS if EVERY in rule.verbs else rule.verbs
        categories = self._categories if EVERY in rule.categories else rule.categories
        recipients = self._recipients if EVERY in rule.recipients else rule.recipients
        for verb in verbs:
            for category in categories:
                for recipient in recipients:
                    self._table.setdefault((verb, category, recipient), []).append((mask, rule))

    def _undeclared(self, purpose: str, category: str, recipient: str) -> Text | None:
        if purpose not in self._leaves:
            return UNKNOWN_PURPOSE.filled(purpose=purpose)
        if category not in self._categories:
            return UNKNOWN_CATEGORY.filled(category=category)
        if recipient not in self._recipients:
            return UNKNOWN_RECIPIENT.filled(recipient=recipient)
        return None

    def decide(self, verb: str, purpose: str, category: str, recipient: str, day: dt.date) -> Decision:
        """Answer one request; the rules named are all prohibitions that match, or else the permission that holds."""
        key = (verb, purpose, category, recipient, day)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_KEPT:
                self._known = {}
            found = self._known[key] = self._decided(verb, purpose, category, recipient, day)
        return found

    def _decided(self, verb: str, purpose: str, category: str, recipient: str, day: dt.date) -> Decision:
        undeclared = self._undeclared(purpose, category, recipient)
        if undeclared is not None:
            return Decision(False, (), undeclared)
        bit = self._bit[purpose]
        matching = [
            rule for mask, rule in self._table.get((verb, category, recipient), ()) if mask & bit and rule.in_force(day)
        ]
        against = tuple(rule for rule in matching if rule.effect == "prohibit")
        if against:
            return Decision(False, against, _naming(PROHIBITED, against))
        if not matching:
            return Decision(False, (), NO_RULE)
        return Decision(True, (matching[0],), _naming(PERMITTED, (matching[0],)), matching[0].duties)


def _naming(sentence: Text, rules: tuple[Rule, ...]) -> Text:
    return Text(
        sentence.de.format(rules="; ".join(f"{rule.title.de} ({rule.reason.de})" for rule in rules)),
        sentence.en.format(rules="; ".join(f"{rule.title.en} ({rule.reason.en})" for rule in rules)),
    )


def compile_rulebook(book: Rulebook) -> Compiled:
    """Compile a sound rule book; raise ``ethics.unsound`` otherwise."""
    return Compiled(book)
