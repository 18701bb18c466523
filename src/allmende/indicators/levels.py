"""Water level: mean, lowest and highest value of a period."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from allmende.gate.door import Gate, Grant
from allmende.indicators.figures import Figure, Question, Stream, bounds, civil_day, expected_days, figure, grouped

Days = tuple[dt.date, dt.date]


def water_level(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give mean, lowest or highest level of each period; the mean is that of daily means, so that no day weighs more.

    One gauge is one zero: of several datastreams only the first is taken.
    """
    if not streams:
        return []
    groups = grouped(gate, grant, streams[:1], "day")
    by_period: dict[Days, list[tuple[float, float, float]]] = defaultdict(list)
    for start, count, low, high, total in zip(
        groups.start.tolist(),
        groups.count.tolist(),
        groups.minimum.tolist(),
        groups.maximum.tolist(),
        groups.total.tolist(),
        strict=True,
    ):
        by_period[bounds(civil_day(start), question.period)].append((total / count, low, high))
    found = []
    for (first, last), values in by_period.items():
        missing = max(0, expected_days(first, last, question.today) - len(values))
        counts = (len(values), missing)
        found.append(figure((first, last), _level(values, question.part), counts, question, [streams[0].id]))
    return found


def _level(days: Sequence[tuple[float, float, float]], part: str) -> float:
    if part == "lowest":
        return min(low for _, low, _ in days)
    if part == "highest":
        return max(high for _, _, high in days)
    return sum(mean for mean, _, _ in days) / len(days)
