"""Texts that are worked on: numbered paragraphs, each with its versions, and sealed wholes."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.participation.models.processes import Process
from allmende.ui.bilingual import pair


class Paragraph(models.Model):
    """A paragraph with a number that stays; its words are those of its newest version."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="paragraphs")
    number = models.PositiveSmallIntegerField(_("Nummer"))
    heading_de = models.CharField(_("Überschrift (deutsch)"), max_length=200)
    heading_en = models.CharField(_("Überschrift (englisch)"), max_length=200)
    project = models.SlugField(_("Projekt"), blank=True)

    class Meta:
        """By number."""

        ordering = ("number",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "number"], name="paragraph_once")
        ]

    def __str__(self) -> str:
        """Give number and heading."""
        return f"§ {self.number} {self.heading_de}"

    @property
    def heading(self) -> Text:
        """Give the heading."""
        return Text(self.heading_de, self.heading_en)


class ParagraphVersion(models.Model):
    """The words of a paragraph from an instant on; the German ones count, the English ones are a translation."""

    paragraph = models.ForeignKey(Paragraph, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveSmallIntegerField()
    text_de = models.TextField()
    text_en = models.TextField(blank=True)
    reason_de = models.CharField(max_length=500)
    reason_en = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    suggestion = models.ForeignKey("Contribution", null=True, on_delete=models.SET_NULL, related_name="adopted_in")

    class Meta:
        """Oldest first; one of each number."""

        ordering: ClassVar[list[str]] = ["version"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["paragraph", "version"], name="paragraph_version_once")
        ]

    @property
    def reason(self) -> Text:
        """Say why it was changed."""
        return pair(self, "reason") or Text(self.reason_de, self.reason_de)


class SealedText(models.Model):
    """All paragraphs as they stood at an instant; its bytes have a hash that stands in the public log."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="seals")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    occasion_de = models.CharField(max_length=300)
    occasion_en = models.CharField(max_length=300)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "number"], name="seal_once")
        ]

    @property
    def occasion(self) -> Text:
        """Say on which occasion."""
        return Text(self.occasion_de, self.occasion_en)
