"""How many people have to be counted together before their number is told: one answer for pages, files and feeds."""

LEAST_GROUP = 10


def enough(people: int) -> bool:
    """Tell whether a number of people may be told: nobody, or so many that it tells of no single one."""
    return people == 0 or people >= LEAST_GROUP


def covered(total: int, parts: dict[str, int]) -> dict[str, int | None]:
    """Give parts of a total as they may be published, so that none of one to nine is found by subtracting either.

    What belongs to no part is the rest; the smallest part that could be told is left out where the rest is small.
    """
    shown = {name: told(count) for name, count in parts.items()}
    rest = total - sum(count for count in shown.values() if count)
    known = [name for name, count in shown.items() if count]
    if known and not enough(rest):
        shown[min(known, key=lambda name: parts[name])] = None
    return shown


def told(people: int | None) -> int | None:
    """Give a number of people as it may be published: None for one to nine, and where it is not known."""
    return people if people is not None and enough(people) else None
