"""Fills a city's store with simulated weather and keeps adding to it; doing it again adds nothing.

What a datastream needs to go on (seed, climate, character) stands in its own properties, so that ``advance`` needs
no pack, and anyone can see how a value came about.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from allmende.connectors.entities import Place, datastream_for, plain, property_for, sensor_for, thing_for
from allmende.connectors.simulation.demo import Demo, Station, read_demo
from allmende.connectors.simulation.noise import Floats, Ints
from allmende.connectors.simulation.weather import Character, Climate, sky_over, station_values
from allmende.connectors.vocabulary import VOCABULARY
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, Grant
from allmende.gate.query import Block, Compare, Constant, Datastream, Query
from allmende.gate.query import Path as PropertyPath
from allmende.kernel.text import Text

STEP = 900
BATCH = 50_000
MANY = 10_000
SOURCE = "simulation"
SENSOR_SLUG = "weather-simulation"
COLLECTOR = Asker("system:simulation")
PUBLISHED = Ask(PUBLIC, "publish", "open-data", "public")
RANGES: dict[str, tuple[str, float, float]] = {
    "air-temperature": ("Cel", -40.0, 50.0),
    "relative-humidity": ("%", 0.0, 100.0),
    "precipitation": ("mm", 0.0, 100.0),
    "wind-speed": ("m/s", 0.0, 75.0),
    "air-pressure": ("hPa", 850.0, 1100.0),
}

Progress = Callable[[int, int], None]


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """All that the values of a simulated datastream depend on, beside the time."""

    seed: int
    purpose: str
    station: str
    character: Character
    climate: Climate


class Stream(msgspec.Struct, frozen=True):
    """A simulated datastream: its id, what it observes, its recipe, the first step that is due (seconds)."""

    id: int
    observed: str
    recipe: Recipe
    first: int


def demonstrate(gate: Gate, pack: Path, now: dt.datetime, progress: Progress | None = None) -> int:
    """Set up the demonstration of a pack's folder for the days it names, up to now; give how many values are new."""
    demo = read_demo(pack)
    return fill(gate, demo, now - dt.timedelta(days=demo.days), now, progress)


def fill(gate: Gate, demo: Demo, since: dt.datetime, until: dt.datetime, progress: Progress | None = None) -> int:
    """Add what is missing of all stations and properties from since to until; give how many values are new."""
    grant = gate.grant(_collect(demo.purpose))
    first = -(-int(since.timestamp()) // STEP) * STEP
    streams = [
        Stream(datastream, observed, _recipe(demo, station), first)
        for station in demo.stations
        for observed, datastream in _datastreams(gate, grant, demo, station).items()
    ]
    return _append_all(gate, grant, _resumed(gate, streams), until, progress)


def is_running(gate: Gate) -> bool:
    """Say whether a demonstration was set up here."""
    return gate.find("Sensors", SENSOR_SLUG) is not None


def advance(gate: Gate, now: dt.datetime) -> int:
    """Add the values that have come due at the simulated datastreams; give how many are new."""
    published = gate.grant(PUBLISHED)
    simulated = Compare("eq", PropertyPath(("properties", "source")), Constant(SOURCE))
    page = gate.page(published, Query(kind="Datastreams", where=simulated, top=MANY))
    summaries = gate.summary(published, [record.id for record in page.records])
    streams = []
    for record in page.records:
        summary = summaries.get(record.id)
        if isinstance(record.value, Datastream) and summary is not None and summary.last is not None:
            recipe = msgspec.convert(record.value.properties["recipe"], Recipe)
            following = summary.last // 1_000_000
            streams.append(Stream(record.id, record.value.properties["observed"], recipe, following))
    due = [stream for stream in streams if stream.first + STEP <= now.timestamp()]
    added = 0
    for purpose, group in groupby(sorted(due, key=_purpose), key=_purpose):
        added += _append_all(gate, gate.grant(_collect(purpose)), list(group), now, None)
    return added


def _collect(purpose: str) -> Ask:
    return Ask(COLLECTOR, "collect", purpose, "administration")


def _purpose(stream: Stream) -> str:
    return stream.recipe.purpose


def _recipe(demo: Demo, station: Station) -> Recipe:
    return Recipe(
        seed=demo.seed,
        purpose=demo.purpose,
        station=station.slug,
        character=station.character(),
        climate=demo.climate,
    )


def _resumed(gate: Gate, streams: Sequence[Stream]) -> list[Stream]:
    """Let each datastream begin after its last value where it has no hole before."""
    summaries = gate.summary(gate.grant(PUBLISHED), [stream.id for stream in streams])
    resumed = []
    for stream in streams:
        summary = summaries.get(stream.id)
        if summary is not None and summary.first is not None and summary.last is not None:
            first, last = summary.first // 1_000_000, summary.last // 1_000_000
            if first <= stream.first <= last and summary.count == (last - first) // STEP:
                stream = msgspec.structs.replace(stream, first=last)
        resumed.append(stream)
    return resumed


def _append_all(
    gate: Gate, grant: Grant, streams: Sequence[Stream], until: dt.datetime, progress: Progress | None
) -> int:
    """Append the values of whole intervals up to ``until``, datastream by datastream in order of time."""
    end = int(until.timestamp()) // STEP * STEP
    total = sum(max(0, end - stream.first) // STEP for stream in streams)
    added = done = 0
    ordered = sorted(streams, key=lambda stream: (stream.first, stream.recipe.seed, stream.recipe.station))
    for (first, seed), same_time in groupby(ordered, key=lambda stream: (stream.first, stream.recipe.seed)):
        seconds = np.arange(first, end, STEP, dtype=np.int64)
        sky = sky_over(seed, seconds)
        for recipe, group in groupby(same_time, key=lambda stream: stream.recipe):
            values = station_values(seed, recipe.station, recipe.character, recipe.climate, seconds, sky)
            for stream in group:
                added += _append(gate, grant, stream, seconds * 1_000_000, values[stream.observed])
                done += len(seconds)
                if progress is not None:
                    progress(done, total)
    return added


def _append(gate: Gate, grant: Grant, stream: Stream, start: Ints, values: Floats) -> int:
    added = 0
    for first in range(0, len(start), BATCH):
        part = slice(first, first + BATCH)
        block = Block(
            datastream_id=stream.id,
            start=start[part],
            end=start[part] + STEP * 1_000_000,
            number=values[part],
            source=SOURCE,
        )
        added += gate.append(grant, block).added
    return added


def _datastreams(gate: Gate, grant: Grant, demo: Demo, station: Station) -> dict[str, int]:
    """Find or make the station's datastreams; their ids by observed property."""
    sensor = sensor_for(gate, grant, SENSOR_SLUG, name=demo.title, description=demo.description)
    thing = thing_for(gate, grant, Place(slug=station.slug, name=station.name))
    streams = {}
    for observed in RANGES:
        entity = _datastream(demo, station, observed, thing, sensor, property_for(gate, grant, observed))
        streams[observed] = datastream_for(gate, grant, entity)
    return streams


def _datastream(demo: Demo, station: Station, observed: str, thing: int, sensor: int, property_id: int) -> Datastream:
    unit, minimum, maximum = RANGES[observed]
    name = VOCABULARY[observed].name
    title = Text(f"{station.name}: {name.de} (simuliert)", f"{station.name}: {name.en} (simulated)")
    return Datastream(
        name=title.de,
        description=demo.description.de,
        thing_id=thing,
        sensor_id=sensor,
        observed_property_id=property_id,
        unit=unit,
        category=demo.category,
        data_use=demo.data_use,
        simulated=True,
        minimum=minimum,
        maximum=maximum,
        properties={
            "slug": f"{demo.dataset}-{station.slug}-{observed}",
            "dataset": demo.dataset,
            "interval_seconds": STEP,
            "observed": observed,
            "simulated": True,
            "source": SOURCE,
            "name": plain(title),
            "recipe": msgspec.to_builtins(_recipe(demo, station)),
        },
    )
