"""How full the car parks are: the share of spaces taken by day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from allmende.gate.door import Gate, Grant
from allmende.indicators.figures import Figure, Question, Stream, bounds, expected_days, figure, grouped
from allmende.kernel.clock import CIVIL_TIME, instant_from_micros

FROM_HOUR, TO_HOUR = 8, 20
FREE, SPACES = "free-spaces", "spaces"
Hour = dict[int, float]


def parking_occupancy(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give the mean, or the highest, share of spaces taken between 8 and 20 h, over hours in which all report."""
    pairs = pairs_of(streams)
    if not pairs:
        return []
    ids = {number for pair in pairs for number in pair}
    hours = _hours(gate, grant, [stream for stream in streams if stream.id in ids])
    by_period: dict[tuple[dt.date, dt.date], list[float]] = defaultdict(list)
    for at, values in sorted(hours.items()):
        share = taken(values, pairs)
        local = instant_from_micros(at).astimezone(CIVIL_TIME)
        if share is not None and local.date() < question.today:
            by_period[bounds(local.date(), question.period)].append(share)
    return [_period(days, shares, question, ids) for days, shares in by_period.items()]


def pairs_of(streams: Sequence[Stream]) -> list[tuple[int, int]]:
    """Give the datastreams of free and of all spaces of each car park that has both."""
    free = {stream.station: stream.id for stream in streams if stream.observed == FREE}
    spaces = {stream.station: stream.id for stream in streams if stream.observed == SPACES}
    return [(free[station], spaces[station]) for station in sorted(free.keys() & spaces.keys())]


def taken(values: Hour, pairs: Sequence[tuple[int, int]]) -> float | None:
    """Give the share of spaces taken in percent; None where a car park does not report or there are no spaces."""
    if any(number not in values for pair in pairs for number in pair):
        return None
    spaces = sum(values[number] for _, number in pairs)
    free = sum(min(values[one], values[every]) for one, every in pairs)
    return 100 * (1 - free / spaces) if spaces > 0 else None


def _hours(gate: Gate, grant: Grant, streams: Sequence[Stream]) -> dict[int, Hour]:
    """Give the mean of each hour by day, by datastream."""
    groups = grouped(gate, grant, streams, "hour")
    found: dict[int, Hour] = defaultdict(dict)
    for stream, start, count, total in zip(
        groups.datastream.tolist(), groups.start.tolist(), groups.count.tolist(), groups.total.tolist(), strict=True
    ):
        if FROM_HOUR <= instant_from_micros(start).astimezone(CIVIL_TIME).hour < TO_HOUR:
            found[start][stream] = total / count
    return found


def _period(days: tuple[dt.date, dt.date], shares: Sequence[float], question: Question, streams: set[int]) -> Figure:
    hours = expected_days(*days, question.today) * (TO_HOUR - FROM_HOUR)
    value = max(shares) if question.part == "highest" else sum(shares) / len(shares)
    return figure(days, value, (len(shares), max(0, hours - len(shares))), question, streams)
