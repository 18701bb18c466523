"""What one run leaves to the next, so that groups do not flicker: their number and their names."""

import msgspec
import numpy as np

from allmende.participation.methods.opinions.clusters import Split
from allmende.participation.methods.opinions.statistics import Counts
from allmende.participation.methods.opinions.votes import Floats, Integers


class Memory(msgspec.Struct, frozen=True):
    """The number of groups shown, the number that would part better and for how many runs it did, and profiles.

    ``profiles`` are for each group the mean votes by statement, -1 to 1. They tell of few people: not to be published.
    """

    tried: int | None = None
    rival: int | None = None
    wins: int = 0
    profiles: tuple[dict[int, float], ...] = ()


def chosen_split(candidates: list[Split], memory: Memory, patience: int) -> tuple[Split | None, Memory]:
    """Take the number of groups of the last run, unless another has parted better in enough runs in a row."""
    usable = [split for split in candidates if split.groups > 1]
    if not usable:
        return None, memory
    best = max(usable, key=lambda split: (split.silhouette, -split.tried))
    kept = next((split for split in usable if split.tried == memory.tried), None)
    if kept is None or kept.tried == best.tried:
        return best, msgspec.structs.replace(memory, tried=best.tried, rival=None, wins=0)
    wins = memory.wins + 1 if memory.rival == best.tried else 1
    if wins >= patience:
        return best, msgspec.structs.replace(memory, tried=best.tried, rival=None, wins=0)
    return kept, msgspec.structs.replace(memory, rival=best.tried, wins=wins)


def same_order(statements: Integers, counts: Counts, sizes: Integers, memory: Memory) -> tuple[Integers, Memory]:
    """Order groups so that each stands where the one most like it stood; the rest by size."""
    from scipy.optimize import linear_sum_assignment

    means = (counts.agree - counts.disagree) / np.maximum(counts.seen, 1)
    old = _old(statements, memory)
    rows, places = linear_sum_assignment(means @ old.T, maximize=True)
    by_place = dict(zip(places.tolist(), rows.tolist(), strict=True))
    kept = [by_place[place] for place in sorted(by_place)]
    rest = sorted(set(range(len(sizes))) - set(kept), key=lambda at: (-int(sizes[at]), means[at].tolist()))
    order = np.array([*kept, *rest], np.int64)
    known = statements.tolist()
    profiles = tuple(dict(zip(known, means[at].tolist(), strict=True)) for at in order)
    return order, msgspec.structs.replace(memory, profiles=profiles)


def _old(statements: Integers, memory: Memory) -> Floats:
    rows = [[profile.get(name, 0.0) for name in statements.tolist()] for profile in memory.profiles]
    return np.array(rows).reshape(len(memory.profiles), len(statements))
