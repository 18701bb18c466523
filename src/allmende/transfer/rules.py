"""What a finding is made of, as plain values, and when it may be published."""

import datetime as dt
import re
from typing import Literal

import msgspec

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text

Phase = Literal["idea", "trial", "evaluated", "handover", "permanent", "transferred", "stopped"]
Topic = Literal[
    "climate",
    "energy",
    "mobility",
    "water",
    "buildings",
    "participation",
    "inclusion",
    "education",
    "administration",
    "data",
    "inner-city",
    "health",
]
CostKind = Literal["staff", "own-work", "orders", "investment", "operation", "other"]
Certainty = Literal["high", "medium", "low", "unknown"]

# The way of a project to permanent operation, in its order; "stopped" ends it anywhere.
PHASES: dict[str, Text] = {
    "idea": Text("Idee", "idea"),
    "trial": Text("Erprobung", "trial"),
    "evaluated": Text("ausgewertet", "evaluated"),
    "handover": Text("Übergabe in den Betrieb", "handover to operation"),
    "permanent": Text("Dauerbetrieb", "permanent operation"),
    "transferred": Text("von anderen übernommen", "taken over by others"),
    "stopped": Text("beendet", "stopped"),
}
TOPICS: dict[str, Text] = {
    "climate": Text("Klima und Hitze", "climate and heat"),
    "energy": Text("Energie", "energy"),
    "mobility": Text("Verkehr", "mobility"),
    "water": Text("Wasser", "water"),
    "buildings": Text("Gebäude", "buildings"),
    "participation": Text("Beteiligung", "participation"),
    "inclusion": Text("Barrierefreiheit", "accessibility"),
    "education": Text("Bildung", "education"),
    "administration": Text("Verwaltung", "administration"),
    "data": Text("Daten und Plattformen", "data and platforms"),
    "inner-city": Text("Innenstadt", "inner city"),
    "health": Text("Gesundheit und Sauberkeit", "health and cleanliness"),
}
COST_KINDS: dict[str, Text] = {
    "staff": Text("Personal", "staff"),
    "own-work": Text("Eigenleistungen", "own work"),
    "orders": Text("Aufträge", "orders"),
    "investment": Text("Investitionen", "investments"),
    "operation": Text("Betrieb und Wartung", "operation and maintenance"),
    "other": Text("Sonstiges", "other"),
}
CERTAINTIES: dict[str, Text] = {
    "high": Text("gut belegt", "well proven"),
    "medium": Text("wahrscheinlich", "likely"),
    "low": Text("vermutet", "assumed"),
    "unknown": Text("nicht untersucht", "not examined"),
}
# The sections of a finding in the order in which they are read.
SECTIONS: dict[str, Text] = {
    "problem": Text("Das Problem", "The problem"),
    "tried": Text("Was versucht wurde", "What was tried"),
    "effect": Text("Was es bewirkt hat", "What it brought about"),
    "failed": Text("Was nicht funktioniert hat", "What did not work"),
    "staff": Text("Wer daran gearbeitet hat", "Who worked on it"),
    "law": Text("Recht", "Law"),
    "assessment": Text("Datenschutz und Folgenabschätzung", "Data protection and impact assessment"),
    "prerequisites": Text("Was man vorher braucht", "What is needed beforehand"),
}

NOTHING = ErrorCode(
    "transfer.nothing_told",
    Text(
        "Eine Erkenntnis ohne Problem und ohne Versuch lehrt nichts.",
        "A finding without problem and trial teaches nothing.",
    ),
    Text("Schreiben Sie mindestens diese beiden Abschnitte.", "Write at least these two sections."),
)
A_PERSON = ErrorCode(
    "transfer.names_a_person",
    Text("Die Ansprechstelle nennt einen Menschen: „{words}“.", "The contact names a person: “{words}”."),
    Text("Nennen Sie ein Amt und dessen Adresse.", "Name an office and its address."),
)
NO_END = ErrorCode(
    "transfer.no_end_of_contact",
    Text("Es fehlt, bis wann die Stelle gefragt werden kann.", "It is missing until when the office can be asked."),
    Text("Nennen Sie den letzten Tag.", "Name the last day."),
)
PERSON = re.compile(r"\b(?:Herrn?|Frau|Dr\.|Prof\.|Mrs?\.|Ms\.)\s+\S+|\b[a-z]+\.[a-z]+@\S+", re.IGNORECASE)


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file in which an unknown field is an error."""


class Cost(Entry, frozen=True):
    """What one type of cost came to, once and each year, in cents; None is unknown."""

    kind: CostKind
    once_cents: int | None = None
    yearly_cents: int | None = None
    note: Text | None = None


class FindingContent(Entry, frozen=True):
    """What a project teaches; None is unknown, and shown as such. ``sources`` are slugs of the programme's sources."""

    phase: Phase
    topics: tuple[Topic, ...] = ()
    problem: Text | None = None
    tried: Text | None = None
    effect: Text | None = None
    certainty: Certainty = "unknown"
    failed: Text | None = None
    staff: Text | None = None
    law: Text | None = None
    assessment: Text | None = None
    prerequisites: Text | None = None
    costs: tuple[Cost, ...] = ()
    contact: Text | None = None
    contact_until: dt.date | None = None
    sources: tuple[str, ...] = ()

    def section(self, name: str) -> Text | None:
        """Give a section by its name."""
        found: Text | None = getattr(self, name)
        return found

    def gaps(self) -> list[str]:
        """Name the sections that are unknown."""
        return [name for name in SECTIONS if self.section(name) is None]

    def words(self) -> str:
        """Give all that is searched, in small letters."""
        texts = [self.section(name) for name in SECTIONS] + [TOPICS[topic] for topic in self.topics]
        return " ".join(f"{text.de} {text.en}" for text in texts if text is not None).casefold()


Fault = tuple[ErrorCode, dict[str, str]]


def hindrance(content: FindingContent) -> Fault | None:
    """Give what keeps a finding from being published."""
    if content.problem is None or content.tried is None:
        return NOTHING, {}
    if content.contact is None:
        return None
    if found := PERSON.search(content.contact.de) or PERSON.search(content.contact.en):
        return A_PERSON, {"words": found[0]}
    return (NO_END, {}) if content.contact_until is None else None
