"""Pairs: which of two options a pseudonym finds more important, and the strengths that follow from all."""

from typing import ClassVar

from django.db import models

from allmende.participation.models.processes import Process


class PairJudgement(models.Model):
    """Numbers of two statements, the smaller one first; without a time, which could tell who it was.

    The value is 1 where the first one matters more, -1 the second one, 0 both alike, and none for passed.
    """

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="pair_judgements")
    pseudonym = models.CharField(max_length=64)
    first = models.PositiveIntegerField()
    second = models.PositiveIntegerField()
    value = models.SmallIntegerField(null=True)

    class Meta:
        """One person, one judgement of a pair, whichever way round it was shown."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["process", "pseudonym", "first", "second"], name="one_person_one_judgement_of_a_pair"
            ),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="pair_in_order"),
            models.CheckConstraint(
                condition=models.Q(value__in=(-1, 0, 1)) | models.Q(value__isnull=True), name="pair_value"
            ),
        ]


class PairCount(models.Model):
    """The count after the end, as it may be published."""

    process = models.OneToOneField(Process, on_delete=models.CASCADE, related_name="pair_count")
    at = models.DateTimeField()
    published = models.TextField()
