"""A reply as readings and refusals: pure, so that it can be done again when a parser was mended."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from allmende.connectors.replies import Record
from allmende.connectors.table.counter import CounterReader
from allmende.connectors.table.mapping import Time
from allmende.connectors.table.times import DoubledTime, NotATime, SkippedTime, TimeReader
from allmende.kernel.clock import UTC
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.formats import records_of
from allmende.sources.paths import ABSENT, finder
from allmende.sources.recipe import Recipe, Value

SHOWN = 60
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
# Observed property, station slug: start and reading.
Counters = dict[str, dict[str, tuple[int, float]]]
Split = Callable[[bytes], list[Record]]

CHANGED_FORM = ErrorCode(
    "source.changed_form",
    Text(
        "In keinem der {count} Datensätze der Antwort steht „{path}“.",
        "None of the reply's {count} records has “{path}”.",
    ),
    Text(
        "Die Quelle hat ihre Form geändert: passen Sie das Rezept an, dann allmende connector replay NAME.",
        "The source has changed its form: adapt the recipe, then allmende connector replay NAME.",
    ),
)
CHANGED_UNIT = ErrorCode(
    "source.changed_unit",
    Text(
        "Die Quelle nennt für {observed} die Einheit „{found}“ statt „{wanted}“.",
        "The source gives the unit “{found}” for {observed}, not “{wanted}”.",
    ),
    Text(
        "Nichts davon wurde gespeichert. Passen Sie unit, factor und unit_given im Rezept an.",
        "Nothing of it was stored. Adapt unit, factor and unit_given in the recipe.",
    ),
)

REASONS: dict[str, Text] = {
    "no-time": Text("Keine Zeit der erklärten Form", "No time of the declared form"),
    "doubled-time": Text("Diese Ortszeit gab es zweimal", "This local time happened twice"),
    "skipped-time": Text("Diese Ortszeit gab es nicht", "This local time did not exist"),
    "unknown-station": Text("Diese Station kennt das Rezept nicht", "The recipe does not know this station"),
    "no-number": Text("Keine Zahl", "No number"),
    "sentinel": Text("Steht für „kein Messwert“", "Stands for “no measurement”"),
    "counter-range": Text("Kein Stand des Zählers", "No reading of the counter"),
    "counter-first": Text("Erster Zählerstand: noch keine Menge", "First reading of the counter: no amount yet"),
    "counter-restart": Text("Der Zähler begann neu: Menge unbekannt", "The counter restarted: amount unknown"),
    "counter-order": Text("Zählerstand außer der Reihe", "Reading of the counter out of order"),
    "no-value": Text("Nichts, was das Rezept kennt", "Nothing that the recipe knows"),
    "doubled-value": Text("In der Antwort stehen zwei verschiedene Werte", "The reply holds two different values"),
    "differs": Text("Gespeichert ist ein anderer Wert; er gilt weiter", "Another value is stored and stays in force"),
    "quarantine": Text("Vom Tor in die Quarantäne gelegt", "Put into quarantine by the gate"),
}


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A value to take: station slug, index into the recipe's values, start and end (µs), result, message key."""

    station: str
    value: int
    start: int
    result: float | bool
    end: int | None = None
    message: str = ""
    since: int | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Something that is not taken, and why."""

    what: str
    shown: str
    reason: str


class Parser:
    """Takes the replies of one source in turn; the readings of counters run on from reply to reply."""

    def __init__(self, recipe: Recipe, split: Split | None = None, counters: Counters | None = None) -> None:
        self._recipe = recipe
        self._split = split or (lambda body: records_of(body, recipe))
        self._stations = recipe.by_key()
        time = recipe.time
        self._times = TimeReader(
            Time(
                columns=("time",),
                format="iso" if time.format.startswith("epoch") else time.format,
                zone=time.zone,
                interval_seconds=time.interval_seconds,
                stamp=time.stamp,
                doubled=time.doubled,
            )
        )
        self._time_in, self._station_in = finder(time.path), finder(recipe.station)
        self._message_in = finder(recipe.message) if recipe.message else None
        self._values = [(index, value, finder(value.path)) for index, value in enumerate(recipe.values)]
        self._needed = [(time.path, self._time_in)]
        self._needed += [(value.path, find_it) for _, value, find_it in self._values if not value.optional]
        self._units = [(value, finder(value.unit_path)) for value in recipe.values if value.unit_path]
        # Gives the time under which a message is known that was heard before.
        self.first_heard: Callable[[str, int], int] | None = None
        self.resume(counters or {})

    def resume(self, counters: Counters) -> None:
        """Go on from readings of counters."""
        interval = self._recipe.time.interval_seconds
        self.counters = {
            index: CounterReader(value.counter, interval, dict(counters.get(value.observed, {})))
            for index, value in enumerate(self._recipe.values)
            if value.counter is not None
        }

    def parse(self, body: bytes, asked: str = "", topic: dict[str, str] | None = None) -> Iterator[Reading | Refusal]:
        """Give what a reply holds; raise ``source.*`` where its form is not the declared one.

        ``topic`` is what its named levels say, as if it stood in each record.
        """
        records = self._split(body)
        if topic:
            records = [{**record, **topic} for record in records]
        self._check_form(records)
        starts = [self._start(record) for record in records]
        order = sorted(range(len(records)), key=lambda place: start if isinstance(start := starts[place], int) else 0)
        for place in order if self.counters else range(len(records)):
            yield from self._record(records[place], starts[place], asked)

    def counted(self) -> Counters:
        """Give the last readings of all counters, for a parser that goes on."""
        return {self._recipe.values[index].observed: one.last for index, one in self.counters.items()}

    def _check_form(self, records: list[Record]) -> None:
        for path, find_it in self._needed if records else ():
            if all(find_it(record) is ABSENT for record in records):
                raise Invalid(CHANGED_FORM, count=len(records), path=path)
        for value, find_it in self._units:
            for record in records:
                found = find_it(record)
                if found is not ABSENT and found != value.unit_given:
                    raise Invalid(
                        CHANGED_UNIT, observed=value.observed, found=str(found)[:SHOWN], wanted=value.unit_given
                    )

    def _start(self, record: Record) -> int | str:
        """Give the start of a record's interval, or the reason why there is none."""
        try:
            return self._times.start(self._time_text(self._time_in(record)))
        except DoubledTime:
            return "doubled-time"
        except SkippedTime:
            return "skipped-time"
        except (NotATime, ValueError, OverflowError, OSError):
            return "no-time"

    def _time_text(self, given: Any) -> str:
        text = str(given).strip()
        if not self._recipe.time.format.startswith("epoch"):
            return text
        seconds = float(text) / (1_000 if self._recipe.time.format == "epoch-ms" else 1)
        # Some sources count the seconds of their wall clock as if it were UTC: the zone then is that clock's.
        return dt.datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()

    def _record(self, record: Record, start: int | str, asked: str) -> Iterator[Reading | Refusal]:
        recipe = self._recipe
        if isinstance(start, str):
            yield Refusal(recipe.time.path, str(self._time_in(record))[:SHOWN], start)
            return
        named = self._station_in(record) if recipe.station else asked
        station = self._stations.get(str(named).casefold())
        if station is None:
            yield Refusal(recipe.station or "station", "" if named is ABSENT else str(named)[:SHOWN], "unknown-station")
            return
        message = self._message(record)
        if message and self.first_heard is not None:
            start = self.first_heard(message, start)
        end = start + recipe.time.interval_seconds * 1_000_000 if recipe.time.interval_seconds else None
        empty = True
        for index, value, find_it in self._values:
            given = find_it(record)
            if given is ABSENT or given is None or (isinstance(given, str) and given.strip() in recipe.absent):
                continue
            empty = False
            result = self._result(value, given)
            if isinstance(result, str):
                yield Refusal(value.path, str(given)[:SHOWN], result)
                continue
            reading = Reading(station, index, start, result, end, message)
            yield reading if value.counter is None else self._counted(index, reading, given)
        if empty:
            yield Refusal("record", f"{station} {message}"[:SHOWN], "no-value")

    def _message(self, record: Record) -> str:
        """Give the key of a message; one that is missing is none."""
        found = ABSENT if self._message_in is None else self._message_in(record)
        return "" if found is ABSENT or found is None else str(found)

    def _result(self, value: Value, given: Any) -> float | bool | str:
        """Give the number or truth, or the reason why there is none; a zero is a number like any other."""
        if value.kind == "boolean":
            found = given if isinstance(given, bool) else _TRUTHS.get(str(given).strip().lower())
            return "no-number" if found is None else found
        number = _number(given, self._recipe.decimal)
        if number is None:
            return "no-number"
        if number in value.sentinels:
            return "sentinel"
        if value.factor == 1.0 and value.offset == 0.0:
            return number
        return round(number * value.factor + value.offset, 9)

    def _counted(self, index: int, reading: Reading, given: Any) -> Reading | Refusal:
        """Turn the reading of a counter into the amount since the one before."""
        amount = self.counters[index].amount(reading.station, reading.start, float(reading.result))
        if isinstance(amount, str):
            return Refusal(self._recipe.values[index].path, str(given)[:SHOWN], amount)
        return msgspec.structs.replace(reading, result=amount.value, since=amount.since)


def _number(given: Any, decimal: str) -> float | None:
    """Read a finite number; a truth is none, nor is a list."""
    if isinstance(given, bool):
        return None
    if isinstance(given, str):
        text = given.strip()
        text = text.replace(",", ".") if decimal == "," and "." not in text else text
        given = float(text) if _NUMBER.fullmatch(text) else None
    if not isinstance(given, int | float) or not math.isfinite(given):
        return None
    return float(given)
