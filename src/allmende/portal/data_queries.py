"""What the data pages read, each through the gate as the public would."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from allmende.catalog.door import gate
from allmende.catalog.models import Dataset
from allmende.catalog.queries import datasets
from allmende.connectors.vocabulary import VOCABULARY
from allmende.ethics.sheets import Sheet
from allmende.gate.door import PUBLIC, Ask, Grant
from allmende.gate.query import DayStatistics, Observation, Query, Record, Series, StreamSummary, Within
from allmende.indicators.climate import ClimateYear, climate_years_of
from allmende.kernel.clock import instant_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import Denied
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.portal.left_out import NOTHING, LeftOut, left_out, left_out_of_year

OPEN = Ask(PUBLIC, "publish", "open-data", "public")
WEEK, YEAR = 7 * 86_400_000_000, 366 * 86_400_000_000
STALE = 2 * 3_600_000_000
TEMPERATURE = "air-temperature"
SHOWN = ("air-temperature", "relative-humidity", "precipitation", "air-pressure", "wind-speed", "surface-temperature")


class Stream(msgspec.Struct, frozen=True):
    """A datastream as pages show it."""

    id: int
    name: str
    observed: str
    unit: str
    interval: int
    category: str
    data_use: str
    summary: StreamSummary
    latest: Observation | None

    @property
    def symbol(self) -> str:
        """Give the sign of the unit."""
        return UNITS[self.unit].symbol if self.unit in UNITS else self.unit

    @property
    def stale(self) -> bool:
        """Tell whether the newest value is older than two hours."""
        now = micros_from_instant(utc_now())
        return self.latest is None or now - self.latest.phenomenon_start > STALE + self.interval * 1_000_000


class Part(msgspec.Struct, frozen=True):
    """What one station has of one dataset."""

    slug: str
    simulated: bool
    entry: Dataset | None
    streams: tuple[Stream, ...]

    @property
    def last(self) -> int:
        """Give the newest time of all its streams."""
        return max((stream.summary.last or 0 for stream in self.streams), default=0)

    def stream(self, observed: str) -> Stream | None:
        """Give the stream of a property."""
        return next((stream for stream in self.streams if stream.observed == observed), None)

    @property
    def shown(self) -> tuple[Stream, ...]:
        """Give the streams that pages show, in a fixed order."""
        found = (self.stream(observed) for observed in SHOWN)
        return tuple(stream for stream in found if stream is not None)


class Station(msgspec.Struct, frozen=True):
    """A station with its place and the datasets that hang on it, the one with the newest value first.

    ``hidden`` are the properties that it does not show because their data use is suspended.
    """

    id: int
    slug: str
    name: str
    description: str
    position: str
    longitude: float | None
    latitude: float | None
    parts: tuple[Part, ...]
    suspended: tuple[Sheet, ...] = ()
    hidden: frozenset[str] = frozenset()

    def part(self, slug: str) -> Part | None:
        """Give the part of a dataset, or the newest one when none is named."""
        if not slug:
            return self.parts[0] if self.parts else None
        return next((part for part in self.parts if part.slug == slug), None)


class FreshRow(msgspec.Struct, frozen=True):
    """A newest temperature."""

    station: Station
    value: float
    at: int


class Freshest(msgspec.Struct, frozen=True):
    """What the home page shows of the data."""

    rows: tuple[FreshRow, ...]
    stations: int
    rules: int
    simulated: bool


class ClimateRow(msgspec.Struct, frozen=True):
    """The climate days of a station in a year, and what was left out of them."""

    station: Station
    year: ClimateYear
    left: LeftOut = NOTHING


def grant() -> Grant:
    """Ask the gate as the public."""
    return gate().grant(OPEN)


def property_names(slugs: Iterable[str]) -> dict[str, Text]:
    """Name observed properties: by the vocabulary, or else as their source named them."""
    wanted = dict.fromkeys(slugs)
    own = {} if wanted.keys() <= VOCABULARY.keys() else _names_of_sources()
    return {slug: VOCABULARY[slug].name if slug in VOCABULARY else own.get(slug, Text(slug, slug)) for slug in wanted}


def _names_of_sources() -> dict[str, Text]:
    found = gate().page(grant(), Query(kind="ObservedProperties", top=10_000)).records
    carried = [record.value.properties for record in found]
    return {one["slug"]: msgspec.convert(one["name"], Text) for one in carried if "slug" in one and "name" in one}


def stations(language: str = "de") -> list[Station]:
    """Give all stations that the rules show, in order of name."""
    permit = grant()
    things = [
        thing
        for thing in gate().page(permit, Query(kind="Things", top=10_000)).records
        if thing.value.properties.get("kind") == "weather-station"
    ]
    ids = [thing.id for thing in things]
    streams = gate().related(permit, "Things", "Datastreams", ids)
    places = gate().related(permit, "Things", "Locations", ids)
    summaries, latest = gate().summary(permit), gate().latest(permit)
    known = {entry.slug: entry for entry in datasets()}
    found = []
    for thing in things:
        own = [_stream(record, summaries, latest) for record in streams[thing.id]]
        parts = _parts([s for s in own if s is not None], streams[thing.id], known)
        found.append(_with_suspended(_station(thing, places[thing.id], parts, language), streams[thing.id]))
    return sorted(found, key=lambda station: station.name)


def _stream(record: Record, summaries: dict[int, StreamSummary], latest: dict[int, Observation]) -> Stream | None:
    summary = summaries.get(record.id)
    if summary is None or not summary.count:
        return None
    value = record.value
    return Stream(
        id=record.id,
        name=value.name,
        observed=str(value.properties.get("observed", "")),
        unit=value.unit,
        interval=int(value.properties.get("interval_seconds") or 3600),
        category=value.category,
        data_use=value.data_use,
        summary=summary,
        latest=latest.get(record.id),
    )


def _with_suspended(station: Station, records: list[Record]) -> Station:
    """Add which data uses of a station are suspended."""
    sheets = gate().sheets()
    if not sheets.suspended:
        return station
    closed = [record.value for record in records if record.value.data_use in sheets.suspended]
    found = {sheet.slug: sheet for value in closed if (sheet := sheets.find(value.data_use)) is not None}
    hidden = frozenset(str(value.properties.get("observed", "")) for value in closed)
    return msgspec.structs.replace(station, suspended=tuple(found.values()), hidden=hidden)


def suspended() -> list[Sheet]:
    """Give the data uses that are suspended now, for a note above what they would show."""
    sheets = gate().sheets()
    found = {sheet.slug: sheet for name in sheets.suspended if (sheet := sheets.find(name)) is not None}
    return [found[slug] for slug in sorted(found)]


def _parts(streams: list[Stream], records: list[Record], known: dict[str, Dataset]) -> tuple[Part, ...]:
    values = {record.id: record.value for record in records}
    groups: dict[str, list[Stream]] = {}
    for stream in streams:
        groups.setdefault(str(values[stream.id].properties.get("dataset", "")), []).append(stream)
    parts = [
        Part(slug, all(values[stream.id].simulated for stream in group), known.get(slug), tuple(group))
        for slug, group in groups.items()
    ]
    return tuple(sorted(parts, key=lambda part: -part.last))


def _station(thing: Record, places: list[Record], parts: tuple[Part, ...], language: str) -> Station:
    properties: dict[str, Any] = thing.value.properties
    coordinates = places[0].value.location.get("coordinates", [None, None]) if places else [None, None]
    english = language.startswith("en") and properties.get("description_en")
    return Station(
        id=thing.id,
        slug=str(properties.get("slug", thing.id)),
        name=thing.value.name,
        description=str(properties["description_en"]) if english else thing.value.description,
        position=str(properties.get("position", "unknown" if coordinates[0] is None else "measured")),
        longitude=coordinates[0],
        latitude=coordinates[1],
        parts=parts,
    )


def station(slug: str, language: str = "de") -> Station | None:
    """Give one station."""
    return next((found for found in stations(language) if found.slug == slug), None)


def freshest_measurements(language: str) -> Freshest:
    """Give the newest temperatures, warmest first; nothing where the rules show nothing."""
    rules = len(gate().rulebook().rules)
    try:
        found = stations(language)
    except Denied:
        return Freshest((), 0, rules, simulated=False)
    rows, simulated = [], False
    for place in found:
        part = place.part("")
        stream = part.stream(TEMPERATURE) if part else None
        if part and stream and stream.latest and isinstance(stream.latest.result, float):
            rows.append(FreshRow(place, stream.latest.result, stream.latest.phenomenon_start))
            simulated = simulated or part.simulated
    rows.sort(key=lambda row: -row.value)
    return Freshest(tuple(rows), len(found), rules, simulated)


def week(stream: Stream) -> Series:
    """Give the values of the stream's last seven days."""
    last = (stream.summary.last or 0) + 1
    return gate().series(grant(), stream.id, last - WEEK, last)


def left_out_of(streams: Sequence[Stream], span: int) -> dict[int, LeftOut]:
    """Tell what the charts of streams leave out of the last so many microseconds before their newest value."""
    last = max((stream.summary.last or 0 for stream in streams), default=0) + 1
    return left_out(grant(), [stream.id for stream in streams], last - span, last)


def year_of_days(stream: Stream) -> list[DayStatistics]:
    """Give the statistics of the stream's last 365 days."""
    last = instant_from_micros(stream.summary.last or 0).date() + dt.timedelta(days=1)
    return gate().days(grant(), [stream.id], last - dt.timedelta(days=366), last)


def all_days(stream: Stream) -> list[DayStatistics]:
    """Give the statistics of all days of a stream."""
    first = instant_from_micros(stream.summary.first or 0).date()
    last = instant_from_micros(stream.summary.last or 0).date() + dt.timedelta(days=1)
    return gate().days(grant(), [stream.id], first, last)


def all_values(stream: Stream) -> Iterator[Observation]:
    """Give all observations of a stream, page by page."""
    permit, after = grant(), None
    while True:
        query = Query(kind="Observations", within=Within("Datastreams", stream.id), top=5_000, after=after)
        found = gate().page(permit, query)
        yield from (record.value for record in found.records)
        after = found.next_after
        if after is None:
            return


def climate(found: list[Station], dataset: str) -> list[ClimateRow]:
    """Give the climate days of many stations in one dataset, newest year first, then by name."""
    streams = {}
    for place in found:
        part = next((part for part in place.parts if part.slug == dataset), None)
        stream = part.stream(TEMPERATURE) if part else None
        if stream is not None:
            streams[stream.id] = (place, stream)
    intervals = {number: stream.interval for number, (_, stream) in streams.items()}
    years = climate_years_of(gate(), grant(), intervals) if intervals else {}
    permit = grant()
    left = {
        year: left_out_of_year(permit, list(streams), year)
        for year in {entry.year for entries in years.values() for entry in entries}
    }
    rows = [
        ClimateRow(streams[number][0], year, left[year.year].get(number, NOTHING))
        for number, entries in years.items()
        for year in entries
    ]
    return sorted(rows, key=lambda row: (-row.year.year, row.station.name))


def dataset_slugs(found: list[Station]) -> list[Part]:
    """Give one part for each dataset that any station has, measured ones first."""
    parts = {part.slug: part for place in found for part in place.parts}
    return sorted(parts.values(), key=lambda part: (part.simulated, part.slug))
