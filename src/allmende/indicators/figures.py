"""What every computed indicator asks and answers, and the periods for which values hold."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from allmende.gate.door import Gate, Grant
from allmende.gate.query import Grouping, Groups, Unit
from allmende.kernel.clock import CIVIL_TIME, instant_from_micros

Period = Literal["day", "month", "year"]
ONE_DAY = dt.timedelta(days=1)


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A datastream as an indicator needs it; ``reference`` is one with which the others are compared."""

    id: int
    name: str
    station: str
    observed: str
    unit: str
    interval: int
    category: str
    simulated: bool = False
    reference: bool = False


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which figure of an indicator is asked, for which periods, up to which day (which is not over)."""

    part: str
    period: Period = "year"
    threshold: float | None = None
    complete_share: float
    today: dt.date


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A value of one period, both days included.

    ``used`` and ``left_out`` count what the method counts (days, hours, months). ``whole`` is false while the period
    runs, or where too much is missing: then the value is provisional.
    """

    first: dt.date
    last: dt.date
    value: float
    used: int
    left_out: int
    whole: bool
    streams: tuple[int, ...]


Compute = Callable[[Gate, Grant, Sequence[Stream], Question], list[Figure]]


def bounds(day: dt.date, period: Period) -> tuple[dt.date, dt.date]:
    """Give the first and the last day of the period in which a day lies."""
    if period == "day":
        return day, day
    if period == "year":
        return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - ONE_DAY


def expected_days(first: dt.date, last: dt.date, today: dt.date) -> int:
    """Count the days of a period that are over."""
    return max(0, (min(last + ONE_DAY, today) - first).days)


def grouped(gate: Gate, grant: Grant, streams: Iterable[Stream], unit: Unit, *, ends: bool = False) -> Groups:
    """Put values together by units of Germany's civil time."""
    grouping = Grouping(unit=unit, zone=CIVIL_TIME.key, ends=ends)
    return gate.aggregate(grant, [stream.id for stream in streams], grouping)


def civil_day(micros: int, zone: ZoneInfo = CIVIL_TIME) -> dt.date:
    """Give the civil day of an instant."""
    return instant_from_micros(micros).astimezone(zone).date()


def figure(
    days: tuple[dt.date, dt.date], value: float, counts: tuple[int, int], question: Question, streams: Iterable[int]
) -> Figure:
    """Make a figure; it is whole when its period is over and enough of it was there."""
    used, left_out = counts
    enough = used >= question.complete_share * (used + left_out)
    return Figure(
        first=days[0],
        last=days[1],
        value=value,
        used=used,
        left_out=left_out,
        whole=days[1] < question.today and enough,
        streams=tuple(sorted(streams)),
    )
