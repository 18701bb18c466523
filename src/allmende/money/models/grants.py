"""Who gives money, for what kinds of cost, and on which terms."""

from fractions import Fraction

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.clock import today
from allmende.kernel.money import Money
from allmende.money.models.kept import Kept
from allmende.programme.models.facts import NO_PART, fault_words
from allmende.programme.rules.facts import is_part
from allmende.programme.rules.states import FUTURE
from allmende.ui.bilingual import Titled, short_day
from allmende.ui.templatetags.allmende import number

FEDERAL, CITY, THIRD = "federal", "city", "third"
GIVERS = [(FEDERAL, _("Bund")), (CITY, _("Stadt")), (THIRD, _("Dritte"))]
PHASES = [("A", _("A: Strategie")), ("B", _("B: Umsetzung"))]


class CostType(Titled):
    """What money is spent on: staff, orders, equipment."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Kostenart")
        verbose_name_plural = _("Kostenarten")
        ordering = ("position", "slug")


class FundingSource(Titled):
    """Who gives money; there is one federal source, and its money never takes the place of own money."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    kind = models.CharField(_("Art"), max_length=10, choices=GIVERS)
    public = models.BooleanField(
        _("öffentliche Förderung"),
        default=False,
        help_text=_("zählt mit, wenn Förderungen die Kosten nicht übersteigen"),
    )
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Mittelgeber")
        verbose_name_plural = pgettext_lazy("mehrere", "Mittelgeber")
        ordering = ("position", "slug")

    def clean(self) -> None:
        """Refuse a second federal source: the federal share of a booking could not tell to which it belongs."""
        if self.kind == FEDERAL and FundingSource.objects.filter(kind=FEDERAL).exclude(pk=self.pk).exists():
            raise ValidationError({"kind": _("Den Bund gibt es schon.")})


class Award(Titled):
    """A promise of the funder; its terms have a history."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    funder = models.CharField(_("Zuwendungsgeber"), max_length=200)
    reference = models.CharField(_("Aktenzeichen"), max_length=100, blank=True)
    phase = models.CharField(_("Phase"), max_length=1, choices=PHASES)
    awarded = models.DateField(_("Tag der Zusage"))
    simulated = models.BooleanField(_("erfunden"), default=False)

    class Meta:
        """Names."""

        verbose_name = _("Zuwendung")
        verbose_name_plural = _("Zuwendungen")
        ordering = ("awarded", "pk")

    def clean(self) -> None:
        """Refuse a promise that is still to come."""
        if self.awarded and self.awarded > today():
            raise ValidationError({"awarded": fault_words((FUTURE, {"day": self.awarded}))})


class AwardTerms(Kept):
    """What an award says since a day: period, rate, ceiling, and a later day for the proof where one was granted."""

    award = models.ForeignKey(Award, verbose_name=_("Zuwendung"), on_delete=models.PROTECT, related_name="terms")
    start = models.DateField(_("Bewilligungszeitraum von"))
    end = models.DateField(_("Bewilligungszeitraum bis"))
    rate_numerator = models.PositiveSmallIntegerField(_("Förderquote: Zähler"), default=13)
    rate_denominator = models.PositiveSmallIntegerField(_("Förderquote: Nenner"), default=20)
    ceiling_cents = models.PositiveBigIntegerField(_("Höchstbetrag der Zuwendung in Cent"))
    proof_due = models.DateField(
        _("Verwendungsnachweis bis"), null=True, blank=True, help_text=_("leer: nach der Regel (30 oder 66 Monate)")
    )
    reason = models.CharField(_("Grund"), max_length=300, blank=True)

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Bedingungen einer Zuwendung")
        verbose_name_plural = _("Bedingungen von Zuwendungen")
        ordering = ("known_since", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(rate_numerator__gt=0, rate_numerator__lte=F("rate_denominator")),
                name="terms_rate_is_a_part",
            ),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="terms_end_after_start"),
        ]

    def __str__(self) -> str:
        """Give the period."""
        return f"{short_day(self.start)} – {short_day(self.end)}"

    def clean(self) -> None:
        """Refuse terms by which nothing could be worked out; they could never be taken back."""
        if self.rate_numerator is not None and not is_part(self.rate_numerator, self.rate_denominator):
            raise ValidationError({"rate_numerator": NO_PART})
        if self.start and self.end and self.end < self.start:
            raise ValidationError({"end": _("Das Ende liegt vor dem Anfang.")})
        if self.end and self.proof_due and self.proof_due < self.end:
            raise ValidationError({"proof_due": _("Der Nachweis kann nicht vor dem Ende des Zeitraums fällig sein.")})
        if self.ceiling_cents == 0:
            raise ValidationError({"ceiling_cents": _("Nennen Sie den Betrag.")})

    @property
    def rate(self) -> Fraction:
        """Give the funder's share."""
        return Fraction(self.rate_numerator, self.rate_denominator)

    @property
    def ceiling(self) -> Money:
        """Give the most that the funder pays."""
        return Money(self.ceiling_cents)


class BaseRate(models.Model):
    """A base rate that was announced after this version of the software."""

    since = models.DateField(_("gilt ab"), unique=True)
    hundredths = models.SmallIntegerField(
        _("Basiszinssatz in hundertstel Prozent"), help_text=_("er kann negativ sein")
    )
    source = models.CharField(_("Quelle"), max_length=300)

    class Meta:
        """Oldest first."""

        verbose_name = _("Basiszinssatz")
        verbose_name_plural = _("Basiszinssätze")
        ordering = ("since",)

    def __str__(self) -> str:
        """Give day and rate."""
        return f"{short_day(self.since)}: {number(self.hundredths / 100, 2)}\u00a0%"
