"""Reading tables from Excel and CSV; what cannot be read for certain is refused with its cell and reason."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from allmende.kernel.text import Text

MOST_ROWS, MOST_BYTES, MOST_UNPACKED = 100_000, 20_000_000, 400_000_000
PLAIN = re.compile(r"-?\d{1,13}(\.\d{1,2})?")
COMMA = re.compile(r"-?[\d.]+,\d+")
LETTERS = 26
_HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"[^>]*>')
_HIDDEN_COLUMN = re.compile(rb'<col\b[^>]*\bhidden="(?:1|true)"[^>]*>')
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z0-9:]+)"')
_NUMBER = re.compile(rb'\b(?:r|min)="(\d+)"')


class CellFault(msgspec.Struct, frozen=True):
    """What is wrong in a cell; the cell is empty for what concerns the whole file."""

    cell: str
    reason: Text


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


def letters(number: int) -> str:
    """Give the letters of a column, counted from 1."""
    found = ""
    while number:
        number, rest = divmod(number - 1, LETTERS)
        found = chr(65 + rest) + found
    return found


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
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                return _whole(Text("Die Datei ist ausgepackt zu groß.", "The file is too large when unpacked."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        return _whole(Text("Das ist keine lesbare Excel-Datei.", "This is no readable Excel file."))
    try:
        return _of_book(book, content)
    finally:
        book.close()


def _of_book(book: Any, content: bytes) -> Sheet:
    if len(book.worksheets) != 1:
        several = f"{len(book.worksheets)}"
        return _whole(
            Text(
                f"Die Datei hat {several} Blätter; erlaubt ist eines.",
                f"The file has {several} sheets; one is allowed.",
            )
        )
    if book.epoch == CALENDAR_MAC_1904:
        return _whole(
            Text(
                "Die Datei zählt Tage ab 1904; alle Daten wären vier Jahre verschoben. Stellen Sie auf 1900 um.",
                "The file counts days from 1904; all dates would be four years off. Switch to 1900.",
            )
        )
    faults = list(_hidden(content, book.worksheets[0]._worksheet_path))
    lines = ((number, list(row)) for number, row in enumerate(book.worksheets[0].iter_rows(), 1))
    return _table(lines, faults, excel=True)


def _hidden(content: bytes, path: str) -> Iterator[CellFault]:
    """Find what a reader does not see or sees twice: hidden rows and columns, merged cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        raw = archive.read(path.lstrip("/"))
    for found in _HIDDEN_ROW.finditer(raw):
        number = _NUMBER.search(found[0])
        yield CellFault(number[1].decode() if number else "", Text("Die Zeile ist verborgen.", "The row is hidden."))
    for found in _HIDDEN_COLUMN.finditer(raw):
        number = _NUMBER.search(found[0])
        name = letters(int(number[1])) if number else ""
        yield CellFault(name, Text("Die Spalte ist verborgen.", "The column is hidden."))
    for found in _MERGED.finditer(raw):
        yield CellFault(found[1].decode(), Text("Die Zellen sind verbunden.", "The cells are merged."))


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
        values = {name: _value(cell) for name, cell in zip(columns, line, strict=False)}
        if all(value is None or value == "" for value in values.values()):
            continue
        if len(rows) >= MOST_ROWS:
            faults.append(CellFault(str(number), Text("Mehr als 100.000 Zeilen.", "More than 100,000 rows.")))
            break
        if excel:
            faults += _formulas(number, columns, line)
        rows.append((number, values))
    return Sheet(columns, tuple(rows), tuple(faults), excel=excel)


def _formulas(number: int, columns: tuple[str, ...], line: list[Any]) -> list[CellFault]:
    reason = Text("Hier steht eine Formel statt eines Werts.", "Here is a formula instead of a value.")
    return [
        CellFault(f"{letters(index + 1)}{number}", reason)
        for index, cell in enumerate(line[: len(columns)])
        if cell.data_type == "f"
    ]


def _value(cell: Any) -> Any:
    value = getattr(cell, "value", cell) if not isinstance(cell, str) else cell
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
    if cents >= 10**15:
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
