"""Observations of one datastream as columns: the form in which they are packed, merged and read."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = list[str | None] | None
# sequence, start, duration, latency, received, number, other, quality, source, message, parameters, feature,
# valid, described
Word = str | None
Row = tuple[int, int, int, int | None, int, float | None, Word, int, int, Word, Word, int | None, Word, Word]

INTEGERS = ("sequence", "start", "duration", "latency", "known", "received", "quality", "source", "feature")
TEXTS = ("other", "message", "parameters", "valid", "described")
NO_FEATURE = 0


class Points(msgspec.Struct, eq=False):
    """Columns of equal length; times in microseconds, ``start`` since 1970-01-01T00:00Z.

    ``latency`` is the result time less the end of the phenomenon, and counts only where ``known`` is 1. ``number`` is
    NaN where the result is no number and stands as JSON in ``other``. ``valid`` is the time of validity as a JSON array
    of start and end, ``described`` a quality that is none of the levels, as JSON. A column of texts is None where it is
    empty.
    """

    sequence: Ints
    start: Ints
    duration: Ints
    latency: Ints
    known: Ints
    received: Ints
    quality: Ints
    source: Ints
    feature: Ints
    number: Floats
    other: Texts = None
    message: Texts = None
    parameters: Texts = None
    valid: Texts = None
    described: Texts = None

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> Ints:
        """Give the ends of the phenomenon; that of an instant is its start."""
        return self.start + self.duration

    def take(self, chosen: Any) -> "Points":
        """Give the points at some places (a slice, places, or a mask), in that order."""
        if isinstance(chosen, np.ndarray) and chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        columns = {name: getattr(self, name)[chosen] for name in (*INTEGERS, "number")}
        for name in TEXTS:
            column = getattr(self, name)
            if column is not None:
                columns[name] = column[chosen] if isinstance(chosen, slice) else [column[place] for place in chosen]
        return Points(**columns)

    def in_order(self) -> "Points":
        """Sort by time, points of one time by their place in the order of arrival."""
        steps = np.diff(self.start)
        if bool((steps > 0).all()):
            return self
        return self.take(np.lexsort((self.sequence, self.start)))

    def between(self, since: int | None, until: int | None) -> "Points":
        """Give the points in order of time whose start lies in ``[since, until)``."""
        low = 0 if since is None else int(np.searchsorted(self.start, since, "left"))
        high = len(self) if until is None else int(np.searchsorted(self.start, until, "left"))
        return self if low == 0 and high == len(self) else self.take(slice(low, max(low, high)))


def _text_column(columns: Sequence[Texts], lengths: Sequence[int]) -> Texts:
    if all(column is None for column in columns):
        return None
    joined: list[str | None] = []
    for column, length in zip(columns, lengths, strict=True):
        joined += [None] * length if column is None else column
    return joined


def joined(parts: Sequence[Points]) -> Points:
    """Put columns one behind the other; of nothing, empty columns."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return points_from_rows(())
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*INTEGERS, "number")
    }
    lengths = [len(part) for part in parts]
    for name in TEXTS:
        columns[name] = _text_column([getattr(part, name) for part in parts], lengths)
    return Points(**columns)


def _whole(column: Iterable[int | None], absent: int = 0) -> Ints:
    return np.array([absent if value is None else value for value in column], np.int64)


def _texts(column: Sequence[str | None]) -> Texts:
    return list(column) if any(column) else None


def points_from_rows(rows: Sequence[Row]) -> Points:
    """Turn rows into columns."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 14
    sequence, start, duration, latency, received, number, other, quality, source, message, *rest = columns
    parameters, feature, valid, described = rest
    return Points(
        sequence=np.array(sequence, np.int64),
        start=np.array(start, np.int64),
        duration=np.array(duration, np.int64),
        latency=_whole(latency),
        known=np.array([value is not None for value in latency], np.int64),
        received=np.array(received, np.int64),
        quality=np.array(quality, np.int64),
        source=np.array(source, np.int64),
        feature=_whole(feature, NO_FEATURE),
        number=np.array([np.nan if value is None else value for value in number], np.float64),
        other=_texts(other),
        message=_texts(message),
        parameters=_texts(parameters),
        valid=_texts(valid),
        described=_texts(described),
    )


def rows_of_points(points: Points) -> list[Row]:
    """Turn columns into rows."""
    absent: list[str | None] = [None] * len(points)
    known = points.known.tolist()
    latency = [value if there else None for value, there in zip(points.latency.tolist(), known, strict=True)]
    numbers = [None if value != value else value for value in points.number.tolist()]
    return list(
        zip(
            *(points.sequence.tolist(), points.start.tolist(), points.duration.tolist(), latency),
            *(points.received.tolist(), numbers, points.other or absent, points.quality.tolist()),
            *(points.source.tolist(), points.message or absent, points.parameters or absent),
            [value or None for value in points.feature.tolist()],
            *(points.valid or absent, points.described or absent),
            strict=True,
        )
    )
