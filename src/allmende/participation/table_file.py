"""A table that somebody hands in as CSV: its rows, or why it is none."""

import csv
import io

import msgspec

from allmende.kernel.text import Text

_NO_TABLE = Text("die Datei ist keine Tabelle als CSV", "the file is no table as CSV")
_ENCODING = Text("die Datei ist kein Text in UTF-8", "the file is no text in UTF-8")


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in which row; the first row is that of the column names."""

    row: int
    reason: Text


def rows_of(content: bytes) -> list[list[str]] | Fault:
    """Give the rows of a file in UTF-8, parted by commas, or by semicolons where its first line has one."""
    try:
        text = content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","))
    except UnicodeDecodeError:
        return Fault(1, _ENCODING)
    except csv.Error:
        return Fault(1, _NO_TABLE)
