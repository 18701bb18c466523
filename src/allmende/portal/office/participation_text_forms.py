"""Forms of the staff about the text of a process: its paragraphs, where they come from, its seal."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from allmende.participation.models import Contribution, Process
from allmende.portal.office.final import confirmed
from allmende.portal.office.participation_forms import in_both, project_choices


class WordingForm(forms.Form):
    """New words for a paragraph; ``base`` is the version that was read."""

    base = forms.IntegerField(widget=forms.HiddenInput)
    text_de = in_both(_("Wortlaut"), rows=6)["de"]
    text_en = in_both(_("Übersetzung"), required=False, rows=6)["en"]
    reason_de = forms.CharField(label=_("Grund (deutsch)"), max_length=500)
    reason_en = forms.CharField(label=_("Grund (englisch)"), max_length=500)
    suggestion = forms.ChoiceField(label=_("übernimmt Vorschlag"), required=False)

    def __init__(self, *args: Any, suggestions: Iterable[Contribution] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        suggestion: Any = self.fields["suggestion"]
        suggestion.choices = [("", "–"), *((one.number, f"{one.number} {one.title}") for one in suggestions)]


class GrownForm(forms.Form):
    """From which contributions a paragraph grew."""

    numbers = forms.CharField(
        label=_("entstanden aus (Nummern)"),
        required=False,
        max_length=500,
        help_text=_("Nummern von Beiträgen, mit Leerzeichen dazwischen"),
    )

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process = process

    def clean_numbers(self) -> list[str]:
        """Refuse numbers that are none of this process."""
        words: list[str] = self.cleaned_data["numbers"].replace(",", " ").split()
        rows = Contribution.objects.filter(process=self.process, number__in=words)
        unknown = sorted(set(words) - set(rows.values_list("number", flat=True)))
        if unknown:
            raise forms.ValidationError(
                _("In diesem Verfahren gibt es nicht: %(numbers)s"), params={"numbers": ", ".join(unknown)}
            )
        return words


class RelateForm(GrownForm):
    """From which contributions a paragraph grew, and which project carries it out."""

    project = forms.ChoiceField(label=_("Projekt"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project: Any = self.fields["project"]
        project.choices = [("", "–"), *project_choices()]


class ParagraphForm(GrownForm, WordingForm):
    """A paragraph at the end."""

    heading_de = forms.CharField(label=_("Überschrift (deutsch)"), max_length=200)
    heading_en = forms.CharField(label=_("Überschrift (englisch)"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["base"], self.fields["suggestion"]
        self.order_fields(("heading_de", "heading_en"))


class SealForm(forms.Form):
    """On which occasion a text is sealed."""

    occasion_de = forms.CharField(label=_("Anlass (deutsch)"), max_length=300)
    occasion_en = forms.CharField(label=_("Anlass (englisch)"), max_length=300)
    sure = confirmed(_("Ja, die Prüfsumme bleibt für immer im öffentlichen Protokoll."))
