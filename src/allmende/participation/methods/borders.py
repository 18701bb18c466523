"""Which options hang together firmly: however they are parted in two, enough people have compared across."""

from collections import Counter

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
# Every way to part them in two is looked at: 32,767 of sixteen options.
MOST_OPTIONS = 16


def firm(count: int, person: Integers, first: Integers, second: Integers, least: int) -> Booleans:
    """Say which options stay: the largest part without a border that fewer than ``least`` people cross.

    Such parts do not overlap, so that it is the same however one looks for them. The larger one has more options,
    else more people, else more judgements; nothing stays where two are as large, as neither has a better claim.
    """
    parts, waiting = list[Booleans](), [np.ones(count, np.bool_)]
    while waiting:
        chosen = waiting.pop()
        if chosen.sum() < 2:
            continue
        side = _border(chosen, person, first, second, least)
        if side is None:
            parts.append(chosen)
        else:
            waiting += [side, chosen & ~side]
    sizes = [_size(part, person, first, second) for part in parts]
    if not parts or sizes.count(max(sizes)) > 1:
        return np.zeros(count, np.bool_)
    return parts[sizes.index(max(sizes))]


def _border(chosen: Booleans, person: Integers, first: Integers, second: Integers, least: int) -> Booleans | None:
    """Give one side of the border in a part that the fewest people cross, if they are fewer than ``least``."""
    names, kept = np.flatnonzero(chosen), chosen[first] & chosen[second]
    # Each way to part in two once: the last option always stands on the side that is not counted.
    ways = np.arange(1, 2 ** (len(names) - 1))
    sides = (ways >> np.arange(len(names))[:, None]) & 1 == 1
    place = np.cumsum(chosen) - 1
    pairs, code = np.unique(place[first[kept]] * len(names) + place[second[kept]], return_inverse=True)
    apart = sides[pairs // len(names)] != sides[pairs % len(names)]
    crossed = np.zeros(len(ways), np.int64)
    for judged, people in _alike(person[kept], code).items():
        crossed += people * apart[list(judged)].any(axis=0)
    thinnest = int(crossed.argmin())
    if crossed[thinnest] >= least:
        return None
    side = np.zeros_like(chosen)
    side[names[sides[:, thinnest]]] = True
    return side


def _alike(person: Integers, code: Integers) -> Counter[tuple[int, ...]]:
    """Count the people who judged the same pairs."""
    judged: dict[int, set[int]] = {}
    for who, pair in zip(person.tolist(), code.tolist(), strict=True):
        judged.setdefault(who, set()).add(pair)
    return Counter(tuple(sorted(mine)) for mine in judged.values())


def _size(chosen: Booleans, person: Integers, first: Integers, second: Integers) -> tuple[int, int, int]:
    kept = chosen[first] & chosen[second]
    return int(chosen.sum()), len(np.unique(person[kept])), int(kept.sum())
