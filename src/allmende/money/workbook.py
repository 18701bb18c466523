"""Reading an Excel file: values by calamine, and from the XML what calamine does not tell.

That is formulas, hidden rows and columns, merged cells, errors, and how far the cells reach.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import msgspec
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineError, CalamineWorkbook

from allmende.kernel.text import Text

MOST_UNPACKED = 400_000_000
# A stray cell far away would make a table of billions of cells.
MOST_ROWS, MOST_COLUMNS = 100_000, 200
DIGITS = "0123456789"
# A row without height or a column without width is hidden, too.
NOTHING = ("0", "0.0")
LETTERS = 26
UNREADABLE = Text("Das ist keine lesbare Excel-Datei.", "This is no readable Excel file.")
TOO_LARGE = Text("Die Datei ist ausgepackt zu groß.", "The file is too large when unpacked.")
FROM_1904 = Text(
    "Die Datei zählt Tage ab 1904; alle Daten wären vier Jahre verschoben. Stellen Sie auf 1900 um.",
    "The file counts days from 1904; all dates would be four years off. Switch to 1900.",
)
FORMULA = Text("Hier steht eine Formel statt eines Werts.", "Here is a formula instead of a value.")
ERROR = Text("Hier steht ein Fehler von Excel statt eines Werts.", "Here is an error of Excel instead of a value.")
HIDDEN_ROW = Text("Die Zeile ist verborgen.", "The row is hidden.")
HIDDEN_COLUMN = Text("Die Spalte ist verborgen.", "The column is hidden.")
MERGED = Text("Die Zellen sind verbunden.", "The cells are merged.")
TOO_MANY = Text("Mehr als 100.000 Zeilen.", "More than 100,000 rows.")
TOO_WIDE = Text("Mehr als 200 Spalten.", "More than 200 columns.")
Attributes = dict[str, str]


class CellFault(msgspec.Struct, frozen=True):
    """What is wrong in a cell; the cell is empty for what concerns the whole file."""

    cell: str
    reason: Text


class Refused(Exception):
    """The file as a whole cannot be taken."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def letters(number: int) -> str:
    """Give the letters of a column, counted from 1."""
    found = ""
    while number:
        number, rest = divmod(number - 1, LETTERS)
        found = chr(65 + rest) + found
    return found


def read_workbook(content: bytes) -> tuple[list[list[Any]], list[CellFault]]:
    """Give the rows of the only sheet, from A1 on, and what is wrong with it; refuse what is no such file."""
    try:
        raw = _sheet_xml(content)
        found = _Structure()
        found.read(raw)
        if found.faults_of_size():
            return [], [*found.faults, *found.faults_of_size()]
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False), found.faults
    except Refused:
        raise
    except (
        *(zipfile.BadZipFile, InvalidFileException, CalamineError, expat.ExpatError, SyntaxError),
        *(KeyError, ValueError, OSError, EOFError, AttributeError, TypeError),
    ) as error:
        raise Refused(UNREADABLE) from error


def _sheet_xml(content: bytes) -> bytes:
    """Give the XML of the only sheet; unpacking stays within the sizes that the archive declares."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
            raise Refused(TOO_LARGE)
        if archive.testzip() is not None:
            raise Refused(UNREADABLE)
        reader = ExcelReader(io.BytesIO(content), read_only=True)
        reader.read_manifest()
        reader.read_workbook()
        sheets = [relation.target for _sheet, relation in reader.parser.find_sheets()]
        if len(sheets) != 1:
            count = len(sheets)
            said = f"Die Datei hat {count} Blätter; erlaubt ist eines.", f"The file has {count} sheets; one is allowed."
            raise Refused(Text(*said))
        if reader.wb.epoch == CALENDAR_MAC_1904:
            raise Refused(FROM_1904)
        return archive.read(sheets[0].lstrip("/"))


class _Structure:
    """Walks through the XML of a sheet once."""

    def __init__(self) -> None:
        self.faults: list[CellFault] = []
        self.cell = ""
        self.row = 0
        self.columns: set[str] = set()
        self._kinds: dict[str, Callable[[Attributes], None] | None] = {}
        self._known = {
            **{"c": self._cell, "v": self._value, "is": self._value, "f": self._formula},
            **{"row": self._row, "col": self._column, "mergeCell": self._merged},
        }

    def read(self, raw: bytes) -> None:
        """Walk through the elements, whatever prefix they carry."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.Parse(raw, True)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name not in self._kinds:
            self._kinds[name] = self._known.get(name.rpartition(":")[2])
        handle = self._kinds[name]
        if handle is not None:
            handle(attributes)

    def _cell(self, attributes: Attributes) -> None:
        self.cell = attributes.get("r", "")
        if attributes.get("t") == "e":
            self.faults.append(CellFault(self.cell, ERROR))

    def _value(self, _attributes: Attributes) -> None:
        column = self.cell.rstrip(DIGITS)
        self.columns.add(column)
        number = self.cell[len(column) :]
        if number and int(number) > self.row:
            self.row = int(number)

    def _formula(self, _attributes: Attributes) -> None:
        self.faults.append(CellFault(self.cell, FORMULA))

    def _row(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in ("1", "true") or attributes.get("ht") in NOTHING:
            self.faults.append(CellFault(attributes.get("r", ""), HIDDEN_ROW))

    def _column(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in ("1", "true") or attributes.get("width") in NOTHING:
            first = attributes.get("min", "")
            self.faults.append(CellFault(letters(int(first)) if first else "", HIDDEN_COLUMN))

    def _merged(self, attributes: Attributes) -> None:
        self.faults.append(CellFault(attributes.get("ref", ""), MERGED))

    def faults_of_size(self) -> list[CellFault]:
        """Tell when the table reaches too far to be read."""
        widest = max((column_index_from_string(column) for column in self.columns if column), default=0)
        found = [CellFault(str(self.row), TOO_MANY)] if self.row > MOST_ROWS + 1 else []
        return found + ([CellFault(letters(widest), TOO_WIDE)] if widest > MOST_COLUMNS else [])
