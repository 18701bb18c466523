"""Pairs: the likeliest strengths, the same for everybody who is called otherwise, and nothing that hangs by few."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from allmende.kernel.errors import Invalid
from allmende.participation.methods.borders import firm
from allmende.participation.methods.pairs import PRIOR, Judgement, Strengths, compare, fitted

OPTIONS = "ABCDE"
PAIRS = list(combinations(OPTIONS, 2))
PEOPLE = st.lists(
    st.dictionaries(st.sampled_from(PAIRS), st.sampled_from((-1, 0, 1)), min_size=1, max_size=10),
    min_size=10,
    max_size=24,
)


def rows(people: list[dict[tuple[str, str], int]]) -> list[Judgement]:
    return [(str(at), *pair, value) for at, mine in enumerate(people) for pair, value in mine.items()]


def found(judgements: list[Judgement], options: str = OPTIONS) -> Strengths:
    strengths = compare(options, judgements, "seed")
    assert strengths is not None
    return strengths


@given(st.integers(2, 7), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_the_steps_find_what_a_general_search_finds(count: int, seed: int) -> None:
    chances = np.random.default_rng(seed)
    wins = chances.integers(0, 9, (count, count)) * chances.choice([0.5, 1.0, 2.0], (count, count))
    np.fill_diagonal(wins, 0)

    def less_likely(logs: np.ndarray) -> float:
        against = -(wins * np.log(expit(logs[:, None] - logs[None, :]))).sum()
        return float(against - PRIOR * (np.log(expit(logs)) + np.log(expit(-logs))).sum())

    best = minimize(less_likely, np.zeros(count), method="BFGS", options={"gtol": 1e-9})
    assert fitted(wins) == pytest.approx(expit(best.x), abs=1e-5)
    assert fitted(wins).mean() == pytest.approx(0.5)


@given(PEOPLE, st.permutations(OPTIONS), st.randoms())
@settings(max_examples=30, deadline=None)
def test_other_names_and_another_order_change_nothing(
    people: list[dict[tuple[str, str], int]], names: list[str], random: object
) -> None:
    judgements = rows(people)
    called = dict(zip(OPTIONS, names, strict=True))
    renamed = [(f"p{who}", called[other], called[one], -value) for who, one, other, value in judgements]
    random.shuffle(renamed)  # type: ignore[attr-defined]
    before, after = found(judgements), found(renamed)
    assert {called[one.option]: (one.place, one.percent) for one in before.placed} == {
        one.option: (one.place, one.percent) for one in after.placed
    }
    turned = [(who, other, one, -value) for who, one, other, value in judgements]
    assert found(turned[::-1]) == before


def test_who_wins_against_all_is_first_with_a_finite_strength_and_alike_is_alike() -> None:
    people = [{pair: 1 if "A" in pair else 0 for pair in PAIRS}] * 12
    best, *others = found(rows(people)).placed
    assert (best.option, best.place) == ("A", 1)
    assert 80 < best.percent < 100
    assert {(one.place, one.percent) for one in others} == {(2, others[0].percent)}
    assert {one.percent for one in found(rows([dict.fromkeys(PAIRS, 0)] * 12)).placed} == {50}


def test_who_compares_more_does_not_weigh_more() -> None:
    # Ten people who compare everything prefer A; eleven who compare one pair each time prefer B.
    eager = [dict.fromkeys(PAIRS, 1)] * 10
    brief = [{("A", "B"): -1}] * 11
    judged = found(rows([*eager, *brief]))
    strength = {one.option: one.percent for one in judged.placed}
    assert strength["B"] > strength["A"]
    assert judged.people == 21


def test_options_that_too_few_compared_are_set_apart() -> None:
    people = [{("A", "B"): 1, ("B", "C"): 1}] * 12 + [{("C", "D"): -1}] * 9
    judged = found(rows(people))
    assert [one.option for one in judged.placed] == ["A", "B", "C"]
    assert judged.apart == ("D", "E")
    assert (judged.people, judged.judgements) == (12, 24)
    two = [{("A", "B"): 1}] * 12 + [{("C", "D"): 1}] * 12 + [{("B", "C"): 1}] * 9
    assert found(rows(two)).placed == (), "neither pair has a better claim than the other"
    assert [one.option for one in found(rows([*two, {("A", "B"): 0}])).placed] == ["A", "B"]
    assert [one.option for one in found(rows([*two, {("B", "C"): 1}])).placed] == ["A", "B", "C", "D"]
    assert compare(OPTIONS, rows(people[:9]), "seed") is None


def fewest(people: list[dict[tuple[str, str], int]], part: tuple[str, ...]) -> int:
    """Count the people who compared across the border of a part that the fewest cross."""
    inside = [[pair for pair in mine if {*pair} <= {*part}] for mine in people]
    return min(
        sum(any((one in side) != (other in side) for one, other in mine) for mine in inside)
        for size in range(1, len(part))
        for side in combinations(part, size)
    )


@given(PEOPLE)
@settings(max_examples=60, deadline=None)
def test_what_is_placed_is_the_largest_part_that_ten_people_cross_everywhere(
    people: list[dict[tuple[str, str], int]],
) -> None:
    judged = found(rows(people))
    placed = tuple(one.option for one in judged.placed)
    assert len(placed) != 1
    assert not placed or fewest(people, placed) >= 10
    # Of parts that are as large none is placed where nothing tells them apart.
    larger = range(max(len(placed) + 1, 2), len(OPTIONS) + 1)
    held = [part for size in larger for part in combinations(OPTIONS, size) if fewest(people, part) >= 10]
    assert all(len(part) == len(held[0]) for part in held) and (not held or (not placed and len(held) > 1))
    assert all(one.low <= one.percent <= one.high for one in judged.placed)


def test_nothing_at_all() -> None:
    empty = np.array([], np.int64)
    assert not firm(3, empty, empty, empty, 10).any()
    assert not firm(0, empty, empty, empty, 10).any()


@pytest.mark.parametrize("wrong", [("p", "A", "A", 1), ("p", "A", "X", 1), ("p", "A", "B", 2), ("o", "B", "A", 0)])
def test_bad_judgements_are_refused(wrong: Judgement) -> None:
    with pytest.raises(Invalid):
        compare(OPTIONS, [("o", "A", "B", 1), wrong], "seed")
