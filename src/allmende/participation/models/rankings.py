"""Rankings: the order that a pseudonym gives to the options, and the order that follows from all."""

from typing import ClassVar

from django.db import models

from allmende.participation.models.processes import Process


class RankingBallot(models.Model):
    """Numbers of statements, the best first, all or some of them; without a time, which could tell who it was."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="rankings")
    pseudonym = models.CharField(max_length=64)
    channel = models.CharField(max_length=10, default="online")
    order = models.JSONField()

    class Meta:
        """One person, one order."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "pseudonym"], name="one_person_one_ranking")
        ]


class RankingCount(models.Model):
    """The count after the end, as it may be published."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="ranking_count")
    at = models.DateTimeField()
    published = models.TextField()
