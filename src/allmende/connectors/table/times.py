"""Times as a table writes them, turned into microseconds since the epoch."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from allmende.connectors.table.mapping import ZONE_IN_TIME, Time
from allmende.kernel.clock import MICROSECOND, micros_from_instant

_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock's zero, to which the offset is applied
_REMEMBERED = 65_536


class NotATime(ValueError):
    """The text does not have the declared format."""


class DoubledTime(ValueError):
    """The change of clocks makes this local time happen twice."""


class SkippedTime(ValueError):
    """The change of clocks leaves this local time out."""


class TimeReader:
    """Reads the times of one mapping; gives the start of the interval."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._zone = None if time.zone == ZONE_IN_TIME else ZoneInfo(time.zone)
        self._shift = time.interval_seconds * 1_000_000 if time.stamp == "end" else 0
        self.start = lru_cache(maxsize=_REMEMBERED)(self._start)

    def _start(self, text: str) -> int:
        """Give the interval's start; raise NotATime, DoubledTime or SkippedTime."""
        moment = self._moment(text)
        if self._zone is None:
            return micros_from_instant(moment) - self._shift
        return (moment - _NAIVE_EPOCH - self._offset(moment, self._zone)) // MICROSECOND - self._shift

    def _moment(self, text: str) -> dt.datetime:
        try:
            if self._time.format == "iso":
                moment = dt.datetime.fromisoformat(text)
            else:
                moment = dt.datetime.strptime(text, self._time.format)  # noqa: DTZ007 - the mapping gives the zone
        except ValueError as error:
            raise NotATime(text) from error
        if (moment.tzinfo is None) == (self._zone is None):
            raise NotATime(text)
        return moment

    def _offset(self, moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
        first = moment.replace(tzinfo=zone, fold=0).utcoffset() or dt.timedelta()
        second = moment.replace(tzinfo=zone, fold=1).utcoffset() or dt.timedelta()
        if first == second:
            return first
        if first < second:
            raise SkippedTime(str(moment))
        if self._time.doubled == "refuse":
            raise DoubledTime(str(moment))
        return first if self._time.doubled == "first" else second
