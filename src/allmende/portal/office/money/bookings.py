"""Invoices and bookings: lists, entry, allocation, counter-entries."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook

from allmende.accounts.models import Person
from allmende.accounts.queries import history_of
from allmende.accounts.rules import may_read, may_write
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.models import Booking, Invoice
from allmende.money.services import bookings as services
from allmende.money.tables import BOOKING_COLUMNS
from allmende.portal.files import FORMULA, csv_stream
from allmende.portal.office.amounts import plain, typed
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.money.forms import AllocateForm, InvoiceForm, PaidForm, ReasonForm
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.trail import written
from allmende.programme.models import Project

PAGE, MOST_ROWS = 50, 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = (*BOOKING_COLUMNS, "abruf", "gegenbuchung_zu", "buchung", "bekannt_seit")


def _found(request: HttpRequest) -> QuerySet[Booking]:
    lead: Person | None = None if may_read(roles_of(request.user), "grants") else person_of(request)
    return queries.bookings(
        lead=lead,
        project=request.GET.get("projekt", ""),
        year=number_of(request.GET.get("jahr", "")),
        text=request.GET.get("q", "").strip(),
        claimed=request.GET.get("abgerufen", ""),
        unpaid=request.GET.get("bezahlt") == "0",
    )


def _projects(request: HttpRequest) -> QuerySet[Project]:
    whole = may_read(roles_of(request.user), "grants")
    return Project.objects.all() if whole else person_of(request).projects.all()


@reads("money")
def bookings(request: HttpRequest) -> HttpResponseBase:
    """List bookings with search; a project lead sees those of their own projects."""
    sheet = Paginator(_found(request), PAGE).get_page(request.GET.get("seite"))
    kept = request.GET.copy()
    kept.pop("seite", None)
    return page(
        request,
        "money/bookings",
        _("Buchungen"),
        icon="list-ul",
        back=(reverse("office:money"), _("Geld")),
        sheet=sheet,
        projects=_projects(request),
        given=request.GET,
        query=kept.urlencode(),
        whole=may_read(roles_of(request.user), "grants"),
    )


@reads("money")
def bookings_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the bookings found as a file, in the columns in which they come in."""
    rows = (_row(row) for row in _found(request).iterator(2000))
    return csv_stream("buchungen", HEADER, rows)


@reads("money")
def bookings_xlsx(request: HttpRequest) -> HttpResponseBase:
    """Give the bookings found as a workbook, amounts as numbers and days as dates."""

    def rows() -> Iterator[list[object]]:
        for row in _found(request)[:MOST_ROWS].iterator(2000):
            values = list(_row(row))
            values[4], values[10] = row.cents / 100, row.eligible_cents / 100
            yield values

    return xlsx_file("buchungen", HEADER, rows())


def xlsx_file(name: str, header: Iterable[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Give a table as a workbook; text cannot become a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name)
    sheet.append(list(header))
    for row in rows:
        sheet.append([f"'{one}" if isinstance(one, str) and one.startswith(FORMULA) else one for one in row])
    buffer = io.BytesIO()
    book.save(buffer)
    response = HttpResponse(buffer.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def _row(row: Booking) -> tuple[object, ...]:
    line = getattr(row, "line", None)
    return (
        *(row.invoice.number, row.invoice.supplier, row.invoice.day, row.paid, plain(row.cents), "EUR"),
        *(row.project.slug, row.cost_type.slug, row.year, row.own_source.slug, plain(row.eligible_cents)),
        *(row.reason, row.commitment, row.invoice.text, line.draw_down.number if line else None),
        *(row.reverses_id, row.pk, row.known_since),
    )


@reads("grants")
def invoices(request: HttpRequest) -> HttpResponseBase:
    """List the invoices that wait for a position, and enter new ones."""
    form = InvoiceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.add_invoice(person_of(request), **form.cleaned_data)
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            return redirect("office:money-invoice", row.pk)
    return page(
        request,
        "money/invoices",
        _("Offene Rechnungen"),
        icon="mail",
        back=(reverse("office:money"), _("Geld")),
        form=form,
        sheet=Paginator(queries.unallocated(), PAGE).get_page(request.GET.get("seite")),
        may_change=may_write(roles_of(request.user), "grants"),
    )


def _allocate(request: HttpRequest, bill: Invoice) -> forms.Form:
    form = AllocateForm(request.POST)
    if form.is_valid():
        services.allocate(person_of(request), invoice=bill.pk, part=services.Part(**form.cleaned_data))
    return form


def _reverse(request: HttpRequest, bill: Invoice) -> forms.Form:
    form = ReasonForm(request.POST)
    if form.is_valid():
        number = number_of(request.POST.get("booking", ""))
        reason = form.cleaned_data["reason"]
        if number is not None and bill.bookings.filter(pk=number).exists():
            services.reverse_booking(person_of(request), booking=number, reason=reason)
        else:
            services.reverse_invoice(person_of(request), invoice=bill.pk, reason=reason)
    return form


def _pay(request: HttpRequest, bill: Invoice) -> forms.Form:
    form = PaidForm(request.POST)
    if form.is_valid():
        row = get_object_or_404(bill.bookings, pk=form.cleaned_data["booking"])
        services.enter_paid(person_of(request), booking=row.pk, day=form.cleaned_data["day"])
    return form


FORMS: dict[str, type[forms.Form]] = {"allocate": AllocateForm, "reverse": ReasonForm, "pay": PaidForm}
DEEDS: dict[str, Callable[[HttpRequest, Invoice], forms.Form]] = {
    "allocate": _allocate,
    "reverse": _reverse,
    "pay": _pay,
}


@reads("grants")
def invoice(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show an invoice; put it on positions, or take it back."""
    bill = get_object_or_404(Invoice, pk=number)
    left = services.open_cents(bill) if bill.reverses_id is None else 0
    first = {"cents": typed(max(0, left)), "eligible": typed(max(0, left)), "year": bill.day.year, "paid": bill.day}
    shown: dict[str, forms.Form] = {"allocate": AllocateForm(initial=first), "reverse": ReasonForm()}
    deed = request.POST.get("deed", "")
    if request.method == "POST" and deed in DEEDS:
        try:
            form = DEEDS[deed](request, bill)
        except AllmendeError as error:
            shown[deed] = FORMS[deed](request.POST)
            tell(request, error)
        else:
            if form.is_valid():
                messages.success(request, gettext("Gebucht."))
                return redirect("office:money-invoice", number)
            shown[deed] = form
    reversed_already = Invoice.objects.filter(reverses=bill).exists()
    return page(
        request,
        "money/invoice",
        str(bill),
        icon="mail",
        back=(reverse("office:money-invoices"), _("Offene Rechnungen")),
        bill=bill,
        left=Money(0 if reversed_already else left),
        rows=queries.bookings().filter(invoice=bill).select_related("reversed_by").order_by("pk"),
        allocate=shown["allocate"],
        reverse_form=shown["reverse"],
        may_change=may_write(roles_of(request.user), "grants") and bill.reverses_id is None and not reversed_already,
        entries=[written(entry) for entry in history_of(bill)[:20]],
    )


def context_of(request: HttpRequest) -> dict[str, Any]:
    """Give what every page about the whole money needs."""
    return {"may_change": may_write(roles_of(request.user), "grants"), "back": (reverse("office:money"), _("Geld"))}
