"""What was asked of the funder, what came, and what proves its use; besides, saved scenarios."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.money import Money
from allmende.money.models.bookings import Booking
from allmende.money.models.grants import Award
from allmende.money.models.kept import Kept
from allmende.programme.models import Project
from allmende.ui.bilingual import short_day

DRAFT, APPROVED = "draft", "approved"
STATES = [(DRAFT, _("wartet auf die zweite Person")), (APPROVED, _("freigegeben"))]


class DrawDown(Kept):
    """A call for money with its statement of expenditure; amounts are kept as they were claimed."""

    award = models.ForeignKey(Award, verbose_name=_("Zuwendung"), on_delete=models.PROTECT, related_name="draw_downs")
    number = models.PositiveIntegerField(_("Nummer"))
    until = models.DateField(_("Zahlungen bis"))
    eligible_cents = models.BigIntegerField(_("förderfähige Ausgaben in Cent"))
    federal_cents = models.BigIntegerField(_("abgerufen in Cent"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("vorbereitet von"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("freigegeben von"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        """Oldest first; numbers without gaps."""

        verbose_name = _("Mittelabruf")
        verbose_name_plural = _("Mittelabrufe")
        ordering = ("award", "number")
        constraints = [models.UniqueConstraint(fields=["award", "number"], name="draw_down_number_once")]

    def __str__(self) -> str:
        """Give award and number."""
        return f"{self.award} {self.number}"

    @property
    def eligible(self) -> Money:
        """Give the eligible expenditure."""
        return Money(self.eligible_cents)

    @property
    def federal(self) -> Money:
        """Give what was claimed."""
        return Money(self.federal_cents)

    @property
    def payment(self) -> "Payment | None":
        """Give what the funder paid for it, as last entered."""
        return max(self.payments.all(), key=lambda row: (row.known_since, row.pk), default=None)


class DrawDownLine(models.Model):
    """A booking in a draw-down; the table cannot hold one twice."""

    draw_down = models.ForeignKey(DrawDown, on_delete=models.PROTECT, related_name="lines")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="line")

    class Meta:
        """Names."""

        verbose_name = _("Beleg eines Mittelabrufs")
        verbose_name_plural = _("Belege von Mittelabrufen")

    def __str__(self) -> str:
        """Name both."""
        return f"{self.draw_down_id}/{self.booking_id}"


class DrawDownShare(models.Model):
    """What a draw-down claimed for a project; the shares add up to the claim."""

    draw_down = models.ForeignKey(DrawDown, on_delete=models.PROTECT, related_name="shares")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    eligible_cents = models.BigIntegerField(_("förderfähige Ausgaben in Cent"))
    federal_cents = models.BigIntegerField(_("abgerufen in Cent"))

    class Meta:
        """One row for each project."""

        verbose_name = _("Anteil an einem Mittelabruf")
        verbose_name_plural = _("Anteile an Mittelabrufen")
        constraints = [models.UniqueConstraint(fields=["draw_down", "project"], name="draw_down_share_once")]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.draw_down_id}/{self.project_id}"

    @property
    def eligible(self) -> Money:
        """Give the eligible expenditure."""
        return Money(self.eligible_cents)

    @property
    def federal(self) -> Money:
        """Give what was claimed."""
        return Money(self.federal_cents)


PREPARED, RELEASED, WITHDRAWN = "prepared", "released", "withdrawn"
PREPARED_STATES = [
    (PREPARED, _("wartet auf die zweite Person")),
    (RELEASED, _("freigegeben")),
    (WITHDRAWN, _("zurückgezogen")),
]


class PreparedDrawDown(models.Model):
    """A draw-down that one person prepared: which bookings it would claim, and how much; another one releases it."""

    award = models.ForeignKey(Award, verbose_name=_("Zuwendung"), on_delete=models.PROTECT, related_name="prepared")
    until = models.DateField(_("Zahlungen bis"))
    eligible_cents = models.BigIntegerField(_("förderfähige Ausgaben in Cent"))
    federal_cents = models.BigIntegerField(_("abzurufen in Cent"))
    state = models.CharField(_("Zustand"), max_length=10, choices=PREPARED_STATES, default=PREPARED)
    made_at = models.DateTimeField(_("vorbereitet"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("vorbereitet von"), on_delete=models.PROTECT, related_name="+"
    )
    draw_down = models.OneToOneField(
        DrawDown, verbose_name=_("Mittelabruf"), null=True, on_delete=models.PROTECT, related_name="prepared"
    )

    class Meta:
        """Newest first; one at a time waits for each award, since two would claim the same bookings."""

        verbose_name = _("vorbereiteter Mittelabruf")
        verbose_name_plural = _("vorbereitete Mittelabrufe")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["award"], condition=models.Q(state="prepared"), name="draw_down_waits_once")
        ]

    def __str__(self) -> str:
        """Give award and last day."""
        return f"{self.award}, {short_day(self.until)}"

    @property
    def eligible(self) -> Money:
        """Give the eligible expenditure."""
        return Money(self.eligible_cents)

    @property
    def federal(self) -> Money:
        """Give what would be claimed."""
        return Money(self.federal_cents)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("a prepared draw-down is withdrawn, not deleted")


class PreparedLine(models.Model):
    """A booking that a prepared draw-down would claim; once withdrawn, another may prepare it again."""

    prepared = models.ForeignKey(PreparedDrawDown, on_delete=models.PROTECT, related_name="lines")
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="prepared_lines")

    class Meta:
        """Each once."""

        verbose_name = _("Beleg eines vorbereiteten Mittelabrufs")
        verbose_name_plural = _("Belege vorbereiteter Mittelabrufe")
        constraints = [models.UniqueConstraint(fields=["prepared", "booking"], name="prepared_line_once")]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.prepared_id}/{self.booking_id}"


class Payment(Kept):
    """Money that the funder paid out; a correction is a new row with its reason, and the newest known one counts."""

    draw_down = models.ForeignKey(
        DrawDown, verbose_name=_("Mittelabruf"), on_delete=models.PROTECT, related_name="payments"
    )
    day = models.DateField(_("ausgezahlt am"))
    cents = models.PositiveBigIntegerField(_("Betrag in Cent"))
    reason = models.CharField(_("Grund der Berichtigung"), max_length=300, blank=True)

    class Meta:
        """Oldest first."""

        verbose_name = _("Auszahlung")
        verbose_name_plural = _("Auszahlungen")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        """Give day and amount."""
        return f"{self.day}: {self.cents}"

    @property
    def amount(self) -> Money:
        """Give the amount."""
        return Money(self.cents)


class Proof(models.Model):
    """A proof of use: a frozen snapshot with its hash, approved by a second person."""

    award = models.ForeignKey(Award, verbose_name=_("Zuwendung"), on_delete=models.PROTECT, related_name="proofs")
    day = models.DateField(_("Stand"))
    state = models.CharField(_("Zustand"), max_length=10, choices=STATES, default=DRAFT)
    content = models.BinaryField(_("Inhalt"))
    digest = models.CharField(_("Prüfsumme (SHA-256)"), max_length=64)
    made_at = models.DateTimeField(_("erstellt"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("erstellt von"), on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("freigegeben"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("freigegeben von"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        """Newest first."""

        verbose_name = _("Verwendungsnachweis")
        verbose_name_plural = _("Verwendungsnachweise")
        ordering = ("-pk",)

    def __str__(self) -> str:
        """Give award and day."""
        return f"{self.award}, {short_day(self.day)}"

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("a proof of use is not deleted")


class Scenario(models.Model):
    """Saved choices: continue, shrink or stop, project by project; figures follow from the day it speaks of."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    day = models.DateField(_("Stand der Zahlen"))
    stop = models.DateField(_("Tag der Änderung"))
    projects = models.JSONField(_("Projekte"), default=list, help_text=_("keines: alle, die Geld haben"))
    choices = models.JSONField(_("Wahl je Projekt"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Person"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    edits = models.PositiveIntegerField(_("Bearbeitungen"), default=0)

    class Meta:
        """By name."""

        verbose_name = _("Szenario")
        verbose_name_plural = _("Szenarien")
        ordering = ("name",)

    def __str__(self) -> str:
        """Give the name."""
        return self.name
