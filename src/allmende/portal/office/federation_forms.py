"""Forms about other cities: an address, a key that was compared, a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    """Where another city answers."""

    url = forms.CharField(
        label=_("Adresse der Stadt"), max_length=300, help_text=_("zum Beispiel https://stadt.example, ohne Pfad")
    )


class KeyForm(forms.Form):
    """The key of a city, compared by telephone."""

    url = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)
    key = forms.CharField(widget=forms.HiddenInput, max_length=400)
    compared = forms.BooleanField(
        label=_("Ich habe den Fingerabdruck am Telefon mit der Stadt verglichen, Zeichen für Zeichen.")
    )


class AddForm(KeyForm):
    """Likewise, and whether its log is witnessed."""

    witness = forms.BooleanField(label=_("Auch das Protokoll dieser Stadt bezeugen"), required=False)


class ReasonForm(forms.Form):
    """Why a log that contradicted itself is followed again."""

    reason = forms.CharField(
        label=_("Warum dem Protokoll wieder gefolgt wird"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
