"""Workshops on site: when and where, their agenda, who registered with which needs, what was heard there."""

import datetime as dt
from typing import ClassVar

from django.db import models

from allmende.kernel.text import Text
from allmende.participation.models.contributions import Contribution
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import Titled, pair

REGISTRATIONS: dict[str, Text] = {
    "placed": Text("hat einen Platz", "has a place"),
    "waiting": Text("auf der Warteliste", "on the waiting list"),
}
ASKED_AROUND = dt.timedelta(hours=1)
# Where an item of an agenda can lead; each but the questions has a target, a process or a project.
LINKS: dict[str, Text] = {
    "questions": Text("Fragen stellen", "Ask questions"),
    "contribute": Text("Beitrag einreichen", "Hand in a contribution"),
    "statements": Text("Aussagen bewerten", "Judge statements"),
    "ballot": Text("Abstimmen", "Vote"),
    "ranking": Text("In eine Reihenfolge bringen", "Put into an order"),
    "text": Text("Text lesen", "Read the text"),
    "project": Text("Projekt", "Project"),
}


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
    # What was said and what follows, in the city's words, once the workshop is over.
    said_de = models.TextField(blank=True)
    said_en = models.TextField(blank=True)
    follows_de = models.TextField(blank=True)
    follows_en = models.TextField(blank=True)
    summed_up = models.DateTimeField(null=True)
    # What was deleted on the day named, by kind: how many rows.
    forgot = models.JSONField(default=dict)

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

    @property
    def said(self) -> Text | None:
        """Sum up what was said."""
        return pair(self, "said")

    @property
    def follows(self) -> Text | None:
        """Say what follows from it."""
        return pair(self, "follows")

    @property
    def length(self) -> int:
        """Give how many minutes it lasts."""
        return int((self.ends - self.begins).total_seconds() // 60)

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


class AgendaItem(Titled):
    """An item of the agenda, from so many minutes after the beginning on; so it moves with the workshop.

    ``minutes`` is what was discussed, in both languages or not at all.
    """

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="agenda")
    after = models.PositiveSmallIntegerField()
    lasts = models.PositiveSmallIntegerField()
    leads = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=120, blank=True)
    links_to = models.CharField(max_length=12, blank=True)
    target = models.SlugField(blank=True)
    paper = models.URLField(max_length=500, blank=True)
    minutes_de = models.TextField(blank=True)
    minutes_en = models.TextField(blank=True)

    class Meta:
        """By time."""

        ordering: ClassVar[list[str]] = ["after", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(lasts__gt=0), name="agenda_item_lasts")
        ]

    @property
    def begins(self) -> dt.datetime:
        """Give when it begins."""
        return self.workshop.begins + dt.timedelta(minutes=self.after)

    @property
    def ends(self) -> dt.datetime:
        """Give when it ends."""
        return self.begins + dt.timedelta(minutes=self.lasts)

    @property
    def minutes(self) -> Text | None:
        """Tell what was discussed."""
        return pair(self, "minutes")


class CardPhoto(models.Model):
    """A photo of pinned cards: raw material for the staff, deleted on the day that the workshop names.

    ``digest`` is that of the photo as it is kept, so that one that is sent twice is there once.
    """

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="card_photos")
    number = models.PositiveSmallIntegerField()
    file = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    received = models.DateTimeField()
    done = models.DateTimeField(null=True)

    class Meta:
        """In the order in which they came."""

        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["workshop", "number"], name="card_photo_number"),
            models.UniqueConstraint(fields=["workshop", "digest"], name="card_photo_once"),
        ]


class Heard(models.Model):
    """At which workshop a contribution was heard, at which item, and from which photo it was typed."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="heard")
    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="heard_at")
    item = models.ForeignKey(AgendaItem, null=True, on_delete=models.SET_NULL, related_name="heard")
    photo = models.ForeignKey(CardPhoto, null=True, on_delete=models.SET_NULL, related_name="heard")
