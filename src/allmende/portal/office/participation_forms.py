"""Forms of the staff about processes, contributions and moderation."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.council.queries import paper, papers
from allmende.kernel.clock import CIVIL_TIME, today
from allmende.kernel.text import Text
from allmende.participation.formats import formats
from allmende.participation.models import Contribution, Phase, Process
from allmende.participation.models.processes import CLOSES_HELP
from allmende.participation.queries import shown
from allmende.participation.rules import CHANNELS, CLOSE_DAYS, LEVELS, OUTCOMES, REASONS, STATES, TAGS, WEIGHTS
from allmende.portal.office.amounts import AmountField
from allmende.portal.office.final import confirmed
from allmende.portal.participation_place import add_place_fields, take_where, typed_where
from allmende.programme.queries import milestones_on, projects_on
from allmende.register.models import Purpose

DECLARATIONS = (
    *("title_de", "title_en", "purpose_de", "purpose_en", "audience_de", "audience_en", "office_de", "office_en"),
    *("weight", "weight_de", "weight_en", "level", "writing", "strict", "answer_days", "close_days", "keep_days"),
    *("purpose_slug", "code", "project", "people_de", "people_en", "demonstration"),
)
IN_ADDRESS = _("steht in der Adresse: /mitmachen/kurzname/; Kleinbuchstaben, Ziffern, Bindestriche")
RESERVED = frozenset(
    {
        *("nummer", "moderation", "offene-daten", "folgen", "abmelden", "beitraege", "buergerkonto"),
        *("mitverfasst", "orte", "adresse", "foermlich"),
    }
)


def _named(texts: dict[str, Text]) -> list[tuple[str, str]]:
    return [(name, text.within(get_language() or "de")) for name, text in texts.items()]


def project_choices() -> list[tuple[str, str]]:
    """Name the projects of today."""
    return _named({view.project.slug: view.project.title for view in projects_on(today())})


def in_both(label: Any, *, required: bool = True, rows: int = 3) -> dict[str, forms.CharField]:
    """Make a field for each language."""
    return {
        language: forms.CharField(
            label=format_lazy("{} ({})", label, word),
            required=required,
            max_length=4_000,
            widget=forms.Textarea(attrs={"rows": rows}),
        )
        for language, word in (("de", _("deutsch")), ("en", _("englisch")))
    }


def paper_address(text: str) -> str:
    """Find a paper in what the council's systems have; give its own address, which stays."""
    if not text.strip():
        return ""
    found = paper(text.strip()) or papers().filter(reference__iexact=text.strip()).first()
    if found is None:
        raise forms.ValidationError(_("Diese Vorlage kennt kein angeschlossenes Ratsinformationssystem."))
    return found.url


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class ProcessForm(forms.ModelForm[Process]):
    """What a process declares."""

    class Meta:
        """Everything that is shown."""

        model = Process
        fields = DECLARATIONS

    answer_days = forms.IntegerField(label=_("Antwort in Tagen"), min_value=1, max_value=730, initial=30)
    close_days = forms.IntegerField(
        label=_("Schließt sich nach Tagen"),
        help_text=CLOSES_HELP,
        required=False,
        min_value=0,
        max_value=3_650,
        initial=CLOSE_DAYS,
    )
    keep_days = forms.IntegerField(
        label=_("Löschen nach Tagen"), help_text=_("nach dem Abschluss"), min_value=0, max_value=3_650, initial=180
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["weight"].choices = [("", "–"), *_named(WEIGHTS)]
        fields["level"].choices = fields["writing"].choices = _named(LEVELS)
        fields["level"].label, fields["level"].help_text = _("Wer darf abstimmen und unterstützen?"), ""
        fields["writing"].label, fields["writing"].help_text = (
            _("Wer darf etwas einreichen?"),
            _("Beiträge, Kommentare und Vorschläge"),
        )
        for field in fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3
        leaves = Purpose.objects.filter(children__isnull=True)
        self._choose("purpose_slug", _named({row.slug: row.title for row in leaves}))
        self._choose("project", project_choices())

    def _choose(self, name: str, known: list[tuple[str, str]]) -> None:
        """Let a name be chosen that exists, or the one that is kept already."""
        old = self.fields[name]
        kept = self.get_initial_for_field(old, name) or ""
        first = [] if old.required else [("", "–")]
        if kept and kept not in dict(known):
            first.append((kept, kept))
        choices = [*first, *known]
        self.fields[name] = forms.ChoiceField(
            label=old.label, required=old.required, choices=choices, initial=old.initial
        )


class FoundForm(ProcessForm):
    """A new process from a format."""

    first_day = _day(_("Beginn der ersten Phase"))

    class Meta:
        """Name and format besides."""

        model = Process
        fields = ("format", "slug", *DECLARATIONS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"] = forms.ChoiceField(label=_("Format"), choices=_named(formats()))
        self.fields["slug"].help_text = IN_ADDRESS
        self.fields["first_day"].initial = today()

    def clean_slug(self) -> str:
        """Keep names free that the portal itself uses."""
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED:
            raise forms.ValidationError(_("Diesen Namen verwendet das Portal selbst."))
        return slug


class CloneForm(forms.Form):
    """A process like another."""

    slug = forms.SlugField(label=_("Kurzname"), help_text=IN_ADDRESS)
    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    first_day = _day(_("Beginn der ersten Phase"))

    def clean_slug(self) -> str:
        """Refuse a name that is taken."""
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED or Process.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("Diesen Namen gibt es schon."))
        return slug


class PhaseForm(forms.Form):
    """When a phase begins and ends; its last day counts whole."""

    since = forms.DateTimeField(
        label=_("Beginn"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    until = forms.DateTimeField(
        label=_("Ende"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def __init__(self, phase: Phase, data: Any = None) -> None:
        times = {"since": phase.since.astimezone(CIVIL_TIME), "until": phase.until.astimezone(CIVIL_TIME)}
        super().__init__(data, initial=times, prefix=phase.slug)
        self.phase = phase

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning."""
        values: dict[str, Any] = super().clean() or {}
        if "since" in values and "until" in values and values["until"] <= values["since"]:
            self.add_error("until", _("Das Ende liegt vor dem Beginn."))
        return values


class ResultForm(forms.Form):
    """What came out, and what follows from it."""

    result_de = in_both(_("Ergebnis"), rows=6)["de"]
    result_en = in_both(_("Ergebnis"), rows=6)["en"]


class StepForm(forms.Form):
    """A step of the journey; all of it is public."""

    state = forms.ChoiceField(label=_("neuer Stand"))
    outcome = forms.ChoiceField(label=_("Ergebnis"), required=False, help_text=_("nur bei „beantwortet“"))
    note_de = in_both(_("Grund"), required=False)["de"]
    note_en = in_both(_("Grund"), required=False)["en"]
    office_de = forms.CharField(label=_("Stelle (deutsch)"), max_length=200)
    office_en = forms.CharField(label=_("Stelle (englisch)"), max_length=200)
    project = forms.ChoiceField(label=_("Projekt"), required=False)
    milestone = forms.ChoiceField(label=_("Meilenstein"), required=False)
    paper = forms.CharField(
        label=_("Vorlage des Gemeinderats"),
        required=False,
        max_length=500,
        help_text=_("Nummer oder Adresse, wie sie unter „Ratspapiere“ steht"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["state"].choices = [pair for pair in _named(STATES) if pair[0] != "received"]
        # What was answered aloud is told where the questions of a workshop are.
        written = {name: text for name, text in OUTCOMES.items() if name != "spoken"}
        fields["outcome"].choices = [("", "–"), *_named(written)]
        language = get_language() or "de"
        fields["project"].choices = [("", "–"), *project_choices()]
        rows = [(str(row.milestone.pk), row.milestone.title.within(language)) for row in milestones_on(today())]
        fields["milestone"].choices = [("", "–"), *rows]

    def clean_paper(self) -> str:
        """Find the paper in what the council's systems have."""
        return paper_address(self.cleaned_data["paper"])

    def clean(self) -> dict[str, Any]:
        """Ask for outcome and reason of an answer, and for the project or milestone that it leads into."""
        values: dict[str, Any] = super().clean() or {}
        if bool(values.get("note_de")) != bool(values.get("note_en")):
            self.add_error("note_en", _("Beide Sprachen, oder keine."))
        if values.get("state") == "answered":
            if not values.get("outcome"):
                self.add_error("outcome", _("Eine Antwort braucht ein Ergebnis."))
            if not values.get("note_de"):
                self.add_error("note_de", _("Eine Antwort braucht einen Grund."))
        if values.get("state") == "linked" and not values.get("project") and not values.get("milestone"):
            self.add_error("project", _("Nennen Sie das Projekt oder den Meilenstein."))
        return values


class MergeForm(forms.Form):
    """Into which other contribution this goes."""

    into = forms.CharField(label=_("Nummer des anderen Beitrags"), max_length=20)
    sure = confirmed(_("Ja, dieser Beitrag geht in dem anderen auf; das lässt sich nicht zurücknehmen."))


class SplitForm(forms.Form):
    """The parts of a contribution."""

    parts = forms.CharField(
        label=_("Teile"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("ein Teil je Zeile: Titel, dann nach einem senkrechten Strich der Text"),
    )
    sure = confirmed(_("Ja, aus diesem Beitrag werden mehrere; das lässt sich nicht zurücknehmen."))

    def clean_parts(self) -> list[tuple[str, str]]:
        """Read the lines."""
        lines = [line for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        parts = [(head.strip()[:120], tail.strip()) for head, _bar, tail in (line.partition("|") for line in lines)]
        if len(parts) < 2 or not all(title for title, _text in parts):
            raise forms.ValidationError(_("Mindestens zwei Teile, jeder mit Titel."))
        return parts


class EntryForm(forms.Form):
    """A contribution that was made on site or on paper."""

    title = forms.CharField(label=_("Titel"), max_length=120)
    body = forms.CharField(label=_("Text"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    channel = forms.ChoiceField(label=_("Wie kam es?"))
    category = forms.ChoiceField(label=_("Thema"), required=False)
    group = forms.ChoiceField(label=_("Gruppe"), required=False)
    tag = forms.ChoiceField(label=_("Art"), required=False)
    place = forms.CharField(label=_("Ort"), required=False, max_length=100)

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["channel"].choices = [pair for pair in _named(CHANNELS) if pair[0] != "online"]
        for kind in ("category", "group"):
            topics = {topic.slug: topic.title for topic in process.topics.all() if topic.kind == kind}
            fields[kind].choices = [("", "–"), *_named(topics)]
            if not topics:
                del self.fields[kind]
        if process.form.kind == "proposal":
            self.fields["cost"] = AmountField(above_zero=True, label=_("Kosten in Euro"))
        fields["tag"].choices = [("", "–"), *_named(TAGS)]
        if "needs" not in process.form.parts:
            del self.fields["tag"]
        add_place_fields(self, process)

    def clean(self) -> dict[str, Any]:
        """Find the place; words that the search does not know stay words, as on the paper."""
        values: dict[str, Any] = super().clean() or {}
        return {**values, "where": take_where(self, values, free=True)}


class PlaceForm(forms.Form):
    """Where a contribution is, corrected, and why; the reason is public."""

    place = forms.CharField(label=_("Ort"), required=False, max_length=120)
    reason_de = in_both(_("Grund"))["de"]
    reason_en = in_both(_("Grund"))["en"]

    def __init__(self, one: Contribution, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": typed_where(one), **kwargs})
        add_place_fields(self, one.process)
        self.order_fields(("shape", "place", "corners"))

    def clean(self) -> dict[str, Any]:
        """Find the place; an empty one takes it away."""
        values: dict[str, Any] = super().clean() or {}
        return {**values, "where": take_where(self, values)}


class StatementForm(forms.Form):
    """A statement to be judged, and the need from which it comes."""

    text_de = forms.CharField(label=_("Aussage (deutsch)"), max_length=200)
    text_en = forms.CharField(label=_("Aussage (englisch)"), max_length=200)
    number = forms.CharField(
        label=_("aus Beitrag"), required=False, max_length=20, help_text=_("Nummer des Beitrags, aus dem sie entstand")
    )

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process = process
        if process.form.options:
            self.fields["text_de"].label = _("Möglichkeit (deutsch)")
            self.fields["text_en"].label = _("Möglichkeit (englisch)")
            del self.fields["number"]

    def clean_number(self) -> Contribution | None:
        """Refuse a number that is none of this process."""
        number = self.cleaned_data["number"].strip()
        found = shown(self.process).filter(number=number).first() if number else None
        if number and found is None:
            raise forms.ValidationError(_("Diese Nummer gibt es in diesem Verfahren nicht."))
        return found


class CodesForm(forms.Form):
    """How many codes are to be printed."""

    count = forms.IntegerField(label=_("Anzahl der Codes"), min_value=1, max_value=20_000)
    sheet = forms.ChoiceField(
        label=_("Form"), choices=[("text", _("Textdatei")), ("pdf", _("Blätter mit QR-Codes (PDF)"))]
    )


class TopicForm(forms.Form):
    """A category or a group."""

    kind = forms.ChoiceField(label=_("Art"), choices=[("category", _("Thema")), ("group", _("Gruppe"))])
    slug = forms.SlugField(label=_("Kurzname"))
    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    people = forms.IntegerField(
        label=_("Menschen in der Stadt"), required=False, min_value=1, help_text=_("bei Gruppen; leer heißt unbekannt")
    )


class DecideForm(forms.Form):
    """Why something is hidden."""

    reason = forms.ChoiceField(label=_("Grund"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason: Any = self.fields["reason"]
        reason.choices = _named(REASONS)
