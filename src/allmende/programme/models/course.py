"""The course of the programme: plans, milestones, events, and what is not known."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.clock import today
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.programme.models.facts import PRECISIONS, DatedFact, Fact, Source, fault_words
from allmende.programme.models.projects import Project
from allmende.programme.rules.milestones import CIRCLE, CircleError, Dated, date_fault, in_order
from allmende.ui.bilingual import Titled, Told, pair, short_day

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
    duration_days = models.PositiveIntegerField(
        _("Dauer in Tagen"),
        null=True,
        blank=True,
        help_text=_("Kalendertage, nachdem alles erreicht ist, worauf er wartet; leer heißt unbekannt"),
    )

    class Meta:
        """Names."""

        verbose_name = _("Meilenstein")
        verbose_name_plural = _("Meilensteine")
        ordering = ("pk",)


class MilestoneDate(models.Model):
    """A date of a milestone and the day from which it was known; moved dates keep their history."""

    KINDS = [
        ("baseline", _("geplant")),
        ("forecast", _("erwartet")),
        ("claimed", _("gemeldet, Nachweis fehlt")),
        ("actual", _("erreicht")),
        ("withdrawn", _("Nachweis zurückgezogen")),
    ]

    milestone = models.ForeignKey(
        Milestone, verbose_name=_("Meilenstein"), on_delete=models.CASCADE, related_name="dates"
    )
    kind = models.CharField(_("Art"), max_length=10, choices=KINDS)
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))
    precision = models.CharField(_("Genauigkeit"), max_length=10, choices=PRECISIONS, default="day")
    known_since = models.DateField(_("bekannt seit"))
    reason_de = models.CharField(_("Grund (deutsch)"), max_length=300, blank=True)
    reason_en = models.CharField(_("Grund (englisch)"), max_length=300, blank=True)
    evidence = models.CharField(
        _("Nachweis"), max_length=500, blank=True, help_text=_("erreicht ist nur, was belegt ist")
    )

    class Meta:
        """Oldest knowledge first; reached is only what has evidence."""

        verbose_name = _("Datum eines Meilensteins")
        verbose_name_plural = _("Daten von Meilensteinen")
        ordering = ("known_since", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(kind="actual") | ~Q(evidence=""), name="reached_needs_evidence")
        ]
        indexes = [models.Index(fields=["milestone", "kind", "known_since", "id", "day"], name="newest_date_of_a_kind")]

    def __str__(self) -> str:
        """Give kind and day."""
        return f"{self.get_kind_display()} {short_day(self.day)}"

    @property
    def reason(self) -> Text | None:
        """Say why a date moved; None is unknown."""
        return pair(self, "reason")

    @property
    def value(self) -> Dated:
        """Give the date as the rules need it."""
        kind: Any = self.kind
        return Dated(kind, self.day, self.precision, self.known_since, self.evidence, self.reason)

    def clean(self) -> None:
        """Refuse what has no evidence, no reason, or lies in the future though it is said to be done."""
        if self.milestone_id and self.day and self.known_since:
            check_date(self)


def check_date(new: MilestoneDate) -> None:
    """Refuse a new date of a milestone that the rules do not allow."""
    others = [date.value for date in new.milestone.dates.exclude(pk=new.pk)]
    if fault := date_fault(others, new.value, today()):
        raise ValidationError(fault_words(fault))


class MilestoneNeed(models.Model):
    """A milestone that has to be reached before another can be."""

    milestone = models.ForeignKey(
        Milestone, verbose_name=_("Meilenstein"), on_delete=models.CASCADE, related_name="needs"
    )
    needed = models.ForeignKey(
        Milestone, verbose_name=_("wartet auf"), on_delete=models.PROTECT, related_name="needed_by"
    )
    since = models.DateField(_("bekannt seit"))

    class Meta:
        """One row for each pair."""

        verbose_name = _("Abhängigkeit eines Meilensteins")
        verbose_name_plural = _("Abhängigkeiten der Meilensteine")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["milestone", "needed"], name="need_once"),
            models.CheckConstraint(condition=~Q(milestone=F("needed")), name="need_of_two"),
        ]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.milestone} ← {self.needed}"

    def clean(self) -> None:
        """Refuse milestones that would wait for each other."""
        if self.milestone_id is None or self.needed_id is None:
            return
        needs: dict[str, set[str]] = {str(self.milestone_id): {str(self.needed_id)}}
        for waiting, needed in MilestoneNeed.objects.exclude(pk=self.pk).values_list("milestone_id", "needed_id"):
            needs.setdefault(str(waiting), set()).add(str(needed))
        try:
            in_order(needs, needs)
        except CircleError as error:
            names = {"before": self.needed, "after": self.milestone}
            raise ValidationError(fault_words((CIRCLE, names))) from error


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
        ("report", _("Bericht")),
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
