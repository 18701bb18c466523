"""Who gives money, for what kinds of cost, and on which terms."""

from fractions import Fraction

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.money import Money
from allmende.money.models.kept import Kept
from allmende.ui.bilingual import Titled, short_day

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

    def __str__(self) -> str:
        """Give the period."""
        return f"{short_day(self.start)} – {short_day(self.end)}"

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
    hundredths = models.SmallIntegerField(_("Basiszinssatz in hundertstel Prozent"))
    source = models.CharField(_("Quelle"), max_length=300)

    class Meta:
        """Oldest first."""

        verbose_name = _("Basiszinssatz")
        verbose_name_plural = _("Basiszinssätze")
        ordering = ("since",)

    def __str__(self) -> str:
        """Give day and rate."""
        return f"{short_day(self.since)}: {self.hundredths / 100:.2f} %"
