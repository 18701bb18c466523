"""Tables of indicators: definitions, paths and values are only ever added, never changed."""

from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.effects.content import Level, PathEntry, Source
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.ui.bilingual import Titled, pair

GERMAN = str.maketrans(",.", ".,")
# Units that are words rather than signs.
WORDS = {"d": Text("Tage", "days"), "h": Text("Stunden", "hours"), "min": Text("Minuten", "minutes")}
KINDS = [
    ("input", _("Einsatz")),
    ("process", _("Ablauf")),
    ("output", _("Ergebnis")),
    ("outcome", _("Wirkung bei Menschen")),
    ("impact", _("Wirkung in der Stadt")),
]
DIRECTIONS = [
    ("up", _("mehr ist besser")),
    ("down", _("weniger ist besser")),
    ("range", _("in einem Bereich ist gut")),
    ("none", _("ohne Richtung")),
]
PERIODS = [("day", pgettext_lazy("Kalender", "Tag")), ("month", _("Monat")), ("year", _("Jahr"))]
RHYTHMS = [
    ("day", _("täglich")),
    ("week", _("wöchentlich")),
    ("month", _("monatlich")),
    ("quarter", _("vierteljährlich")),
    ("year", _("jährlich")),
    ("five-years", _("alle fünf Jahre")),
]
QUALITIES = [("provisional", _("vorläufig")), ("final", _("endgültig")), ("corrected", _("berichtigt"))]
SIGNS = [("+", _("lässt steigen")), ("-", _("lässt sinken"))]
CONFIDENCES = [("high", _("gut belegt")), ("medium", _("wahrscheinlich")), ("low", _("vermutet"))]


class Indicator(Titled):
    """What is to be known about an effect; programme, projects and goals are named by their slugs."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    sentence_de = models.TextField(_("Was er sagt (deutsch)"))
    sentence_en = models.TextField(_("Was er sagt (englisch)"))
    kind = models.CharField(_("Art"), max_length=10, choices=KINDS)
    target_image = models.SlugField(_("Zielbild"), blank=True)
    goal_de = models.CharField(_("Ziel (deutsch)"), max_length=300, blank=True)
    goal_en = models.CharField(_("Ziel (englisch)"), max_length=300, blank=True)
    projects = models.JSONField(_("Projekte"), default=list, blank=True)
    public = models.BooleanField(_("öffentlich"), default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        """Names."""

        verbose_name = _("Indikator")
        verbose_name_plural = _("Indikatoren")
        ordering = ("position", "slug")

    @property
    def sentence(self) -> Text:
        """Say in one sentence what it tells."""
        return Text(self.sentence_de, self.sentence_en)

    @property
    def goal(self) -> Text | None:
        """Give the goal that it belongs to."""
        return pair(self, "goal")


class Definition(models.Model):
    """One version of how an indicator is determined."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="definitions")
    number = models.PositiveSmallIntegerField()
    since = models.DateField()
    unit = models.CharField(max_length=40)
    direction = models.CharField(max_length=10, choices=DIRECTIONS)
    period = models.CharField(max_length=10, choices=PERIODS)
    rhythm = models.CharField(max_length=10, choices=RHYTHMS)
    digits = models.PositiveSmallIntegerField(default=1)
    method_de = models.TextField()
    method_en = models.TextField()
    caveat_de = models.TextField(blank=True)
    caveat_en = models.TextField(blank=True)
    reason_de = models.TextField(blank=True)
    reason_en = models.TextField(blank=True)
    source = models.JSONField()
    levels = models.JSONField(default=list)

    class Meta:
        """One of each number."""

        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["indicator", "number"], name="one_definition_of_a_number")
        ]

    def __str__(self) -> str:
        """Name indicator and version."""
        return f"{self.indicator.slug}, {self.number}"

    @property
    def method(self) -> Text:
        """Say how the value is determined."""
        return Text(self.method_de, self.method_en)

    @property
    def caveat(self) -> Text | None:
        """Say what to beware of."""
        return pair(self, "caveat")

    @property
    def reason(self) -> Text | None:
        """Say why the definition was changed."""
        return pair(self, "reason")

    @property
    def origin(self) -> Source:
        """Give where values come from."""
        found: Source = msgspec.convert(self.source, Source)
        return found

    @property
    def sign(self) -> Text | None:
        """Give the unit as people write it behind a number; None for counts and ratings."""
        if self.levels or self.unit in ("{count}", "1"):
            return None
        symbol = UNITS[self.unit].symbol if self.unit in UNITS else self.unit
        return WORDS.get(self.unit, Text(symbol, symbol))

    def written(self, value: Decimal) -> Text:
        """Write a value with its unit, or as the step of the scale that it reaches."""
        reached = [step for step in self.steps if step.value <= value]
        if reached:
            return max(reached, key=lambda step: step.value).name
        plain = f"{value:,.{self.digits}f}".replace("-", "−")
        german, sign = plain.translate(GERMAN), self.sign
        return Text(german, plain) if sign is None else Text(f"{german}\u00a0{sign.de}", f"{plain}\u00a0{sign.en}")

    @property
    def steps(self) -> tuple[Level, ...]:
        """Give the steps of a qualitative scale."""
        return msgspec.convert(self.levels, tuple[Level, ...]) if self.levels else ()

    def level(self, value: Any) -> Text | None:
        """Name the step of a qualitative scale."""
        return next((step.name for step in self.steps if value == step.value), None)


class TargetPath(models.Model):
    """Baseline and target of a definition, as decided on a day."""

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="paths")
    since = models.DateField()
    entry = models.JSONField()

    class Meta:
        """Oldest first."""

        ordering: ClassVar[list[str]] = ["since", "id"]

    @property
    def content(self) -> PathEntry:
        """Give what was decided."""
        return msgspec.convert(self.entry, PathEntry)


class Value(models.Model):
    """A value for some days, as it was known since a day; a later row for the same days takes its place from then on.

    ``lineage`` names purpose, rules, rule book, method and datastreams, or the table, from which it was computed.
    """

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="values")
    first = models.DateField()
    last = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=6)
    known_since = models.DateField()
    quality = models.CharField(max_length=12, choices=QUALITIES)
    used = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    simulated = models.BooleanField(default=False)
    note_de = models.TextField(blank=True)
    note_en = models.TextField(blank=True)
    origin = models.CharField(max_length=500, blank=True)
    lineage = models.JSONField(default=dict)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="indicator_values"
    )

    class Meta:
        """In order of their days, then as they came."""

        ordering: ClassVar[list[str]] = ["first", "known_since", "id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["definition", "first", "known_since"])]

    def __str__(self) -> str:
        """Name the definition and the first day."""
        return f"{self.definition}, {self.first}"

    @property
    def note(self) -> Text | None:
        """Give the reason of a rating or a correction."""
        return pair(self, "note")


class Run(models.Model):
    """One attempt to determine values of a definition, and what came of it."""

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="runs")
    day = models.DateField()
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10)
    added = models.PositiveIntegerField(default=0)
    text_de = models.TextField(blank=True)
    text_en = models.TextField(blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-id"]

    @property
    def text(self) -> Text | None:
        """Say why there is no value."""
        return pair(self, "text")

    @property
    def refused(self) -> bool:
        """Tell whether a fault or the rules stood in the way, and not only a lack of figures."""
        return self.outcome == "refused"


class CausalLink(models.Model):
    """What one indicator is thought to do to another, and how sure that is."""

    cause = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="effects")
    effect = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="causes")
    sign = models.CharField(max_length=1, choices=SIGNS)
    confidence = models.CharField(max_length=10, choices=CONFIDENCES)
    reason_de = models.TextField()
    reason_en = models.TextField()
    source = models.CharField(max_length=500, blank=True)

    class Meta:
        """One for each pair."""

        ordering: ClassVar[list[str]] = ["cause__position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cause", "effect"], name="one_causal_link"),
            models.CheckConstraint(condition=~models.Q(cause=models.F("effect")), name="no_cause_of_itself"),
        ]

    @property
    def reason(self) -> Text:
        """Say why this is thought."""
        return Text(self.reason_de, self.reason_en)


class Table(Titled):
    """A table of the city's statistics with the schema it was read by."""

    slug = models.SlugField(unique=True)
    field = models.SlugField()
    dataset = models.SlugField()
    schema = models.JSONField()
    position = models.PositiveIntegerField(default=0)

    class Meta:
        """By field of statistics."""

        ordering: ClassVar[list[str]] = ["field", "position", "slug"]


class TableLoad(models.Model):
    """What a table held from a day on; a corrected file is another load."""

    table = models.ForeignKey(Table, on_delete=models.PROTECT, related_name="loads")
    known_since = models.DateField()
    digest = models.CharField(max_length=64)
    schema = models.JSONField()
    rows = models.JSONField()

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-known_since", "-id"]
