"""The form of an objection: few fields, no account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LEAST_WORDS, MOST_WORDS = 10, 5_000


class ObjectionForm(forms.Form):
    """What somebody has to say about a use of data."""

    kind = forms.ChoiceField(
        label=_("Worum geht es?"),
        choices=[
            ("objection", _("Ich erhebe Einwand gegen eine Datennutzung")),
            ("breach", _("Ich melde einen Verstoß gegen die Regeln")),
            ("question", _("Ich habe eine Frage zu meinen Daten")),
        ],
        widget=forms.RadioSelect,
        initial="objection",
    )
    about = forms.ChoiceField(label=_("Welche Datennutzung?"), required=False)
    words = forms.CharField(
        label=_("Ihr Anliegen"),
        help_text=_("Was ist geschehen, wo, und was soll anders werden? 10 bis 5.000 Zeichen."),
        min_length=LEAST_WORDS,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    reply_to = forms.EmailField(
        label=_("E-Mail für die Antwort"),
        required=False,
        help_text=_("Freiwillig. Ohne Adresse sehen Sie die Antwort mit Nummer und Schlüssel hier."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # People do not see this field; who fills it in is a program.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, uses: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about: Any = self.fields["about"]
        about.choices = [("", _("eine andere, oder ich weiß es nicht")), *uses]

    def clean_website(self) -> str:
        """Refuse what a program filled in."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Dieses Feld bleibt leer."))
        return ""
