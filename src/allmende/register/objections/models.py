"""Cases and their public steps."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.text import Text
from allmende.register.objections.rules import KINDS, OUTCOMES, STATES, due
from allmende.ui.bilingual import choices_of


class Objection(models.Model):
    """One case; the words of the person and their address go some time after the answer."""

    number = models.CharField(_("Nummer"), max_length=20, unique=True)
    key_digest = models.CharField(max_length=64)
    kind = models.CharField(_("Art"), max_length=20, choices=choices_of(KINDS))
    about = models.CharField(_("Datennutzung"), max_length=100, blank=True)
    words = models.TextField(_("Anliegen"), blank=True)
    reply_to = models.EmailField(_("Antwort an"), blank=True)
    language = models.CharField(max_length=2, default="de")
    received = models.DateTimeField(_("eingegangen"))
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=20, default="received")
    outcome = models.CharField(_("Ergebnis"), max_length=20, blank=True)
    answered = models.DateTimeField(_("beantwortet"), null=True)
    answer_de = models.TextField(_("Antwort (öffentlich)"), blank=True)
    answer_en = models.TextField(_("Antwort (öffentlich, englisch)"), blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-received", "-id"]

    def __str__(self) -> str:
        """Give the number, which says nothing about the person."""
        return self.number

    @property
    def due(self) -> dt.datetime:
        """Give the instant by which it has to be answered."""
        return due(self.kind, self.received)

    def overdue(self, now: dt.datetime) -> bool:
        """Tell whether it should have been answered by now, or was answered too late."""
        return (self.answered or now) > self.due

    @property
    def kind_text(self) -> Text:
        """Name the kind."""
        return KINDS[self.kind]

    @property
    def state_text(self) -> Text:
        """Name the state, and the outcome when there is one."""
        return OUTCOMES[self.outcome] if self.outcome else STATES[self.state]

    @property
    def answer(self) -> Text | None:
        """Give the public answer, when there is one."""
        return Text(self.answer_de, self.answer_en) if self.answer_de else None


class Step(models.Model):
    """What happened to a case, and when; never who the person is."""

    objection = models.ForeignKey(Objection, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    state = models.CharField(max_length=20)
    note_de = models.CharField(max_length=500, blank=True)
    note_en = models.CharField(max_length=500, blank=True)

    class Meta:
        """In the order in which they happened."""

        ordering: ClassVar[list[str]] = ["at", "id"]

    @property
    def state_text(self) -> Text:
        """Name the state."""
        return STATES[self.state]

    @property
    def note(self) -> Text | None:
        """Give what is said about the step, when there is anything."""
        return Text(self.note_de, self.note_en) if self.note_de else None
