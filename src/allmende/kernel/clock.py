"""Time: aware UTC inside, whole microseconds on disk, days with a stated precision outside."""

import datetime as dt
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

UTC = dt.UTC
CIVIL_TIME = ZoneInfo("Europe/Berlin")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = dt.timedelta(microseconds=1)
DAY_MICROSECONDS = 86_400_000_000
_MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02}" for second in range(60))

Precision = Literal["day", "month", "quarter", "halfyear", "year"]


def utc_now() -> dt.datetime:
    """Give the present instant in UTC."""
    return dt.datetime.now(UTC)


def today() -> dt.date:
    """Give the present day in Germany's civil time."""
    return dt.datetime.now(CIVIL_TIME).date()


def micros_from_instant(instant: dt.datetime) -> int:
    """Count the microseconds since 1970-01-01T00:00Z; the instant must be aware."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - EPOCH) // MICROSECOND


def instant_from_micros(micros: int) -> dt.datetime:
    """Give the aware UTC instant for microseconds since the epoch."""
    return EPOCH + dt.timedelta(microseconds=micros)


@lru_cache(4096)
def _day_text(number: int) -> str:
    return (EPOCH + dt.timedelta(days=number)).date().isoformat()


@lru_cache(16_384)
def iso_from_micros(micros: int) -> str:
    """Write as ISO 8601 in UTC with ``Z``, milliseconds only where there are any (more digits likewise)."""
    seconds, rest = divmod(micros, 1_000_000)
    minutes, second = divmod(seconds, 60)
    day, minute = divmod(minutes, 1440)
    whole = _day_text(day) + _MINUTES[minute] + _SECONDS[second]
    if not rest:
        return whole + "Z"
    return f"{whole}.{rest:06}Z" if rest % 1000 else f"{whole}.{rest // 1000:03}Z"
