"""Air quality by the averaging times of the limit values: hours, days and years."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from allmende.gate.door import Gate, Grant
from allmende.indicators.figures import Figure, Question, Stream, bounds, civil_day, figure, grouped
from allmende.indicators.method import Limit

HOURS_OF_DAY, HOURS_OF_A_DAY_MEAN = 24, 18
Hours = Mapping[dt.date, Sequence[float]]


class Kept(msgspec.Struct, frozen=True):
    """A limit with the figure that it is compared with; ``kept`` is None where that figure is not known."""

    limit: Limit
    value: float | None
    kept: bool | None


def air_quality(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give the yearly mean, or how many days or hours lay above a threshold, of the first station that has values.

    Limits hold for each station by itself, so that stations are never averaged.
    """
    if not streams:
        return []
    groups = grouped(gate, grant, streams[:1], "hour")
    hours: dict[int, dict[dt.date, list[float]]] = defaultdict(lambda: defaultdict(list))
    for start, count, total in zip(groups.start.tolist(), groups.count.tolist(), groups.total.tolist(), strict=True):
        day = civil_day(start)
        hours[day.year][day].append(total / count)
    return [_year(year, found, question, streams[0].id) for year, found in sorted(hours.items())]


def _year(year: int, hours: Hours, question: Question, stream: int) -> Figure:
    first, last = bounds(dt.date(year, 1, 1), "year")
    over = max(0, (min(last + dt.timedelta(days=1), question.today) - first).days)
    if question.part == "days-above":
        days = day_means(hours)
        counts = (len(days), max(0, over - len(days)))
        value: float = above(list(days.values()), question.threshold)
    else:
        values = [value for day in hours.values() for value in day]
        counts = (len(values), max(0, over * HOURS_OF_DAY - len(values)))
        value = above(values, question.threshold) if question.part == "hours-above" else sum(values) / len(values)
    return figure((first, last), value, counts, question, [stream])


def day_means(hours: Hours) -> dict[dt.date, float]:
    """Give the mean of each day that has values of at least 18 hours."""
    return {day: sum(found) / len(found) for day, found in hours.items() if len(found) >= HOURS_OF_A_DAY_MEAN}


def above(values: Sequence[float], threshold: float | None) -> int:
    """Count the values above a threshold; without one there is none."""
    return 0 if threshold is None else sum(value > threshold for value in values)


def against(limits: Sequence[Limit], substance: str, averaging: str, value: float | None) -> list[Kept]:
    """Compare a figure with the limits of a substance for one averaging time.

    For a yearly mean the value itself counts; for days and hours how many of them lay above, ``value`` being that
    number, against those that are allowed.
    """
    found = [limit for limit in limits if limit.substance == substance and limit.averaging == averaging]
    return [Kept(limit, value, _kept(limit, value)) for limit in found]


def _kept(limit: Limit, value: float | None) -> bool | None:
    if value is None:
        return None
    return value <= (limit.value if limit.averaging == "year" else limit.allowed)
