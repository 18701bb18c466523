"""Bringing tables in: first a dry run that shows every change, then all of it or nothing."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import zstandard
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.bills import entered
from allmende.money.models import Booking, Commitment, CostType, FundingSource, ImportRun, Invoice, Plan
from allmende.money.models.grants import FEDERAL
from allmende.money.models.plans import DRAFT
from allmende.money.reading import Sheet, read_table
from allmende.money.rules import summed, terms_on
from allmende.money.services.bookings import count_up
from allmende.money.services.plans import DRAFT_MOVED, names, set_slots
from allmende.money.tables import (
    BookingRow,
    Known,
    PlanRow,
    judge_bookings,
    judge_plan,
    read_bookings,
    read_plan,
)
from allmende.money.workbook import CellFault
from allmende.programme.models import Project

HAS_FAULTS = ErrorCode(
    "money.import_has_faults",
    Text("Die Datei hat Fehler; nichts wurde übernommen.", "The file has faults; nothing was taken over."),
    Text(
        "Berichtigen Sie die genannten Zellen, und lesen Sie die Datei neu ein.", "Correct the cells, and read it anew."
    ),
)
APPLIED = ErrorCode(
    "money.import_applied",
    Text("Diese Datei ist schon übernommen.", "This file is taken over already."),
    Text("Lesen Sie die nächste ein.", "Bring in the next one."),
)
MOST_FAULTS, BATCH = 500, 2_000
NO_SHEET = Sheet((), (), (), excel=False)


def known() -> Known:
    """Gather what rows are held against."""
    sources = list(FundingSource.objects.all())
    views = queries.awards_on(today())
    eligible = (
        Booking.objects.filter(award__isnull=False).order_by().values_list("award").annotate(Sum("eligible_cents"))
    )
    return Known(
        projects=names(Project),
        cost_types=names(CostType),
        own_sources={source.slug for source in sources if source.kind != FEDERAL},
        federal=frozenset(source.slug for source in sources if source.kind == FEDERAL),
        public=frozenset(source.slug for source in sources if source.public and source.kind != FEDERAL),
        terms=tuple(view.terms for view in views),
        eligible=dict(eligible),
        titles={view.award.pk: view.award.title for view in views},
        contracts=set(Commitment.objects.values_list("number", flat=True)),
    )


def _there(rows: Sequence[BookingRow]) -> set[str]:
    """Give which of the invoices are there already."""
    return {key for key, one in entered({row.bill for row in rows}).items() if one.stands}


def source_slugs() -> list[str]:
    """Give the funding sources in the order of their columns."""
    return list(FundingSource.objects.values_list("slug", flat=True))


@transaction.atomic
def check_file(actor: Person, *, kind: str, name: str, content: bytes, plan: Plan | None = None) -> ImportRun:
    """Read a file and hold it against everything, without changing any money."""
    sheet = read_table(name, content)
    rows: Sequence[Any]
    if kind == "plan":
        rows, faults = read_plan(sheet, source_slugs()) if sheet.columns else ([], list(sheet.faults))
        faults += judge_plan(rows, known(), sheet) if rows else []
    else:
        rows, faults = read_bookings(sheet) if sheet.columns else ([], list(sheet.faults))
        faults += judge_bookings(rows, known(), _there(rows), sheet) if rows else []
    if not sheet.rows and not faults:
        faults = [CellFault("", Text("Die Datei hat keine Zeilen.", "The file has no rows."))]
    return ImportRun.objects.create(
        kind=kind,
        name=name[:200],
        digest=hashlib.sha256(content).hexdigest(),
        rows=zstandard.ZstdCompressor().compress(msgspec.json.encode(rows)),
        count=len(sheet.rows),
        faults=[[fault.cell, fault.reason.de, fault.reason.en] for fault in faults[:MOST_FAULTS]],
        plan=plan,
        plan_edits=plan.edits if plan else 0,
        person=actor,
    )


def _read(run: ImportRun) -> bytes:
    return zstandard.ZstdDecompressor().decompress(bytes(run.rows))


def booking_rows(run: ImportRun) -> list[BookingRow]:
    """Give the bookings that a file would bring."""
    return msgspec.json.decode(_read(run), type=list[BookingRow])


def plan_rows(run: ImportRun) -> list[PlanRow]:
    """Give the positions that a file would bring."""
    return msgspec.json.decode(_read(run), type=list[PlanRow])


@transaction.atomic
def apply_run(actor: Actor, *, number: int) -> ImportRun:
    """Take a checked file over, whole; everything is held against the present state once more."""
    run = ImportRun.objects.select_for_update().select_related("plan").get(pk=number)
    if run.applied_at is not None:
        raise Conflict(APPLIED)
    if run.faults or not run.count:
        raise Conflict(HAS_FAULTS)
    if run.kind == "plan":
        _apply_plan(actor, run)
    else:
        _apply_bookings(run)
    run.applied_at = timezone.now()
    run.save(update_fields=["applied_at"])
    record(actor, "money.file_applied", run, after={"kind": run.kind, "rows": run.count, "sha256": run.digest})
    return run


def _apply_plan(actor: Actor, run: ImportRun) -> None:
    rows = plan_rows(run)
    if run.plan is None or run.plan.state != DRAFT or run.plan.edits != run.plan_edits:
        raise Conflict(DRAFT_MOVED)
    if judge_plan(rows, known(), NO_SHEET):
        raise Conflict(HAS_FAULTS)
    slots = {one.slot: one.shares for one in rows}
    set_slots(actor, plan=run.plan.pk, edits=run.plan_edits, slots=slots, whole=True)


def _apply_bookings(run: ImportRun) -> None:
    rows = booking_rows(run)
    # Two files about the same bills, taken over at once, would both see none of them: the second waits here.
    count_up()
    if judge_bookings(rows, known(), _there(rows), NO_SHEET):
        raise Conflict(HAS_FAULTS)
    book_rows(rows)


Since = Callable[[BookingRow], dt.date]


def _of_today(_row: BookingRow) -> dt.date:
    """Say that a booking is known since today."""
    return today()


def book_rows(rows: Sequence[BookingRow], known_since: Since = _of_today) -> int:
    """Write judged bookings; ``known_since`` gives the day since which each was known, where it is not today."""
    projects, types, sources = names(Project), names(CostType), names(FundingSource)
    terms = [view.terms for view in queries.awards_on(today())]
    under = {day: terms_on(terms, day) for day in {one.day for one in rows}}
    numbers = _bills(rows, known_since)
    bookings = []
    for one in rows:
        award = under[one.day] if one.eligible else None
        bookings.append(
            Booking(
                invoice_id=numbers[one.bill],
                project_id=projects[one.project],
                cost_type_id=types[one.cost_type],
                year=one.year,
                own_source_id=sources[one.own_source],
                award_id=award.award if award else None,
                commitment=one.commitment,
                paid=one.paid,
                cents=one.cents,
                eligible_cents=one.eligible,
                reason=one.reason,
                known_since=known_since(one),
            )
        )
    Booking.objects.bulk_create(bookings, batch_size=BATCH)
    count_up()
    return len(bookings)


def _bills(rows: Sequence[BookingRow], known_since: Since) -> dict[str, int]:
    """Write the invoices of bookings, each with the sum of its rows; give their numbers by their keys."""
    sums: dict[str, int] = summed((one.bill, one.cents) for one in rows)
    first: dict[str, BookingRow] = {}
    for one in rows:
        first.setdefault(one.bill, one)
    before = entered(sums)
    bills = Invoice.objects.bulk_create(
        (
            Invoice(
                supplier=one.supplier,
                number=one.number,
                key=key,
                again=before[key].times if key in before else 0,
                day=one.day,
                cents=sums[key],
                text=one.text,
                known_since=known_since(one),
            )
            for key, one in first.items()
        ),
        batch_size=BATCH,
    )
    return {bill.key: bill.pk for bill in bills}


def effect(run: ImportRun) -> dict[str, tuple[int, int, int]]:
    """Give what a file of bookings would change by project: bookings, cents, eligible cents."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in booking_rows(run):
        sums = found[one.project]
        sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + one.cents, sums[2] + one.eligible
    return {project: (sums[0], sums[1], sums[2]) for project, sums in sorted(found.items())}
