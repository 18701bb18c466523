"""Reading tables from Excel and CSV; what cannot be read for certain is refused with its cell and reason."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import msgspec

from allmende.kernel.text import Text
from allmende.money.workbook import MOST_ROWS, TOO_MANY, CellFault, Refused, letters, read_workbook

MOST_BYTES = 20_000_000
MOST_CENTS = 10**15
PLAIN = re.compile(r"-?\d{1,13}(\.\d{1,2})?")
COMMA = re.compile(r"-?[\d.]+,\d+")


UNNAMED = Text(
    "In der Zeile steht mehr, als es Spaltennamen gibt.", "The row holds more than there are names of columns."
)


class Sheet(msgspec.Struct, frozen=True):
    """A table: its columns, its rows with their number in the file, and what is wrong with the file itself."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, Any]], ...]
    faults: tuple[CellFault, ...]
    excel: bool

    def cell(self, row: int, column: str) -> str:
        """Name a cell as people find it: by letters and number in Excel, by column name and line in CSV."""
        if not self.excel:
            return f"{column}, {row}"
        return f"{letters(self.columns.index(column) + 1) if column in self.columns else ''}{row}"


def _whole(reason: Text) -> Sheet:
    return Sheet((), (), (CellFault("", reason),), excel=False)


def read_table(name: str, content: bytes) -> Sheet:
    """Read a table from the bytes of a file; the name tells which kind it is."""
    if len(content) > MOST_BYTES:
        return _whole(Text("Die Datei ist größer als 20 MB.", "The file is larger than 20 MB."))
    if name.lower().endswith(".csv"):
        return _read_csv(content)
    if name.lower().endswith(".xlsx"):
        return _read_excel(content)
    return _whole(Text("Nur .xlsx und .csv werden gelesen.", "Only .xlsx and .csv are read."))


def _read_csv(content: bytes) -> Sheet:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _whole(Text("Die Datei ist nicht UTF-8.", "The file is not UTF-8."))
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        return _whole(Text(f"Das CSV ist nicht lesbar: {error}.", f"The CSV cannot be read: {error}."))
    return _table(iter(lines), [], excel=False)


def _read_excel(content: bytes) -> Sheet:
    try:
        lines, faults = read_workbook(content)
    except Refused as refused:
        return _whole(refused.reason)
    return _table(iter(enumerate(lines, 1)), faults, excel=True)


def _table(lines: Iterator[tuple[int, list[Any]]], faults: list[CellFault], *, excel: bool) -> Sheet:
    _first, head = next(lines, (1, []))
    columns = tuple(str(_value(cell) or "").strip().lower() for cell in head)
    while columns and not columns[-1]:
        columns = columns[:-1]
    if len(set(columns)) != len(columns) or "" in columns:
        faults.append(
            CellFault("1", Text("Spaltennamen fehlen oder sind doppelt.", "Column names are missing or double."))
        )
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in lines:
        cells = [_value(cell) for cell in line]
        if all(cell in (None, "") for cell in cells):
            continue
        if any(cell not in (None, "") for cell in cells[len(columns) :]):
            faults.append(CellFault(str(number), UNNAMED))
        values = dict(zip_longest(columns, cells[: len(columns)]))
        if len(rows) >= MOST_ROWS:
            faults.append(CellFault(str(number), TOO_MANY))
            break
        rows.append((number, values))
    return Sheet(columns, tuple(rows), tuple(faults), excel=excel)


def _value(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def cents_of(value: Any, *, excel: bool) -> int | Text:
    """Read an amount as cents, or say why it is none."""
    if value is None or value == "":
        return Text("Der Betrag fehlt.", "The amount is missing.")
    if isinstance(value, bool):
        return Text("Das ist kein Betrag.", "This is no amount.")
    if isinstance(value, int | float):
        return _exact(Decimal(repr(value)))
    text = str(value)
    if COMMA.fullmatch(text):
        return Text("Komma als Dezimalzeichen; schreiben Sie 1234.56.", "A decimal comma; write 1234.56.")
    if not PLAIN.fullmatch(text):
        return Text("Das ist kein Betrag; schreiben Sie 1234.56.", "This is no amount; write 1234.56.")
    if excel:
        return Text("Die Zahl steht als Text in der Zelle.", "The number stands as text in the cell.")
    return _exact(Decimal(text))


def _exact(value: Decimal) -> int | Text:
    cents = value * 100
    if not cents.is_finite() or cents != cents.to_integral_value():
        return Text("Mehr als zwei Stellen nach dem Punkt.", "More than two digits behind the point.")
    if cents < 0:
        return Text("Negativ; ein Storno geschieht durch Gegenbuchung.", "Negative; reversal is by counter-entry.")
    if cents >= MOST_CENTS:
        return Text("Der Betrag ist zu groß.", "The amount is too large.")
    return int(cents)


def day_of(value: Any, *, excel: bool) -> dt.date | Text:
    """Read a day, or say why it is none."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if excel:
        return Text("Kein Datum; formatieren Sie die Zelle als Datum.", "No date; format the cell as a date.")
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return Text("Kein Datum; schreiben Sie JJJJ-MM-TT.", "No date; write YYYY-MM-DD.")
