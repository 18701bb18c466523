"""Bringing in Excel and CSV: a dry run that shows every change, then all of it or nothing; scenarios side by side."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.models import ImportRun
from allmende.money.rules import difference
from allmende.money.services import imports
from allmende.money.tables import BOOKING_COLUMNS, PLAN_COLUMNS
from allmende.portal.files import csv_stream
from allmende.portal.office.frame import page, tell
from allmende.portal.office.money.bookings import context_of
from allmende.portal.office.money.forms import ImportForm
from allmende.portal.office.permissions import person_of, reads

SHOWN = 200


@reads("grants")
def bring_in(request: HttpRequest) -> HttpResponseBase:
    """Take a file and check it."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given, plan = form.cleaned_data["file"], form.cleaned_data["plan"]
        kind = form.cleaned_data["kind"]
        run = imports.check_file(
            person_of(request), kind=kind, name=given.name, content=given.read(), plan=plan if kind == "plan" else None
        )
        return redirect("office:money-import", run.pk)
    return page(
        request,
        "money/bring_in",
        _("Tabellen einlesen"),
        icon="upload",
        form=form,
        runs=ImportRun.objects.select_related("person").defer("rows")[:20],
        booking_columns=BOOKING_COLUMNS,
        plan_columns=(*PLAN_COLUMNS, *imports.source_slugs()),
        **context_of(request),
    )


@reads("grants")
def dry_run(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what a file would change, or what is wrong with it; take it over."""
    run = get_object_or_404(ImportRun.objects.select_related("plan", "person"), pk=number)
    if request.method == "POST":
        try:
            imports.apply_run(person_of(request), number=run.pk)
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Übernommen: %(count)s Zeilen.") % {"count": run.count})
        return redirect("office:money-import", number)
    english = (get_language() or "").startswith("en")
    faults = [(cell, en if english else de) for cell, de, en in run.faults]
    changes = [] if faults else _changes(run)
    effect = []
    if not faults and run.kind == "bookings":
        effect = [
            (project, count, Money(cents), Money(eligible))
            for project, (count, cents, eligible) in imports.effect(run).items()
        ]
    return page(
        request,
        "money/dry_run",
        run.name,
        icon="upload",
        run=run,
        faults=faults,
        effect=effect,
        changes=changes[:SHOWN],
        change_count=len(changes),
        **{**context_of(request), "back": (reverse("office:money-bring-in"), _("Tabellen einlesen"))},
    )


def _changes(run: ImportRun) -> list[tuple[object, ...]]:
    """Give every change: what, before, after."""
    if run.kind == "bookings":
        return [
            (f"{one.supplier} {one.number}", f"{one.project}, {one.cost_type}, {one.year}", None, Money(one.cents))
            for one in imports.booking_rows(run)
        ]
    after = {one.slot: one.total for one in imports.plan_rows(run)}
    old = queries.slots_of(run.plan) if run.plan else {}
    before = {slot: sum(shares.values()) for slot, shares in old.items()}
    return [
        (slot.project, f"{slot.cost_type}, {slot.year}", Money(pair[0]), Money(pair[1]))
        for slot, pair in sorted(difference(before, after).items())
    ]


@reads("grants")
def dry_run_csv(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give every change, or every fault, as a file."""
    run = get_object_or_404(ImportRun.objects.select_related("plan"), pk=number)
    if run.faults:
        return csv_stream("fehler", ("cell", "reason_de", "reason_en"), (tuple(fault) for fault in run.faults))

    def rows() -> Iterator[tuple[object, ...]]:
        for what, place, before, after in _changes(run):
            yield what, place, *(one.cents if isinstance(one, Money) else None for one in (before, after))

    return csv_stream("aenderungen", ("what", "position", "before_cents", "after_cents"), rows())
