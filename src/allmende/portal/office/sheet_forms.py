"""Forms of the data uses: the sheet with its screening, a step of its life, a suspension."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from allmende.ethics.sheets import STATES
from allmende.kernel.text import Text
from allmende.register.models import DataUse
from allmende.register.rules import ANSWERS, OPEN_STATES, SCREENING, STEPS

# What a body decided about; once it has, these stand until the use is an idea again.
DECIDED = (
    *("what_de", "what_en", "purpose", "category", "personal_de", "personal_en", "legal_basis_de", "legal_basis_en"),
    *("recipients", "retention_de", "retention_en", "retention_days", "until", "demonstration"),
    *("risk_de", "risk_en", "assessment"),
)


def _language() -> str:
    return get_language() or "de"


class DataUseForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A data sheet with the nine questions of the screening."""

    class Meta:
        """The columns that are edited."""

        model = DataUse
        fields = (
            *("title_de", "title_en", "what_de", "what_en", "how_de", "how_en", "location_de", "location_en"),
            *("technology_de", "technology_en", "purpose", "category", "personal_de", "personal_en"),
            *("legal_basis_de", "legal_basis_en", "responsible_de", "responsible_en", "provider_de", "provider_en"),
            *("recipients", "retention_de", "retention_en", "retention_days", "since", "until", "demonstration"),
            *("risk_de", "risk_en", "assessment", "contact_de", "contact_en", "note_de", "note_en"),
            *("source", "source_url"),
        )
        widgets = {"recipients": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers, language = self.instance.answers, _language()
        for name, question in SCREENING.items():
            self.fields[f"screening_{name}"] = forms.ChoiceField(
                label=_("Vorprüfung: %(question)s") % {"question": question.within(language)},
                choices=[(value, text.within(language)) for value, text in ANSWERS.items()],
                initial=answers[name],
                required=False,
                help_text=_("Unbekannt ist eine Antwort, aber mit ihr wird nicht beschlossen."),
            )
        if self.instance.pk and self.instance.state not in OPEN_STATES:
            for name in (*DECIDED, *(f"screening_{name}" for name in SCREENING)):
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Darüber ist beschlossen; zum Ändern geht die Nutzung zurück zur Idee.")

    def clean(self) -> dict[str, Any]:
        """Gather the answers; refuse an end before the beginning."""
        values: dict[str, Any] = super().clean()
        self.instance.screening = {name: values.get(f"screening_{name}") or "unknown" for name in SCREENING}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("Der letzte Tag liegt vor dem ersten."))
        return values


class NewDataUseForm(DataUseForm):
    """A data use that is not there yet; its short name is chosen once, for datastreams name it."""

    class Meta(DataUseForm.Meta):
        """The columns of a sheet, and the short name."""

        fields = ("slug", *DataUseForm.Meta.fields)  # type: ignore[assignment]


class ReasonForm(forms.Form):
    """Why something is done, in public and in both languages."""

    reason_de = forms.CharField(label=_("Grund (öffentlich)"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
    reason_en = forms.CharField(label=_("Grund, englisch"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))

    @property
    def reason(self) -> Text:
        """Give the reason."""
        return Text(self.cleaned_data["reason_de"], self.cleaned_data["reason_en"])


class MoveForm(ReasonForm):
    """A step of a data use."""

    field_order = ("to", "decision", "until", "reason_de", "reason_en")
    to = forms.ChoiceField(label=_("Schritt"), widget=forms.RadioSelect)
    decision = forms.CharField(
        label=_("Beschluss"), max_length=300, required=False, help_text=_("Gremium, Tag, Aktenzeichen")
    )
    until = forms.DateField(
        label=_("neuer letzter Tag"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("nur zum Verlängern; braucht einen Beschluss"),
    )

    def __init__(self, *args: Any, use: DataUse, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = STEPS[use.state]  # type: ignore[index]
        self.fields["to"].choices = [(step, _step(use, step)) for step in steps]  # type: ignore[attr-defined]


def _step(use: DataUse, to: str) -> str:
    if use.state == to:
        return str(_("verlängern (bleibt aktiv)"))
    if use.state == "suspended" and to == "active":
        return str(_("Aussetzung aufheben"))
    return STATES[to].within(_language())
