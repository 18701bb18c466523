"""Projects: what happened to them, whom they serve, who takes part."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.programme.models.facts import DatedFact, Decision, Fault, Source, TargetImage, fault_words
from allmende.programme.rules.facts import Happening
from allmende.programme.rules.states import (
    FORBIDDEN,
    FUTURE,
    LATER_DECISION,
    NO_REASON,
    allowed_after,
    broken_step,
)
from allmende.ui.bilingual import Titled, Told, pair, short_day

STATES = [
    ("idea", _("Idee")),
    ("decided", _("beschlossen")),
    ("running", _("läuft")),
    ("pilot-finished", _("Pilot abgeschlossen")),
    ("permanent", _("verstetigt")),
    ("transferred", _("übertragen")),
    ("ended", _("beendet")),
    ("dropped", _("gestrichen")),
    ("idea-store", _("im Ideenspeicher")),
]
NOTE = ("note", _("Ereignis ohne neuen Stand"))
STANDINGS = [
    ("certain", _("gehört sicher dazu")),
    ("likely", _("gehört wahrscheinlich dazu")),
    ("unknown", _("Zugehörigkeit unbekannt")),
    ("neighbour", _("kein Projekt des Programms, wird aber oft dazugezählt")),
]


class Project(Titled):
    """What the city carries out; its state follows from its events."""

    slug = models.SlugField(_("Kurzname"), unique=True)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)
    standing = models.CharField(_("Zugehörigkeit"), max_length=10, choices=STANDINGS, default="certain")
    sentence_de = models.TextField(_("Was sich dadurch ändert (deutsch)"), help_text=_("ein Satz ohne Fachwörter"))
    sentence_en = models.TextField(_("Was sich dadurch ändert (englisch)"))
    purpose_de = models.TextField(_("Worum es geht (deutsch)"))
    purpose_en = models.TextField(_("Worum es geht (englisch)"))
    contact_de = models.CharField(_("Ansprechstelle (deutsch)"), max_length=300, blank=True)
    contact_en = models.CharField(_("Ansprechstelle (englisch)"), max_length=300, blank=True)
    data_use = models.SlugField(_("Datennutzung"), blank=True)
    leads = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("Projektleitung"), blank=True, related_name="projects"
    )
    sources = models.ManyToManyField(Source, verbose_name=_("Quellen"), related_name="projects")

    class Meta:
        """Names."""

        verbose_name = _("Projekt")
        verbose_name_plural = _("Projekte")
        ordering = ("position", "title_de")

    @property
    def sentence(self) -> Text:
        """Say what changes, in one sentence."""
        return Text(self.sentence_de, self.sentence_en)

    @property
    def purpose(self) -> Text:
        """Say what it is about."""
        return Text(self.purpose_de, self.purpose_en)

    @property
    def contact(self) -> Text | None:
        """Give whom to ask; None is unknown."""
        return pair(self, "contact")


class ProjectEvent(Told, DatedFact):
    """Something that happened to a project; most events give it a new state."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.PROTECT, related_name="events")
    state = models.CharField(_("neuer Stand"), max_length=20, choices=[*STATES, NOTE])
    certain = models.BooleanField(_("gesichert"), default=True)
    decision = models.ForeignKey(
        Decision, verbose_name=_("Beschluss"), null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )

    class Meta:
        """Oldest first."""

        verbose_name = _("Projektereignis")
        verbose_name_plural = _("Projektereignisse")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        """Give the beginning of the text."""
        return self.text.within(get_language() or "de")[:80]

    def clean(self) -> None:
        """Refuse an event that is to come, that skips a state, or whose decision came later."""
        if self.project_id and self.day and self.state and (fault := event_fault(self)):
            raise ValidationError(fault_words(fault))


def event_fault(new: ProjectEvent) -> Fault | None:
    """Give what hinders a new event of a project."""
    if new.day > today():
        return FUTURE, {"day": new.day}
    if not new.text_de.strip() or not new.text_en.strip():
        return NO_REASON, {}
    if new.decision and new.decision.day > new.day:
        return LATER_DECISION, {"decided": new.decision.day, "day": new.day}
    rows = [*new.project.events.exclude(pk=new.pk), new]
    broken = broken_step([Happening(row.day, row.state) for row in rows])
    if broken is None:
        return None
    before, after, day = broken
    names = {state: Text(state_words(state, "de"), state_words(state, "en")) for state, _ in STATES}
    allowed = [names[state] for state in allowed_after(before)]
    return FORBIDDEN, {
        "before": names[before] if before else Text("noch nichts bekannt", "nothing known yet"),
        "after": names[after],
        "day": day,
        "allowed": Text(", ".join(name.de for name in allowed), ", ".join(name.en for name in allowed))
        if allowed
        else Text("keiner mehr", "none any more"),
    }


def state_words(state: str, language: str) -> str:
    """Name a state in a language."""
    with override(language):
        return str(dict(STATES)[state])


class ProjectTarget(models.Model):
    """Which target image a project serves, and whether the city says so or it is inferred; no weight is published."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.CASCADE, related_name="targets")
    target = models.ForeignKey(
        TargetImage, verbose_name=_("Zielbild"), on_delete=models.PROTECT, related_name="projects"
    )
    stated = models.BooleanField(_("von der Stadt genannt"), default=False)

    class Meta:
        """One row for each pair."""

        verbose_name = _("Beitrag zum Zielbild")
        verbose_name_plural = _("Beiträge zu Zielbildern")
        ordering = ("target__position",)
        constraints = [models.UniqueConstraint(fields=["project", "target"], name="project_target_once")]

    def __str__(self) -> str:
        """Name both."""
        return f"{self.project} → {self.target}"


class Partner(models.Model):
    """Who takes part in a project, in which role."""

    project = models.ForeignKey(Project, verbose_name=_("Projekt"), on_delete=models.CASCADE, related_name="partners")
    name = models.CharField(_("Name"), max_length=200)
    role_de = models.CharField(_("Rolle (deutsch)"), max_length=200)
    role_en = models.CharField(_("Rolle (englisch)"), max_length=200)

    class Meta:
        """Names."""

        verbose_name = pgettext_lazy("eine Stelle", "Beteiligte")
        verbose_name_plural = _("Beteiligte")
        ordering = ("pk",)

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def role(self) -> Text:
        """Give the role."""
        return Text(self.role_de, self.role_en)


class ProjectCount(Told, DatedFact):
    """How many projects a source counted on a day."""

    count = models.PositiveSmallIntegerField(_("Anzahl"), null=True, blank=True)
    label = models.CharField(
        _("Angabe der Quelle"), max_length=20, help_text=_("wie die Quelle es schreibt, zum Beispiel 16½")
    )

    class Meta:
        """Oldest first."""

        verbose_name = _("Projektzahl")
        verbose_name_plural = _("Projektzahlen")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        """Give day and number."""
        return f"{short_day(self.day)}: {self.label}"
