"""Answers about entities that are kept in memory are never older than the database, in any process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from allmende.gate.door import Gate, Grant, open_gate
from allmende.gate.query import LINKS, Arrival, Correction, Location, Order, Path, Query, Sensor, Thing
from allmende.store.tables import TABLE_OF
from tests.contract.conftest import DELETE, MINUTE, NOON, READ, STANDARD, book

NEWEST = Query(kind="Things", order=(Order(Path(("id",)), descending=True),), top=3)


def _names(gate: Gate, query: Query = NEWEST) -> list[str]:
    return [record.value.name for record in gate.page(gate.grant(READ), query).records]


@pytest.fixture
def other(store_url: str, gate: Gate) -> Gate:
    """Give another process's way to the same store."""
    return open_gate(store_url)


def test_what_one_process_changes_the_other_shows_at_once(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    stream()
    assert _names(other) == ["Station 1"]
    for round_ in range(3):
        number = gate.create(collect, "Things", Thing(name=f"new {round_}", description=""))
        assert _names(other)[0] == _names(gate)[0] == f"new {round_}"
        gate.update(collect, "Things", number, Thing(name=f"changed {round_}", description=""))
        assert _names(other)[0] == _names(gate)[0] == f"changed {round_}"
    other.close()


def test_links_that_are_set_anew_are_followed_anew(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    stream()
    (thing,) = other.page(other.grant(READ), NEWEST).records
    point = {"type": "Point", "coordinates": [9.0, 47.0]}
    for name in ("here", "there"):
        place = gate.create(collect, "Locations", Location(name=name, description="", location=point))
        moved = Thing(name="Station 1", description="", location_ids=(place,))
        gate.update(collect, "Things", thing.id, moved)
        found = other.related(other.grant(READ), "Things", "Locations", [thing.id])[thing.id]
        assert [record.value.name for record in found] == [name]
    other.close()


def test_a_thing_disappears_when_only_closed_data_hangs_on_it(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    number = gate.create(collect, "Sensors", Sensor(name="probe", description=""))
    probes = Query(kind="Sensors", order=(Order(Path(("id",))),))
    assert _names(other, probes) == ["probe"]
    stream("secret", sensor_id=number)
    assert "probe" not in _names(other, probes)
    other.close()


def test_another_grant_is_another_answer(gate: Gate, collect: Grant, stream: Callable[..., int]) -> None:
    stream("weather")
    stream("late")
    assert len(_names(gate)) == 2
    gate.publish(book(*(rule for rule in STANDARD.rules if rule.slug != "publish-late")), "tests")
    assert _names(gate) == ["Station 1"]


def test_what_a_dropped_bundle_made_is_never_shown(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    stream()
    bundle = gate.bundle()
    with bundle.joined():
        gate.create(collect, "Things", Thing(name="never", description=""))
        assert _names(gate)[0] == "never"
        assert len(_names(other)) == 1
    bundle.drop()
    gate.create(collect, "Things", Thing(name="after", description=""))
    assert _names(gate) == _names(other) == ["after", "Station 1"]
    other.close()


def test_what_a_kept_bundle_made_is_shown(gate: Gate, other: Gate, collect: Grant) -> None:
    bundle = gate.bundle()
    with bundle.joined():
        for name in ("first", "second"):
            gate.create(collect, "Things", Thing(name=name, description=""))
        assert _names(other) == []
    bundle.keep()
    assert _names(gate) == _names(other) == ["second", "first"]
    other.close()


def test_readers_beside_a_writer_never_go_back_in_time(gate: Gate, other: Gate, collect: Grant) -> None:
    def read(_number: int) -> int:
        return len(_names(other, Query(kind="Things", top=100)))

    with ThreadPoolExecutor(4) as pool:
        for made in range(1, 16):
            gate.create(collect, "Things", Thing(name=f"t{made}", description=""))
            assert set(pool.map(read, range(8))) == {made}
    other.close()


def test_every_entity_that_is_kept_is_counted(gate: Gate) -> None:
    counted = {"features", "datastream_features"}
    engine = gate.store.engine  # type: ignore[attr-defined]
    catalogue = "pg_trigger" if engine.dialect.name == "postgresql" else "sqlite_master"
    column = "tgrelid::regclass::text" if catalogue == "pg_trigger" else "tbl_name"
    kind = "WHERE type = 'trigger'" if catalogue == "sqlite_master" else ""
    with engine.begin() as connection:
        counted |= {row[0] for row in connection.execute(text(f"SELECT {column} FROM {catalogue} {kind}"))}
    tables = {table.name for table in TABLE_OF.values()}
    between = {link.between.name for links in LINKS.values() for link in links.values() if link.between is not None}
    assert tables | between <= counted


def _newest(gate: Gate, number: int) -> object:
    found = gate.latest(gate.grant(READ), [number])
    return found[number].result if number in found else None


def test_newest_values_are_those_of_the_database_in_every_process(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    number = stream()
    for minute, value in enumerate((20.5, 21.0, 20.5)):
        arrival = Arrival(datastream_id=number, phenomenon_start=NOON + minute * MINUTE, result=value)
        gate.append(collect, [arrival])
        assert _newest(other, number) == _newest(gate, number) == value
    (last,) = (found.id for found in other.latest(other.grant(READ), [number]).values())
    gate.correct(collect, last, Correction(result=22.5))
    assert _newest(other, number) == _newest(gate, number) == 22.5
    bundle = gate.bundle()
    with bundle.joined():
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON + 9 * MINUTE, result=1.5)])
        assert _newest(gate, number) == 1.5
    bundle.drop()
    assert _newest(other, number) == _newest(gate, number) == 22.5
    gate.remove(gate.grant(DELETE), number)
    assert _newest(other, number) is None
    assert _newest(gate, number) is None
    other.close()


def test_a_view_stays_as_it_was_while_others_write(
    gate: Gate, other: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    number, every = stream(), Query(kind="Observations", top=10, count=True)
    gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=1.0)])
    read = other.grant(READ)
    with other.view():
        assert other.page(read, every).count == 1
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON + MINUTE, result=2.0)])
        gate.create(collect, "Things", Thing(name="new", description=""))
        assert other.page(read, every).count == 1
        assert _newest(other, number) == 1.0
        assert "new" not in _names(other)
    assert other.page(read, every).count == 2
    assert _newest(other, number) == 2.0
    assert "new" in _names(other)
    other.close()
