"""Reads of reports."""

import datetime as dt

import msgspec
from django.db.models import QuerySet

from allmende.accounts.models import Person
from allmende.kernel.text import Text
from allmende.programme.models import Project
from allmende.reports.models import APPROVED, COUNCIL, PUBLIC, WAITING, Report
from allmende.reports.rules import Content


class Headline(msgspec.Struct, frozen=True):
    """The title of a frozen report, read without all the rest."""

    title: Text


def headlines() -> list[tuple[Report, Text]]:
    """Give the published reports with their titles."""
    rows = published().defer(None)
    return [(row, msgspec.json.decode(bytes_of(row), type=Headline).title) for row in rows]


def reports() -> QuerySet[Report]:
    """Give all reports, newest first."""
    return Report.objects.select_related("project", "made_by", "sent_by", "approved_by").defer("content")


def published() -> QuerySet[Report]:
    """Give the approved reports that everybody reads, newest first."""
    return reports().filter(state=APPROVED, kind__in=PUBLIC)


def waiting_for(person: Person) -> QuerySet[Report]:
    """Give the reports that wait for a second person, on which this one did not work."""
    return reports().filter(state=WAITING).exclude(editors=person)


def before(kind: str, project: Project | None, day: dt.date) -> Report | None:
    """Give the last approved report of the same kind on the same subject before a day."""
    return reports().filter(state=APPROVED, kind=kind, project=project, day__lt=day).first()


def council_report_before(on: dt.date) -> Report | None:
    """Give the last report to the council on the whole programme that speaks of a day before and was approved by it."""
    rows = reports().filter(state=APPROVED, kind=COUNCIL, project=None, day__lt=on, approved_at__date__lte=on)
    return rows.order_by("-day", "-pk").first()


def bytes_of(report: Report) -> bytes:
    """Give the frozen content byte for byte."""
    return bytes(report.content or b"")


def read(report: Report) -> Content:
    """Give the frozen content."""
    return msgspec.json.decode(bytes_of(report), type=Content)
