"""Workshops in the staff room: put up, who comes with which needs, what was said taken up line by line or by file."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import workshop_queries as queries
from allmende.participation.heard_file import Card, Places, checked, read_cards, read_minutes
from allmende.participation.models import Process, Workshop
from allmende.participation.permission import CONTRIBUTIONS, WORKSHOPS
from allmende.participation.rules import CHANNELS, FORGOT
from allmende.participation.services import agenda, workshops
from allmende.participation.services.agenda import TOO_LONG
from allmende.participation.table_file import Fault
from allmende.portal.office.frame import page, refuse, told
from allmende.portal.office.participation_agenda_forms import SumForm
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import require_taking
from allmende.portal.participation_place import city_borders

MOST_FAULTS, MOST_KEPT = 50, 3_000_000


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget)


class WorkshopForm(forms.Form):
    """A workshop; what there is for whom is said before people register."""

    title_de = forms.CharField(label=_("Titel (deutsch)"), max_length=200)
    title_en = forms.CharField(label=_("Titel (englisch)"), max_length=200)
    place = forms.CharField(label=_("Ort"), max_length=200)
    begins = _moment(_("Beginn"))
    ends = _moment(_("Ende"))
    places = forms.IntegerField(label=_("Plätze"), min_value=1, max_value=5_000)
    access_de = forms.CharField(
        label=_("Was es für wen gibt (deutsch)"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Rampe, Gebärdensprache, Kinderbetreuung, Übersetzung"),
    )
    access_en = forms.CharField(label=_("Was es für wen gibt (englisch)"), widget=forms.Textarea(attrs={"rows": 2}))
    forget_on = forms.DateField(
        label=_("Anmeldungen löschen am"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("nach der Werkstatt, spätestens 90 Tage danach"),
    )

    def __init__(self, data: Any = None, workshop: Workshop | None = None) -> None:
        first = {name: getattr(workshop, name) for name in self.base_fields} if workshop else {}
        super().__init__(data, initial=first)

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning, and a deletion before the end."""
        values: dict[str, Any] = super().clean() or {}
        begins, ends, forget = (values.get(name) for name in ("begins", "ends", "forget_on"))
        if begins and ends and ends <= begins:
            self.add_error("ends", _("Das Ende liegt vor dem Beginn."))
        elif ends and forget and not ends.date() < forget <= ends.date() + dt.timedelta(days=90):
            self.add_error("forget_on", _("Nach der Werkstatt, und höchstens 90 Tage danach."))
        return values


def _heard_at(process: Process, language: str) -> list[tuple[str, str]]:
    """Name the workshops of a process, each with the items of its agenda."""
    found = list[tuple[str, str]]()
    for one in process.workshops.prefetch_related("agenda__workshop"):
        title = one.title.within(language)
        found.append((str(one.pk), title))
        for item in one.agenda.all():
            when = timezone.localtime(item.begins)
            found.append((f"{one.pk}-{item.pk}", f"{title}, {when:%H:%M} {item.title.within(language)}"))
    return found


class HeardForm(forms.Form):
    """What was said: as text, or as a file of cards."""

    workshop = forms.ChoiceField(
        label=_("Werkstatt, oder Punkt ihres Ablaufs"),
        required=False,
        help_text=_("leer, wenn es keine war, etwa bei Karten aus einem Briefkasten"),
    )
    channel = forms.ChoiceField(label=_("Wie kam es?"))
    text = forms.CharField(
        label=_("Protokoll oder schnelle Eingabe"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("eine Leerzeile trennt Beiträge; die erste Zeile ist der Titel, der Rest der Text"),
    )
    file = forms.FileField(
        label=_("oder Karten als CSV"),
        required=False,
        help_text=_("Spalten: titel, text, thema, geometrie (WKT, Länge zuerst; darf fehlen); UTF-8"),
    )
    kept = forms.CharField(required=False, max_length=MOST_KEPT, widget=forms.HiddenInput)

    def __init__(self, process: Process, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "de"
        fields: dict[str, Any] = self.fields
        fields["workshop"].choices = [("", "–"), *_heard_at(process, language)]
        channels = [(name, text.within(language)) for name, text in CHANNELS.items() if name != "online"]
        fields["channel"].choices = channels

    def clean(self) -> dict[str, Any]:
        """Refuse a text beside a file; keep a file that is only looked at, as browsers do not send it again."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("file") and values.get("text"):
            self.add_error("file", _("Entweder Text oder Datei; nacheinander geht beides."))
        elif values.get("file"):
            values["cards"] = values["file"].read()
            text = values["cards"].decode("utf-8-sig", "replace")
            sent: Any = self.data
            kept = sent.copy()
            kept["kept"] = text if len(text) <= MOST_KEPT else ""
            self.data = kept
        elif values.get("kept") and not values.get("text"):
            values["cards"] = values["kept"].encode()
        return values

    @property
    def keeps_file(self) -> bool:
        """Tell whether a file is still there from the look at it."""
        return bool(self["kept"].value())


class CameForm(forms.Form):
    """How many came."""

    came = forms.IntegerField(label=_("Gekommen sind"), min_value=0, max_value=100_000)


@reads(AREA)
def workshops_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the workshops of a process; put one up; take up what was said, after a look at what it would be."""
    process = process_of(slug)
    if "workshops" not in process.form.parts:
        raise Http404
    deed = request.POST.get("deed", "")
    plan = WorkshopForm(request.POST if deed == "plan" else None)
    said = HeardForm(process, *((request.POST, request.FILES) if deed == "heard" else ()))
    cards, faults = list[Card](), list[Fault]()
    if plan.is_bound and plan.is_valid():
        workshops.put_up(person_of(request), process, _plan(plan.cleaned_data))
        messages.success(request, gettext("Die Werkstatt ist öffentlich."))
        return redirect("office:participation-workshops", slug)
    if said.is_bound and said.is_valid():
        cards, faults = _read(process, said.cleaned_data)
        if cards and not request.POST.get("try"):
            try:
                return _taken(request, person_of(request), process, said.cleaned_data, cards)
            except AllmendeError as error:
                refuse(request, said, error)
    return page(
        request,
        "participation_workshops",
        _("Werkstätten"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        rows=queries.workshops_of(process),
        plan=plan,
        said=said,
        cards=cards,
        faults=faults[:MOST_FAULTS],
        may_change=may_write(roles_of(request.user), AREA),
    )


def _plan(values: dict[str, Any]) -> workshops.Plan:
    return workshops.Plan(
        title=Text(values["title_de"], values["title_en"]),
        access=Text(values["access_de"], values["access_en"]),
        **{name: values[name] for name in ("place", "begins", "ends", "places", "forget_on")},
    )


def _read(process: Process, values: dict[str, Any]) -> tuple[list[Card], list[Fault]]:
    topics = queries.topics_of(process)
    if "cards" in values:
        places = Places(process.form.geometries if process.form.place else (), city_borders())
        return read_cards(values["cards"], topics, places)
    return checked(read_minutes(values["text"]), topics)


def _taken(
    request: HttpRequest, person: Person, process: Process, values: dict[str, Any], cards: list[Card]
) -> HttpResponseBase:
    require_taking(process, CONTRIBUTIONS)
    number, _dash, which = values["workshop"].partition("-")
    one = process.workshops.filter(pk=int(number)).first() if number else None
    item = one.agenda.filter(pk=int(which)).first() if one and which else None
    made = workshops.take_up(person, process, cards, channel=values["channel"], workshop=one, item=item, now=utc_now())
    messages.success(
        request, gettext("Aufgenommen: %(numbers)s") % {"numbers": ", ".join(row.number for row in made[:20])}
    )
    return redirect("office:participation-workshops", process.slug)


@reads(AREA)
@uses(WORKSHOPS)
def workshop(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show who comes and what they need; keep how many came, what was said, and another time or place."""
    process = process_of(slug)
    found = queries.workshop(process, number)
    if found is None:
        raise Http404
    one, deed = found.workshop, request.POST.get("deed", "")
    shown: dict[str, Any] = {
        "came": CameForm(request.POST if deed == "came" else None, initial={"came": one.came}),
        "sum": SumForm(one, request.POST if deed == "sum" else None),
        "change": WorkshopForm(request.POST if deed == "change" else None, one),
    }
    sent = shown.get(deed)
    if sent is not None and sent.is_valid():
        try:
            _keep(person_of(request), one, deed, sent)
            messages.success(request, gettext("Gespeichert."))
            return redirect("office:participation-workshop", slug, number)
        except AllmendeError as error:
            sent.add_error("ends" if error.code is TOO_LONG else None, told(error))
    photos = queries.card_photos(one)
    return page(
        request,
        "participation_workshop",
        str(one),
        icon=ICON,
        back=(reverse("office:participation-workshops", args=[slug]), _("Werkstätten")),
        process=process,
        one=one,
        left=found.left,
        people=queries.registrations(one),
        shown=shown,
        items=one.agenda.count(),
        photos=len(photos),
        photos_done=sum(row.photo.done is not None for row in photos),
        forgot=[(text, one.forgot[name]) for name, text in FORGOT.items() if one.forgot.get(name)],
        begun=one.begins <= utc_now(),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _keep(person: Person, one: Workshop, deed: str, form: Any) -> None:
    if deed == "came":
        workshops.count_people(person, one, form.cleaned_data["came"])
    elif deed == "sum":
        agenda.sum_up(person, one, form.said, form.follows, utc_now())
    else:
        workshops.change(person, one, _plan(form.cleaned_data), utc_now())
