"""Surveys: questions, one sheet of answers for each pseudonym, free words apart from it, and the count."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.participation.methods.surveys.questions import KINDS, Asked, Condition, Option
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import Titled, pair


class Question(Titled):
    """A question of a survey; what ``least`` and ``most`` mean depends on its kind, as ``Asked`` says."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="questions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("Art"), max_length=10)
    help_de = models.CharField(max_length=500, blank=True)
    help_en = models.CharField(max_length=500, blank=True)
    required = models.BooleanField(default=False)
    least = models.FloatField(null=True)
    most = models.FloatField(null=True)
    decimals = models.BooleanField(default=False)
    low_de = models.CharField(max_length=60, blank=True)
    low_en = models.CharField(max_length=60, blank=True)
    high_de = models.CharField(max_length=60, blank=True)
    high_en = models.CharField(max_length=60, blank=True)
    unit_de = models.CharField(max_length=30, blank=True)
    unit_en = models.CharField(max_length=30, blank=True)
    # Each as {"number", "de", "en", "open"}; they change only as a whole, and never once somebody may answer.
    options = models.JSONField(default=list)
    # As {"question", "options", "least", "most"}, with the number of an earlier question.
    condition = models.JSONField(null=True)
    # What the staff says of free words, and what it quotes from them, one quote a line.
    said_de = models.TextField(blank=True)
    said_en = models.TextField(blank=True)
    quotes = models.TextField(blank=True)

    class Meta:
        """In their order."""

        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "number"], name="question_once")
        ]

    @property
    def asked(self) -> Asked:
        """Give it as the methods take it."""
        kind: Any = self.kind
        options = (Option(row["number"], Text(row["de"], row["en"]), row["open"]) for row in self.options)
        aim = self.condition
        return Asked(
            number=self.number,
            kind=kind,
            title=self.title,
            help=pair(self, "help"),
            required=self.required,
            options=tuple(options),
            least=self.least,
            most=self.most,
            decimals=self.decimals,
            low=pair(self, "low"),
            high=pair(self, "high"),
            unit=pair(self, "unit"),
            condition=Condition(**{**aim, "options": tuple(aim["options"])}) if aim else None,
        )

    @property
    def kind_text(self) -> Text:
        """Name its kind."""
        return KINDS[self.kind]

    @property
    def said(self) -> Text | None:
        """Say what the staff read in the free words."""
        return pair(self, "said")

    @property
    def quoted(self) -> list[str]:
        """Give the quotes."""
        return [line.strip() for line in self.quotes.splitlines() if line.strip()]


class AnswerSheet(models.Model):
    """What a pseudonym answered, by number of question; without a time, which could tell who it was."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="sheets")
    pseudonym = models.CharField(max_length=64)
    channel = models.CharField(max_length=10, default="online")
    answers = models.JSONField()

    class Meta:
        """One person, one sheet."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "pseudonym"], name="one_person_one_sheet")
        ]


class FreeWords(models.Model):
    """What somebody wrote to a question, apart from their sheet.

    ``owner`` is made of pseudonym and question by the key of the process: without the key nobody can join the words
    to a sheet, nor two texts of the same person; and it has no order of coming.
    """

    owner = models.CharField(max_length=64, primary_key=True)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="words")
    words = models.TextField()


class SurveyCount(models.Model):
    """The count after the end, as it may be published."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="survey_count")
    at = models.DateTimeField()
    published = models.TextField()
