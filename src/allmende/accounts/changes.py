"""Saving and deleting rows of any slice, each with its one audit entry in the same transaction."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ForeignKey, Model, ProtectedError
from django.utils.translation import override

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import history_of
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text

IN_USE = ErrorCode(
    "accounts.row_in_use",
    Text("„{label}“ wird noch gebraucht: {users}.", "“{label}” is still in use: {users}."),
    Text("Lösen Sie zuerst diese Verbindungen.", "Remove these links first."),
)
STALE = ErrorCode(
    "accounts.row_changed_meanwhile",
    Text("„{label}“ wurde inzwischen von {actor} geändert.", "“{label}” was changed by {actor} meanwhile."),
    Text(
        "Vergleichen Sie beide Fassungen; noch einmal speichern nimmt Ihre.",
        "Compare both versions; saving again takes yours.",
    ),
)
CANNOT_UNDO = ErrorCode(
    "accounts.cannot_undo",
    Text("Diese Änderung lässt sich nicht zurücknehmen: {why}", "This change cannot be taken back: {why}"),
    Text("Ändern Sie die Werte von Hand.", "Change the values by hand."),
)
LATER = Text("Dieselben Werte wurden danach noch einmal geändert.", "The same values were changed again afterwards.")
MOST_USERS = 5


class RowForm(Protocol):
    """A validated form about one row."""

    instance: Any

    def save(self) -> Any:
        """Write the row and its links."""


@override("de")
def snapshot(row: Model) -> dict[str, Any]:
    """Give the values of a row as JSON knows them; links are named in German, with their number."""
    values: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        values[field.name] = _named(value) if isinstance(field, ForeignKey) else _plain(value)
    for link in row._meta.many_to_many:
        values[link.name] = sorted(_named(other) or "" for other in getattr(row, link.name).all())
    return values


def _named(row: Model | None) -> str | None:
    return None if row is None else f"{row} [{row.pk}]"


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return DjangoJSONEncoder().default(value)


def _verb(row: Model, deed: str) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(row).__name__).lower()
    return f"{row._meta.app_label}.{name}_{deed}"


def version_of(row: Model) -> int:
    """Give the number of the newest entry about a row: who changes the row must have seen that one."""
    newest = history_of(row).first()
    return newest.pk if newest else 0


def _refuse_stale(row: Model, seen: int | None) -> None:
    newest = history_of(row).first()
    if seen is not None and newest is not None and newest.pk != seen:
        raise Conflict(STALE, label=str(row), actor=newest.actor)


@transaction.atomic
def save_form(actor: Actor, *, form: RowForm, seen: int | None = None) -> Model:
    """Save a form's row; the entry holds all values of a new row, and what differs of an old one.

    ``seen`` is the row's version that the form showed; the row is not touched when it has a newer one.
    """
    rows = type(form.instance)._default_manager.select_for_update()
    old = rows.filter(pk=form.instance.pk).first() if form.instance.pk else None
    if old is not None:
        _refuse_stale(old, seen)
    before = snapshot(old) if old else {}
    row: Model = form.save()
    after = snapshot(row)
    if old is None:
        record(actor, _verb(row, "created"), row, after=after)
        return row
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        was, now = {name: before[name] for name in changed}, {name: after[name] for name in changed}
        record(actor, _verb(row, "changed"), row, before=was, after=now)
    return row


@transaction.atomic
def delete_row(actor: Actor, *, row: Model) -> AuditEntry:
    """Delete a row; refuses while others lean on it, naming them."""
    before = snapshot(row)
    entry = record(actor, _verb(row, "deleted"), row, before=before)
    try:
        row.delete()
    except ProtectedError as error:
        users = list(error.protected_objects)
        raise Conflict(
            IN_USE, label=str(row), users=Text(_users_named(users, "de"), _users_named(users, "en"))
        ) from error
    return entry


def _users_named(rows: Sequence[Model], language: str) -> str:
    """Name the first few rows with what they are, in a language."""
    form = {"de": "{} „{}“", "en": "{} “{}”"}[language]
    with override(language):
        names = [form.format(row._meta.verbose_name, row) for row in rows[:MOST_USERS]]
    return ", ".join(names + ["…"] * (len(rows) > MOST_USERS))


@transaction.atomic
def undo_change(actor: Actor, *, row: Model, entry: AuditEntry) -> None:
    """Give a row the values that one change took from it; refuses where they were changed again since."""
    before, after = entry.before or {}, entry.after or {}
    current = snapshot(row)
    if not entry.verb.endswith("_changed") or any(current.get(name) != after.get(name) for name in before):
        raise Conflict(CANNOT_UNDO, why=LATER)
    links = {link.name for link in row._meta.many_to_many}
    for name, value in before.items():
        if name not in links:
            field: Any = row._meta.get_field(name)
            setattr(row, field.attname, _number(value) if isinstance(field, ForeignKey) else field.to_python(value))
    try:
        row.full_clean()
    except ValidationError as error:
        why = " ".join(error.messages)
        raise Conflict(CANNOT_UNDO, why=Text(why, why)) from error
    row.save()
    for name in links & set(before):
        getattr(row, name).set([_number(value) for value in before[name]])
    record(actor, _verb(row, "changed"), row, before=after, after=before, note=f"undo {entry.pk}")


def _number(named: str | None) -> int | None:
    """Give the number in ``Name [17]``."""
    found = re.search(r"\[(\d+)\]$", named or "")
    return int(found[1]) if found else None
