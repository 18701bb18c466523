"""Writes of draw-downs and payments."""

import datetime as dt

import msgspec
from django.db import transaction
from django.db.models import Max, Sum

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.models import Award, Booking, DrawDown, DrawDownLine, DrawDownShare, Payment
from allmende.money.rules import Entry, claim, claimable, spread, summed
from allmende.money.services.plans import require_past

NOTHING_TO_CLAIM = ErrorCode(
    "money.nothing_to_claim",
    Text("Bis zu diesem Tag gibt es nichts abzurufen.", "There is nothing to claim up to that day."),
    Text(
        "Ordnen Sie offene Rechnungen zu, oder nennen Sie einen späteren Tag.",
        "Allocate invoices, or name a later day.",
    ),
)
PAID_ALREADY = ErrorCode(
    "money.paid_already",
    Text("Die Auszahlung ist schon eingetragen.", "The payment is entered already."),
    Text("Sehen Sie beim Mittelabruf nach.", "Look at the draw-down."),
)
PAID_TOO_MUCH = ErrorCode(
    "money.paid_beyond_claim",
    Text("Ausgezahlt wäre mehr als abgerufen.", "More would be paid than was claimed."),
    Text("Prüfen Sie den Betrag.", "Check the amount."),
)


class Proposal(msgspec.Struct, frozen=True):
    """What a next draw-down would claim: bookings, eligible cost and share by project; carried is what was cut off."""

    award: Award
    until: dt.date
    entries: tuple[Entry, ...]
    eligible: int
    federal: int
    by_project: dict[int, int]

    @property
    def amount(self) -> Money:
        """Give what would be claimed."""
        return Money(self.federal)

    @property
    def cost(self) -> Money:
        """Give the eligible cost behind it."""
        return Money(self.eligible)


def propose(award: Award, until: dt.date) -> Proposal:
    """Work out the next draw-down of an award."""
    view = next((view for view in queries.awards_on(today()) if view.award.pk == award.pk), None)
    if view is None:
        raise Invalid(NOTHING_TO_CLAIM)
    rows = Booking.objects.filter(award=award, line__isnull=True).exclude(eligible_cents=0)
    values = rows.values_list("pk", "cents", "eligible_cents", "paid", "known_since", "reverses", "project")
    projects, entries = {}, []
    for number, cents, eligible, paid, known, reverses, project in values.order_by("pk"):
        projects[number] = project
        entries.append(Entry(number, cents, eligible, paid, known, reverses))
    reversed_ones = [entry.reverses for entry in entries if entry.reverses is not None]
    claimed = set(DrawDownLine.objects.filter(booking__in=reversed_ones).values_list("booking", flat=True))
    chosen = tuple(claimable(entries, claimed, until))
    eligible = sum(entry.eligible for entry in chosen)
    before = award.draw_downs.aggregate(Sum("eligible_cents"), Sum("federal_cents"))
    federal = claim(
        (before["eligible_cents__sum"] or 0) + eligible,
        before["federal_cents__sum"] or 0,
        view.terms.rate,
        view.terms.ceiling,
    )
    by_project = summed((projects[entry.number], entry.eligible) for entry in chosen)
    return Proposal(award, until, chosen, eligible, federal, by_project)


@transaction.atomic
def draw_down(actor: Actor, *, award: int, until: dt.date) -> DrawDown:
    """Make the draw-down with its statement of expenditure; its bookings are used up by it."""
    require_past(until)
    given = Award.objects.select_for_update().get(pk=award)
    proposal = propose(given, until)
    if proposal.federal <= 0:
        raise Conflict(NOTHING_TO_CLAIM)
    number = (given.draw_downs.aggregate(Max("number"))["number__max"] or 0) + 1
    row = DrawDown.objects.create(
        award=given,
        number=number,
        until=until,
        eligible_cents=proposal.eligible,
        federal_cents=proposal.federal,
        person=actor if isinstance(actor, Person) else None,
    )
    lines = [DrawDownLine(draw_down=row, booking_id=entry.number) for entry in proposal.entries]
    DrawDownLine.objects.bulk_create(lines, batch_size=2000)
    shares = spread(proposal.federal, proposal.by_project)
    DrawDownShare.objects.bulk_create(
        DrawDownShare(draw_down=row, project_id=project, eligible_cents=eligible, federal_cents=shares[project])
        for project, eligible in proposal.by_project.items()
    )
    after = {"eligible_cents": row.eligible_cents, "federal_cents": row.federal_cents, "bookings": len(lines)}
    record(actor, "money.drawn_down", row, after=after)
    return row


@transaction.atomic
def enter_payment(actor: Actor, *, draw_down: int, day: dt.date, cents: int) -> Payment:
    """Enter what the funder paid."""
    require_past(day)
    row = DrawDown.objects.select_for_update().get(pk=draw_down)
    if Payment.objects.filter(draw_down=row).exists():
        raise Conflict(PAID_ALREADY)
    if not 0 < cents <= row.federal_cents:
        raise Invalid(PAID_TOO_MUCH)
    payment = Payment.objects.create(draw_down=row, day=day, cents=cents)
    record(actor, "money.payment_entered", row, after={"cents": cents, "day": day.isoformat()})
    return payment
