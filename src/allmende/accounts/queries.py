"""Reads of people and of the audit trail."""

import msgspec
from django.db.models import Model, Q, QuerySet

from allmende.accounts.models import AuditEntry, Person


class Listed(msgspec.Struct, frozen=True):
    """A person as lists show them."""

    email: str
    roles: tuple[str, ...]
    active: bool


def list_people() -> list[Listed]:
    """Give all people in order of their e-mail."""
    people = Person.objects.prefetch_related("groups").order_by("email")
    return [
        Listed(person.email, tuple(sorted(group.name for group in person.groups.all())), person.is_active)
        for person in people
    ]


def subject_of(thing: Model | str) -> str:
    """Name what was written: ``programme.project:17`` for a row, text as it is."""
    return thing if isinstance(thing, str) else f"{thing._meta.label_lower}:{thing.pk}"


def history_of(thing: Model) -> QuerySet[AuditEntry]:
    """Give all entries about one row, newest first."""
    return AuditEntry.objects.filter(subject=subject_of(thing))


def audit_trail(search: str = "", verb: str = "") -> QuerySet[AuditEntry]:
    """Give the entries that contain a word, or are of a verb."""
    entries = AuditEntry.objects.all()
    if search:
        entries = entries.filter(
            Q(actor__icontains=search)
            | Q(label__icontains=search)
            | Q(subject__icontains=search)
            | Q(note__icontains=search)
        )
    return entries.filter(verb=verb) if verb else entries
