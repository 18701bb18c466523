"""Processes: what they are for, who may take part, what their result counts, when they forget."""

import datetime as dt
import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.formats import Format, format_of
from allmende.participation.rules import CLOSE_DAYS, COUNTED, LEVELS, PROCESS_STATES, SMALLEST_GROUP, WEIGHTS, Span
from allmende.ui.bilingual import Titled, choices_of, pair

CLOSES_HELP = _("nach der letzten Phase, wenn alles beantwortet ist; leer: jemand schließt es ab")


def new_key() -> bytes:
    """Make the key of a process; it is destroyed when the process has ended and forgets."""
    return secrets.token_bytes(32)


def preview_key() -> str:
    """Make the word in the address with which a draft can be looked at."""
    return secrets.token_urlsafe(12)


class Process(Titled):
    """A way in which people take part; what it declares is shown from its first day on."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    format = models.SlugField(_("Format"))
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=10, default="draft", editable=False)
    demonstration = models.BooleanField(_("Vorführung mit erfundenen Beiträgen"), default=False)
    preview = models.CharField(max_length=32, default=preview_key, editable=False)
    purpose_de = models.TextField(_("Wozu? (deutsch)"))
    purpose_en = models.TextField(_("Wozu? (englisch)"))
    audience_de = models.TextField(_("Wer ist gefragt? (deutsch)"))
    audience_en = models.TextField(_("Wer ist gefragt? (englisch)"))
    office_de = models.CharField(_("Wer antwortet? (deutsch)"), max_length=200)
    office_en = models.CharField(_("Wer antwortet? (englisch)"), max_length=200)
    weight = models.CharField(_("Was zählt das Ergebnis?"), max_length=20, choices=choices_of(WEIGHTS))
    weight_de = models.TextField(_("Was damit geschieht (deutsch)"), blank=True)
    weight_en = models.TextField(_("Was damit geschieht (englisch)"), blank=True)
    level = models.CharField(
        _("Teilnahme"),
        max_length=10,
        default="open",
        choices=choices_of(LEVELS),
        help_text=_("für Abstimmen und Unterstützen"),
    )
    writing = models.CharField(
        _("Einreichen"),
        max_length=10,
        default="open",
        choices=choices_of(LEVELS),
        help_text=_("für Beiträge, Kommentare und Vorschläge"),
    )
    strict = models.BooleanField(_("vor dem Veröffentlichen prüfen"), default=False)
    answer_days = models.PositiveSmallIntegerField(_("Antwort in Tagen"), default=30)
    keep_days = models.PositiveSmallIntegerField(
        _("Löschen nach Tagen"), default=180, help_text=_("nach dem Abschluss")
    )
    close_days = models.PositiveSmallIntegerField(
        _("Schließt sich nach Tagen"), null=True, blank=True, default=CLOSE_DAYS, help_text=CLOSES_HELP
    )
    purpose_slug = models.SlugField(_("Zweck im Register"), default="participation")
    code = models.CharField(
        _("Zitierweise"), max_length=60, blank=True, help_text=_("wie Regeln den Text nennen, etwa Datenethik-Kodex")
    )
    project = models.SlugField(_("Projekt"), blank=True)
    key = models.BinaryField(default=new_key, null=True, editable=False)
    closed = models.DateTimeField(null=True, editable=False)
    forgotten = models.DateTimeField(null=True, editable=False)
    people_de = models.CharField(
        _("Quelle der Zahlen zu Gruppen (deutsch)"),
        max_length=200,
        blank=True,
        help_text=_("etwa: Einwohnermelderegister, 31.12.2025; steht im Bericht, wer erreicht wurde"),
    )
    people_en = models.CharField(_("Quelle der Zahlen zu Gruppen (englisch)"), max_length=200, blank=True)
    # What was deleted at the end, by kind: how many rows.
    forgot = models.JSONField(default=dict, editable=False)
    result_de = models.TextField(_("Ergebnis (deutsch)"), blank=True, editable=False)
    result_en = models.TextField(_("Ergebnis (englisch)"), blank=True, editable=False)
    result_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        """Newest first."""

        verbose_name = _("Beteiligungsverfahren")
        verbose_name_plural = _("Beteiligungsverfahren")
        ordering = ("-pk",)

    @property
    def form(self) -> Format:
        """Give what its format says."""
        return format_of(self.format)

    @property
    def public_editions(self) -> models.QuerySet[Any]:
        """Give its editions but for drafts."""
        return self.editions.filter(public=True)

    @property
    def spans(self) -> list[Span]:
        """Give its phases as the rules take them."""
        found = []
        for phase in self.phases.all():
            known = self.form.phase(phase.slug)
            found.append(Span(phase.slug, phase.since, phase.until, known.allows if known else ()))
        return found

    @property
    def minimum(self) -> int:
        """Give the smallest group of which a count is published."""
        return SMALLEST_GROUP

    def needs(self, action: str) -> str:
        """Give the level that an action needs."""
        return self.level if action in COUNTED else self.writing

    @property
    def purpose(self) -> Text:
        """Say what it is for."""
        return Text(self.purpose_de, self.purpose_en)

    @property
    def audience(self) -> Text:
        """Say whom it asks."""
        return Text(self.audience_de, self.audience_en)

    @property
    def office(self) -> Text:
        """Say who answers."""
        return Text(self.office_de, self.office_en)

    @property
    def weight_text(self) -> Text:
        """Name what the result counts."""
        return WEIGHTS[self.weight]

    @property
    def weight_note(self) -> Text | None:
        """Say what happens with the result."""
        return pair(self, "weight")

    @property
    def state_text(self) -> Text:
        """Name the state."""
        return PROCESS_STATES[self.state]

    @property
    def level_text(self) -> Text:
        """Name who may vote."""
        return LEVELS[self.level]

    @property
    def writing_text(self) -> Text:
        """Name who may write."""
        return LEVELS[self.writing]

    @property
    def ends(self) -> dt.datetime | None:
        """Give when its last phase is over."""
        return max((phase.until for phase in self.phases.all()), default=None)

    @property
    def closes(self) -> dt.datetime | None:
        """Give when it closes itself; None where somebody does that, or did."""
        if self.ends is None or self.close_days is None or self.state not in ("draft", "open"):
            return None
        return self.ends + dt.timedelta(days=self.close_days)

    @property
    def forgets(self) -> dt.datetime | None:
        """Give when its deletion plan is carried out; None where that is not known, or over."""
        end = self.closed or self.closes
        known = self.forgotten is None and (self.closed is not None or not self.held_up)
        return end + dt.timedelta(days=self.keep_days) if end is not None and known else None

    @property
    def held_up(self) -> bool:
        """Tell whether it should have closed itself: something still waits for an answer."""
        return self.state == "open" and self.closes is not None and self.closes <= utc_now()

    @property
    def overdue_days(self) -> int | None:
        """Count the days since its last phase, while nobody has closed it and so nothing is ever deleted."""
        late = (utc_now() - self.ends).days if self.ends is not None and self.state == "open" else 0
        return late if late > 0 else None

    @property
    def people_source(self) -> Text | None:
        """Say where the sizes of its groups come from."""
        return pair(self, "people")

    @property
    def result(self) -> Text | None:
        """Give the published result."""
        return pair(self, "result")


class Phase(Titled):
    """A phase of a process in time; the format says what it allows."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="phases")
    slug = models.SlugField()
    about_de = models.TextField()
    about_en = models.TextField()
    since = models.DateTimeField(_("Beginn"))
    until = models.DateTimeField(_("Ende"))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """In their order."""

        ordering = ("position",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "slug"], name="phase_once"),
            models.CheckConstraint(condition=models.Q(until__gt=models.F("since")), name="phase_ends_after_it_begins"),
        ]

    @property
    def about(self) -> Text:
        """Say what happens in it."""
        return Text(self.about_de, self.about_en)


class Topic(Titled):
    """A category of contributions, or a group of people that they choose for themselves."""

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="topics")
    kind = models.CharField(max_length=10)
    slug = models.SlugField()
    position = models.PositiveSmallIntegerField(default=0)
    # How many of them live in the city, where somebody has counted them; for saying who was reached.
    people = models.PositiveIntegerField(null=True)

    class Meta:
        """In their order."""

        ordering = ("position",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["process", "kind", "slug"], name="topic_once")
        ]
