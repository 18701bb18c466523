"""A panel in the staff room: quotas, pool from a file, table of lots, draw, letters and answers."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import panel_queries as queries
from allmende.participation.models import Panel, Process
from allmende.participation.permission import PANELS
from allmende.participation.pool_file import read_pool, read_quotas, write_quotas
from allmende.participation.services import panels
from allmende.participation.table_file import Fault
from allmende.portal.files import csv_file
from allmende.portal.office.final import LotsForm, confirmed
from allmende.portal.office.frame import page, refuse
from allmende.portal.office.participation_door import uses
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.participation_frame import require_taking

LETTERS = ("number", "name", "address", "email")
MOST_FAULTS = 50


class PanelForm(forms.Form):
    """How is drawn."""

    size = forms.IntegerField(label=_("Sitze"), min_value=2, max_value=500)
    quotas = forms.CharField(
        label=_("Vorgaben"),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=8_000,
        help_text=_("eine je Zeile: Merkmal; Wert; mindestens; höchstens – etwa: Geschlecht; weiblich; 9; 11"),
    )
    lots = forms.IntegerField(
        label=_("Lose"), min_value=100, max_value=100_000, help_text=_("1.000; bei großem Kreis mehr")
    )
    chance_de = forms.CharField(
        label=_("Woher kommt der öffentliche Zufall? (deutsch)"),
        max_length=300,
        help_text=_("etwa: die Lottozahlen vom Samstag, 5. Dezember; sechs Würfel auf der Bühne"),
    )
    chance_en = forms.CharField(label=_("Woher kommt der öffentliche Zufall? (englisch)"), max_length=300)
    pool_until = forms.DateField(
        label=_("Namen, Adressen und Merkmale löschen am"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_quotas(self) -> Any:
        """Read the lines."""
        found = read_quotas(self.cleaned_data["quotas"])
        if isinstance(found, str):
            raise forms.ValidationError(_("Diese Zeile ist keine Vorgabe: %(line)s"), params={"line": found})
        return found

    def clean_pool_until(self) -> dt.date:
        """Refuse a day that is over: names would go before anybody gets a letter."""
        day: dt.date = self.cleaned_data["pool_until"]
        if day <= today():
            raise forms.ValidationError(_("Der Tag liegt nach heute, und nach der ersten Sitzung."))
        return day


class PoolForm(forms.Form):
    """Those who are willing, as CSV."""

    file = forms.FileField(
        label=_("Liste (CSV)"),
        help_text=_("Spalten: Name, Anschrift, Email, Haushalt und jedes Merkmal mit Vorgaben; UTF-8"),
    )


class WordForm(forms.Form):
    """What the public chance gave."""

    word = forms.CharField(label=_("Was der öffentliche Zufall ergab"), max_length=200)
    sure = confirmed(_("Ja, so wurde es öffentlich gesagt; gelost wird einmal."))

    def clean_word(self) -> str:
        """Write blanks one way, so that everybody types the same."""
        return " ".join(self.cleaned_data["word"].split())


def _panel(slug: str) -> tuple[Process, Panel]:
    process = process_of(slug)
    found = queries.panel_of(process)
    if found is None:
        raise Http404
    return process, found


def _first(found: Panel) -> dict[str, Any]:
    fields = ("size", "lots", "chance_de", "chance_en", "pool_until")
    return {name: getattr(found, name) for name in fields} | {"quotas": write_quotas(queries.quotas_of(found))}


@reads(AREA)
@uses(PANELS)
def panel(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show all that is done for a panel, in the order in which it is done."""
    process, found = _panel(slug)
    deed = request.POST.get("deed", "")
    shown: dict[str, forms.Form] = {
        "rules": PanelForm(request.POST if deed == "rules" else None, initial=_first(found)),
        "pool": PoolForm(*((request.POST, request.FILES) if deed == "pool" else ())),
        "lots": LotsForm(request.POST if deed == "lots" else None),
        "draw": WordForm(request.POST if deed == "draw" else None),
    }
    faults: list[Fault] = []
    form = shown.get(deed)
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            said, faults = _done(request, person_of(request), found, form.cleaned_data if form else {})
            if not faults:
                messages.success(request, said)
                return redirect("office:participation-panel", slug)
        except AllmendeError as error:
            refuse(request, form, error)
    return page(
        request,
        "participation_panel",
        _("Gelostes Gremium"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        panel=found,
        shown=shown,
        faults=faults[:MOST_FAULTS],
        more=len(faults) - MOST_FAULTS,
        people=found.pool.count(),
        seats=queries.seats_of(found),
        lottery=queries.lottery_of(found),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _done(request: HttpRequest, person: Person, found: Panel, values: dict[str, Any]) -> tuple[str, list[Fault]]:
    process, deed, now = found.process, request.POST.get("deed", ""), utc_now()
    if deed == "rules":
        chance = Text(values["chance_de"], values["chance_en"])
        kept = {name: values[name] for name in ("size", "quotas", "lots", "pool_until")}
        panels.set_rules(person, process, panels.PanelRules(chance=chance, **kept))
        return gettext("Gespeichert."), []
    if deed == "pool":
        return _pool(request, person, found, values["file"].read())
    if deed == "lots":
        panels.publish_lots(person, process, now)
        return gettext("Lostabelle und Prüfsumme sind veröffentlicht."), []
    if deed == "draw":
        panels.draw(person, process, values["word"], now)
        return gettext("Gelost; das Geheimnis ist veröffentlicht."), []
    follows = panels.answer(person, process, request.POST.get("number", ""), request.POST.get("answer", ""))
    return (gettext("Es folgt Nummer %(n)s.") % {"n": follows.number} if follows else gettext("Gespeichert.")), []


def _pool(request: HttpRequest, person: Person, found: Panel, content: bytes) -> tuple[str, list[Fault]]:
    """Read the list; keep it only where nothing is wrong and it was not only to be tried."""
    people, faults = read_pool(content, queries.quotas_of(found))
    if faults:
        return "", faults
    if request.POST.get("try"):
        return gettext("Geprüft: %(n)s Menschen, kein Fehler. Noch nichts ist gespeichert.") % {"n": len(people)}, []
    require_taking(found.process, PANELS)
    kept = panels.fill_pool(person, found.process, people)
    return gettext("Eingelesen: %(n)s Menschen.") % {"n": kept}, []


@reads(AREA)
@uses(PANELS)
def letters(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out the addresses for the letters, to who may change something here; recorded."""
    process, _found = _panel(slug)
    if request.method != "POST":
        raise Http404
    answer: HttpResponse = csv_file(f"{slug}-briefe", LETTERS, panels.letters(person_of(request), process))
    answer["Cache-Control"] = "no-store"
    return answer
