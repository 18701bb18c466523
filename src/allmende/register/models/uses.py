"""Tables of data uses: the data sheet, and every change of its state."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.ethics.sheets import STATES
from allmende.kernel.text import Text
from allmende.register.models.rulebook import Category, Purpose, RecipientClass
from allmende.register.rules import NEEDS, SCREENING, Need, screening_need
from allmende.ui.bilingual import Titled, choices_of, pair

STATE_CHOICES = choices_of(STATES)


def unanswered() -> dict[str, str]:
    """Give the screening as it is before anybody has looked: every answer unknown."""
    return dict.fromkeys(SCREENING, "unknown")


class DataUse(Titled):
    """A data sheet: what is collected, how, why, by whom, for how long; empty means unknown."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    state = models.CharField(
        pgettext_lazy("Zustand", "Stand"), max_length=12, choices=STATE_CHOICES, default="idea", editable=False
    )
    announced = models.DateField(_("angekündigt am"), null=True, editable=False)
    what_de = models.TextField(_("Was wird erhoben? (deutsch)"))
    what_en = models.TextField(_("Was wird erhoben? (englisch)"))
    how_de = models.TextField(_("Wie? (deutsch)"))
    how_en = models.TextField(_("Wie? (englisch)"))
    location_de = models.TextField(_("Wo? (deutsch)"), blank=True)
    location_en = models.TextField(_("Wo? (englisch)"), blank=True)
    technology_de = models.TextField(_("Technik (deutsch)"))
    technology_en = models.TextField(_("Technik (englisch)"))
    purpose = models.ForeignKey(Purpose, verbose_name=_("Zweck"), on_delete=models.PROTECT, related_name="data_uses")
    category = models.ForeignKey(
        Category, verbose_name=_("Kategorie"), on_delete=models.PROTECT, related_name="data_uses"
    )
    personal_de = models.TextField(_("Geht es um Personen? (deutsch)"))
    personal_en = models.TextField(_("Geht es um Personen? (englisch)"))
    legal_basis_de = models.TextField(_("Rechtsgrundlage (deutsch)"), blank=True)
    legal_basis_en = models.TextField(_("Rechtsgrundlage (englisch)"), blank=True)
    responsible_de = models.CharField(_("Verantwortlich (deutsch)"), max_length=300)
    responsible_en = models.CharField(_("Verantwortlich (englisch)"), max_length=300)
    provider_de = models.CharField(_("Dienstleister (deutsch)"), max_length=300, blank=True)
    provider_en = models.CharField(_("Dienstleister (englisch)"), max_length=300, blank=True)
    recipients = models.ManyToManyField(
        RecipientClass, verbose_name=_("Empfänger"), blank=True, related_name="data_uses"
    )
    retention_de = models.TextField(_("Wie lange? (deutsch)"), blank=True)
    retention_en = models.TextField(_("Wie lange? (englisch)"), blank=True)
    retention_days = models.PositiveIntegerField(_("Aufbewahrung in Tagen"), null=True, blank=True)
    since = models.DateField(_("seit"), null=True, blank=True)
    until = models.DateField(
        _("bis"),
        null=True,
        blank=True,
        help_text=_("letzter Tag der Erhebung; Pflicht, bevor sie angekündigt wird, danach braucht es neue Zustimmung"),
    )
    demonstration = models.BooleanField(
        _("Ende nur zur Vorführung"), default=False, help_text=_("Das Enddatum hat keine Stelle beschlossen.")
    )
    risk_de = models.TextField(_("Risiken und Schutz (deutsch)"), blank=True)
    risk_en = models.TextField(_("Risiken und Schutz (englisch)"), blank=True)
    screening = models.JSONField(_("Vorprüfung"), default=unanswered, blank=True)
    assessment = models.CharField(
        _("Folgenabschätzung"),
        max_length=500,
        blank=True,
        help_text=_("Aktenzeichen oder Adresse; Pflicht, wenn die Vorprüfung zwei oder mehr Merkmale findet"),
    )
    contact_de = models.TextField(_("Ansprechstelle (deutsch)"), blank=True)
    contact_en = models.TextField(_("Ansprechstelle (englisch)"), blank=True)
    note_de = models.TextField(_("Anmerkung (deutsch)"), blank=True)
    note_en = models.TextField(_("Anmerkung (englisch)"), blank=True)
    source = models.CharField(_("Quelle"), max_length=500, blank=True)
    source_url = models.URLField(_("Adresse der Quelle"), blank=True, max_length=500)

    class Meta:
        """Names."""

        verbose_name = _("Datennutzung")
        verbose_name_plural = _("Datennutzungen")
        ordering = ("slug",)

    def part(self, name: str) -> Text | None:
        """Give a part of the sheet in both languages; None is unknown."""
        return pair(self, name)

    @property
    def state_text(self) -> Text:
        """Name the state."""
        return STATES[self.state]

    @property
    def answers(self) -> dict[str, str]:
        """Give the answers of the screening; what is not answered is unknown."""
        return {**unanswered(), **{name: value for name, value in self.screening.items() if name in SCREENING}}

    @property
    def need(self) -> Need:
        """Tell whether an assessment of the consequences is needed, as far as the screening can tell."""
        return screening_need(self.answers)

    @property
    def need_text(self) -> Text:
        """Say whether an assessment is needed."""
        return NEEDS[self.need]

    @property
    def questions(self) -> list[tuple[Text, str]]:
        """Give the questions of the screening with their answers, in order."""
        return [(text, self.answers[name]) for name, text in SCREENING.items()]

    @property
    def last_event(self) -> Any:
        """Give the newest change of its state; None where there is none."""
        return self.events.order_by("pk").last()


class DataUseEvent(models.Model):
    """A change of the state of a data use: when, by whom, why, on which decision; never changed, never deleted."""

    data_use = models.ForeignKey(
        DataUse, verbose_name=_("Datennutzung"), on_delete=models.PROTECT, related_name="events"
    )
    at = models.DateTimeField(_("Zeitpunkt"))
    before = models.CharField(_("vorher"), max_length=12, choices=STATE_CHOICES, blank=True)
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=12, choices=STATE_CHOICES)
    until = models.DateField(_("bis"), null=True)
    reason_de = models.TextField(_("Grund (deutsch)"))
    reason_en = models.TextField(_("Grund (englisch)"))
    decision = models.CharField(_("Beschluss"), max_length=300, blank=True)
    objection = models.CharField(_("Einwand"), max_length=20, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Oldest first."""

        verbose_name = _("Ereignis einer Datennutzung")
        verbose_name_plural = _("Ereignisse der Datennutzungen")
        ordering = ("pk",)

    def __str__(self) -> str:
        """Name the use and its new state."""
        return f"{self.data_use.slug}: {self.state}"

    @property
    def state_text(self) -> Text:
        """Name the new state."""
        return STATES[self.state]

    @property
    def reason(self) -> Text:
        """Give the reason in both languages."""
        return Text(self.reason_de, self.reason_en)
