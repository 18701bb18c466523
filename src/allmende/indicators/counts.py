"""Bicycles counted: how many on an average day, and how many in all."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from allmende.ethics.model import NO_DUTIES
from allmende.gate.door import Gate, Grant
from allmende.indicators.figures import Figure, Question, Stream, bounds, civil_day, expected_days, figure, grouped

HOURS_OF_DAY = 24


def bicycle_counts(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give bicycles per day, summed over the counters; a day counts when every counter has most of its hours."""
    groups = grouped(gate, grant, streams, "hour")
    counted = {stream.id: _counted(grant, stream) for stream in streams}
    hours: dict[tuple[int, dt.date], list[float]] = defaultdict(list)
    for stream, start, total in zip(
        groups.datastream.tolist(), groups.start.tolist(), groups.total.tolist(), strict=True
    ):
        hours[stream, civil_day(start)].append(total * counted[stream])
    counters = {stream for stream, _ in hours}
    sums: dict[dt.date, dict[int, float]] = defaultdict(dict)
    for (stream, day), found in hours.items():
        if len(found) >= question.complete_share * HOURS_OF_DAY:
            sums[day][stream] = sum(found)
    complete = {day: sum(found.values()) for day, found in sums.items() if set(found) == counters}
    return _periods(complete, question, counters)


def _counted(grant: Grant, stream: Stream) -> float:
    """Give how many counts a told number stands for: of a time grid without noise the gate tells means, not sums."""
    duties = grant.categories.get(stream.category, NO_DUTIES)
    if not duties.time_grid_seconds or duties.count_noise or not stream.interval:
        return 1.0
    return max(1.0, duties.time_grid_seconds / stream.interval)


def _periods(days: dict[dt.date, float], question: Question, counters: set[int]) -> list[Figure]:
    by_period: dict[tuple[dt.date, dt.date], list[float]] = defaultdict(list)
    for day, total in sorted(days.items()):
        if day < question.today:
            by_period[bounds(day, question.period)].append(total)
    found = []
    for (first, last), totals in by_period.items():
        missing = max(0, expected_days(first, last, question.today) - len(totals))
        value = sum(totals) if question.part == "total" else sum(totals) / len(totals)
        found.append(figure((first, last), value, (len(totals), missing), question, counters))
    return found
