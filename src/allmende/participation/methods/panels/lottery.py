"""Make the lottery of a panel: a table of equal lots that anyone can check, and the figures that are published."""

import highspy
import numpy as np
import numpy.typing as npt

from allmende.participation.methods.least import LEAST_GROUP
from allmende.participation.methods.panels.chances import Chances, fairest
from allmende.participation.methods.panels.draw import Entry, Ticket
from allmende.participation.methods.panels.pool import Integers, Pool
from allmende.participation.methods.panels.published import Counted, Lottery
from allmende.participation.methods.panels.solver import INFINITY, Floats, quiet

METHOD = "maximin-lottery"
VERSION = "1"
LOTS = 1000
MOST_NODES = 200


def make_lottery(pool: Pool, seed: str, lots: int = LOTS) -> Lottery:
    """Find the fairest lottery and bring it to equal lots."""
    chances = fairest(pool, seed)
    numbers = _rounded(chances, pool.sizes, lots)
    entries = [
        Entry(int(number), tuple((int(kind), int(panel[kind])) for kind in np.flatnonzero(panel)))
        for number, panel in zip(numbers, chances.panels, strict=True)
        if number
    ]
    tickets = [
        Ticket(person.number, at, person.household) for at, kind in enumerate(pool.kinds) for person in kind.people
    ]
    people = len(tickets)
    return Lottery(
        *(METHOD, VERSION, seed, pool.size, people, len(pool.kinds), _counted(pool)),
        even=pool.size / people,
        smallest=chances.smallest,
        bound=chances.bound,
        smallest_of_lots=_smallest(np.array(chances.panels), numbers, pool.sizes),
        lots=lots,
        entries=tuple(sorted(entries, key=lambda entry: (-entry.lots, entry.members))),
        tickets=tuple(sorted(tickets, key=lambda ticket: ticket.number)),
    )


def _smallest(panels: Integers, numbers: Integers, sizes: Integers) -> float:
    return float((panels.T @ numbers / sizes).min()) / float(numbers.sum())


def _rounded(chances: Chances, sizes: Integers, lots: int) -> Integers:
    """Give each panel a whole number of lots, next to its chance, so that the smallest chance suffers least.

    An integer program looks for the best rounding, for a limited time counted in steps; the largest remainders do
    where it finds none better.
    """
    panels = np.array(chances.panels)
    exact = chances.chances * lots
    simple = _largest_remainders(exact, lots)
    better = _best_rounding(panels, exact, sizes, lots)
    if better is not None and _smallest(panels, better, sizes) > _smallest(panels, simple, sizes):
        return better
    return simple


def _largest_remainders(exact: Floats, lots: int) -> Integers:
    numbers = np.floor(exact).astype(np.int64)
    order = np.argsort(numbers - exact, kind="stable")
    numbers[order[: lots - int(numbers.sum())]] += 1
    return numbers


def _best_rounding(panels: Integers, exact: Floats, sizes: Integers, lots: int) -> Integers | None:
    solver = quiet()
    solver.setOptionValue("mip_max_nodes", MOST_NODES)
    count = len(panels)
    for at, number in enumerate(exact):
        solver.addVar(float(np.floor(number)), float(np.ceil(number)))
        solver.changeColIntegrality(at, highspy.HighsVarType.kInteger)
    solver.addVar(0.0, INFINITY)
    solver.changeColCost(count, 1.0)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.addRow(float(lots), float(lots), count, np.arange(count, dtype=np.int32), np.ones(count))
    for kind, size in enumerate(sizes):
        members = np.flatnonzero(panels[:, kind])
        places = np.append(members, count).astype(np.int32)
        solver.addRow(0.0, INFINITY, len(places), places, np.append(panels[members, kind] / size, -1.0))
    solver.run()
    found = np.rint(np.array(solver.getSolution().col_value[:count])).astype(np.int64)
    return found if found.sum() == lots and (found >= 0).all() else None


def _counted(pool: Pool) -> tuple[Counted, ...]:
    """Count the pool by quotas; small counts are not told, nor what they could be reckoned from.

    The values of a feature add up to the pool. So what is not told of a feature must together be enough people.
    """
    counts = np.array(pool.counts())
    shown = np.ones(len(counts), bool)
    for feature in pool.features:
        places = np.array([at for at, quota in enumerate(pool.quotas) if quota.feature == feature])
        shown[places] = _told(counts[places])
    return tuple(
        Counted(quota, int(people) if tell else None)
        for quota, people, tell in zip(pool.quotas, counts, shown, strict=True)
    )


def _told(counts: Integers) -> npt.NDArray[np.bool_]:
    shown: npt.NDArray[np.bool_] = (counts >= LEAST_GROUP) | (counts == 0)
    rest = int(counts[~shown].sum())
    for at in np.argsort(counts, kind="stable"):
        if not 0 < rest < LEAST_GROUP:
            break
        if shown[at] and counts[at]:
            shown[at] = False
            rest += int(counts[at])
    return shown
