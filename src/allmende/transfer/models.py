"""Tables of the transfer: what a project teaches, in versions that stay."""

from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from allmende.kernel.text import Text
from allmende.programme.models import Project
from allmende.register.models import RecipientClass
from allmende.transfer.package.form import Origin
from allmende.transfer.rules import FindingContent
from allmende.ui.bilingual import pair

DRAFT, PUBLISHED = "draft", "published"
KINDS = [
    ("project", _("Projekt")),
    ("finding", _("Erkenntnis")),
    ("rule", _("Regel")),
    ("sheet", _("Datenblatt")),
    ("indicator", _("Indikator")),
    ("connector", _("Konnektor")),
]
OUTCOMES = [
    ("taken", _("als Entwurf übernommen")),
    ("same", _("gibt es hier schon so")),
    ("conflict", _("widerspricht, nicht übernommen")),
    ("quarantined", _("zurückgehalten")),
]
STATES = [(DRAFT, _("Entwurf")), (PUBLISHED, _("veröffentlicht"))]


def _person(label: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, null=True, on_delete=models.PROTECT, related_name="+"
    )


class FindingVersion(models.Model):
    """One version of what a project teaches; published ones are never changed."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="findings")
    number = models.PositiveSmallIntegerField(_("Fassung"))
    state = models.CharField(_("Zustand"), max_length=10, choices=STATES, default=DRAFT)
    content = models.JSONField(_("Inhalt"))
    edits = models.PositiveIntegerField(default=0)
    editors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    published_on = models.DateField(_("veröffentlicht am"), null=True)
    published_by = _person(_("veröffentlicht von"))

    class Meta:
        """One of each number, and one draft at a time."""

        verbose_name = _("Erkenntnis")
        verbose_name_plural = _("Erkenntnisse")
        ordering: ClassVar[list[str]] = ["project", "-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "number"], name="one_finding_of_a_number"),
            models.UniqueConstraint(fields=["project"], condition=models.Q(state=DRAFT), name="one_draft_of_a_finding"),
            models.CheckConstraint(
                condition=models.Q(state=DRAFT) | models.Q(published_on__isnull=False),
                name="published_finding_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        """Name project and version."""
        return f"{self.project} ({self.number})"

    @property
    def told(self) -> FindingContent:
        """Give the content."""
        return msgspec.convert(self.content, FindingContent)


class Export(models.Model):
    """A package that was given out: its digest, and the proof that the ledger tells it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="exports")
    digest = models.CharField(_("Prüfsumme (SHA-256)"), max_length=64, unique=True)
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))
    verb = models.CharField(max_length=10)
    purpose = models.CharField(max_length=100)
    recipient = models.CharField(max_length=100)
    index = models.PositiveIntegerField(_("Eintrag im Protokoll"))
    proof = models.BinaryField()
    made_by = _person(_("ausgegeben von"))
    published_on = models.DateField(_("veröffentlicht am"), null=True)
    published_by = _person(_("veröffentlicht von"))

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-pk"]

    @property
    def recipients(self) -> Text:
        """Name the class of recipients."""
        known = RecipientClass.objects.filter(slug=self.recipient).first()
        return known.title if known else Text(self.recipient, self.recipient)

    @property
    def is_for_all(self) -> bool:
        """Tell whether it was put together for the public, and so may be published."""
        return (self.verb, self.recipient) == ("publish", "public")


class Import(models.Model):
    """A package that was taken over, what its city filled in, and what became of it."""

    digest = models.CharField(_("Prüfsumme (SHA-256)"), max_length=64)
    origin = models.JSONField()
    parameters = models.JSONField()
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="imports")
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))
    undone_on = models.DateField(_("zurückgenommen am"), null=True)

    class Meta:
        """Newest first; a package is there once as long as it is not undone."""

        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(undone_on__isnull=True), name="one_import_of_a_package"
            )
        ]

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Give where it comes from, the nearest first."""
        return msgspec.convert(self.origin, tuple[Origin, ...])


class ImportItem(models.Model):
    """One part of a package: what it is called here, and whether it was taken, or why not."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=12, choices=KINDS)
    name = models.CharField(max_length=100)
    local = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=12, choices=OUTCOMES)
    reason_de = models.TextField(blank=True)
    reason_en = models.TextField(blank=True)

    class Meta:
        """In order."""

        ordering: ClassVar[list[str]] = ["pk"]

    @property
    def reason(self) -> Text | None:
        """Say why it was not taken."""
        return pair(self, "reason")


class Adoption(models.Model):
    """Another city that took a package of ours over, as its receipt says."""

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="adoptions")
    city = models.CharField(_("Stadt"), max_length=100)
    url = models.URLField(_("Adresse"), blank=True, max_length=500)
    project = models.SlugField(_("Projekt"))
    day = models.DateField(pgettext_lazy("Kalender", "Tag"))

    class Meta:
        """Oldest first, each once."""

        ordering: ClassVar[list[str]] = ["day", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["export", "city", "project"], name="one_adoption_of_a_city")
        ]
