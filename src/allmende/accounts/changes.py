"""Saving and deleting rows of any slice, each with its one audit entry in the same transaction."""

import re
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ForeignKey, Model, ProtectedError

from allmende.accounts.models import AuditEntry
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text

IN_USE = ErrorCode(
    "accounts.row_in_use",
    Text("„{label}“ wird noch gebraucht: {users}.", "“{label}” is still in use: {users}."),
    Text("Lösen Sie zuerst diese Verbindungen.", "Remove these links first."),
)
MOST_USERS = 5


class RowForm(Protocol):
    """A validated form about one row."""

    instance: Any

    def save(self) -> Any:
        """Write the row and its links."""


def snapshot(row: Model) -> dict[str, Any]:
    """Give the values of a row as JSON knows them; links are named with their number."""
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


@transaction.atomic
def save_form(actor: Actor, *, form: RowForm) -> Model:
    """Save a form's row; the entry holds all values of a new row, and what differs of an old one."""
    old = type(form.instance)._default_manager.filter(pk=form.instance.pk).first() if form.instance.pk else None
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
        users = [str(user) for user in error.protected_objects]
        more = ["…"] if len(users) > MOST_USERS else []
        raise Conflict(IN_USE, label=str(row), users=", ".join(users[:MOST_USERS] + more)) from error
    return entry
