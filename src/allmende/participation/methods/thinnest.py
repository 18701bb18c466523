"""Which options hang together firmly: however they are parted in two, enough people have compared across."""

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def firm(count: int, person: Integers, first: Integers, second: Integers, least: int) -> Booleans:
    """Say which options stay when, again and again, the part across which fewer than ``least`` people compared goes.

    What stays is the largest part at each parting; nothing stays where that would be one option alone.
    """
    chosen = np.ones(count, np.bool_)
    while True:
        kept = chosen[first] & chosen[second]
        rows = person[kept], first[kept], second[kept]
        alone = chosen & (_people(count, *rows) < least)
        if alone.any():
            chosen &= ~alone
            continue
        names = np.flatnonzero(chosen)
        if len(names) < 2:
            return np.zeros(count, np.bool_)
        across, part = thinnest(*_touched(count, *rows, names))
        if across >= least:
            return chosen
        chosen[names[part if 2 * len(part) <= len(names) else np.setdiff1d(np.arange(len(names)), part)]] = False


def _people(count: int, person: Integers, first: Integers, second: Integers) -> Integers:
    """Count the people who compared each option."""
    seen = np.unique(np.concatenate((person * count + first, person * count + second)))
    return np.bincount(seen % count, minlength=count)


def _touched(
    count: int, person: Integers, first: Integers, second: Integers, names: Integers
) -> tuple[Booleans, Integers]:
    """Say which options each kind of people joined, and how many people are of that kind.

    Of whoever joined options to several lots that do not hang together, only the largest is taken: whoever is counted
    across a border has then surely compared across it.
    """
    lots: dict[int, list[set[int]]] = {}
    for who, one, other in zip(person.tolist(), first.tolist(), second.tolist(), strict=True):
        mine = lots.setdefault(who, [])
        joined = {one, other}.union(*(lot for lot in mine if one in lot or other in lot))
        lots[who] = [lot for lot in mine if not lot & joined] + [joined]
    rows = np.zeros((len(lots), count), np.bool_)
    for at, mine in enumerate(lots.values()):
        rows[at, _largest(mine)] = True
    kinds, people = np.unique(rows[:, names], axis=0, return_counts=True)
    return kinds, people


def _largest(lots: list[set[int]]) -> list[int]:
    return min((sorted(lot) for lot in lots), key=lambda lot: (-len(lot), lot))


def thinnest(kinds: Booleans, people: Integers) -> tuple[int, Integers]:
    """Part the options (columns) in two so that the fewest people join both; give how many, and one of the parts.

    The least cut of a hypergraph (Klimmek and Wagner 1996, after Stoer and Wagner): put the options in an order, each
    the one that most people join to those before; the last one alone is a candidate; join the last two; repeat.
    """
    columns = [kinds[:, at].astype(np.float64) for at in range(kinds.shape[1])]
    parts = [[at] for at in range(kinds.shape[1])]
    best: tuple[int, list[int]] = (int(people.sum()) + 1, [])
    while len(parts) > 1:
        table, order = np.stack(columns), [0]
        inside = table[0] > 0
        while len(order) < len(parts):
            joined = table @ (people * inside)
            joined[order] = -1
            last = int(joined.argmax())
            across = round(float(joined[last]))
            order.append(last)
            inside |= table[last] > 0
        if across < best[0]:
            best = (across, parts[order[-1]])
        keep, gone = order[-2], order[-1]
        columns[keep] = np.maximum(columns[keep], columns[gone])
        parts[keep] = parts[keep] + parts[gone]
        del columns[gone], parts[gone]
    return best[0], np.array(sorted(best[1]), np.int64)
