"""The tests by QARTOD on one series: pure; what each says of each value.

Range, climatology, spike, rate, flat line and gap are those of ``ioos-qc``; the neighbour test (no. 11 of QARTOD's
manual for temperature and salinity) is ours, since the library has none. Spike, rate and flat line look only at
values between which nothing is missing: behind a gap a great step is no fault of the instrument.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from allmende.quality.thresholds import Flat, Limit, Season, Thresholds

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.int64]
# The flags of QARTOD (Manual for the Use of Real-Time Oceanographic Data Quality Control Flags, version 1.2, table 1).
GOOD, UNKNOWN, SUSPECT, FAIL = 1, 2, 3, 4
LEVEL = {SUSPECT: "suspect", FAIL: "bad"}
SECOND, HOUR = 1_000_000, 3_600.0
# The library lays all windows of a flat line side by side.
MOST_CELLS = 2_000_000
FEWEST = 3
EVERYTHING = (-np.inf, np.inf)


def verdicts(
    one: Thresholds, interval: int, times: Ints, values: Floats, near: Sequence[tuple[Ints, Floats]] = ()
) -> list[tuple[str, dict[str, str]]]:
    """Give for each value its level and what each test that objects says; times in microseconds, in order."""
    found = {name: flags for name, flags in _all(one, interval, times, values, near) if (flags >= SUSPECT).any()}
    if "rate" in found and "spike" in found:
        # The way back from a spike is no fault of the value behind it.
        found["rate"][1:][found["spike"][:-1] == FAIL] = GOOD
    worst = np.max([*found.values(), np.full(len(times), GOOD)], axis=0)
    return [
        (
            LEVEL.get(int(level), "good"),
            {name: LEVEL[int(flags[place])] for name, flags in found.items() if flags[place] >= SUSPECT},
        )
        for place, level in enumerate(worst)
    ]


def _all(
    one: Thresholds, interval: int, times: Ints, values: Floats, near: Sequence[tuple[Ints, Floats]]
) -> Iterator[tuple[str, Flags]]:
    widest = int(one.gap.intervals * interval) if one.gap else 0
    if widest:
        yield "gap", gap(times, widest)
    if one.range is not None:
        yield "range", _library("gross_range_test", values, fail_span=one.range.fail, suspect_span=one.range.suspect)
    if one.climatology:
        yield "climatology", climatology(one.climatology, times, values)
    runs = list(_runs(times, widest))
    if one.spike is not None:
        yield "spike", _by_run(runs, len(times), lambda run: _spike(one.spike, values[run]))
    if one.rate is not None:
        yield "rate", _by_run(runs, len(times), lambda run: _rate(one.rate, times[run], values[run]))
    if one.flat is not None:
        yield "flat", _by_run(runs, len(times), lambda run: _flat(one.flat, times[run], values[run]))
    if one.neighbour is not None:
        needed = one.neighbour.stations
        yield "neighbour", neighbour(times, values, near, one.neighbour.difference, one.neighbour.seconds, needed)


def _library(name: str, *columns: Any, **limits: Any) -> Flags:
    # The library brings pandas and xarray: only the process that runs the tests pays for them.
    from ioos_qc import qartod

    test: Callable[..., Any] = getattr(qartod, name)
    return np.asarray(np.ma.filled(test(*columns, **limits), UNKNOWN), np.int64)


def _clock(times: Ints) -> Any:
    return times.astype("datetime64[us]").astype("datetime64[ns]")


def gap(times: Ints, widest: int) -> Flags:
    """Find the values behind a gap wider than so many seconds; the first value has nothing before it."""
    flags = np.full(len(times), GOOD, np.int64)
    if len(times) > 1:
        said = _library("time_gap_test", _clock(times), fail_span=widest / HOUR)
        # The value behind a gap is there: what is missing lies before it.
        flags[1:] = np.where(said[1:] == FAIL, SUSPECT, GOOD)
    return flags


def climatology(seasons: Sequence[Season], times: Ints, values: Floats) -> Flags:
    """Find what is unusual for its month."""
    flags = np.full(len(times), UNKNOWN, np.int64)
    months = times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    for season in seasons:
        inside = np.isin(months, season.months)
        if inside.any():
            # The library's own test by month takes a hundred times as long for the same answer.
            said = _library("gross_range_test", values[inside], fail_span=EVERYTHING, suspect_span=season.span)
            flags[inside] = said
    return flags


def _runs(times: Ints, widest: int) -> Iterator[slice]:
    """Cut where a gap is, and where two values have one time."""
    steps = np.diff(times)
    torn = steps < SECOND
    if widest:
        torn |= steps > widest * SECOND
    cuts = [0, *(np.flatnonzero(torn) + 1).tolist(), len(times)]
    for begin, end in pairwise(cuts):
        yield slice(begin, end)


def _by_run(runs: Sequence[slice], count: int, test: Callable[[slice], Flags]) -> Flags:
    flags = np.full(count, UNKNOWN, np.int64)
    for run in runs:
        if run.stop - run.start >= FEWEST:
            flags[run] = test(run)
    return flags


def _spike(limit: Limit | None, values: Floats) -> Flags:
    return (
        # By the smaller step of both sides; by the mean of the neighbours these would be blamed for a spike too.
        _library(*("spike_test", values, limit.suspect, limit.fail), method="differential")
        if limit is not None
        else np.full(len(values), UNKNOWN, np.int64)
    )


def _rate(limit: Limit | None, times: Ints, values: Floats) -> Flags:
    if limit is None:
        return np.full(len(values), UNKNOWN, np.int64)
    return _library(
        *("rate_of_change_test", values, _clock(times)),
        threshold=limit.suspect / HOUR,
        fail_threshold=limit.fail / HOUR,
    )


def _flat(flat: Flat | None, times: Ints, values: Floats) -> Flags:
    """Find what moves too little, in pieces that overlap by the longest window."""
    flags = np.full(len(times), UNKNOWN, np.int64)
    step = int(np.median(np.diff(times))) // SECOND
    if flat is None or step < 1 or flat.suspect_seconds < 2 * step:
        return flags
    window = flat.fail_seconds // step + 1
    size = max(2 * window, MOST_CELLS // window)
    for begin in range(0, len(times), size):
        piece = slice(max(begin - window, 0), min(begin + size, len(times)))
        if piece.stop - piece.start < FEWEST:
            continue
        said = _library(
            *("flat_line_test", values[piece], _clock(times[piece])),
            suspect_threshold=flat.suspect_seconds,
            fail_threshold=flat.fail_seconds,
            tolerance=flat.tolerance,
        )
        flags[begin : piece.stop] = said[begin - piece.start :]
    return flags


def neighbour(
    times: Ints,
    values: Floats,
    near: Sequence[tuple[Ints, Floats]],
    difference: float,
    seconds: int,
    stations: int,
) -> Flags:
    """Compare with the median of the stations near by, of each the value nearest in time."""
    flags = np.full(len(times), UNKNOWN, np.int64)
    beside = [_nearest(times, *one, seconds) for one in near]
    if len(beside) < stations or not len(times):
        return flags
    table = np.array(beside)
    enough = np.isfinite(table).sum(axis=0) >= stations
    if enough.any():
        apart = np.abs(values[enough] - np.nanmedian(table[:, enough], axis=0))
        flags[enough] = np.where(apart > difference, SUSPECT, GOOD)
    return flags


def _nearest(times: Ints, others: Ints, values: Floats, seconds: int) -> Floats:
    """Give for each time the value of another station that is nearest to it; NaN where none is near enough."""
    if not len(others):
        return np.full(len(times), np.nan)
    after = np.clip(np.searchsorted(others, times), 0, len(others) - 1)
    before = np.clip(after - 1, 0, len(others) - 1)
    place = np.where(np.abs(others[before] - times) <= np.abs(others[after] - times), before, after)
    return np.where(np.abs(others[place] - times) <= seconds * SECOND, values[place], np.nan)
