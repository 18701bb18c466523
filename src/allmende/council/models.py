"""Council information systems that are asked, papers and items of agendas."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class CouncilSystem(models.Model):
    """A council information system that speaks OParl, and how asking it went."""

    url = models.URLField(_("Adresse (OParl-System)"), unique=True, max_length=500)
    title = models.CharField(_("Name"), max_length=200)
    every_hours = models.PositiveIntegerField(_("alle so viele Stunden fragen"), default=24)
    active = models.BooleanField(_("eingeschaltet"), default=True)
    last_run = models.DateTimeField(null=True, editable=False)
    last_success = models.DateTimeField(null=True, editable=False)
    cursor = models.DateTimeField(null=True, editable=False)
    error_de = models.TextField(blank=True, editable=False)
    error_en = models.TextField(blank=True, editable=False)

    class Meta:
        """Names."""

        verbose_name = _("Ratsinformationssystem")
        verbose_name_plural = _("Ratsinformationssysteme")
        ordering: ClassVar[list[str]] = ["title"]

    def __str__(self) -> str:
        return self.title


class Paper(models.Model):
    """A paper by its address, which stays when the paper is withdrawn."""

    system = models.ForeignKey(CouncilSystem, on_delete=models.CASCADE, related_name="papers")
    url = models.URLField(unique=True, max_length=500)
    name = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=500, blank=True)
    day = models.DateField(null=True)
    web = models.URLField(max_length=500, blank=True)
    file = models.URLField(max_length=500, blank=True)
    modified = models.DateTimeField(null=True)
    deleted = models.BooleanField(default=False)
    consultations = models.JSONField(default=list)
    items = models.JSONField(default=list)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-day", "-pk"]

    @property
    def address(self) -> str:
        """Give where people read the paper."""
        return self.web or self.file or self.url


class AgendaItem(models.Model):
    """An item of a meeting's agenda."""

    system = models.ForeignKey(CouncilSystem, on_delete=models.CASCADE, related_name="agenda")
    url = models.URLField(unique=True, max_length=500)
    meeting = models.CharField(max_length=500, db_index=True)
    meeting_name = models.CharField(max_length=500, blank=True)
    start = models.DateTimeField(null=True)
    number = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=500, blank=True)
    result = models.CharField(max_length=500, blank=True)
    web = models.URLField(max_length=500, blank=True)
    consultation = models.CharField(max_length=500, blank=True, db_index=True)

    class Meta:
        """In order of time."""

        ordering: ClassVar[list[str]] = ["start", "number"]
