"""What the draft of the rules would change, for those who decide about it."""

import datetime as dt

import msgspec

from allmende.ethics.check import faults
from allmende.ethics.compare import changes
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.findings import KINDS, Finding, findings
from allmende.ethics.model import Rulebook
from allmende.ethics.publication import hindrances
from allmende.ethics.wording import Words, day_words
from allmende.kernel.text import LANGUAGES, Text

HEAD = Text("Unterschied der Regelwerke, Stand {day}", "Difference of the rule books, as of {day}")
NOTHING = Text("Diese Änderung ändert keine Entscheidung.", "This change changes no decision.")
UNSOUND = Text("So lässt sich der Entwurf nicht veröffentlichen:", "The draft cannot be published like this:")
ODD = Text("Was auffällt:", "What is odd:")


class Report(msgspec.Struct, frozen=True):
    """What a draft would change from a day on, what stands against it, and what is odd in it."""

    day: dt.date
    changes: tuple[Text, ...]
    hindrances: tuple[Text, ...]
    findings: tuple[Finding, ...]

    @property
    def groups(self) -> list[tuple[Text, list[Finding]]]:
        """Give what is odd by kind, gravest first."""
        found: dict[Text, list[Finding]] = {}
        for one in self.findings:
            found.setdefault(KINDS[one.kind], []).append(one)
        return list(found.items())

    @property
    def written(self) -> str:
        """Write the report in both languages, as it goes to the board."""
        return "\n".join(line for language in LANGUAGES for line in self._lines(language))

    def _lines(self, language: str) -> list[str]:
        head = HEAD.filled(day=day_words(self.day)).within(language)
        lines = [head, "=" * len(head), ""]
        lines += [f"- {change.within(language)}" for change in self.changes or (NOTHING,)]
        if self.hindrances:
            lines += ["", UNSOUND.within(language), *(f"- {text.within(language)}" for text in self.hindrances)]
        if self.findings:
            lines += ["", ODD.within(language)]
        for title, group in self.groups:
            lines += [f"- {title.within(language)}: {one.text.within(language)}" for one in group]
        return [*lines, ""]


def report(running: Rulebook, draft: Rulebook, day: dt.date) -> Report:
    """Compare the draft with the rules in force, from a day on; an unsound draft is not compared."""
    against = tuple(hindrances(draft, day))
    if faults(draft):
        return Report(day, (), against, ())
    words = Words(running, draft)
    found = changes(compile_rulebook(running), compile_rulebook(draft), day)
    return Report(day, tuple(words.change(change) for change in found), against, tuple(findings(draft, day)))
