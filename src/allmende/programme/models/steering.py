"""How the programme is steered: goals, the funder's measures, weights, dependencies, risks, conditions."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.text import Text
from allmende.programme.models.facts import Fact, TargetImage
from allmende.programme.models.projects import Project
from allmende.ui.bilingual import Titled, Told, pair, short_day

LEVELS = [(1, _("sehr gering")), (2, _("gering")), (3, _("mittel")), (4, _("hoch")), (5, _("sehr hoch"))]


class Lasting(models.Model):
    """A row that holds from a day on, until another or for good."""

    since = models.DateField(_("gilt seit"))
    until = models.DateField(_("galt bis"), null=True, blank=True, help_text=_("erster Tag, an dem es nicht mehr gilt"))

    class Meta:
        """Columns only."""

        abstract = True


class Goal(Titled, Told, Fact, Lasting):
    """What a target image means in this programme."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    target = models.ForeignKey(TargetImage, verbose_name=_("Zielbild"), on_delete=models.PROTECT, related_name="goals")
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = pgettext_lazy("Strategie", "Ziel")
        verbose_name_plural = _("Ziele")
        ordering = ("target__position", "position")


class Measure(Titled, Told, Fact):
    """A measure as the funder counts it; measures and projects are not one to one."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    number = models.CharField(_("Nummer beim Fördergeber"), max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Maßnahme des Fördergebers")
        verbose_name_plural = _("Maßnahmen des Fördergebers")
        ordering = ("position", "title_de")


class MeasureProject(Lasting):
    """Which project belongs to which measure."""

    measure = models.ForeignKey(
        Measure, verbose_name=_("Maßnahme des Fördergebers"), on_delete=models.CASCADE, related_name="links"
    )
    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="measures")
    certain = models.BooleanField(_("gesichert"), default=True)

    class Meta:
        """One row for each pair and day."""

        verbose_name = _("Projekt einer Maßnahme")
        verbose_name_plural = _("Projekte der Maßnahmen")
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["measure", "project", "since"], name="measure_project_once")]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.measure} → {self.project}"


class Weight(models.Model):
    """How much of a project serves a target image, in hundredths of a percent; those of one day make a whole."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="weights")
    target = models.ForeignKey(
        TargetImage, verbose_name=_("Zielbild"), on_delete=models.PROTECT, related_name="weights"
    )
    since = models.DateField(_("gilt seit"))
    basis_points = models.PositiveSmallIntegerField(_("Gewicht in Hundertstel Prozent"))

    class Meta:
        """One row for each pair and day."""

        verbose_name = _("Gewicht eines Beitrags")
        verbose_name_plural = _("Gewichte der Beiträge")
        ordering = ("since", "target__position")
        constraints = [
            models.UniqueConstraint(fields=["project", "target", "since"], name="weight_once"),
            models.CheckConstraint(condition=Q(basis_points__gt=0, basis_points__lte=10_000), name="weight_is_a_part"),
        ]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.project} → {self.target}: {self.basis_points / 100:g} %"


class Dependency(Fact, Lasting):
    """How two projects play together."""

    KINDS = [
        ("needs", _("braucht")),
        ("uses-data", _("nutzt Daten von")),
        ("shares", _("teilt sich etwas mit")),
        ("strengthens", _("verstärkt")),
    ]

    project = models.ForeignKey(
        Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="dependencies"
    )
    kind = models.CharField(_("Art"), max_length=15, choices=KINDS)
    other = models.ForeignKey(
        Project, verbose_name=_("anderes Projekt"), on_delete=models.PROTECT, related_name="dependents"
    )
    text_de = models.CharField(_("Inhalt (deutsch)"), max_length=300)
    text_en = models.CharField(_("Inhalt (englisch)"), max_length=300)

    class Meta:
        """Not with itself."""

        verbose_name = _("Zusammenspiel")
        verbose_name_plural = _("Zusammenspiel der Projekte")
        ordering = ("project__position", "other__position")
        constraints = [
            models.UniqueConstraint(fields=["project", "other", "kind", "since"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(project=F("other")), name="dependency_of_two"),
        ]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.project} {self.get_kind_display()} {self.other}"

    @property
    def text(self) -> Text:
        """Say how."""
        return Text(self.text_de, self.text_en)


class Risk(Titled, Told):
    """What may go wrong, for a project or the whole programme; its estimate has a history."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    project = models.ForeignKey(
        Project, verbose_name=_("Projekt"), null=True, blank=True, on_delete=models.PROTECT, related_name="risks"
    )
    owner_de = models.CharField(_("Wer darauf achtet: Rolle (deutsch)"), max_length=200, blank=True)
    owner_en = models.CharField(_("Wer darauf achtet: Rolle (englisch)"), max_length=200, blank=True)

    class Meta:
        """Names."""

        verbose_name = _("Risiko")
        verbose_name_plural = _("Risiken")
        ordering = ("pk",)

    @property
    def owner(self) -> Text | None:
        """Give the role that watches it; None is nobody yet."""
        return pair(self, "owner")


class RiskEstimate(models.Model):
    """How a risk was seen from a day on."""

    STATES = [
        ("open", _("offen")),
        ("handled", _("wird bearbeitet")),
        ("occurred", _("eingetreten")),
        ("over", _("vorbei")),
    ]

    risk = models.ForeignKey(Risk, verbose_name=_("Risiko"), on_delete=models.CASCADE, related_name="estimates")
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=10, choices=STATES, default="open")
    probability = models.PositiveSmallIntegerField(_("Wahrscheinlichkeit"), choices=LEVELS)
    impact = models.PositiveSmallIntegerField(_("Auswirkung"), choices=LEVELS)
    response_de = models.TextField(_("Was dagegen getan wird (deutsch)"), blank=True)
    response_en = models.TextField(_("Was dagegen getan wird (englisch)"), blank=True)

    class Meta:
        """Oldest first."""

        verbose_name = _("Einschätzung eines Risikos")
        verbose_name_plural = _("Einschätzungen der Risiken")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        """Give day and state."""
        return f"{self.risk}: {self.get_state_display()} ({short_day(self.day)})"

    @property
    def response(self) -> Text | None:
        """Say what is done about it; None is unknown."""
        return pair(self, "response")


class Condition(Titled, Told, Fact):
    """Something that has to be kept, such as a share of third parties; whether it is kept has a history."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    since = models.DateField(_("gilt seit"))

    class Meta:
        """Names."""

        verbose_name = _("Bedingung")
        verbose_name_plural = _("Bedingungen")
        ordering = ("since", "pk")


class ConditionFinding(Told):
    """Whether a condition was kept, as far as known from a day on."""

    STATES = [("met", _("erfüllt")), ("not-met", _("nicht erfüllt")), ("unknown", _("unbekannt"))]

    condition = models.ForeignKey(
        Condition, verbose_name=_("Bedingung"), on_delete=models.CASCADE, related_name="findings"
    )
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=10, choices=STATES, default="unknown")
    evidence = models.CharField(_("Nachweis"), max_length=500, blank=True)

    class Meta:
        """Oldest first; what is met or not has evidence."""

        verbose_name = _("Stand einer Bedingung")
        verbose_name_plural = _("Stände der Bedingungen")
        ordering = ("day", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(state="unknown") | ~Q(evidence=""), name="condition_needs_evidence")
        ]

    def __str__(self) -> str:
        """Give day and state."""
        return f"{self.condition}: {self.get_state_display()} ({short_day(self.day)})"

    def clean(self) -> None:
        """Refuse a finding without evidence."""
        if self.state != "unknown" and not self.evidence.strip():
            raise ValidationError({"evidence": _("Ohne Nachweis ist es unbekannt.")})
