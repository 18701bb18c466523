"""Approved reports for everybody: the list, one for reading, its files, and what differs from another."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language

from allmende.ledger.files import CHECKPOINT
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.report_files import CSV_HEADER, csv_rows, pdf_of, stamp_of, written_parts, xlsx_of
from allmende.reports import queries
from allmende.reports.models import Report
from allmende.reports.rules import difference

ENDINGS = ("pdf", "xlsx", "csv", "json")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def language_of_page() -> str:
    """Give the language of the page."""
    return "en" if (get_language() or "").startswith("en") else "de"


def _report(number: int) -> Report:
    found = queries.published().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def reports(request: HttpRequest) -> HttpResponse:
    """List the approved reports, newest first."""
    return page(request, "reports.html", rows=queries.headlines())


def report(request: HttpRequest, number: int) -> HttpResponse:
    """Show a report from its frozen content."""
    row, language = _report(number), language_of_page()
    content = queries.read(row)
    return page(
        request,
        "report.html",
        report=row,
        content=content,
        stamped=stamp_of(content, language),
        parts=written_parts(content, language),
        before=queries.before(row.kind, row.project, row.day),
        log=f"/ledger/{CHECKPOINT}",
    )


def compare(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Show what differs between two reports of a kind on the same subject."""
    rows = sorted((_report(number), _report(other)), key=lambda row: (row.day, row.pk))
    if rows[0].kind != rows[1].kind or rows[0].project_id != rows[1].project_id:
        raise Http404
    before, after = (queries.read(row) for row in rows)
    parts = difference(before, after, language_of_page())
    return page(request, "report_difference.html", before=before, after=after, parts=parts, number=rows[1].pk)


def file_of(row: Report, ending: str) -> HttpResponseBase:
    """Give a frozen report as a file; each comes from the same bytes."""
    if ending not in ENDINGS:
        raise Http404
    content, language = queries.read(row), language_of_page()
    name = f"{row.kind}-{row.day}" + (f"-{content.project}" if content.project else "")
    if ending == "csv":
        return csv_file(name, CSV_HEADER, csv_rows(content))
    if ending == "json":
        response = HttpResponse(queries.bytes_of(row), content_type="application/json")
        name = f"{name}.json"
    elif ending == "xlsx":
        response = HttpResponse(xlsx_of(content, row.digest, language), content_type=XLSX)
        name = f"{name}.{language}.xlsx"
    else:
        response = HttpResponse(pdf_of(content, row.digest, language), content_type="application/pdf")
        name = f"{name}.{language}.pdf"
    response["Content-Disposition"] = f'{"inline" if ending == "pdf" else "attachment"}; filename="{name}"'
    response["X-Content-SHA256"] = row.digest
    return response


def report_file(_request: HttpRequest, number: int, ending: str) -> HttpResponseBase:
    """Give a report as PDF, workbook, CSV or JSON."""
    return file_of(_report(number), ending)
