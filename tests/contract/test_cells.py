"""What leaves under a time grid is whole cells, the same ones on every way, and nothing that tells of a part of one."""

import datetime as dt
import random
from collections.abc import Callable

import numpy as np

from allmende.ethics.model import Duties
from allmende.gate.door import Gate, Grant
from allmende.gate.query import (
    Arrival,
    Compare,
    Constant,
    Correction,
    FeatureOfInterest,
    Grouping,
    Order,
    Path,
    Query,
    Within,
)
from allmende.store.cellkey import cell_keys, record_keys, table_of
from tests.contract.conftest import DELETE, MINUTE, NOON, READ
from tests.contract.test_limits import with_duties

Maker = Callable[..., int]
HOUR = 60 * MINUTE
START = NOON // HOUR * HOUR
HOURS, NOISE = 30, 5
COUNTED = {"minimum": None, "maximum": None}
Told = dict[int, float]


def secret_of(gate: Gate) -> bytes:
    """Read the secret of the noise past the gate."""
    with gate.store.engine.begin() as connection:  # type: ignore[attr-defined]
        return bytes(connection.exec_driver_sql("SELECT secret FROM cell_key").scalar_one())


def counts() -> list[tuple[int, int]]:
    """Count in 30 hours: nothing in the first, ever more in those behind, in ten minutes each or more rarely."""
    chance = random.Random(11)
    found = []
    for hour in range(HOURS):
        for minute in range(0, 60, 10 if hour % 4 else 30):
            found.append((START + hour * HOUR + minute * MINUTE, chance.randrange(hour + 1) if hour else 0))
    chance.shuffle(found)
    return found


def every_way(gate: Gate, read: Grant, stream: int) -> dict[str, Told]:
    """Ask for the cells of a datastream in all ways there are; give begin and value of each."""
    near, end = Within("Datastreams", stream), START + HOURS * HOUR
    result, by_id = Path(("result",)), Order(Path(("id",)), descending=True)
    pages = gate.page(read, Query(kind="Observations", within=near)).records
    ways = {
        "page": pages,
        "all": [r for r in gate.page(read, Query(kind="Observations")).records if r.value.datastream_id == stream],
        "ordered": gate.page(read, Query(kind="Observations", within=near, order=(by_id,))).records,
        "by number": [
            r for p in pages for r in gate.page(read, Query(kind="Observations", id=p.id, order=(by_id,))).records
        ],
        "link": gate.related(read, "Datastreams", "Observations", [stream])[stream],
        "by value": [
            record
            for value in {p.value.result for p in pages}
            for record in gate.page(
                read, Query(kind="Observations", within=near, where=Compare("eq", result, Constant(value)))
            ).records
        ],
    }
    found = {name: {r.value.phenomenon_start: r.value.result for r in records} for name, records in ways.items()}
    series = gate.series(read, stream, START, end)
    found["series"] = dict(zip(series.times.tolist(), series.values.tolist(), strict=True))
    groups = gate.aggregate(read, [stream], Grouping(unit="hour"))
    found["$apply"] = dict(zip(groups.start.tolist(), groups.total.tolist(), strict=True))
    assert groups.count.tolist() == [1] * len(groups)
    return found


def expected(gate: Gate, stream: int, values: list[tuple[int, int]]) -> Told:
    """Reckon what the noise leaves, by the numbers in the order of arrival."""
    rows = [(when // HOUR * HOUR, count, (stream << 32) + place) for place, (when, count) in enumerate(values, 1)]
    found = {}
    for begin in sorted({row[0] for row in rows}):
        there = [(number, count) for when, count, number in rows if when == begin and count]
        ids, numbers = (np.array([pair[place] for pair in there], np.int64) for place in (0, 1))
        key = cell_keys(record_keys(secret_of(gate), ids, numbers), np.zeros(len(there), np.int64), 1)
        told = int(table_of(NOISE).changed(np.array([numbers.sum()]), key)[0])
        assert abs(told - numbers.sum()) <= NOISE
        if told:
            found[begin] = float(told)
    return found


def test_counts_are_changed_alike_on_every_way(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream(**COUNTED)
    gate.publish(with_duties(Duties(time_grid_seconds=3600, count_noise=NOISE)), "tests")
    values, read = counts(), gate.grant(READ)
    for part in (values[:40], values[40:]):
        gate.append(
            collect, [Arrival(datastream_id=number, phenomenon_start=when, result=count) for when, count in part]
        )
    told = expected(gate, number, values)
    exact = [sum(count for when, count in values if when // HOUR * HOUR == begin) for begin in told]
    assert START not in told, "zero stays zero"
    assert exact != list(told.values())
    assert not {1.0, 2.0} & set(told.values())
    for sealed in (False, True):
        assert {way: found for way, found in every_way(gate, read, number).items() if found != told} == {}, sealed
        gate.seal()
    page = gate.page(read, Query(kind="Observations", count=True))
    assert page.count == gate.summary(read)[number].count == len(told)
    assert {str(record.value.parameters) for record in page.records} == {str({"maximumDeviation": NOISE})}
    days = gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    assert (sum(day.count for day in days), sum(day.total for day in days)) == (len(told), sum(told.values()))
    assert gate.latest(read)[number].result == told[max(told)]


def test_what_is_no_count_is_not_told_under_noise(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream(**COUNTED)
    gate.publish(with_duties(Duties(time_grid_seconds=3600, count_noise=NOISE)), "tests")
    for hour, value in enumerate((40.5, -40.0, 1e300, 40.0)):
        when = START + hour * HOUR
        batch = [(when, value), (when + MINUTE, 60.0)]
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=at, result=one) for at, one in batch])
    found = every_way(gate, gate.grant(READ), number)
    assert {tuple(told) for told in found.values()} == {(START + 3 * HOUR,)}


def test_a_cell_of_which_something_was_deleted_or_corrected_is_gone_on_every_way_and_stays_so(
    gate: Gate, collect: Grant, stream: Maker
) -> None:
    """Ten values yesterday and nine today are one value, whatever the rules demand of both."""
    read, remove = gate.grant(READ), gate.grant(DELETE)
    for duties, small in (
        (Duties(time_grid_seconds=3600, minimum_group=3), None),
        (Duties(time_grid_seconds=3600, minimum_persons=20), 9.0),
        (Duties(time_grid_seconds=3600, dominance_percent=60), 11.0),
        (Duties(time_grid_seconds=3600, count_noise=5), 500.0),
    ):
        number = stream(**COUNTED)
        times = [START + i * 10 * MINUTE for i in range(12)]
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=at, result=10.0) for at in times])
        gate.publish(with_duties(duties), "tests")
        assert {len(told) for told in every_way(gate, read, number).values()} == {2}, duties
        if small is None:
            gate.remove(remove, number, ids=[number << 32 | 3])
        else:
            gate.correct(collect, number << 32 | 2, Correction(result=small))
        assert {tuple(told) for told in every_way(gate, read, number).values()} == {(START + HOUR,)}, duties
        assert gate.summary(read)[number].count == 1
        if small is None:
            late = [Arrival(datastream_id=number, phenomenon_start=times[2], result=10.0)]
            gate.append(collect, late)
        else:
            gate.correct(collect, number << 32 | 2, Correction(result=10.0))
        gate.seal()
        assert {tuple(told) for told in every_way(gate, read, number).values()} == {(START + HOUR,)}, duties


def test_what_comes_late_is_told_when_it_is_enough_for_itself(gate: Gate, collect: Grant, stream: Maker) -> None:
    number, read = stream(**COUNTED), gate.grant(READ)
    gate.publish(with_duties(Duties(time_grid_seconds=3600, minimum_group=3, minimum_persons=10)), "tests")

    def came(*values: tuple[int, float]) -> set[float]:
        """Send values of minutes in one go; give what is told of their hour, on every way the same."""
        sent = [Arrival(datastream_id=number, phenomenon_start=START + at * MINUTE, result=n) for at, n in values]
        gate.append(collect, sent)
        found = {tuple(told.values()) for told in every_way(gate, read, number).values()}
        (only,) = found
        return set(only)

    assert came((1, 1.0), (2, 2.0)) == set(), "too few"
    assert came((3, 9.0)) == {4.0}, "together enough"
    assert came((4, 8.0)) == {4.0}
    assert came((5, 2.0)) == {4.0}
    assert came((6, 8.0)) == {5.0}, "three, and eighteen persons"
    assert came((7, 1.0), (8, 1.0), (9, 1.0)) == {5.0}, "three persons are too few"
    gate.seal()
    assert came((10, 9.0)) == {4.2}


def test_nothing_of_a_part_of_a_cell_is_told(gate: Gate, collect: Grant, stream: Maker) -> None:
    """Numbers count no arrivals; a source and a feature are told where all of the cell have them."""
    number = stream(**COUNTED)
    gate.publish(with_duties(Duties(time_grid_seconds=3600, minimum_group=2)), "tests")
    feature = FeatureOfInterest(name="Elsewhere", description="", feature={"type": "Point", "coordinates": [9.0, 47.0]})
    other = gate.create(collect, "FeaturesOfInterest", feature)
    hours: tuple[list[tuple[str, int | None]], ...] = (
        [("a", None), ("a", None)],
        [("b", None)],
        [("a", None), ("b", None)],
        [("a", other), ("a", None)],
        [("a", other), ("a", other)],
    )
    for hour, values in enumerate(hours):
        for minute, (source, about) in enumerate(values):
            when = START + hour * HOUR + minute * MINUTE
            gate.append(
                collect,
                [Arrival(datastream_id=number, phenomenon_start=when, result=7, source=source, feature_id=about)],
            )
    read = gate.grant(READ)
    records = gate.page(read, Query(kind="Observations")).records
    assert [(r.value.phenomenon_start - START) // HOUR for r in records] == [0, 2, 3, 4]
    assert [r.id - records[0].id for r in records] == [0, 2, 3, 4], "hours, and not what came"
    assert [r.value.source for r in records] == ["a", "", "a", "a"]
    assert [r.value.feature_id == other for r in records] == [False, False, False, True]
    assert [r.value.feature_id is None for r in records] == [False, False, True, False]
    there = gate.page(read, Query(kind="Observations", within=Within("FeaturesOfInterest", other))).records
    assert there == records[3:]
