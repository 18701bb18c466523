"""Forms about money; amounts are written as people write them."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.money.choices import WHOLE
from allmende.money.models import Award, CostType, FundingSource, Plan
from allmende.money.models.grants import FEDERAL
from allmende.money.models.plans import DRAFT, PUBLISHED
from allmende.portal.office.amounts import AmountField
from allmende.programme.models import Project

MOST_BYTES = 20_000_000


class DayInput(forms.DateInput):
    """A field for a day, which browsers show as a calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Make a field for a day."""
    return forms.DateField(label=label, widget=DayInput(), **more)


class InvoiceForm(forms.Form):
    """A bill that came in."""

    supplier = forms.CharField(label=_("Aussteller"), max_length=200)
    number = forms.CharField(label=_("Rechnungsnummer"), max_length=50)
    day = day_field(_("Rechnungstag"))
    cents = AmountField(label=_("Betrag in Euro"))
    text = forms.CharField(label=_("Wofür"), max_length=300, required=False)


class AllocateForm(forms.Form):
    """A part of an invoice and its position."""

    project = forms.ModelChoiceField(Project.objects.all(), label=_("Projekt"))
    cost_type = forms.ModelChoiceField(CostType.objects.all(), label=_("Kostenart"))
    year = forms.IntegerField(label=_("Haushaltsjahr"), min_value=2000, max_value=2100)
    own_source = forms.ModelChoiceField(
        FundingSource.objects.exclude(kind=FEDERAL), label=_("Wer trägt den Eigenanteil")
    )
    cents = AmountField(label=_("Betrag in Euro"))
    eligible = AmountField(label=_("davon förderfähig, in Euro"))
    reason = forms.CharField(label=_("Grund, wenn nicht alles förderfähig ist"), max_length=300, required=False)
    paid = day_field(_("bezahlt am"), required=False, help_text=_("abgerufen wird nur, was bezahlt ist"))
    commitment = forms.CharField(label=_("Nummer der Festlegung"), max_length=60, required=False)


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(label=_("Grund"), max_length=300)


class DraftForm(forms.Form):
    """A new plan version."""

    base = forms.ModelChoiceField(
        Plan.objects.filter(state=PUBLISHED),
        label=_("hervorgegangen aus"),
        required=False,
        help_text=_("leer: ein leerer Plan"),
    )
    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    reason = forms.CharField(label=_("Warum sich der Plan ändert"), max_length=1000, widget=forms.Textarea({"rows": 3}))


class SlotForm(forms.Form):
    """One position of a draft with the share of each source; all zero takes it away."""

    project = forms.ModelChoiceField(Project.objects.all(), label=_("Projekt"), to_field_name="slug")
    cost_type = forms.ModelChoiceField(CostType.objects.all(), label=_("Kostenart"), to_field_name="slug")
    year = forms.IntegerField(label=_("Haushaltsjahr"), min_value=2000, max_value=2100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = list(FundingSource.objects.all())
        for source in self.sources:
            label = source.title.within(get_language() or "de")
            self.fields[f"source_{source.slug}"] = AmountField(label=label, required=False)

    def shares(self) -> dict[str, int]:
        """Give the shares in cents."""
        found = {source.slug: self.cleaned_data[f"source_{source.slug}"] for source in self.sources}
        return {slug: cents for slug, cents in found.items() if cents}


class PublishForm(forms.Form):
    """The decision behind a new plan."""

    decision = forms.CharField(label=_("Beschluss: Gremium"), max_length=200)
    decided = day_field(_("Tag des Beschlusses"))


class DrawForm(forms.Form):
    """Up to which day payments are claimed."""

    award = forms.ModelChoiceField(Award.objects.all(), label=_("Zuwendung"))
    until = day_field(_("Zahlungen bis"))


class PaymentForm(forms.Form):
    """What the funder paid."""

    day = day_field(_("ausgezahlt am"))
    cents = AmountField(label=_("Betrag in Euro"))


class ProofForm(forms.Form):
    """Of which award and day a proof speaks."""

    award = forms.ModelChoiceField(Award.objects.all(), label=_("Zuwendung"))
    day = day_field(_("Stand"), help_text=_("gestern oder früher"))


class ImportForm(forms.Form):
    """A file with bookings or with plan positions."""

    KINDS = [("bookings", _("Buchungen")), ("plan", _("Planpositionen"))]
    kind = forms.ChoiceField(label=_("Was die Datei enthält"), choices=KINDS)
    plan = forms.ModelChoiceField(
        Plan.objects.filter(state=DRAFT),
        label=_("Entwurf, dessen Positionen sie ersetzt"),
        required=False,
        help_text=_("nur für Planpositionen"),
    )
    file = forms.FileField(label=_("Datei (.xlsx oder .csv)"))

    def clean(self) -> dict[str, Any]:
        """Refuse what is too large, and a plan without a draft."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("kind") == "plan" and values.get("plan") is None:
            self.add_error("plan", _("Wählen Sie den Entwurf."))
        if (given := values.get("file")) and given.size > MOST_BYTES:
            self.add_error("file", _("Die Datei ist größer als 20 MB."))
        return values


WAYS = [("continue", _("weiter")), ("shrink", _("kürzen")), ("stop", _("beenden"))]
PERCENT = {"shrink": "keep", "stop": "risk"}


class ScenarioForm(forms.Form):
    """Name and days of a scenario; the choices are read by hand, since a field object for each costs too much."""

    name = forms.CharField(label=_("Name"), max_length=120)
    day = day_field(_("Stand der Zahlen"))
    stop = day_field(_("Rückzahlung angenommen am"), help_text=_("bis dahin laufen Zinsen"))
    edits = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    def __init__(
        self, *args: Any, projects: list[Project], saved: dict[str, dict[str, Any]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.projects, self.saved = projects, saved or {}

    def rows(self) -> list[dict[str, Any]]:
        """Give what the table of choices shows: what was sent, else what was saved."""
        found = []
        for project in self.projects:
            values = {"way": "continue", "keep": 50, "risk": 100, **self.saved.get(project.slug, {})}
            if self.is_bound:
                values = {name: self.data.get(f"{name}_{project.pk}", "") for name in values}
            found.append({"project": project, **values})
        return found

    @property
    def ways(self) -> list[tuple[str, Any]]:
        """Give what can be chosen."""
        return WAYS

    def clean(self) -> dict[str, Any]:
        """Read what was chosen, where it is not simply to continue."""
        values: dict[str, Any] = super().clean() or {}
        found: dict[str, dict[str, object]] = {}
        for project in self.projects:
            way = str(self.data.get(f"way_{project.pk}", "continue"))
            if way not in dict(WAYS):
                self.add_error(None, _("Wählen Sie für jedes Projekt, was geschehen soll."))
            if way in PERCENT:
                text = str(self.data.get(f"{PERCENT[way]}_{project.pk}", ""))
                if not (text.isdecimal() and int(text) <= WHOLE):
                    name = project.title.within(get_language() or "de")
                    self.add_error(None, _("%(name)s: eine ganze Zahl von 0 bis 100.") % {"name": name})
                    continue
                found[project.slug] = {"way": way, PERCENT[way]: int(text)}
        return {**values, "choices": found}


def month_end(day: dt.date) -> dt.date:
    """Give the last day of the month before."""
    return day.replace(day=1) - dt.timedelta(days=1)
