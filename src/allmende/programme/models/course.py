"""The course of the programme: plans, milestones, events, and what is not known."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.programme.models.facts import PRECISIONS, DatedFact, Fact, Source
from allmende.programme.models.projects import Project
from allmende.ui.bilingual import Titled, Told, pair

ROUNDINGS = [("exact", _("genau")), ("rounded", _("gerundet")), ("about", _("ungefähr"))]


class PlanVersion(Titled, DatedFact):
    """A finance plan as it was published; never changed, a new plan is a new version."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    total_cents = models.PositiveBigIntegerField(_("Gesamt in Cent"))
    federal_cents = models.PositiveBigIntegerField(_("Bund in Cent"))
    own_cents = models.PositiveBigIntegerField(_("Stadt und Dritte in Cent"))
    rounding = models.CharField(_("Rundung der Quelle"), max_length=10, choices=ROUNDINGS)
    note_de = models.TextField(_("Anmerkung (deutsch)"), blank=True)
    note_en = models.TextField(_("Anmerkung (englisch)"), blank=True)

    class Meta:
        """Oldest first."""

        verbose_name = _("Planfassung")
        verbose_name_plural = _("Planfassungen")
        ordering = ("day", "pk")

    @property
    def total(self) -> Money:
        """Give the total."""
        return Money(self.total_cents)

    @property
    def federal(self) -> Money:
        """Give the federal share as published."""
        return Money(self.federal_cents)

    @property
    def own(self) -> Money:
        """Give the share of the city and third parties as published."""
        return Money(self.own_cents)

    @property
    def note(self) -> Text | None:
        """Give the remark."""
        return pair(self, "note")


class Milestone(Titled, Told, Fact):
    """A step of the programme or of a project; its dates have a history."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    project = models.ForeignKey(
        Project, verbose_name=_("Projekt"), null=True, blank=True, on_delete=models.PROTECT, related_name="milestones"
    )
    evidence = models.CharField(
        _("Nachweis"), max_length=500, blank=True, help_text=_("erreicht ist nur, was belegt ist")
    )

    class Meta:
        """Names."""

        verbose_name = _("Meilenstein")
        verbose_name_plural = _("Meilensteine")
        ordering = ("pk",)


class MilestoneDate(models.Model):
    """A date of a milestone and the day from which it was known; moved dates keep their history."""

    KINDS = [("baseline", _("geplant")), ("forecast", _("erwartet")), ("actual", _("erreicht"))]

    milestone = models.ForeignKey(
        Milestone, verbose_name=_("Meilenstein"), on_delete=models.CASCADE, related_name="dates"
    )
    kind = models.CharField(_("Art"), max_length=10, choices=KINDS)
    day = models.DateField(_("Tag"))
    precision = models.CharField(_("Genauigkeit"), max_length=10, choices=PRECISIONS, default="day")
    known_since = models.DateField(_("bekannt seit"))
    reason_de = models.CharField(_("Grund (deutsch)"), max_length=300, blank=True)
    reason_en = models.CharField(_("Grund (englisch)"), max_length=300, blank=True)

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Datum eines Meilensteins")
        verbose_name_plural = _("Daten von Meilensteinen")
        ordering = ("known_since", "pk")

    def __str__(self) -> str:
        """Give kind and day."""
        return f"{self.kind} {self.day}"

    @property
    def reason(self) -> Text | None:
        """Say why a date moved; None is unknown."""
        return pair(self, "reason")


class Track(Titled, Told, Fact):
    """A strand of the strategy phase, such as the work on data ethics."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Strang")
        verbose_name_plural = _("Stränge")
        ordering = ("position",)


class ProgrammeEvent(Titled, Told, DatedFact):
    """Something that took place: participation, start of work, meetings."""

    KINDS = [
        ("participation", _("Beteiligung")),
        ("work", _("Arbeit am Programm")),
        ("exchange", _("Austausch mit anderen")),
    ]

    kind = models.CharField(_("Art"), max_length=15, choices=KINDS)
    place = models.CharField(_("Ort"), max_length=200, blank=True)
    participants = models.PositiveIntegerField(
        _("Teilnehmende"), null=True, blank=True, help_text=_("leer heißt unbekannt")
    )
    track = models.ForeignKey(
        Track, verbose_name=_("Strang"), null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    certain = models.BooleanField(_("gesichert"), default=True)

    class Meta:
        """Oldest first."""

        verbose_name = _("Veranstaltung")
        verbose_name_plural = _("Veranstaltungen")
        ordering = ("day", "pk")


class Discrepancy(Titled, Told):
    """Sources that differ; both statements stand."""

    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)
    sources = models.ManyToManyField(Source, verbose_name=_("Quellen"), related_name="discrepancies")

    class Meta:
        """Names."""

        verbose_name = _("Abweichung")
        verbose_name_plural = _("Abweichungen")
        ordering = ("position",)


class Gap(Titled, Told):
    """Something that is not known, and where it was searched."""

    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Lücke")
        verbose_name_plural = _("Lücken")
        ordering = ("position",)
