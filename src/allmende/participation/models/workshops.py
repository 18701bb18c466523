"""Workshops on site: when and where, who registered with which needs, what was heard there."""

import datetime as dt
from typing import ClassVar

from django.db import models

from allmende.kernel.text import Text
from allmende.participation.models.contributions import Contribution
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import Titled

REGISTRATIONS: dict[str, Text] = {
    "placed": Text("hat einen Platz", "has a place"),
    "waiting": Text("auf der Warteliste", "on the waiting list"),
}
ASKED_AROUND = dt.timedelta(hours=1)


class Workshop(Titled):
    """A meeting of a process; ``came`` is counted at the door."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="workshops")
    place = models.CharField(max_length=200)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    places = models.PositiveSmallIntegerField()
    access_de = models.TextField()
    access_en = models.TextField()
    forget_on = models.DateField()
    forgotten = models.DateTimeField(null=True)
    came = models.PositiveIntegerField(null=True)

    class Meta:
        """In their order."""

        ordering: ClassVar[list[str]] = ["begins", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(ends__gt=models.F("begins")), name="workshop_ends_later")
        ]

    @property
    def access(self) -> Text:
        """Say what there is for whom."""
        return Text(self.access_de, self.access_en)

    def asks(self, now: dt.datetime) -> bool:
        """Tell whether people can ask questions: from an hour before until an hour after."""
        return self.process.state == "open" and self.begins - ASKED_AROUND <= now < self.ends + ASKED_AROUND

    def open(self, now: dt.datetime) -> bool:
        """Tell whether people can register."""
        return self.process.state == "open" and now < self.begins and self.forgotten is None


class Registration(models.Model):
    """Somebody who wants to come, and what they need; deleted on the day that the workshop names."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="registrations")
    name = models.CharField(max_length=80)
    email = models.EmailField()
    needs = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=2, default="de")
    state = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)

    class Meta:
        """In the order in which they came; an address once."""

        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["workshop", "email"], name="registration_once")
        ]

    @property
    def state_text(self) -> Text:
        """Say whether there is a place."""
        return REGISTRATIONS[self.state]


class Heard(models.Model):
    """At which workshop a contribution was heard."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="heard")
    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="heard_at")
