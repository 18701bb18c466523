"""Reports in the staff room: begin, write, look at, send, approve or give back, compare."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.queries import history_of
from allmende.accounts.rules import may_read, may_write
from allmende.catalog.door import gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.money.forms import month_end
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.report_forms import NewReportForm, ReturnForm, TextsForm
from allmende.portal.office.trail import written
from allmende.portal.report_files import stamp_of, written_parts
from allmende.portal.report_views import file_of, language_of_page
from allmende.reports import queries, services
from allmende.reports.gathering import content_of
from allmende.reports.models import APPROVED, DRAFT, PUBLIC, WAITING, Report
from allmende.reports.rules import Content, difference
from allmende.ui.bilingual import short_day


def area_of(row: Report) -> str:
    """Give who may see a report: what names receipts is for who sees the grants."""
    return "programme" if row.kind in PUBLIC else "grants"


def _row(request: HttpRequest, number: int) -> Report:
    row = get_object_or_404(queries.reports(), pk=number)
    allowed = may_write if request.method == "POST" else may_read
    if not allowed(roles_of(request.user), area_of(row)):
        raise PermissionDenied
    return row


def _content(row: Report) -> Content:
    return content_of(row) if row.state == DRAFT else queries.read(row)


@reads("programme")
def reports(request: HttpRequest) -> HttpResponseBase:
    """List the reports, and begin a new one."""
    form = NewReportForm(request.POST or None, initial={"day": month_end(today())})
    if request.method == "POST" and form.is_valid():
        try:
            row = services.begin(person_of(request), **form.cleaned_data)
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Der Bericht ist angelegt."))
            return redirect("office:report", row.pk)
    roles = roles_of(request.user)
    rows = [row for row in queries.reports() if may_read(roles, area_of(row))]
    may_change = may_write(roles, "programme")
    return page(request, "reports", _("Berichte"), icon="doc-full", form=form, rows=rows, may_change=may_change)


@reads("programme")
def report(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a report; write its texts, send it, approve it or give it back."""
    row = _row(request, number)
    form = TextsForm(row, request.POST if request.POST.get("deed") == "write" else None)
    if request.method == "POST" and _done(request, row, form):
        return redirect("office:report", number)
    content, person = _content(row), person_of(request)
    others = queries.reports().exclude(pk=row.pk).filter(state=APPROVED)
    return page(
        request,
        "report",
        _title(row, content),
        icon="doc-full",
        row=row,
        form=form,
        back_form=ReturnForm(),
        stamped=stamp_of(content, language_of_page()),
        parts=written_parts(content, language_of_page()),
        others=others.filter(kind=row.kind, project=row.project, day__lte=row.day),
        is_draft=row.state == DRAFT,
        is_waiting=row.state == WAITING,
        is_published=row.state == APPROVED and row.is_public,
        may_change=may_write(roles_of(request.user), area_of(row)),
        second=not row.editors.filter(pk=person.pk).exists(),
        entries=[written(entry) for entry in history_of(row)[:20]],
        back=(reverse("office:reports"), _("Berichte")),
    )


def _title(row: Report, content: Content) -> str:
    return f"{content.title.within(language_of_page())}, {short_day(row.day)}"


def _done(request: HttpRequest, row: Report, form: TextsForm) -> bool:
    """Do what was asked; False where the form is to be shown again."""
    actor, deed = person_of(request), request.POST.get("deed", "")
    try:
        if deed == "write":
            if not form.is_valid():
                return False
            given = form.cleaned_data
            left_out = given.get("left_out", [])
            services.write(actor, report=row.pk, edits=given["edits"], texts=form.texts(), left_out=left_out)
        elif deed == "send":
            services.send(actor, report=row.pk)
        elif deed == "approve":
            services.approve(actor, report=row.pk, ledger=Ledger(gate()))
        else:
            services.give_back(actor, report=row.pk, reason=request.POST.get("reason", ""))
    except AllmendeError as error:
        if deed == "write":
            form.add_error(None, told(error))
            return False
        tell(request, error)
        return True
    messages.success(request, gettext("Gespeichert."))
    return True


@reads("programme")
def report_file(request: HttpRequest, number: int, ending: str) -> HttpResponseBase:
    """Give a frozen report as a file."""
    row = _row(request, number)
    if row.state == DRAFT:
        raise Http404
    return file_of(row, ending)


@reads("programme")
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """Show what differs between this report and another of its kind (``?mit=``), by itself the one before."""
    row = _row(request, number)
    other = _other(row, request.GET.get("mit", ""))
    contents: list[Any] = [queries.read(other), _content(row)]
    return page(
        request,
        "report_difference",
        _("Unterschied zweier Berichte"),
        icon="doc-full",
        other=other,
        row=row,
        parts=difference(contents[0], contents[1], language_of_page()),
        back=(reverse("office:report", args=[row.pk]), str(row)),
    )


def _other(row: Report, wanted: str) -> Report:
    number = number_of(wanted)
    if number is None:
        found = queries.before(row.kind, row.project, row.day)
    else:
        rows = queries.reports().filter(state=APPROVED, kind=row.kind, project=row.project)
        found = rows.filter(pk=number).first()
    if found is None:
        raise Http404
    return found
