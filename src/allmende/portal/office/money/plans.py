"""Plan versions: a draft from an old one, its positions, the difference, publishing by a second person."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import history_of, subject_of
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.models import CostType, FundingSource, Plan
from allmende.money.models.plans import DRAFT
from allmende.money.rules import Slot, difference
from allmende.money.services import plans as services
from allmende.money.services.imports import source_slugs
from allmende.money.tables import PLAN_COLUMNS
from allmende.portal.files import csv_stream
from allmende.portal.office.amounts import plain, typed
from allmende.portal.office.frame import page, tell
from allmende.portal.office.money.bookings import context_of, xlsx_file
from allmende.portal.office.money.forms import DraftForm, PublishForm, SlotForm
from allmende.portal.office.permissions import person_of, reads
from allmende.portal.office.trail import written
from allmende.programme.models import Project

MOST_ROWS = 400


@reads("grants")
def plans(request: HttpRequest) -> HttpResponseBase:
    """List drafts and versions, and begin a new one."""
    newest = queries.plan_in_force(today())
    form = DraftForm(request.POST or None, initial={"base": newest})
    if request.method == "POST" and form.is_valid():
        plan = services.draft_plan(person_of(request), **form.cleaned_data)
        return redirect("office:money-plan", plan.pk)
    return page(
        request,
        "money/plans",
        _("Kosten- und Finanzierungspläne"),
        icon="list-ol",
        form=form,
        drafts=queries.draft_plans(),
        versions=queries.plan_totals(dt.date.max),
        **context_of(request),
    )


def _set(request: HttpRequest, plan: Plan) -> forms.Form:
    form = SlotForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        slot = Slot(values["project"].slug, values["cost_type"].slug, values["year"])
        slots = {slot: form.shares()}
        services.set_slots(person_of(request), plan=plan.pk, edits=_edits(request), slots=slots)
        messages.success(request, gettext("Gespeichert."))
    return form


def _publish(request: HttpRequest, plan: Plan) -> forms.Form:
    form = PublishForm(request.POST)
    if form.is_valid():
        services.publish_plan(person_of(request), plan=plan.pk, edits=_edits(request), **form.cleaned_data)
        messages.success(request, gettext("Veröffentlicht; der Plan gilt ab heute."))
    return form


def _discard(request: HttpRequest, plan: Plan) -> forms.Form:
    services.discard_plan(person_of(request), plan=plan.pk, edits=_edits(request))
    messages.success(request, gettext("Verworfen."))
    return forms.Form({})


def _edits(request: HttpRequest) -> int:
    seen = number_of(request.POST.get("edits", ""))
    return -1 if seen is None else seen


DEEDS: dict[str, Callable[[HttpRequest, Plan], forms.Form]] = {"set": _set, "publish": _publish, "discard": _discard}


@reads("grants")
def plan(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a plan; a draft can be worked on, published by a second person, or discarded."""
    row = get_object_or_404(Plan.objects.select_related("base", "editor", "publisher"), pk=number)
    shown: dict[str, forms.Form] = {"set": SlotForm(initial=_first(request, row)), "publish": PublishForm()}
    deed = request.POST.get("deed", "")
    if request.method == "POST" and deed in DEEDS:
        try:
            form = DEEDS[deed](request, row)
        except AllmendeError as error:
            tell(request, error)
            return redirect("office:money-plan", number)
        if form.is_valid():
            return redirect("office:money-plan", number)
        shown[deed] = form
    second = not AuditEntry.objects.filter(subject=subject_of(row), person=person_of(request)).exists()
    back = (reverse("office:money-plans"), _("Kosten- und Finanzierungspläne"))
    context = {**context_of(request), "back": back, **_positions(row)}
    return page(
        request,
        "money/plan",
        str(row),
        icon="list-ol",
        plan=row,
        is_draft=row.state == DRAFT,
        forms=shown,
        second=second,
        fault=_fault(row),
        entries=[written(entry) for entry in history_of(row)[:20]],
        **context,
    )


def _fault(row: Plan) -> AllmendeError | None:
    """Give what would hinder a draft from being published."""
    if row.state == DRAFT:
        try:
            services.check_plan(row)
        except AllmendeError as error:
            return error
    return None


def _positions(row: Plan) -> dict[str, Any]:
    """Give a plan's positions, and what differs from the plan that it was made from."""
    slots = queries.slots_of(row)
    totals = {slot: sum(shares.values()) for slot, shares in slots.items()}
    base = {slot: sum(shares.values()) for slot, shares in queries.slots_of(row.base).items()} if row.base else {}
    changes = [
        (slot, Money(old), Money(new), Money(new - old))
        for slot, (old, new) in sorted(difference(base, totals).items())
    ]
    kinds: dict[str, Any] = {"projects": Project, "cost_types": CostType, "sources": FundingSource}
    return {
        "names": {kind: {one.slug: one.title for one in model.objects.all()} for kind, model in kinds.items()},
        "sources": source_slugs(),
        "slots": _rows(slots)[:MOST_ROWS],
        "count": len(slots),
        "total": Money(sum(totals.values())),
        "changes": changes[:MOST_ROWS],
    }


def _first(request: HttpRequest, row: Plan) -> dict[str, object]:
    """Fill the form with the position that was asked for."""
    try:
        slot = Slot(request.GET["projekt"], request.GET["kostenart"], int(request.GET["jahr"]))
    except (KeyError, ValueError):
        return {"year": today().year}
    shares = queries.slots_of(row).get(slot, {})
    amounts = {f"source_{source}": typed(cents) for source, cents in shares.items()}
    return {"project": slot.project, "cost_type": slot.cost_type, "year": slot.year, **amounts}


def _rows(slots: dict[Slot, dict[str, int]]) -> list[tuple[Slot, Money, list[Money]]]:
    sources = source_slugs()
    return [
        (slot, Money(sum(shares.values())), [Money(shares.get(source, 0)) for source in sources])
        for slot, shares in sorted(slots.items())
    ]


@reads("grants")
def plan_csv(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give a plan's positions as a file, in the columns in which they come in."""
    row, sources = get_object_or_404(Plan, pk=number), source_slugs()
    rows = (
        (
            *(slot.project, slot.cost_type, slot.year, plain(sum(shares.values()))),
            *(plain(shares.get(source, 0)) for source in sources),
        )
        for slot, shares in sorted(queries.slots_of(row).items())
    )
    return csv_stream("planpositionen", (*PLAN_COLUMNS, *sources), rows)


@reads("grants")
def plan_xlsx(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give a plan's positions as a workbook, in the columns in which they come in."""
    row, sources = get_object_or_404(Plan, pk=number), source_slugs()
    rows = (
        [
            *(slot.project, slot.cost_type, slot.year, sum(shares.values()) / 100),
            *(shares.get(source, 0) / 100 for source in sources),
        ]
        for slot, shares in sorted(queries.slots_of(row).items())
    )
    return xlsx_file("planpositionen", (*PLAN_COLUMNS, *sources), rows)
