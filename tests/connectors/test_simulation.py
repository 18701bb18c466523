"""The demonstration fills the store once, goes on where it stopped, and is marked as simulated."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from allmende.connectors.simulation.demo import Demo, read_demo
from allmende.connectors.simulation.generate import SENSOR_SLUG, advance, fill, is_running
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.gate.query import Datastream, Query
from allmende.kernel.clock import UTC

PUBLISHED = Ask(PUBLIC, "publish", "open-data", "public")
START = dt.datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def demo() -> Demo:
    whole = read_demo(Path("src/allmende/packs/konstanz"))
    return msgspec.structs.replace(whole, stations=whole.stations[:2])


def _series(gate: Gate) -> dict[int, list[tuple[int, float]]]:
    grant = gate.grant(PUBLISHED)
    found = {}
    for record in gate.page(grant, Query(kind="Datastreams")).records:
        series = gate.series(grant, record.id, 0, 2_000_000_000_000_000)
        found[record.id] = list(zip(series.times.tolist(), series.values.tolist(), strict=True))
    return found


def test_fill_adds_whole_intervals_once(gate: Gate, demo: Demo) -> None:
    told: list[tuple[int, int]] = []
    until = START + dt.timedelta(hours=6, minutes=14)
    assert not is_running(gate)
    assert fill(gate, demo, START, until, lambda done, total: told.append((done, total))) == 2 * 5 * 24
    assert told[-1] == (240, 240)
    assert is_running(gate)
    assert fill(gate, demo, START, until) == 0
    assert {len(values) for values in _series(gate).values()} == {24}


def test_advance_goes_on_as_if_filled_at_once(gate: Gate, demo: Demo) -> None:
    fill(gate, demo, START, START + dt.timedelta(hours=5))
    assert advance(gate, START + dt.timedelta(hours=5, minutes=14)) == 0
    assert advance(gate, START + dt.timedelta(hours=5, minutes=15)) == 10
    assert advance(gate, START + dt.timedelta(hours=30)) == 10 * (25 * 4 - 1)
    assert advance(gate, START + dt.timedelta(hours=30)) == 0
    stepwise = _series(gate)
    assert fill(gate, demo, START, START + dt.timedelta(hours=30)) == 0
    later = fill(gate, demo, START - dt.timedelta(hours=1), START + dt.timedelta(hours=30))
    assert later == 10 * 4
    assert {stream: values[4:] for stream, values in _series(gate).items()} == stepwise


def test_advance_without_a_demonstration_does_nothing(gate: Gate) -> None:
    assert advance(gate, START) == 0


def test_everything_is_marked_as_simulated(gate: Gate, demo: Demo) -> None:
    fill(gate, demo, START, START + dt.timedelta(hours=1))
    records = gate.page(gate.grant(PUBLISHED), Query(kind="Datastreams")).records
    assert len(records) == 10
    for record in records:
        assert isinstance(record.value, Datastream)
        assert record.value.simulated
        assert record.value.name.endswith("(simuliert)")
        assert record.value.properties["dataset"] == "weather-demo"
        assert record.value.properties["simulated"] is True
    assert gate.find("Sensors", SENSOR_SLUG) is not None
