"""Votes, kept apart from persons: a pseudonym counts once, and the database itself sees to it."""

from typing import ClassVar

from django.db import models

from allmende.kernel.text import Text
from allmende.participation.models.contributions import Contribution
from allmende.participation.models.processes import Process, Topic


class Statement(models.Model):
    """A short sentence to agree or disagree with."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="statements")
    number = models.PositiveIntegerField()
    text_de = models.CharField(max_length=200)
    text_en = models.CharField(max_length=200, blank=True)
    contribution = models.ForeignKey(Contribution, null=True, on_delete=models.SET_NULL, related_name="statements")
    visibility = models.CharField(max_length=12, default="shown")

    class Meta:
        """By number."""

        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "number"], name="statement_once")
        ]

    @property
    def text(self) -> Text:
        """Give the words; the German ones where there is no translation."""
        return Text(self.text_de, self.text_en or self.text_de)


class Voter(models.Model):
    """The group that a pseudonym chose for itself, and the way by which its votes came."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="voters")
    pseudonym = models.CharField(max_length=64)
    group = models.ForeignKey(Topic, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.CharField(max_length=10, default="online")

    class Meta:
        """Once in a process."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "pseudonym"], name="voter_once")
        ]


class Vote(models.Model):
    """What a pseudonym thinks of a statement: 1, -1, or 0 for passed; without a time, which could tell who it was."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="votes")
    pseudonym = models.CharField(max_length=64)
    value = models.SmallIntegerField()

    class Meta:
        """One person, one vote."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["statement", "pseudonym"], name="one_person_one_vote"),
            models.CheckConstraint(condition=models.Q(value__in=(-1, 0, 1)), name="vote_is_one_of_three"),
        ]


class Support(models.Model):
    """That a pseudonym wants a contribution."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="supporters")
    pseudonym = models.CharField(max_length=64)

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contribution", "pseudonym"], name="support_once")
        ]


class Code(models.Model):
    """A printed code, as a hash; the same code is always the same pseudonym, so that using it twice counts once."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)
    used = models.BooleanField(default=False)


class OpinionRun(models.Model):
    """The opinion groups as they were found last: what may be published, and what the next run has to know."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="opinion_run")
    at = models.DateTimeField()
    votes = models.PositiveIntegerField()
    published = models.TextField()
    memory = models.TextField()
