"""Processes whose last phase is over: what keeps them open, and which the office has to look after."""

import datetime as dt

import msgspec

from allmende.participation.models import Case, Process
from allmende.participation.queries import every_process, waiting_contributions

# So long before a process closes itself the office hears of it: at least one weekly mail lies between.
WARNED = dt.timedelta(days=14)


class Ending(msgspec.Struct, frozen=True):
    """A process near its end: when it closes itself, if it does, and what waits and keeps it open."""

    process: Process
    closes: dt.datetime | None
    unanswered: int
    unread: int

    @property
    def held_up(self) -> bool:
        """Tell whether something keeps it open."""
        return bool(self.unanswered or self.unread)


def ending_of(process: Process) -> Ending:
    """Give what still waits: contributions for an answer, where the format promises one, and cases for moderation."""
    unanswered = waiting_contributions(process).count() if process.form.answers else 0
    unread = Case.objects.filter(process=process, closed__isnull=True).count()
    return Ending(process, process.closes, unanswered, unread)


def endings(now: dt.datetime) -> list[Ending]:
    """Give the open processes that close themselves soon or should have, and those that nobody closed."""
    return [ending_of(one) for one in every_process().filter(state="open") if _near(one, now)]


def _near(process: Process, now: dt.datetime) -> bool:
    if process.closes is not None:
        return process.closes - WARNED <= now
    return process.ends is not None and process.ends <= now


def due(now: dt.datetime) -> list[Process]:
    """Give the processes whose day has come and that nothing keeps open."""
    return [one.process for one in endings(now) if one.closes is not None and one.closes <= now and not one.held_up]
