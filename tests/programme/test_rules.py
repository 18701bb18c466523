"""Chains, moves, weights, words and columns, against plain definitions."""

import datetime as dt
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.programme.rules.milestones import (
    CircleError,
    Dated,
    date_fault,
    in_order,
    longest_chain,
    milestone_on,
    moves_between,
)
from allmende.programme.rules.steering import layers, sound_weights, word_difference

FEW = settings(max_examples=60, deadline=None)
DAY = dt.date(2024, 1, 1)
TODAY = dt.date(2026, 1, 1)


@st.composite
def works(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Give steps with days of work that lean only on steps before them."""
    names = [str(number) for number in range(draw(st.integers(1, 6)))]
    days = {name: draw(st.integers(0, 9)) for name in names}
    needs = {name: [one for one in names[:index] if draw(st.booleans())] for index, name in enumerate(names)}
    return days, needs


def _is_chain(steps: tuple[str, ...], needs: dict[str, list[str]]) -> bool:
    return all(before in needs[after] for before, after in pairwise(steps))


@FEW
@given(works())
def test_no_chain_is_longer_than_the_longest(work: tuple[dict[str, int], dict[str, list[str]]]) -> None:
    days, needs = work
    found = longest_chain(days, needs)
    assert _is_chain(found.steps, needs)
    assert found.days == sum(days[step] for step in found.steps)
    every = [
        chain for size in range(1, len(days) + 1) for chain in combinations(list(days), size) if _is_chain(chain, needs)
    ]
    assert found.days == max(sum(days[step] for step in chain) for chain in every)


@FEW
@given(works())
def test_every_step_comes_behind_what_it_needs(work: tuple[dict[str, int], dict[str, list[str]]]) -> None:
    days, needs = work
    order = in_order(days, needs)
    assert sorted(order) == sorted(days)
    assert all(order.index(before) < order.index(step) for step, names in needs.items() for before in names)


def test_steps_that_wait_for_each_other_have_no_order() -> None:
    with pytest.raises(CircleError):
        in_order("abc", {"a": ["b"], "b": ["c"], "c": ["a"]})


def test_a_chain_of_five_thousand_is_no_trouble() -> None:
    names = [f"{number:05}" for number in range(5_000)]
    needs = {after: [before] for before, after in pairwise(names)}
    assert longest_chain(dict.fromkeys(names, 2), needs).days == 10_000


planned = st.builds(
    Dated,
    kind=st.sampled_from(["baseline", "forecast"]),
    day=st.dates(DAY, TODAY),
    precision=st.just("day"),
    known_since=st.dates(DAY, TODAY),
)


@FEW
@given(st.lists(planned, max_size=6), st.dates(DAY, TODAY), st.dates(DAY, TODAY))
def test_the_moves_of_two_spans_are_those_of_the_whole_span(dates: list[Dated], one: dt.date, other: dt.date) -> None:
    history = sorted(dates, key=lambda date: date.known_since)
    first, last = min(one, other), max(one, other)
    whole = moves_between(history, DAY - dt.timedelta(days=1), last)
    assert moves_between(history, DAY - dt.timedelta(days=1), first) + moves_between(history, first, last) == whole
    assert all(move.before.day != move.after.day for move in whole)


def _date(kind: str, day: str, known: str, evidence: str = "") -> Dated:
    return Dated(kind, dt.date.fromisoformat(day), "day", dt.date.fromisoformat(known), evidence)  # type: ignore[arg-type]


def test_a_milestone_goes_from_ahead_over_late_and_reported_to_done() -> None:
    dates = [
        _date("baseline", "2024-06-01", "2024-01-01"),
        _date("claimed", "2024-07-01", "2024-07-02"),
        _date("actual", "2024-07-01", "2024-08-01", "minutes"),
    ]
    states = {
        day: milestone_on(dates, dt.date.fromisoformat(day)).state
        for day in ("2023-12-31", "2024-06-01", "2024-06-02", "2024-07-02", "2024-08-01")
    }
    assert list(states.values()) == ["unknown", "ahead", "late", "unproven", "done"]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (_date("actual", "2024-07-01", "2024-08-01"), "programme.no_evidence"),
        (_date("actual", "2026-07-01", "2025-08-01", "minutes"), "programme.future_day"),
        (_date("forecast", "2027-07-01", "2026-08-01"), "programme.future_day"),
        (_date("forecast", "2027-07-01", "2025-08-01"), "programme.no_move_reason"),
        (_date("forecast", "2024-06-01", "2025-08-01"), None),
        (_date("claimed", "2025-07-01", "2025-08-01"), None),
    ],
)
def test_a_date_without_evidence_or_reason_is_refused(new: Dated, code: str | None) -> None:
    fault = date_fault([_date("baseline", "2024-06-01", "2024-01-01")], new, TODAY)
    assert (fault[0].code if fault else None) == code


texts = st.lists(st.sampled_from(["a", "bb", "c.", " ", "\n\n", "ä"]), max_size=12).map("".join)


@FEW
@given(texts, texts)
def test_what_stayed_and_went_is_the_old_text_and_what_stayed_and_came_the_new(before: str, after: str) -> None:
    passages = word_difference(before, after)
    assert "".join(one.words for one in passages if one.kind != "new") == before
    assert "".join(one.words for one in passages if one.kind != "gone") == after
    assert (before == after) == all(one.kind == "same" for one in passages)


@FEW
@given(st.dictionaries(st.sampled_from("abc"), st.integers(-5, 10_005), max_size=3))
def test_weights_are_sound_only_as_parts_of_one_whole(weights: dict[str, int]) -> None:
    assert sound_weights(weights) == (sum(weights.values()) == 10_000 and min(weights.values(), default=0) > 0)


def test_a_box_stands_right_of_what_it_leans_on_and_a_circle_ends() -> None:
    column = layers("abcd", [("b", "a"), ("c", "b"), ("c", "a")])
    assert column == {"a": 0, "b": 1, "c": 2, "d": 0}
    assert set(layers("ab", [("a", "b"), ("b", "a")])) == {"a", "b"}


def test_withdrawn_evidence_opens_a_milestone_again_until_there_is_new() -> None:
    dates = [
        _date("baseline", "2024-06-01", "2024-01-01"),
        _date("claimed", "2024-05-01", "2024-05-02"),
        _date("actual", "2024-05-01", "2024-05-20", "minutes"),
        _date("withdrawn", "2024-07-01", "2024-07-01"),
        _date("actual", "2024-08-01", "2024-08-02", "acceptance"),
    ]
    views = [milestone_on(dates, dt.date.fromisoformat(day)) for day in ("2024-05-20", "2024-07-01", "2024-08-02")]
    assert [view.state for view in views] == ["done", "late", "done"]
    assert [bool(view.withdrawn) for view in views] == [False, True, False]
    assert (views[1].actual, views[1].claimed) == (None, None)
