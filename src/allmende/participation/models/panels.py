"""Panels by lot: rules, the pool without names, the contacts apart from it, the published lottery, the seats."""

from typing import ClassVar

from django.db import models

from allmende.kernel.text import Text
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import pair

SEATS: dict[str, Text] = {
    "invited": Text("eingeladen", "invited"),
    "accepted": Text("zugesagt", "accepted"),
    "declined": Text("abgesagt", "declined"),
}


class Panel(models.Model):
    """How a panel is drawn, and how far that is; the secret is published with the draw, its hash long before."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="panel")
    size = models.PositiveSmallIntegerField()
    quotas = models.JSONField(default=list)
    lots = models.PositiveIntegerField(default=1000)
    chance_de = models.CharField(max_length=300, blank=True)
    chance_en = models.CharField(max_length=300, blank=True)
    pool_until = models.DateField(null=True)
    pool_deleted = models.DateTimeField(null=True)
    lottery = models.TextField(blank=True)
    lottery_at = models.DateTimeField(null=True)
    secret = models.CharField(max_length=64, blank=True)
    commitment = models.CharField(max_length=64, blank=True)
    public_word = models.CharField(max_length=200, blank=True)
    draw = models.TextField(blank=True)
    drawn_at = models.DateTimeField(null=True)

    @property
    def chance(self) -> Text | None:
        """Say which public chance decides."""
        return pair(self, "chance")


class PoolPerson(models.Model):
    """Somebody who is willing: a number, the features with quotas, a number of the household; no name."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="pool")
    number = models.CharField(max_length=10)
    features = models.JSONField()
    household = models.CharField(max_length=10, blank=True)

    class Meta:
        """Each number once."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["panel", "number"], name="pool_number_once")
        ]


class PoolContact(models.Model):
    """Name and address of somebody in a pool, for the letters; read for nothing else, and deleted on a day."""

    person = models.OneToOneField(PoolPerson, on_delete=models.CASCADE, related_name="contact")
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=400, blank=True)
    email = models.CharField(max_length=254, blank=True)


class Seat(models.Model):
    """A number that was drawn, or that follows one who declined."""

    panel = models.ForeignKey(Panel, on_delete=models.CASCADE, related_name="seats")
    number = models.CharField(max_length=10)
    state = models.CharField(max_length=10, default="invited")
    follows = models.CharField(max_length=10, blank=True)

    class Meta:
        """Each number once, in the order in which they came."""

        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["panel", "number"], name="seat_once")
        ]

    @property
    def state_text(self) -> Text:
        """Say what the person answered."""
        return SEATS[self.state]
