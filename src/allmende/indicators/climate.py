"""Climate days by the definitions of Germany's weather service (DWD), counted for each year and datastream.

A day is a UTC day. It counts only when enough of its values are there; days with fewer are counted apart and never
guessed. The definitions, their source and caveats stand in climate-days.yaml.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from allmende.gate.door import Gate, Grant
from allmende.gate.query import DayStatistics
from allmende.indicators.figures import Figure, Question, Stream, bounds, expected_days, figure
from allmende.kernel.clock import instant_from_micros

ONE_DAY = dt.timedelta(days=1)
DAY_SECONDS = 86_400
COMPLETE_SHARE = 0.8
FROST = 0.0
SUMMER = 25.0
HOT = 30.0
TROPICAL = 20.0


class ClimateYear(msgspec.Struct, frozen=True, kw_only=True):
    """The climate days of one datastream in one year, temperatures in its unit (Cel).

    ``days`` are the complete days, on which alone the five kinds are counted; ``sparse_days`` have values but too
    few, ``empty_days`` have none although the datastream runs before and after. ``hottest`` and ``coldest`` are of
    all values, also of sparse days, since a value that was measured was measured; of equal ones the first day.
    """

    year: int
    days: int
    sparse_days: int
    empty_days: int
    ice_days: int
    frost_days: int
    summer_days: int
    hot_days: int
    tropical_nights: int
    hottest: float
    hottest_day: dt.date
    coldest: float
    coldest_day: dt.date


def climate_years(
    gate: Gate, grant: Grant, datastream_id: int, interval_seconds: int, threshold: float = COMPLETE_SHARE
) -> list[ClimateYear]:
    """Count the climate days of a temperature datastream for each year with values, in order."""
    found = climate_years_of(gate, grant, {datastream_id: interval_seconds}, threshold)
    return found.get(datastream_id, [])


def climate_years_of(
    gate: Gate, grant: Grant, intervals: Mapping[int, int], threshold: float = COMPLETE_SHARE
) -> dict[int, list[ClimateYear]]:
    """Count for many datastreams at once; ``intervals`` gives the seconds between values of each datastream id."""
    summaries = gate.summary(grant, intervals)
    firsts = [summary.first for summary in summaries.values() if summary.first is not None]
    lasts = [summary.last for summary in summaries.values() if summary.last is not None]
    if not firsts or not lasts:
        return {}
    first, last = (instant_from_micros(micros).date() for micros in (min(firsts), max(lasts)))
    days = groupby(gate.days(grant, intervals, first, last + ONE_DAY), key=lambda day: day.datastream_id)
    return {stream: years_of_days(group, intervals[stream], threshold) for stream, group in days}


def years_of_days(days: Iterable[DayStatistics], interval_seconds: int, threshold: float) -> list[ClimateYear]:
    """Count the climate days of one datastream's days, which come in order."""
    filled = [day for day in days if day.count]
    if not filled:
        return []
    span = (filled[0].day, filled[-1].day)
    needed = threshold * DAY_SECONDS / interval_seconds
    years = groupby(filled, key=lambda day: day.day.year)
    return [_year(year, list(group), needed, span) for year, group in years]


def _year(year: int, days: Sequence[DayStatistics], needed: float, span: tuple[dt.date, dt.date]) -> ClimateYear:
    complete = [day for day in days if day.count >= needed]
    hottest = max(days, key=lambda day: day.maximum)
    coldest = min(days, key=lambda day: day.minimum)
    covered = min(dt.date(year, 12, 31), span[1]) - max(dt.date(year, 1, 1), span[0])
    return ClimateYear(
        year=year,
        days=len(complete),
        sparse_days=len(days) - len(complete),
        empty_days=covered.days + 1 - len(days),
        ice_days=sum(day.maximum < FROST for day in complete),
        frost_days=sum(day.minimum < FROST for day in complete),
        summer_days=sum(day.maximum >= SUMMER for day in complete),
        hot_days=sum(day.maximum >= HOT for day in complete),
        tropical_nights=sum(day.minimum >= TROPICAL for day in complete),
        hottest=hottest.maximum,
        hottest_day=hottest.day,
        coldest=coldest.minimum,
        coldest_day=coldest.day,
    )


def climate_days(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give the days of one kind in each year; of several stations the mean, each counting by its complete days."""
    intervals = {stream.id: stream.interval or 3_600 for stream in streams}
    by_year: dict[int, dict[int, ClimateYear]] = {}
    for stream, years in climate_years_of(gate, grant, intervals, question.complete_share).items():
        for year in years:
            by_year.setdefault(year.year, {})[stream] = year
    return [_figure(year, found, question) for year, found in sorted(by_year.items())]


def _figure(year: int, found: Mapping[int, ClimateYear], question: Question) -> Figure:
    days = bounds(dt.date(year, 1, 1), "year")
    field = question.part.replace("-", "_")
    value = sum(float(getattr(one, field)) for one in found.values()) / len(found)
    used = sum(one.days for one in found.values())
    missing = max(0, expected_days(*days, question.today) * len(found) - used)
    return figure(days, value, (used, missing), question, found)
