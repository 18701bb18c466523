"""Forms of indicators: a value, a target, a definition, a cause."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.effects.content import (
    ByHand,
    Column,
    Computed,
    DefinitionEntry,
    IndicatorEntry,
    Level,
    LinkEntry,
    PathEntry,
    PointEntry,
    Source,
    ValueEntry,
)
from allmende.effects.models import (
    CONFIDENCES,
    DIRECTIONS,
    KINDS,
    PERIODS,
    QUALITIES,
    RHYTHMS,
    SIGNS,
    Definition,
    Indicator,
)
from allmende.indicators.method import method, methods
from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.register.models import Purpose

Choices = list[tuple[str, Any]]


def _language() -> str:
    return get_language() or "de"


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def _long(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 2}), **more)


class PairedForm(forms.Form):
    """A form with texts in both languages; a pair is given whole or not at all."""

    def pair(self, name: str) -> Text | None:
        """Give a pair of fields as a text."""
        de, en = (str(self.cleaned_data.get(f"{name}_{code}") or "").strip() for code in ("de", "en"))
        return Text(de, en) if de and en else None

    def clean(self) -> dict[str, Any]:
        """Refuse half a pair."""
        values: dict[str, Any] = super().clean() or {}
        for name in [field.removesuffix("_de") for field in self.fields if field.endswith("_de")]:
            if bool(values.get(f"{name}_de")) != bool(values.get(f"{name}_en")):
                self.add_error(
                    f"{name}_en", _("Schreiben Sie es auf Deutsch und Englisch, oder lassen Sie beides leer.")
                )
        return values


class ValueForm(PairedForm):
    """A value by hand; for days that have one it is a correction."""

    first = _day(_("gilt vom"))
    last = _day(_("gilt bis"))
    value = forms.DecimalField(label=_("Wert"), max_digits=20, decimal_places=6, localize=True)
    quality = forms.ChoiceField(label=_("Güte"), choices=QUALITIES[:2])
    left_out = forms.IntegerField(label=_("Wie viele Werte fehlten"), min_value=0, initial=0)
    source = forms.CharField(label=_("Woher"), max_length=500)
    note_de = _long(
        _("Begründung (deutsch)"), required=False, help_text=_("Pflicht bei Berichtigungen und Bewertungen")
    )
    note_en = _long(_("Begründung (englisch)"), required=False)

    def __init__(self, *args: Any, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        if definition.levels:
            steps = msgspec.convert(definition.levels, tuple[Level, ...])
            names = [(str(step.value), step.name.within(_language())) for step in steps]
            self.fields["value"] = forms.TypedChoiceField(label=_("Stufe"), choices=names, coerce=Decimal)

    @property
    def entry(self) -> ValueEntry:
        """Give what was entered, known from today on."""
        values = self.cleaned_data
        return ValueEntry(
            first=values["first"],
            last=values["last"],
            value=values["value"],
            known_since=today(),
            version=self.definition.number,
            quality=values["quality"],
            left_out=values["left_out"],
            source=values["source"],
            note=self.pair("note"),
        )


class PathForm(PairedForm):
    """Baseline and target; each point is a line with day and value."""

    since = _day(_("beschlossen am"))
    baseline_day = _day(_("Tag des Ausgangswerts"), required=False)
    baseline_value = forms.DecimalField(label=_("Ausgangswert"), required=False, localize=True)
    points = forms.CharField(
        label=_("Ziele"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("eine Zeile je Zeitpunkt: 2028-12-31 15, oder für einen Bereich: 2028-12-31 20 bis 35"),
    )
    stepped = forms.BooleanField(label=_("in Stufen statt in gerader Linie"), required=False)
    source = forms.CharField(label=_("Quelle oder Beschluss"), max_length=500)
    reason_de = _long(_("Warum es sich ändert (deutsch)"), required=False)
    reason_en = _long(_("Warum es sich ändert (englisch)"), required=False)
    basis_de = _long(
        _("Warum die Kosten des Projekts allein diesem Ergebnis dienen (deutsch)"),
        required=False,
        help_text=_("leer: es wird kein Preis je Einheit genannt"),
    )
    basis_en = _long(_("Warum die Kosten des Projekts allein diesem Ergebnis dienen (englisch)"), required=False)

    def clean_points(self) -> tuple[PointEntry, ...]:
        """Read the lines."""
        return tuple(_point(line) for line in str(self.cleaned_data["points"]).splitlines() if line.strip())

    def clean(self) -> dict[str, Any]:
        """Refuse half a baseline."""
        values = super().clean()
        if (values.get("baseline_day") is None) != (values.get("baseline_value") is None):
            self.add_error("baseline_value", _("Ein Ausgangswert braucht Tag und Wert."))
        return values

    def entry(self, version: int) -> PathEntry:
        """Give what was entered."""
        values = self.cleaned_data
        day = values["baseline_day"]
        return PathEntry(
            since=values["since"],
            points=values["points"],
            baseline=None if day is None else PointEntry(day=day, value=values["baseline_value"]),
            stepped=values["stepped"],
            version=version,
            source=values["source"],
            reason=self.pair("reason"),
            cost_basis=self.pair("basis"),
        )


def _point(line: str) -> PointEntry:
    fault = ValidationError(gettext("Nicht lesbar: %(line)s") % {"line": line[:60]})
    day, _space, rest = line.strip().partition(" ")
    try:
        numbers = [Decimal(part.strip().replace(",", ".")) for part in rest.replace(" to ", " bis ").split(" bis ")]
        if len(numbers) == 1:
            return PointEntry(day=dt.date.fromisoformat(day), value=numbers[0])
        return PointEntry(day=dt.date.fromisoformat(day), low=numbers[0], high=numbers[1])
    except (ValueError, InvalidOperation, IndexError) as error:
        raise fault from error


def _parts() -> Choices:
    found: Choices = [("", "–")]
    for name in methods():
        written = method(name)
        parts = [(f"{name}/{part.id}", part.name.within(_language())) for part in written.kinds]
        found.append((written.title.within(_language()), parts))
    return found


def _purposes() -> Choices:
    return [("", "–"), *((one.slug, one.title.within(_language())) for one in Purpose.objects.all())]


class DefinitionForm(PairedForm):
    """How values are determined; a change is a new version with its reason."""

    since = _day(_("gilt seit"))
    unit = forms.ChoiceField(
        label=_("Einheit"), choices=lambda: [(u.ucum, u.name.within(_language())) for u in UNITS.values()]
    )
    digits = forms.IntegerField(label=_("Nachkommastellen"), min_value=0, max_value=4, initial=1)
    direction = forms.ChoiceField(label=_("Richtung"), choices=DIRECTIONS)
    period = forms.ChoiceField(label=_("Ein Wert gilt für"), choices=PERIODS, initial="year")
    rhythm = forms.ChoiceField(label=_("Rhythmus"), choices=RHYTHMS, initial="year")
    method_de = _long(_("Methode (deutsch)"))
    method_en = _long(_("Methode (englisch)"))
    caveat_de = _long(_("Vorbehalt (deutsch)"), required=False)
    caveat_en = _long(_("Vorbehalt (englisch)"), required=False)
    source = forms.ChoiceField(
        label=_("Woher die Werte kommen"),
        choices=[("hand", _("Eingabe von Hand")), ("computed", _("aus Messreihen")), ("table", _("aus einer Tabelle"))],
    )
    who_de = forms.CharField(label=_("Von Hand: wer, woraus (deutsch)"), required=False)
    who_en = forms.CharField(label=_("Von Hand: wer, woraus (englisch)"), required=False)
    levels = forms.CharField(
        label=_("Von Hand: Stufen einer Bewertung"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("eine Zeile je Stufe, von schlecht nach gut: deutsch | englisch"),
    )
    part = forms.ChoiceField(label=_("Messreihen: Berechnung"), choices=_parts, required=False)
    purpose = forms.ChoiceField(label=_("Messreihen: Zweck"), choices=_purposes, required=False)
    stations = forms.CharField(
        label=_("Messreihen: Stationen"),
        required=False,
        help_text=_("Kurznamen, durch Leerzeichen getrennt; leer: alle"),
    )
    reference = forms.CharField(label=_("Messreihen: Stationen zum Vergleich"), required=False)
    observed = forms.CharField(label=_("Messreihen: Messgrößen"), required=False, help_text=_("leer: die der Methode"))
    dataset = forms.CharField(label=_("Messreihen: Datensatz"), required=False)
    threshold = forms.FloatField(label=_("Messreihen: Schwelle"), required=False)
    table = forms.CharField(label=_("Tabelle: Kurzname"), required=False)
    column = forms.CharField(label=_("Tabelle: Spalte"), required=False)
    share_of = forms.CharField(label=_("Tabelle: als Anteil der Spalte"), required=False)
    reason_de = _long(_("Warum sich die Definition ändert (deutsch)"), required=False)
    reason_en = _long(_("Warum sich die Definition ändert (englisch)"), required=False)
    NEEDED = {"hand": ("who_de", "who_en"), "computed": ("part", "purpose"), "table": ("table", "column")}

    def clean(self) -> dict[str, Any]:
        """Refuse a source without what it needs."""
        values = super().clean()
        for name in self.NEEDED.get(str(values.get("source")), ()):
            if not values.get(name):
                self.add_error(name, _("Für diese Herkunft ist das nötig."))
        return values

    def clean_levels(self) -> tuple[Level, ...]:
        """Read the steps of a scale."""
        found = []
        for number, line in enumerate(
            (line for line in str(self.cleaned_data["levels"]).splitlines() if line.strip()), 1
        ):
            de, _bar, en = line.partition("|")
            if not de.strip() or not en.strip():
                raise ValidationError(gettext("Nicht lesbar: %(line)s") % {"line": line[:60]})
            found.append(Level(value=number, name=Text(de.strip(), en.strip())))
        return tuple(found)

    @property
    def definition(self) -> DefinitionEntry:
        """Give what was entered."""
        values = self.cleaned_data
        names = ("since", "unit", "digits", "direction", "period", "rhythm", "levels")
        return DefinitionEntry(
            **{name: values[name] for name in names},
            method=Text(values["method_de"], values["method_en"]),
            caveat=self.pair("caveat"),
            reason=self.pair("reason"),
            source=self._source(),
        )

    def _source(self) -> Source:
        values = self.cleaned_data
        if values["source"] == "hand":
            return ByHand(who=Text(values["who_de"], values["who_en"]))
        if values["source"] == "table":
            return Column(table=values["table"], column=values["column"], share_of=values["share_of"])
        name, _slash, part = values["part"].partition("/")
        lists = {name: tuple(values[name].split()) for name in ("stations", "reference", "observed")}
        return Computed(
            method=name,
            part=part,
            purpose=values["purpose"],
            dataset=values["dataset"],
            threshold=values["threshold"],
            **lists,
        )


def filled(definition: Definition) -> dict[str, Any]:
    """Give the fields of a definition, to be changed into the next version."""
    names = ("unit", "digits", "direction", "period", "rhythm", "method_de", "method_en", "caveat_de", "caveat_en")
    origin, fields = definition.origin, {name: getattr(definition, name) for name in names}
    steps = msgspec.convert(definition.levels, tuple[Level, ...])
    fields |= {"since": today(), "levels": "\n".join(f"{step.name.de} | {step.name.en}" for step in steps)}
    if isinstance(origin, ByHand):
        return fields | {"source": "hand", "who_de": origin.who.de, "who_en": origin.who.en}
    if isinstance(origin, Column):
        return fields | {"source": "table", **msgspec.structs.asdict(origin)}
    lists = {name: " ".join(getattr(origin, name)) for name in ("stations", "reference", "observed")}
    part = f"{origin.method}/{origin.part}"
    return (
        fields
        | lists
        | {
            "source": "computed",
            "part": part,
            "purpose": origin.purpose,
            "dataset": origin.dataset,
            "threshold": origin.threshold,
        }
    )


class NewIndicatorForm(DefinitionForm):
    """A new indicator with its first definition."""

    slug = forms.SlugField(label=_("Kurzname"))
    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    sentence_de = _long(_("Was er sagt (deutsch)"))
    sentence_en = _long(_("Was er sagt (englisch)"))
    kind = forms.ChoiceField(label=_("Art"), choices=KINDS)
    target_image = forms.CharField(label=_("Zielbild (Kurzname)"), required=False)
    goal_de = forms.CharField(label=_("Ziel der Strategie (deutsch)"), required=False)
    goal_en = forms.CharField(label=_("Ziel der Strategie (englisch)"), required=False)
    projects = forms.CharField(
        label=_("Projekte"), required=False, help_text=_("Kurznamen, durch Leerzeichen getrennt")
    )
    public = forms.BooleanField(label=_("öffentlich"), required=False, initial=True)
    field_order = (
        "slug",
        "title_de",
        "title_en",
        "sentence_de",
        "sentence_en",
        "kind",
        "target_image",
        "goal_de",
        "goal_en",
        "projects",
        "public",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("reason_de", "reason_en"):
            del self.fields[name]

    @property
    def entry(self) -> IndicatorEntry:
        """Give what was entered."""
        values = self.cleaned_data
        return IndicatorEntry(
            slug=values["slug"],
            title=Text(values["title_de"], values["title_en"]),
            sentence=Text(values["sentence_de"], values["sentence_en"]),
            kind=values["kind"],
            target_image=values["target_image"],
            goal=self.pair("goal"),
            projects=tuple(values["projects"].split()),
            public=values["public"],
            versions=(self.definition,),
        )


def _others() -> Choices:
    return [(one.slug, one.title.within(_language())) for one in Indicator.objects.all()]


class LinkForm(PairedForm):
    """What an indicator is thought to do to another."""

    effect = forms.ChoiceField(label=_("wirkt auf"), choices=_others)
    sign = forms.ChoiceField(label=_("Wirkung"), choices=SIGNS)
    confidence = forms.ChoiceField(label=_("Sicherheit"), choices=CONFIDENCES)
    reason_de = _long(_("Warum (deutsch)"))
    reason_en = _long(_("Warum (englisch)"))
    source = forms.CharField(label=_("Quelle"), required=False)

    def entry(self, cause: str) -> LinkEntry:
        """Give what was entered."""
        values = self.cleaned_data
        return LinkEntry(
            cause=cause,
            effect=values["effect"],
            sign=values["sign"],
            confidence=values["confidence"],
            reason=Text(values["reason_de"], values["reason_en"]),
            source=values["source"],
        )
