"""Sources, facts, and what the whole programme is."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.programme.rules.facts import is_part
from allmende.programme.rules.states import FUTURE
from allmende.ui.bilingual import Titled, Told

NO_PART = _("Die Förderquote ist mehr als null und höchstens eins, zum Beispiel 13 von 20.")
Fault = tuple[ErrorCode, dict[str, Any]]

PRECISIONS = [
    ("day", pgettext_lazy("Kalender", "Tag")),
    ("month", _("Monat")),
    ("quarter", _("Vierteljahr")),
    ("halfyear", _("Halbjahr")),
    ("year", _("Jahr")),
]


def fault_words(fault: Fault) -> str:
    """Say what is wrong and what to do, in the reader's language."""
    code, values = fault
    language = get_language() or "de"
    return f"{code.what.filled(**values).within(language)} {code.next.filled(**values).within(language)}"


class Source(models.Model):
    """Where a fact stands."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    title = models.CharField(_("Titel"), max_length=300)
    publisher = models.CharField(_("Herausgeber"), max_length=200)
    url = models.CharField(_("Adresse"), max_length=500, blank=True)
    day = models.DateField(
        pgettext_lazy("Kalender", "Tag"),
        null=True,
        blank=True,
        help_text=_("Tag der Veröffentlichung; leer heißt unbekannt"),
    )

    class Meta:
        """Names."""

        verbose_name = _("Quelle")
        verbose_name_plural = _("Quellen")
        ordering = ("publisher", "title")

    def __str__(self) -> str:
        """Give publisher and title."""
        return f"{self.publisher}: {self.title}"


class Fact(models.Model):
    """A fact from a source."""

    source = models.ForeignKey(Source, verbose_name=_("Quelle"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Columns only."""

        abstract = True


class DatedFact(Fact):
    """A fact with its day: the last day of the span that the precision names."""

    day = models.DateField(
        pgettext_lazy("Kalender", "Tag"), help_text=_("bei ungenauer Angabe der letzte Tag der Spanne")
    )
    precision = models.CharField(_("Genauigkeit"), max_length=10, choices=PRECISIONS, default="day")

    class Meta:
        """Columns only."""

        abstract = True


class Programme(Titled):
    """The whole programme."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    city = models.CharField(_("Stadt"), max_length=100)
    sentence_de = models.TextField(_("In einem Satz (deutsch)"))
    sentence_en = models.TextField(_("In einem Satz (englisch)"))
    vision_de = models.TextField(_("Vision (deutsch)"))
    vision_en = models.TextField(_("Vision (englisch)"))
    about_de = models.TextField(_("Über das Programm (deutsch)"))
    about_en = models.TextField(_("Über das Programm (englisch)"))
    notice_de = models.TextField(_("Hinweis (deutsch)"))
    notice_en = models.TextField(_("Hinweis (englisch)"))
    awarded = models.DateField(_("Zusage des Bundes"))
    awarded_precision = models.CharField(_("Genauigkeit"), max_length=10, choices=PRECISIONS, default="month")
    rate_numerator = models.PositiveSmallIntegerField(_("Förderquote: Zähler"), default=13)
    rate_denominator = models.PositiveSmallIntegerField(_("Förderquote: Nenner"), default=20)
    source = models.ForeignKey(Source, verbose_name=_("Quelle"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Names."""

        verbose_name = _("Programm")
        verbose_name_plural = _("Programme")

    def clean(self) -> None:
        """Refuse a rate by which nothing could be split."""
        if self.rate_numerator is not None and not is_part(self.rate_numerator, self.rate_denominator):
            raise ValidationError({"rate_numerator": NO_PART})

    @property
    def sentence(self) -> Text:
        """Say what the programme is, in one sentence."""
        return Text(self.sentence_de, self.sentence_en)

    @property
    def vision(self) -> Text:
        """Give the vision."""
        return Text(self.vision_de, self.vision_en)

    @property
    def about(self) -> Text:
        """Give the longer description."""
        return Text(self.about_de, self.about_en)

    @property
    def notice(self) -> Text:
        """Say who is responsible for these pages, and who is not."""
        return Text(self.notice_de, self.notice_en)


class FundingRule(Titled, Told, Fact):
    """One rule of the funding scheme."""

    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Förderregel")
        verbose_name_plural = _("Förderregeln")
        ordering = ("position",)


class TargetImage(Titled, Told, Fact):
    """One of the few directions that every project must serve."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """Names."""

        verbose_name = _("Zielbild")
        verbose_name_plural = _("Zielbilder")
        ordering = ("position",)


class Body(Titled):
    """Who decides or advises."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    role_de = models.TextField(_("Aufgabe (deutsch)"))
    role_en = models.TextField(_("Aufgabe (englisch)"))

    class Meta:
        """Names."""

        verbose_name = _("Gremium")
        verbose_name_plural = _("Gremien")
        ordering = ("title_de",)

    @property
    def role(self) -> Text:
        """Say what it decides or advises on."""
        return Text(self.role_de, self.role_en)


class Decision(Titled, Told, DatedFact):
    """A dated decision of a body."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    body = models.ForeignKey(Body, verbose_name=_("Gremium"), on_delete=models.PROTECT, related_name="decisions")
    paper = models.CharField(_("Vorlage"), max_length=200, blank=True)
    oparl = models.CharField(
        _("Adresse der Vorlage (OParl)"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text=_("aus dem Ratsinformationssystem"),
    )

    class Meta:
        """Newest first."""

        verbose_name = _("Beschluss")
        verbose_name_plural = _("Beschlüsse")
        ordering = ("-day",)

    def clean(self) -> None:
        """Refuse a decision that is still to come."""
        if self.day and self.day > today():
            raise ValidationError({"day": fault_words((FUTURE, {"day": self.day}))})
