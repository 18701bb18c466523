"""Many times at once: ISO 8601 texts in UTC to microseconds and back, as columns."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros

Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[np.uint8]
SECOND = 1_000_000
_EPOCH = dt.date(1970, 1, 1).toordinal()
# Places of the fixed signs, and of the digits of year, month, day, hour, minute and second.
_SIGNS = {4: b"-", 7: b"-", 10: b"T", 13: b":", 16: b":"}
# Date, hour, minute, second and milliseconds, each with its greatest value: the worth of each sign in them.
_PARTS = (
    {0: 10_000_000, 1: 1_000_000, 2: 100_000, 3: 10_000, 5: 1_000, 6: 100, 8: 10, 9: 1},
    *({11: 10, 12: 1}, {14: 10, 15: 1}, {17: 10, 18: 1}, {20: 100, 21: 10, 22: 1}),
)
_MOST = np.array([99_991_231, 23, 59, 59, 999])


@cache
def _weights(length: int) -> npt.NDArray[np.float64]:
    """Give a matrix that turns the digits of a text into its parts; whole numbers this small stay exact."""
    weights = np.zeros((length, len(_PARTS)))
    for part, worth in enumerate(_PARTS):
        for place, value in worth.items():
            if place < length - 1:
                weights[place, part] = value
    return weights


@cache
def _clock() -> list[str]:
    """Give the texts of all seconds of a day."""
    return [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(86_400)]


def texts_of(micros: Ints) -> list[str]:
    """Write times as ISO 8601 with ``Z``; those of whole seconds quickly."""
    if (micros % SECOND).any():
        return [iso_from_micros(value) for value in micros.tolist()]
    days, rest = np.divmod(micros, DAY_MICROSECONDS)
    found, places = np.unique(days, return_inverse=True)
    dates = [dt.date.fromordinal(_EPOCH + day).isoformat() for day in found.tolist()]
    clock = _clock()
    seconds = (rest // SECOND).tolist()
    return [dates[day] + clock[second] for day, second in zip(places.tolist(), seconds, strict=True)]


@cache
def _clock_cells() -> Cells:
    """Give the bytes of the texts of all seconds of a day, without the ``Z``."""
    return np.frombuffer("".join(text[:-1] for text in _clock()).encode(), np.uint8).reshape(86_400, 9)


def digits_of(values: Ints, width: int) -> Cells:
    """Give the digits of whole numbers as bytes; the numbers have no more than ``width``."""
    cells = np.empty((len(values), width), np.uint8)
    rest = values
    for column in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        cells[:, column] = digit + 48
    return cells


def cells_of(micros: Ints) -> Cells | None:
    """Write times as ISO 8601 in quotes, in cells of 26 bytes, blanks behind; None where one has microseconds.

    Those of whole seconds are written without fraction, as ``iso_from_micros`` does.
    """
    if (micros % 1_000).any():
        return None
    days, rest = np.divmod(micros, DAY_MICROSECONDS)
    seconds, fraction = np.divmod(rest, SECOND)
    found, places = np.unique(days, return_inverse=True)
    dates = "".join(dt.date.fromordinal(_EPOCH + day).isoformat() for day in found.tolist()).encode()
    cells = np.full((len(micros), 26), ord(" "), np.uint8)
    cells[:, 0] = ord('"')
    cells[:, 1:11] = np.frombuffer(dates, np.uint8).reshape(len(found), 10)[places]
    cells[:, 11:20] = _clock_cells()[seconds]
    whole = fraction == 0
    cells[whole, 20:22] = np.frombuffer(b'Z"', np.uint8)
    if not whole.all():
        split = np.flatnonzero(~whole)
        cells[split, 20] = ord(".")
        cells[split, 21:24] = digits_of(fraction[split] // 1_000, 3)
        cells[split, 24:26] = np.frombuffer(b'Z"', np.uint8)
    return cells


def micros_of(texts: Sequence[Any]) -> Ints | None:
    """Read times that all look like ``2024-05-01T12:00:00Z`` (or with milliseconds); None where one does not."""
    try:
        joined = "".join(texts).encode("ascii")
    except (TypeError, UnicodeEncodeError):
        return None
    length, odd = divmod(len(joined), len(texts)) if texts else (0, 1)
    if odd or length not in (20, 24) or set(map(len, texts)) != {length}:
        return None
    signs = np.frombuffer(joined, np.uint8).reshape(len(texts), length)
    fixed = {**_SIGNS, length - 1: b"Z", **({19: b"."} if length == 24 else {})}
    digits = signs - 48
    free = [column for column in range(length) if column not in fixed]
    if any((signs[:, place] != sign[0]).any() for place, sign in fixed.items()) or (digits[:, free] > 9).any():
        return None
    parts = (digits.astype(np.float64) @ _weights(length)).astype(np.int64)
    if (parts.max(axis=0) > _MOST).any():
        return None
    days = _days(parts[:, 0])
    if days is None:
        return None
    hour, minute, second, milli = parts[:, 1:].T
    micros: Ints = days * DAY_MICROSECONDS + (hour * 3_600 + minute * 60 + second) * SECOND + milli * 1_000
    return micros


def _days(dates: Ints) -> Ints | None:
    found, places = np.unique(dates, return_inverse=True)
    try:
        days = [dt.date(date // 10_000, date // 100 % 100, date % 100).toordinal() - _EPOCH for date in found.tolist()]
    except ValueError:
        return None
    return np.array(days, np.int64)[places]
