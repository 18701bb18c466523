"""The form of a finding."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.portal.office.amounts import AmountField
from allmende.portal.office.money.forms import day_field
from allmende.programme.models import Source
from allmende.transfer.rules import CERTAINTIES, COST_KINDS, PHASES, SECTIONS, TOPICS, Cost, FindingContent

LANGUAGES = (("de", _("deutsch")), ("en", _("englisch")))


def _choices(names: dict[str, Text]) -> list[tuple[str, str]]:
    language = get_language() or "de"
    return [(name, text.within(language)) for name, text in names.items()]


def _amount(cents: int | None) -> str:
    return "" if cents is None else f"{cents // 100},{cents % 100:02}"


class FindingForm(forms.Form):
    """Every part of a finding; what stays empty is unknown."""

    edits = forms.IntegerField(widget=forms.HiddenInput(), required=False)
    phase = forms.ChoiceField(label=_("Phase auf dem Weg in den Dauerbetrieb"))
    topics = forms.MultipleChoiceField(label=_("Themen"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, sent: QueryDict | None, content: FindingContent | None, edits: int | None) -> None:
        super().__init__(sent)
        self.before = content or FindingContent(phase="trial")
        self.fields["edits"].initial = edits
        for name, names in (("phase", PHASES), ("topics", TOPICS)):
            field: Any = self.fields[name]
            field.choices, field.initial = _choices(names), getattr(self.before, name)
        for name, title in SECTIONS.items():
            self._pair(name, title.within(get_language() or "de"), self.before.section(name))
            if name == "effect":
                self.fields["certainty"] = forms.ChoiceField(
                    label=_("Wie sicher ist, dass es am Projekt liegt?"),
                    choices=_choices(CERTAINTIES),
                    initial=self.before.certainty,
                )
        self._costs()
        self._contact()
        self.fields["sources"] = forms.ModelMultipleChoiceField(
            Source.objects.all(),
            label=_("Quellen"),
            required=False,
            to_field_name="slug",
            initial=list(self.before.sources),
        )

    def _pair(self, name: str, title: Any, text: Text | None, rows: int = 4, **more: Any) -> None:
        for code, language in LANGUAGES:
            self.fields[f"{name}_{code}"] = forms.CharField(
                label=f"{title} ({language})",
                required=False,
                max_length=20_000,
                initial=text.within(code) if text else "",
                widget=forms.Textarea(attrs={"rows": rows, "lang": code}),
                **more,
            )

    def _costs(self) -> None:
        known: dict[str, Cost] = {cost.kind: cost for cost in self.before.costs}
        for kind, title in _choices(COST_KINDS):
            cost = known.get(kind)
            for part, words in (("once", _("einmalig, in Euro")), ("yearly", _("jährlich, in Euro"))):
                cents = getattr(cost, f"{part}_cents") if cost else None
                self.fields[f"{kind}_{part}"] = AmountField(
                    label=f"{title}: {words}", required=False, initial=_amount(cents)
                )
            self._pair(f"{kind}_note", f"{title}: {_('Anmerkung')}", cost.note if cost else None, 2)

    def _contact(self) -> None:
        hint = _("Ein Amt oder eine Stelle, kein Mensch.")
        self._pair("contact", _("Wen andere fragen können"), self.before.contact, 2, help_text=hint)
        self.fields["contact_until"] = day_field(
            _("Bis wann"), required=False, initial=self.before.contact_until, help_text=_("Letzter Tag.")
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a text in one language only."""
        given: dict[str, Any] = super().clean() or {}
        for name in [*SECTIONS, "contact", *(f"{kind}_note" for kind in COST_KINDS)]:
            de, en = given.get(f"{name}_de", "").strip(), given.get(f"{name}_en", "").strip()
            if bool(de) != bool(en):
                self.add_error(f"{name}_{'en' if de else 'de'}", _("Diese Sprache fehlt."))
        return given

    def _text(self, name: str) -> Text | None:
        de, en = (self.cleaned_data[f"{name}_{code}"].strip().replace("\r\n", "\n") for code in ("de", "en"))
        return Text(de, en) if de else None

    def _cost(self, kind: Any) -> Cost:
        once, yearly = (self.cleaned_data[f"{kind}_{part}"] for part in ("once", "yearly"))
        return Cost(kind=kind, once_cents=once, yearly_cents=yearly, note=self._text(f"{kind}_note"))

    @property
    def content(self) -> FindingContent:
        """Give what was entered."""
        given = self.cleaned_data
        costs = [self._cost(kind) for kind in COST_KINDS]
        return FindingContent(
            phase=given["phase"],
            topics=tuple(given["topics"]),
            certainty=given["certainty"],
            costs=tuple(cost for cost in costs if cost != Cost(kind=cost.kind)),
            contact=self._text("contact"),
            contact_until=given["contact_until"],
            sources=tuple(source.slug for source in given["sources"]),
            **{name: self._text(name) for name in SECTIONS},
        )
