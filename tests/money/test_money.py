"""Bookings, plans, draw-downs, proofs and scenarios keep their rules, and the past stays as it was known."""

import datetime as dt
import hashlib
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.accounts.changes import delete_row
from allmende.accounts.models import AuditEntry
from allmende.catalog.door import gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError, Conflict, Denied, Invalid
from allmende.ledger.check import verify_log
from allmende.ledger.entry import DocumentApproved, read_entry
from allmende.ledger.note import LOG, Signer
from allmende.money import queries
from allmende.money.contracts import contracts_on
from allmende.money.models import (
    Award,
    AwardTerms,
    Booking,
    CostType,
    DrawDown,
    DrawDownLine,
    FundingSource,
    Invoice,
    Plan,
    Scenario,
)
from allmende.money.models.plans import PUBLISHED
from allmende.money.rules import Slot
from allmende.money.services import bookings, claims, plans, proofs, scenarios
from allmende.programme.models import Project
from tests.money.conftest import person

pytestmark = pytest.mark.usefixtures("musterstadt")
AS_OF = dt.date(2026, 11, 20)


def part(**other: Any) -> bookings.Part:
    """Make a part of an invoice for a position."""
    values: dict[str, Any] = {
        "project": Project.objects.get(slug="licht"),
        "cost_type": CostType.objects.get(slug="auftraege"),
        "year": 2026,
        "own_source": FundingSource.objects.get(slug="stadt"),
        "cents": 1000_00,
        "eligible": 1000_00,
        "paid": dt.date(2026, 11, 2),
    }
    return bookings.Part(**{**values, **other})


def invoice(number: str = "X1", cents: int = 1000_00, day: dt.date = dt.date(2026, 10, 1)) -> Invoice:
    """Enter an invoice."""
    return bookings.add_invoice(person("anna"), supplier="Werk", number=number, day=day, cents=cents, text="Mast")


def code_of(work: Any) -> str:
    """Give the code of the error that some work meets."""
    with pytest.raises(AllmendeError) as met:
        work()
    return met.value.code.code


def test_the_pack_arrives_whole_and_its_plans_are_those_that_were_published() -> None:
    totals = [(plan.day, shares.total.cents, shares.federal) for plan, shares in queries.plan_totals(today())]
    assert totals == [
        (dt.date(2023, 7, 1), 8_000_000_00, 5_200_000_00),
        (dt.date(2025, 10, 16), 7_400_000_00, 4_810_000_00),
    ]
    found = queries.overview(AS_OF)
    assert found.simulated
    assert found.total.plan.total.cents == 7_400_000_00
    booked = Booking.objects.filter(known_since__lte=AS_OF).aggregate(Sum("cents"))["cents__sum"]
    assert found.total.actual.total.cents == sum(line.actual.total.cents for line in found.lines) == booked


def test_shares_add_up_to_the_cent_and_the_federal_one_is_the_rate_of_what_is_eligible() -> None:
    found = queries.overview(AS_OF)
    eligible = dict(
        Booking.objects.filter(award__isnull=False, known_since__lte=AS_OF)
        .order_by()
        .values_list("award")
        .annotate(Sum("eligible_cents"))
    )
    assert found.total.actual.federal == sum(cents * 13 // 20 for cents in eligible.values())
    assert sum(line.actual.federal for line in found.lines) == found.total.actual.federal


@given(st.sets(st.dates(dt.date(2021, 1, 1), dt.date(2028, 1, 1)), max_size=5), st.dates(dt.date(2020, 1, 1)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_m3_one_plan_counts_on_a_day(days: set[dt.date], on: dt.date) -> None:
    with transaction.atomic():
        known = set(Plan.objects.filter(state=PUBLISHED).values_list("day", flat=True)) | days
        fresh = days - set(Plan.objects.values_list("day", flat=True))
        Plan.objects.bulk_create(Plan(title_de="x", title_en="x", state=PUBLISHED, day=day) for day in fresh)
        found = queries.plan_in_force(on)
        assert (found.day if found else None) == max((day for day in known if day and day <= on), default=None)
        transaction.set_rollback(True)


def test_as_of_a_day_only_what_was_known_then_counts() -> None:
    early = queries.overview(dt.date(2024, 6, 30))
    assert early.plan is not None
    assert early.plan.day == dt.date(2023, 7, 1)
    known = Booking.objects.filter(known_since__lte=dt.date(2024, 6, 30)).aggregate(Sum("cents"))["cents__sum"]
    assert early.total.actual.total.cents == known
    before = queries.awards_on(dt.date(2025, 1, 1))[-1].terms.end, queries.awards_on(AS_OF)[-1].terms.end
    assert before == (dt.date(2027, 12, 31), dt.date(2028, 12, 31))
    allocated_today = bookings.allocate(person("anna"), invoice=invoice().pk, part=part())
    assert allocated_today.known_since == today()
    assert queries.overview(dt.date(2024, 6, 30)).total == early.total


def test_the_proofs_are_due_30_and_66_months_after_the_award() -> None:
    assert [view.proof_due for view in queries.awards_on(AS_OF)] == [dt.date(2026, 1, 1), dt.date(2029, 1, 1)]


def test_an_invoice_waits_until_all_of_it_is_on_positions() -> None:
    bill = invoice()
    assert bill.pk in [row.invoice_id for row in queries.unallocated()]
    bookings.allocate(person("anna"), invoice=bill.pk, part=part(cents=400_00, eligible=400_00))
    assert queries.unallocated().get(invoice=bill).cents == 600_00
    assert code_of(lambda: bookings.allocate(person("anna"), invoice=bill.pk, part=part())) == "money.beyond_invoice"
    bookings.allocate(person("anna"), invoice=bill.pk, part=part(cents=600_00, eligible=0, reason="Bewirtung"))
    assert not queries.unallocated().filter(invoice=bill).exists()
    assert AuditEntry.objects.filter(verb="money.invoice_allocated", person=person("anna")).count() == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cents": -1, "eligible": 0}, "money.negative"),
        ({"eligible": 1000_01}, "money.eligible_beyond_amount"),
        ({"eligible": 10_00}, "money.no_reason"),
        ({"paid": dt.date(2100, 1, 1)}, "money.future_day"),
        ({"cents": 0, "eligible": 0}, "money.nothing_to_book"),
    ],
)
def test_what_may_not_be_booked_is_refused(change: dict[str, Any], code: str) -> None:
    bill, before = invoice(), Booking.objects.count()
    assert code_of(lambda: bookings.allocate(person("anna"), invoice=bill.pk, part=part(**change))) == code
    assert Booking.objects.count() == before


def test_the_own_share_is_never_federal_money() -> None:
    federal = FundingSource.objects.get(slug="bund")
    bill = invoice()
    work = lambda: bookings.allocate(person("anna"), invoice=bill.pk, part=part(own_source=federal))  # noqa: E731
    assert code_of(work) == "money.own_share_by_federal"


def test_outside_the_grant_period_and_over_the_ceiling_nothing_is_eligible() -> None:
    old = invoice("ALT", day=dt.date(2022, 5, 1))
    assert code_of(lambda: bookings.allocate(person("anna"), invoice=old.pk, part=part())) == "money.outside_period"
    kept = bookings.allocate(person("anna"), invoice=old.pk, part=part(eligible=0, reason="vor der Zusage"))
    assert kept.award is None
    huge = invoice("RIESIG", cents=90_000_000_00)
    work = lambda: bookings.allocate(  # noqa: E731
        person("anna"), invoice=huge.pk, part=part(cents=huge.cents, eligible=huge.cents)
    )
    assert code_of(work) == "money.over_ceiling"


def test_an_invoice_is_entered_once() -> None:
    invoice()
    assert code_of(invoice) == "money.invoice_twice"


def test_the_same_invoice_written_otherwise_is_the_same() -> None:
    invoice("RE 2026/7a")
    assert code_of(lambda: invoice("re  2026/7A")) == "money.invoice_twice"


def test_an_invoice_that_was_taken_back_is_entered_again_as_often_as_needed() -> None:
    for cents in (1_00, 10_00, 100_00):
        bill = invoice(cents=cents)
        bookings.allocate(person("anna"), invoice=bill.pk, part=part(cents=cents, eligible=cents))
        assert code_of(invoice) == "money.invoice_twice"
        bookings.reverse_invoice(person("anna"), invoice=bill.pk, reason="falscher Betrag")
    assert invoice().cents == 1000_00
    assert Booking.objects.filter(invoice__number="X1").aggregate(Sum("cents"))["cents__sum"] == 0


def test_a_booking_that_is_paid_later_is_claimed_from_then_on_and_no_sum_changes() -> None:
    award = Award.objects.get(slug="umsetzungsphase")
    row = bookings.allocate(person("anna"), invoice=invoice().pk, part=part(paid=None))
    before, sums = claims.propose(award, today()), queries.overview(today()).total
    assert row in queries.bookings(unpaid=True)
    paid = bookings.enter_paid(person("anna"), booking=row.pk, day=dt.date(2026, 11, 3))
    assert not queries.bookings(unpaid=True).exists()
    after = claims.propose(award, today())
    assert {entry.number for entry in after.entries} - {entry.number for entry in before.entries} == {paid.pk}
    assert queries.overview(today()).total == sums
    assert not queries.unallocated().filter(invoice=row.invoice).exists()
    for number, code in ((paid.pk, "money.booking_paid_already"), (row.pk, "money.already_reversed")):
        again = partial(bookings.enter_paid, person("anna"), booking=number, day=today())
        assert code_of(again) == code


def test_a_contract_is_known_or_nothing_is_booked_under_it() -> None:
    bill = invoice()
    work = partial(bookings.allocate, person("anna"), invoice=bill.pk)
    assert code_of(partial(work, part=part(commitment="V-9999"))) == "money.no_such_commitment"
    before = {one.row.number: one.drawn for one in contracts_on(today())}["V-2024-01"]
    work(part=part(commitment="V-2024-01"))
    assert {one.row.number: one.drawn for one in contracts_on(today())}["V-2024-01"] == before + 1000_00


def test_a_booking_is_taken_back_by_its_counter_entry_once() -> None:
    bill = invoice()
    row = bookings.allocate(person("anna"), invoice=bill.pk, part=part())
    before = queries.overview(today()).total.actual.total.cents
    counter = bookings.reverse_booking(person("anna"), booking=row.pk, reason="falsches Projekt")
    assert (counter.cents, counter.reverses_id) == (-1000_00, row.pk)
    assert queries.overview(today()).total.actual.total.cents == before - 1000_00
    assert queries.unallocated().get(invoice=bill).cents == 1000_00
    again = lambda: bookings.reverse_booking(person("anna"), booking=row.pk, reason="noch einmal")  # noqa: E731
    assert code_of(again) == "money.already_reversed"
    bookings.reverse_invoice(person("anna"), invoice=bill.pk, reason="falsch gestellt")
    assert not queries.unallocated().filter(invoice=bill).exists()
    assert Booking.objects.filter(invoice=bill).aggregate(Sum("cents"))["cents__sum"] == 0


def test_what_was_known_is_neither_changed_nor_deleted() -> None:
    row = Booking.objects.all()[0]
    row.cents = 1
    for work in (row.save, row.delete, Plan.objects.all()[0].delete):
        with pytest.raises(TypeError):
            work()


def test_a_project_with_bookings_cannot_be_deleted() -> None:
    with pytest.raises(Conflict):
        delete_row(person("anna"), row=Project.objects.get(slug="licht"))


def test_a_plan_is_published_by_a_second_person_with_a_past_decision() -> None:
    base = queries.plan_in_force(today())
    draft = plans.draft_plan(person("anna"), title_de="Neu", title_en="New", reason="Preise", base=base)
    slot = Slot("licht", "auftraege", 2028)
    plans.set_slots(person("anna"), plan=draft.pk, edits=0, slots={slot: {"bund": 65_00, "stadt": 35_00}})
    stale = lambda: plans.set_slots(person("berta"), plan=draft.pk, edits=0, slots={slot: {"stadt": 1}})  # noqa: E731
    assert code_of(stale) == "money.draft_moved"
    decided: dict[str, Any] = {"plan": draft.pk, "edits": 1, "decision": "Rat", "decided": dt.date(2026, 11, 1)}
    with pytest.raises(Denied):
        plans.publish_plan(person("anna"), **decided)
    with pytest.raises(Invalid):
        plans.publish_plan(person("berta"), **{**decided, "decided": dt.date(2100, 1, 1)})
    done = plans.publish_plan(person("berta"), **decided)
    assert queries.plan_in_force(today()) == done
    assert queries.plan_in_force(today() - dt.timedelta(days=1)) == base
    assert code_of(lambda: plans.set_slots(person("c"), plan=draft.pk, edits=1, slots={})) == "money.no_draft"


def test_a_plan_with_too_much_federal_money_is_not_published() -> None:
    base = queries.plan_in_force(today())
    draft = plans.draft_plan(person("anna"), title_de="Neu", title_en="New", reason="", base=base)
    plans.set_slots(person("anna"), plan=draft.pk, edits=0, slots={Slot("licht", "sonstiges", 2026): {"bund": 100}})
    work = lambda: plans.publish_plan(  # noqa: E731
        person("berta"), plan=draft.pk, edits=1, decision="Rat", decided=dt.date(2026, 11, 1)
    )
    assert code_of(work) == "money.federal_beyond_rate"


def drawn(award: Award, until: dt.date) -> DrawDown:
    """Prepare a draw-down, and let another person release it."""
    waiting = claims.prepare(person("anna"), award=award.pk, until=until)
    return claims.release(person("berta"), prepared=waiting.pk)


def test_a_draw_down_needs_two_people_and_claims_what_the_second_one_saw() -> None:
    award, until = Award.objects.get(slug="umsetzungsphase"), dt.date(2026, 11, 15)
    waiting = claims.prepare(person("anna"), award=award.pk, until=until)
    assert not DrawDown.objects.filter(award=award, until=until).exists()
    with pytest.raises(Denied):
        claims.release(person("anna"), prepared=waiting.pk)
    assert code_of(lambda: claims.prepare(person("berta"), award=award.pk, until=until)) == "money.draw_down_waits"
    late = bookings.allocate(person("anna"), invoice=invoice().pk, part=part())
    made = claims.release(person("berta"), prepared=waiting.pk)
    assert (made.federal_cents, made.person, made.released_by) == (
        waiting.federal_cents,
        person("anna"),
        person("berta"),
    )
    assert not made.lines.filter(booking=late).exists()
    assert code_of(lambda: claims.release(person("berta"), prepared=waiting.pk)) == "money.draw_down_not_waiting"
    following = claims.propose(award, until)
    assert [entry.number for entry in following.entries] == [late.pk]


def test_a_prepared_draw_down_of_which_a_booking_was_taken_back_is_not_released() -> None:
    award, until = Award.objects.get(slug="umsetzungsphase"), dt.date(2026, 11, 15)
    waiting = claims.prepare(person("anna"), award=award.pk, until=until)
    taken = waiting.lines.filter(booking__reverses=None, booking__cents__gt=0)[0].booking
    bookings.reverse_booking(person("anna"), booking=taken.pk, reason="doppelt")
    assert code_of(lambda: claims.release(person("berta"), prepared=waiting.pk)) == "money.draw_down_differs"
    assert code_of(lambda: claims.withdraw(person("berta"), prepared=waiting.pk, reason=" ")).endswith("reason")
    claims.withdraw(person("berta"), prepared=waiting.pk, reason="Beleg doppelt")
    assert drawn(award, until).lines.filter(booking=taken).count() == 0


def test_draw_downs_use_each_booking_once_and_stay_at_the_rate() -> None:
    award = Award.objects.get(slug="umsetzungsphase")
    proposal = claims.propose(award, dt.date(2026, 11, 15))
    made = drawn(award, dt.date(2026, 11, 15))
    assert (made.federal_cents, made.lines.count()) == (proposal.federal, len(proposal.entries))
    assert sum(share.federal_cents for share in made.shares.all()) == made.federal_cents
    sums = award.draw_downs.aggregate(Sum("eligible_cents"), Sum("federal_cents"))
    assert sums["federal_cents__sum"] == sums["eligible_cents__sum"] * 13 // 20
    again = lambda: claims.prepare(person("anna"), award=award.pk, until=dt.date(2026, 11, 15))  # noqa: E731
    assert code_of(again) == "money.nothing_to_claim"
    line = made.lines.all()[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        DrawDownLine.objects.create(draw_down=DrawDown.objects.all()[0], booking_id=line.booking_id)
    too_much = lambda: claims.enter_payment(  # noqa: E731
        person("anna"), draw_down=made.pk, day=today(), cents=made.federal_cents + 1
    )
    assert code_of(too_much) == "money.paid_beyond_claim"
    claims.enter_payment(person("anna"), draw_down=made.pk, day=today(), cents=made.federal_cents)


def test_a_payment_that_was_mistyped_is_corrected_and_the_past_stays_as_it_was_known() -> None:
    made = DrawDown.objects.get(award__slug="umsetzungsphase", number=1)
    assert made.payment is not None
    award, day, cents = made.award, made.payment.day, made.payment.cents
    proof, known = proofs.draft_proof(person("anna"), award=award, day=AS_OF), queries.received_by_project(AS_OF)
    correct = partial(claims.enter_payment, person("anna"), draw_down=made.pk, day=day + dt.timedelta(days=3))
    assert code_of(partial(correct, cents=cents)) == "money.paid_already"
    correct(cents=cents - 100_00, reason="Zahlendreher")
    made = queries.draw_downs(today()).get(pk=made.pk)
    assert made.payment is not None
    assert (made.payment.day, made.payment.cents) == (day + dt.timedelta(days=3), cents - 100_00)
    assert [row.cents for row in queries.payments(today()) if row.draw_down == made] == [cents - 100_00]
    assert [row.cents for row in queries.payments(AS_OF) if row.draw_down == made] == [cents]
    assert queries.received_by_project(AS_OF) == known
    assert proofs.reproduced(proof)


def test_a_claimed_booking_that_is_taken_back_lowers_the_next_claim() -> None:
    award = Award.objects.get(slug="umsetzungsphase")
    claimed = Booking.objects.filter(line__isnull=False, award=award).exclude(eligible_cents=0)[0]
    before = claims.propose(award, today())
    bookings.reverse_booking(person("anna"), booking=claimed.pk, reason="doppelt")
    assert claims.propose(award, today()).eligible == before.eligible - claimed.eligible_cents


def test_a_proof_is_reproduced_byte_for_byte_whatever_is_booked_later() -> None:
    award = Award.objects.get(slug="umsetzungsphase")
    proof = proofs.draft_proof(person("anna"), award=award, day=AS_OF)
    content = proofs.read(proof)
    assert content["totals"]["eligible_cents"] == sum(row[10] for row in content["bookings"])
    assert sum(values[1] for values in content["financing"].values()) == content["totals"]["cents"]
    bookings.allocate(person("anna"), invoice=invoice().pk, part=part())
    bookings.reverse_booking(person("anna"), booking=content["bookings"][0][0], reason="später bemerkt")
    AwardTerms.objects.create(award=award, start=dt.date(2024, 1, 1), end=dt.date(2030, 1, 1), ceiling_cents=1)
    Project.objects.filter(slug="licht").update(title_de="Anders", slug="anders")
    assert proofs.reproduced(proof)
    with pytest.raises(Denied):
        proofs.approve_proof(person("anna"), proof=proof.pk, ledger=Ledger(gate()))
    assert proofs.approve_proof(person("berta"), proof=proof.pk, ledger=Ledger(gate())).digest == proof.digest
    assert code_of(lambda: proofs.draft_proof(person("anna"), award=award, day=today())) == "money.proof_of_today"
    log, signer = Ledger(gate()), Signer.made("city.example", LOG)
    log.sequence(signer)
    named = verify_log(log, signer.key, sha256=hashlib.sha256(proofs.bytes_of(proof)).hexdigest()).named
    entry = read_entry(log.entry(named[0]), named[0])
    assert isinstance(entry, DocumentApproved)
    assert entry.document == f"proof/umsetzungsphase/{AS_OF}/{proof.pk}"
    assert "berta" not in log.entry(named[0]).decode()


def test_a_stored_proof_that_was_tampered_with_is_not_approved() -> None:
    award = Award.objects.get(slug="strategiephase")
    proof = proofs.draft_proof(person("anna"), award=award, day=AS_OF)
    Booking.objects.filter(award=award).update(cents=1)
    assert (
        code_of(lambda: proofs.approve_proof(person("berta"), proof=proof.pk, ledger=Ledger(gate())))
        == "money.proof_differs"
    )


def test_scenarios_stand_side_by_side_and_stopping_costs_interest() -> None:
    results = {one.name: scenarios.worked_out(one) for one in Scenario.objects.all()}
    whole, less, stop = (results[name].totals for name in ("Weiter wie geplant", "Kürzen", "Alles beenden"))
    assert less[0].cents < whole[0].cents
    assert whole[3].cents == whole[4].cents == 0
    assert stop[3].cents > 0
    assert stop[4].cents > 0
    for result in results.values():
        for row in result.rows:
            figures = row.outcome
            assert figures.own == figures.future - figures.federal + figures.at_risk + figures.interest
