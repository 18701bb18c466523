"""Chances as equal as the quotas permit: the smallest chance of anybody is made as great as possible.

Column generation after Flanigan, Gölz, Gupta, Hennig, Procaccia (Nature 2021), over kinds instead of persons: people
alike in all features get the same chance, so only the number of members of each kind has to be decided.
"""

from dataclasses import dataclass

import numpy as np

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.lots import generator
from allmende.participation.methods.panels.pool import Integers, Pool, Quota
from allmende.participation.methods.panels.solver import INFINITY, Floats, Panels, quiet, smallest_change

QUOTAS_CANNOT_BE_MET = ErrorCode(
    "panel.quotas_cannot_be_met",
    Text(
        "Kein Gremium aus dieser Liste hält alle Vorgaben ein. Kleinste Änderung: {changes}.",
        "No panel from this list keeps all quotas. Smallest change: {changes}.",
    ),
    Text(
        "Ändern Sie diese Vorgaben, oder werben Sie um weitere Menschen.", "Change these quotas, or invite more people."
    ),
)
FIRST_PANELS = 60
MOST_ROUNDS = 3000
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Chances:
    """Panels by kinds with their chances; the smallest chance of a person, and the bound that none can exceed."""

    panels: tuple[Integers, ...]
    chances: Floats
    smallest: float
    bound: float


class Master:
    """The linear program over the panels found so far: weights of kinds that no panel can make much of."""

    def __init__(self, sizes: Integers) -> None:
        self.sizes = sizes
        self.panels = list[Integers]()
        self._known = set[bytes]()
        self._solver = quiet()
        kinds = len(sizes)
        for _ in range(kinds):
            self._solver.addVar(0.0, INFINITY)
        self._solver.addVar(-INFINITY, INFINITY)
        self._solver.changeColCost(kinds, 1.0)
        self._solver.addRow(1.0, 1.0, kinds, np.arange(kinds, dtype=np.int32), np.ones(kinds))

    def add(self, panel: Integers) -> bool:
        """Take a panel in, if it is new."""
        if panel.tobytes() in self._known:
            return False
        self._known.add(panel.tobytes())
        self.panels.append(panel)
        members = np.flatnonzero(panel)
        places = np.append(members, len(self.sizes)).astype(np.int32)
        # Chances are reckoned in parts of the mean chance, so that the numbers are about one.
        factors = np.append(panel[members] / self.sizes[members] * self._scale, -1.0)
        self._solver.addRow(-INFINITY, 0.0, len(places), places, factors)
        return True

    @property
    def _scale(self) -> float:
        return float(self.sizes.sum()) / float(self.panels[0].sum())

    def solve(self) -> tuple[Floats, float]:
        """Give the weights of the kinds, and the smallest chance that the panels found so far permit."""
        self._solver.run()
        found = np.array(self._solver.getSolution().col_value)
        return np.clip(found[:-1], 0.0, None), float(found[-1]) / self._scale

    def chances(self) -> Floats:
        """Give the chances of the panels."""
        duals: Floats = np.clip(-np.array(self._solver.getSolution().row_dual)[1:], 0.0, None)
        duals /= duals.sum()
        return duals


def fairest(pool: Pool, seed: str) -> Chances:
    """Find the lottery over panels in which the smallest chance is greatest, and prove that it is."""
    panels = Panels(pool)
    sizes = pool.sizes
    master = Master(sizes)
    chance = generator(seed, "first panels")
    for _ in range(FIRST_PANELS):
        found = panels.heaviest(chance.random(len(sizes)) / sizes)
        if found is None:
            raise _unmet(pool)
        master.add(found[0])
    best = float("inf")
    for _ in range(MOST_ROUNDS):
        weights, smallest = master.solve()
        found = panels.heaviest(weights / sizes)
        if found is None:
            raise _unmet(pool)
        panel, bound = found
        best = min(best, bound / weights.sum())
        if best <= smallest * (1 + 1e-6) + TOLERANCE or not master.add(panel):
            break
        _widen(master, panels, weights, panel, smallest)
    return _result(master, best)


def _widen(master: Master, panels: Panels, weights: Floats, panel: Integers, target: float) -> None:
    """Add panels that favour others than the last ones did: fewer rounds, the same end."""
    weights = weights.copy()
    for _ in range(10):
        value = float((weights * panel / master.sizes).sum())
        weights[panel > 0] *= target / value
        total = float(weights.sum())
        if total < TOLERANCE:
            return
        weights, target = weights / total, target / total
        found = panels.heaviest(weights / master.sizes)
        if found is None or float((weights * found[0] / master.sizes).sum()) <= target * (1 + 1e-6):
            return
        panel = found[0]
        if not master.add(panel):
            return


def _result(master: Master, bound: float) -> Chances:
    master.solve()
    chances = master.chances()
    used = np.flatnonzero(chances > TOLERANCE)
    panels = tuple(master.panels[at] for at in used)
    parts = chances[used] / chances[used].sum()
    smallest = float((np.array(panels).T @ parts / master.sizes).min())
    return Chances(panels, parts, smallest, float(bound))


def _unmet(pool: Pool) -> Invalid:
    """Name the quotas that stand in the way, each with the limits that would do."""
    changes = [
        Quota(quota.feature, quota.value, quota.least - below, quota.most + above)
        for quota, (below, above) in zip(pool.quotas, smallest_change(pool), strict=True)
        if below or above
    ]
    before = {(quota.feature, quota.value): quota for quota in pool.quotas}
    texts = [_said(before[change.feature, change.value], change) for change in changes]
    error = Invalid(
        QUOTAS_CANNOT_BE_MET,
        changes=Text("; ".join(text.de for text in texts), "; ".join(text.en for text in texts)),
    )
    error.about = tuple(changes)
    return error


def _said(quota: Quota, change: Quota) -> Text:
    return Text(
        f"{quota.feature} {quota.value}: {change.least} bis {change.most} statt {quota.least} bis {quota.most}",
        f"{quota.feature} {quota.value}: {change.least} to {change.most} instead of {quota.least} to {quota.most}",
    )
