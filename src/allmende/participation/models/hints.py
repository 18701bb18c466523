"""What was learned from decisions of moderation, for all processes of the program."""

from django.db import models

ONLY = 1


class Learned(models.Model):
    """The one state of the hint: whether it is wanted, what it was learned from and is worth, and its weights.

    ``digest`` marks what was last learned from, ``facts`` tells of it as JSON, ``weights`` are 32-bit floats, and null
    where there is no hint. No word of any text is kept here.
    """

    wanted = models.BooleanField(default=True)
    looked = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    facts = models.TextField(blank=True)
    weights = models.BinaryField(null=True)
    bias = models.FloatField(default=0.0)

    class Meta:
        """One."""

        verbose_name = "moderation hint"

    def __str__(self) -> str:
        """Name it, as the trail does."""
        return "Hinweise für die Moderation"
