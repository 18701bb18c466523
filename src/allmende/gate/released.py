"""How often data was published and passed on, counted from the entries of the ledger."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Collection

import msgspec

from allmende.gate.ledger import Ledger
from allmende.kernel.clock import CIVIL_TIME, UTC, today

AT_ONCE = 2_000


class Flow(msgspec.Struct, frozen=True, order=True):
    """What was let go: by which verb, of which category, for which purpose, to which class of recipient."""

    verb: str
    category: str
    purpose: str
    recipient: str


class Part(msgspec.Struct, frozen=True):
    """The part of an entry that is counted."""

    tallies: tuple["Count", ...] = ()


class Count(msgspec.Struct, frozen=True):
    """How often something was let go within a minute."""

    verb: str
    category: str
    purpose: str
    recipient: str
    times: int


class Stamp(msgspec.Struct, frozen=True):
    """When an entry was put into the log."""

    at: str


_PART: msgspec.json.Decoder[Part] = msgspec.json.Decoder(Part)
_STAMP: msgspec.json.Decoder[Stamp] = msgspec.json.Decoder(Stamp)


class Releases:
    """Counts by the civil day on which an entry was put into the log; days that are over are counted once.

    Entries never change and their times never go back, so that a day lies between two places in the log.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._days: dict[dt.date, Counter[Flow]] = {}
        self._lock = threading.Lock()

    def between(self, first: dt.date, last: dt.date, categories: Collection[str]) -> Counter[Flow]:
        """Give how often data of some categories was let go, from a day to another, both included."""
        total: Counter[Flow] = Counter()
        with self._lock:
            for day in self._counted(first, min(last, today())):
                total.update({flow: times for flow, times in day.items() if flow.category in categories})
        return total

    def _counted(self, first: dt.date, last: dt.date) -> list[Counter[Flow]]:
        wanted = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
        missing = [day for day in wanted if day not in self._days]
        found = self._count(missing[0], missing[-1]) if missing else {}
        self._days |= {day: count for day, count in found.items() if day < today()}
        return [self._days.get(day) or found.get(day) or Counter() for day in wanted]

    def _count(self, first: dt.date, last: dt.date) -> dict[dt.date, Counter[Flow]]:
        """Read the entries of some days in a row."""
        found: dict[dt.date, Counter[Flow]] = {}
        size = self._ledger.size
        place, day = self._place(_begin(first), size), first
        while day <= last:
            end = self._place(_begin(day + dt.timedelta(days=1)), size, place)
            count = found[day] = Counter()
            for start in range(place, end, AT_ONCE):
                for body in self._ledger.entries(start, min(AT_ONCE, end - start)):
                    for tally in _PART.decode(body).tallies:
                        flow = Flow(tally.verb, tally.category, tally.purpose, tally.recipient)
                        count[flow] += tally.times
            place, day = end, day + dt.timedelta(days=1)
        return found

    def _place(self, stamp: str, size: int, low: int = 0) -> int:
        """Find the first entry that was put in at a time or later."""
        high = size
        if low < high and self._at(low) >= stamp:
            return low
        while low < high:
            middle = (low + high) // 2
            if self._at(middle) < stamp:
                low = middle + 1
            else:
                high = middle
        return low

    def _at(self, place: int) -> str:
        return _STAMP.decode(self._ledger.entry(place)).at


def _begin(day: dt.date) -> str:
    """Give the beginning of a civil day as entries write their times."""
    return dt.datetime.combine(day, dt.time(), CIVIL_TIME).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
