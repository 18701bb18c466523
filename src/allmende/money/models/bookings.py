"""What was ordered, what was paid for it, and what is expected."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.money.models.grants import Award, CostType, FundingSource
from allmende.money.models.kept import Kept
from allmende.money.rules import same_bill
from allmende.programme.models import Project
from allmende.programme.models.facts import fault_words
from allmende.programme.rules.states import FUTURE
from allmende.ui.bilingual import pair


class Commitment(Kept):
    """An order or a contract: money that is bound; a change is a new row with the same number."""

    number = models.CharField(_("Nummer"), max_length=60, db_index=True)
    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+")
    cost_type = models.ForeignKey(CostType, verbose_name=_("Kostenart"), on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("Gegenstand"), max_length=200)
    signed = models.DateField(_("geschlossen am"))
    until = models.DateField(_("läuft bis"), null=True, blank=True)
    cents = models.PositiveBigIntegerField(_("Summe in Cent"))
    exit_cents = models.PositiveBigIntegerField(
        _("Kosten bei vorzeitigem Ende in Cent"),
        null=True,
        blank=True,
        help_text=_("leer: der ganze Rest ist zu zahlen"),
    )

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Festlegung")
        verbose_name_plural = _("Festlegungen")
        ordering = ("known_since", "pk")

    def __str__(self) -> str:
        """Give number and subject."""
        return f"{self.number} {self.title}"

    def clean(self) -> None:
        """Refuse an order of the future, one that ends before it begins, and leaving that costs more than staying."""
        if self.signed and self.signed > today():
            raise ValidationError({"signed": fault_words((FUTURE, {"day": self.signed}))})
        if self.signed and self.until and self.until < self.signed:
            raise ValidationError({"until": _("Das Ende liegt vor dem Anfang.")})
        if self.exit_cents is not None and self.cents is not None and self.exit_cents > self.cents:
            raise ValidationError({"exit_cents": _("Das ist mehr als die ganze Summe.")})


class Invoice(Kept):
    """A bill, or its counter-entry with a negative sum."""

    supplier = models.CharField(_("Aussteller"), max_length=200)
    number = models.CharField(_("Rechnungsnummer"), max_length=60)
    day = models.DateField(_("Rechnungstag"))
    cents = models.BigIntegerField(_("Betrag in Cent"))
    text = models.CharField(_("Wofür"), max_length=300, blank=True)
    key = models.CharField(max_length=600, editable=False, default="")
    again = models.PositiveSmallIntegerField(_("wie oft vorher storniert"), default=0)
    reverses = models.OneToOneField(
        "self", verbose_name=_("storniert"), null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        """Each bill once, however it is written; taken back, it may be entered again."""

        verbose_name = _("Rechnung")
        verbose_name_plural = _("Rechnungen")
        ordering = ("-day", "-pk")
        constraints = [models.UniqueConstraint(fields=["key", "again"], name="invoice_once")]

    def __str__(self) -> str:
        """Give supplier and number."""
        return f"{self.supplier} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep by what the bill is recognised."""
        self.key = self.key or same_bill(self.supplier, self.number)
        super().save(*args, **kwargs)

    @property
    def amount(self) -> Money:
        """Give the sum."""
        return Money(self.cents)


class OpenInvoice(models.Model):
    """What of an invoice is on no position yet; kept beside the invoices so that it is found at once."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="open")
    cents = models.BigIntegerField(_("offen in Cent"))

    class Meta:
        """Oldest first."""

        verbose_name = _("offene Rechnung")
        verbose_name_plural = _("offene Rechnungen")
        ordering = ("invoice__day", "pk")

    def __str__(self) -> str:
        """Name the invoice."""
        return f"{self.invoice_id}"

    @property
    def amount(self) -> Money:
        """Give what is open."""
        return Money(self.cents)


class BookingCount(models.Model):
    """One row whose number grows with every transaction that books; sums are kept in memory under it."""

    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        """Names."""

        verbose_name = _("Zähler der Buchungen")
        verbose_name_plural = _("Zähler der Buchungen")

    def __str__(self) -> str:
        """Give the number."""
        return f"{self.number}"


class Booking(Kept):
    """A part of an invoice put on a position; a wrong one is taken back by its counter-entry."""

    invoice = models.ForeignKey(Invoice, verbose_name=_("Rechnung"), on_delete=models.PROTECT, related_name="bookings")
    project = models.ForeignKey(
        Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cost_type = models.ForeignKey(
        CostType, verbose_name=_("Kostenart"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    year = models.PositiveSmallIntegerField(_("Haushaltsjahr"))
    own_source = models.ForeignKey(
        FundingSource,
        verbose_name=_("Wer trägt den Eigenanteil"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    award = models.ForeignKey(
        Award, verbose_name=_("Zuwendung"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    commitment = models.CharField(_("Festlegung"), max_length=60, blank=True)
    paid = models.DateField(_("bezahlt am"), null=True)
    cents = models.BigIntegerField(_("Betrag in Cent"))
    eligible_cents = models.BigIntegerField(_("davon förderfähig in Cent"))
    reason = models.CharField(_("Grund, wenn nicht förderfähig"), max_length=300, blank=True)
    reverses = models.OneToOneField(
        "self", verbose_name=_("Gegenbuchung zu"), null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        """The first index holds all that sums need, in their order."""

        verbose_name = _("Buchung")
        verbose_name_plural = _("Buchungen")
        ordering = ("-pk",)
        indexes = [
            models.Index(
                fields=[
                    *("project", "year", "own_source", "award", "cost_type", "known_since"),
                    *("cents", "eligible_cents"),
                ],
                name="booking_sums",
            ),
            models.Index(fields=["award", "known_since", "paid"], name="booking_award"),
            models.Index(fields=["paid"], condition=models.Q(paid=None), name="booking_unpaid"),
            models.Index(
                fields=["commitment", "known_since", "cents"],
                condition=~models.Q(commitment=""),
                name="booking_contract",
            ),
        ]

    def __str__(self) -> str:
        """Give number and amount."""
        return f"{self.pk}: {self.cents}"

    @property
    def amount(self) -> Money:
        """Give the amount."""
        return Money(self.cents)

    @property
    def eligible(self) -> Money:
        """Give the eligible part."""
        return Money(self.eligible_cents)


class Forecast(Kept):
    """What a position is expected to cost in a year; the newest known one counts."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("Haushaltsjahr"))
    cents = models.PositiveBigIntegerField(_("erwartete Kosten in Cent"))
    reason = models.CharField(_("Grund"), max_length=300, blank=True)

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Prognose")
        verbose_name_plural = _("Prognosen")
        ordering = ("known_since", "pk")

    def __str__(self) -> str:
        """Give project and year."""
        return f"{self.project}, {self.year}"


class RunningCost(Kept):
    """What a project costs each year after the programme, and which office or body carries it then."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+")
    yearly_cents = models.PositiveBigIntegerField(_("Kosten je Jahr in Cent"))
    since = models.DateField(_("ab"))
    owner_de = models.CharField(_("wer es danach trägt (deutsch)"), max_length=200, blank=True)
    owner_en = models.CharField(_("wer es danach trägt (englisch)"), max_length=200, blank=True)

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Folgekosten")
        verbose_name_plural = _("Folgekosten")
        ordering = ("known_since", "pk")

    def __str__(self) -> str:
        """Give project and owner."""
        return f"{self.project}: {self.owner_de or '–'}"

    @property
    def yearly(self) -> Money:
        """Give the cost of a year."""
        return Money(self.yearly_cents)

    @property
    def owner(self) -> Text | None:
        """Give who carries it; None is not settled."""
        return pair(self, "owner")


class WorkHours(Kept):
    """Own work of the city's staff in a year: hours as a sum, with the number of people."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("Haushaltsjahr"))
    hours = models.PositiveIntegerField(_("Stunden"))
    people = models.PositiveSmallIntegerField(
        _("Zahl der Personen"), help_text=_("unter drei werden die Stunden nicht gezeigt")
    )

    class Meta:
        """Oldest knowledge first."""

        verbose_name = _("Arbeitsstunden")
        verbose_name_plural = _("Arbeitsstunden")
        ordering = ("known_since", "pk")

    def __str__(self) -> str:
        """Give project and year."""
        return f"{self.project}, {self.year}"


class ImportRun(models.Model):
    """A file that was checked, and what it would change; applied once, whole."""

    KINDS = [("bookings", _("Buchungen")), ("plan", _("Planpositionen"))]

    kind = models.CharField(_("Art"), max_length=10, choices=KINDS)
    name = models.CharField(_("Datei"), max_length=200)
    digest = models.CharField(_("Prüfsumme"), max_length=64)
    rows = models.BinaryField(_("gelesene Zeilen"))
    count = models.PositiveIntegerField(_("Zeilen"))
    faults = models.JSONField(_("Fehler"))
    plan = models.ForeignKey("money.Plan", verbose_name=_("Entwurf"), null=True, on_delete=models.PROTECT)
    plan_edits = models.PositiveIntegerField(_("Bearbeitungen beim Prüfen"), default=0)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Person"), on_delete=models.PROTECT, related_name="+"
    )
    checked_at = models.DateTimeField(_("geprüft"), auto_now_add=True)
    applied_at = models.DateTimeField(_("übernommen"), null=True)

    class Meta:
        """Newest first."""

        verbose_name = _("Einlesen")
        verbose_name_plural = _("Einlesen")
        ordering = ("-pk",)

    def __str__(self) -> str:
        """Give the file's name."""
        return self.name
