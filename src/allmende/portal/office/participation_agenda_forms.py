"""Forms of a workshop's agenda: an item with its time, and what came out of the workshop."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text
from allmende.participation.models import LINKS, AgendaItem, Process, Workshop
from allmende.participation.queries import processes
from allmende.participation.services.agenda import Item
from allmende.portal.office.participation_forms import in_both, paper_address, project_choices
from allmende.portal.participation_agenda import links_of

Choices = list[tuple[str, Any]]


def _time(label: Any, **more: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **more)


def link_choices(process: Process) -> Choices:
    """Name where an item can lead: questions, parts of processes that are public, projects."""
    language = get_language() or "de"
    words = {name: text.within(language) for name, text in LINKS.items()}
    found: Choices = [("", "–"), ("questions:", words["questions"])]
    others = [one for one in processes() if one.pk != process.pk and one.state == "open"]
    for one in (process, *others):
        rows = [(f"{kind}:{one.slug}", words[kind]) for kind in links_of(one)]
        if rows:
            found.append((str(one), rows))
    projects = [(f"project:{slug}", title) for slug, title in project_choices()]
    return [*found, (words["project"], projects)] if projects else found


class ItemForm(forms.Form):
    """An item: when, what, who leads it, where; optionally where it leads, and what was discussed."""

    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    day = forms.ChoiceField(label=pgettext_lazy("Kalender", "Tag"))
    begins = _time(_("Beginn"))
    ends = _time(_("Ende"), required=False)
    lasts = forms.IntegerField(
        label=_("oder Dauer in Minuten"), required=False, min_value=1, max_value=1_440, help_text=_("eines von beiden")
    )
    leads = forms.CharField(
        label=_("Wer leitet"), required=False, max_length=200, help_text=_("Person oder Stelle; steht öffentlich")
    )
    place = forms.CharField(
        label=_("Raum oder Tisch"),
        required=False,
        max_length=120,
        help_text=_("nur wenn es anderswo ist als die Werkstatt, oder mehreres nebeneinander läuft"),
    )
    link = forms.ChoiceField(label=_("Führt zu"), required=False)
    paper = forms.CharField(
        label=_("Vorlage des Gemeinderats"),
        required=False,
        max_length=500,
        help_text=_("Nummer oder Adresse, wie sie unter „Ratspapiere“ steht"),
    )
    minutes_de = in_both(_("Was besprochen wurde"), required=False)["de"]
    minutes_en = in_both(_("Was besprochen wurde"), required=False)["en"]

    def __init__(self, process: Process, workshop: Workshop, data: Any = None, item: AgendaItem | None = None) -> None:
        self.workshop = workshop
        super().__init__(data, initial=_initial(workshop, item))
        fields: dict[str, Any] = self.fields
        choices = link_choices(process)
        kept = f"{item.links_to}:{item.target}" if item and item.links_to else ""
        if kept and not _offers(choices, kept):
            choices.append((kept, _("wie bisher (zur Zeit nicht öffentlich)")))
        fields["link"].choices = choices
        first, last = (timezone.localtime(at).date() for at in (workshop.begins, workshop.ends))
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        fields["day"].choices = [(str(day), date_format(day, "DATE_FORMAT")) for day in days]
        if len(days) == 1:
            del self.fields["day"]

    def clean_paper(self) -> str:
        """Find the paper in what the council's systems have."""
        return paper_address(self.cleaned_data["paper"])

    def clean(self) -> dict[str, Any]:
        """Ask for an end or a duration, and for the minutes in both languages."""
        values: dict[str, Any] = super().clean() or {}
        begins, ends, lasts = (values.get(name) for name in ("begins", "ends", "lasts"))
        if not {"ends", "lasts"} & {*self.errors}:
            if ends is None and lasts is None:
                self.add_error("ends", _("Nennen Sie das Ende, oder die Dauer in Minuten."))
            elif begins is not None and ends is not None:
                self._compare(begins, ends, lasts)
        if bool(values.get("minutes_de")) != bool(values.get("minutes_en")):
            self.add_error("minutes_en" if values.get("minutes_de") else "minutes_de", _("Beide Sprachen, oder keine."))
        return values

    def _compare(self, begins: dt.time, ends: dt.time, lasts: int | None) -> None:
        span = self._span(begins, ends)
        if span < 1:
            self.add_error("ends", _("Das Ende liegt vor dem Beginn."))
        elif lasts is not None and lasts != span:
            self.add_error("lasts", _("Das sind nicht die Minuten bis zum Ende; lassen Sie eines von beiden leer."))

    def _span(self, begins: dt.time, ends: dt.time) -> int:
        minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
        # Only a workshop that goes on after midnight has items that do.
        return minutes + 1_440 if minutes < 1 and "day" in self.fields else minutes

    @property
    def item(self) -> Item:
        """Give the item, its time in minutes of the workshop."""
        values = self.cleaned_data
        day = dt.date.fromisoformat(values["day"]) if "day" in values else timezone.localdate(self.workshop.begins)
        begins = dt.datetime.combine(day, values["begins"], CIVIL_TIME)
        whole = self.workshop.begins.replace(second=0, microsecond=0)
        links_to, _colon, target = values["link"].partition(":")
        return Item(
            title=Text(values["title_de"], values["title_en"]),
            # Between instants: a night in which clocks change is as long as it is.
            after=int((begins.astimezone(dt.UTC) - whole.astimezone(dt.UTC)).total_seconds() // 60),
            lasts=self._span(values["begins"], values["ends"]) if values["ends"] else values["lasts"],
            **{name: values[name].strip() for name in ("leads", "place", "paper")},
            links_to=links_to,
            target=target,
            discussed=Text(values["minutes_de"], values["minutes_en"]) if values["minutes_de"] else None,
        )


def _initial(workshop: Workshop, item: AgendaItem | None) -> dict[str, Any]:
    if item is None:
        last = max((one.ends for one in workshop.agenda.select_related("workshop")), default=workshop.begins)
        at = timezone.localtime(last)
        return {"begins": at.time(), "day": str(at.date())}
    names = ("title_de", "title_en", "leads", "place", "paper", "minutes_de", "minutes_en")
    begins, ends = timezone.localtime(item.begins), timezone.localtime(item.ends)
    about = {"day": str(begins.date()), "begins": begins.time(), "ends": ends.time()}
    return {**about, **{name: getattr(item, name) for name in names}, "link": f"{item.links_to}:{item.target}"}


def _offers(choices: Choices, value: str) -> bool:
    return any(value == name or (isinstance(rows, list) and value in dict(rows)) for name, rows in choices)


class CopyForm(forms.Form):
    """From which workshop the agenda is taken."""

    source = forms.ChoiceField(label=_("Ablauf übernehmen von"))

    def __init__(self, rows: Choices, data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["source"]
        field.choices = rows


class SumForm(forms.Form):
    """What was said at a workshop, and what follows."""

    said_de = in_both(_("Was gesagt wurde"), rows=4)["de"]
    said_en = in_both(_("Was gesagt wurde"), rows=4)["en"]
    follows_de = in_both(_("Was daraus folgt"), required=False, rows=4)["de"]
    follows_en = in_both(_("Was daraus folgt"), required=False, rows=4)["en"]

    def __init__(self, workshop: Workshop, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(workshop, name) for name in self.base_fields})

    def clean(self) -> dict[str, Any]:
        """Ask for both languages."""
        values: dict[str, Any] = super().clean() or {}
        if bool(values.get("follows_de")) != bool(values.get("follows_en")):
            self.add_error("follows_en" if values.get("follows_de") else "follows_de", _("Beide Sprachen, oder keine."))
        return values

    @property
    def said(self) -> Text:
        """Give what was said."""
        return Text(self.cleaned_data["said_de"], self.cleaned_data["said_en"])

    @property
    def follows(self) -> Text | None:
        """Give what follows."""
        values = self.cleaned_data
        return Text(values["follows_de"], values["follows_en"]) if values["follows_de"] else None
