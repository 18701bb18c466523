"""Amounts and rates in forms: written in euros and percent as people write them, kept in cents and hundredths."""

import re
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.money.reading import MOST_CENTS

PERCENT = re.compile(r"([-−]?)([0-9]{1,3})(?:[.,]([0-9]{1,2}))?\s*%?")


class AmountField(forms.CharField):
    """An amount in euros; gives cents."""

    def __init__(self, *, above_zero: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)
        self.above_zero = above_zero

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
        if self.above_zero and cents <= 0:
            raise forms.ValidationError(_("Der Betrag ist größer als null."))
        return cents


class PercentField(forms.CharField):
    """A rate in percent; gives hundredths of a percent."""

    def clean(self, value: Any) -> Any:
        """Read the rate to the hundredth; a comma and a point both stand before the decimals."""
        text = super().clean(value)
        if not text:
            return None
        found = PERCENT.fullmatch(text)
        if found is None:
            raise forms.ValidationError(_("Schreiben Sie Prozent mit höchstens zwei Nachkommastellen, etwa 1,27."))
        hundredths = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        return -hundredths if found[1] else hundredths


def plain(cents: int) -> str:
    """Write cents for files."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def typed(cents: int) -> str:
    """Write cents, or hundredths of a percent, so that their field shows them as its language does and reads them."""
    return plain(cents).replace(".", ",") if (get_language() or "de").startswith("de") else plain(cents)
