"""A table's rows as readings and refusals: pure, streaming, in bounded memory."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from allmende.connectors.table.counter import CounterReader
from allmende.connectors.table.lines import rows
from allmende.connectors.table.mapping import Mapping, Value
from allmende.connectors.table.report import Refusal
from allmende.connectors.table.times import DoubledTime, NotATime, SkippedTime, TimeReader
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

SHOWN = 60
SHOWN_NAMES = 20
_NUMBERS = {
    ".": re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d+(,\d*)?([eE][+-]?\d+)?", re.ASCII),
}

_NOTHING = Text("Es wurde nichts geladen. ", "Nothing was loaded. ")

COLUMNS_MISSING = ErrorCode(
    "table.columns_missing",
    Text("{file}: Die Spalten {columns} fehlen.", "{file}: the columns {columns} are missing."),
    Text(
        _NOTHING.de + "Prüfen Sie Trennzeichen und Spaltennamen der Zuordnung; die Kopfzeile nennt: {header}",
        _NOTHING.en + "Check the mapping's delimiter and column names; the header line says: {header}",
    ),
)
COLUMNS_UNKNOWN = ErrorCode(
    "table.columns_unknown",
    Text("{file}: Die Zuordnung kennt die Spalten {columns} nicht.", "{file}: the mapping knows no columns {columns}."),
    Text(
        _NOTHING.de + "Nehmen Sie sie unter values oder, mit Grund, unter ignored auf.",
        _NOTHING.en + "List them under values or, with a reason, under ignored.",
    ),
)
COLUMNS_DOUBLED = ErrorCode(
    "table.columns_doubled",
    Text("{file}: Die Spalten {columns} kommen mehrfach vor.", "{file}: the columns {columns} occur more than once."),
    Text(_NOTHING.de + "Benennen Sie sie eindeutig.", _NOTHING.en + "Give them different names."),
)
BAD_TIME = ErrorCode(
    "table.bad_time",
    Text(
        "{file}, Zeile {line}: „{value}“ ist keine Zeit der Form {format}.",
        "{file}, line {line}: “{value}” is no time of the form {format}.",
    ),
    Text(
        _NOTHING.de + "Berichtigen Sie die Zeile oder time in der Zuordnung.",
        _NOTHING.en + "Correct the line or time in the mapping.",
    ),
)
BAD_NUMBER = ErrorCode(
    "table.bad_number",
    Text(
        "{file}, Zeile {line}, Spalte {column}: „{value}“ ist keine Zahl mit dem Dezimalzeichen „{decimal}“.",
        "{file}, line {line}, column {column}: “{value}” is no number with the decimal mark “{decimal}”.",
    ),
    Text(
        _NOTHING.de + "Setzen Sie form.decimal, oder nehmen Sie Texte für fehlende Werte unter form.absent auf.",
        _NOTHING.en + "Set form.decimal, or list texts that mean a missing value under form.absent.",
    ),
)
STATION_UNKNOWN = ErrorCode(
    "table.station_unknown",
    Text(
        "{file}, Zeile {line}: Die Station „{value}“ ist nicht bekannt.",
        "{file}, line {line}: the station “{value}” is not known.",
    ),
    Text(
        _NOTHING.de + "Nehmen Sie sie unter things auf. Bekannt sind: {known}",
        _NOTHING.en + "List it under things. Known are: {known}",
    ),
)


class Reading(msgspec.Struct, frozen=True):
    """A value to take: line, station slug, index into the mapping's values, interval start (µs), since if longer."""

    line: int
    station: str
    value: int
    start: int
    result: float
    since: int | None = None


class _Row(msgspec.Struct, frozen=True):
    file: str
    line: int
    station: str
    start: int


class _Layout(msgspec.Struct, frozen=True):
    """Where in a row the mapping's columns stand."""

    times: tuple[int, ...]
    station: int | None
    values: tuple[int, ...]
    property: int | None


class TableParser:
    """Parses the files of one load in turn; counters run on from file to file.

    ``station_slug`` gives the slug for a station's text, or nothing; times after ``now`` (µs) are refused.
    """

    def __init__(self, mapping: Mapping, station_slug: Callable[[str], str | None], now: int) -> None:
        self._mapping = mapping
        self._station_slug = station_slug
        self._now = now
        self._times = TimeReader(mapping.time)
        self._number = _NUMBERS[mapping.form.decimal]
        self._blank = frozenset(mapping.form.absent)
        interval = mapping.time.interval_seconds
        self._counters = [
            None if value.counter is None else CounterReader(value.counter, interval) for value in mapping.values
        ]
        self._contents = {value.column: index for index, value in enumerate(mapping.values)}
        self.rows = 0
        self.absent = 0

    def parse(self, lines: Iterable[bytes], file: str) -> Iterator[Reading | Refusal]:
        """Give the readings and refusals of one file; raise ``table.*`` where it is broken."""
        found = rows(lines, file, self._mapping.form)
        _, header = next(found)
        layout = _layout(self._mapping, header, file)
        for line, cells in found:
            self.rows += 1
            row = self._row(file, line, cells, layout)
            if isinstance(row, Refusal):
                yield row
            elif layout.property is not None:
                yield from self._long(row, cells, layout.property, layout.values[0])
            else:
                for index, place in enumerate(layout.values):
                    if (outcome := self._cell(row, index, cells[place])) is not None:
                        yield outcome

    def _row(self, file: str, line: int, cells: Sequence[str], layout: _Layout) -> _Row | Refusal:
        """Read what all values of a row share: when and where."""
        text = " ".join(cells[place].strip() for place in layout.times)
        named = self._mapping.station.thing if layout.station is None else cells[layout.station].strip()
        try:
            start = self._times.start(text)
        except NotATime as error:
            form = self._mapping.time.format
            raise Invalid(BAD_TIME, file=file, line=line, value=text[:SHOWN], format=form) from error
        except (DoubledTime, SkippedTime) as error:
            reason = "doubled-time" if isinstance(error, DoubledTime) else "skipped-time"
            return Refusal(file, line, " ".join(self._mapping.time.columns), text, reason)
        station = self._station_slug(named or "")
        if station is None:
            return self._strange(file, line, named or "")
        if start > self._now:
            return Refusal(file, line, " ".join(self._mapping.time.columns), text, "future-time")
        return _Row(file, line, station, start)

    def _strange(self, file: str, line: int, named: str) -> Refusal:
        """Refuse a station that nobody knows, or stop there when the mapping says so."""
        known = ", ".join(thing.name for thing in self._mapping.things[:SHOWN_NAMES]) or "–"
        if self._mapping.station.unknown == "stop":
            raise Invalid(STATION_UNKNOWN, file=file, line=line, value=named[:SHOWN], known=known)
        column = self._mapping.station.column or ""
        return Refusal(file, line, column, named[:SHOWN], "unknown-station", {"known": known})

    def _long(self, row: _Row, cells: Sequence[str], content: int, place: int) -> Iterator[Reading | Refusal]:
        """Read the one value of a long table's row."""
        name = cells[content].strip()
        index = self._contents.get(name)
        if index is not None:
            outcome = self._cell(row, index, cells[place])
            if outcome is not None:
                yield outcome
        elif all(ignored.column != name for ignored in self._mapping.ignored):
            column = "" if self._mapping.long is None else self._mapping.long.property_column
            yield Refusal(row.file, row.line, column, name[:SHOWN], "unknown-property")

    def _cell(self, row: _Row, index: int, cell: str) -> Reading | Refusal | None:
        """Read one cell; nothing where the table has no value."""
        text = cell.strip()
        if text in self._blank:
            self.absent += 1
            return None
        value = self._mapping.values[index]
        number = self._read_number(row, value, text)
        if number in value.sentinels:
            return Refusal(row.file, row.line, value.column, text[:SHOWN], "sentinel")
        since = None
        counter = self._counters[index]
        if counter is not None:
            amount = counter.amount(row.station, row.start, number)
            if isinstance(amount, str):
                return _no_amount(row, value, text, amount)
            number, since = amount.value, amount.since
        if not value.minimum <= number <= value.maximum:
            detail = {"minimum": f"{value.minimum:g}", "maximum": f"{value.maximum:g}"}
            return Refusal(row.file, row.line, value.column, text[:SHOWN], "out-of-range", detail)
        return Reading(row.line, row.station, index, row.start, number, since)

    def _read_number(self, row: _Row, value: Value, text: str) -> float:
        number = math.nan
        if self._number.fullmatch(text):
            number = float(text.replace(",", "."))
        if not math.isfinite(number):
            decimal = self._mapping.form.decimal
            raise Invalid(
                BAD_NUMBER, file=row.file, line=row.line, column=value.column, value=text[:SHOWN], decimal=decimal
            )
        return number


def _no_amount(row: _Row, value: Value, text: str, reason: str) -> Refusal:
    modulus = "" if value.counter is None else f"{value.counter.modulus:g}"
    return Refusal(row.file, row.line, value.column, text[:SHOWN], reason, {"modulus": modulus})


def _layout(mapping: Mapping, header: Sequence[str], file: str) -> _Layout:
    """Find the mapping's columns in the header; missing, unknown and doubled ones stop the load."""
    names = [name.strip() for name in header]
    wanted = mapping.columns()
    ignored = {column.column for column in mapping.ignored}
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted and name not in ignored]
    doubled = [name for name in wanted if names.count(name) > 1]
    for code, columns in ((COLUMNS_MISSING, missing), (COLUMNS_UNKNOWN, unknown), (COLUMNS_DOUBLED, doubled)):
        if columns:
            raise Invalid(code, file=file, columns=_quoted(columns), header=_quoted(names))
    station = mapping.station.column
    values = [value.column for value in mapping.values] if mapping.long is None else [mapping.long.value_column]
    return _Layout(
        times=tuple(names.index(name) for name in mapping.time.columns),
        station=None if station is None else names.index(station),
        values=tuple(names.index(name) for name in values),
        property=None if mapping.long is None else names.index(mapping.long.property_column),
    )


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"„{name[:SHOWN]}“" for name in names[:SHOWN_NAMES])
    return shown if len(names) <= SHOWN_NAMES else f"{shown} … ({len(names)})"
