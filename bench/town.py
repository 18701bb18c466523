"""A town for measuring: 250 things with four datastreams each, filled with as many values as are wanted."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, Grant  # noqa: E402
from allmende.gate.query import Block, Datastream, Location, ObservedProperty, Sensor, Thing  # noqa: E402
from tests.weather_rules import WEATHER_RULES  # noqa: E402 - the tests lie beside this folder

COLLECT = Ask(Asker("bench"), "collect", "climate-adaptation", "administration")
READ = Ask(PUBLIC, "publish", "open-data", "public")
THINGS, STREAMS_EACH, VALUES, STEP = 250, 4, 1_000, 300_000_000
START = 1_704_067_200_000_000
RULES = WEATHER_RULES


def found(gate: Gate) -> list[int]:
    """Make the entities in one transaction; give the numbers of the datastreams."""
    gate.publish(RULES, actor="bench")
    bundle = gate.bundle()
    try:
        with bundle.joined():
            streams = _made(gate)
    except BaseException:
        bundle.drop()
        raise
    bundle.keep()
    return streams


def _made(gate: Gate) -> list[int]:
    grant = gate.grant(COLLECT)
    sensor = gate.create(grant, "Sensors", Sensor(name="bench", description=""))
    seen = [
        gate.create(grant, "ObservedProperties", ObservedProperty(name=f"p{number}", definition="", description=""))
        for number in range(STREAMS_EACH)
    ]
    streams = []
    for number in range(THINGS):
        where = {"type": "Point", "coordinates": [9.1 + number / 1_000, 47.66]}
        place = gate.create(grant, "Locations", Location(name=f"Place {number}", description="", location=where))
        thing = gate.create(grant, "Things", Thing(name=f"Station {number}", description="", location_ids=(place,)))
        for kind in range(STREAMS_EACH):
            stream = Datastream(
                name=f"Station {number} {kind}",
                description="",
                thing_id=thing,
                sensor_id=sensor,
                observed_property_id=seen[kind],
                unit="Cel",
                category="weather",
                data_use="bench",
            )
            streams.append(gate.create(grant, "Datastreams", stream))
    return streams


def block(stream: int, first: int, count: int, seed: int) -> Block:
    """Give values as of a thermometer: a daily course, noise, tenths of a degree, results some seconds late."""
    random = np.random.default_rng(seed)
    start = START + (first + np.arange(count, dtype=np.int64)) * STEP
    course = 8 * np.sin((first + np.arange(count)) / 288 * 2 * np.pi)
    number = np.round(12 + course + np.cumsum(random.normal(0, 0.1, count)), 1)
    late = random.integers(200, 3_000, count) * 1_000
    return Block(datastream_id=stream, start=start, number=number, result_time=start + late, source="bench")


def fill(gate: Gate, grant: Grant, streams: list[int], values: int) -> int:
    """Fill datastreams with so many values each; give how many in all."""
    size = 1_000
    for first in range(0, values, size):
        for stream in streams:
            gate.append(grant, block(stream, first, min(size, values - first), stream + first))
    return len(streams) * values
