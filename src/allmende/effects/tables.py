"""Tables of the city's statistics: a schema for each, and reading a file by it; errors name file, line and column."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS

BAD_SCHEMA = ErrorCode(
    "statistics.bad_schema",
    Text("Tabellenbeschreibung {file}, {place}: {reason}.", "Table description {file}, {place}: {reason}."),
    Text("Berichtigen Sie die Datei; nichts wurde geladen.", "Correct the file; nothing was loaded."),
)
BAD_CELL = ErrorCode(
    "statistics.bad_cell",
    Text("{file}, Zeile {line}, Spalte {column}: {reason}", "{file}, line {line}, column {column}: {reason}"),
    Text(
        "Berichtigen Sie die Datei oder ihre Beschreibung; von dieser Tabelle wurde nichts geladen.",
        "Correct the file or its description; nothing of this table was loaded.",
    ),
)
Cell = str | int | None
Type = Literal["integer", "decimal", "text", "year"]
YEAR = re.compile(r"^\D*(\d{4})(?:/\d{2,4})?\D*$")
NO_NUMBER = Text("„{cell}“ ist keine Zahl.", "“{cell}” is no number.")
NO_WHOLE = Text("„{cell}“ ist keine ganze Zahl.", "“{cell}” is no whole number.")
EMPTY = Text(
    "Die Zelle ist leer; fehlende Werte sind hier nicht vorgesehen.",
    "The cell is empty; missing values are not provided for here.",
)
NO_YEAR = Text("„{cell}“ enthält kein Jahr.", "“{cell}” contains no year.")
LENGTH = Text("{found} Zellen statt {wanted}.", "{found} cells instead of {wanted}.")
NO_COLUMN = Text("Die Spalte fehlt.", "The column is missing.")
UNKNOWN_COLUMN = Text("Die Beschreibung kennt diese Spalte nicht.", "The description does not know this column.")
DOUBLED = Text("{cell} kommt schon in Zeile {first} vor.", "{cell} is already in line {first}.")
NO_TEXT = Text("Die Datei ist nicht in der Zeichenkodierung {encoding}.", "The file is not in the encoding {encoding}.")
NO_ROWS = Text("Die Datei hat keine Zeilen.", "The file has no rows.")


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column: its name in the file, what people read, type, UCUM unit; ``missing`` allows an empty cell.

    ``factor`` turns what the file counts in (thousands, millions) into the unit.
    """

    name: str
    title: Text
    type: Type = "decimal"
    unit: str = ""
    factor: int = 1
    missing: bool = False


class Schema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a table is to be read: file, encoding, separator, decimal sign, dimensions, columns, marks of the missing.

    ``dimensions`` are the columns that name a row, the first of them the time; together they occur once.
    """

    table: Literal[1] = 1
    slug: str
    file: str
    field: str
    title: Text
    publisher: str
    columns: tuple[Column, ...]
    dimensions: tuple[str, ...] = ("jahr",)
    note: Text | None = None
    encoding: Literal["utf-8", "utf-8-sig", "iso-8859-1", "windows-1252"] = "utf-8"
    separator: Literal[",", ";", "\t"] = ","
    decimal: Literal[".", ","] = "."
    missing_marks: tuple[str, ...] = ("",)
    chart: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[Column, ...]:
        """Give the columns that hold figures."""
        return tuple(column for column in self.columns if column.name not in self.dimensions)

    def column(self, name: str) -> Column | None:
        """Give a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


def read_schema(path: Path) -> Schema:
    """Read a description; raise ``statistics.bad_schema`` with file and place."""
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        schema = msgspec.convert(tree, Schema)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(BAD_SCHEMA, file=path.name, place="$", reason=" ".join(str(error).split())) from error
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        raise Invalid(BAD_SCHEMA, file=path.name, place=place.rstrip("`") or "$", reason=reason) from error
    for place, reason in _faults(schema):
        raise Invalid(BAD_SCHEMA, file=path.name, place=place, reason=reason)
    return schema


def _faults(schema: Schema) -> list[tuple[str, str]]:
    names = [column.name for column in schema.columns]
    faults = [("columns", f"{name} stands twice") for name in names if names.count(name) > 1]
    faults += [("dimensions", f"{name} is no column") for name in schema.dimensions if name not in names]
    faults += [("chart", f"{name} is no column") for name in schema.chart if name not in names]
    faults += [
        (f"columns.{column.name}.unit", f"{column.unit} is no known UCUM unit")
        for column in schema.columns
        if column.unit and column.unit not in UNITS
    ]
    return faults


def read_table(path: Path, schema: Schema) -> list[dict[str, Cell]]:
    """Read all rows of a file by its schema; numbers come as text in plain form, so that nothing is rounded."""
    try:
        text = path.read_bytes().decode(schema.encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        reason = NO_TEXT.filled(encoding=schema.encoding)
        raise Invalid(BAD_CELL, file=path.name, line=line, column="–", reason=reason) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=schema.separator, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise Invalid(BAD_CELL, file=path.name, line=1, column="–", reason=NO_ROWS)
        _check_header(path, schema, header)
        rows = [_row(path, schema, header, reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        reason = Text(str(error), str(error))
        raise Invalid(BAD_CELL, file=path.name, line=reader.line_num, column="–", reason=reason) from error
    if not rows:
        raise Invalid(BAD_CELL, file=path.name, line=2, column="–", reason=NO_ROWS)
    _check_once(path, schema, rows)
    return [row for _, row in rows]


def _check_header(path: Path, schema: Schema, header: list[str]) -> None:
    names = [column.name for column in schema.columns]
    for name in names:
        if name not in header:
            raise Invalid(BAD_CELL, file=path.name, line=1, column=name, reason=NO_COLUMN)
    for name in header:
        if name not in names or header.count(name) > 1:
            raise Invalid(BAD_CELL, file=path.name, line=1, column=name, reason=UNKNOWN_COLUMN)


def _row(path: Path, schema: Schema, header: list[str], line: int, cells: list[str]) -> tuple[int, dict[str, Cell]]:
    if len(cells) != len(header):
        reason = LENGTH.filled(found=len(cells), wanted=len(header))
        raise Invalid(
            BAD_CELL, file=path.name, line=line, column=header[min(len(cells), len(header)) - 1], reason=reason
        )
    found: dict[str, Cell] = {}
    for name, cell in zip(header, cells, strict=True):
        column = schema.column(name)
        value = _value(schema, column, cell.strip()) if column else None
        if isinstance(value, Text):
            raise Invalid(BAD_CELL, file=path.name, line=line, column=name, reason=value)
        found[name] = value
    return line, found


def _value(schema: Schema, column: Column, cell: str) -> Cell | Text:
    """Read a cell; a text in both languages says what is wrong with it."""
    if cell in schema.missing_marks:
        return None if column.missing else EMPTY
    if column.type == "year":
        return cell if YEAR.match(cell) else NO_YEAR.filled(cell=cell)
    return cell if column.type == "text" else _number(schema, column, cell)


def _number(schema: Schema, column: Column, cell: str) -> str | Text:
    plain = cell.replace(".", "").replace(",", ".") if schema.decimal == "," else cell
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return NO_NUMBER.filled(cell=cell)
    if not number.is_finite():
        return NO_NUMBER.filled(cell=cell)
    if column.type == "integer" and number != number.to_integral_value():
        return NO_WHOLE.filled(cell=cell)
    exact = number * column.factor
    return f"{exact.to_integral_value() if exact == exact.to_integral_value() else exact.normalize():f}"


def _check_once(path: Path, schema: Schema, rows: list[tuple[int, dict[str, Cell]]]) -> None:
    seen: dict[tuple[Cell, ...], int] = {}
    for line, row in rows:
        key = tuple(row[name] for name in schema.dimensions)
        if key in seen:
            reason = DOUBLED.filled(cell=" ".join(map(str, key)), first=seen[key])
            raise Invalid(BAD_CELL, file=path.name, line=line, column=schema.dimensions[0], reason=reason)
        seen[key] = line


def year_of(cell: object) -> int | None:
    """Read the year in which a row's time begins: 2024, 2024/25, Berichtsjahr 2024."""
    match = YEAR.match(str(cell))
    return int(match.group(1)) if match else None


def span_of(cell: object) -> tuple[dt.date, dt.date] | None:
    """Give the days that a row's year means."""
    year = year_of(cell)
    return None if year is None else (dt.date(year, 1, 1), dt.date(year, 12, 31))


# Types as the city writes them.
TYPES: dict[str, Type] = {"int": "integer", "float": "decimal", "str": "text"}


def schema_from_head(path: Path) -> Schema:
    """Make a schema of the head that the city puts beside each of its files; it is in German only."""
    parts = path.read_text(encoding="utf-8").split("---")
    try:
        head = yaml.safe_load(parts[1])
        columns = tuple(_head_column(column) for column in head["columns"] if "computed" not in column)
        title = str(head["title"])
    except (IndexError, KeyError, TypeError, yaml.YAMLError) as error:
        raise Invalid(BAD_SCHEMA, file=path.name, place="$", reason=" ".join(str(error).split())) from error
    return Schema(
        slug=path.stem,
        file=f"{path.parent.name}/{path.stem}.csv",
        field=path.parent.name,
        title=Text(title, title),
        publisher=str(head.get("source", "–")),
        columns=columns,
        dimensions=(columns[0].name,),
    )


def _head_column(column: dict[str, str]) -> Column:
    written = column["type"]
    inner = written.removeprefix("Optional[").removesuffix("]")
    title = column.get("description") or column["name"]
    kind = "year" if column["name"] == "jahr" else TYPES[inner]
    return Column(name=column["name"], title=Text(title, title), type=kind, missing=written.startswith("Optional"))
