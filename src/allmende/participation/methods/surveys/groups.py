"""Merging answers that few gave, so that each number told is of nobody or of ten people and more."""

from collections.abc import Sequence

import msgspec

from allmende.participation.methods.least import enough


class Group(msgspec.Struct, frozen=True):
    """Answers that are told together, by their places; ``silent`` tells that those without an answer are among them."""

    places: tuple[int, ...]
    people: int
    silent: bool = False


def in_order(counts: Sequence[int], silent: int) -> list[Group]:
    """Merge neighbours until nobody can be told apart; for answers that have an order, such as steps of a scale.

    Those without an answer are a group of their own, or part of the smallest one. Where all together are fewer than
    ten, the last group stays small; whoever asked fewer than ten people tells nothing at all.
    """
    found = [Group((place,), people) for place, people in enumerate(counts)]
    while len(found) > 1:
        small = next((at for at, one in enumerate(found) if not enough(one.people)), None)
        if small is None:
            break
        first, second = sorted((small, _beside(found, small)))
        found[first : second + 1] = [_both(found[first], found[second])]
    return _with_silent(found, silent)


def _beside(found: list[Group], place: int) -> int:
    """Give the neighbour with which a small group is told: the smaller one that has people."""
    sides = [at for at in (place - 1, place + 1) if 0 <= at < len(found)]
    return min(sides, key=lambda at: (found[at].people == 0, found[at].people))


def without_order(counts: Sequence[int], silent: int) -> list[Group]:
    """Put all small answers together, and the smallest other one with them where they are still too few."""
    kept = [Group((place,), people) for place, people in enumerate(counts) if enough(people)]
    small = [Group((place,), people) for place, people in enumerate(counts) if not enough(people)]
    if not small:
        return _with_silent(kept, silent)
    together = small[0]
    for one in small[1:]:
        together = _both(together, one)
    while not enough(together.people) and any(one.people for one in kept):
        least = min((one for one in kept if one.people), key=lambda one: one.people)
        kept.remove(least)
        together = _both(together, least)
    return _with_silent([*kept, together], silent)


def _with_silent(found: list[Group], silent: int) -> list[Group]:
    """Add those without an answer, to the smallest group where they, or it, are too few to be told."""
    apart = Group((), silent, silent=True)
    lone = next((one for one in found if not enough(one.people)), None)
    if lone is None and enough(silent):
        return [*found, apart] if silent else found
    host = lone or min((one for one in found if one.people), key=lambda one: one.people, default=None)
    if host is None:
        return [*found, apart]
    return [_both(host, apart) if one is host else one for one in found]


def _both(one: Group, other: Group) -> Group:
    return Group(tuple(sorted((*one.places, *other.places))), one.people + other.people, one.silent or other.silent)


def told_options(counts: Sequence[int], answered: int, silent: int, span: tuple[int, int]) -> list[int | None]:
    """Give how many chose each of several options, of which a person chooses some; None where that is not told.

    ``span`` is the fewest and the most that each person may choose. Neither those who chose an option nor those who
    did not may be few. What the sums tell of the rest is kept from being of few people, too: the choices
    above the fewest that each has to make, those below the most that each may make, and the hidden options together.
    """
    fewest, highest = span
    rests = [(people, answered - people, answered + silent - people) for people in counts]
    hidden = {at for at, numbers in enumerate(rests) if not all(map(enough, numbers))}
    order = sorted(range(len(counts)), key=lambda at: min(counts[at], answered - counts[at]))
    above, below = sum(counts) - fewest * answered, highest * answered - sum(counts)
    # Where everybody chooses as many, the sum of all choices tells how many answered, and so who did not.
    tells = enough(above) and enough(below) and (enough(silent) or fewest != highest)
    if not hidden and not tells:
        hidden.update(order[:2])
    while hidden and len(hidden) < len(counts) and not _covers(hidden, counts, answered):
        hidden.add(next(at for at in order if at not in hidden))
    return [None if at in hidden else people for at, people in enumerate(counts)]


def _covers(hidden: set[int], counts: Sequence[int], answered: int) -> bool:
    chosen = sum(counts[at] for at in hidden)
    return len(hidden) > 1 and enough(chosen) and enough(len(hidden) * answered - chosen)
