"""Counts of Eco-Counter: the reply of the interface, and the tables with a column for each channel."""

import csv
import io
import re

from allmende.connectors.replies import NO_RECORDS, NOT_READABLE, Record, entries, json_of
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

_CHANNEL = re.compile(r"(\d+) \(.*\)")
_NORMAL = ("0", "")


def records(body: bytes) -> list[Record]:
    """Give a record for each time, and in tables for each channel: ``count``, or ``marked`` where it is not normal."""
    if body.lstrip()[:1] in (b"[", b"{"):
        return _series(body)
    try:
        return _table(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(str(error)) from error


def _series(body: bytes) -> list[Record]:
    found = entries(json_of(body))
    if not found:
        return []
    if len(found) > 1:
        # Several are directions or kinds of vehicle: which of them is meant, or their sum, is not said.
        raise Invalid(NO_RECORDS, path="[0].data")
    return [
        {"time": one.get("timestamp"), "count": traffic.get("counts") if isinstance(traffic, dict) else None}
        for one in entries(found[0], "data")
        for traffic in (one.get("traffic"),)
    ]


def _table(text: str) -> list[Record]:
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    if not rows or rows[0][0] != "Datetime":
        raise _unreadable(Text("Die Spalte Datetime fehlt", "the column Datetime is missing"))
    header = rows[0]
    channels = {
        place: (match[1], header.index(f"{match[1]}-status") if f"{match[1]}-status" in header else None)
        for place, name in enumerate(header)
        if (match := _CHANNEL.fullmatch(name))
    }
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise _unreadable(Text(f"Zeile {number} ist unvollständig", f"line {number} is incomplete"))
    return [_cell(row, place, *channel) for row in rows[1:] for place, channel in channels.items() if row[place]]


def _cell(row: list[str], place: int, channel: str, status: int | None) -> Record:
    normal = status is None or row[status].strip() in _NORMAL
    return {"time": row[0], "station": channel, "count" if normal else "marked": row[place]}


def _unreadable(why: Text | str) -> Invalid:
    return Invalid(NOT_READABLE, form="CSV", why=why)
