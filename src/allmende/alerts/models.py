"""Rules, how they stand, what happened, and who was told."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.alerts.rules import KINDS, TURNS, Condition, Standing
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.ui.bilingual import Titled, choices_of


class AlertRule(Titled):
    """When to warn of which measurements, what to do then, and who is told."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    kind = models.CharField(_("Wann"), max_length=10, choices=choices_of(KINDS))
    observed = models.CharField(
        _("Messgröße"), max_length=100, blank=True, help_text=_("für alle Messreihen damit, etwa air-temperature")
    )
    datastream = models.PositiveBigIntegerField(
        _("Nummer einer Messreihe"), null=True, blank=True, help_text=_("statt einer Messgröße")
    )
    threshold = models.FloatField(_("Schwelle"), null=True, blank=True, help_text=_("in der Einheit der Messreihe"))
    release = models.FloatField(
        _("Entwarnung ab"), null=True, blank=True, help_text=_("leer: an der Schwelle; ein Abstand verhindert Flattern")
    )
    lasting_seconds = models.PositiveIntegerField(_("Mindestdauer in Sekunden"), default=0)
    silent_seconds = models.PositiveIntegerField(_("Stille in Sekunden"), default=0)
    advice_de = models.TextField(_("Was ist zu tun? (deutsch)"))
    advice_en = models.TextField(_("Was ist zu tun? (englisch)"))
    purpose = models.CharField(_("Zweck (Kurzname)"), max_length=100, default="climate-adaptation")
    mail_to = models.TextField(_("E-Mail an"), blank=True, help_text=_("eine Adresse je Zeile"))
    webhook = models.URLField(_("Webhook"), blank=True, max_length=500, help_text=_("erhält JSON mit POST"))
    mqtt = models.BooleanField(
        _("über MQTT"), default=False, help_text=_("am Broker der Stadt, bleibt dort stehen, bis sich etwas ändert")
    )
    public = models.BooleanField(_("öffentlich"), default=False, help_text=_("Seite „Warnungen“ und Atom"))
    active = models.BooleanField(_("eingeschaltet"), default=False)

    class Meta:
        """Names."""

        verbose_name = _("Warnregel")
        verbose_name_plural = _("Warnregeln")
        ordering = ("slug",)

    def clean(self) -> None:
        """Refuse a rule that could never be judged."""
        faults: dict[str, Any] = {}
        if bool(self.observed) == (self.datastream is not None):
            faults["observed"] = _("Nennen Sie eine Messgröße oder eine Messreihe.")
        if self.kind == "silent" and not self.silent_seconds:
            faults["silent_seconds"] = _("Nach wie vielen Sekunden ohne Wert wird gewarnt?")
        if self.kind != "silent" and self.threshold is None:
            faults["threshold"] = _("Hier fehlt die Schwelle.")
        elif self.release is not None and self.condition.beyond(self.release):
            faults["release"] = _("Die Entwarnung liegt jenseits der Schwelle; so endete die Warnung sofort.")
        if faults:
            raise ValidationError(faults)

    @property
    def condition(self) -> Condition:
        """Give what is judged."""
        return Condition(self.kind, self.threshold or 0.0, self.release, self.lasting_seconds, self.silent_seconds)

    @property
    def advice(self) -> Text:
        """Give what is to be done in both languages."""
        return Text(self.advice_de, self.advice_en)

    @property
    def addresses(self) -> list[str]:
        """Give the mail addresses."""
        return self.mail_to.split()


class AlertStanding(models.Model):
    """How a rule stands for one datastream."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="standings")
    datastream = models.PositiveBigIntegerField()
    raised = models.BooleanField(default=False)
    beyond_since = models.BigIntegerField(null=True)
    seen = models.BigIntegerField(null=True)

    class Meta:
        """One for each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "datastream"], name="one_standing")
        ]

    @property
    def value(self) -> Standing:
        """Give the plain value."""
        return Standing(self.raised, self.beyond_since, self.seen)


class AlertEvent(models.Model):
    """An alert that began or ended; times in microseconds."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="events")
    datastream = models.PositiveBigIntegerField()
    series = models.CharField(max_length=300)
    kind = models.CharField(max_length=10)
    at = models.BigIntegerField()
    noted = models.DateTimeField()
    result = models.FloatField(null=True)
    unit = models.CharField(max_length=40, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-noted", "-id"]

    @property
    def kind_text(self) -> Text:
        """Name the kind."""
        return TURNS[self.kind]

    @property
    def value(self) -> str:
        """Write the value with its unit; nothing for silence."""
        unit = UNITS.get(self.unit)
        return "" if self.result is None else f"{self.result:g} {unit.symbol if unit else self.unit}".strip()


class Delivery(models.Model):
    """A message to one address; it is tried again until it went out, or too often."""

    event = models.ForeignKey(AlertEvent, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10)
    target = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=0)
    due = models.DateTimeField(null=True)
    done = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        """In the order in which they were made."""

        ordering: ClassVar[list[str]] = ["id"]
