"""What is published of a panel before its draw; reading it needs no solver."""

import msgspec

from allmende.participation.methods.panels.draw import Entry, Ticket
from allmende.participation.methods.panels.pool import Quota


class Counted(msgspec.Struct, frozen=True):
    """A quota and how many people in the pool have the value; nothing where it may not be told."""

    quota: Quota
    people: int | None


class Lottery(msgspec.Struct, frozen=True):
    """All that is published before the draw.

    ``smallest`` is the smallest chance of anybody in the fairest lottery, ``bound`` what no lottery can exceed, and
    ``smallest_of_lots`` the smallest chance in this table of equal lots. ``even`` would be everybody's chance without
    quotas. Kinds are numbers here: which features they stand for is not told, as some are of few people.
    """

    method: str
    version: str
    seed: str
    size: int
    people: int
    kinds: int
    counts: tuple[Counted, ...]
    even: float
    smallest: float
    bound: float
    smallest_of_lots: float
    lots: int
    entries: tuple[Entry, ...]
    tickets: tuple[Ticket, ...]
