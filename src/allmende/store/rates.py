"""How fast the numbers of a datastream may change: each is compared with those before and behind it in time."""

import itertools
from collections.abc import Sequence

import numpy as np

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.store.arrivals import Kept
from allmende.store.model import Arrival, Block
from allmende.store.points import Points
from allmende.store.scan import Scan
from allmende.store.state import State

HOUR = 3_600_000_000.0
# Decimals such as 0.1 have no exact binary form; what differs by no more than that is not too fast.
ROUNDING = 1e-12

TOO_FAST = ErrorCode(
    "observation.too_fast",
    Text(
        "Messwert {index}: result {value} weicht vom Nachbarwert {near} um mehr als {rate} je Stunde ab.",
        "Observation {index}: result {value} differs from its neighbour {near} by more than {rate} per hour.",
    ),
    Text("Prüfen Sie den Sensor, oder ändern Sie maxRate.", "Check the sensor, or change maxRate."),
)


def _before(scan: Scan, stream: int, start: int) -> Points | None:
    """Give the last number before a time."""
    for run in scan.windows(stream, None, start, back=True):
        there = np.flatnonzero(np.isfinite(run.number))
        if len(there):
            return run.take(there[-1:])
    return None


def _behind(scan: Scan, stream: int, start: int) -> Points | None:
    """Give the first number behind a time."""
    for run in scan.windows(stream, start + 1):
        there = np.flatnonzero(np.isfinite(run.number))
        if len(there):
            return run.take(there[:1])
    return None


def steady(scan: Scan, block: Block, one: State) -> bool:
    """Tell whether columns behind all that is stored change no faster than the datastream allows."""
    if one.max_rate is None:
        return True
    last = _before(scan, one.id, int(block.start[0]))
    times, values = block.start, block.number
    if last is not None:
        times, values = np.append(last.start, times), np.append(last.number, values)
    allowed = one.max_rate * (np.diff(times) / HOUR) + ROUNDING * np.abs(values[1:])
    return bool((np.abs(np.diff(values)) <= allowed).all())


def check_rates(scan: Scan, arrivals: Sequence[Arrival], kept: Sequence[Kept], streams: Sequence[State]) -> None:
    """Refuse a batch in which a new number differs too much from its neighbour; what is stored stays as it is."""
    for one in streams:
        new = {
            arrival.phenomenon_start: (index, number)
            for index, (arrival, (number, _)) in enumerate(zip(arrivals, kept, strict=True))
            if arrival.datastream_id == one.id and number is not None
        }
        if one.max_rate is not None and new:
            _check(scan, one, one.max_rate, new)


def _check(scan: Scan, one: State, rate: float, new: dict[int, tuple[int, float]]) -> None:
    low, high = min(new), max(new)
    runs = [_before(scan, one.id, low), scan.points(one.id, low, high + 1), _behind(scan, one.id, high)]
    line: dict[int, tuple[int | None, float]] = {start: (index, number) for start, (index, number) in new.items()}
    for run in runs:
        if run is not None:
            stored = zip(run.start.tolist(), run.number.tolist(), strict=True)
            line |= {start: (None, number) for start, number in stored if np.isfinite(number)}
    row = sorted(line.items())
    for (start, (index, number)), (later, (behind, follows)) in itertools.pairwise(row):
        if abs(follows - number) <= rate * ((later - start) / HOUR) + ROUNDING * abs(follows):
            continue
        if behind is not None:
            raise Invalid(TOO_FAST, index=behind, value=follows, near=number, rate=rate)
        if index is not None:
            raise Invalid(TOO_FAST, index=index, value=number, near=follows, rate=rate)
