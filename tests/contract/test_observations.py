"""What goes through the gate is kept once, comes back as it was, and the maintained state agrees with it."""

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest

from allmende.ethics.model import Rulebook
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Arrival, Compare, Constant, Order, Path, Query, Within
from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import AllmendeError, Conflict, Denied, Invalid, NotFound
from tests.contract.conftest import COLLECT, MINUTE, NOON, book, rule

Maker = Callable[..., int]


def arrivals(stream: int, values: list[float], start: int = NOON, step: int = 15 * MINUTE) -> list[Arrival]:
    """Make a series."""
    return [
        Arrival(datastream_id=stream, phenomenon_start=start + i * step, result=value, source="tests")
        for i, value in enumerate(values)
    ]


def test_values_come_back_as_they_were(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    sent = Arrival(
        datastream_id=number,
        phenomenon_start=NOON,
        phenomenon_end=NOON + 60 * MINUTE,
        result_time=NOON + 61 * MINUTE,
        result=0.0,
        source="tests",
        message="m1",
        parameters={"depth": 2},
        quality="good",
    )
    receipt = gate.append(collect, [sent])
    (record,) = gate.page(read, Query(kind="Observations")).records
    kept = record.value
    assert (record.id, receipt.added) == (receipt.ids[0], 1)
    for name in ("phenomenon_start", "phenomenon_end", "result_time", "result", "source", "parameters", "quality"):
        assert getattr(kept, name) == getattr(sent, name)
    assert kept.feature_id is not None


def test_the_same_is_kept_once(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    batch = arrivals(stream(), [1.0, 2.0, 3.0])
    first = gate.append(collect, batch)
    again = gate.append(collect, [*batch, batch[0]])
    assert (again.added, again.repeated, again.ids[:3]) == (0, 4, first.ids)
    assert gate.page(read, Query(kind="Observations", count=True)).count == 3


def test_another_value_for_the_same_message_is_a_conflict(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    number = stream()
    gate.append(collect, arrivals(number, [1.0]))
    with pytest.raises(Conflict, match="another value is already stored"):
        gate.append(collect, [*arrivals(number, [5.0], start=NOON + DAY_MICROSECONDS), *arrivals(number, [2.0])])
    assert [record.value.result for record in gate.page(read, Query(kind="Observations")).records] == [1.0]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"result": 61.0}, Invalid, "outside -60.0 to 60.0"),
        ({"result": math.nan}, Invalid, "not of kind Measurement"),
        ({"result": math.inf}, Invalid, "not of kind Measurement"),
        ({"result": "warm"}, Invalid, "not of kind Measurement"),
        ({"result": True}, Invalid, "not of kind Measurement"),
        ({"phenomenon_start": 4_000_000_000_000_000}, Invalid, "lies in the future"),
        ({"phenomenon_end": NOON - 1}, Invalid, "no possible time"),
        ({"datastream_id": 4711}, NotFound, "no datastream 4711"),
    ],
)
def test_the_door_names_what_is_wrong(
    gate: Gate,
    collect: Grant,
    read: Grant,
    stream: Maker,
    change: dict[str, object],
    kind: type[AllmendeError],
    message: str,
) -> None:
    number = stream()
    good = arrivals(number, [1.0])[0]
    values = {"datastream_id": number, "phenomenon_start": NOON + MINUTE, "result": 1.0, **change}
    with pytest.raises(kind, match=f"Observation 1: .*{message}"):
        gate.append(collect, [good, Arrival(**values)])  # type: ignore[arg-type]
    assert gate.page(read, Query(kind="Observations", count=True)).count == 0


def test_other_kinds_of_results(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    prefix = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
    wanted: dict[str, Any] = {
        "TruthObservation": True,
        "CategoryObservation": "grün",
        "Observation": {"a": [1, None]},
        "CountObservation": 7,
    }
    for kind, value in wanted.items():
        number = stream(observation_type=prefix + kind)
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=value)])
        assert gate.latest(read, [number])[number].result == value
        if kind != "Observation":
            with pytest.raises(Invalid):
                gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON + 1, result=[1])])


def test_the_maintained_state_agrees_with_the_rows(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    step = 7 * 60 * MINUTE
    values = [float(i % 13) for i in range(40)]
    batch = arrivals(number, values, step=step)
    gate.append(collect, batch[20:])
    gate.append(collect, batch[:20])
    summary = gate.summary(read)[number]
    assert (summary.count, summary.first, summary.last) == (40, NOON, NOON + 39 * step)
    assert gate.latest(read)[number].phenomenon_start == NOON + 39 * step
    series = gate.series(read, number, NOON, NOON + 40 * step)
    assert series.values.tolist() == values
    by_day: dict[int, list[float]] = {}
    for arrival, value in zip(batch, values, strict=True):
        by_day.setdefault(arrival.phenomenon_start // DAY_MICROSECONDS, []).append(value)
    days = gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    found = {(entry.day - dt.date(1970, 1, 1)).days: entry for entry in days}
    assert set(found) == set(by_day)
    for day, numbers in by_day.items():
        entry = found[day]
        assert (entry.count, entry.minimum, entry.maximum) == (len(numbers), min(numbers), max(numbers))
        assert entry.total == pytest.approx(sum(numbers))


def test_paging_is_complete_while_data_arrives(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    gate.append(collect, arrivals(number, [float(i) for i in range(50)]))
    orders = [(), (Order(Path(("phenomenonTime",)), descending=True),), (Order(Path(("result",))),)]
    for round_, order in enumerate(orders):
        before = {record.id for record in gate.page(read, Query(kind="Observations", top=1000)).records}
        seen: list[int] = []
        after = None
        while True:
            page = gate.page(read, Query(kind="Observations", order=order, top=7, after=after))
            seen += [record.id for record in page.records]
            gate.append(
                collect, arrivals(number, [0.5], start=NOON + (1000 * round_ + len(seen)) * 60 * MINUTE + MINUTE)
            )
            if page.next_after is None:
                break
            after = page.next_after
        assert len(seen) == len(set(seen))
        assert before <= set(seen)


def test_only_what_hangs_on_one_datastream(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    one, other = stream(), stream()
    gate.append(collect, arrivals(one, [1.0, 2.0]) + arrivals(other, [3.0]))
    page = gate.page(read, Query(kind="Observations", within=Within("Datastreams", one), count=True))
    assert page.count == 2
    over_two = Compare("gt", Path(("Datastream", "Thing", "properties", "height")), Constant(1))
    assert [record.value.result for record in gate.page(read, Query(kind="Observations", where=over_two)).records] == [
        3.0
    ]


def test_a_closed_category_cannot_be_written(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream("secret")
    gate.publish(_without_collecting_secrets(), "tests")
    with pytest.raises(Denied, match="No rule permits this"):
        gate.append(gate.grant(COLLECT), arrivals(number, [1.0]))
    assert gate.decisions(1)[0].allowed is False


def _without_collecting_secrets() -> Rulebook:
    return book(
        rule("collect-weather", "collect", "weather", "climate"),
        rule("publish", "publish", "weather coarse late counted", "open-data"),
        rule("use-secret", "use", "secret", "climate"),
    )


def test_every_write_leaves_its_decision(gate: Gate, collect: Grant, stream: Maker) -> None:
    gate.append(collect, arrivals(stream(), [1.0, 2.0]))
    row = gate.decisions(1)[0]
    assert (row.verb, row.category, row.allowed, row.rules, row.amount) == (
        "collect",
        "weather",
        True,
        ("collect-all",),
        2,
    )
