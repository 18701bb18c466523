"""Tables of the federation: what we offer, whom we follow, what they said last, and who witnessed our ledger."""

from typing import ClassVar

import msgspec
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.federation.documents import Dataset, Datasets, Document, Finding, Findings
from allmende.federation.rules import fingerprint
from allmende.kernel.text import Text
from allmende.ledger.note import Key, read_key, read_note
from allmende.ui.bilingual import pair

ACTIVE, PAUSED, QUARANTINED = "active", "paused", "quarantined"
STATES = [(ACTIVE, _("verbunden")), (PAUSED, _("angehalten")), (QUARANTINED, _("in Quarantäne"))]
CAUSES = [("", ""), ("key", _("anderer Schlüssel")), ("fork", _("Protokoll gegabelt"))]


class Offer(models.Model):
    """What this city shows to others: the signed document and its files, byte for byte; one row at most."""

    on = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(default=0)
    issued = models.DateTimeField(null=True)
    content_digest = models.CharField(max_length=64, blank=True)
    document = models.BinaryField(default=bytes)
    findings = models.BinaryField(default=bytes)
    datasets = models.BinaryField(default=bytes)

    class Meta:
        """One row."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_offer")
        ]


class Peer(models.Model):
    """Another city that we follow: its address and key, what it said last, and how the last attempt went."""

    url = models.URLField(_("Adresse"), unique=True, max_length=300)
    city = models.CharField(_("Stadt"), max_length=100)
    ags = models.CharField(_("Gemeindeschlüssel"), max_length=8, blank=True)
    key = models.CharField(_("Schlüssel"), max_length=400, unique=True)
    offered_key = models.CharField(_("neuer Schlüssel"), max_length=400, blank=True)
    state = models.CharField(_("Zustand"), max_length=12, choices=STATES, default=ACTIVE)
    cause = models.CharField(max_length=5, choices=CAUSES, blank=True)
    since = models.DateTimeField(_("seit"), null=True)
    witness = models.BooleanField(_("Protokoll bezeugen"), default=False)
    every_minutes = models.PositiveIntegerField(_("Abstand in Minuten"), default=60)
    sequence = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    issued = models.DateTimeField(_("Stand"))
    document = models.JSONField()
    findings = models.JSONField()
    datasets = models.JSONField()
    etag = models.CharField(max_length=200, blank=True)
    accepted_at = models.DateTimeField(_("angenommen"))
    reached_at = models.DateTimeField(_("zuletzt erreichbar"))
    tried_at = models.DateTimeField(_("zuletzt versucht"))
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    error_de = models.TextField(blank=True)
    error_en = models.TextField(blank=True)
    checkpoint = models.TextField(blank=True)
    checkpoint_at = models.DateTimeField(null=True)
    contradiction = models.TextField(blank=True)
    cosigned = models.TextField(blank=True)

    class Meta:
        """By name."""

        verbose_name = _("Stadt im Verbund")
        verbose_name_plural = _("Städte im Verbund")
        ordering: ClassVar[list[str]] = ["city", "pk"]

    def __str__(self) -> str:
        """Name the city."""
        return self.city

    @property
    def told(self) -> Document:
        """Give what it said last."""
        return msgspec.convert(self.document, Document)

    @property
    def taught(self) -> tuple[Finding, ...]:
        """Give its findings."""
        return msgspec.convert(self.findings, Findings).findings

    @property
    def catalogue(self) -> tuple[Dataset, ...]:
        """Give its data sets."""
        return msgspec.convert(self.datasets, Datasets).datasets

    @property
    def error(self) -> Text | None:
        """Say why the last attempt failed."""
        return pair(self, "error")

    @property
    def public_key(self) -> Key:
        """Give the key by which it signs."""
        return read_key(self.key)

    @property
    def fingerprint(self) -> str:
        """Give what two people compare."""
        return fingerprint(self.public_key)

    @property
    def offered_fingerprint(self) -> str:
        """Give what two people compare before a new key is confirmed."""
        return fingerprint(read_key(self.offered_key)) if self.offered_key else ""

    @property
    def log_size(self) -> int | None:
        """Count the entries that its log had when it was seen last; None where it was never seen."""
        return read_note(self.checkpoint.encode()).checkpoint.size if self.checkpoint else None

    @property
    def is_forked(self) -> bool:
        """Tell whether its log contradicts what it showed before."""
        return self.state == QUARANTINED and self.cause == "fork"


class Testimony(models.Model):
    """A checkpoint of our own log that another city co-signed; ``holds`` is false where it is none of ours."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="testimony")
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    note = models.TextField()
    holds = models.BooleanField()
