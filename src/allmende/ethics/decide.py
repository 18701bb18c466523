"""Purpose-based access control, compiled to a table.

Semantics after Byun, Bertino and Li, *Purpose Based Access Control of Complex Data for Privacy Protection*
(SACMAT 2005): a permitted purpose opens its descendants; a prohibited purpose shuts out its descendants and its
ancestors; a prohibition wins; the purpose of a request must be a declared leaf; what no rule permits is refused.
Of several permissions the one in the book's order holds, with its duties.
"""

import datetime as dt
from bisect import bisect_right

from allmende.ethics.check import require_sound
from allmende.ethics.model import Decision, Rule, Rulebook
from allmende.ethics.space import Space, numbers_in
from allmende.kernel.text import Text

# The days on which the answer changes, and the answers before, between and after them.
Cell = tuple[list[dt.date], list[Decision]]

UNKNOWN_VERB = Text("Die Tätigkeit „{verb}“ gibt es nicht.", "There is no verb “{verb}”.")
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
REFUSED = Decision(False, (), NO_RULE)


class Compiled:
    """A rule book made ready for millions of decisions a second.

    The table has one cell for every verb, purpose, category and recipient; names that no rule tells apart share
    their cells, and equal cells are one.
    """

    def __init__(self, book: Rulebook) -> None:
        require_sound(book)
        self.book = book
        self.space = Space(book)
        self._answers: dict[int, Decision] = {}
        self._recipients, recipients = _classes(self.space.recipients, 1)
        self._categories, categories = _classes(self.space.categories, len(recipients))
        self._purposes, purposes = _classes(self.space.purposes, len(recipients) * len(categories))
        self._verbs, verbs = _classes(self.space.verbs, len(recipients) * len(categories) * len(purposes))
        cells: dict[int, Cell] = {}
        self._cells: list[Cell] = []
        for verb in verbs:
            for purpose in purposes:
                for category in categories:
                    matching = verb & purpose & category
                    for recipient in recipients:
                        rules = matching & recipient
                        if rules not in cells:
                            cells[rules] = self._cell(rules)
                        self._cells.append(cells[rules])

    def _cell(self, rules: int) -> Cell:
        periods = self.space.periods(rules)
        return [day for day, _ in periods[1:]], [self.answer(active) for _, active in periods]

    def answer(self, active: int) -> Decision:
        """Decide by the rules of a set, all of which match and are in force."""
        decisive = active & self.space.bans or active & -active
        found = self._answers.get(decisive)
        if found is None:
            found = self._answers[decisive] = self._decision(decisive)
        return found

    def _decision(self, decisive: int) -> Decision:
        rules = tuple(self.book.rules[number] for number in numbers_in(decisive))
        if not rules:
            return REFUSED
        slugs = tuple(rule.slug for rule in rules)
        if rules[0].effect == "prohibit":
            return Decision(False, rules, _naming(PROHIBITED, rules), slugs=slugs)
        return Decision(True, rules, _naming(PERMITTED, rules), rules[0].duties, slugs)

    def decide(self, verb: str, purpose: str, category: str, recipient: str, day: dt.date) -> Decision:
        """Answer one request; the rules named are all prohibitions that match, or else the permission that holds."""
        try:
            days, answers = self._cells[
                self._verbs[verb] + self._purposes[purpose] + self._categories[category] + self._recipients[recipient]
            ]
        except KeyError:
            return self._undeclared(verb, purpose, category, recipient)
        return answers[bisect_right(days, day)] if days else answers[0]

    def _undeclared(self, verb: str, purpose: str, category: str, recipient: str) -> Decision:
        if purpose not in self._purposes:
            return Decision(False, (), UNKNOWN_PURPOSE.filled(purpose=purpose))
        if category not in self._categories:
            return Decision(False, (), UNKNOWN_CATEGORY.filled(category=category))
        if recipient not in self._recipients:
            return Decision(False, (), UNKNOWN_RECIPIENT.filled(recipient=recipient))
        return Decision(False, (), UNKNOWN_VERB.filled(verb=verb))


def _classes(names: dict[str, int], step: int) -> tuple[dict[str, int], list[int]]:
    """Let names of which the same rules speak share a place, ``step`` apart; give the places and their rules."""
    places: dict[int, int] = {}
    found = {name: places.setdefault(rules, len(places)) * step for name, rules in names.items()}
    return found, list(places)


def _naming(sentence: Text, rules: tuple[Rule, ...]) -> Text:
    return Text(
        sentence.de.format(rules="; ".join(f"{rule.title.de} ({rule.reason.de})" for rule in rules)),
        sentence.en.format(rules="; ".join(f"{rule.title.en} ({rule.reason.en})" for rule in rules)),
    )


def compile_rulebook(book: Rulebook) -> Compiled:
    """Compile a sound rule book; raise ``ethics.unsound`` otherwise."""
    return Compiled(book)
