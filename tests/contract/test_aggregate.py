"""Groups by units of time: against plain Python, against pandas, across changes of the clock, and under limits."""

import datetime as dt
import random
from collections.abc import Callable, Iterable
from typing import Any, get_args
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.ethics.model import Duties
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Arrival, Block, Grouping, Groups, Unit
from allmende.kernel.clock import DAY_MICROSECONDS, EPOCH, instant_from_micros, micros_from_instant
from allmende.kernel.errors import Malformed
from allmende.store.buckets import HOUR, edges_around
from allmende.store.points import Ints
from tests.contract.conftest import MINUTE, READ
from tests.contract.test_limits import with_duties

ANYTHING = {
    "observation_type": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation",
    "minimum": None,
    "maximum": None,
}
Maker = Callable[..., int]
Value = tuple[int, float]
UNITS: tuple[Unit, ...] = get_args(Unit)
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu")
FREQUENCIES = {"hour": "h", "day": "D", "month": "MS", "year": "YS"}


def at(text: str) -> int:
    """Read an instant."""
    return micros_from_instant(dt.datetime.fromisoformat(text))


def add(gate: Gate, collect: Grant, stream: int, values: Iterable[tuple[int, Any]]) -> None:
    """Write values."""
    gate.append(collect, [Arrival(datastream_id=stream, phenomenon_start=when, result=value) for when, value in values])


def rows(groups: Groups) -> list[tuple[Any, ...]]:
    """Give groups as rows without their ends."""
    names = ("datastream", "start", "count", "minimum", "maximum", "total", "first", "last")
    return list(zip(*(getattr(groups, name).tolist() for name in names), strict=True))


def key_of(micros: int, unit: Unit, zone: str) -> tuple[int, ...]:
    """Name the hour, day, month or year on the clock of a zone; an hour that comes twice is two."""
    local = instant_from_micros(micros).astimezone(ZoneInfo(zone))
    parts = (local.year, local.month, local.day, local.hour, local.fold)
    return parts[: {"year": 1, "month": 2, "day": 3, "hour": 5}[unit]]


def plain(values: list[Value], unit: Unit, zone: str) -> list[tuple[Any, ...]]:
    """Put values together without any columns."""
    groups: dict[tuple[int, ...], list[float]] = {}
    for when, value in sorted(values):
        groups.setdefault(key_of(when, unit, zone), []).append(value)
    return [(len(g), min(g), max(g), sum(g), g[0], g[-1]) for g in groups.values()]


def test_groups_are_those_of_plain_python_and_hold_their_values(gate: Gate, collect: Grant, stream: Maker) -> None:
    number, other = stream(**ANYTHING), stream()
    chance = random.Random(7)
    times = {at("1969-12-20T00:00Z") + chance.randrange(30 * 24 * 60) * MINUTE for _ in range(300)}
    times |= {at("2024-03-20T00:00Z") + i * 17 * MINUTE for i in range(1500)}
    times |= {at("2024-10-26T12:00Z") + i * 13 * MINUTE for i in range(300)}
    values = [(when, chance.randrange(-240, 240) / 4) for when in times]
    add(gate, collect, number, values)
    gate.seal()
    late = [(at("1969-12-31T23:59:59Z"), 5.0), (at("2024-03-31T01:00:00Z"), 6.0), (at("2024-10-27T00:30:01Z"), 7.0)]
    add(gate, collect, number, late)
    add(gate, collect, number, [(at("2024-03-31T01:00:01Z"), "closed")])
    add(gate, collect, other, values[:100])
    read = gate.grant(READ)
    for unit in UNITS:
        for zone in ZONES:
            found = gate.aggregate(read, [number], Grouping(unit=unit, zone=zone, ends=True))
            assert [row[2:] for row in rows(found)] == plain(values + late, unit, zone), (unit, zone)
            for start, end in zip(found.start.tolist(), found.end.tolist(), strict=True):
                inside = {key_of(when, unit, zone) for when, _ in values + late if start <= when < end}
                assert inside == {key_of(start, unit, zone)} == {key_of(end - 1, unit, zone)}, (unit, zone)
                assert key_of(start - 1, unit, zone) != key_of(start, unit, zone) != key_of(end, unit, zone)
    every = rows(gate.aggregate(read, None, Grouping(unit="day", ends=True)))
    assert every == sorted(every)
    assert {row[0] for row in every} == {number, other}
    assert [row[2:] for row in every if row[0] == other] == plain(values[:100], "day", "UTC")


def test_sums_of_days_are_those_of_the_values(gate: Gate, collect: Grant, stream: Maker) -> None:
    numbers = [stream(**ANYTHING), stream()]
    start = at("1969-11-29T00:00Z")
    for number in numbers:
        add(gate, collect, number, [(start + i * 5 * HOUR, float(i % 17)) for i in range(400)])
    add(gate, collect, numbers[0], [(start + 3 * HOUR, "none")])
    gate.seal()
    add(gate, collect, numbers[1], [(start + 2 * HOUR, 50.0)])
    read = gate.grant(READ)
    for unit in UNITS[1:]:
        for since, until in ((None, None), (start + DAY_MICROSECONDS, start + 40 * DAY_MICROSECONDS)):
            quick = gate.aggregate(read, None, Grouping(unit=unit, since=since, until=until))
            slow = gate.aggregate(read, None, Grouping(unit=unit, since=since, until=until, ends=True))
            assert [row[:6] for row in rows(quick)] == [row[:6] for row in rows(slow)]
            assert quick.end.tolist() == slow.end.tolist()


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-07-01", 24)])
def test_a_day_in_berlin_has_as_many_hours_as_its_clock_shows(
    gate: Gate, collect: Grant, stream: Maker, day: str, hours: int
) -> None:
    number = stream()
    midnight = micros_from_instant(dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")))
    add(gate, collect, number, [(midnight + i * 30 * MINUTE, 1.0) for i in range(-4, 60)])
    gate.seal()
    read = gate.grant(READ)
    end = midnight + hours * HOUR
    days = gate.aggregate(read, [number], Grouping(unit="day", zone="Europe/Berlin", since=midnight, until=end))
    assert (days.start.tolist(), days.end.tolist(), days.count.tolist()) == ([midnight], [end], [2 * hours])
    one = gate.aggregate(read, [number], Grouping(unit="hour", zone="Europe/Berlin", since=midnight, until=end))
    assert one.start.tolist() == [midnight + hour * HOUR for hour in range(hours)]
    assert set(one.count.tolist()) == {2}


def test_pandas_finds_the_same(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    values = [(at("2023-12-25T00:00Z") + i * 47 * MINUTE, float(i % 101) - 50) for i in range(12_000)]
    add(gate, collect, number, values)
    gate.seal()
    read = gate.grant(READ)
    series = pd.Series([value for _, value in values], index=pd.to_datetime([when for when, _ in values], unit="us"))
    for zone in ("UTC", "Europe/Berlin"):
        local = series.tz_localize("UTC").tz_convert(zone)
        for unit in UNITS:
            groups = local.resample(FREQUENCIES[unit])
            wanted = pd.DataFrame({"count": groups.count(), "total": groups.sum(), "first": groups.first()})
            wanted = wanted[wanted["count"] > 0]
            found = gate.aggregate(read, [number], Grouping(unit=unit, zone=zone, ends=True))
            starts = [micros_from_instant(when.to_pydatetime()) for when in wanted.index]
            assert found.start.tolist() == starts, (unit, zone)
            for name in ("count", "total", "first"):
                assert getattr(found, name).tolist() == wanted[name].tolist()


def test_what_is_missing_makes_no_group(gate: Gate, collect: Grant, stream: Maker) -> None:
    empty, words = stream(), stream(**ANYTHING)
    add(gate, collect, words, [(0, "open"), (HOUR, [1.0]), (2 * HOUR, True), (3 * HOUR, {"a": 1})])
    read = gate.grant(READ)
    for ends in (True, False):
        assert len(gate.aggregate(read, None, Grouping(unit="day", ends=ends))) == 0
        assert len(gate.aggregate(read, [empty, 4711], Grouping(unit="day", ends=ends))) == 0
        assert len(gate.aggregate(read, [], Grouping(unit="day", ends=ends))) == 0


def test_a_closed_category_makes_no_group(gate: Gate, collect: Grant, stream: Maker) -> None:
    secret, shown = stream("secret"), stream()
    for number in (secret, shown):
        add(gate, collect, number, [(0, 1.0)])
    read = gate.grant(READ)
    for ids in (None, [secret, shown]):
        for ends in (True, False):
            found = gate.aggregate(read, ids, Grouping(unit="day", ends=ends))
            assert found.datastream.tolist() == [shown]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("unit", UNITS)
def test_under_limits_only_what_may_be_seen_counts(
    gate: Gate, collect: Grant, stream: Maker, unit: Unit, zone: str
) -> None:
    number = stream()
    now = int(dt.datetime.now(dt.UTC).timestamp()) * 1_000_000 // HOUR * HOUR
    values = [(now + i * 10 * MINUTE, float(i % 7)) for i in range(-300, 0)]
    add(gate, collect, number, values[:5] + values[6:])
    gate.seal()
    add(gate, collect, number, values[5:6])
    grouping = Grouping(unit=unit, zone=zone, ends=True, since=now - 40 * HOUR)
    for duties in (
        Duties(delay_seconds=7200),
        Duties(time_grid_seconds=3600, minimum_group=4),
        Duties(time_grid_seconds=1800, delay_seconds=3600),
    ):
        gate.publish(with_duties(duties), "tests")
        read = gate.grant(READ)
        seen = gate.series(read, number, now - 40 * HOUR, now + HOUR)
        pairs = list(zip(seen.times.tolist(), seen.values.tolist(), strict=True))
        found = rows(gate.aggregate(read, None, grouping))
        assert 0 < sum(row[2] for row in found) < 240
        assert [(row[2], row[3], row[4], row[6], row[7]) for row in found] == [
            (*row[:3], *row[4:]) for row in plain(pairs, unit, zone)
        ]
    for duties in (Duties(hidden_fields=("result",)), Duties(time_grid_seconds=400 * 86_400)):
        gate.publish(with_duties(duties), "tests")
        read = gate.grant(READ)
        for ends in (True, False):
            assert len(gate.aggregate(read, [number], Grouping(unit=unit, zone=zone, ends=ends))) == 0


def test_too_many_groups_are_refused(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    hours = np.arange(200_001, dtype=np.int64) * HOUR
    gate.append(collect, Block(datastream_id=number, start=hours, number=np.ones(len(hours))))
    read = gate.grant(READ)
    with pytest.raises(Malformed) as refused:
        gate.aggregate(read, None, Grouping(unit="hour"))
    assert refused.value.code.code == "query.too_many_groups"
    assert len(gate.aggregate(read, None, Grouping(unit="hour", until=200_000 * HOUR))) == 200_000
    assert gate.aggregate(read, None, Grouping(unit="year", ends=True)).count.sum() == 200_001


EARLIEST, LATEST = at("0001-01-01T00:00Z"), at("9999-12-31T23:59:59Z")


@given(
    times=st.lists(st.integers(EARLIEST, LATEST), min_size=1, max_size=5).map(sorted),
    unit=st.sampled_from(UNITS),
    zone=st.sampled_from((*ZONES, "Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia", "Pacific/Kiritimati")),
)
def test_every_time_lies_between_two_edges(times: list[int], unit: Unit, zone: str) -> None:
    column: Ints = np.array(times, np.int64)
    edges = edges_around(column, unit, zone)
    assert (edges[1:] > edges[:-1]).all()
    assert edges[0] <= times[0]
    assert times[-1] < edges[-1]
    for when in times[1:-1]:
        place = int((edges <= when).sum())
        start, end = int(edges[place - 1]), int(edges[place])
        if EPOCH.replace(year=1900) < instant_from_micros(when) < EPOCH.replace(year=9000):
            assert key_of(start, unit, zone)[:4] == key_of(when, unit, zone)[:4] == key_of(end - 1, unit, zone)[:4]
