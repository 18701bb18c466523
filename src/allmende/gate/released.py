"""How often data was published and passed on, counted from the entries of the ledger."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Collection, Iterator

import msgspec

from allmende.gate.ledger import Ledger
from allmende.kernel.clock import CIVIL_TIME, EPOCH, UTC, today

AT_ONCE = 2_000


class Flow(msgspec.Struct, frozen=True, order=True):
    """What was let go: by which verb, of which category, for which purpose, to which class of recipient."""

    verb: str
    category: str
    purpose: str
    recipient: str


class Count(msgspec.Struct, frozen=True):
    """How often something was let go within a minute."""

    verb: str
    category: str
    purpose: str
    recipient: str
    times: int


class Part(msgspec.Struct, frozen=True):
    """What is read of an entry: when it was put into the log, and what it counts."""

    at: str
    tallies: tuple[Count, ...] = ()


_PART: msgspec.json.Decoder[Part] = msgspec.json.Decoder(Part)


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
            for day in self._counted(max(first, EPOCH.date()), min(last, today())):
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
        end, day = _begin(last + dt.timedelta(days=1)), first
        count: Counter[Flow] = Counter()
        found, next_day = {day: count}, _begin(first + dt.timedelta(days=1))
        for part in self._since(_begin(first)):
            if part.at >= end:
                break
            while part.at >= next_day:
                day += dt.timedelta(days=1)
                count = found[day] = Counter()
                next_day = _begin(day + dt.timedelta(days=1))
            for tally in part.tallies:
                count[Flow(tally.verb, tally.category, tally.purpose, tally.recipient)] += tally.times
        return found

    def _since(self, stamp: str) -> Iterator[Part]:
        size = self._ledger.size
        for start in range(self._place(stamp, size), size, AT_ONCE):
            yield from map(_PART.decode, self._ledger.entries(start, min(AT_ONCE, size - start)))

    def _place(self, stamp: str, size: int) -> int:
        """Find the first entry that was put in at a time or later."""
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            if _PART.decode(self._ledger.entry(middle)).at < stamp:
                low = middle + 1
            else:
                high = middle
        return low


def _begin(day: dt.date) -> str:
    """Give the beginning of a civil day as entries write their times."""
    return dt.datetime.combine(day, dt.time(), CIVIL_TIME).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
