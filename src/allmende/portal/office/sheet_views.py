"""The life of a data use in the staff room: what happened, what may come next, and the step itself."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_read, may_write
from allmende.catalog.door import gate
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, tell
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.sheet_forms import MoveForm
from allmende.register.models import DataUse
from allmende.register.queries import data_use, data_uses, events_of
from allmende.register.sheets import move_data_use

# Who may take a step: bodies decide, stewards carry out, and both may stop.
DECIDES, CARRIES_OUT = ("rulebook",), ("register",)
AREAS = {"decided": DECIDES, "suspended": ("register", "objections"), "active": ("register", "objections", "rulebook")}
HEADER = ("data_use", "at", "before", "state", "until", "reason_de", "reason_en", "decision", "objection")


def _may(request: HttpRequest, use: DataUse, to: str, *, prolongs: bool) -> bool:
    """Tell whether this person may take a step; another last day is a decision."""
    areas = DECIDES if prolongs else AREAS.get(to, CARRIES_OUT)
    if to == "active" and use.state == "announced":
        areas = CARRIES_OUT
    return any(may_write(roles_of(request.user), area) for area in areas)


def life(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the life of a data use; take a step, for which each has its own roles."""
    if not may_read(roles_of(request.user), "register"):
        raise PermissionDenied
    return (_step if request.method == "POST" else _shown)(request, slug)


def _use(slug: str) -> DataUse:
    use = data_use(slug)
    if use is None:
        raise Http404
    return use


def _shown(request: HttpRequest, slug: str, form: MoveForm | None = None) -> HttpResponseBase:
    use = _use(slug)
    moving = any(may_write(roles_of(request.user), area) for area in ("register", "rulebook", "objections"))
    return page(
        request,
        "data_use",
        str(use),
        icon="doc-full",
        back=(reverse("datennutzungen:index"), _("Datennutzungen")),
        use=use,
        events=events_of(use),
        expired=use.state == "active" and (use.until is None or use.until < today()),
        form=(form or MoveForm(use=use)) if moving else None,
        may_edit=may_write(roles_of(request.user), "register"),
    )


def _step(request: HttpRequest, slug: str) -> HttpResponseBase:
    use = _use(slug)
    form = MoveForm(request.POST, use=use)
    if not form.is_valid():
        return _shown(request, slug, form)
    values: dict[str, Any] = form.cleaned_data
    if not _may(request, use, values["to"], prolongs=values["until"] is not None or values["to"] == use.state):
        messages.error(
            request,
            gettext("Diesen Schritt darf Ihre Rolle nicht gehen: beschließen kann nur, wer Regeln in Kraft setzt."),
        )
        return redirect("office:data-use", slug)
    try:
        move_data_use(
            person_of(request),
            gate=gate(),
            slug=slug,
            to=values["to"],
            reason=form.reason,
            decision=values["decision"],
            until=values["until"],
        )
    except AllmendeError as error:
        tell(request, error)
    else:
        messages.success(request, gettext("Der Schritt gilt; alle Prozesse folgen binnen einer Sekunde."))
    return redirect("office:data-use", slug)


@reads("register")
def events_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give what happened to all data uses."""
    rows = [
        (
            *(use.slug, event.at, event.before, event.state, event.until, event.reason_de, event.reason_en),
            *(event.decision, event.objection),
        )
        for use in data_uses()
        for event in events_of(use)
    ]
    return csv_file("datennutzungen-verlauf", HEADER, rows)
