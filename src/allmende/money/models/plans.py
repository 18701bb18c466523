"""Cost and finance plans: a draft that is worked on, then a version that never changes."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.money.models.grants import CostType, FundingSource
from allmende.programme.models import Project

DRAFT, PUBLISHED, DISCARDED = "draft", "published", "discarded"
PLAN_STATES = [(DRAFT, _("Entwurf")), (PUBLISHED, _("veröffentlicht")), (DISCARDED, _("verworfen"))]


class Plan(models.Model):
    """A plan; published, it counts from its day until the next one, and its sums are kept with it."""

    title_de = models.CharField(_("Titel (deutsch)"), max_length=200)
    title_en = models.CharField(_("Titel (englisch)"), max_length=200)
    reason = models.TextField(_("Grund der Änderung"), blank=True)
    decision = models.CharField(_("Beschluss"), max_length=300, blank=True)
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=10, choices=PLAN_STATES, default=DRAFT)
    base = models.ForeignKey("self", verbose_name=_("hervorgegangen aus"), null=True, on_delete=models.PROTECT)
    day = models.DateField(_("gilt ab"), null=True, unique=True)
    edits = models.PositiveIntegerField(_("Bearbeitungen"), default=0)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("zuletzt bearbeitet von"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("veröffentlicht von"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    digest = models.CharField(_("Prüfsumme"), max_length=64, blank=True)
    federal_cents = models.PositiveBigIntegerField(_("Bund in Cent"), default=0)
    city_cents = models.PositiveBigIntegerField(_("Stadt in Cent"), default=0)
    third_cents = models.PositiveBigIntegerField(_("Dritte in Cent"), default=0)

    class Meta:
        """Oldest first."""

        verbose_name = _("Kosten- und Finanzierungsplan")
        verbose_name_plural = _("Kosten- und Finanzierungspläne")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        """Give the title in the language in use."""
        return Text(self.title_de, self.title_en).within(get_language() or "de")

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: a draft is discarded, a version stays."""
        raise TypeError("a plan is not deleted")


class PlanPosition(models.Model):
    """Planned money: project, cost type, year and source, once each."""

    plan = models.ForeignKey(Plan, verbose_name=_("Plan"), on_delete=models.PROTECT, related_name="positions")
    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+")
    cost_type = models.ForeignKey(CostType, verbose_name=_("Kostenart"), on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("Haushaltsjahr"))
    source = models.ForeignKey(FundingSource, verbose_name=_("Mittelgeber"), on_delete=models.PROTECT, related_name="+")
    cents = models.PositiveBigIntegerField(_("Betrag in Cent"))

    class Meta:
        """One row for each position."""

        verbose_name = _("Planposition")
        verbose_name_plural = _("Planpositionen")
        ordering = ("project__position", "cost_type__position", "year", "source__position")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "project", "cost_type", "year", "source"], name="plan_position_once"
            )
        ]
        indexes = [models.Index(fields=["plan", "project", "year", "source", "cents"], name="plan_position_sums")]

    def __str__(self) -> str:
        """Name the position."""
        return f"{self.project_id}/{self.cost_type_id}/{self.year}/{self.source_id}"
