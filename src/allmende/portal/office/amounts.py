"""Amounts in forms: written in euros as people write them, kept in cents."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

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
        try:
            cents = Money.parse(str(text)).cents
        except AllmendeError as error:
            raise forms.ValidationError(error.what.within(get_language() or "de")) from error
        if abs(cents) >= MOST_CENTS:
            raise forms.ValidationError(_("Der Betrag ist zu groß."))
        return cents


def plain(cents: int) -> str:
    """Write cents so that a field for amounts reads them again."""
    return f"{cents // 100}.{cents % 100:02d}"
