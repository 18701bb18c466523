"""Workshops in public: when, where, what there is for whom, registering and giving a place back."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import permission
from allmende.participation import workshop_queries as queries
from allmende.participation.models import Process, Registration
from allmende.participation.permission import CONTRIBUTIONS, WORKSHOPS
from allmende.participation.queries import tally
from allmende.participation.services import notices, workshops
from allmende.portal import participation_agenda as agenda
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_forms import OpenForm
from allmende.portal.participation_frame import (
    address,
    language,
    private,
    process_or_404,
    process_page,
    qr_picture,
    require_form,
    require_mail_room,
    require_taking,
    shut,
)

HEADER = ("title_de", "title_en", "place", "begins", "ends", "places", "left", "came", "heard")


class RegisterForm(OpenForm):
    """Who wants to come, and what they need."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Wie wir Sie ansprechen; nicht öffentlich."))
    email = forms.EmailField(
        label=_("E-Mail"),
        help_text=_("Für den Link zum Abmelden und falls ein Platz frei wird; nicht öffentlich."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    needs = forms.CharField(
        label=_("Was brauchen Sie, um dabei zu sein?"),
        required=False,
        max_length=500,
        help_text=_("etwa Gebärdensprache, Rampe, Kinderbetreuung, Übersetzung. Wir fragen nicht, warum."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def workshop_of(request: HttpRequest, slug: str, number: int) -> tuple[Process, queries.Seats]:
    """Give a workshop that this visitor may see, with its process."""
    process = process_or_404(request, slug)
    found = queries.workshop(process, number)
    if found is None:
        raise Http404
    return process, found


@csrf_exempt
@told
def workshop(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show a workshop and take a registration; what was typed is never lost."""
    process, found = workshop_of(request, slug, number)
    if request.method != "POST":
        return _page(request, process, found, RegisterForm())
    form = RegisterForm(request.POST)
    if not form.is_valid():
        return _page(request, process, found, form, status=400, shows_errors=True)
    try:
        require_form(request)
        require_taking(process, WORKSHOPS)
        values = form.cleaned_data
        require_mail_room(values["email"])
        wish = workshops.Wish(values["name"], values["email"], values["needs"], language())
        one, key = workshops.register(number, wish, utc_now())
    except AllmendeError as error:
        return _page(request, process, found, form, status=error.status, refused=error)
    _write(request, process, found, one, key)
    where = reverse("workshop", args=[slug, number])
    return private(redirect(f"{where}?angemeldet={one.state}"))


def _write(request: HttpRequest, process: Process, found: queries.Seats, one: Registration, key: str) -> None:
    title = found.workshop.title.within(language())
    link = address(request, "workshop-cancel", process.slug, found.workshop.pk, key)
    body = gettext("%(title)s, %(place)s: Sie stehen %(state)s.\n\nAbmelden:\n%(link)s\n") % {
        "title": title,
        "place": found.workshop.place,
        "state": gettext("auf der Liste") if one.state == "placed" else gettext("auf der Warteliste"),
        "link": link,
    }
    notices.post(one.email, gettext("Ihre Anmeldung: %(title)s") % {"title": title}, body, utc_now())


def _page(
    request: HttpRequest,
    process: Process,
    found: queries.Seats,
    form: RegisterForm,
    *,
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    closed = shut(process, WORKSHOPS)
    told = shut(process, CONTRIBUTIONS) is None
    heard = queries.heard_at(found.workshop) if told else {}
    return process_page(
        request,
        "workshop.html",
        process,
        status=status,
        seats=found,
        one=found.workshop,
        form=form,
        is_open=found.workshop.open(utc_now()),
        closed=None if values.get("refused") else closed,
        counts=closed is None,
        lines=agenda.lines(process, found.workshop, utc_now(), heard),
        several_days=agenda.several_days(found.workshop),
        heard=heard.get(None, []),
        heard_count=queries.counted(heard) if heard else None,
        tally=tally(process, utc_now()) if heard else None,
        registered=request.GET.get("angemeldet", ""),
        **values,
    )


@told
def sheet(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Show the agenda for the wall or as a hand-out, with the code that leads to the page of the workshop."""
    process, found = workshop_of(request, slug, number)
    return process_page(
        request,
        "workshop_sheet.html",
        process,
        one=found.workshop,
        lines=agenda.lines(process, found.workshop, utc_now(), {}),
        several_days=agenda.several_days(found.workshop),
        link=address(request, "workshop", slug, number),
    )


@told
def qr(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Draw the QR code that leads to the page of a workshop."""
    workshop_of(request, slug, number)
    return qr_picture(address(request, "workshop", slug, number))


@told
def agenda_csv(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Give the agenda of a workshop as CSV."""
    process, found = workshop_of(request, slug, number)
    rows = [agenda.cells(line) for line in agenda.lines(process, found.workshop, utc_now(), {})]
    return csv_file(f"{slug}-ablauf", agenda.HEADER, rows)


@csrf_exempt
@told
def cancel(request: HttpRequest, slug: str, number: int, key: str) -> HttpResponseBase:
    """Give a place back by the link in the mail; a button does it, as programs open links in mails."""
    process, found = workshop_of(request, slug, number)
    if request.method != "POST":
        return private(process_page(request, "workshop_cancel.html", process, one=found.workshop))
    try:
        require_form(request)
        # Giving back deletes, which always goes; the place goes on only where the rules let us use what we hold.
        promotes = permission.barred(gate(), process.purpose_slug, WORKSHOPS) is None
        workshops.cancel(number, key, utc_now(), promotes=promotes)
    except AllmendeError as error:
        return process_page(
            request, "workshop_cancel.html", process, status=error.status, one=found.workshop, refused=error
        )
    return process_page(request, "workshop_cancel.html", process, one=found.workshop, done=True)


@told
def workshops_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the workshops as CSV."""
    process = process_or_404(request, slug, WORKSHOPS)
    rows = [
        (
            *(seats.workshop.title_de, seats.workshop.title_en, seats.workshop.place),
            *(seats.workshop.begins.isoformat(), seats.workshop.ends.isoformat()),
            *(seats.workshop.places, seats.free, seats.came, seats.heard),
        )
        for seats in queries.workshops_of(process)
    ]
    return csv_file(f"{slug}-werkstaetten", HEADER, rows)
