"""What changed about a data sheet and its rules, day by day, and the sheet as it read on a day."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import subject_of
from allmende.ethics.model import EVERY, Rule, Rulebook
from allmende.gate.door import Gate
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text
from allmende.register.models import Category, DataUse, DataUseEvent, Purpose, RecipientClass
from allmende.register.queries import events_of, publications

PARTS: dict[str, Text] = {
    "title": Text("Titel", "Title"),
    "what": Text("Was wird erhoben?", "What is collected?"),
    "how": Text("Wie?", "How?"),
    "technology": Text("Technik", "Technology"),
    "personal": Text("Geht es um Personen?", "Is it about persons?"),
    "responsible": Text("Verantwortlich", "Responsible"),
    "provider": Text("Dienstleister", "Service provider"),
    "legal_basis": Text("Rechtsgrundlage", "Legal basis"),
    "retention": Text("Wie lange?", "How long?"),
    "retention_days": Text("Aufbewahrung in Tagen", "Kept for days"),
    "risk": Text("Risiken und Schutz", "Risks and protection"),
    "assessment": Text("Folgenabschätzung", "Assessment of consequences"),
    "location": Text("Wo?", "Where?"),
    "contact": Text("Ansprechstelle", "Contact"),
    "note": Text("Anmerkung", "Note"),
    "purpose": Text("Zweck", "Purpose"),
    "category": Text("Datenkategorie", "Category of data"),
    "recipients": Text("Empfänger", "Recipients"),
    "since": Text("seit", "since"),
    "until": Text("bis", "until"),
    "source": Text("Quelle", "Source"),
}
UNKNOWN = Text("unbekannt", "unknown")
ENTERED = Text("Datenblatt „{title}“ eingetragen", "Data sheet “{title}” entered")
CHANGED = Text("Datenblatt „{title}“ geändert", "Data sheet “{title}” changed")
STEP = Text("{title}: {state}. {reason}", "{title}: {state}. {reason}")
FROM_TO = Text("{part}: vorher „{before}“, dann „{after}“", "{part}: before “{before}”, then “{after}”")
RULE_WORDS = {
    "new": Text("Regel kam dazu: {title}", "Rule added: {title}"),
    "other": Text("Regel geändert: {title}", "Rule changed: {title}"),
    "gone": Text("Regel gilt nicht mehr: {title}", "Rule no longer holds: {title}"),
}
LINKS: dict[str, Any] = {"purpose": Purpose, "category": Category, "recipients": RecipientClass}
_NUMBER = re.compile(r" \[(\d+)\]$")


class Happening(msgspec.Struct, frozen=True):
    """Something that changed: what, in detail, and by which rule book."""

    text: Text
    details: tuple[Text, ...] = ()
    rulebook: int = 0


def _day(instant: dt.datetime) -> dt.date:
    return instant.astimezone(CIVIL_TIME).date()


def history(
    gate: Gate, uses: Iterable[DataUse], categories: Sequence[str], until: dt.date
) -> list[tuple[dt.date, list[Happening]]]:
    """Give what changed up to a day about sheets and about the rules of their categories, the newest day first."""
    found = [pair for use in uses for pair in _sheet(use)] + _rules(gate, categories)
    days: dict[dt.date, list[Happening]] = {}
    for day, happening in found:
        if day <= until:
            days.setdefault(day, []).append(happening)
    return sorted(days.items(), reverse=True)


def _entries(use: DataUse) -> list[AuditEntry]:
    """Give the writes of a sheet, the newest first."""
    return list(AuditEntry.objects.filter(subject=subject_of(use), verb__startswith="register.data_use_"))


def _sheet(use: DataUse) -> list[tuple[dt.date, Happening]]:
    found = []
    for entry in _entries(use):
        if entry.verb.endswith("_created"):
            found.append((_day(entry.at), Happening(ENTERED.filled(title=use.title))))
        elif details := _details(entry.before or {}, entry.after or {}):
            found.append((_day(entry.at), Happening(CHANGED.filled(title=use.title), tuple(details))))
    return found + [(_day(event.at), _step(use, event)) for event in events_of(use)]


def _step(use: DataUse, event: DataUseEvent) -> Happening:
    """Tell a change of the state of a data use, with its reason and what it rests on."""
    grounds = [Text(f"Beschluss: {event.decision}", f"Decision: {event.decision}")] if event.decision else []
    grounds += [Text(f"Einwand {event.objection}", f"Objection {event.objection}")] if event.objection else []
    return Happening(STEP.filled(title=use.title, state=event.state_text, reason=event.reason), tuple(grounds))


def _details(before: dict[str, Any], after: dict[str, Any]) -> list[Text]:
    """Tell each part that changed once, in both languages; what has no name for the public is left out."""
    names = dict.fromkeys(re.sub("_(de|en)$", "", name) for name in after)
    return [
        FROM_TO.filled(part=PARTS[name], before=_words(before, name), after=_words(after, name))
        for name in names
        if name in PARTS
    ]


def _words(values: dict[str, Any], name: str) -> Text:
    return Text(_word(values, name, "de"), _word(values, name, "en"))


def _word(values: dict[str, Any], name: str, language: str) -> str:
    """Write a value as it stood; of a text that changed in one language alone, that one."""
    value = values.get(f"{name}_{language}", values.get(name, values.get(f"{name}_de", values.get(f"{name}_en"))))
    parts = value if isinstance(value, list) else [value]
    return ", ".join(_named(name, str(part), language) for part in parts if part not in (None, "")) or UNKNOWN.within(
        language
    )


def _named(name: str, value: str, language: str) -> str:
    """Write a row that a sheet links to by its present title in a language, or as it was called then."""
    match = _NUMBER.search(value)
    if match is None or name not in LINKS:
        return value
    row = LINKS[name].objects.filter(pk=int(match[1])).first()
    return row.title.within(language) if row else _NUMBER.sub("", value)


def _rules(gate: Gate, categories: Sequence[str]) -> list[tuple[dt.date, Happening]]:
    """Compare each rule book with the one before, in the rules that speak of some categories."""
    found, before = [], dict[str, Rule]()
    for publication in reversed(publications()):
        book = gate.published(publication.version)
        after = speaking_of(book, categories) if book else {}
        for kind, rule in _differences(before, after):
            text = RULE_WORDS[kind].filled(title=rule.title)
            found.append((_day(publication.at), Happening(text, rulebook=publication.version)))
        before = after
    return found


def speaking_of(book: Rulebook, categories: Sequence[str]) -> dict[str, Rule]:
    """Give the rules of a book that speak of some categories, by their short names."""
    return {rule.slug: rule for rule in book.rules if EVERY in rule.categories or {*rule.categories} & {*categories}}


def _differences(before: dict[str, Rule], after: dict[str, Rule]) -> list[tuple[str, Rule]]:
    found = [("gone", rule) for slug, rule in before.items() if slug not in after]
    for slug, rule in after.items():
        if slug not in before:
            found.append(("new", rule))
        elif rule != before[slug]:
            found.append(("other", rule))
    return found


def entered(use: DataUse) -> dt.date | None:
    """Give the day on which a sheet was entered; None where nobody noted it."""
    days = [_day(entry.at) for entry in _entries(use) if entry.verb.endswith("_created")]
    return min(days, default=None)


def as_it_read(use: DataUse, day: dt.date) -> DataUse:
    """Take later changes of a sheet back, in place, so that it reads as at the end of a day; give it."""
    for entry in _entries(use):
        if _day(entry.at) > day and entry.verb.endswith("_changed"):
            _take_back(use, entry.before or {})
    return use


def _take_back(use: DataUse, before: dict[str, Any]) -> None:
    fields = {field.name: field for field in DataUse._meta.concrete_fields}
    for name, value in before.items():
        if name == "recipients":
            numbers = [int(match[1]) for part in value if (match := _NUMBER.search(part))]
            # Where Django keeps what prefetch_related has fetched; all() reads it from there.
            use.__dict__["_prefetched_objects_cache"] = {"recipients": RecipientClass.objects.filter(pk__in=numbers)}
        elif name in ("purpose", "category"):
            match = _NUMBER.search(value or "")
            setattr(use, f"{name}_id", int(match[1]) if match else getattr(use, f"{name}_id"))
        elif name in fields:
            setattr(use, name, fields[name].to_python(value))
