"""Many rows of JSON at once: columns of bytes, each of one width, beside texts that are the same in every row.

Blanks fill a cell up, behind its value, where JSON allows them.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros

Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[np.uint8]
Written = bytes | bytearray
SECOND, BLANK = 1_000_000, ord(" ")
NARROW = 4_000
_EPOCH = dt.date(1970, 1, 1).toordinal()


class Sheet:
    """Rows that differ in their cells only."""

    def __init__(self, cells: Sequence[str | Cells], count: int) -> None:
        self._parts = [cell.encode() if isinstance(cell, str) else cell for cell in cells]
        self._width = sum(len(part) if isinstance(part, bytes) else part.shape[1] for part in self._parts)
        self._count = count
        self.size = self._width * count

    def fill(self, buffer: bytearray, place: int) -> None:
        """Write the rows one behind the other, from a place on."""
        width, count = self._width, self._count
        texts = [part if isinstance(part, bytes) else bytes(part.shape[1]) for part in self._parts]
        np.ndarray((count, width), np.uint8, buffer, place)[:] = np.frombuffer(b"".join(texts), np.uint8)
        for part, text in zip(self._parts, texts, strict=True):
            if not isinstance(part, bytes):
                kind = f"V{len(text)}"
                np.ndarray((count,), kind, buffer, place, (width,))[...] = part.view(kind)[:, 0]
            place += len(text)


def together(pieces: Sequence[bytes | Sheet]) -> bytearray:
    """Write pieces into one buffer; a text behind rows, each of which ends in a comma, takes the last comma's place."""
    places, size = [], 0
    for piece, before in zip(pieces, [b"", *pieces], strict=False):
        size -= isinstance(piece, bytes) and isinstance(before, Sheet)
        places.append(size)
        size += len(piece) if isinstance(piece, bytes) else piece.size
    buffer = bytearray(size)
    for piece, place in zip(pieces, places, strict=True):
        if isinstance(piece, bytes):
            buffer[place : place + len(piece)] = piece
        else:
            piece.fill(buffer, place)
    return buffer


def side_by_side(cells: Sequence[str | Cells], count: int) -> Cells:
    """Make one column of several."""
    sheet = Sheet(cells, count)
    buffer = bytearray(sheet.size)
    sheet.fill(buffer, 0)
    return np.frombuffer(buffer, np.uint8).reshape(count, -1)


def _taken(table: Cells, places: Ints) -> Cells:
    """Give some rows of a table of cells; whole rows at once, as numpy takes single bytes slowly."""
    width = table.shape[1]
    return table.view(f"V{width}")[:, 0].take(places).view(np.uint8).reshape(len(places), width)


def text_cells(texts: Sequence[str | bytes]) -> Cells:
    """Give texts as cells, with blanks behind those that are shorter."""
    column = np.array(texts, "S")
    return np.maximum(column.view(np.uint8).reshape(len(column), column.itemsize), np.uint8(BLANK))


def number_cells(column: Any) -> Cells:
    """Write numbers, each that comes again only once; what is too large for a number, or none, is null."""
    found, places = np.unique(column.view(np.int64), return_inverse=True)
    texts = msgspec.json.encode(found.view(column.dtype).tolist())[1:-1].split(b",")
    return _taken(text_cells(texts), places)


def count_cells(values: Ints) -> Cells:
    """Write whole numbers above 0."""
    width = len(str(int(values.max())))
    return digits_of(values, width) if len(str(int(values.min()))) == width else number_cells(values)


@cache
def _fours() -> npt.NDArray[np.uint32]:
    """Give the digits of the numbers below 10,000, four bytes each."""
    return np.frombuffer("".join([f"{number:04}" for number in range(10_000)]).encode(), np.uint32)


def digits_of(values: Ints, width: int) -> Cells:
    """Give the digits of whole numbers from 0 on; the numbers have no more than ``width``."""
    fours = _fours()
    cells = np.empty((len(values), -(-width // 4)), np.uint32)
    rest = values
    for column in range(cells.shape[1] - 1, -1, -1):
        left = rest // 10_000
        cells[:, column] = fours.take(rest - left * 10_000)
        rest = left
    return cells.view(np.uint8)[:, -width:]


@cache
def _clock() -> Cells:
    """Give the bytes of the texts of all seconds of a day."""
    texts = "".join([f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)])
    return np.frombuffer(texts.encode(), np.uint8).reshape(86_400, 9)


@cache
def _endings() -> Cells:
    """Give what stands behind the seconds of a time, for each number of milliseconds."""
    texts = [f'.{millis:03}Z"' if millis else 'Z"    ' for millis in range(1_000)]
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(1_000, 6)


@lru_cache(NARROW)
def _date(day: int) -> str:
    return dt.date.fromordinal(_EPOCH + day).isoformat()


def _dates(days: Ints) -> Cells:
    """Give the bytes of dates."""
    low, high = int(days.min()), int(days.max())
    found, places = (range(low, high + 1), days - low) if high - low < NARROW else np.unique(days, return_inverse=True)
    texts = "".join([_date(int(day)) for day in found])
    return _taken(np.frombuffer(texts.encode(), np.uint8).reshape(len(found), 10), places)


def _seconds(micros: Ints) -> tuple[Cells, Cells]:
    """Write times to the second, as date and clock."""
    days = micros // DAY_MICROSECONDS
    return _dates(days), _taken(_clock(), (micros - days * DAY_MICROSECONDS) // SECOND)


def _is_whole(micros: Ints, unit: int) -> bool:
    return not (micros - micros // unit * unit).any()


def time_cells(micros: Ints) -> list[str | Cells]:
    """Write times as JSON, those with a fraction as ``iso_from_micros`` does."""
    if _is_whole(micros, SECOND):
        return ['"', *_seconds(micros), 'Z"']
    if not _is_whole(micros, 1_000):
        return [text_cells([f'"{iso_from_micros(value)}"' for value in micros.tolist()])]
    return ['"', *_seconds(micros), _taken(_endings(), micros // 1_000 % 1_000)]


def span_cells(start: Ints, end: Ints) -> list[str | Cells]:
    """Write instants, or intervals as ``start/end`` where the end is another."""
    lasting = start != end
    if not lasting.any():
        return time_cells(start)
    if lasting.all() and _is_whole(start, SECOND) and _is_whole(end, SECOND):
        if (start[1:] == end[:-1]).all():
            date, clock = _seconds(np.append(start, end[-1]))
            return ['"', date[:-1], clock[:-1], "Z/", date[1:], clock[1:], 'Z"']
        return ['"', *_seconds(start), "Z/", *_seconds(end), 'Z"']
    pairs = zip(start.tolist(), end.tolist(), strict=True)
    return [text_cells([f'"{iso_from_micros(a)}"' if a == b else _span(a, b) for a, b in pairs])]


def _span(start: int, end: int) -> str:
    return f'"{iso_from_micros(start)}/{iso_from_micros(end)}"'
