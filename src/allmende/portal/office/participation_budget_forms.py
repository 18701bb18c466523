"""Forms of the staff about a budget that people vote on."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.participation.models import Budget, Proposal
from allmende.participation.models.budgets import COUNTS, VOTES, WORTHS
from allmende.portal.office.amounts import AmountField, typed
from allmende.portal.office.final import confirmed


def _or_empty(cents: int | None) -> str:
    return typed(cents) if cents else ""


class BudgetForm(forms.Form):
    """How much there is, how is voted and counted."""

    amount = AmountField(above_zero=True, label=_("Budget in Euro"))
    ceiling = AmountField(above_zero=True, label=_("höchstens je Vorschlag, in Euro"), required=False)
    vote = forms.ChoiceField(label=_("Art der Abstimmung"))
    most_projects = forms.IntegerField(label=_("höchstens so viele Projekte"), required=False, min_value=1)
    most_points = forms.IntegerField(label=_("höchstens so viele Punkte"), required=False, min_value=1)
    rule = forms.ChoiceField(label=_("Dem Gemeinderat wird vorgelegt"))
    worth = forms.ChoiceField(
        label=_("Ein Projekt ist denen, die es wollen, wert"), help_text=_("für die gleichen Anteile, ohne Punkte")
    )

    def __init__(self, budget: Budget, data: Any = None) -> None:
        first = {name: getattr(budget, name) for name in ("vote", "most_projects", "most_points", "rule", "worth")}
        amounts = {"amount": _or_empty(budget.amount), "ceiling": _or_empty(budget.ceiling)}
        super().__init__(data, initial={**first, **amounts})
        language = get_language() or "de"
        fields: dict[str, Any] = self.fields
        for name, texts in (("vote", VOTES), ("rule", COUNTS), ("worth", WORTHS)):
            fields[name].choices = [(key, text.within(language)) for key, text in texts.items()]


class CostForm(forms.Form):
    """What a proposal costs, as the office reckons it."""

    cost = AmountField(above_zero=True, label=_("Kosten in Euro"))

    def __init__(self, proposal: Proposal, data: Any = None) -> None:
        super().__init__(data, prefix=str(proposal.pk), initial={"cost": _or_empty(proposal.cost or proposal.asked)})


class CountForm(forms.Form):
    """The word from which equals are drawn: known to nobody before the vote ended."""

    seed = forms.CharField(
        label=_("Wort oder Zahl, aus der bei Gleichstand gelost wird"),
        max_length=200,
        help_text=_("etwas Öffentliches, das vor dem Ende niemand kannte, etwa die Lottozahlen vom folgenden Samstag"),
    )
    source = forms.CharField(label=_("Woher?"), max_length=300)
    sure = confirmed(_("Ja, alle Stimmzettel vom Papier sind aufgenommen."))


class DecisionForm(forms.Form):
    """What the council decided."""

    day = forms.DateField(label=_("Tag des Beschlusses"), widget=forms.DateInput(attrs={"type": "date"}))
    paper = forms.CharField(label=_("Vorlage"), required=False, max_length=200)
    funded = forms.CharField(
        label=_("Nummern, die Geld bekommen"), required=False, max_length=500, help_text=_("etwa 1 4 7")
    )
    decision_de = forms.CharField(
        label=_("Beschluss und Grund (deutsch)"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    decision_en = forms.CharField(
        label=_("Beschluss und Grund (englisch)"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = today()

    def clean_funded(self) -> list[int]:
        """Read the numbers."""
        words = self.cleaned_data["funded"].replace(",", " ").split()
        if not all(word.isdecimal() and len(word) < 5 for word in words):
            raise forms.ValidationError(_("Bitte nur Nummern."))
        return [int(word) for word in words]
