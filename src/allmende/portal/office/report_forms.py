"""Forms of reports."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.portal.office.money.forms import day_field
from allmende.programme.models import Project
from allmende.reports.gathering import FREE
from allmende.reports.models import KINDS, PUBLIC, Report
from allmende.reports.rules import PARTS
from allmende.ui.bilingual import choices_of


class NewReportForm(forms.Form):
    """Which report, of which day, about what."""

    kind = forms.ChoiceField(
        label=_("Art"),
        choices=KINDS,
        help_text=_("Ausgabenerklärung und Verwendungsnachweis nennen Belege und werden nicht veröffentlicht."),
    )
    day = day_field(
        _("Stand"), help_text=_("Der Bericht sagt, was an diesem Tag bekannt war; der Tag muss vorbei sein.")
    )
    project = forms.ModelChoiceField(
        Project.objects.all(), label=_("Projekt"), required=False, empty_label=_("das ganze Programm")
    )


class TextsForm(forms.Form):
    """The free texts of a report in both languages, and which parts it leaves out."""

    edits = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, report: Report, *args: Any) -> None:
        super().__init__(*args)
        language = get_language() or "de"
        self.report = report
        self.fields["edits"].initial = report.edits
        for free in FREE[report.kind]:
            for code, name in (("de", _("deutsch")), ("en", _("englisch"))):
                self.fields[f"{free.key}_{code}"] = forms.CharField(
                    label=f"{free.title.within(language)} ({name})",
                    help_text=free.help.within(language) if code == "de" else "",
                    required=False,
                    max_length=20_000,
                    initial=report.texts.get(free.key, {}).get(code, ""),
                    widget=forms.Textarea(attrs={"rows": 4, "lang": code}),
                )

        if report.kind in PUBLIC:
            self.fields["left_out"] = forms.MultipleChoiceField(
                label=_("Was dieser Bericht weglässt"),
                help_text=_("Der Bericht nennt am Ende, was fehlt. Was nicht bekannt ist, steht immer darin."),
                required=False,
                choices=choices_of(PARTS),
                initial=report.left_out,
                widget=forms.CheckboxSelectMultiple,
            )

    def texts(self) -> dict[str, dict[str, str]]:
        """Give the texts as they were entered."""
        given = self.cleaned_data
        return {
            free.key: {code: given[f"{free.key}_{code}"] for code in ("de", "en")} for free in FREE[self.report.kind]
        }


class ReturnForm(forms.Form):
    """Why a report goes back."""

    reason = forms.CharField(label=_("Was zu ändern ist"), max_length=1000)
