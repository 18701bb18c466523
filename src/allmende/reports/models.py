"""Reports with their free texts and, once sent for approval, their frozen content."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.programme.models import Project
from allmende.ui.bilingual import short_day

COUNCIL, YEARLY, EXPENDITURE, PROOF = "council", "yearly", "expenditure", "proof"
KINDS = [
    (COUNCIL, _("Bericht an den Rat")),
    (YEARLY, _("Öffentlicher Jahresbericht")),
    (EXPENDITURE, _("Ausgabenerklärung")),
    (PROOF, _("Verwendungsnachweis")),
]
# Receipts name suppliers: what goes to the funder is not published.
PUBLIC = (COUNCIL, YEARLY)
DRAFT, WAITING, APPROVED = "draft", "waiting", "approved"
STATES = [(DRAFT, _("Entwurf")), (WAITING, _("wartet auf die zweite Person")), (APPROVED, _("freigegeben"))]


def _person(label: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, null=True, on_delete=models.PROTECT, related_name="+"
    )


class Report(models.Model):
    """A report; from sending on it is its frozen content, and the rows of other tables no longer matter."""

    kind = models.CharField(_("Art"), max_length=12, choices=KINDS)
    day = models.DateField(_("Stand"))
    since = models.DateField(_("Änderungen seit"), null=True)
    project = models.ForeignKey(
        Project, verbose_name=_("Projekt"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("Zustand"), max_length=10, choices=STATES, default=DRAFT)
    texts = models.JSONField(_("freie Texte"), default=dict)
    left_out = models.JSONField(_("weggelassene Teile"), default=list)
    edits = models.PositiveIntegerField(default=0)
    content = models.BinaryField(_("Inhalt"), null=True)
    digest = models.CharField(_("Prüfsumme (SHA-256)"), max_length=64, blank=True)
    editors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    made_by = _person(_("erstellt von"))
    made_at = models.DateTimeField(_("erstellt"), auto_now_add=True)
    sent_by = _person(_("zur Freigabe gegeben von"))
    sent_at = models.DateTimeField(_("zur Freigabe gegeben"), null=True)
    approved_by = _person(_("freigegeben von"))
    approved_at = models.DateTimeField(_("freigegeben"), null=True)

    class Meta:
        """Newest first."""

        verbose_name = _("Bericht")
        verbose_name_plural = _("Berichte")
        ordering = ("-day", "-pk")

    def __str__(self) -> str:
        """Give kind and day."""
        return f"{self.get_kind_display()} {short_day(self.day)}"

    @property
    def is_public(self) -> bool:
        """Tell whether it is published once approved."""
        return self.kind in PUBLIC

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("a report is not deleted")
