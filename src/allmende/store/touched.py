"""Where observations were corrected or deleted: a cell that was told before must not be told anew without them.

Kept as ranges of time; those that nearly meet become one, so that retention leaves one range for each datastream.
"""

import time

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from allmende.store import raw

NEAR = 3_600_000_000
Ints = npt.NDArray[np.int64]
# First and last time of what was touched, and when that was.
Touch = tuple[int, int, int]
_FOUND = "SELECT first, last, at FROM touched WHERE datastream_id = ?"
_TAKE = "DELETE FROM touched WHERE datastream_id = ? AND first <= ? AND last >= ? RETURNING first, last"
_PUT = "INSERT INTO touched (datastream_id, first, last, at) VALUES (?, ?, ?, ?)"


def touch(connection: Connection, stream: int, times: Ints) -> None:
    """Note that observations of these times were corrected or went."""
    if not len(times):
        return
    times, now = np.sort(times), time.time_ns() // 1_000
    ends = np.flatnonzero(np.diff(times) > NEAR)
    for first, last in zip(times[np.append(0, ends + 1)].tolist(), times[np.append(ends, -1)].tolist(), strict=True):
        known = raw.fetch(connection, _TAKE, (stream, last + NEAR, first - NEAR))
        low, high = min([first, *(row[0] for row in known)]), max([last, *(row[1] for row in known)])
        raw.run(connection, _PUT, [(stream, low, high, now)])


def touches(connection: Connection, stream: int) -> list[Touch]:
    """Give what was touched of a datastream."""
    return [(row[0], row[1], row[2]) for row in raw.fetch(connection, _FOUND, (stream,))]
