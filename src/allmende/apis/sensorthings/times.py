"""Many times at once: ISO 8601 texts in UTC to microseconds, as columns."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from allmende.kernel.clock import DAY_MICROSECONDS

Ints = npt.NDArray[np.int64]
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
