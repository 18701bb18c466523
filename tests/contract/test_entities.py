"""Entities, their links, filters over them, and what a closed category hides."""

import time
from collections.abc import Callable

import pytest

from allmende.gate.door import Ask, Asker, Gate, Grant, open_gate
from allmende.gate.query import (
    Arrival,
    Call,
    Compare,
    Constant,
    Expression,
    Kind,
    Location,
    Logic,
    Not,
    Order,
    Path,
    Query,
    Sensor,
    Thing,
    Within,
)
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import Conflict, Denied, Malformed, NotFound
from tests.contract.conftest import MINUTE, NOON, READ, STANDARD, book

Maker = Callable[..., int]


def names(gate: Gate, read: Grant, where: Expression | None, kind: Kind = "Things") -> list[str]:
    """Give the names that a filter leaves."""
    return [record.value.name for record in gate.page(read, Query(kind=kind, where=where)).records]


def path(words: str) -> Path:
    """Write a path shortly."""
    return Path(tuple(words.split("/")))


FILTERS: list[tuple[Expression, list[int]]] = [
    (Compare("eq", path("name"), Constant("Station 2")), [2]),
    (Compare("gt", path("properties/height"), Constant(1)), [2, 3]),
    (Compare("eq", path("properties/slug"), Constant("thing-3")), [3]),
    (Call("substringof", (Constant("tion 1"), path("name"))), [1]),
    (Call("startswith", (path("name"), Constant("Station"))), [1, 2, 3]),
    (Call("endswith", (path("name"), Constant("3"))), [3]),
    (Not(Call("endswith", (path("name"), Constant("3")))), [1, 2]),
    (Compare("eq", Call("length", (path("name"),)), Constant(9)), [1, 2, 3]),
    (Compare("eq", Call("toupper", (path("name"),)), Constant("STATION 1")), [1]),
    (Compare("eq", path("Datastreams/name"), Constant("Temperature 2")), [2]),
    (Compare("eq", path("Datastreams/Sensor/name"), Constant("Sensor 3")), [3]),
    (Compare("eq", path("Locations/name"), Constant("Place 1")), [1]),
    (
        Logic("or", (Compare("eq", path("id"), Constant(1)), Compare("eq", path("name"), Constant("Station 3")))),
        [1, 3],
    ),
    (
        Logic("and", (Compare("ge", path("id"), Constant(2)), Compare("lt", path("id"), Constant(3)))),
        [2],
    ),
    (Compare("ne", path("properties/absent"), Constant(None)), []),
]


@pytest.mark.parametrize(("where", "numbers"), FILTERS)
def test_filters(gate: Gate, read: Grant, stream: Maker, where: Expression, numbers: list[int]) -> None:
    for _ in range(3):
        stream()
    assert names(gate, read, where) == [f"Station {number}" for number in numbers]


def test_umlauts_are_letters(gate: Gate, collect: Grant, read: Grant) -> None:
    gate.create(collect, "Things", Thing(name="HÖRNLE", description=""))
    assert names(gate, read, Compare("eq", Call("tolower", (path("name"),)), Constant("hörnle"))) == ["HÖRNLE"]


def test_time_filters_count_in_utc(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    gate.append(
        collect,
        [Arrival(datastream_id=number, phenomenon_start=NOON + i * 60 * MINUTE, result=float(i)) for i in range(24)],
    )
    since = Compare("ge", path("phenomenonTime"), Constant(NOON + 20 * 60 * MINUTE, is_instant=True))
    assert len(gate.page(read, Query(kind="Observations", where=since)).records) == 4
    hour = (NOON // (60 * MINUTE)) % 24
    at_hour = Compare("eq", Call("hour", (path("phenomenonTime"),)), Constant(hour))
    assert len(gate.page(read, Query(kind="Observations", where=at_hour)).records) == 1
    by_result = Compare("ge", path("result"), Constant(22.5))
    assert [r.value.result for r in gate.page(read, Query(kind="Observations", where=by_result)).records] == [23.0]


@pytest.mark.parametrize(
    "where",
    [
        Compare("eq", path("colour"), Constant("red")),
        Compare("eq", path("Datastreams/colour"), Constant("red")),
        Compare("eq", path("name/first"), Constant("red")),
        Call("soundex", (path("name"),)),
        Compare("eq", Call("length", (path("name"), path("name"))), Constant(1)),
    ],
)
def test_what_is_not_there_is_named(gate: Gate, read: Grant, stream: Maker, where: Expression) -> None:
    stream()
    with pytest.raises(Malformed, match="There is no"):
        names(gate, read, where)


def test_links_lead_both_ways(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=1.0)])
    thing = gate.related(read, "Datastreams", "Thing", [number])[number][0]
    assert [r.id for r in gate.related(read, "Things", "Datastreams", [thing.id])[thing.id]] == [number]
    (place,) = gate.related(read, "Things", "Locations", [thing.id])[thing.id]
    assert [r.id for r in gate.related(read, "Locations", "Things", [place.id])[place.id]] == [thing.id]
    (history,) = gate.related(read, "Things", "HistoricalLocations", [thing.id])[thing.id]
    assert history.value.location_ids == (place.id,)
    (observation,) = gate.related(read, "Datastreams", "Observations", [number])[number]
    (feature,) = gate.related(read, "Observations", "FeatureOfInterest", [observation.id])[observation.id]
    assert feature.value.feature == place.value.location
    assert gate.page(read, Query(kind="Things", within=Within("Locations", place.id))).records[0].id == thing.id


def test_a_thing_that_moves_keeps_its_way(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream()
    thing = gate.related(read, "Datastreams", "Thing", [number])[number][0]
    there = gate.create(
        collect,
        "Locations",
        Location(name="There", description="", location={"type": "Point", "coordinates": [9.2, 47.7]}),
    )
    moved = Thing(name="Moved", description="", properties={"slug": "thing-1"}, location_ids=(there,))
    gate.update(collect, "Things", thing.id, moved)
    assert len(gate.related(read, "Things", "HistoricalLocations", [thing.id])[thing.id]) == 2
    gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=1.0)])
    (observation,) = gate.page(read, Query(kind="Observations")).records
    (feature,) = gate.related(read, "Observations", "FeatureOfInterest", [observation.id])[observation.id]
    assert feature.value.feature["coordinates"] == [9.2, 47.7]


def test_a_slug_names_one_thing(gate: Gate, collect: Grant) -> None:
    number = gate.create(collect, "Sensors", Sensor(name="One", description="", properties={"slug": "one"}))
    assert gate.find("Sensors", "one") == number
    with pytest.raises(Conflict, match="“one” is taken"):
        gate.create(collect, "Sensors", Sensor(name="Two", description="", properties={"slug": "one"}))
    with pytest.raises(NotFound, match=r"no Sensors\(99\)"):
        gate.update(collect, "Sensors", 99, Sensor(name="Two", description=""))


def test_a_closed_category_is_not_there(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    shown, hidden = stream(), stream("secret")
    for number in (shown, hidden):
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=30.0)])
    for kind in (
        "Things",
        "Locations",
        "HistoricalLocations",
        "Sensors",
        "ObservedProperties",
        "Datastreams",
        "Observations",
        "FeaturesOfInterest",
    ):
        page = gate.page(read, Query(kind=kind, count=True))
        assert (page.count, len(page.records)) == (1, 1), kind
    assert set(gate.latest(read)) == set(gate.summary(read)) == {shown}
    assert gate.series(read, hidden, 0, 2 * NOON).values.tolist() == []
    assert gate.page(read, Query(kind="Observations", within=Within("Datastreams", hidden))).records == []
    assert names(gate, read, Compare("eq", path("Datastreams/name"), Constant("Temperature 2"))) == []
    office = gate.grant(Ask(Asker("staff:1"), "use", "climate", "city"))
    assert set(gate.latest(office)) == {hidden}


def test_a_time_grid_gives_means_and_withholds_small_groups(
    gate: Gate, collect: Grant, read: Grant, stream: Maker
) -> None:
    number = stream("coarse")
    hour = NOON // (60 * MINUTE) * 60 * MINUTE
    values = {hour: 10.0, hour + 30 * MINUTE: 20.0, hour + 60 * MINUTE: 99.0 - 50}
    gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=t, result=v) for t, v in values.items()])
    (record,) = gate.page(read, Query(kind="Observations")).records
    observation = record.value
    assert (observation.phenomenon_start, observation.result) == (hour, 15.0)
    assert gate.series(read, number, 0, 2 * NOON).values.tolist() == [15.0]
    assert gate.summary(read)[number].count == 1
    exact = Compare("eq", path("result"), Constant(49.0))
    assert gate.page(read, Query(kind="Observations", where=exact)).records == []


def test_delay_and_hidden_fields_hold_in_filters_too(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    number = stream("late")
    now = micros_from_instant(utc_now())
    for start in (now - 7200_000_000, now - 60_000_000):
        parameters = {"device": "d1"}
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=start, result=5.0, parameters=parameters)])
    (record,) = gate.page(read, Query(kind="Observations")).records
    assert record.value.parameters is None
    assert gate.latest(read)[number].phenomenon_start == now - 7200_000_000
    by_device = Compare("eq", path("parameters/device"), Constant("d1"))
    with pytest.raises(Denied, match=r"“parameters” may not be asked for: publish-late \(en\)"):
        gate.page(read, Query(kind="Observations", where=by_device))
    stream()
    assert gate.page(read, Query(kind="Observations", where=by_device)).records == []
    descending = Query(kind="Observations", order=(Order(path("phenomenonTime"), descending=True),))
    assert gate.page(read, descending).records[0].value.phenomenon_start < now - 3600_000_000


def test_another_process_follows_a_new_rule_book_by_itself(gate: Gate, store_url: str, stream: Maker) -> None:
    number = stream()
    other = open_gate(store_url)
    try:
        assert other.grant(READ).categories.keys() == {"weather", "coarse", "late"}
        keep = [rule for rule in STANDARD.rules if rule.slug != "publish-weather"]
        gate.publish(book(*keep), "tests")
        deadline = time.monotonic() + 20
        while number in other.summary(other.grant(READ)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        other.close()


@pytest.mark.parametrize("number", [2**31, 2**53 - 1])
def test_a_number_beyond_all_is_not_there(gate: Gate, read: Grant, number: int) -> None:
    kinds: tuple[Kind, ...] = ("Things", "Locations", "Datastreams", "Sensors", "ObservedProperties", "Observations")
    for kind in kinds:
        assert gate.page(read, Query(kind=kind, id=number)).records == []
    assert gate.page(read, Query(kind="Datastreams", within=Within("Things", number))).records == []
    assert names(gate, read, Compare("eq", path("Datastreams/id"), Constant(number))) == []
