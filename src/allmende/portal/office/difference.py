"""What differs between two rule books, field by field."""

from typing import Any, Literal

import msgspec
from django.utils.translation import gettext_lazy as _

from allmende.ethics.model import Rulebook
from allmende.kernel.text import Text

KINDS = {
    "rules": _("Regel"),
    "purposes": _("Zweck"),
    "categories": _("Datenkategorie"),
    "recipients": _("Empfängerkreis"),
    "principles": _("Grundsatz"),
}
LABELS = {
    "title": _("Titel"),
    "description": _("Beschreibung"),
    "parent": _("Oberzweck"),
    "personal": _("Personenbezug"),
    "arises_from": _("Entsteht aus"),
    "effect": _("Wirkung"),
    "verbs": _("Tätigkeiten"),
    "categories": _("Datenkategorien"),
    "purposes": _("Zwecke"),
    "recipients": _("Empfängerkreise"),
    "duties": _("Auflagen"),
    "since": _("gilt ab"),
    "until": _("gilt bis"),
    "reason": _("Begründung"),
    "source": _("Fundstelle"),
    "source_url": _("Adresse der Fundstelle"),
    "decision": _("Beschluss"),
    "principles": _("Grundsätze"),
    "legal_basis": _("Rechtsgrundlage"),
    "assessment": _("Folgenabschätzung"),
    "text": _("Text"),
}


class FieldDifference(msgspec.Struct, frozen=True):
    """A field whose value changes; empty where there is none."""

    label: Any
    before: str
    after: str


class Difference(msgspec.Struct, frozen=True):
    """An entry that is added, changed or removed."""

    kind: Any
    deed: Literal["added", "changed", "removed"]
    slug: str
    title: Text
    fields: tuple[FieldDifference, ...]


def differences(running: Rulebook, draft: Rulebook) -> list[Difference]:
    """Compare two books by the short names of their entries, rules first."""
    found = []
    for kind in KINDS:
        old = {entry.slug: entry for entry in getattr(running, kind)}
        new = {entry.slug: entry for entry in getattr(draft, kind)}
        for slug in [*new, *(slug for slug in old if slug not in new)]:
            difference = _entry(KINDS[kind], slug, old.get(slug), new.get(slug))
            if difference is not None:
                found.append(difference)
    return found


def _entry(kind: Any, slug: str, old: Any, new: Any) -> Difference | None:
    entry = new if new is not None else old
    names = [name for name in entry.__struct_fields__ if name != "slug"]
    fields = tuple(
        FieldDifference(LABELS.get(name, name), _written(old, name), _written(new, name))
        for name in names
        if _written(old, name) != _written(new, name)
    )
    if old is None:
        return Difference(kind, "added", slug, entry.title, fields)
    if new is None:
        return Difference(kind, "removed", slug, entry.title, ())
    return Difference(kind, "changed", slug, entry.title, fields) if fields else None


def _written(entry: Any, name: str) -> str:
    value = getattr(entry, name) if entry is not None else None
    if value is None:
        return ""
    if isinstance(value, Text):
        return f"{value.de} / {value.en}"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, msgspec.Struct):
        set_ones = {part: getattr(value, part) for part in value.__struct_fields__ if getattr(value, part)}
        return ", ".join(f"{part}: {_plain(content)}" for part, content in set_ones.items())
    return str(value)


def _plain(content: Any) -> str:
    return " ".join(content) if isinstance(content, tuple) else str(content)
