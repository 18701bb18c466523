"""How the fields of a table are shown and filled in: in the page's language, amounts in euros, yes and no as words."""

import re
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, Field, Model
from django.utils.translation import get_language, gettext

from allmende.kernel.money import Money
from allmende.portal.office.amounts import AmountField, PercentField, typed
from allmende.ui.templatetags.allmende import money, number

# Parts of whole percent, and the words that say so in the name of such a field.
HUNDREDTHS = ("basis_points", "hundredths")
UNIT = re.compile(r" (in Cent|in cents|in hundertstel Prozent|in hundredths of (a )?percent)$", re.IGNORECASE)
LANGUAGE = re.compile(r" \((deutsch|englisch|German|English)\)$")


def _field(model: type[Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def is_cents(name: str) -> bool:
    """Tell whether a field holds an amount."""
    return name == "cents" or name.endswith("_cents")


def in_language(model: type[Model], name: str) -> str:
    """Name the field of the page's language: ``title_en`` for ``title_de`` on an English page."""
    english = f"{name.removesuffix('_de')}_en"
    wanted = name.endswith("_de") and get_language() == "en" and _field(model, english) is not None
    return english if wanted else name


def without_unit(label: str, name: str) -> str:
    """Name a field without the small unit in which it is stored."""
    return UNIT.sub("", label) if is_cents(name) or name in HUNDREDTHS else label


def heading(label: str, name: str) -> str:
    """Name a column, of whose language the page speaks anyway."""
    return LANGUAGE.sub("", without_unit(label, name))


def in_words(field: Field[Any, Any] | None, value: Any) -> Any:
    """Write a value as people read it; anything without a rule of its own stays."""
    if field is None or value is None:
        return value
    if isinstance(field, BooleanField):
        return gettext("ja") if value else gettext("nein")
    if is_cents(field.name):
        return money(Money(value))
    if field.name in HUNDREDTHS:
        return f"{number(value / 100, 2 if value % 100 else 0)}\u00a0%"
    return value


def words_of(row: Model, name: str) -> Any:
    """Write one field of a row, choices by their names."""
    named = getattr(row, f"get_{name}_display", None)
    value = getattr(row, name) if named is None else named()
    return "" if value is None else in_words(_field(type(row), name), value)


def with_amounts(form: Any) -> Any:
    """Let amounts be written in euros and rates in percent, as people do, instead of cents and hundredths."""
    for name, field in form.fields.items():
        euros, rate = is_cents(name), name in HUNDREDTHS
        if not (euros or rate) or not isinstance(field, forms.IntegerField):
            continue
        unit = gettext("%(what)s in Euro") if euros else gettext("%(what)s in Prozent")
        label = unit % {"what": without_unit(str(field.label), name)}
        kind = AmountField if euros else PercentField
        form.fields[name] = kind(label=label, help_text=field.help_text, required=field.required)
        stored = form.initial.get(name)
        form.initial[name] = typed(stored) if isinstance(stored, int) else ""
    return form
