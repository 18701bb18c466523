"""What each test says of a series, and that it matters neither how nor in which order values come."""

import msgspec
import numpy as np
import pytest

from allmende.kernel.errors import Invalid
from allmende.quality.checks import verdicts
from allmende.quality.thresholds import (
    Flat,
    Gap,
    Limit,
    Neighbour,
    Range,
    Season,
    Thresholds,
    defaults,
    thresholds_of,
)

STEP = 600
START = 1_720_000_200_000_000
BASE = np.sin(np.arange(60) / 7) * 3 + 20


def _said(one: Thresholds, values: list[float] | np.ndarray, times: np.ndarray | None = None) -> dict[int, str]:
    """Give what is objected to: place → tests and levels."""
    column = np.array(values, np.float64)
    at = START + np.arange(len(column)) * STEP * 1_000_000 if times is None else times
    found = verdicts(one, STEP, at, column)
    return {
        place: " ".join(f"{name}={said}" for name, said in tests.items())
        for place, (_, tests) in enumerate(found)
        if tests
    }


def test_outside_the_range_is_suspect_and_farther_out_bad() -> None:
    one = Thresholds(range=Range((0, 10), (-5, 20)))
    assert _said(one, [0, 10, -0.1, 10.1, -5, 20, -5.1, 20.1]) == {
        **{2: "range=suspect", 3: "range=suspect", 4: "range=suspect", 5: "range=suspect"},
        **{6: "range=bad", 7: "range=bad"},
    }


def test_a_season_has_its_own_span() -> None:
    one = Thresholds(climatology=(Season((6, 7, 8), (5, 40)), Season((12, 1, 2), (-20, 15))))
    july, january = START, START - 180 * 86_400_000_000
    april = START - 90 * 86_400_000_000
    assert _said(one, [0, 20, 30], np.array([july, january, april])) == {
        0: "climatology=suspect",
        1: "climatology=suspect",
    }


def test_a_spike_is_blamed_alone_and_the_way_back_is_no_fault() -> None:
    values = BASE.copy()
    values[30] += 12
    one = Thresholds(spike=Limit(3, 8), rate=Limit(12, 600))
    assert _said(one, values) == {30: "spike=bad rate=suspect"}


def test_a_change_that_is_too_fast() -> None:
    one = Thresholds(rate=Limit(18, 36))
    assert _said(one, [10, 10, 14, 14, 21, 21]) == {2: "rate=suspect", 4: "rate=bad"}


def test_what_stands_still_is_suspect_and_later_bad() -> None:
    values = [*BASE[:5], *[20.0] * 20, *BASE[5:10]]
    said = _said(Thresholds(flat=Flat(3 * STEP, 10 * STEP, 0.01)), values)
    assert {place for place, one in said.items() if one == "flat=suspect"} == set(range(8, 15))
    assert {place for place, one in said.items() if one == "flat=bad"} == set(range(15, 25))


def test_behind_a_gap_a_great_step_is_no_fault() -> None:
    times = START + np.array([0, 1, 2, 3, 10, 11, 12, 13]) * STEP * 1_000_000
    one = Thresholds(gap=Gap(3), spike=Limit(2, 4), rate=Limit(6, 60), flat=Flat(4 * STEP, 6 * STEP, 0.1))
    assert _said(one, [1, 1, 1, 1, 30, 30, 30, 30], times) == {4: "gap=suspect"}


def test_a_station_is_compared_with_its_neighbours_where_there_are_enough() -> None:
    one = Thresholds(neighbour=Neighbour(5, 10, 1_800, 2))
    times = START + np.arange(3) * STEP * 1_000_000
    near = [(times + 60_000_000, np.array([20.0, 20.0, 20.0])), (times[:2], np.array([21.0, 22.0]))]
    far_in_time = (times + 3_600_000_000, np.array([0.0, 0.0, 0.0]))
    found = verdicts(one, STEP, times, np.array([20.0, 27.0, 90.0]), [*near, far_in_time])
    assert [tests for _, tests in found] == [{}, {"neighbour": "suspect"}, {"neighbour": "suspect"}]
    assert verdicts(one, STEP, times, np.array([20.0, 27.0, 90.0]), near[:1])[1][1] == {}, "one neighbour is too few"


def test_defaults_are_sound_and_what_was_set_takes_the_place_of_a_test() -> None:
    assert defaults()["air-temperature"].range is not None
    air = {"observed": "air-temperature"}
    assert thresholds_of(air, "K").range is None, "in another unit the limits would mean something else"
    own = thresholds_of({**air, "quality": {"range": {"suspect": [0, 1], "fail": [0, 2]}, "spike": False}}, "Cel")
    assert own.range == Range((0, 1), (0, 2))
    assert own.spike is None
    assert own.flat == defaults()["air-temperature"].flat


@pytest.mark.parametrize(
    "own",
    [
        *({"range": {"suspect": [0, 9], "fail": [1, 8]}}, {"spike": {"suspect": 3, "fail": 1}}, {"weird": {}}, [1]),
        *({"gap": {"intervals": 1}}, {"climatology": [{"months": [13], "span": [0, 1]}]}, {"flat": {"tolerance": 1}}),
        *({"neighbour": {"difference": 0, "kilometres": 1, "seconds": 1, "stations": 1}},),
    ],
)
def test_limits_that_cannot_be_are_refused_by_name(own: object) -> None:
    with pytest.raises(Invalid) as caught:
        thresholds_of({"observed": "air-temperature", "quality": own}, "Cel")
    assert caught.value.code.code == "quality.unfit"
    assert msgspec.to_builtins(caught.value.params["field"])
