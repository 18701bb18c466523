"""Two answers at any two instants differ by groups alone that are large enough for themselves."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.store.points import NO_FEATURE, Points
from allmende.store.scope import Limits
from allmende.store.settling import settled

GRID, DELAY = 60, 15
LIMITS = Limits(time_grid=GRID, delay=DELAY, minimum_group=3, minimum_persons=6, dominance=70)
# Of each value: when it was, when it came, how much it counts; some come with others.
ARRIVALS = st.lists(st.tuples(st.integers(0, 119), st.integers(0, 40), st.integers(0, 9)), min_size=1, max_size=30)


def points_of(values: list[tuple[int, int, int]]) -> Points:
    """Give values in order of time, numbered as they came."""
    came = sorted((at + 7 * later, at, number) for at, later, number in values)
    rows = sorted((at, place, received, number) for place, (received, at, number) in enumerate(came))
    zero = np.zeros(len(rows), np.int64)
    columns: dict[str, Any] = dict.fromkeys(("duration", "latency", "known", "quality", "source"), zero)
    start, sequence, received, number = (np.array(column) for column in zip(*rows, strict=True))
    feature = np.full(len(rows), NO_FEATURE)
    return Points(
        start=start, sequence=sequence, received=received, number=number.astype(float), feature=feature, **columns
    )


def told(values: Points, now: int) -> dict[int, set[int]]:
    """Give by cell which values are told at an instant, as far as the duties let a cell out at all."""
    there = values.take(values.received <= now)
    ended = there.take((there.start // GRID + 1) * GRID + DELAY <= now)
    kept = settled(ended, LIMITS, ())
    cells: dict[int, set[int]] = {}
    for start, sequence in zip(kept.start.tolist(), kept.sequence.tolist(), strict=True):
        cells.setdefault(start // GRID, set()).add(sequence)
    numbers = dict(zip(values.sequence.tolist(), values.number.tolist(), strict=True))
    return {cell: some for cell, some in cells.items() if enough([numbers[one] for one in some])}


def enough(numbers: list[float]) -> bool:
    """Tell whether these values may be told as one cell."""
    return len(numbers) >= 3 and sum(numbers) >= 6 and max(numbers) * 100 <= sum(numbers) * 70


@settings(max_examples=60, deadline=None)
@given(ARRIVALS)
def test_no_two_answers_tell_of_fewer_than_the_rules_allow(values: list[tuple[int, int, int]]) -> None:
    points = points_of(values)
    numbers = dict(zip(points.sequence.tolist(), points.number.tolist(), strict=True))
    answers = [told(points, now) for now in sorted({*points.received.tolist(), GRID + DELAY, 2 * GRID + DELAY})]
    for early, one in enumerate(answers):
        for other in answers[early + 1 :]:
            for cell, before in one.items():
                after = other[cell]
                assert before <= after, "what was told stays"
                assert not after - before or enough([numbers[number] for number in after - before])


@settings(max_examples=60, deadline=None)
@given(ARRIVALS)
def test_what_came_in_time_is_never_left_out(values: list[tuple[int, int, int]]) -> None:
    prompt = points_of([(at, 0, number) for at, _, number in values])
    assert len(settled(prompt, LIMITS, ())) == len(prompt)


def test_only_cells_told_before_are_withheld_when_something_was_touched() -> None:
    points = points_of([(at, 0, 5) for at in range(0, 120, 10)])
    cells = [{start // GRID for start in settled(points, LIMITS, [touch]).start.tolist()} for touch in (
        (65, 65, 2 * GRID + DELAY), (65, 65, 2 * GRID + DELAY + 1), (59, 60, 999), (200, 300, 999),
    )]  # fmt: skip
    assert cells == [{0, 1}, {0}, set(), {0, 1}]
