"""Tables of datasets: what there is, from whom, under which licence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text
from allmende.ui.bilingual import Titled


class Licence(models.Model):
    """Under which terms data may be used."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    title = models.CharField(_("Name"), max_length=200)
    url = models.URLField(_("Adresse"), blank=True)

    class Meta:
        """Names."""

        verbose_name = _("Lizenz")
        verbose_name_plural = _("Lizenzen")
        ordering = ("slug",)

    def __str__(self) -> str:
        """Give the name."""
        return self.title


class Dataset(Titled):
    """Series of one origin and one licence; measured or simulated, never both."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    description_de = models.TextField(_("Beschreibung (deutsch)"))
    description_en = models.TextField(_("Beschreibung (englisch)"))
    publisher = models.CharField(_("Herausgeber"), max_length=200)
    licence = models.ForeignKey(Licence, verbose_name=_("Lizenz"), on_delete=models.PROTECT, related_name="datasets")
    attribution = models.CharField(_("Namensnennung"), max_length=300, blank=True)
    source_url = models.URLField(_("Herkunft"), blank=True, max_length=500)
    simulated = models.BooleanField(_("simuliert"), default=False)
    data_use = models.SlugField(_("Datennutzung"), blank=True)

    class Meta:
        """Names."""

        verbose_name = _("Datensatz")
        verbose_name_plural = _("Datensätze")
        ordering = ("simulated", "slug")

    @property
    def description(self) -> Text:
        """Give the description in both languages."""
        return Text(self.description_de, self.description_en)
