"""Amounts as staff write and see them: in euros; the tables hold cents."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column

from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.money.reading import MOST_CENTS


class AmountField(forms.CharField):
    """An amount in euros; gives cents."""

    def clean(self, value: Any) -> Any:
        """Read the amount to the cent."""
        text = super().clean(value)
        if not text:
            return None
        language = get_language() or "de"
        try:
            cents = Money.parse(str(text)).cents
        except AllmendeError as error:
            raise forms.ValidationError(error.what.within(language)) from error
        if abs(cents) >= MOST_CENTS:
            raise forms.ValidationError(_("Der Betrag ist zu groß."))
        return cents


def plain(cents: int) -> str:
    """Write cents so that a field for amounts reads them again."""
    return f"{cents // 100}.{cents % 100:02d}"


def in_euros(form: Any, labels: Mapping[str, Any]) -> Any:
    """Let a form about a row ask for some of its amounts in euros; what is below zero stays refused by the row."""
    for name, label in labels.items():
        old = form.fields[name]
        form.fields[name] = AmountField(label=label, required=old.required, help_text=old.help_text)
    return form


def euros_column(name: str, label: Any) -> Column:
    """Make a column that writes an amount of a table."""
    cents = attrgetter(name)

    def written(row: Any) -> str:
        found = cents(row)
        return "" if found is None else Money(found).written(get_language() or "de").replace(" ", "\u00a0")

    return Column(name, label=label, accessor=written)
