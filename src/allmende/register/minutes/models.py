"""Tables of minutes: each version of them, and the items of their agenda."""

from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.text import Text
from allmende.register.minutes.rules import ATTENDING, BODIES, STATES, PublicItem, Record, canonical, sha256
from allmende.ui.bilingual import Titled, choices_of, pair


class Minutes(models.Model):
    """One version of the minutes of a meeting; once sealed, ``public`` holds what everybody reads, byte for byte."""

    number = models.CharField(_("Nummer"), max_length=20, editable=False)
    version = models.PositiveIntegerField(_("Fassung"), default=1, editable=False)
    body = models.CharField(_("Gremium"), max_length=20, choices=choices_of(BODIES))
    day = models.DateField(_("Tag der Sitzung"))
    attending = models.JSONField(_("Teilnahme"), default=dict)
    correction_de = models.TextField(_("Was berichtigt wird (deutsch)"), blank=True)
    correction_en = models.TextField(_("Was berichtigt wird (englisch)"), blank=True)
    state = models.CharField(pgettext_lazy("Zustand", "Stand"), max_length=10, default="draft", editable=False)
    writers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    sealed = models.DateTimeField(_("versiegelt"), null=True, editable=False)
    public = models.TextField(blank=True, editable=False)
    whole_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        """One row for each version, the newest meeting first."""

        verbose_name = _("Sitzungsprotokoll")
        verbose_name_plural = _("Sitzungsprotokolle")
        ordering: ClassVar[list[str]] = ["-day", "-number", "-version"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["number", "version"], name="minutes_version_once")
        ]

    def __str__(self) -> str:
        """Give number and version."""
        return f"{self.number} ({self.version})"

    @property
    def body_text(self) -> Text:
        """Name the body."""
        return BODIES[self.body]

    @property
    def state_text(self) -> Text:
        """Name the state."""
        return STATES[self.state]

    @property
    def correction(self) -> Text | None:
        """Say what this version corrects; None in the first."""
        return pair(self, "correction")

    @property
    def people(self) -> list[tuple[Text, int]]:
        """Give who took part, by role."""
        return [(text, self.attending[name]) for name, text in ATTENDING.items() if self.attending.get(name)]

    @property
    def record(self) -> Record:
        """Give what everybody may read: of sealed minutes as it was sealed, of a draft as it would be."""
        return msgspec.json.decode(self.public, type=Record) if self.public else self.drafted

    @property
    def drafted(self) -> Record:
        """Put together from the tables what everybody may read."""
        items = list(self.items.all())
        shown = tuple(item.public for item in items if not item.internal)
        attending = {name: count for name, count in self.attending.items() if count}
        left_out = len(items) - len(shown)
        return Record(self.number, self.version, self.body, self.day, attending, shown, left_out, self.correction)

    @property
    def whole(self) -> str:
        """Write all of it, internal parts included, as it is hashed."""
        return canonical({"public": self.drafted, "items": [item.everything for item in self.items.all()]})

    @property
    def digest(self) -> str:
        """Give a fingerprint of all that stands in it now."""
        return sha256(self.whole)

    @property
    def public_sha256(self) -> str:
        """Give the hash of what is public, as the ledger has it once it is sealed."""
        return sha256(self.public or canonical(self.drafted))


class AgendaItem(Titled):
    """One item of the agenda: what it was about, what was discussed and decided, and what stays inside."""

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(_("Reihenfolge"), default=0)
    rules = models.JSONField(_("Regeln"), default=list, blank=True)
    data_uses = models.JSONField(_("Datennutzungen"), default=list, blank=True)
    objections = models.JSONField(_("Einwände"), default=list, blank=True)
    discussed_de = models.TextField(_("Beraten (deutsch)"), blank=True)
    discussed_en = models.TextField(_("Beraten (englisch)"), blank=True)
    decided_de = models.TextField(_("Beschlossen (deutsch)"), blank=True)
    decided_en = models.TextField(_("Beschlossen (englisch)"), blank=True)
    internal = models.BooleanField(_("nicht öffentlich"), default=False)
    confidential = models.TextField(_("nur intern"), blank=True)

    class Meta:
        """In the order of the agenda."""

        verbose_name = _("Tagesordnungspunkt")
        ordering: ClassVar[list[str]] = ["position", "pk"]

    @property
    def about(self) -> tuple[str, ...]:
        """Name what it is about, each with its kind."""
        kinds = (("rule", self.rules), ("data-use", self.data_uses), ("objection", self.objections))
        return tuple(f"{kind}/{name}" for kind, names in kinds for name in names)

    @property
    def public(self) -> PublicItem:
        """Give what everybody may read of it."""
        return PublicItem(self.title, self.about, pair(self, "discussed"), pair(self, "decided"))

    @property
    def everything(self) -> dict[str, Any]:
        """Give all of it."""
        fields = ("title_de", "title_en", "discussed_de", "discussed_en", "decided_de", "decided_en")
        texts = {name: getattr(self, name) for name in fields}
        return {**texts, "about": self.about, "internal": self.internal, "confidential": self.confidential}
