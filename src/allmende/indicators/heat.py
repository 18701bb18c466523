"""How much warmer nights are in town than at a place to compare with (heat island)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from allmende.gate.door import Gate, Grant
from allmende.gate.query import DayStatistics
from allmende.indicators.climate import DAY_SECONDS
from allmende.indicators.figures import ONE_DAY, Figure, Question, Stream, figure
from allmende.kernel.clock import instant_from_micros

SUMMER_MONTHS = (6, 7, 8)
Nights = Mapping[int, Mapping[dt.date, float]]


def heat_island(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give for each summer by how much the nights were warmer in town, in kelvin."""
    if not any(stream.reference for stream in streams) or all(stream.reference for stream in streams):
        return []
    summaries = gate.summary(grant, [stream.id for stream in streams])
    firsts = [summary.first for summary in summaries.values() if summary.first is not None]
    lasts = [summary.last for summary in summaries.values() if summary.last is not None]
    if not firsts or not lasts:
        return []
    first, last = (instant_from_micros(micros).date() for micros in (min(firsts), max(lasts)))
    days = gate.days(grant, [stream.id for stream in streams], first, last + ONE_DAY)
    return summers(nights_of(days, streams, question.complete_share), streams, question)


def nights_of(days: Iterable[DayStatistics], streams: Sequence[Stream], share: float) -> Nights:
    """Give the lowest value of each summer day that is complete, by datastream."""
    needed = {stream.id: share * DAY_SECONDS / (stream.interval or 3_600) for stream in streams}
    found: dict[int, dict[dt.date, float]] = defaultdict(dict)
    for day in days:
        if day.day.month in SUMMER_MONTHS and day.count >= needed[day.datastream_id]:
            found[day.datastream_id][day.day] = day.minimum
    return found


def summers(nights: Nights, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Average the differences of each summer over the nights for which both sides have a value."""
    town = [stream.id for stream in streams if not stream.reference]
    beside = [stream.id for stream in streams if stream.reference]
    differences: dict[int, list[float]] = defaultdict(list)
    for day in sorted({day for values in nights.values() for day in values}):
        warm, cool = _mean(nights, town, day), _mean(nights, beside, day)
        if warm is not None and cool is not None:
            differences[day.year].append(warm - cool)
    return [_summer(year, found, question, [*town, *beside]) for year, found in sorted(differences.items())]


def _mean(nights: Nights, streams: Sequence[int], day: dt.date) -> float | None:
    values = [nights[stream][day] for stream in streams if day in nights.get(stream, {})]
    return sum(values) / len(values) if values else None


def _summer(year: int, found: Sequence[float], question: Question, streams: Iterable[int]) -> Figure:
    first, last = dt.date(year, 6, 1), dt.date(year, 8, 31)
    over = max(0, (min(last + ONE_DAY, question.today) - first).days)
    counts = (len(found), max(0, over - len(found)))
    return figure((first, last), sum(found) / len(found), counts, question, streams)
