"""A file as checked rows of cells, one at a time; a file that is not a plain table is refused by line."""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from allmende.connectors.table.mapping import Form
from allmende.kernel.errors import ErrorCode, Invalid, Malformed, NotFound
from allmende.kernel.text import Text

LINE_BYTES = 1_000_000
COLUMNS = 2_000
BOM = b"\xef\xbb\xbf"
PACKED = (b"\x1f\x8b", b"PK", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")

_UNCHANGED = Text("Es wurde nichts geladen. ", "Nothing was loaded. ")


def _next(de: str, en: str) -> Text:
    return Text(_UNCHANGED.de + de, _UNCHANGED.en + en)


FILE_MISSING = ErrorCode(
    "table.file_missing",
    Text("Die Datei {file} lässt sich nicht lesen.", "The file {file} cannot be read."),
    _next("Prüfen Sie Pfad und Leserecht; Ordner werden nicht geladen.", "Check path and rights; folders do not load."),
)
FILE_TOO_BIG = ErrorCode(
    "table.file_too_big",
    Text("Die Datei {file} ist größer als {limit} Bytes.", "The file {file} is bigger than {limit} bytes."),
    _next(
        "Teilen Sie sie oder heben Sie form.file_bytes in der Zuordnung an.",
        "Split it, or raise form.file_bytes in the mapping.",
    ),
)
FILE_PACKED = ErrorCode(
    "table.file_packed",
    Text("Die Datei {file} ist gepackt und keine CSV-Tabelle.", "The file {file} is packed and no CSV table."),
    _next(
        "Packen Sie sie aus (eine Excel-Mappe: als CSV speichern).", "Unpack it (an Excel workbook: save it as CSV)."
    ),
)
FILE_EMPTY = ErrorCode(
    "table.file_empty",
    Text("Die Datei {file} hat keine Kopfzeile.", "The file {file} has no header line."),
    _next("Die erste Zeile muss die Spalten nennen.", "The first line must name the columns."),
)
LINE_TOO_LONG = ErrorCode(
    "table.line_too_long",
    Text("{file}, Zeile {line}: länger als 1 MB.", "{file}, line {line}: longer than 1 MB."),
    _next("Das ist keine Tabelle mit Messwerten; prüfen Sie die Datei.", "This is no table of values; check the file."),
)
BAD_BYTES = ErrorCode(
    "table.bad_bytes",
    Text(
        "{file}, Zeile {line}: Die Zeichen sind nicht in {encoding} geschrieben.",
        "{file}, line {line}: the characters are not written in {encoding}.",
    ),
    _next(
        "Nennen Sie die Kodierung in der Zuordnung, zum Beispiel form.encoding: latin-1.",
        "Name the encoding in the mapping, such as form.encoding: latin-1.",
    ),
)
NUL_BYTE = ErrorCode(
    "table.nul_byte",
    Text("{file}, Zeile {line}: enthält ein NUL-Zeichen.", "{file}, line {line}: holds a NUL character."),
    _next(
        "Die Datei ist beschädigt oder in UTF-16 geschrieben; speichern Sie sie als UTF-8.",
        "The file is damaged or written in UTF-16; save it as UTF-8.",
    ),
)
BAD_QUOTES = ErrorCode(
    "table.bad_quotes",
    Text(
        "{file}, Zeile {line}: Ein Anführungszeichen wird nicht richtig geschlossen.",
        "{file}, line {line}: a quotation mark is not closed properly.",
    ),
    _next("Berichtigen Sie diese Zeile.", "Correct this line."),
)
BAD_LINE_ENDS = ErrorCode(
    "table.bad_line_ends",
    Text("{file}, Zeile {line}: Die Zeilenenden sind nicht lesbar.", "{file}, line {line}: unreadable line ends."),
    _next("Speichern Sie die Datei mit Zeilenenden LF oder CRLF.", "Save the file with line ends LF or CRLF."),
)
FIELD_COUNT = ErrorCode(
    "table.field_count",
    Text(
        "{file}, Zeile {line}: {found} Felder statt {expected}.",
        "{file}, line {line}: {found} fields instead of {expected}.",
    ),
    _next("Berichtigen Sie diese Zeile oder das Trennzeichen der Zuordnung.", "Correct the line or the delimiter."),
)
TOO_MANY_COLUMNS = ErrorCode(
    "table.too_many_columns",
    Text("{file}: mehr als {limit} Spalten.", "{file}: more than {limit} columns."),
    _next("Laden Sie nur die Spalten mit Messwerten.", "Load only the columns that hold measurements."),
)

Row = tuple[int, list[str]]


def file_lines(path: Path, form: Form, moved: Callable[[int], None]) -> Iterator[bytes]:
    """Read a file line by line in bounded memory; ``moved`` is told the bytes of each line."""
    try:
        if not path.is_file():
            raise NotFound(FILE_MISSING, file=path)
        if path.stat().st_size > form.file_bytes:
            raise Invalid(FILE_TOO_BIG, file=path.name, limit=form.file_bytes)
        with path.open("rb") as stream:
            yield from _bounded(stream, path.name, moved)
    except OSError as error:
        raise NotFound(FILE_MISSING, file=path) from error


def _bounded(stream: BinaryIO, file: str, moved: Callable[[int], None]) -> Iterator[bytes]:
    line = 0
    while raw := stream.readline(LINE_BYTES + 1):
        line += 1
        if line == 1 and raw.startswith(PACKED):
            raise Malformed(FILE_PACKED, file=file)
        if len(raw) > LINE_BYTES:
            raise Malformed(LINE_TOO_LONG, file=file, line=line)
        moved(len(raw))
        yield raw


def _decoded(lines: Iterable[bytes], file: str, encoding: str) -> Iterator[str]:
    for line, raw in enumerate(lines, start=1):
        if b"\0" in raw:
            raise Malformed(NUL_BYTE, file=file, line=line)
        try:
            yield (raw.removeprefix(BOM) if line == 1 else raw).decode(encoding)
        except UnicodeDecodeError as error:
            raise Malformed(BAD_BYTES, file=file, line=line, encoding=encoding) from error


def _records(lines: Iterable[bytes], file: str, form: Form) -> Iterator[Row]:
    """Split into cells; the number is that of the record's first line."""
    reader = csv.reader(_decoded(lines, file, form.encoding), delimiter=form.delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            code = BAD_LINE_ENDS if "new-line" in str(error) else BAD_QUOTES
            raise Malformed(code, file=file, line=line) from error
        if cells:
            yield line, cells


def rows(lines: Iterable[bytes], file: str, form: Form) -> Iterator[Row]:
    """Give line number and cells of each row, the header first; all rows have as many cells as the header."""
    width = 0
    for line, cells in _records(lines, file, form):
        if not width:
            width = len(cells)
            if width > COLUMNS:
                raise Malformed(TOO_MANY_COLUMNS, file=file, limit=COLUMNS)
        elif len(cells) != width:
            raise Malformed(FIELD_COUNT, file=file, line=line, found=len(cells), expected=width)
        yield line, cells
    if not width:
        raise Malformed(FILE_EMPTY, file=file)
