"""Forms of the staff about surveys: a question with all that it may say, and what is told of free words."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.participation.methods.surveys.questions import CHOSEN, KINDS, MOST_SIGNS, Asked, Condition, Option
from allmende.participation.models import Question
from allmende.participation.services.survey_questions import Said
from allmende.ui.bilingual import choices_of

USUAL_SIGNS, USUAL_STEPS = 500, 5
BOTH = _("Beide Sprachen, oder keine.")


def _words(label: Any, most: int = 200, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=False, **more)


def _figure(label: Any, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, required=False, localize=True, **more)


class QuestionForm(forms.Form):
    """A question; what does not belong to its kind is left out."""

    kind = forms.ChoiceField(label=_("Art der Frage"), choices=choices_of(KINDS))
    title_de = forms.CharField(label=_("Frage (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Frage (englisch)"), max_length=200)
    help_de = _words(_("Hinweis (deutsch)"), 500)
    help_en = _words(_("Hinweis (englisch)"), 500)
    required = forms.BooleanField(
        label=_("Pflicht"), required=False, help_text=_("Ohne Antwort wird der Bogen nicht angenommen.")
    )
    options = forms.CharField(
        label=_("Antworten"),
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("zum Wählen: eine je Zeile, deutsch, senkrechter Strich, englisch: Mit dem Rad | By bicycle"),
    )
    open = forms.BooleanField(
        label=_("Bei der letzten Antwort ist Platz für eigene Worte"),
        required=False,
        help_text=_("etwa: Anderes | Something else"),
    )
    least = _figure(
        _("von / mindestens"), help_text=_("Zahl: der kleinste Wert. Mehrere Antworten: wie viele mindestens.")
    )
    most = _figure(
        _("bis / höchstens"),
        help_text=_(
            "Zahl: der größte Wert. Mehrere Antworten: wie viele höchstens. Skala: die Stufen, 3 bis 11 (sonst 5). "
            "Text: die Zeichen (sonst 500)."
        ),
    )
    decimals = forms.BooleanField(label=_("Zahl mit bis zu zwei Stellen nach dem Komma"), required=False)
    unit_de = _words(_("Einheit der Zahl (deutsch)"), 30)
    unit_en = _words(_("Einheit der Zahl (englisch)"), 30)
    low_de = _words(_("Skala: was die 1 heißt (deutsch)"), 60)
    low_en = _words(_("Skala: was die 1 heißt (englisch)"), 60)
    high_de = _words(_("Skala: was die höchste Stufe heißt (deutsch)"), 60)
    high_en = _words(_("Skala: was die höchste Stufe heißt (englisch)"), 60)
    after = forms.ChoiceField(
        label=_("Nur fragen nach Frage"), required=False, help_text=_("Eine Bedingung nennt immer eine frühere Frage.")
    )
    after_options = _words(
        _("… wenn dort gewählt ist"), 100, help_text=_("Nummern der Antworten, mit Leerzeichen dazwischen, etwa 1 3")
    )
    after_least = _figure(_("… oder die Zahl dort mindestens ist"))
    after_most = _figure(_("… und höchstens"))

    def __init__(self, number: int, earlier: list[Asked], data: Any = None, first: Asked | None = None) -> None:
        super().__init__(data, initial=_initial(first) if first else None)
        self.number = number
        language = get_language() or "de"
        after: Any = self.fields["after"]
        rows = [(str(one.number), f"{one.number}. {one.title.within(language)}") for one in earlier]
        # A later question that somebody sends all the same is refused with the reason, not as an unknown choice.
        sent = str(data.get("after", "")) if data else ""
        known = [row for row, _title in rows]
        more = [(sent, sent)] if sent and sent not in known and number_of(sent) is not None else []
        after.choices = [("", "–"), *rows, *more]
        if not rows:
            for name in ("after", "after_options", "after_least", "after_most"):
                self.fields[name].widget = forms.HiddenInput()

    def clean_options(self) -> list[tuple[str, str]]:
        """Read the lines."""
        lines = [line for line in self.cleaned_data["options"].splitlines() if line.strip()]
        pairs = [(de.strip(), en.strip()) for de, _bar, en in (line.partition("|") for line in lines)]
        for at, (de, en) in enumerate(pairs, 1):
            if not de or not en:
                raise forms.ValidationError(
                    _("Zeile %(n)s braucht beide Sprachen: deutsch | englisch"), params={"n": at}
                )
            if max(len(de), len(en)) > 200:
                raise forms.ValidationError(_("Zeile %(n)s hat mehr als 200 Zeichen."), params={"n": at})
        return pairs

    def clean_after_options(self) -> list[int]:
        """Read the numbers of answers."""
        found = []
        for word in self.cleaned_data["after_options"].replace(",", " ").split():
            number = number_of(word)
            if number is None:
                raise forms.ValidationError(_("„%(word)s“ ist keine Nummer."), params={"word": word})
            found.append(number)
        return found

    def clean(self) -> dict[str, Any]:
        """Ask for both languages."""
        values: dict[str, Any] = super().clean() or {}
        for name in ("help", "unit", "low", "high"):
            if bool(values.get(f"{name}_de")) != bool(values.get(f"{name}_en")):
                self.add_error(f"{name}_en" if values.get(f"{name}_de") else f"{name}_de", BOTH)
        return values

    @property
    def asked(self) -> Asked:
        """Give the question as it was filled in, without what does not belong to its kind."""
        values = self.cleaned_data
        kind = values["kind"]
        usual = {"scale": USUAL_STEPS, "text": USUAL_SIGNS}.get(kind)
        last, chosen, figure = len(values["options"]), kind in CHOSEN, kind == "number"
        options = (
            Option(at, Text(de, en), open=values["open"] and at == last)
            for at, (de, en) in enumerate(values["options"], 1)
        )
        return Asked(
            number=self.number,
            kind=kind,
            title=Text(values["title_de"], values["title_en"]),
            help=self._both("help"),
            required=values["required"],
            options=tuple(options) if chosen else (),
            least=values["least"] if kind in ("multiple", "number") else None,
            most=None if kind == "single" else values["most"] or usual if usual else values["most"],
            decimals=figure and values["decimals"],
            unit=self._both("unit") if figure else None,
            low=self._both("low") if kind == "scale" else None,
            high=self._both("high") if kind == "scale" else None,
            condition=self._condition(),
        )

    def _both(self, name: str) -> Text | None:
        de, en = self.cleaned_data[f"{name}_de"], self.cleaned_data[f"{name}_en"]
        return Text(de, en) if de and en else None

    def _condition(self) -> Condition | None:
        values = self.cleaned_data
        if not values["after"]:
            return None
        options = tuple(sorted(set(values["after_options"])))
        return Condition(int(values["after"]), options, values["after_least"], values["after_most"])


def _initial(one: Asked) -> dict[str, Any]:
    """Give what the form of a kept question begins with."""
    found: dict[str, Any] = {name: getattr(one, name) for name in ("kind", "required", "least", "most", "decimals")}
    for name in ("title", "help", "unit", "low", "high"):
        text = getattr(one, name)
        found |= {f"{name}_de": text.de, f"{name}_en": text.en} if text else {}
    found["options"] = "\n".join(f"{option.text.de} | {option.text.en}" for option in one.options)
    found["open"] = one.open_option is not None
    aim = one.condition
    if aim is not None:
        found |= {"after": str(aim.question), "after_options": " ".join(map(str, aim.options))}
        found |= {"after_least": aim.least, "after_most": aim.most}
    return found


class SaidForm(forms.Form):
    """What the staff tells of the free words to a question."""

    said_de = _words(_("Zusammenfassung (deutsch)"), MOST_SIGNS, widget=forms.Textarea(attrs={"rows": 3}))
    said_en = _words(_("Zusammenfassung (englisch)"), MOST_SIGNS, widget=forms.Textarea(attrs={"rows": 3}))
    quotes = _words(
        _("Ausgewählte Sätze"),
        MOST_SIGNS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("einer je Zeile; streichen Sie Namen, Orte und alles, woran man jemanden erkennt"),
    )

    def __init__(self, question: Question, data: Any = None) -> None:
        first = {name: getattr(question, name) for name in ("said_de", "said_en", "quotes")}
        super().__init__(data, initial=first, prefix=f"w{question.number}")

    def clean(self) -> dict[str, Any]:
        """Ask for both languages."""
        values: dict[str, Any] = super().clean() or {}
        if bool(values.get("said_de")) != bool(values.get("said_en")):
            self.add_error("said_en" if values.get("said_de") else "said_de", BOTH)
        return values

    @property
    def said(self) -> Said:
        """Give it as the service takes it."""
        values = self.cleaned_data
        return Said(values["said_de"], values["said_en"], values["quotes"])
