"""Forms of minutes: the head of a meeting, an item of its agenda, a correction."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.register.minutes.models import AgendaItem, Minutes
from allmende.register.minutes.rules import ATTENDING, BODIES
from allmende.register.objections.models import Objection
from allmende.register.queries import data_uses, newest_rules

MOST_PRESENT = 500
PAIRS = ("discussed", "decided")


def _language() -> str:
    return get_language() or "de"


class HeadForm(forms.Form):
    """Who met, when, and how many of each role took part."""

    body = forms.ChoiceField(label=_("Gremium"))
    day = forms.DateField(label=_("Tag der Sitzung"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, sent: QueryDict | None, one: Minutes | None = None) -> None:
        super().__init__(sent, initial={"body": one.body, "day": one.day} if one else {"day": today()})
        choices: Any = self.fields["body"]
        choices.choices = [(name, text.within(_language())) for name, text in BODIES.items()]
        for name, text in ATTENDING.items():
            self.fields[f"present_{name}"] = forms.IntegerField(
                label=_("Teilnahme: %(role)s") % {"role": text.within(_language())},
                min_value=0,
                max_value=MOST_PRESENT,
                required=False,
                initial=one.attending.get(name) if one else None,
                help_text=_("Anzahl; Namen stehen nicht im Protokoll."),
            )

    @property
    def head(self) -> dict[str, Any]:
        """Give the values as the service takes them."""
        values = self.cleaned_data
        attending = {name: values[f"present_{name}"] for name in ATTENDING if values[f"present_{name}"]}
        return {"body": values["body"], "day": values["day"], "attending": attending}


def _text(label: Any, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 4})
    return forms.CharField(label=label, max_length=10_000, required=False, widget=widget, **more)


def _boxes(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=False, widget=forms.CheckboxSelectMultiple)


class ItemForm(forms.Form):
    """One item: what it was about, what was discussed and decided, and what stays inside."""

    field_order = (
        *("position", "title_de", "title_en", "discussed_de", "discussed_en", "decided_de", "decided_en"),
        *("rules", "data_uses", "objections", "internal", "confidential"),
    )
    position = forms.IntegerField(label=_("Nummer auf der Tagesordnung"), min_value=1, max_value=1_000)
    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    rules = _boxes(_("Regeln, um die es ging, auch als Entwurf"))
    data_uses = _boxes(_("Datennutzungen, um die es ging"))
    objections = forms.CharField(
        label=_("Einwände, um die es ging"), required=False, help_text=_("Nummern, mit Komma getrennt: E-2026-0007")
    )
    discussed_de = _text(_("Beraten (deutsch)"))
    discussed_en = _text(_("Beraten (englisch)"))
    decided_de = _text(_("Beschlossen (deutsch)"))
    decided_en = _text(_("Beschlossen (englisch)"))
    internal = forms.BooleanField(
        label=_("nicht öffentlich"),
        required=False,
        help_text=_("Der ganze Punkt fehlt in der öffentlichen Fassung; sie sagt nur, dass einer fehlt."),
    )
    confidential = _text(_("nur intern"), help_text=_("Steht nie in der öffentlichen Fassung."))

    def __init__(self, sent: QueryDict | None, item: AgendaItem | None, position: int) -> None:
        initial: dict[str, Any] = {"position": position}
        if item is not None:
            initial = {name: getattr(item, name) for name in self.base_fields}
            initial["objections"] = ", ".join(item.objections)
        super().__init__(sent, initial=initial)
        known: Any = self.fields
        known["rules"].choices = [(rule.slug, rule.title.within(_language())) for rule in newest_rules()]
        known["data_uses"].choices = [(use.slug, use.title.within(_language())) for use in data_uses()]

    def clean_objections(self) -> list[str]:
        """Take the numbers apart; refuse one that is not there."""
        numbers = [part.strip().upper() for part in self.cleaned_data["objections"].split(",") if part.strip()]
        known = set(Objection.objects.filter(number__in=numbers).values_list("number", flat=True))
        unknown = [number for number in numbers if number not in known]
        if unknown:
            raise forms.ValidationError(_("Diesen Einwand gibt es nicht: %(n)s") % {"n": ", ".join(unknown)})
        return list(dict.fromkeys(numbers))

    def clean(self) -> dict[str, Any]:
        """Ask what is public in both languages, and for something that was discussed or decided."""
        values: dict[str, Any] = super().clean() or {}
        for name in PAIRS:
            halves = [values.get(f"{name}_{language}") for language in ("de", "en")]
            if any(halves) and not all(halves) and not values.get("internal"):
                self.add_error(
                    f"{name}_{'en' if halves[0] else 'de'}", _("Was öffentlich ist, steht in beiden Sprachen.")
                )
        if not any(values.get(f"{name}_de") for name in PAIRS) and not values.get("confidential"):
            self.add_error("discussed_de", _("Was wurde beraten oder beschlossen?"))
        return values
