"""The decision space of a rule book: which rules speak of which verb, purpose, category, recipient and day.

Sets of rules are whole numbers, one bit for each rule in the book's order.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from allmende.ethics.model import EVERY, VERBS, Rule, Rulebook

ONE_DAY = dt.timedelta(days=1)
BEGINNING = dt.date.min


def leaves_of(book: Rulebook) -> tuple[str, ...]:
    """Give the purposes that may be named in a request: those that have none below them."""
    inner = {purpose.parent for purpose in book.purposes}
    return tuple(purpose.slug for purpose in book.purposes if purpose.slug not in inner)


def line_of(slug: str, parents: dict[str, str | None]) -> list[str]:
    """Give a purpose and all above it."""
    line: list[str] = []
    node: str | None = slug
    while node is not None:
        line.append(node)
        node = parents.get(node)
    return line


def numbers_in(bits: int) -> Iterator[int]:
    """Give the numbers of the rules of a set, in the book's order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def day_after(day: dt.date) -> dt.date | None:
    """Give the next day; the last of all days has none."""
    return day + ONE_DAY if day < dt.date.max else None


class Space:
    """For every name of the book the set of rules that speak of it, and for every day the set in force."""

    def __init__(self, book: Rulebook) -> None:
        rules = book.rules
        self.rules = rules
        self.every = (1 << len(rules)) - 1
        self.bans = _set_of(number for number, rule in enumerate(rules) if rule.effect == "prohibit")
        self.permits = self.every & ~self.bans
        self.leaves = leaves_of(book)
        self.verbs = _speaking([rule.verbs for rule in rules], VERBS)
        self.categories = _speaking([rule.categories for rule in rules], [entry.slug for entry in book.categories])
        self.recipients = _speaking([rule.recipients for rule in rules], [entry.slug for entry in book.recipients])
        self.purposes = self._by_purpose(book)
        self._dated = _set_of(number for number, rule in enumerate(rules) if _turns(rule))
        self._turns, self._in_force = self._by_day()

    def _by_purpose(self, book: Rulebook) -> dict[str, int]:
        """Let what is said of a purpose hold for all below it.

        What a prohibition says of the purposes above it needs no entry: they are no leaves, and nobody may ask
        for them.
        """
        slugs = [purpose.slug for purpose in book.purposes]
        said = _speaking([rule.purposes for rule in self.rules], slugs)
        parents = {purpose.slug: purpose.parent for purpose in book.purposes}
        found = {}
        for leaf in self.leaves:
            found[leaf] = 0
            for slug in line_of(leaf, parents):
                found[leaf] |= said[slug]
        return found

    def _by_day(self) -> tuple[list[dt.date], list[int]]:
        turns: dict[dt.date, int] = {}
        force = 0
        for number, rule in enumerate(self.rules):
            if rule.since is None:
                force ^= 1 << number
            for day in _turns(rule):
                turns[day] = turns.get(day, 0) ^ (1 << number)
        sets = [force]
        for day in sorted(turns):
            sets.append(sets[-1] ^ turns[day])
        return sorted(turns), sets

    def in_force(self, day: dt.date) -> int:
        """Give the rules in force on a day."""
        return self._in_force[bisect_right(self._turns, day)]

    def periods(self, matching: int) -> list[tuple[dt.date, int]]:
        """Give from which day which of these rules are in force, beginning with the first of all days."""
        days = {BEGINNING}
        for number in numbers_in(matching & self._dated):
            days.update(_turns(self.rules[number]))
        found: list[tuple[dt.date, int]] = []
        for day in sorted(days):
            active = self.in_force(day) & matching
            if not found or active != found[-1][1]:
                found.append((day, active))
        return found


def _set_of(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _turns(rule: Rule) -> tuple[dt.date, ...]:
    """Give the days on which a rule begins to hold and ceases to."""
    ends = day_after(rule.until) if rule.until is not None else None
    return tuple(day for day in (rule.since, ends) if day is not None)


def _speaking(said: list[tuple[str, ...]], names: Iterable[str]) -> dict[str, int]:
    """Give for each name the rules that name it, or all."""
    found = dict.fromkeys(names, 0)
    for number, entries in enumerate(said):
        for name in found if EVERY in entries else set(entries) & found.keys():
            found[name] |= 1 << number
    return found
