"""Tables of the data ethics: principles, purposes, rules with their versions, published rule books."""

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.ethics.model import Duties
from allmende.kernel.text import Text
from allmende.ui.bilingual import Titled, pair

EFFECTS = [("permit", _("erlaubt")), ("prohibit", _("verbietet"))]
PERSONAL = [
    ("none", _("kein Personenbezug")),
    ("aggregated", _("zusammengefasst")),
    ("anonymous", _("anonym")),
    ("pseudonymous", _("pseudonym")),
    ("personal", _("personenbezogen")),
    ("special", _("besonders schützenswert")),
]


class Principle(Titled):
    """A sentence that the city binds itself to."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    position = models.PositiveIntegerField(_("Reihenfolge"), default=0)
    text_de = models.TextField(_("Text (deutsch)"))
    text_en = models.TextField(_("Text (englisch)"))
    source = models.CharField(_("Fundstelle"), max_length=500)
    source_url = models.URLField(_("Adresse der Fundstelle"), blank=True, max_length=500)
    kept_by_de = models.TextField(
        _("Wodurch eingehalten (deutsch)"),
        blank=True,
        help_text=_("nur wo keine Regel über Zugriffe ihn ausführen kann; steht auf der Seite Datenethik"),
    )
    kept_by_en = models.TextField(_("Wodurch eingehalten (englisch)"), blank=True)

    class Meta:
        """Names."""

        verbose_name = _("Grundsatz")
        verbose_name_plural = _("Grundsätze")
        ordering = ("position", "slug")

    @property
    def text(self) -> Text:
        """Give the text in both languages."""
        return Text(self.text_de, self.text_en)

    @property
    def kept_by(self) -> Text | None:
        """Say by what it is kept where no rule can carry it out; None where nobody has said."""
        return pair(self, "kept_by")


class Purpose(Titled):
    """A node of the purpose tree; data is used for leaves only."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    parent = models.ForeignKey(
        "self", verbose_name=_("Oberzweck"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    description_de = models.TextField(_("Beschreibung (deutsch)"))
    description_en = models.TextField(_("Beschreibung (englisch)"))
    dpv = models.CharField("DPV", max_length=200, blank=True, help_text=_("Begriff des Data Privacy Vocabulary"))
    dtpr = models.CharField("DTPR", max_length=200, blank=True, help_text=_("Begriff von Digital Trust for Places"))

    class Meta:
        """Names."""

        verbose_name = _("Zweck")
        verbose_name_plural = _("Zwecke")
        ordering = ("slug",)

    @property
    def description(self) -> Text:
        """Give the description in both languages."""
        return Text(self.description_de, self.description_en)


class Category(Titled):
    """A kind of data and its degree of personal reference."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    personal = models.CharField(_("Personenbezug"), max_length=20, choices=PERSONAL)
    arises_from = models.JSONField(
        _("entsteht aus"),
        default=list,
        blank=True,
        help_text=_("Kategorien, die verknüpft diese ergeben; die Regeln über das Verknüpfen gelten dann für sie"),
    )

    class Meta:
        """Names."""

        verbose_name = _("Datenkategorie")
        verbose_name_plural = _("Datenkategorien")
        ordering = ("slug",)


class RecipientClass(Titled):
    """A class of those who get data."""

    slug = models.SlugField(_("Kurzname"), unique=True)

    class Meta:
        """Names."""

        verbose_name = _("Empfängerkreis")
        verbose_name_plural = _("Empfängerkreise")
        ordering = ("slug",)


class Rule(Titled):
    """One version of a rule; a change makes the next version, published ones are never changed."""

    slug = models.SlugField(_("Kurzname"))
    version = models.PositiveIntegerField(_("Fassung"), default=1, editable=False)
    position = models.PositiveIntegerField(_("Reihenfolge"), default=0)
    effect = models.CharField(_("Wirkung"), max_length=10, choices=EFFECTS)
    verbs = models.JSONField(
        _("Tätigkeiten"), help_text=_('Liste aus collect, link, use, pass_on, publish, delete; ["*"] heißt alle')
    )
    categories = models.JSONField(_("Datenkategorien"), help_text=_('Liste der Kurznamen; ["*"] heißt alle'))
    purposes = models.JSONField(_("Zwecke"), help_text=_('Liste der Kurznamen; ["*"] heißt alle'))
    recipients = models.JSONField(_("Empfängerkreise"), help_text=_('Liste der Kurznamen; ["*"] heißt alle'))
    duties = models.JSONField(
        _("Auflagen"),
        default=dict,
        blank=True,
        help_text=_(
            "delay_seconds, time_grid_seconds, space_grid_metres, minimum_group, minimum_persons, dominance_percent, "
            "count_noise, hidden_fields"
        ),
    )
    since = models.DateField(_("gilt ab"), null=True, blank=True)
    until = models.DateField(_("gilt bis"), null=True, blank=True, help_text=_("letzter Tag; leer heißt unbefristet"))
    reason_de = models.TextField(_("Begründung (deutsch)"))
    reason_en = models.TextField(_("Begründung (englisch)"))
    source = models.CharField(_("Fundstelle"), max_length=500, help_text=_("Wo die Regel festgelegt ist; Pflicht"))
    source_url = models.URLField(_("Adresse der Fundstelle"), blank=True, max_length=500)
    decision = models.CharField(_("Beschluss"), max_length=300, blank=True)
    principles = models.JSONField(
        _("Grundsätze"), default=list, blank=True, help_text=_("Kurznamen der Grundsätze, die die Regel ausführt")
    )
    legal_basis_de = models.TextField(
        _("Rechtsgrundlage (deutsch)"), blank=True, help_text=_("Pflicht bei Daten über Personen")
    )
    legal_basis_en = models.TextField(_("Rechtsgrundlage (englisch)"), blank=True)
    assessment = models.CharField(
        _("Folgenabschätzung"),
        max_length=500,
        blank=True,
        help_text=_("Aktenzeichen oder Adresse; Pflicht bei besonders schützenswerten Daten"),
    )
    withdrawn = models.BooleanField(
        _("zurückgezogen"), default=False, help_text=_("gilt ab der nächsten Veröffentlichung nicht mehr")
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    edited_at = models.DateTimeField(auto_now=True)
    published_in = models.ForeignKey(
        "RulebookPublication", null=True, editable=False, on_delete=models.PROTECT, related_name="new_rules"
    )

    class Meta:
        """One row for each version."""

        verbose_name = _("Regel")
        verbose_name_plural = _("Regeln")
        ordering = ("position", "slug", "-version")
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="rule_version_once")]

    def __str__(self) -> str:
        """Give the title with the version."""
        return f"{super().__str__()} ({self.version})"

    @property
    def reason(self) -> Text:
        """Give the reason in both languages."""
        return Text(self.reason_de, self.reason_en)

    @property
    def legal_basis(self) -> Text | None:
        """Give the legal basis in both languages, if one is named."""
        return pair(self, "legal_basis")

    @property
    def conditions(self) -> Duties:
        """Give the duties as the gate keeps them."""
        return msgspec.convert(self.duties, Duties)


class RulebookPublication(models.Model):
    """A rule book that was put in force: when, by whom, on which decision, with which content."""

    version = models.PositiveIntegerField(_("Fassung"), unique=True)
    at = models.DateTimeField(_("Zeitpunkt"), auto_now_add=True)
    decision = models.CharField(_("Beschluss"), max_length=300)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Newest first."""

        verbose_name = _("Veröffentlichtes Regelwerk")
        verbose_name_plural = _("Veröffentlichte Regelwerke")
        ordering = ("-version",)

    def __str__(self) -> str:
        """Give the version."""
        return f"{self.version}"
