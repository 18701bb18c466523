"""Objections in the staff room: what waits, taking up, answering."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.portal.files import csv_file
from allmende.portal.office.forms import AnswerForm, TakeUpForm
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.sheet_forms import ReasonForm
from allmende.register.objections import queries, services
from allmende.register.objections.models import Objection
from allmende.register.queries import data_use

AREA = "objections"
HEADER = ("number", "kind", "about", "received", "due", "state", "outcome", "answered")


@reads(AREA)
def objections(request: HttpRequest) -> HttpResponseBase:
    """List the cases: what waits, by its deadline, and what is answered."""
    services.forget_old(utc_now())
    cases = list(queries.every_case())
    waiting = sorted((one for one in cases if one.state != "answered"), key=lambda one: one.due)
    answered = [one for one in cases if one.state == "answered"]
    return page(request, "objections", _("Einwände"), icon="comment", waiting=waiting, answered=answered, now=utc_now())


@reads(AREA)
def objections_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file, without the words of anybody."""
    rows = [
        (one.number, one.kind, one.about, one.received, one.due, one.state, one.outcome, one.answered)
        for one in queries.every_case()
    ]
    return csv_file("einwaende", HEADER, rows)


@reads(AREA)
def objection(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show a case; take it up or answer it."""
    one = queries.every_case().filter(number=number).first()
    if one is None:
        raise Http404
    deed = request.POST.get("deed", "")
    take_up = TakeUpForm(request.POST if deed == "take-up" else None)
    answer = AnswerForm(request.POST if deed == "answer" else None)
    reason = ReasonForm(request.POST if deed in ("suspend", "lift") else None)
    form: forms.Form | None = {"take-up": take_up, "answer": answer, "suspend": reason, "lift": reason}.get(deed)
    may_change = may_write(roles_of(request.user), AREA)
    if form is not None and may_change and form.is_valid():
        return _done(request, one, deed, form.cleaned_data)
    return page(
        request,
        "objection",
        one.number,
        icon="comment",
        back=(reverse("office:objections"), _("Einwände")),
        one=one,
        take_up=take_up,
        answer=answer,
        reason=reason,
        use=data_use(one.about) if one.about else None,
        suspension=queries.suspended_by(number),
        may_suspend=may_change,
        now=utc_now(),
        may_change=may_change and one.state != "answered",
    )


def _done(request: HttpRequest, one: Objection, deed: str, values: dict[str, Any]) -> HttpResponseBase:
    actor, now = person_of(request), utc_now()
    try:
        if deed == "take-up":
            services.take_up(actor, number=one.number, note_de=values["note_de"], note_en=values["note_en"], now=now)
            text = gettext("In Prüfung: %(number)s")
        elif deed in ("suspend", "lift"):
            reason = Text(values["reason_de"], values["reason_en"])
            act = services.suspend if deed == "suspend" else services.lift
            act(actor, gate=gate(), number=one.number, reason=reason, now=now)
            messages.success(request, gettext("Das gilt; alle Prozesse folgen binnen einer Sekunde."))
            return redirect("office:objection-one", one.number)
        else:
            said = {name: values[name] for name in ("outcome", "answer_de", "answer_en")}
            services.answer(actor, number=one.number, **said, now=now)
            text = gettext("Beantwortet: %(number)s")
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:objection-one", one.number)
    messages.success(request, text % {"number": one.number})
    return redirect("office:objections")
