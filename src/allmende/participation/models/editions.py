"""What a process says of itself in Leichte Sprache, in signs, in further languages; what a machine translated."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.participation.languages import LANGUAGES, Language
from allmende.participation.models.contributions import Contribution
from allmende.participation.models.processes import Process


class Edition(models.Model):
    """The declarations of a process for people whom the German and English ones do not reach."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="editions")
    language = models.CharField(_("Fassung"), max_length=12)
    title = models.CharField(_("Titel"), max_length=200)
    body = models.TextField(_("Text"), blank=True)
    video = models.URLField(_("Adresse des Videos"), blank=True)
    made_by = models.CharField(_("Übersetzt oder geprüft von"), max_length=200)
    at = models.DateField()
    # The hash of the German words at that time.
    translates = models.CharField(max_length=64)
    # A machine wrote it, and nobody has said yet that they checked it.
    machine = models.BooleanField(default=False)
    public = models.BooleanField(default=True)

    class Meta:
        """In the order of the languages; one of each."""

        ordering: ClassVar[list[str]] = ["language"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "language"], name="edition_once")
        ]

    @property
    def about(self) -> Language:
        """Give what is known of the language."""
        return LANGUAGES[self.language]


class Translation(models.Model):
    """What a machine made of a contribution in a language, and of which words: it goes with them."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=12)
    # The hash of the words that were translated.
    digest = models.CharField(max_length=64)
    title = models.TextField()
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        """One in each language."""

        ordering: ClassVar[list[str]] = ["language"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contribution", "language"], name="translation_once")
        ]
