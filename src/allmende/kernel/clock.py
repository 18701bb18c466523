"""Time: aware UTC inside, whole microseconds on disk, days with a stated precision outside."""

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

UTC = dt.UTC
CIVIL_TIME = ZoneInfo("Europe/Berlin")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = dt.timedelta(microseconds=1)
DAY_MICROSECONDS = 86_400_000_000

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


def iso_from_micros(micros: int) -> str:
    """Write as ISO 8601 in UTC with ``Z``, milliseconds only where there are any (more digits likewise)."""
    instant = instant_from_micros(micros)
    if micros % 1_000_000 == 0:
        return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    if micros % 1_000 == 0:
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
