"""The day of which a page speaks, from ``?stand=YYYY-MM-DD``."""

import datetime as dt

import msgspec
from django.http import HttpRequest

from allmende.kernel.clock import today

# What was before nobody asks; days before it cannot even be counted.
FIRST = dt.date(1900, 1, 1)


class Stand(msgspec.Struct, frozen=True):
    """The day, whether it is a past one, whether it was not readable, and the other fields of the form to keep."""

    day: dt.date
    past: bool
    fault: bool
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def written(self) -> str:
        """Write the day as addresses carry it."""
        return self.day.isoformat()


def stand_of(request: HttpRequest) -> Stand:
    """Read the day; an unreadable or future one gives today, with a word about it."""
    now = today()
    kept = tuple((name, str(value)) for name, value in request.GET.items() if name != "stand" and value)
    text = request.GET.get("stand", "")
    if not text:
        return Stand(now, past=False, fault=False, kept=kept)
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return Stand(now, past=False, fault=True, kept=kept)
    return Stand(min(max(day, FIRST), now), past=day < now, fault=day > now, kept=kept)
