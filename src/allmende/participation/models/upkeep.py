"""Moderation, followers, and the mails that go out."""

from typing import ClassVar

from django.db import models

from allmende.kernel.text import Text
from allmende.participation.models.contributions import Comment, Contribution, Step
from allmende.participation.models.processes import Process
from allmende.participation.rules import CAUSES, REASONS


class Case(models.Model):
    """Why somebody of the staff looks at a text, and what they decided; the words are not repeated here."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="cases")
    contribution = models.ForeignKey(Contribution, null=True, on_delete=models.CASCADE, related_name="cases")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="cases")
    cause = models.CharField(max_length=12)
    words = models.CharField(max_length=500, blank=True)
    opened = models.DateTimeField()
    closed = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=12, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)

    class Meta:
        """Oldest first; about one thing."""

        ordering: ClassVar[list[str]] = ["opened", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(contribution__isnull=False) ^ models.Q(comment__isnull=False),
                name="case_about_one_thing",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["closed", "opened"], name="cases_waiting")]

    @property
    def thing(self) -> Contribution | Comment:
        """Give what it is about."""
        found = self.contribution or self.comment
        if found is None:
            raise TypeError("a case is about something")
        return found

    @property
    def cause_text(self) -> Text:
        """Say why it was opened."""
        return CAUSES[self.cause]

    @property
    def reason_text(self) -> Text | None:
        """Say why it was hidden."""
        return REASONS.get(self.reason)


class Follower(models.Model):
    """An address that wants to know what becomes of a contribution or a process, or what new a search finds."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="followers")
    contribution = models.ForeignKey(Contribution, null=True, on_delete=models.CASCADE, related_name="followers")
    email = models.EmailField()
    language = models.CharField(max_length=2, default="de")
    # What of a process somebody looks for, as ``participation.search`` writes it; empty for all that happens.
    search = models.CharField(max_length=400, blank=True)
    asked = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["contribution", "email"],
                condition=models.Q(contribution__isnull=False),
                name="follower_of_contribution_once",
            ),
            models.UniqueConstraint(
                fields=["process", "email", "search"],
                condition=models.Q(contribution=None),
                name="follower_of_process_once",
            ),
        ]


class Notice(models.Model):
    """A step that a follower is to be told in the next digest; sent once."""

    follower = models.ForeignKey(Follower, on_delete=models.CASCADE, related_name="notices")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="notices")
    sent = models.DateTimeField(null=True)

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["follower", "step"], name="notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["sent"], name="notices_waiting")]


class Handover(models.Model):
    """A contribution that is a defect, on its way to the service desk; ``due`` is empty when it needs no more doing."""

    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="handover")
    asked = models.DateTimeField()
    due = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    token = models.CharField(max_length=100, blank=True)
    case = models.CharField(max_length=100, blank=True)


class Mail(models.Model):
    """A mail that is to go out at once: a link to confirm, word of a decision; deleted when it went out."""

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    due = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
