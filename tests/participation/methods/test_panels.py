"""Panels by lot: quotas kept, chances fair and proven so, draws that anyone can repeat."""

import hashlib
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.participation.methods.panels.chances import QUOTAS_CANNOT_BE_MET
from allmende.participation.methods.panels.draw import Entry, Ticket, draw
from allmende.participation.methods.panels.lottery import make_lottery
from allmende.participation.methods.panels.pool import Person, Pool, Quota
from allmende.participation.methods.panels.published import Lottery

QUOTAS = [
    *(Quota("Alter", value, low, high) for value, low, high in [("jung", 3, 4), ("mittel", 3, 5), ("alt", 3, 4)]),
    *(Quota("Ortsteil", value, low, high) for value, low, high in [("Mitte", 5, 6), ("Dorf", 4, 5)]),
]


def willing(count: int = 120, seed: int = 1) -> list[Person]:
    """Many old people from the centre, few young ones from the village; two of a household each."""
    chance = random.Random(seed)
    return [
        Person(
            f"{at:03}",
            {
                "Alter": chance.choices(["jung", "mittel", "alt"], [1, 3, 6])[0],
                "Ortsteil": chance.choices(["Mitte", "Dorf"], [5, 2])[0],
                "Beruf": "egal",
            },
            f"h{at // 2}",
        )
        for at in range(count)
    ]


@pytest.fixture(scope="module")
def lottery() -> Lottery:
    return make_lottery(Pool.of(10, QUOTAS, willing()), "seed")


def test_every_lot_keeps_the_quotas(lottery: Lottery) -> None:
    people = {person.number: person for person in willing()}
    for attempt in range(40):
        panel = draw(lottery.entries, lottery.tickets, f"dice {attempt}").panel
        assert len(set(panel)) == 10
        assert len({people[number].household for number in panel}) == 10
        for quota in QUOTAS:
            members = sum(people[number].features[quota.feature] == quota.value for number in panel)
            assert quota.least <= members <= quota.most


def test_the_smallest_chance_is_proven_to_be_the_greatest_possible(lottery: Lottery) -> None:
    assert lottery.smallest == pytest.approx(lottery.bound, rel=1e-5)
    assert lottery.smallest <= lottery.even
    # Old people from the centre are so many that nothing can be better than sharing out their seats evenly.
    kinds = Counter(ticket.kind for ticket in lottery.tickets)
    chances = Counter[int]()
    for entry in lottery.entries:
        for kind, members in entry.members:
            chances[kind] += entry.lots * members
    told = min(chances[kind] / lottery.lots / kinds[kind] for kind in kinds)
    assert told == pytest.approx(lottery.smallest_of_lots)
    assert sum(entry.lots for entry in lottery.entries) == lottery.lots == 1000
    assert told >= lottery.smallest * 0.9


def test_anyone_can_repeat_the_draw_with_sha_256(lottery: Lottery) -> None:
    def number(*lines: str) -> int:
        return int(hashlib.sha256("\n".join(lines).encode()).hexdigest(), 16)

    found = draw(lottery.entries, [Ticket(t.number, t.kind) for t in lottery.tickets], "4 8 15")
    at = number("4 8 15", "lot", "0") % 1000
    entry = next(e for i, e in enumerate(lottery.entries) if at < sum(x.lots for x in lottery.entries[: i + 1]))
    panel = []
    for kind, members in entry.members:
        numbers = [ticket.number for ticket in lottery.tickets if ticket.kind == kind]
        panel += sorted(numbers, key=lambda name: number("4 8 15", name))[:members]
    assert found.panel == tuple(sorted(panel))
    assert (found.lot, found.attempt) == (at, 0)


def test_the_order_of_the_list_does_not_matter(lottery: Lottery) -> None:
    people, quotas = willing(), list(QUOTAS)
    random.Random(4).shuffle(people)
    random.Random(5).shuffle(quotas)
    assert make_lottery(Pool.of(10, quotas, people), "seed") == lottery


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_draws_follow_the_table(seed: int) -> None:
    entries = (Entry(3, ((0, 1), (1, 1))), Entry(1, ((0, 2),)))
    tickets = [Ticket(f"a{at}", 0) for at in range(5)] + [Ticket(f"b{at}", 1) for at in range(5)]
    found = draw(entries, tickets, str(seed))
    kinds = Counter(number[0] for number in found.panel)
    assert kinds == ({"a": 1, "b": 1} if found.lot < 3 else {"a": 2})


def test_chances_are_as_the_table_says() -> None:
    entries = (Entry(3, ((0, 1),)), Entry(1, ((1, 1),)))
    tickets = [Ticket("a", 0), Ticket("b", 0), Ticket("c", 1)]
    drawn = Counter(draw(entries, tickets, f"seed {at}").panel[0] for at in range(4000))
    assert {name: round(count / 500) for name, count in drawn.items()} == {"a": 3, "b": 3, "c": 2}


def test_quotas_that_cannot_be_met_are_named_with_the_smallest_change() -> None:
    quotas = [
        *(Quota("Alter", value, low, high) for value, low, high in [("jung", 4, 6), ("alt", 4, 6)]),
        *(Quota("Ortsteil", value, low, high) for value, low, high in [("Mitte", 3, 7), ("Dorf", 3, 7)]),
    ]
    people = [Person(f"j{at}", {"Alter": "jung", "Ortsteil": "Mitte"}) for at in range(2)]
    people += [Person(f"a{at}", {"Alter": "alt", "Ortsteil": "Mitte"}) for at in range(20)]
    people += [Person(f"d{at}", {"Alter": "alt", "Ortsteil": "Dorf"}) for at in range(20)]
    with pytest.raises(Invalid) as caught:
        make_lottery(Pool.of(10, quotas, people), "seed")
    assert caught.value.code is QUOTAS_CANNOT_BE_MET
    assert caught.value.about == (Quota("Alter", "alt", 4, 8), Quota("Alter", "jung", 2, 6))
    assert "Alter jung: 2 bis 6 statt 4 bis 6" in caught.value.what.de
    changed = [*caught.value.about, *quotas[2:]]
    assert make_lottery(Pool.of(10, changed, people), "seed").smallest > 0


def test_small_counts_of_the_pool_are_not_told() -> None:
    people = [Person(f"{at}", {"Alter": "jung" if at < 4 else "mittel" if at < 24 else "alt"}) for at in range(80)]
    quotas = [Quota("Alter", value, 0, 5) for value in ("jung", "mittel", "alt")]
    told = {counted.quota.value: counted.people for counted in make_lottery(Pool.of(5, quotas, people), "s").counts}
    # Without the middle ones the young could be reckoned from the sum.
    assert told == {"jung": None, "mittel": None, "alt": 56}


def test_a_table_and_a_list_that_do_not_fit_are_refused(lottery: Lottery) -> None:
    with pytest.raises(Invalid):
        draw(lottery.entries, lottery.tickets[:8], "seed")
    with pytest.raises(Invalid):
        draw((), lottery.tickets, "seed")


@pytest.mark.parametrize(
    ("size", "quotas", "people"),
    [
        (0, QUOTAS, willing()),
        (130, QUOTAS, willing()),
        (10, [*QUOTAS, QUOTAS[0]], willing()),
        (10, [Quota("Alter", "jung", 3, 2)], willing()),
        (10, QUOTAS, [*willing(), willing()[0]]),
        (1, [Quota("Wohnort", "hier", 0, 1)], willing()),
        (1, [Quota("Alter", "jung", 0, 1)], willing()),
    ],
)
def test_bad_pools_are_refused(size: int, quotas: list[Quota], people: list[Person]) -> None:
    with pytest.raises(Invalid) as caught:
        Pool.of(size, quotas, people)
    assert caught.value.code.code == "panel.bad_pool"
