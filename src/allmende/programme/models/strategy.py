"""The strategy as a document in versions: numbered sections of statements that link to what they speak of."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.programme.models.facts import Decision, Fact
from allmende.programme.models.projects import Project
from allmende.programme.models.steering import Goal
from allmende.ui.bilingual import Titled, Told

FROZEN = _("Diese Fassung ist beschlossen und bleibt, wie sie ist. Legen Sie eine neue Fassung an.")


class StrategyVersion(Titled, Fact):
    """A version of the strategy; once it is adopted it never changes."""

    number = models.PositiveSmallIntegerField(_("Fassung"), unique=True)
    adopted = models.DateField(_("beschlossen am"), null=True, blank=True, help_text=_("leer heißt Entwurf"))
    decision = models.ForeignKey(
        Decision,
        verbose_name=_("Beschluss"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="strategies",
    )
    summary_de = models.TextField(_("Kurz gesagt (deutsch)"))
    summary_en = models.TextField(_("Kurz gesagt (englisch)"))

    class Meta:
        """Oldest first."""

        verbose_name = _("Fassung der Strategie")
        verbose_name_plural = _("Fassungen der Strategie")
        ordering = ("number",)

    @property
    def summary(self) -> Text:
        """Say in short what it is about."""
        return Text(self.summary_de, self.summary_en)

    def clean(self) -> None:
        """Refuse a change of what is adopted, and a day to come."""
        if self.pk and StrategyVersion.objects.filter(pk=self.pk, adopted__isnull=False).exists():
            raise ValidationError(FROZEN)
        if self.adopted and self.adopted > today():
            raise ValidationError({"adopted": _("Der Tag liegt in der Zukunft.")})


class StrategySection(Titled):
    """A numbered part of a version."""

    version = models.ForeignKey(
        StrategyVersion, verbose_name=_("Fassung"), on_delete=models.CASCADE, related_name="sections"
    )
    key = models.SlugField(_("Kurzname"), help_text=_("in allen Fassungen derselbe, damit sie sich vergleichen lassen"))
    number = models.CharField(_("Nummer"), max_length=10)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        """In order."""

        verbose_name = _("Abschnitt der Strategie")
        verbose_name_plural = _("Abschnitte der Strategie")
        ordering = ("version", "position")
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="section_once")]

    def clean(self) -> None:
        """Refuse a change of what is adopted."""
        if self.version_id and self.version.adopted:
            raise ValidationError(FROZEN)

    @property
    def depth(self) -> int:
        """Give how deep the section lies: 1 is a chapter."""
        return self.number.count(".") + 1


class StrategyStatement(Told):
    """A paragraph, with the goals, projects, decisions and indicators of which it speaks."""

    section = models.ForeignKey(
        StrategySection, verbose_name=_("Abschnitt"), on_delete=models.CASCADE, related_name="statements"
    )
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)
    indicators = models.CharField(
        _("Indikatoren"), max_length=300, blank=True, help_text=_("Kurznamen, durch Leerzeichen getrennt")
    )
    goals = models.ManyToManyField(Goal, verbose_name=_("Ziele"), blank=True, related_name="statements")
    projects = models.ManyToManyField(Project, verbose_name=_("Projekte"), blank=True, related_name="statements")
    decisions = models.ManyToManyField(Decision, verbose_name=_("Beschlüsse"), blank=True, related_name="statements")

    class Meta:
        """In order."""

        verbose_name = _("Aussage der Strategie")
        verbose_name_plural = _("Aussagen der Strategie")
        ordering = ("section", "position")

    def __str__(self) -> str:
        """Give the beginning of the text."""
        return self.text.within(get_language() or "de")[:80]

    def clean(self) -> None:
        """Refuse a change of what is adopted."""
        if self.section_id and self.section.version.adopted:
            raise ValidationError(FROZEN)

    @property
    def indicator_slugs(self) -> tuple[str, ...]:
        """Give the short names of indicators."""
        return tuple(self.indicators.split())
