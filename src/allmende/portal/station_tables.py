"""The tables behind a station's charts: the last week by day, the last year by month."""

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from allmende.catalog.door import gate
from allmende.gate.query import DayStatistics
from allmende.kernel.clock import instant_from_micros
from allmende.portal.data_queries import Stream, grant

AMOUNTS = frozenset({"precipitation"})
BY_YEAR = ("air-temperature", "precipitation")


class Span(msgspec.Struct, frozen=True):
    """A day, or a month (its first day), with least, mean and greatest value and the sum."""

    day: dt.date
    low: float
    mean: float
    high: float
    total: float


class Table(msgspec.Struct, frozen=True):
    """The spans behind one chart, and what they say together."""

    spans: tuple[Span, ...]
    amount: bool

    @property
    def low(self) -> float:
        """Give the least value of all."""
        return min(span.low for span in self.spans)

    @property
    def high(self) -> float:
        """Give the greatest value of all."""
        return max(span.high for span in self.spans)

    @property
    def total(self) -> float:
        """Give the sum of all."""
        return sum(span.total for span in self.spans)


def _span(day: dt.date, entries: Sequence[DayStatistics]) -> Span:
    total = sum(entry.total for entry in entries)
    return Span(
        day=day,
        low=min(entry.minimum for entry in entries),
        mean=total / sum(entry.count for entry in entries),
        high=max(entry.maximum for entry in entries),
        total=total,
    )


def _grouped(entries: Iterable[DayStatistics], *, by_month: bool) -> tuple[Span, ...]:
    groups: dict[dt.date, list[DayStatistics]] = {}
    for entry in entries:
        groups.setdefault(entry.day.replace(day=1) if by_month else entry.day, []).append(entry)
    return tuple(_span(day, groups[day]) for day in sorted(groups))


def behind_charts(streams: Sequence[Stream]) -> tuple[dict[int, Table], dict[int, Table]]:
    """Give the tables of week and year by datastream id; what has no values has no table."""
    last = max((stream.summary.last or 0 for stream in streams), default=0)
    end = instant_from_micros(last).date() + dt.timedelta(days=1)
    long = [stream for stream in streams if stream.observed in BY_YEAR]
    permit = grant()
    week = _by_stream(gate().days(permit, [stream.id for stream in streams], end - dt.timedelta(days=8), end))
    year = _by_stream(gate().days(permit, [stream.id for stream in long], end - dt.timedelta(days=366), end))
    return _tables(streams, week, by_month=False), _tables(long, year, by_month=True)


def _by_stream(entries: Iterable[DayStatistics]) -> dict[int, list[DayStatistics]]:
    found: dict[int, list[DayStatistics]] = {}
    for entry in entries:
        found.setdefault(entry.datastream_id, []).append(entry)
    return found


def _tables(streams: Sequence[Stream], found: dict[int, list[DayStatistics]], *, by_month: bool) -> dict[int, Table]:
    return {
        stream.id: Table(_grouped(found[stream.id], by_month=by_month), stream.observed in AMOUNTS)
        for stream in streams
        if stream.id in found
    }
