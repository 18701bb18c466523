"""Minutes in the staff room: draft, a second person's confirmation, the seal, corrections."""

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
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, tell
from allmende.portal.office.minutes_forms import HeadForm, ItemForm
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.sheet_forms import ReasonForm
from allmende.register.minutes import queries, services
from allmende.register.minutes.models import AgendaItem, Minutes

AREA = "minutes"
HEADER = ("number", "version", "body", "day", "state", "items", "sealed", "sha256")
TITLE = _("Sitzungen")


def _one(number: str, version: int) -> Minutes:
    found = queries.version(number, version)
    if found is None:
        raise Http404
    return found


def _may(request: HttpRequest) -> bool:
    return may_write(roles_of(request.user), AREA)


@reads(AREA)
def meetings(request: HttpRequest) -> HttpResponseBase:
    """List all minutes, drafts too."""
    return page(request, "meetings", TITLE, icon="group", versions=queries.every_version(), may_change=_may(request))


@reads(AREA)
def meetings_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [
        (
            *(one.number, one.version, one.body, one.day, one.state, one.items.count(), one.sealed),
            one.public_sha256 if one.sealed else None,
        )
        for one in queries.every_version()
    ]
    return csv_file("sitzungen", HEADER, rows)


@reads(AREA)
def begin(request: HttpRequest) -> HttpResponseBase:
    """Begin the minutes of a meeting."""
    form = HeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        one = services.begin(person_of(request), **form.head)
        return redirect("office:meeting", one.number, one.version)
    back = (reverse("office:meetings"), TITLE)
    return page(request, "meeting_head", _("Neue Sitzung"), icon="group", back=back, form=form)


@reads(AREA)
def meeting(request: HttpRequest, number: str, version: int) -> HttpResponseBase:
    """Show minutes whole; change a draft, confirm it, or begin a correction."""
    one = _one(number, version)
    deed = request.POST.get("deed", "")
    head = HeadForm(request.POST if deed == "head" else None, one=one)
    reason = ReasonForm(request.POST if deed == "correct" else None)
    asked: dict[str, forms.Form] = {"head": head, "correct": reason}
    if request.method == "POST" and (deed not in asked or asked[deed].is_valid()):
        return _done(request, one, deed, head, reason)
    writers = set(one.writers.values_list("pk", flat=True))
    return page(
        request,
        "meeting",
        f"{one.number} ({one.version})",
        icon="group",
        back=(reverse("office:meetings"), TITLE),
        one=one,
        items=one.items.all(),
        head=head,
        reason=reason,
        writers=one.writers.all(),
        own=person_of(request).pk in writers,
        may_change=_may(request),
        newest=not queries.every_version().filter(number=number, version__gt=version).exists(),
    )


def _done(request: HttpRequest, one: Minutes, deed: str, head: HeadForm, reason: ReasonForm) -> HttpResponseBase:
    actor = person_of(request)
    which: dict[str, Any] = {"number": one.number, "version": one.version}
    try:
        if deed == "head":
            services.set_head(actor, **which, **head.head)
        elif deed == "discard":
            services.discard(actor, **which)
            messages.success(request, gettext("Der Entwurf %(number)s ist verworfen.") % which)
            return redirect("office:meetings")
        elif deed == "seal":
            services.seal(actor, gate=gate(), **which, seen=request.POST.get("seen", ""), now=utc_now())
            messages.success(request, gettext("%(number)s ist bestätigt, versiegelt und öffentlich.") % which)
        elif deed == "correct":
            draft = services.correct(actor, number=one.number, reason=reason.reason)
            return redirect("office:meeting", draft.number, draft.version)
    except AllmendeError as error:
        tell(request, error)
    return redirect("office:meeting", one.number, one.version)


@reads(AREA)
def item(request: HttpRequest, number: str, version: int, which: int | None = None) -> HttpResponseBase:
    """Add an item to a draft, change it or take it out."""
    one = _one(number, version)
    known = one.items.filter(pk=which).first() if which is not None else None
    if which is not None and known is None:
        raise Http404
    last = one.items.order_by("position").last()
    form = ItemForm(request.POST or None, item=known, position=last.position + 1 if last else 1)
    if request.POST.get("deed") == "drop" or (request.method == "POST" and form.is_valid()):
        return _put(request, one, known, form)
    back = (reverse("office:meeting", args=[number, version]), f"{number} ({version})")
    title = _("Tagesordnungspunkt")
    return page(request, "meeting_item", title, icon="list-ul", back=back, form=form, item=known, one=one)


def _put(request: HttpRequest, one: Minutes, known: AgendaItem | None, form: ItemForm) -> HttpResponseBase:
    actor = person_of(request)
    which: dict[str, Any] = {"number": one.number, "version": one.version}
    try:
        if request.POST.get("deed") == "drop" and known is not None:
            services.drop_item(actor, **which, item=known.pk)
        else:
            services.put_item(actor, **which, item=known.pk if known else None, values=form.cleaned_data)
    except AllmendeError as error:
        tell(request, error)
    return redirect("office:meeting", one.number, one.version)
