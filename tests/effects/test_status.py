"""The status of an indicator: monotone in its value, never good without one, never without a reason."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.effects.rules import (
    RHYTHMS,
    Path,
    Point,
    Reading,
    cadence,
    due,
    next_quality,
    overdue_since,
    status,
    trend,
)

DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2035, 12, 31))
NUMBERS = st.decimals(-1000, 1000, places=2)
QUALITIES = st.sampled_from(["provisional", "final", "corrected"])
RANK = {"behind": 0, "measured": 1, "on-track": 1, "reached": 2}
LAST = dt.date(2025, 12, 31)


@st.composite
def points(draw: Any) -> Point:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    return Point(draw(DAYS), low, high if draw(st.booleans()) else low)


@st.composite
def paths(draw: Any, directions: tuple[Any, ...] = ("up", "down", "range", "none")) -> Path:
    return Path(
        direction=draw(st.sampled_from(directions)),
        points=tuple(draw(st.lists(points(), max_size=4))),
        baseline=draw(st.none() | points()),
        stepped=draw(st.booleans()),
    )


def _reading(value: Decimal, last: dt.date = LAST, **more: Any) -> Reading:
    return Reading(**{"value": value, "first": last.replace(day=1), "last": last, "quality": "final", **more})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.none() | st.tuples(NUMBERS, DAYS, QUALITIES, st.integers(0, 9)), paths(), st.sampled_from([*RHYTHMS]), DAYS)
def test_every_status_has_its_reasons_and_none_is_good_without_a_value(
    given_reading: Any, path: Path, rhythm: Any, on: dt.date
) -> None:
    reading = None
    if given_reading is not None:
        value, last, quality, left_out = given_reading
        reading = _reading(value, last, quality=quality, left_out=left_out)
    found = status(reading, path, rhythm, on)
    assert found.reasons
    assert all(reason.text.de and "{" not in reason.text.de + reason.text.en for reason in found.reasons)
    if reading is None:
        assert found.state == "unknown"
    elif on >= overdue_since(reading.last, rhythm):
        assert found.state == "outdated"
    elif reading.last >= on or path.target is None or path.direction == "none":
        assert found.state == "measured"
    codes = {reason.code for reason in found.reasons}
    if reading is not None:
        assert ("provisional" in codes) == (reading.quality == "provisional")
        assert ("gaps" in codes) == bool(reading.left_out)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NUMBERS, NUMBERS, paths(("up", "down")), st.dates(dt.date(2026, 1, 1), dt.date(2026, 9, 1)))
def test_a_better_value_never_stands_worse(one: Decimal, other: Decimal, path: Path, on: dt.date) -> None:
    low, high = sorted((one, other))
    worse, better = (low, high) if path.direction == "up" else (high, low)
    states = [status(_reading(value), path, "year", on).state for value in (worse, better)]
    assert RANK[states[0]] <= RANK[states[1]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(paths(), DAYS)
def test_the_path_stays_between_its_points(path: Path, day: dt.date) -> None:
    found = path.at(day)
    if not path.whole or day < path.whole[0].day:
        assert found is None
        return
    assert found is not None
    slack = Decimal("1e-9")
    assert min(point.low for point in path.whole) - slack <= found.low <= found.high + slack
    assert found.high <= max(point.high for point in path.whole) + slack


def test_it_is_judged_against_the_line_between_the_points() -> None:
    baseline, aim = (
        Point(dt.date(2023, 12, 31), Decimal(88), Decimal(88)),
        Point(dt.date(2027, 12, 31), Decimal(60), Decimal(60)),
    )
    path = Path(direction="down", points=(aim,), baseline=baseline)
    on = dt.date(2026, 3, 1)
    for value, state in ((Decimal("73.9"), "on-track"), (Decimal("74.1"), "behind"), (Decimal("59.9"), "reached")):
        assert status(_reading(value), path, "year", on).state == state
    late = status(_reading(Decimal(61), dt.date(2027, 12, 31)), path, "year", dt.date(2028, 2, 1))
    assert (late.state, late.reasons[0].code) == ("behind", "missed")
    between = Point(dt.date(2027, 1, 1), Decimal(20), Decimal(35))
    band = Path(direction="range", points=(between,), baseline=Point(dt.date(2024, 1, 1), Decimal(20), Decimal(35)))
    found = [status(_reading(Decimal(value)), band, "year", on).state for value in (19, 20, 35, 36)]
    assert found == ["behind", "reached", "reached", "behind"]


def test_a_target_to_come_without_baseline_is_no_judgement() -> None:
    path = Path(direction="down", points=(Point(dt.date(2030, 1, 1), Decimal(20), Decimal(20)),), stepped=True)
    assert status(_reading(Decimal(25)), path, "year", dt.date(2026, 3, 1)).state == "measured"
    assert status(_reading(Decimal(14)), path, "year", dt.date(2026, 3, 1)).state == "reached"


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([1, 2], "up", "unknown"),
        ([1, 2, 3], "up", "better"),
        ([1, 2, 3], "down", "worse"),
        ([3, 1, 3, 1, 3], "up", "steady"),
        ([5, 5, 5], "down", "steady"),
        ([1, 2, 3], "none", "changing"),
    ],
)
def test_where_values_lead(values: list[int], direction: Any, expected: str) -> None:
    assert trend([Decimal(value) for value in values], direction) == expected


def test_what_is_due_and_how_good_it_is() -> None:
    today = dt.date(2026, 11, 26)
    assert due(None, "year", today)
    assert due(dt.date(2026, 10, 31), "month", today)
    assert not due(dt.date(2026, 11, 1), "month", today)
    assert due(dt.date(2026, 11, 22), "week", today)
    assert not due(dt.date(2026, 1, 1), "year", today)
    assert cadence("year", "month") == "year"
    assert cadence("day", "month") == "month"
    assert next_quality(None, changed=True, whole=False) == "provisional"
    assert next_quality("provisional", changed=True, whole=True) == "final"
    assert next_quality("final", changed=True, whole=True) == "corrected"
