"""The forms with which people take part: few fields, no account, nothing that cannot be sent by keyboard."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.participation import photos
from allmende.participation.models import Process
from allmende.participation.rules import STANCES, TAGS, cleaned
from allmende.portal.participation_frame import language
from allmende.portal.participation_place import FIELDS, Where, add_place_fields, take_where

Choices = list[tuple[str, Any]]


class OpenForm(forms.Form):
    """A form that anybody may send; a field that people do not see gives programs away."""

    website = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    @property
    def own_words(self) -> str:
        """Give what was typed as one text, to be saved when it cannot be taken now."""
        typed = [str(self.data.get(name, "")) for name in ("title", "body", "proposed")] if self.is_bound else []
        return "\n\n".join(part for part in typed if part.strip())

    def clean_website(self) -> str:
        """Refuse what a program filled in."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Dieses Feld bleibt leer."))
        return ""

    def clean(self) -> dict[str, Any]:
        """Take out signs that cannot be seen and turn text around."""
        values: dict[str, Any] = super().clean() or {}
        return {name: cleaned(value) if isinstance(value, str) else value for name, value in values.items()}


def _topics(process: Process, kind: str) -> Choices:
    return [(topic.slug, topic.title.within(language())) for topic in process.topics.all() if topic.kind == kind]


class WritingForm(OpenForm):
    """What somebody writes, with a name and an address only if they wish."""

    author = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("Öffentlich. Ohne Namen steht dort „Teilnehmende Person“."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-Mail"),
        required=False,
        help_text=_("Nie öffentlich. Wir schreiben Ihnen, was aus Ihrem Beitrag wird."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def require_email(self) -> None:
        """Ask for the address where it has to be confirmed."""
        self.fields["email"].required = True
        self.fields["email"].help_text = _(
            "Nie öffentlich. Ihr Beitrag erscheint, wenn Sie den Link in der Mail öffnen."
        )


class CostField(forms.CharField):
    """An amount that a proposal costs, in cents, within what one may cost."""

    def __init__(self, process: Process) -> None:
        self.most = process.budget.most
        most = self.most.written(language()) if self.most else ""
        hint = _("Geschätzt, in Euro; höchstens %(most)s. Das Amt rechnet nach.") % {"most": most}
        super().__init__(label=_("Was kostet es?"), max_length=20, help_text=hint if most else _("Geschätzt, in Euro."))

    def clean(self, value: Any) -> int:
        """Read the amount."""
        text: str = super().clean(value)
        try:
            amount = Money.parse(text)
        except AllmendeError as error:
            raise forms.ValidationError(f"{error.what.within(language())} {error.next.within(language())}") from error
        if amount.cents <= 0:
            raise forms.ValidationError(_("Ein Vorschlag kostet mehr als nichts."))
        if self.most is not None and amount.cents > self.most.cents:
            raise forms.ValidationError(
                _("Das ist mehr, als ein Vorschlag kosten darf: %(most)s.") % {"most": self.most.written(language())}
            )
        return amount.cents


class ContributionForm(WritingForm):
    """An idea or a need, with or without a place: a point, or a line or an area where the format takes them."""

    title = forms.CharField(
        label=_("Kurz gesagt"), min_length=5, max_length=120, help_text=_("Ein Satz, der allein zu verstehen ist.")
    )
    body = forms.CharField(
        label=_("Mehr dazu"),
        required=False,
        max_length=5_000,
        help_text=_("Was soll sich ändern, und warum? Bis 5.000 Zeichen."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    place = forms.CharField(
        label=_("Ort"),
        required=False,
        max_length=100,
        help_text=_("Adresse, Stadtteil oder Koordinaten wie 47.6619, 9.1739. Leer heißt: ohne Ort."),
        widget=forms.TextInput(attrs={"list": "orte", "autocomplete": "off"}),
    )
    photo = forms.FileField(
        label=_("Foto"),
        required=False,
        help_text=_("Bis 10 MB. Ort und Gerät werden aus der Datei entfernt. Bitte keine Personen zeigen."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    photo_alt = forms.CharField(
        label=_("Was ist auf dem Foto zu sehen?"),
        required=False,
        max_length=300,
        help_text=_("Ein Satz für Menschen, die es nicht sehen."),
    )

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.where = Where()
        self.redrawn = b""
        categories, groups = _topics(process, "category"), _topics(process, "group")
        needs = "needs" in process.form.parts
        if categories:
            self.fields["category"] = forms.ChoiceField(
                label=_("Thema"), choices=[("", _("bitte wählen")), *categories]
            )
        if needs:
            self.fields["group"] = forms.ChoiceField(
                label=_("Ich spreche als"),
                choices=[("", _("bitte wählen")), *groups],
                help_text=_("Sie ordnen sich selbst zu."),
            )
            tags = [(name, text.within(language())) for name, text in TAGS.items()]
            self.fields["tag"] = forms.ChoiceField(label=_("Das ist"), choices=tags, widget=forms.RadioSelect)
        if process.form.kind == "proposal":
            self.fields["cost"] = CostField(process)
        if not process.form.place:
            del self.fields["place"]
        add_place_fields(self, process)
        if not process.form.photo:
            del self.fields["photo"], self.fields["photo_alt"]
        if process.writing == "mail":
            self.require_email()
        words = ("title", "group", "tag", "category", "body", "cost")
        self.order_fields((*words, "shape", "place", "corners", "photo", "photo_alt", "author", "email"))

    @property
    def map_after(self) -> str:
        """Name the field after which the map stands."""
        return next((name for name in reversed(FIELDS) if name in self.fields), "")

    def clean_photo(self) -> Any:
        """Take the pixels of the photo and nothing else."""
        file: Any = self.cleaned_data["photo"]
        if file is None:
            return None
        try:
            self.redrawn = photos.redrawn(file.file, file.size)
        except AllmendeError as error:
            raise forms.ValidationError(f"{error.what.within(language())} {error.next.within(language())}") from error
        return file

    def clean(self) -> dict[str, Any]:
        """Find the place, without asking anybody; ask for words for a photo."""
        values = super().clean()
        self.where = take_where(self, values)
        if self.redrawn and not values.get("photo_alt"):
            self.add_error("photo_alt", _("Beschreiben Sie das Foto in einem Satz."))
        return values


class SuggestionForm(WritingForm):
    """A change of a paragraph."""

    proposed = forms.CharField(
        label=_("So soll der Absatz lauten"),
        min_length=10,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Ändern Sie den Text im Feld. Was Sie geändert haben, zeigen wir Wort für Wort."),
    )
    title = forms.CharField(label=_("Was ändert sich?"), min_length=5, max_length=120)
    body = forms.CharField(
        label=_("Warum?"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    base_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if process.writing == "mail":
            self.require_email()
        self.order_fields(("proposed", "title", "body", "author", "email"))


class CommentForm(OpenForm):
    """A reason for or against, or a question."""

    stance = forms.ChoiceField(label=_("Ihr Kommentar ist"), widget=forms.RadioSelect, initial="pro")
    body = forms.CharField(
        label=_("Ihr Grund oder Ihre Frage"),
        min_length=3,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Antworten auf Kommentare gibt es nicht: Nennen Sie Gründe, nicht Personen."),
    )
    author = forms.CharField(label=_("Name"), max_length=80, required=False, help_text=_("Öffentlich."))
    email = forms.EmailField(
        label=_("E-Mail"),
        required=False,
        help_text=_("Nie öffentlich. Wir schreiben Ihnen, was hier geschieht, und wenn Ihr Kommentar verborgen wird."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stance: Any = self.fields["stance"]
        stance.choices = [(name, text.within(language())) for name, text in STANCES.items()]
        self.order_fields(("stance", "body", "author", "email"))


class FollowForm(OpenForm):
    """An address that wants to know."""

    email = forms.EmailField(label=_("E-Mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class CoAuthorForm(OpenForm):
    """Who wrote along; asked by mail before the name is shown."""

    coauthor = forms.CharField(
        label=_("Name"), min_length=2, max_length=80, help_text=_("Öffentlich, sobald zugesagt.")
    )
    coauthor_email = forms.EmailField(
        label=_("E-Mail"), help_text=_("Nie öffentlich. Wir fragen dort, ob der Name genannt werden darf.")
    )


class WordsForm(OpenForm):
    """A few words: why something is reported, or contested."""

    words = forms.CharField(label=_("Warum?"), min_length=3, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
