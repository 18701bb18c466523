"""Cumulative counters turned into amounts for each interval.

Only positive differences are amounts. In the interval in which a counter turns over or restarts the amount is
unknown, not zero: of hourly means that reading can be a mean of both ends. After a gap the whole amount falls on
the interval of the first new reading, which then says since when it was counted; over a gap longer than declared
no amount is made, nor from the first reading.
"""

import msgspec

from allmende.connectors.table.mapping import Counter

_DIGITS = 6


class Amount(msgspec.Struct, frozen=True):
    """An amount; ``since`` is set where it was counted over more than its own interval."""

    value: float
    since: int | None = None


class CounterReader:
    """Remembers the last reading of each station's counter; times are starts of intervals in microseconds."""

    def __init__(
        self, counter: Counter, interval_seconds: int, last: dict[str, tuple[int, float]] | None = None
    ) -> None:
        self._modulus = counter.modulus
        self._longest = counter.longest_gap_seconds * 1_000_000
        self._interval = interval_seconds * 1_000_000
        self.last = {} if last is None else last

    def amount(self, station: str, start: int, reading: float) -> Amount | str:
        """Give the amount, or the name of the reason why there is none."""
        if not 0 <= reading < self._modulus:
            return "counter-range"
        before = self.last.get(station)
        if before is not None and start <= before[0]:
            return "counter-order"
        self.last[station] = (start, reading)
        if before is None or start - before[0] - self._interval > self._longest:
            return "counter-first"
        if reading < before[1]:
            return "counter-restart"
        since = before[0] + self._interval
        return Amount(round(reading - before[1], _DIGITS), since if since != start else None)
