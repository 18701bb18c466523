"""A reply as readings and refusals: pure, so that it can be done again when a parser was mended."""

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from allmende.connectors.replies import Record
from allmende.connectors.table.counter import CounterReader
from allmende.connectors.table.mapping import Time
from allmende.connectors.table.times import DoubledTime, NotATime, SkippedTime, TimeReader
from allmende.kernel.clock import UTC
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.formats import records_of
from allmende.sources.paths import ABSENT, Look, find, look
from allmende.sources.recipe import RECEIVED, Moment, Recipe, Value

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
    "left-out": Text("Vom Rezept ausgelassen", "Left out by the recipe"),
    "no-value": Text("Nichts, was das Rezept kennt", "Nothing that the recipe knows"),
    "unknown-property": Text("Diese Messgröße kennt die Zuordnung nicht", "The mapping does not know this property"),
    "future-time": Text("Diese Zeit liegt in der Zukunft", "This time lies in the future"),
    "out-of-range": Text("Außerhalb des physikalischen Bereichs", "Outside the physical range"),
    "doubled-value": Text("In der Antwort stehen zwei verschiedene Werte", "The reply holds two different values"),
    "differs": Text("Gespeichert ist ein anderer Wert; er gilt weiter", "Another value is stored and stays in force"),
    "quarantine": Text("Vom Tor in die Quarantäne gelegt", "Put into quarantine by the gate"),
}


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A value to take: station slug, index into the recipe's values, start and end (µs), result, message key.

    ``known`` is when the result was known.
    """

    station: str
    value: int
    start: int
    result: float | bool
    end: int | None = None
    message: str = ""
    since: int | None = None
    known: int | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Something that is not taken, and why."""

    what: str
    shown: str
    reason: str


class Told(msgspec.Struct, frozen=True):
    """What is known of a reply beside its bytes: the station and the part asked for, and when it came (µs).

    ``topic`` is what the named levels of its topic say, as if it stood in each record.
    """

    asked: str = ""
    part: str | None = None
    received: int | None = None
    topic: dict[str, str] = {}


NOTHING = Told()


class _Values(msgspec.Struct, frozen=True):
    """The values of a part of the request, with how to find them, and what has to be in some record."""

    values: tuple[tuple[int, Value, Look], ...]
    needed: tuple[tuple[str, Look], ...]
    units: tuple[tuple[Value, Look], ...]


class Parser:
    """Takes the replies of one source in turn; the readings of counters run on from reply to reply."""

    def __init__(self, recipe: Recipe, split: Split | None = None, counters: Counters | None = None) -> None:
        self._recipe = recipe
        self._split = split or (lambda body: records_of(body, recipe))
        self._stations = recipe.by_key()
        self._times = _reader(recipe.time, recipe.time.stamp)
        self._instants = _reader(recipe.time, "start")
        self._epoch = recipe.time.format.startswith("epoch")
        self._parts: dict[str | None, _Values] = {}
        # What was foretold before stays beside what is foretold now: a forecast's key is when it was made.
        message = recipe.time.result if recipe.forecast else recipe.message
        self._message = look(message) if message else None
        self._station = look(recipe.station) if recipe.station else None
        self._where = [(one.path, look(one.path), {text.casefold() for text in one.among}) for one in recipe.where]
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

    def parse(self, body: bytes, told: Told = NOTHING) -> list[Reading | Refusal]:
        """Give what a reply holds; raise ``source.*`` where its form is not the declared one."""
        records = self._split(body)
        if told.topic:
            records = [{**record, **told.topic} for record in records]
        part = self._parts.get(told.part) or self._part(told.part)
        if records and (part.needed or part.units):
            _check_form(records, part)
        found: list[Reading | Refusal] = []
        if self.counters and len(records) > 1:
            starts = [self._start(record, told) for record in records]
            order = sorted(range(len(records)), key=lambda at: start if isinstance(start := starts[at], int) else 0)
            for place in order:
                self._record(records[place], starts[place], told.asked, part.values, found)
        else:
            for record in records:
                self._record(record, self._start(record, told), told.asked, part.values, found)
        return found

    def counted(self) -> Counters:
        """Give the last readings of all counters, for a parser that goes on."""
        return {self._recipe.values[index].observed: one.last for index, one in self.counters.items()}

    def _part(self, name: str | None) -> _Values:
        """Say what is read of a part; its values are needed only where it is certain that a reply is that part's."""
        time = self._recipe.time
        values = [
            (index, value)
            for index, value in enumerate(self._recipe.values)
            if name is None or value.part in ("", name)
        ]
        needed = [path for path in (time.path, time.end, time.result) if path not in ("", RECEIVED)]
        needed += [value.path for _, value in values if not value.optional and (name is not None or not value.part)]
        made = self._parts[name] = _Values(
            tuple((index, value, look(value.path)) for index, value in values),
            tuple((path, look(path)) for path in needed),
            tuple((value, look(value.unit_path)) for _, value in values if value.unit_path),
        )
        return made

    def _start(self, record: Record, told: Told) -> int | str:
        """Give the start of a record's interval, or the reason why there is none."""
        if self._recipe.time.path == RECEIVED:
            return "no-time" if told.received is None else told.received
        return self._read_time(record, self._recipe.time.path, self._times)

    def _read_time(self, record: Record, path: str, reader: TimeReader) -> int | str:
        given = record[path] if path in record else find(record, path)
        try:
            return reader.start(self._time_text(given))
        except DoubledTime:
            return "doubled-time"
        except SkippedTime:
            return "skipped-time"
        except (NotATime, ValueError, OverflowError, OSError):
            return "no-time"

    def _time_text(self, given: Any) -> str:
        text = str(given).strip()
        if not self._epoch:
            return text
        seconds = float(text) / (1_000 if self._recipe.time.format == "epoch-ms" else 1)
        # Some sources count the seconds of their wall clock as if it were UTC: the zone then is that clock's.
        return dt.datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()

    def _record(
        self,
        record: Record,
        start: int | str,
        asked: str,
        values: tuple[tuple[int, Value, Look], ...],
        found: list[Reading | Refusal],
    ) -> None:
        base = self._base(record, start, asked)
        if isinstance(base, Refusal):
            found.append(base)
            return
        empty, absent = True, self._recipe.absent
        for index, value, find_it in values:
            given = find_it(record)
            if given is ABSENT or given is None or (isinstance(given, str) and given.strip() in absent):
                continue
            empty = False
            result = self._result(value, given)
            if isinstance(result, str):
                found.append(Refusal(value.path, str(given)[:SHOWN], result))
                continue
            start, end = base.start, base.end
            if value.before_seconds:
                start, end = start - value.before_seconds * 1_000_000, start
            reading = Reading(base.station, index, start, result, end, base.message, None, base.known)
            found.append(reading if value.counter is None else self._counted(index, reading, given))
        if empty:
            found.append(Refusal("record", f"{base.station} {base.message}"[:SHOWN], "no-value"))

    def _base(self, record: Record, start: int | str, asked: str) -> Reading | Refusal:
        """Give what all values of a record share: station, times, message."""
        for path, find_it, among in self._where:
            if (shown := str(find_it(record))).strip().casefold() not in among:
                return Refusal(path, shown[:SHOWN], "left-out")
        time = self._recipe.time
        if isinstance(start, str):
            return Refusal(time.path, _shown(record, time.path), start)
        named = self._station(record) if self._station is not None else asked
        station = self._stations.get(named) if type(named) is str else None
        station = station or self._stations.get(_key(named))
        if station is None:
            shown = "" if named is ABSENT else str(named)[:SHOWN]
            return Refusal(self._recipe.station or "station", shown, "unknown-station")
        message = self._message(record) if self._message is not None else ABSENT
        message = "" if message is ABSENT or message is None else str(message)
        if message and self.first_heard is not None:
            start = self.first_heard(message, start)
        end = self._end(record, start)
        if isinstance(end, str):
            return Refusal(time.end, _shown(record, time.end), end)
        known = self._read_time(record, time.result, self._instants) if _is_there(record, time.result) else None
        if isinstance(known, str):
            return Refusal(time.result, _shown(record, time.result), known)
        # An end that is the start means an instant.
        return Reading(station, 0, start, 0.0, None if end == start else end, message, None, known)

    def _end(self, record: Record, start: int) -> int | str | None:
        """Give the end of a record's interval, or the reason why there is none; an instant has None."""
        time = self._recipe.time
        if time.end:
            return self._read_time(record, time.end, self._instants)
        return start + time.interval_seconds * 1_000_000 if time.interval_seconds else None

    def _result(self, value: Value, given: Any) -> float | bool | str:
        """Give the number or truth, or the reason why there is none; a zero is a number like any other."""
        if value.kind == "boolean":
            found = given if isinstance(given, bool) else _TRUTHS.get(str(given).strip().lower())
            return "no-number" if found is None else found
        number = given if type(given) is float and math.isfinite(given) else _number(given, self._recipe.decimal)
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


def _check_form(records: list[Record], part: _Values) -> None:
    """Require what is not optional, and the declared units."""
    for path, find_it in part.needed:
        for record in records:
            if find_it(record) is not ABSENT:
                break
        else:
            raise Invalid(CHANGED_FORM, count=len(records), path=path)
    for value, find_it in part.units:
        for record in records:
            found = find_it(record)
            if found is not ABSENT and found != value.unit_given:
                raise Invalid(CHANGED_UNIT, observed=value.observed, found=str(found)[:SHOWN], wanted=value.unit_given)


def _reader(time: Moment, stamp: Literal["start", "end"]) -> TimeReader:
    """Give the reader of a moment's texts; an epoch has become one by then."""
    return TimeReader(
        Time(
            columns=("time",),
            format="iso" if time.format.startswith("epoch") else time.format,
            zone=time.zone,
            interval_seconds=time.interval_seconds,
            stamp=stamp,
            doubled=time.doubled,
        )
    )


def _key(named: Any) -> str:
    """Write a station's key as the recipe has it: a whole number may come as 4.0."""
    if isinstance(named, float) and named.is_integer():
        return str(int(named))
    return str(named).strip().casefold()


def _shown(record: Record, path: str) -> str:
    found = find(record, path)
    return "" if found is ABSENT else str(found)[:SHOWN]


def _is_there(record: Record, path: str) -> bool:
    return bool(path) and find(record, path) not in (ABSENT, None, "")


def _number(given: Any, decimal: str) -> float | None:
    """Read a finite number; a truth is none, nor is a list."""
    if isinstance(given, str):
        text = given.strip()
        text = text.replace(",", ".") if decimal == "," and "." not in text else text
        given = float(text) if _NUMBER.fullmatch(text) else None
    elif isinstance(given, bool):
        return None
    try:
        return float(given) if isinstance(given, int | float) and math.isfinite(given) else None
    except OverflowError:
        return None
