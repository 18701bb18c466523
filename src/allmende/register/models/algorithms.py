"""The table of algorithms: what decides, or helps to decide, by a program."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.register.models.uses import DataUse
from allmende.register.rules import AUTONOMY
from allmende.ui.bilingual import Titled, choices_of, pair


class Algorithm(Titled):
    """A sheet about an algorithm or an AI: what for, by whose responsibility, with which data; empty is unknown."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    purpose_de = models.TextField(_("Wofür? (deutsch)"))
    purpose_en = models.TextField(_("Wofür? (englisch)"))
    responsible_de = models.CharField(_("Verantwortlicher Mensch: Stelle (deutsch)"), max_length=300)
    responsible_en = models.CharField(_("Verantwortlicher Mensch: Stelle (englisch)"), max_length=300)
    provider_de = models.CharField(_("Hersteller (deutsch)"), max_length=300, blank=True)
    provider_en = models.CharField(_("Hersteller (englisch)"), max_length=300, blank=True)
    method_de = models.TextField(_("Wie arbeitet es? (deutsch)"), blank=True)
    method_en = models.TextField(_("Wie arbeitet es? (englisch)"), blank=True)
    data_de = models.TextField(_("Womit? Daten (deutsch)"), blank=True)
    data_en = models.TextField(_("Womit? Daten (englisch)"), blank=True)
    data_uses = models.ManyToManyField(DataUse, verbose_name=_("Datennutzungen"), blank=True, related_name="algorithms")
    autonomy = models.CharField(_("Wie selbstständig?"), max_length=12, choices=choices_of(AUTONOMY))
    affected_de = models.TextField(_("Wen betrifft es? (deutsch)"), blank=True)
    affected_en = models.TextField(_("Wen betrifft es? (englisch)"), blank=True)
    risks_de = models.TextField(_("Risiken und Schutz (deutsch)"), blank=True)
    risks_en = models.TextField(_("Risiken und Schutz (englisch)"), blank=True)
    rights_de = models.TextField(_("Rechte (deutsch)"), blank=True)
    rights_en = models.TextField(_("Rechte (englisch)"), blank=True)
    since = models.DateField(_("seit"), null=True, blank=True)
    until = models.DateField(_("bis"), null=True, blank=True)
    source = models.CharField(_("Quelle"), max_length=500, blank=True)
    source_url = models.URLField(_("Adresse der Quelle"), blank=True, max_length=500)

    class Meta:
        """Names."""

        verbose_name = _("Algorithmus")
        verbose_name_plural = _("Algorithmen")
        ordering = ("slug",)

    def part(self, name: str) -> Text | None:
        """Give a part of the sheet in both languages; None is unknown."""
        return pair(self, name)

    @property
    def autonomy_text(self) -> Text:
        """Say how far it acts without a human."""
        return AUTONOMY[self.autonomy]
