"""Writes of draw-downs, which one person prepares and another releases, and of payments."""

import datetime as dt
from collections.abc import Collection

import msgspec
from django.db import transaction
from django.db.models import Max, Sum

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, ErrorCode, Invalid
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.models import (
    Award,
    Booking,
    DrawDown,
    DrawDownLine,
    DrawDownShare,
    Payment,
    PreparedDrawDown,
    PreparedLine,
)
from allmende.money.models.claims import PREPARED, RELEASED, WITHDRAWN
from allmende.money.rules import Entry, claim, claimable, spread, summed
from allmende.money.services.plans import SECOND_PERSON, require_past

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
    Text("Nennen Sie den Grund, wenn Sie sie berichtigen.", "Give the reason if you correct it."),
)
PAID_TOO_MUCH = ErrorCode(
    "money.paid_beyond_claim",
    Text("Ausgezahlt wäre mehr als abgerufen.", "More would be paid than was claimed."),
    Text("Prüfen Sie den Betrag.", "Check the amount."),
)


WAITS_ALREADY = ErrorCode(
    "money.draw_down_waits",
    Text(
        "Für diese Zuwendung wartet schon ein Mittelabruf auf die zweite Person.",
        "A draw-down of this award waits for the second person already.",
    ),
    Text("Geben Sie ihn frei, oder ziehen Sie ihn zurück.", "Release it, or withdraw it."),
)
NOT_PREPARED = ErrorCode(
    "money.draw_down_not_waiting",
    Text("Dieser Mittelabruf wartet nicht mehr.", "This draw-down waits no longer."),
    Text("Sehen Sie in der Liste nach.", "Look at the list."),
)
MOVED_ON = ErrorCode(
    "money.draw_down_differs",
    Text(
        "Seit der Vorbereitung hat sich geändert, was diese Buchungen ergeben.",
        "What these bookings lead to has changed since it was prepared.",
    ),
    Text("Ziehen Sie den Abruf zurück, und bereiten Sie ihn neu vor.", "Withdraw it, and prepare it anew."),
)
NO_REASON = ErrorCode(
    "money.withdrawn_without_reason",
    Text("Der Grund fehlt.", "The reason is missing."),
    Text("Sagen Sie, warum der Abruf zurückgezogen wird.", "Say why the draw-down is withdrawn."),
)
BATCH = 2_000


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


def propose(award: Award, until: dt.date, only: Collection[int] | None = None) -> Proposal:
    """Work out the next draw-down of an award; ``only`` leaves out what came after it was prepared."""
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
    chosen = tuple(entry for entry in claimable(entries, claimed, until) if only is None or entry.number in only)
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
def prepare(actor: Person, *, award: int, until: dt.date) -> PreparedDrawDown:
    """Prepare a draw-down: which bookings it claims is fixed now, and nothing is claimed yet."""
    require_past(until)
    given = Award.objects.select_for_update().get(pk=award)
    if given.prepared.filter(state=PREPARED).exists():
        raise Conflict(WAITS_ALREADY)
    proposal = propose(given, until)
    if proposal.federal <= 0:
        raise Conflict(NOTHING_TO_CLAIM)
    row = PreparedDrawDown.objects.create(
        award=given,
        until=until,
        eligible_cents=proposal.eligible,
        federal_cents=proposal.federal,
        made_by=actor,
    )
    lines = (PreparedLine(prepared=row, booking_id=entry.number) for entry in proposal.entries)
    PreparedLine.objects.bulk_create(lines, batch_size=BATCH)
    record(actor, "money.draw_down_prepared", row, after=_told(proposal))
    return row


def _told(proposal: Proposal) -> dict[str, object]:
    return {
        **{"until": proposal.until.isoformat(), "eligible_cents": proposal.eligible},
        **{"federal_cents": proposal.federal, "bookings": len(proposal.entries)},
    }


def _waiting(number: int) -> PreparedDrawDown:
    row = PreparedDrawDown.objects.select_for_update().get(pk=number)
    if row.state != PREPARED:
        raise Conflict(NOT_PREPARED)
    return row


@transaction.atomic
def release(actor: Person, *, prepared: int) -> DrawDown:
    """Make the draw-down that somebody else prepared, if its bookings still give the same; they are used up by it."""
    award = Award.objects.select_for_update().get(prepared=prepared)
    row = _waiting(prepared)
    if row.made_by_id == actor.pk:
        raise Denied(SECOND_PERSON)
    seen = set(row.lines.values_list("booking", flat=True))
    proposal = propose(award, row.until, seen)
    same = (proposal.eligible, proposal.federal) == (row.eligible_cents, row.federal_cents)
    if not same or len(proposal.entries) != len(seen):
        raise Conflict(MOVED_ON)
    made = _make(proposal, row.made_by, actor)
    row.state, row.draw_down = RELEASED, made
    row.save(update_fields=["state", "draw_down"])
    record(actor, "money.draw_down_released", row, after={"number": made.number})
    record(actor, "money.drawn_down", made, after=_told(proposal))
    return made


def _make(proposal: Proposal, person: Person, second: Person) -> DrawDown:
    """Write the draw-down with its statement of expenditure."""
    number = (proposal.award.draw_downs.aggregate(Max("number"))["number__max"] or 0) + 1
    row = DrawDown.objects.create(
        award=proposal.award,
        number=number,
        until=proposal.until,
        eligible_cents=proposal.eligible,
        federal_cents=proposal.federal,
        person=person,
        released_by=second,
    )
    lines = [DrawDownLine(draw_down=row, booking_id=entry.number) for entry in proposal.entries]
    DrawDownLine.objects.bulk_create(lines, batch_size=BATCH)
    shares = spread(proposal.federal, proposal.by_project)
    DrawDownShare.objects.bulk_create(
        DrawDownShare(draw_down=row, project_id=project, eligible_cents=eligible, federal_cents=shares[project])
        for project, eligible in proposal.by_project.items()
    )
    return row


@transaction.atomic
def withdraw(actor: Person, *, prepared: int, reason: str) -> PreparedDrawDown:
    """Give a prepared draw-down up; its bookings wait for the next one."""
    row = _waiting(prepared)
    if not reason.strip():
        raise Invalid(NO_REASON)
    row.state = WITHDRAWN
    row.save(update_fields=["state"])
    record(actor, "money.draw_down_withdrawn", row, note=reason.strip())
    return row


@transaction.atomic
def enter_payment(actor: Actor, *, draw_down: int, day: dt.date, cents: int, reason: str = "") -> Payment:
    """Enter what the funder paid; a correction takes its place from today on, and what was known stays."""
    require_past(day)
    row = DrawDown.objects.select_for_update(of=("self",)).get(pk=draw_down)
    before = row.payment
    if before is not None and not reason.strip():
        raise Conflict(PAID_ALREADY)
    if not 0 < cents <= row.federal_cents:
        raise Invalid(PAID_TOO_MUCH)
    payment = Payment.objects.create(draw_down=row, day=day, cents=cents, reason=reason.strip())
    verb, old = "money.payment_entered", None
    if before is not None:
        verb, old = "money.payment_corrected", {"cents": before.cents, "day": before.day.isoformat()}
    record(actor, verb, row, before=old, after={"cents": cents, "day": day.isoformat()}, note=reason.strip())
    return payment
