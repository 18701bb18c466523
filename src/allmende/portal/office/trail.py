"""The audit trail as people read it: who, when, which values became which."""

import datetime as dt
import re
from typing import Any

import msgspec
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from allmende.accounts.models import AuditEntry

DEEDS = {
    "created": gettext_lazy("angelegt"),
    "changed": gettext_lazy("geändert"),
    "deleted": gettext_lazy("gelöscht"),
    "loaded": gettext_lazy("geladen"),
    "published": gettext_lazy("veröffentlicht"),
    "edited": gettext_lazy("bearbeitet"),
    "revoked": gettext_lazy("widerrufen"),
    "released": gettext_lazy("freigegeben"),
    "discarded": gettext_lazy("verworfen"),
    "set": gettext_lazy("gesetzt"),
    "paused": gettext_lazy("angehalten"),
    "resumed": gettext_lazy("Halt aufgehoben"),
    "asked": gettext_lazy("Abholen aufgetragen"),
    "again": gettext_lazy("Neulesen aufgetragen"),
    "moved": gettext_lazy("weitergeführt"),
    "sent": gettext_lazy("zur Freigabe gegeben"),
    "returned": gettext_lazy("zurückgegeben"),
    "approved": gettext_lazy("freigegeben"),
    "exported": gettext_lazy("ausgegeben"),
    "imported": gettext_lazy("übernommen"),
    "undone": gettext_lazy("zurückgenommen"),
    "noted": gettext_lazy("vermerkt"),
}


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
    names = list(dict.fromkeys([*before, *after]))
    changes = [Change(_label(model, name), _cell(before, name), _cell(after, name)) for name in names]
    return Written(
        entry.at,
        entry.actor,
        deed_of(entry.verb),
        entry.verb,
        entry.label or entry.subject,
        entry.note,
        tuple(change for change in changes if change.before != change.after),
        entry.pk,
    )


def deed_of(verb: str) -> str:
    """Name what was done; a verb that is not known stands as it is."""
    return str(DEEDS.get(re.split("[._]", verb)[-1], verb))


def _label(model: type[Model] | None, name: str) -> str:
    if model is not None:
        try:
            return capfirst(str(getattr(model._meta.get_field(name), "verbose_name", name)))
        except FieldDoesNotExist:
            return name
    return name


def _cell(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return gettext("ja") if value else gettext("nein")
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
