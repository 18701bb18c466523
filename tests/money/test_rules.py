"""The ten rules that money must never break, on made-up money."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.money import rules
from allmende.money.choices import Choice, Contract, Standing, outcome
from allmende.money.interest import Paid, Rate, exact_interest, interest, shipped_rates, spans
from allmende.money.rules import Entry, Slot, Terms

RATE = Fraction(13, 20)
DAYS = st.dates(dt.date(2021, 1, 1), dt.date(2027, 12, 31))
CENTS = st.integers(0, 10**11)
SOURCES = ("bund", "stadt", "dritte")
TERMS = Terms(1, dt.date(2022, 1, 1), dt.date(2026, 12, 31), RATE, 10**9)
brief = settings(max_examples=60, deadline=None)


@st.composite
def bookings(draw: st.DrawFn) -> list[Entry]:
    """Make bookings, some of which are taken back by a counter-entry."""
    rows: list[Entry] = []
    for number in range(draw(st.integers(0, 25))):
        cents = draw(st.integers(1, 10**8))
        paid, known = draw(st.none() | DAYS), draw(DAYS)
        rows.append(Entry(number, cents, draw(st.integers(0, cents)), paid, known))
    for row in [row for row in rows if draw(st.integers(0, 3)) == 0]:
        rows.append(Entry(100 + row.number, -row.cents, -row.eligible, row.paid, row.known_since, row.number))
    return rows


@given(total=CENTS, weights=st.dictionaries(st.text("abcdef", min_size=1, max_size=3), CENTS, min_size=1, max_size=12))
@brief
def test_m1_m4_parts_are_whole_cents_and_add_up(total: int, weights: dict[str, int]) -> None:
    parts = rules.spread(total, weights)
    whole = sum(weights.values())
    assert all(type(part) is int for part in parts.values())
    assert sum(parts.values()) == (total if whole else 0)
    for key, part in parts.items():
        exact = Fraction(total * weights[key], whole) if whole else Fraction(0)
        assert abs(part - exact) < 1


@given(st.dictionaries(st.tuples(st.sampled_from("pq"), st.sampled_from("kl"), st.integers(2022, 2026)), CENTS))
@brief
def test_m2_the_sources_of_a_position_give_its_total(totals: dict[tuple[str, str, int], int]) -> None:
    slots = {}
    for (project, kind, year), total in totals.items():
        federal = int(total * RATE)
        slots[Slot(project, kind, year)] = {"bund": federal, "stadt": total - federal, "dritte": 0}
    faults = rules.plan_faults(slots, federal={"bund"}, public=set(), terms=[TERMS])
    beyond = sum(shares["bund"] for shares in slots.values()) > TERMS.ceiling
    assert [fault.code for fault in faults] == ([rules.FEDERAL_TOO_MUCH] if beyond else [])
    assert sum(sum(shares.values()) for shares in slots.values()) == sum(totals.values())


@given(old=st.dictionaries(st.integers(0, 9), CENTS), new=st.dictionaries(st.integers(0, 9), CENTS))
@brief
def test_m3_an_old_plan_and_the_difference_give_the_new_one(old: dict[int, int], new: dict[int, int]) -> None:
    difference = rules.difference(old, new)
    rebuilt = {key: cents for key, cents in (old | {k: pair[1] for k, pair in difference.items()}).items() if cents}
    assert rebuilt == {key: cents for key, cents in new.items() if cents}
    assert all(pair[0] == old.get(key, 0) for key, pair in difference.items())


@given(rows=bookings(), cuts=st.lists(DAYS, max_size=6), ceiling=st.integers(0, 10**9))
@brief
def test_m4_m6_claims_use_each_booking_once_and_stay_below_rate_and_ceiling(
    rows: list[Entry], cuts: list[dt.date], ceiling: int
) -> None:
    claimed: set[int] = set()
    eligible = federal = 0
    by_number = {row.number: row for row in rows}
    for until in sorted(cuts):
        chosen = rules.claimable(rows, claimed, until)
        numbers = {row.number for row in chosen}
        assert len(numbers) == len(chosen)
        assert not numbers & claimed
        claimed |= numbers
        eligible += sum(row.eligible for row in chosen)
        amount = rules.claim(eligible, federal, RATE, ceiling)
        if amount > 0:
            federal += amount
        assert federal <= ceiling
        if amount >= 0:
            assert federal == min(int(max(0, eligible) * RATE), ceiling)
            assert federal <= max(0, eligible) * RATE
    assert all((paid := by_number[number].paid) is not None and paid <= max(cuts) for number in claimed)


@given(rows=bookings(), until=DAYS)
@brief
def test_m6_what_was_taken_back_before_it_was_claimed_stays_out_with_its_counter_entry(
    rows: list[Entry], until: dt.date
) -> None:
    chosen = {row.number for row in rules.claimable(rows, set(), until)}
    for row in rows:
        if row.reverses is not None:
            assert row.number not in chosen
            assert row.reverses not in chosen


@given(cents=st.integers(-5, 10**6), eligible=st.integers(-5, 10**6), reason=st.sampled_from(["", " ", "x"]), day=DAYS)
@brief
def test_m6_only_sound_bookings_pass(cents: int, eligible: int, reason: str, day: dt.date) -> None:
    fault = rules.booking_fault(cents, eligible, reason, day, [TERMS])
    sound = 0 <= eligible <= cents and (eligible == cents or bool(reason.strip()))
    sound = sound and (eligible == 0 or TERMS.start <= day <= TERMS.end)
    assert (fault is None) == sound


@given(costs=st.lists(st.tuples(CENTS, CENTS, CENTS), min_size=1, max_size=8))
@brief
def test_m5_public_grants_never_exceed_the_cost_and_federal_money_never_the_rate(
    costs: list[tuple[int, int, int]],
) -> None:
    slots: dict[Slot, dict[str, int]] = {Slot("p", "k", 2022 + index % 5): {} for index in range(len(costs))}
    for slot, cents in zip(slots, costs, strict=False):
        slots[slot] = dict(zip(SOURCES, cents, strict=True))
    faults = {fault.code for fault in rules.plan_faults(slots, federal={"bund"}, public={"dritte"}, terms=[TERMS])}
    funded = [shares for shares in slots.values() if shares["bund"]]
    total = sum(sum(shares.values()) for shares in funded)
    federal = sum(shares["bund"] for shares in funded)
    assert (rules.FEDERAL_TOO_MUCH in faults) == (federal > min(int(total * RATE), TERMS.ceiling))
    grants = federal + sum(shares["dritte"] for shares in funded)
    assert (rules.GRANTS_TOO_MUCH in faults) == (grants > total)


@given(rows=bookings(), until=DAYS)
@brief
def test_m7_what_is_not_eligible_is_never_claimed(rows: list[Entry], until: dt.date) -> None:
    assert all(row.eligible for row in rules.claimable(rows, set(), until))


@given(st.dictionaries(st.text(max_size=5), st.lists(st.integers()), max_size=6))
@brief
def test_m8_the_same_facts_give_the_same_bytes(facts: dict[str, list[int]]) -> None:
    turned = dict(reversed(list(facts.items())))
    assert rules.canonical(facts) == rules.canonical(turned)
    assert rules.digest_of(rules.canonical(facts)) == rules.digest_of(rules.canonical(turned))


@given(
    paid=st.lists(st.builds(Paid, DAYS, st.integers(0, 10**9)), max_size=4),
    until=DAYS,
    steps=st.dictionaries(DAYS, st.integers(-500, 800), min_size=1, max_size=5),
)
@brief
def test_m9_interest_is_the_sum_over_single_days(paid: list[Paid], until: dt.date, steps: dict[dt.date, int]) -> None:
    rates = [Rate(since, value) for since, value in steps.items()]
    total = Fraction(0)
    for one in paid:
        day = one.day + dt.timedelta(days=1)
        while day <= until:
            past = [rate for rate in sorted(rates) if rate.since <= day]
            total += Fraction(one.cents * ((past[-1] if past else min(rates)).hundredths + 500), 10_000 * 365)
            day += dt.timedelta(days=1)
    assert exact_interest(paid, until, rates) == total
    assert abs(interest(paid, until, rates) - total) <= Fraction(1, 2)


def test_m9_a_year_at_a_known_rate() -> None:
    paid = [Paid(dt.date(2023, 12, 31), 100_000_00)]
    rates = [Rate(dt.date(2020, 1, 1), 127)]
    assert interest(paid, dt.date(2024, 12, 30), rates) == 6_270_00
    assert interest(paid, dt.date(2023, 12, 31), rates) == 0


@given(start=DAYS, end=DAYS)
@brief
def test_m9_every_day_counts_once(start: dt.date, end: dt.date) -> None:
    rates = [Rate(since, value) for since, value in shipped_rates().rates.items()]
    assert sum(days for days, _rate in spans(start, end, rates)) == max(0, (end - start).days + 1)


@given(hours=st.integers(0, 5000), people=st.integers(0, 8))
@brief
def test_m10_hours_of_fewer_than_three_people_are_not_shown(hours: int, people: int) -> None:
    assert rules.hours_shown(hours, people) == (hours if people >= 3 else None)


@given(
    rest=CENTS,
    contracts=st.lists(st.builds(Contract, CENTS, st.none() | CENTS), max_size=4),
    received=st.lists(st.builds(Paid, DAYS, CENTS), max_size=3),
    keep=st.integers(0, 100),
    risk=st.integers(0, 100),
)
@brief
def test_a_scenario_pays_its_contracts_and_owes_what_is_at_risk(
    rest: int, contracts: list[Contract], received: list[Paid], keep: int, risk: int
) -> None:
    standing = Standing(0, 0, rest, tuple(contracts), tuple(received))
    until, rates = dt.date(2028, 1, 1), [Rate(dt.date(2020, 1, 1), 100)]
    whole = outcome(standing, Choice("continue"), RATE, until, rates)
    less = outcome(standing, Choice("shrink", keep=keep), RATE, until, rates)
    stop = outcome(standing, Choice("stop", risk=risk), RATE, until, rates)
    assert less.future <= whole.future
    assert less.future >= less.contracts == sum(one.open for one in contracts)
    assert whole.at_risk == less.at_risk == whole.interest == 0
    assert stop.future <= sum(one.open for one in contracts)
    assert stop.at_risk <= sum(one.cents for one in received)
    assert (stop.own == stop.future + stop.at_risk + stop.interest) and stop.federal == 0


@pytest.mark.parametrize(("phase", "months"), [("A", 30), ("B", 66)])
def test_the_proof_is_due_after_so_many_months(phase: str, months: int) -> None:
    assert rules.PROOF_MONTHS[phase] == months
