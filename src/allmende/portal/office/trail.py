"""The audit trail as people read it: who, when, which values became which."""

import datetime as dt
from typing import Any

import msgspec
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES
from allmende.kernel.money import Money
from allmende.portal.office.columns import is_cents, without_unit
from allmende.portal.office.deeds import actor_of, deed_of, note_of, part_of, subject_words, table_of
from allmende.ui.templatetags.allmende import money


class Change(msgspec.Struct, frozen=True):
    """One value that became another; None says that there was none."""

    label: str
    before: str | None
    after: str | None


class Written(msgspec.Struct, frozen=True):
    """One entry of the trail."""

    at: dt.datetime
    actor: str
    deed: str
    verb: str
    label: str
    note: str
    changes: tuple[Change, ...]
    number: int = 0

    @property
    def can_be_undone(self) -> bool:
        """Tell whether values became others, so that they can become what they were."""
        return self.verb.endswith("_changed")


def written(entry: AuditEntry, model: type[Model] | None = None) -> Written:
    """Put an entry into words; the table, if known, names its columns."""
    before, after = entry.before or {}, entry.after or {}
    table = model or table_of(entry.subject)
    changes = [
        Change(_label(table, name), _cell(before, name), _cell(after, name))
        for name in dict.fromkeys([*before, *after])
    ]
    return Written(
        entry.at,
        actor_of(entry.actor),
        deed_of(entry.verb),
        entry.verb,
        entry.label or subject_words(entry.subject),
        note_of(entry.note),
        tuple(change for change in changes if change.before != change.after),
        entry.pk,
    )


def _label(model: type[Model] | None, name: str) -> str:
    if model is not None:
        try:
            label = capfirst(str(getattr(model._meta.get_field(name), "verbose_name", name)))
        except FieldDoesNotExist:
            return part_of(name)
        return without_unit(label, name)
    return part_of(name)


def _cell(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and is_cents(name):
        return money(Money(value))
    return None if value is None or value in ("", [], {}) else _plain(value, name)


def _plain(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return gettext("ja") if value else gettext("nein")
    if isinstance(value, dict):
        return "; ".join(f"{part_of(str(key))}: {_plain(one, str(key))}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one, name) for one in value)
    if name == "roles" and value in ROLES:
        return ROLES[value].within(get_language() or "de")
    return str(value)
