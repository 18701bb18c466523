"""The agenda of a workshop in the staff room: items added, ordered, changed and taken out."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.participation import workshop_queries as queries
from allmende.participation.models import AgendaItem, Process, Workshop
from allmende.participation.services import agenda as services
from allmende.portal import participation_agenda as agenda
from allmende.portal.office.frame import page, refuse, tell, told
from allmende.portal.office.participation_agenda_forms import CopyForm, ItemForm
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of


def workshop_of(slug: str, number: int) -> tuple[Process, Workshop]:
    """Give a workshop to the staff, with its process."""
    process = process_of(slug)
    found = queries.workshop(process, number)
    if found is None:
        raise Http404
    return process, found.workshop


@reads(AREA)
def items(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """List the agenda; add an item, move one, begin with the agenda of another workshop."""
    process, one = workshop_of(slug, number)
    deed = request.POST.get("deed", "")
    form = ItemForm(process, one, request.POST if deed == "add" else None)
    others = [
        (str(row.pk), str(row)) for row in process.workshops.exclude(pk=number).filter(agenda__isnull=False).distinct()
    ]
    copy = CopyForm(others, request.POST if deed == "copy" else None)
    if deed in ("up", "down"):
        return _moved(request, one, slug, up=deed == "up")
    if form.is_bound and _put(request, form, one, None):
        return redirect("office:participation-agenda", slug, number)
    if copy.is_bound and copy.is_valid():
        source = process.workshops.get(pk=int(copy.cleaned_data["source"]))
        try:
            services.copy_agenda(person_of(request), one, source)
            messages.success(request, gettext("Übernommen; die Zeiten gelten ab dem Beginn dieser Werkstatt."))
            return redirect("office:participation-agenda", slug, number)
        except AllmendeError as error:
            refuse(request, copy, error)
    lines = agenda.lines(process, one, utc_now(), {})
    return page(
        request,
        "participation_agenda",
        _("Ablauf der Werkstatt"),
        icon=ICON,
        back=(reverse("office:participation-workshop", args=[slug, number]), str(one)),
        process=process,
        one=one,
        lines=lines,
        several_days=agenda.several_days(one),
        form=form,
        copy=copy if others and not lines else None,
        may_change=may_write(roles_of(request.user), AREA),
    )


def _moved(request: HttpRequest, one: Workshop, slug: str, *, up: bool) -> HttpResponseBase:
    which = number_of(request.POST.get("item", ""))
    try:
        services.move_item(person_of(request), one, which or 0, up=up)
    except AllmendeError as error:
        tell(request, error)
    return redirect("office:participation-agenda", slug, one.pk)


def _put(request: HttpRequest, form: ItemForm, one: Workshop, item: AgendaItem | None) -> bool:
    """Keep what a form says; tell whether it was taken. An error stands at the field that it is about."""
    if not form.is_valid():
        return False
    try:
        services.put_item(person_of(request), one, form.item, item.pk if item else None)
    except AllmendeError as error:
        form.add_error("begins" if error.code in (services.OUTSIDE, services.IN_THE_WAY) else None, told(error))
        return False
    messages.success(request, gettext("Gespeichert; der Ablauf ist öffentlich."))
    return True


@reads(AREA)
def item(request: HttpRequest, slug: str, number: int, which: int) -> HttpResponseBase:
    """Change an item, or take it out."""
    process, one = workshop_of(slug, number)
    found = one.agenda.select_related("workshop").filter(pk=which).first()
    if found is None:
        raise Http404
    deed = request.POST.get("deed", "")
    form = ItemForm(process, one, request.POST if deed == "change" else None, found)
    if deed == "drop":
        services.drop_item(person_of(request), one, which)
        messages.success(request, gettext("Gelöscht: %(title)s") % {"title": found})
        return redirect("office:participation-agenda", slug, number)
    if form.is_bound and _put(request, form, one, found):
        return redirect("office:participation-agenda", slug, number)
    values: dict[str, Any] = {"process": process, "one": one, "item": found, "form": form}
    return page(
        request,
        "participation_agenda_item",
        str(found),
        icon=ICON,
        back=(reverse("office:participation-agenda", args=[slug, number]), _("Ablauf der Werkstatt")),
        may_change=may_write(roles_of(request.user), AREA),
        **values,
    )
