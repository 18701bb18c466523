"""How many people have to be counted together before their number is told: one answer for pages, files and feeds."""

LEAST_GROUP = 10


def enough(people: int) -> bool:
    """Tell whether a number of people may be told: nobody, or so many that it tells of no single one."""
    return people == 0 or people >= LEAST_GROUP


def told(people: int | None) -> int | None:
    """Give a number of people as it may be published: None for one to nine, and where it is not known."""
    return people if people is not None and enough(people) else None
