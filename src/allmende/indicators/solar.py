"""Power of the solar units as the register gives it at the end of a period."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from allmende.gate.door import Gate, Grant
from allmende.indicators.figures import Figure, Question, Stream, bounds, civil_day, grouped


def solar_power(gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give the last state of each period, summed over the municipalities asked for; it is whole when it is over.

    A period in which a municipality has no state has no figure: a missing one is not zero.
    """
    groups = grouped(gate, grant, streams, "month", ends=True)
    states: dict[tuple[dt.date, dt.date], dict[int, float]] = defaultdict(dict)
    counts: dict[tuple[dt.date, dt.date], int] = defaultdict(int)
    for stream, start, count, last in zip(
        groups.datastream.tolist(), groups.start.tolist(), groups.count.tolist(), groups.last.tolist(), strict=True
    ):
        days = bounds(civil_day(start), question.period)
        states[days][stream] = last
        counts[days] += count
    wanted = {stream.id for stream in streams}
    return [
        Figure(
            first=days[0],
            last=days[1],
            value=sum(found.values()),
            used=counts[days],
            left_out=0,
            whole=days[1] < question.today,
            streams=tuple(sorted(found)),
        )
        for days, found in sorted(states.items())
        if set(found) == wanted
    ]
