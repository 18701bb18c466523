"""The duties of a permission hold wherever data comes out."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.ethics.model import Duties, Rulebook
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Arrival, Call, Compare, Constant, Kind, Location, Path, Query, Shape, Thing, Within
from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import Denied
from tests.contract.conftest import MINUTE, NOON, READ, STANDARD, book, rule
from tests.contract.town import CATEGORIES, answer, build, everything, questions, town_rules

Maker = Callable[..., int]
HOUR = 60 * MINUTE
START = NOON // HOUR * HOUR


def with_duties(duties: Duties) -> Rulebook:
    """Publish weather under duties, the rest not at all."""
    rules = [entry for entry in STANDARD.rules if not entry.slug.startswith("publish")]
    return book(*rules, rule("publish-weather", "publish", "weather", "open-data", duties=duties))


def fill(gate: Gate, collect: Grant, stream: int, values: list[float], start: int = START, **more: Any) -> None:
    """Write a value for each ten minutes."""
    batch = [
        Arrival(datastream_id=stream, phenomenon_start=start + i * 10 * MINUTE, result=value, **more)
        for i, value in enumerate(values)
    ]
    gate.append(collect, batch)


def test_a_grid_says_how_many_values_stand_behind_a_mean(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(time_grid_seconds=3600, minimum_group=4)), "tests")
    fill(gate, collect, number, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 7.0, 8.0, 9.0])
    read = gate.grant(READ)
    (record,) = gate.page(read, Query(kind="Observations")).records
    assert (record.value.result, record.value.parameters) == (35.0, {"count": 6})
    assert (record.value.phenomenon_start, record.value.phenomenon_end) == (START, START + HOUR)
    assert record.id == number << 32 | 1 << 31 | START // HOUR
    assert gate.page(read, Query(kind="Observations", id=record.id)).records == [record]
    (day,) = gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    assert (day.count, day.minimum, day.maximum, day.total) == (1, 35.0, 35.0, 35.0)
    assert gate.latest(read)[number].result == 35.0
    assert gate.summary(read)[number].count == 1


@pytest.mark.parametrize(
    ("duties", "means"),
    [
        (Duties(time_grid_seconds=3600), [4.0, 3.0, 18.0, 0.0]),
        (Duties(time_grid_seconds=3600, minimum_persons=12), [4.0, 18.0]),
        (Duties(time_grid_seconds=3600, dominance_percent=85), [4.0, 3.0, 0.0]),
        (Duties(time_grid_seconds=3600, minimum_persons=12, dominance_percent=85), [4.0]),
        (Duties(time_grid_seconds=3600, minimum_persons=55), []),
    ],
)
def test_hours_with_few_persons_or_one_value_that_makes_nearly_all_are_withheld(
    gate: Gate, collect: Grant, stream: Maker, duties: Duties, means: list[float]
) -> None:
    number = stream()
    gate.publish(with_duties(duties), "tests")
    for hour, counts in enumerate([[1.0, 5.0, 6.0], [3.0, 3.0, 3.0], [50.0, 2.0, 2.0], [0.0, 0.0]]):
        fill(gate, collect, number, counts, start=START + hour * HOUR)
    for _ in range(2):
        read = gate.grant(READ)
        found = [record.value.result for record in gate.page(read, Query(kind="Observations")).records]
        assert sorted(found) == sorted(means)
        assert sorted(gate.series(read, number, START, START + DAY_MICROSECONDS).values.tolist()) == sorted(means)
        summary = gate.summary(read).get(number)
        assert (summary.count if summary else 0) == len(means)
        days = gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1))
        assert sum(day.count for day in days) == len(means)
        gate.seal()


def test_a_grid_holds_before_1970(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(time_grid_seconds=3600)), "tests")
    fill(gate, collect, number, [1.0, 3.0], start=-HOUR)
    read = gate.grant(READ)
    assert gate.series(read, number, -DAY_MICROSECONDS, 0).times.tolist() == [-HOUR]
    assert gate.days(read, [number], dt.date(1969, 12, 31), dt.date(1970, 1, 1))[0].total == 2.0


def test_a_grid_wider_than_a_day_leaves_no_days(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(time_grid_seconds=7 * 86400)), "tests")
    fill(gate, collect, number, [1.0, 3.0])
    assert gate.days(gate.grant(READ), [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1)) == []


def test_an_interval_is_held_back_until_its_end_is_old_enough(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(delay_seconds=3600)), "tests")
    now = int(dt.datetime.now(dt.UTC).timestamp()) * 1_000_000
    for start in (now - 3 * HOUR, now - 100 * MINUTE):
        sent = Arrival(datastream_id=number, phenomenon_start=start, phenomenon_end=start + HOUR, result=1.0)
        gate.append(collect, [sent])
    read = gate.grant(READ)
    assert gate.summary(read)[number].last == now - 2 * HOUR
    assert gate.latest(read)[number].phenomenon_start == now - 3 * HOUR


def test_a_hidden_result_is_nowhere(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(hidden_fields=("result", "resultTime", "source"))), "tests")
    fill(gate, collect, number, [42.0, 43.0], result_time=START + HOUR, source="device-7")
    read = gate.grant(READ)
    for record in gate.page(read, Query(kind="Observations")).records:
        value = record.value
        assert (value.result, value.result_time, value.source) == (None, None, "")
        assert value.received == value.phenomenon_start
    assert gate.latest(read)[number].result is None
    assert gate.series(read, number, 0, 2 * NOON).values.tolist() == []
    assert gate.days(read, [number], dt.date(2024, 1, 1), dt.date(2025, 1, 1)) == []
    for path in (("result",), ("resultTime",)):
        with pytest.raises(Denied, match="publish-weather"):
            gate.page(read, Query(kind="Observations", where=Compare("gt", Path(path), Constant(None))))
    with pytest.raises(Denied, match="“result” may not be asked for"):
        over = Compare("gt", Path(("Observations", "result")), Constant(1))
        gate.page(read, Query(kind="Datastreams", where=over))


def test_places_are_coarse_on_every_way(gate: Gate, collect: Grant, stream: Maker) -> None:
    number = stream()
    gate.publish(with_duties(Duties(space_grid_metres=1000)), "tests")
    read = gate.grant(READ)
    (thing,) = gate.related(read, "Datastreams", "Thing", [number])[number]
    there = Location(name="There", description="", location={"type": "Point", "coordinates": [9.1801, 47.6699]})
    place = gate.create(collect, "Locations", there)
    moved = Thing(name="Moved", description="", location_ids=(place,))
    gate.update(collect, "Things", thing.id, moved)
    fill(gate, collect, number, [1.0])
    exact = {(9.17, 47.66), (9.1801, 47.6699)}
    found = [
        *gate.page(read, Query(kind="Locations")).records,
        *gate.page(read, Query(kind="Locations", within=Within("Things", thing.id))).records,
        *gate.related(read, "HistoricalLocations", "Locations", [1])[1],
        *gate.related(read, "Things", "Locations", [thing.id])[thing.id],
    ]
    shown = [record.value.location["coordinates"] for record in found]
    features = gate.page(read, Query(kind="FeaturesOfInterest")).records
    shown += [record.value.feature["coordinates"] for record in features]
    assert len(shown) >= 6
    for east, north in shown:
        assert (east, north) not in exact
        assert any(abs(east - e) < 0.02 and abs(north - n) < 0.01 for e, n in exact)
    with pytest.raises(Denied, match="“location” may not be asked for"):
        gate.page(read, Query(kind="Locations", where=Compare("eq", Path(("location", "type")), Constant("Point"))))


def test_geometry_is_reckoned_with_the_coarse_place_alone(gate: Gate, collect: Grant, stream: Maker) -> None:
    """Also from observations that have no such limit themselves, but are about the same place."""
    number = stream()
    thing = gate.page(gate.grant(READ), Query(kind="Things")).records[0].id
    beside, exact = stream("coarse", thing_id=thing), [9.1801, 47.6699]
    there = Location(name="There", description="", location={"type": "Point", "coordinates": exact})
    moved = Thing(name="Moved", description="", location_ids=(gate.create(collect, "Locations", there),))
    gate.update(collect, "Things", thing, moved)
    rules = [entry for entry in STANDARD.rules if entry.slug not in ("publish-coarse", "publish-weather")]
    gate.publish(
        book(
            *rules,
            rule("publish-weather", "publish", "weather", "open-data"),
            rule("publish-coarse", "publish", "coarse", "open-data", duties=Duties(space_grid_metres=1000)),
        ),
        "tests",
    )
    fill(gate, collect, number, [1.0])
    fill(gate, collect, beside, [2.0])
    read = gate.grant(READ)
    shown = gate.related(read, "Things", "Locations", [thing])[thing][0].value.location["coordinates"]
    assert shown != exact

    def found(kind: Kind, path: str, place: list[float]) -> int:
        near = Call("geo.distance", (Path(tuple(path.split("/"))), Shape(f"POINT ({place[0]} {place[1]})")))
        query = Query(kind=kind, where=Compare("lt", near, Constant(0.0005)))
        return len(gate.page(read, query).records)

    ways: tuple[tuple[Kind, str], ...] = (
        ("Things", "Locations/location"),
        ("Datastreams", "Thing/Locations/location"),
        ("FeaturesOfInterest", "feature"),
        ("Observations", "FeatureOfInterest/feature"),
    )
    for kind, path in ways:
        assert found(kind, path, shown) >= 1, path
        assert found(kind, path, exact) == 0, path
    far = Call("geo.distance", (Path(("FeatureOfInterest", "feature")), Shape("POINT (9.1801 47.6699)")))
    about = Compare("lt", far, Constant(0.0005))
    alone = Query(kind="Observations", within=Within("Datastreams", number), where=about)
    assert gate.page(read, alone).records == []
    named = Compare("eq", Path(("FeatureOfInterest", "feature", "type")), Constant("Point"))
    with pytest.raises(Denied):
        gate.page(read, msgspec.structs.replace(alone, where=named))


def test_an_old_grant_follows_new_rules(gate: Gate, collect: Grant, read: Grant, stream: Maker) -> None:
    fill(gate, collect, stream(), [1.0])
    assert gate.page(read, Query(kind="Observations")).records
    gate.publish(with_duties(Duties(delay_seconds=100 * 365 * 86400)), "tests")
    assert gate.page(read, Query(kind="Observations")).records == []
    gate.publish(book(rule("use", "use", "*", "climate"), rule("no-sale", "*", "*", "sale", "prohibit")), "tests")
    with pytest.raises(Denied):
        gate.page(read, Query(kind="Observations"))
    with pytest.raises(Denied):
        gate.append(collect, [])


CHOICES = st.lists(
    st.tuples(
        st.sampled_from(CATEGORIES), st.sampled_from(["permit", "prohibit"]), st.sampled_from(["open-data", "good"])
    ),
    max_size=5,
    unique=True,
)


def test_no_record_of_a_closed_category_appears(gate: Gate) -> None:
    gate.publish(town_rules(), "tests")
    build(gate)
    base = [rule("collect-all", "collect", "*", "climate")]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(choices=CHOICES, query=questions())
    def check(choices: list[tuple[str, str, str]], query: Query) -> None:
        rules = [
            rule(f"r{index}", "publish", category, purpose, effect, recipients=("city",))
            for index, (category, effect, purpose) in enumerate(choices)
        ]
        gate.publish(book(*base, *rules), "tests")
        shut = {category for category, effect, _ in choices if effect == "prohibit"}
        opened = {category for category, effect, _ in choices if effect == "permit"} - shut
        try:
            grant = gate.grant(Ask(Asker("system:tests"), "publish", "open-data", "city"))
        except Denied:
            assert not opened
            return
        assert set(grant.categories) == opened
        said = msgspec.json.encode([answer(gate, grant, query), str(everything(gate, grant))]).decode()
        assert not [category for category in CATEGORIES if category not in opened and f"{category} as it was" in said]
        assert all(f"{category} as it was" in said for category in opened)

    check()
