"""Writes of invoices and bookings; nothing is changed, a mistake gets its counter-entry."""

import datetime as dt

import msgspec
from django.db import transaction
from django.db.models import F, Sum

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.bills import entered
from allmende.money.models import (
    Award,
    Booking,
    BookingCount,
    Commitment,
    CostType,
    FundingSource,
    Invoice,
    OpenInvoice,
)
from allmende.money.models.grants import FEDERAL
from allmende.money.rules import NEGATIVE, OVER_CEILING, Terms, booking_fault, same_bill, terms_on
from allmende.money.services.plans import require_past
from allmende.programme.models import Project

INVOICE_TWICE = ErrorCode(
    "money.invoice_twice",
    Text("Die Rechnung {number} von {supplier} gibt es schon.", "Invoice {number} of {supplier} is there already."),
    Text("Sehen Sie bei der vorhandenen nach.", "Look at the one that is there."),
)
NOTHING = ErrorCode(
    "money.nothing_to_book",
    Text("Ein Betrag von null wird nicht gebucht.", "An amount of zero is not booked."),
    Text("Nennen Sie den Betrag.", "Give the amount."),
)
BEYOND_INVOICE = ErrorCode(
    "money.beyond_invoice",
    Text("Offen sind auf dieser Rechnung nur {open} Cent.", "Only {open} cents of this invoice are open."),
    Text("Verringern Sie den Betrag.", "Lower the amount."),
)
ALREADY_REVERSED = ErrorCode(
    "money.already_reversed",
    Text("Das ist schon zurückgenommen oder selbst eine Gegenbuchung.", "It is taken back, or a counter-entry itself."),
    Text("Buchen Sie neu.", "Book anew."),
)
NOT_OWN = ErrorCode(
    "money.own_share_by_federal",
    Text("Den Eigenanteil kann nicht der Bund tragen.", "The own share cannot be carried by the federal side."),
    Text("Wählen Sie die Stadt oder Dritte.", "Choose the city or a third party."),
)
PAID_ALREADY = ErrorCode(
    "money.booking_paid_already",
    Text("Wann das bezahlt wurde, steht schon fest.", "When this was paid is settled already."),
    Text("Buchen Sie gegen, wenn es nicht stimmt.", "Take it back by its counter-entry if it is wrong."),
)
PAID_NOTE = "durch die bezahlte Buchung ersetzt"
NO_CONTRACT = ErrorCode(
    "money.no_such_commitment",
    Text("Die Festlegung „{number}“ gibt es nicht.", "There is no commitment “{number}”."),
    Text("Legen Sie sie an, oder berichtigen Sie die Nummer.", "Add it, or correct the number."),
)
NEEDS_REASON = ErrorCode(
    "money.reversal_needs_reason",
    Text("Zum Zurücknehmen fehlt der Grund.", "Taking back needs a reason."),
    Text("Nennen Sie den Grund.", "Give the reason."),
)


class Part(msgspec.Struct, frozen=True):
    """A part of an invoice and the position to which it belongs."""

    project: Project
    cost_type: CostType
    year: int
    own_source: FundingSource
    cents: int
    eligible: int
    paid: dt.date | None = None
    reason: str = ""
    commitment: str = ""


def count_up() -> None:
    """Let sums that are kept in memory be worked out anew; whoever books at the same time waits here."""
    counts = BookingCount.objects.filter(pk=1)
    if not counts.update(number=F("number") + 1):
        # Of several who book first in a city, one makes the row and the others wait for it.
        BookingCount.objects.bulk_create([BookingCount(pk=1, number=0)], ignore_conflicts=True)
        counts.update(number=F("number") + 1)


def _settle(bill: Invoice) -> None:
    """Keep what of an invoice is open."""
    left = 0 if bill.reverses_id or Invoice.objects.filter(reverses=bill).exists() else open_cents(bill)
    if left:
        OpenInvoice.objects.update_or_create(invoice=bill, defaults={"cents": left})
    else:
        OpenInvoice.objects.filter(invoice=bill).delete()


@transaction.atomic
def add_invoice(actor: Actor, *, supplier: str, number: str, day: dt.date, cents: int, text: str) -> Invoice:
    """Enter a bill; it waits until it is put on positions."""
    if cents <= 0:
        raise Invalid(NEGATIVE if cents < 0 else NOTHING, cents=cents)
    require_past(day)
    key = same_bill(supplier, number)
    before = entered([key]).get(key)
    if before is not None and before.stands:
        raise Conflict(INVOICE_TWICE, supplier=supplier, number=number)
    again = before.times if before else 0
    row = Invoice.objects.create(
        supplier=supplier, number=number, day=day, cents=cents, text=text, key=key, again=again
    )
    _settle(row)
    record(actor, "money.invoice_added", row, after={"cents": cents, "day": day.isoformat()})
    return row


def open_cents(invoice: Invoice) -> int:
    """Give what of an invoice is on no position yet."""
    put = invoice.bookings.aggregate(Sum("cents"))["cents__sum"] or 0
    return invoice.cents - int(put)


def eligible_so_far(award: int) -> int:
    """Give all that was booked as eligible under an award, in cents."""
    return Booking.objects.filter(award=award).aggregate(Sum("eligible_cents"))["eligible_cents__sum"] or 0


def require_room(terms: Terms, eligible: int, sofar: int) -> None:
    """Refuse eligible cost beyond what the ceiling allows."""
    beyond = sofar + eligible - terms.most_eligible
    if beyond > 0:
        name = Award.objects.get(pk=terms.award).title
        raise Invalid(OVER_CEILING, cents=beyond, award=name)


def _require_contract(number: str) -> None:
    if number and not Commitment.objects.filter(number=number).exists():
        raise Invalid(NO_CONTRACT, number=number)


@transaction.atomic
def allocate(actor: Actor, *, invoice: int, part: Part) -> Booking:
    """Put a part of an invoice on a position."""
    bill = Invoice.objects.select_for_update().filter(pk=invoice).first()
    if bill is None:
        raise NotFound(BEYOND_INVOICE, open=0)
    terms = [view.terms for view in queries.awards_on(today())]
    fault = booking_fault(part.cents, part.eligible, part.reason, bill.day, terms)
    if fault is not None:
        raise Invalid(fault[0], **fault[1])
    if not part.cents:
        raise Invalid(NOTHING)
    if part.own_source.kind == FEDERAL:
        raise Invalid(NOT_OWN)
    _require_contract(part.commitment)
    require_past(part.paid)
    # Who books at the same time waits here, so that two parts cannot each find the same room below the ceiling.
    count_up()
    left = 0 if Invoice.objects.filter(reverses=bill).exists() else open_cents(bill)
    if part.cents > left:
        raise Conflict(BEYOND_INVOICE, open=left)
    under = terms_on(terms, bill.day) if part.eligible else None
    if under is not None:
        require_room(under, part.eligible, eligible_so_far(under.award))
    row = Booking.objects.create(
        invoice=bill,
        project=part.project,
        cost_type=part.cost_type,
        year=part.year,
        own_source=part.own_source,
        award_id=under.award if under else None,
        commitment=part.commitment,
        paid=part.paid,
        cents=part.cents,
        eligible_cents=part.eligible,
        reason=part.reason.strip(),
    )
    _settle(bill)
    told = {"project": part.project.slug, "cents": part.cents, "eligible_cents": part.eligible}
    record(actor, "money.invoice_allocated", bill, after=told)
    return row


def _counter_entry(booking: Booking, reason: str) -> Booking:
    if booking.reverses_id is not None or Booking.objects.filter(reverses=booking).exists():
        raise Conflict(ALREADY_REVERSED)
    return Booking.objects.create(
        invoice_id=booking.invoice_id,
        project_id=booking.project_id,
        cost_type_id=booking.cost_type_id,
        year=booking.year,
        own_source_id=booking.own_source_id,
        award_id=booking.award_id,
        commitment=booking.commitment,
        paid=today() if booking.paid else None,
        cents=-booking.cents,
        eligible_cents=-booking.eligible_cents,
        reason=reason,
        reverses=booking,
    )


@transaction.atomic
def enter_paid(actor: Actor, *, booking: int, day: dt.date) -> Booking:
    """Say when a booking was paid: a counter-entry takes the unpaid one back, and a new one stands in its place."""
    require_past(day)
    row = Booking.objects.select_for_update().get(pk=booking)
    if row.paid is not None:
        raise Conflict(PAID_ALREADY)
    _counter_entry(row, PAID_NOTE)
    values = {field.attname: getattr(row, field.attname) for field in Booking._meta.concrete_fields}
    paid = Booking.objects.create(**{**values, "id": None, "paid": day, "known_since": today()})
    count_up()
    record(actor, "money.booking_paid", row.invoice, after={"cents": row.cents, "paid": day.isoformat()})
    return paid


@transaction.atomic
def reverse_booking(actor: Actor, *, booking: int, reason: str) -> Booking:
    """Take a booking back by its counter-entry; the invoice is open again by that much."""
    if not reason.strip():
        raise Invalid(NEEDS_REASON)
    row = Booking.objects.select_for_update().get(pk=booking)
    counter = _counter_entry(row, reason.strip())
    count_up()
    _settle(row.invoice)
    record(actor, "money.booking_reversed", row.invoice, after={"cents": counter.cents}, note=reason)
    return counter


@transaction.atomic
def reverse_invoice(actor: Actor, *, invoice: int, reason: str) -> Invoice:
    """Take a whole invoice back: a counter-entry for each of its bookings, and one for the bill."""
    if not reason.strip():
        raise Invalid(NEEDS_REASON)
    bill = Invoice.objects.select_for_update().get(pk=invoice)
    if bill.reverses_id is not None or Invoice.objects.filter(reverses=bill).exists():
        raise Conflict(ALREADY_REVERSED)
    for booking in bill.bookings.filter(reverses__isnull=True, reversed_by__isnull=True):
        _counter_entry(booking, reason.strip())
    counter = Invoice.objects.create(
        supplier=bill.supplier,
        number=f"{bill.number} STORNO"[:60],
        again=bill.again,
        day=today(),
        cents=-bill.cents,
        text=reason.strip()[:300],
        reverses=bill,
    )
    count_up()
    _settle(bill)
    record(actor, "money.invoice_reversed", bill, after={"counter": counter.number}, note=reason)
    return counter
