"""Forms of the staff room that are not simply the columns of a table."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from allmende.accounts.rules import ROLES
from allmende.ethics.check import AMOUNTS, duty_faults
from allmende.ethics.model import EVERY, HIDEABLE_FIELDS, Duties, Rulebook
from allmende.ethics.space import leaves_of
from allmende.ethics.wording import VERB_WORDS
from allmende.register.models import Category, Principle, Purpose, RecipientClass, Rule
from allmende.register.queries import VERB_TITLES

Choices = list[tuple[str, str]]


def _in_language(titles: dict[str, Any]) -> Choices:
    language = get_language() or "de"
    return [(slug, text.within(language)) for slug, text in titles.items()]


def _verbs() -> Choices:
    return _in_language(VERB_TITLES)


def _slugs(rows: QuerySet[Any]) -> Choices:
    return [(EVERY, str(_("alle"))), *_in_language({row.slug: row.title for row in rows})]


def _categories() -> Choices:
    return _slugs(Category.objects.all())


def _purposes() -> Choices:
    return _slugs(Purpose.objects.all())


def _recipients() -> Choices:
    return _slugs(RecipientClass.objects.all())


def _principles() -> Choices:
    return _in_language({row.slug: row.title for row in Principle.objects.all()})


def role_choices() -> Choices:
    """Give the roles in the page's language."""
    return _in_language(ROLES)


def _boxes(label: Any, choices: Any, **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, choices=choices, widget=forms.CheckboxSelectMultiple, **more)


def _amount(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, required=False, help_text=_("leer oder 0: keine Auflage"))


class RuleForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A rule with boxes to tick and one field for each duty."""

    verbs = _boxes(_("Tätigkeiten"), _verbs)
    categories = _boxes(_("Datenkategorien"), _categories)
    purposes = _boxes(_("Zwecke"), _purposes)
    recipients = _boxes(_("Empfängerkreise"), _recipients)
    delay_seconds = _amount(_("Auflage: Verzögerung in Sekunden"))
    time_grid_seconds = _amount(_("Auflage: Zeitraster in Sekunden"))
    space_grid_metres = _amount(_("Auflage: Ortsraster in Metern"))
    minimum_group = _amount(_("Auflage: Mindestgruppe (Werte)"))
    minimum_persons = _amount(_("Auflage: Mindestzahl gezählter Personen"))
    dominance_percent = _amount(_("Auflage: Höchstanteil eines Wertes in Prozent (üblich: 85)"))
    count_noise = _amount(_("Auflage: Zählungen verändern um höchstens (3 bis 20; Cell-Key-Methode)"))
    hidden_parts = _boxes(_("Auflage: verborgene Angaben"), [(name, name) for name in HIDEABLE_FIELDS], required=False)
    carried_out = _boxes(_("Grundsätze, die die Regel ausführt"), _principles, required=False)

    class Meta:
        """The columns that are edited."""

        model = Rule
        fields = (
            *("title_de", "title_en", "effect", "verbs", "categories", "purposes", "recipients"),
            *("reason_de", "reason_en", "source", "source_url", "decision", "since", "until"),
            *("legal_basis_de", "legal_basis_en", "assessment", "position", "withdrawn"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        duties = self.instance.duties or {}
        for name in AMOUNTS:
            self.initial.setdefault(name, duties.get(name))
        self.initial.setdefault("hidden_parts", list(duties.get("hidden_fields", ())))
        self.initial.setdefault("carried_out", list(self.instance.principles or ()))

    def clean(self) -> dict[str, Any]:
        """Refuse a validity that ends before it begins; gather the duties."""
        values: dict[str, Any] = super().clean()
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("Die Regel endet vor ihrem Beginn."))
        hidden = tuple(values.get("hidden_parts") or ())
        duties = Duties(**{name: values.get(name) or 0 for name in AMOUNTS}, hidden_fields=hidden)
        for name, fault in duty_faults(duties):
            self.add_error(name, fault.within(get_language() or "de"))
        self.instance.principles = list(values.get("carried_out") or ())
        amounts: dict[str, Any] = {name: getattr(duties, name) for name in AMOUNTS if getattr(duties, name)}
        self.instance.duties = amounts | ({"hidden_fields": list(hidden)} if hidden else {})
        return values


class CategoryForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A category, with boxes for those from which it arises."""

    arises_from = _boxes(
        _("Entsteht aus"),
        lambda: _categories()[1:],
        required=False,
        help_text=_("Kategorien, die verknüpft diese ergeben; die Regeln über das Verknüpfen gelten dann für sie"),
    )

    class Meta:
        """The columns that are edited."""

        model = Category
        fields = ("slug", "title_de", "title_en", "personal", "arises_from")

    def clean_arises_from(self) -> list[str]:
        """Refuse a category that would arise from itself, or from one alone."""
        parts: list[str] = self.cleaned_data["arises_from"]
        if len(parts) == 1 or self.cleaned_data.get("slug") in parts:
            raise forms.ValidationError(_("Eine Kategorie entsteht aus mindestens zwei anderen."))
        return parts


class NewRuleForm(RuleForm):
    """A rule that is not there yet; its short name is chosen once."""

    class Meta(RuleForm.Meta):
        """The columns of a rule, and the short name."""

        fields = ("slug", *RuleForm.Meta.fields)  # type: ignore[assignment]

    def clean_slug(self) -> str:
        """Refuse a short name that another rule has."""
        slug: str = self.cleaned_data["slug"]
        if Rule.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("Diesen Kurznamen hat schon eine andere Regel."))
        return slug


class PublishForm(forms.Form):
    """The decision on which rules are put in force."""

    decision = forms.CharField(
        label=_("Beschluss"), max_length=300, help_text=_("Gremium und Tag, zum Beispiel: Ethikbeirat, 12. März 2026")
    )
    seen = forms.CharField(widget=forms.HiddenInput)


class TryForm(forms.Form):
    """A question to the rules: may somebody do something with data, for a purpose, on a day?"""

    recipient = forms.ChoiceField(label=_("Wer"))
    verb = forms.ChoiceField(label=_("will was tun"))
    category = forms.ChoiceField(label=_("womit"))
    purpose = forms.ChoiceField(label=_("wofür"))
    day = forms.DateField(label=_("an welchem Tag"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    book = forms.ChoiceField(
        label=_("nach welchen Regeln"), choices=[("running", _("die jetzt gelten")), ("draft", _("nach dem Entwurf"))]
    )

    def __init__(self, *args: Any, books: tuple[Rulebook, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "recipient": {entry.slug: entry.title for book in books for entry in book.recipients},
            "verb": VERB_WORDS,
            "category": {entry.slug: entry.title for book in books for entry in book.categories},
            "purpose": {
                entry.slug: entry.title for book in books for entry in book.purposes if entry.slug in leaves_of(book)
            },
        }
        for name, titles in choices.items():
            self.fields[name].choices = _in_language(titles)  # type: ignore[attr-defined]


class StationForm(forms.Form):
    """Name, description and place of a station; WGS 84."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("Beschreibung (deutsch)"), widget=forms.Textarea(attrs={"rows": 4}))
    description_en = forms.CharField(
        label=_("Beschreibung (englisch)"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    latitude = forms.FloatField(label=_("Breite"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(label=_("Länge"), min_value=-180, max_value=180, required=False)
    position = forms.ChoiceField(
        label=_("Herkunft der Lage"),
        choices=[("measured", _("eingemessen")), ("approximate", _("ungefähr")), ("unknown", _("unbekannt"))],
    )

    def clean(self) -> dict[str, Any]:
        """Refuse half a position."""
        values: dict[str, Any] = super().clean() or {}
        if (values.get("latitude") is None) != (values.get("longitude") is None):
            raise forms.ValidationError(_("Eine Lage braucht Breite und Länge."))
        return values


class TokenForm(forms.Form):
    """A new key for a program."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("a–z, 0–9, Punkt, Binde- und Unterstrich"))
    scopes = _boxes(
        _("Umfang"),
        [
            ("observations:write", _("Messwerte schreiben, über jede Schnittstelle")),
            ("sensorthings:write", _("Messwerte schreiben, über SensorThings")),
            ("admin", _("alles")),
        ],
        required=False,
    )
    purposes = _boxes(_("Lesen für"), list, required=False)
    connectors = forms.CharField(
        label=_("Beliefern von"), required=False, help_text=_("Kurznamen von Konnektoren, durch Leerzeichen getrennt")
    )
    until = forms.DateField(
        label=_("letzter gültiger Tag"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("leer heißt unbefristet"),
    )

    def __init__(self, *args: Any, purposes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purposes"].choices = purposes  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a key that opens nothing."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.chosen(values):
            raise forms.ValidationError(_("Wählen Sie mindestens einen Umfang."))
        return values

    def chosen(self, values: dict[str, Any]) -> tuple[str, ...]:
        """Give the scopes in the gate's words."""
        reading = [f"read:{slug}" for slug in values["purposes"]]
        pushing = [f"ingest:{name}" for name in values["connectors"].split()]
        return (*values["scopes"], *reading, *pushing)


class JudgeForm(forms.Form):
    """What becomes of a refused value, with the reason and a confirmation."""

    deed = forms.ChoiceField(
        label=_("Entscheidung"),
        choices=[("release", _("freigeben: der Wert wird gespeichert")), ("discard", _("verwerfen"))],
        widget=forms.RadioSelect,
    )
    result = forms.FloatField(
        label=_("Berichtigter Wert"), required=False, help_text=_("leer: der Wert, wie er gesendet wurde")
    )
    reason = forms.CharField(label=_("Grund"), max_length=500)
    sure = forms.BooleanField(label=_("Ich habe geprüft, was gesendet wurde."))


class ReplayForm(forms.Form):
    """From which day on the kept replies of a source are read again."""

    since = forms.DateField(
        label=_("Ab Tag (UTC)"),
        required=False,
        help_text=_("leer: alle, die aufgehoben sind"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class TakeUpForm(forms.Form):
    """What is said in public when a case is taken up."""

    note_de = forms.CharField(label=_("Öffentliche Notiz"), max_length=500, required=False)
    note_en = forms.CharField(label=_("Öffentliche Notiz, englisch"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        """Take a note in both languages, or none."""
        values: dict[str, Any] = super().clean() or {}
        if bool(values.get("note_de")) != bool(values.get("note_en")):
            raise forms.ValidationError(_("Schreiben Sie die Notiz in beiden Sprachen, oder lassen Sie beide leer."))
        return values


class AnswerForm(forms.Form):
    """The public answer to a case."""

    outcome = forms.ChoiceField(
        label=_("Ergebnis"),
        choices=[
            ("accepted", _("angenommen")),
            ("partly", _("teilweise angenommen")),
            ("declined", _("abgelehnt")),
            ("elsewhere", _("andere Stelle zuständig")),
        ],
        widget=forms.RadioSelect,
    )
    answer_de = forms.CharField(label=_("Antwort"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 6}))
    answer_en = forms.CharField(
        label=_("Antwort, englisch"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 6})
    )
    sure = forms.BooleanField(
        label=_("Die Antwort nennt niemanden, der Einwand erhoben hat; sie wird veröffentlicht und steht fest.")
    )


class PersonForm(forms.Form):
    """A new person of the staff."""

    email = forms.EmailField(label=_("E-Mail"))
    roles = _boxes(_("Rollen"), role_choices)
    password = forms.CharField(
        label=_("Erstes Passwort"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("mindestens 12 Zeichen; leer: Anmeldung nur über die zentrale Anmeldung der Stadt"),
    )


class RolesForm(forms.Form):
    """The roles of a person."""

    roles = _boxes(_("Rollen"), role_choices, required=False)


class PasswordForm(forms.Form):
    """A new password for somebody who lost theirs."""

    password = forms.CharField(
        label=_("Neues Passwort"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("mindestens 12 Zeichen; die Person ändert es nach der Anmeldung"),
    )
