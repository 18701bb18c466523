"""Writes of reports: drafted, sent, and approved by somebody who did not work on it."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from allmende.accounts.models import Person
from allmende.accounts.services import record
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.money.rules import canonical, digest_of
from allmende.programme.models import Project
from allmende.programme.queries.schedule import last_report_until
from allmende.reports import queries
from allmende.reports.gathering import FREE, content_of
from allmende.reports.models import APPROVED, DRAFT, PUBLIC, WAITING, YEARLY, Report
from allmende.reports.rules import PARTS

NOT_OVER = ErrorCode(
    "reports.day_not_over",
    Text("Ein Bericht spricht von einem abgeschlossenen Tag.", "A report speaks of a day that is over."),
    Text("Nennen Sie gestern oder einen früheren Tag.", "Name yesterday or an earlier day."),
)
NO_DRAFT = ErrorCode(
    "reports.no_draft",
    Text("Dieser Bericht ist kein Entwurf mehr.", "This report is no draft any more."),
    Text("Lassen Sie ihn zurückgeben, oder beginnen Sie einen neuen.", "Have it given back, or begin a new one."),
)
NOT_WAITING = ErrorCode(
    "reports.not_waiting",
    Text("Dieser Bericht wartet nicht auf eine Freigabe.", "This report does not wait for approval."),
    Text("Sehen Sie nach, in welchem Zustand er ist.", "Look in which state it is."),
)
SECOND = ErrorCode(
    "reports.second_person",
    Text("Wer an dem Bericht gearbeitet hat, gibt ihn nicht frei.", "Who worked on the report does not approve it."),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)
HALF = ErrorCode(
    "reports.one_language",
    Text("Ein Text steht nur in einer Sprache da: {title}.", "A text stands in one language only: {title}."),
    Text("Ergänzen Sie die andere Sprache, oder leeren Sie beide.", "Add the other language, or empty both."),
)
CHANGED = ErrorCode(
    "reports.edited_meanwhile",
    Text("Inzwischen hat jemand anderes diesen Entwurf geändert.", "Somebody else changed this draft meanwhile."),
    Text("Laden Sie die Seite neu, und tragen Sie Ihre Änderung noch einmal ein.", "Reload, and enter it again."),
)
NO_REASON = ErrorCode(
    "reports.no_reason",
    Text("Der Grund fehlt.", "The reason is missing."),
    Text("Schreiben Sie, was zu ändern ist.", "Write what is to be changed."),
)


def since_of(kind: str, project: Project | None, day: dt.date) -> dt.date | None:
    """Give the day after which changes count: that of the report before, or what stands in its place."""
    if kind not in PUBLIC:
        return None
    last = queries.before(kind, project, day)
    if last is not None:
        return last.day
    if kind == YEARLY:
        return day - dt.timedelta(days=365)
    event = last_report_until(day)
    return event.day if event else None


@transaction.atomic
def begin(actor: Person, *, kind: str, day: dt.date, project: Project | None) -> Report:
    """Begin a report."""
    if day >= today():
        raise Invalid(NOT_OVER)
    since = since_of(kind, project, day)
    row = Report.objects.create(kind=kind, day=day, since=since, project=project, made_by=actor)
    row.editors.add(actor)
    after = {"kind": kind, "day": day.isoformat(), "project": project.slug if project else None}
    record(actor, "report.created", row, after=after)
    return row


def _held(number: int, state: str, fault: ErrorCode) -> Report:
    row = Report.objects.select_for_update(of=("self",)).select_related("project").get(pk=number)
    if row.state != state:
        raise Conflict(fault)
    return row


def _written(row: Report) -> dict[str, object]:
    """Give what people decided about a report, for the audit trail."""
    texts = row.texts.items()
    words = {f"{key} ({language})": said for key, text in texts for language, said in text.items() if said}
    return {**words, "left_out": [PARTS[key].de for key in row.left_out]}


@transaction.atomic
def write(
    actor: Person, *, report: int, edits: int, texts: Mapping[str, Mapping[str, str]], left_out: Collection[str] = ()
) -> Report:
    """Write the free texts of a draft and say which parts it leaves out; ``edits`` tells which state was seen."""
    row = _held(report, DRAFT, NO_DRAFT)
    if row.edits != edits:
        raise Conflict(CHANGED)
    keys = {free.key for free in FREE[row.kind]}
    new = {key: {"de": text["de"].strip(), "en": text["en"].strip()} for key, text in texts.items() if key in keys}
    left = [key for key in PARTS if key in left_out and row.kind in PUBLIC]
    if new == row.texts and left == row.left_out:
        return row
    before = _written(row)
    row.texts, row.left_out, row.edits = new, left, row.edits + 1
    row.save(update_fields=["texts", "left_out", "edits"])
    row.editors.add(actor)
    record(actor, "report.edited", row, before=before, after=_written(row))
    return row


@transaction.atomic
def send(actor: Person, *, report: int) -> Report:
    """Freeze a draft and give it to a second person, who approves exactly these bytes."""
    row = _held(report, DRAFT, NO_DRAFT)
    for free in FREE[row.kind]:
        text = row.texts.get(free.key, {})
        if bool(text.get("de")) != bool(text.get("en")):
            raise Invalid(HALF, title=free.title)
    content = canonical(content_of(row))
    row.content, row.digest, row.state = content, digest_of(content), WAITING
    row.sent_by, row.sent_at = actor, timezone.now()
    row.save(update_fields=["content", "digest", "state", "sent_by", "sent_at"])
    row.editors.add(actor)
    record(actor, "report.sent", row, after={"digest": row.digest})
    return row


@transaction.atomic
def give_back(actor: Person, *, report: int, reason: str) -> Report:
    """Make a report that waits a draft again, with the reason."""
    row = _held(report, WAITING, NOT_WAITING)
    if not reason.strip():
        raise Invalid(NO_REASON)
    before = row.digest
    row.content, row.digest, row.state = None, "", DRAFT
    row.save(update_fields=["content", "digest", "state"])
    record(actor, "report.returned", row, before={"digest": before}, note=reason.strip())
    return row


@transaction.atomic
def approve(actor: Person, *, report: int, ledger: Ledger) -> Report:
    """Approve a report on which one has not worked; from now on it stays as it is, and the ledger has its hash."""
    row = _held(report, WAITING, NOT_WAITING)
    if row.editors.filter(pk=actor.pk).exists():
        raise Denied(SECOND)
    row.state, row.approved_by, row.approved_at = APPROVED, actor, timezone.now()
    row.save(update_fields=["state", "approved_by", "approved_at"])
    record(actor, "report.approved", row, after={"digest": row.digest})
    subject = f"/{row.project.slug}" if row.project else ""
    ledger.tell_document(f"{row.kind}{subject}/{row.day.isoformat()}/{row.pk}", row.digest, actor.email)
    return row
