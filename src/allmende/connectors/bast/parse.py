"""Hourly files of the BASt, packed or not: each count beside its check mark."""

import csv
import io

from allmende.connectors.replies import NOT_READABLE, Record, only_member
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

LARGEST = 100_000_000
NEEDED = ("Zst", "Datum", "Stunde")
# Published analyses drop counts with these marks: they are missing, not zero.
DOUBTFUL = ("a", "d")


def records(body: bytes) -> list[Record]:
    """Give a record for each hour: station, ``time`` as YYMMDDHH of its begin, counts without the doubtful ones."""
    text = (only_member(body, "ZIP", _is_table, LARGEST) if body.startswith(b"PK") else body).decode("latin-1")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True) if row]
    except csv.Error as error:
        raise _unreadable(str(error)) from error
    header = [name.strip() for name in rows[0]] if rows else []
    if any(name not in header for name in NEEDED):
        raise _unreadable(Text(f"Es fehlt eine der Spalten {NEEDED}", f"one of the columns {NEEDED} is missing"))
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise _unreadable(Text(f"Zeile {number} ist unvollständig", f"line {number} is incomplete"))
        found.append(_record(dict(zip(header, (cell.strip() for cell in row), strict=True))))
    return found


def _record(row: dict[str, str]) -> Record:
    marked = {name for name in row if row.get(f"K_{name}", "").lower() in DOUBTFUL}
    hour = row["Stunde"]
    # Hour 01 is from 0 to 1 o'clock, hour 24 from 23 to 24.
    begin = f"{int(hour) - 1:02}" if hour.isdecimal() and 1 <= int(hour) <= 24 else "??"
    counts = {name: None if name in marked else cell for name, cell in row.items() if f"K_{name}" in row}
    return {"station": row["Zst"], "time": row["Datum"] + begin, **counts}


def _is_table(name: str) -> bool:
    return name.lower().endswith((".csv", ".txt"))


def _unreadable(why: Text | str) -> Invalid:
    return Invalid(NOT_READABLE, form="CSV", why=why)
