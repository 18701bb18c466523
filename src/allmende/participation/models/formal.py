"""Formal procedures that another body carries out, as cards, and the messages that they follow from."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.participation.plan_area import Area
from allmende.participation.plan_words import plan_kind, plan_state, plan_step


class FormalProcedure(models.Model):
    """A plan as the newest messages tell it; derived, but for what the staff decides: its address, and if it shows."""

    plan_id = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=500, blank=True)
    authority = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=200, blank=True)
    kind_name = models.CharField(max_length=500, blank=True)
    step = models.CharField(max_length=200, blank=True)
    step_name = models.CharField(max_length=500, blank=True)
    number = models.PositiveSmallIntegerField(null=True)
    begins = models.DateField(null=True)
    ends = models.DateField(null=True)
    note = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    place = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    own_url = models.URLField(_("Adresse, wo man teilnimmt"), max_length=500, blank=True)
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)
    at = models.DateTimeField(null=True)
    received = models.DateTimeField(null=True)
    source = models.CharField(max_length=200, blank=True)
    withdrawn = models.DateTimeField(null=True)
    hidden = models.BooleanField(default=False)
    demonstration = models.BooleanField(default=False)

    class Meta:
        """Those that end first."""

        verbose_name = _("Förmliches Verfahren")
        verbose_name_plural = _("Förmliche Verfahren")
        ordering: ClassVar[list[str]] = ["ends", "begins", "pk"]

    def __str__(self) -> str:
        return self.title or self.plan_id

    @property
    def address(self) -> str:
        """Give where people take part: as the message says, else as the staff found out."""
        return self.url or self.own_url

    @property
    def host(self) -> str:
        """Name the host of that address, so that people see where a link leads."""
        return self.address.partition("://")[2].partition("/")[0]

    @property
    def kind_text(self) -> Text | None:
        """Name the kind of plan."""
        return plan_kind(self.kind, self.kind_name)

    @property
    def step_text(self) -> Text | None:
        """Name the step of the procedure."""
        return plan_step(self.step, self.step_name)

    @property
    def middle(self) -> tuple[float, float] | None:
        """Give longitude and latitude of its middle."""
        area = self.area
        return ((area.west + area.east) / 2, (area.south + area.north) / 2) if area else None

    @property
    def area(self) -> Area | None:
        """Give the rectangle around it."""
        sides = (self.west, self.south, self.east, self.north)
        known = [one for one in sides if one is not None]
        return Area(*known) if len(known) == len(sides) else None

    def state_on(self, day: dt.date) -> str:
        """Give how it stands: running, ahead, undated or ended."""
        return plan_state(self.begins, self.ends, day)


class FormalMessage(models.Model):
    """A message as it came: what it said, from which file, and in which go."""

    procedure = models.ForeignKey(FormalProcedure, on_delete=models.CASCADE, related_name="messages")
    uuid = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=4)
    at = models.DateTimeField()
    version = models.CharField(max_length=20, blank=True)
    said = models.JSONField(default=dict)
    received = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)
    batch = models.CharField(max_length=32, db_index=True)

    class Meta:
        """In the order in which they were written; a deletion comes after what was said in the same moment."""

        ordering: ClassVar[list[str]] = ["at", "kind", "pk"]
