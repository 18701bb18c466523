"""The mapping: what the columns of a table mean, as a YAML file says it."""

from typing import Literal

import msgspec

from allmende.kernel.text import Text

ZONE_IN_TIME = "in-time"
DAY_SECONDS = 86_400


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the mapping in which an unknown field is an error."""


class Form(_Strict, frozen=True):
    """How the file is written; ``absent`` lists the cell texts that mean "no value"."""

    encoding: Literal["utf-8", "latin-1", "windows-1252"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    absent: tuple[str, ...] = ("",)
    file_bytes: int = 2_000_000_000


class Long(_Strict, frozen=True):
    """A long table: one row for each value, with the name of the property in a column."""

    property_column: str
    value_column: str


class Time(_Strict, frozen=True):
    """Where the time stands: columns joined by a blank, read by a strptime format or as ``iso``.

    ``zone`` is an IANA name or ``in-time``. ``stamp`` says which end of the interval is written. A local time that
    the change of clocks doubles or leaves out is refused unless ``doubled`` says which of the two is meant.
    """

    columns: tuple[str, ...]
    format: str
    zone: str
    interval_seconds: int
    stamp: Literal["start", "end"] = "start"
    doubled: Literal["refuse", "first", "second"] = "refuse"
    note: Text | None = None


class ThingEntry(_Strict, frozen=True):
    """A station as it is called in the table and where it stands (WGS 84), if anyone knows.

    It is made when the store has it not yet.
    """

    slug: str
    name: str
    longitude: float | None = None
    latitude: float | None = None
    aliases: tuple[str, ...] = ()
    description: Text | None = None
    kind: str = "weather-station"


class Station(_Strict, frozen=True):
    """Which column names the station, or the one station that the whole table is about."""

    column: str | None = None
    thing: str | None = None
    unknown: Literal["refuse", "stop"] = "refuse"


class Counter(_Strict, frozen=True):
    """A cumulative counter that starts again at ``modulus``; no amount is made over a longer gap than this."""

    modulus: float
    longest_gap_seconds: int = DAY_SECONDS


class Value(_Strict, frozen=True):
    """A column (in a long table: a content of the property column) that holds measurements."""

    column: str
    observed: str
    name: Text
    unit: str
    minimum: float
    maximum: float
    sentinels: tuple[float, ...] = ()
    counter: Counter | None = None
    definition: str = ""
    properties: dict[str, str | Text] = {}


class Ignored(_Strict, frozen=True):
    """A column that is left out, and why."""

    column: str
    reason: Text


class Instrument(_Strict, frozen=True):
    """What measured: becomes the Sensor of the datastreams."""

    slug: str
    name: Text
    description: Text
    metadata: str = ""


class Source(_Strict, frozen=True):
    """Where the table comes from, with its licence and how to name the source."""

    title: Text
    url: str
    licence: str
    attribution: str
    publisher: str = ""
    version: str = ""
    changes: Text | None = None


class Mapping(_Strict, frozen=True):
    """A whole mapping; ``id`` is the source by which, with the time, a repeated value is known."""

    mapping: Literal[1]
    id: str
    title: Text
    description: Text
    dataset: str
    category: str
    data_use: str
    purpose: str
    source: Source
    instrument: Instrument
    time: Time
    station: Station
    values: tuple[Value, ...]
    form: Form = Form()
    long: Long | None = None
    ignored: tuple[Ignored, ...] = ()
    things: tuple[ThingEntry, ...] = ()

    def columns(self) -> tuple[str, ...]:
        """Give the columns that the table must have, without the ignored ones."""
        station = () if self.station.column is None else (self.station.column,)
        if self.long is not None:
            return (*self.time.columns, *station, self.long.property_column, self.long.value_column)
        return (*self.time.columns, *station, *(value.column for value in self.values))

    def names(self) -> dict[str, str]:
        """Give the slug for every name by which the mapping knows a station."""
        return {name: thing.slug for thing in self.things for name in (thing.name, thing.slug, *thing.aliases)}
