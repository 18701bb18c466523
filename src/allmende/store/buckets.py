"""Hours, days, months and years of a time zone, as edges in microseconds."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from allmende.kernel.clock import DAY_MICROSECONDS, EPOCH, UTC, micros_from_instant
from allmende.store.points import Ints

Unit = Literal["hour", "day", "month", "year"]
HOUR = 3_600_000_000
# Values over a longer time cannot be told apart by the unit; changes of the clock are left aside.
SHORTEST: dict[Unit, int] = {
    "hour": HOUR,
    "day": DAY_MICROSECONDS,
    "month": 28 * DAY_MICROSECONDS,
    "year": 365 * DAY_MICROSECONDS,
}
EARLIEST = micros_from_instant(dt.datetime.min.replace(tzinfo=UTC))
LATEST = micros_from_instant(dt.datetime.max.replace(tzinfo=UTC))
_FIRST, _LAST = dt.MINYEAR, dt.MAXYEAR


def _instant(zone: ZoneInfo, year: int, month: int = 1, day: int = 1) -> int:
    """Give the instant at which a day of the zone begins; where its midnight comes twice, the first of both."""
    if year > _LAST:
        return LATEST
    try:
        return micros_from_instant(dt.datetime(year, month, day, tzinfo=zone))
    except OverflowError:
        return EARLIEST if year == _FIRST else LATEST


def _offset(zone: ZoneInfo, micros: int) -> int:
    inside = min(max(micros, EARLIEST + DAY_MICROSECONDS), LATEST - DAY_MICROSECONDS)
    instant = (EPOCH + dt.timedelta(microseconds=inside)).astimezone(zone)
    return (instant.utcoffset() or dt.timedelta()) // dt.timedelta(microseconds=1)


def _stretches(zone: ZoneInfo, low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Cut a range where the clock is changed; give begin, end and the offset of each stretch."""
    # No clock is changed twice within a day.
    marks = [*range(low, high, DAY_MICROSECONDS), high - 1]
    offsets = [_offset(zone, mark) for mark in marks]
    begin = low
    for place in range(1, len(marks)):
        if offsets[place] != offsets[place - 1]:
            change = _change(zone, marks[place - 1], marks[place])
            yield begin, change, offsets[place - 1]
            begin = change
    yield begin, high, offsets[-1]


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Find the first instant with another offset than ``low``; ``high`` has one."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _hours(zone: ZoneInfo, year: int) -> list[int]:
    edges: list[int] = []
    for begin, end, offset in _stretches(zone, _instant(zone, year), _instant(zone, year + 1)):
        edges += [begin, *range(((begin + offset) // HOUR + 1) * HOUR - offset, end, HOUR)]
    return edges


def _days(zone: ZoneInfo, year: int) -> list[int]:
    first = dt.date(year, 1, 1)
    dates = (dt.date.fromordinal(number) for number in range(first.toordinal(), dt.date(year, 12, 31).toordinal() + 1))
    return [_instant(zone, date.year, date.month, date.day) for date in dates]


@lru_cache(256)
def _edges_of_year(unit: Unit, name: str, year: int) -> Ints:
    """Give the edges of a year in a zone, that of its end too."""
    zone = ZoneInfo(name)
    if unit == "hour":
        edges = _hours(zone, year)
    elif unit == "day":
        edges = _days(zone, year)
    else:
        edges = [_instant(zone, year, month) for month in (range(1, 13) if unit == "month" else (1,))]
    # West of Greenwich the first hours of all times lie before the zone's first year.
    first = [EARLIEST] if year == _FIRST else []
    return np.array([*first, *edges, _instant(zone, year + 1)], np.int64)


def _years(times: Ints, zone: str) -> list[int]:
    """Name the years of times in order, also those that another zone than UTC may be in."""
    days = times // DAY_MICROSECONDS
    days = days[np.flatnonzero(np.diff(days, prepend=days[0] - 1))]
    near = [days] if zone == "UTC" else [days - 1, days, days + 1]
    found = np.unique(np.concatenate(near).view("datetime64[D]").astype("datetime64[Y]").astype(np.int64)) + 1970
    return [year for year in found.tolist() if _FIRST <= year <= _LAST]


def edges_around(times: Ints, unit: Unit, zone: str) -> Ints:
    """Give edges in order such that each of the times (in order, at least one) lies between two that follow another."""
    edges = np.concatenate([_edges_of_year(unit, zone, year) for year in _years(times, zone)])
    edges = edges[np.diff(edges, prepend=edges[0] - 1) > 0]
    low = max(int(np.searchsorted(edges, times[0], "right")) - 1, 0)
    return edges[low : int(np.searchsorted(edges, times[-1], "right")) + 1]
