"""How fast the numbers of a datastream may change: each is compared with those before and behind it in time.

Only numbers of the same source are compared: who writes may not be allowed to read, and would learn from a refusal
what others have measured.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

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


def _nearest(runs: Iterator[Points], source: int, end: slice) -> Points | None:
    """Give the first or last number of a source, in the first run that holds any numbers."""
    for run in runs:
        there = np.isfinite(run.number)
        if there.any():
            return run.take(np.flatnonzero(there & (run.source == source))[end])
    return None


def _before(scan: Scan, stream: int, start: int, source: int) -> Points | None:
    """Give the last number of a source before a time."""
    return _nearest(scan.windows(stream, None, start, back=True), source, slice(-1, None))


def _behind(scan: Scan, stream: int, start: int, source: int) -> Points | None:
    """Give the first number of a source behind a time."""
    return _nearest(scan.windows(stream, start + 1), source, slice(None, 1))


def steady(scan: Scan, block: Block, one: State, source: int) -> bool:
    """Tell whether columns behind all that is stored change no faster than the datastream allows."""
    if one.max_rate is None:
        return True
    last = _before(scan, one.id, int(block.start[0]), source)
    times, values = block.start, block.number
    if last is not None:
        times, values = np.append(last.start, times), np.append(last.number, values)
    allowed = one.max_rate * (np.diff(times) / HOUR) + ROUNDING * np.abs(values[1:])
    return bool((np.abs(np.diff(values)) <= allowed).all())


def check_rates(
    scan: Scan,
    arrivals: Sequence[Arrival],
    kept: Sequence[Kept],
    streams: Sequence[State],
    sources: Mapping[str, int],
) -> None:
    """Refuse a batch in which a new number differs too much from its neighbour; what is stored stays as it is."""
    rates = {one.id: one.max_rate for one in streams}
    new: dict[tuple[int, int], dict[int, tuple[int, float]]] = {}
    for index, (arrival, (number, _)) in enumerate(zip(arrivals, kept, strict=True)):
        if number is not None and rates.get(arrival.datastream_id) is not None:
            line = new.setdefault((arrival.datastream_id, sources[arrival.source]), {})
            line[arrival.phenomenon_start] = index, number
    for (stream, source), line in new.items():
        _check(_around(scan, stream, source, line), rates[stream] or 0.0)


Line = dict[int, tuple[int | None, float]]


def _around(scan: Scan, stream: int, source: int, new: dict[int, tuple[int, float]]) -> Line:
    """Put new numbers, each with its place in the batch, among those that are stored of their source."""
    low, high = min(new), max(new)
    between = scan.points(stream, low, high + 1)
    runs = [_before(scan, stream, low, source), between, _behind(scan, stream, high, source)]
    line: Line = {start: (index, number) for start, (index, number) in new.items()}
    for run in runs:
        if run is not None:
            there = np.isfinite(run.number) & (run.source == source)
            stored = zip(run.start[there].tolist(), run.number[there].tolist(), strict=True)
            line |= {start: (None, number) for start, number in stored}
    return line


def _check(line: Line, rate: float) -> None:
    row = sorted(line.items())
    for (start, (index, number)), (later, (behind, follows)) in itertools.pairwise(row):
        if abs(follows - number) <= rate * ((later - start) / HOUR) + ROUNDING * abs(follows):
            continue
        if behind is not None:
            raise Invalid(TOO_FAST, index=behind, value=follows, near=number, rate=rate)
        if index is not None:
            raise Invalid(TOO_FAST, index=index, value=number, near=follows, rate=rate)
