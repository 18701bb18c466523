"""The integer programs: the panel that weighs most, and the smallest change of quotas that permits a panel."""

import highspy
import numpy as np
import numpy.typing as npt

from allmende.participation.methods.panels.pool import Integers, Pool

Floats = npt.NDArray[np.float64]
INFINITY = highspy.kHighsInf


def quiet() -> highspy.Highs:
    """Make a solver that prints nothing and gives the same answer each time."""
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    return solver


class Panels:
    """All panels that keep the quotas, as an integer program over the number of members of each kind."""

    def __init__(self, pool: Pool) -> None:
        kinds = len(pool.kinds)
        self._columns = np.arange(kinds, dtype=np.int32)
        self._solver = quiet()
        self._solver.setOptionValue("mip_rel_gap", 0.0)
        self._solver.setOptionValue("mip_abs_gap", 1e-9)
        _add_kinds(self._solver, pool)
        for quota, row in zip(pool.quotas, pool.table, strict=True):
            members = np.flatnonzero(row).astype(np.int32)
            self._solver.addRow(float(quota.least), float(quota.most), len(members), members, np.ones(len(members)))
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def heaviest(self, weights: Floats) -> tuple[Integers, float] | None:
        """Find the panel of the greatest weight, and a number that no panel's weight is above; nothing without panels.

        Weights are brought to a scale on which the solver's tolerances are small.
        """
        scale = float(np.abs(weights).max()) or 1.0
        self._solver.changeColsCost(len(self._columns), self._columns, weights / scale)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        panel = np.rint(np.array(self._solver.getSolution().col_value)).astype(np.int64)
        return panel, float(self._solver.getInfo().mip_dual_bound) * scale


def _add_kinds(solver: highspy.Highs, pool: Pool) -> None:
    """Give each kind a whole number of members; together they are the panel."""
    for at, size in enumerate(pool.sizes):
        solver.addVar(0.0, float(min(size, pool.size)))
        solver.changeColIntegrality(at, highspy.HighsVarType.kInteger)
    kinds = len(pool.kinds)
    solver.addRow(float(pool.size), float(pool.size), kinds, np.arange(kinds, dtype=np.int32), np.ones(kinds))


def smallest_change(pool: Pool) -> list[tuple[int, int]]:
    """Say by how much each quota's minimum and maximum have to give way, together as little as possible."""
    solver = quiet()
    _add_kinds(solver, pool)
    kinds, quotas = len(pool.kinds), len(pool.quotas)
    for at in range(2 * quotas):
        solver.addVar(0.0, INFINITY)
        solver.changeColIntegrality(kinds + at, highspy.HighsVarType.kInteger)
        solver.changeColCost(kinds + at, 1.0)
    for at, (quota, row) in enumerate(zip(pool.quotas, pool.table, strict=True)):
        members = np.flatnonzero(row)
        below, above = kinds + 2 * at, kinds + 2 * at + 1
        places = np.append(members, (below, above)).astype(np.int32)
        factors = np.append(np.ones(len(members)), (1.0, -1.0))
        solver.addRow(float(quota.least), float(quota.most), len(places), places, factors)
    solver.run()
    found = np.rint(np.array(solver.getSolution().col_value[kinds:])).astype(int).reshape(quotas, 2)
    return [(int(below), int(above)) for below, above in found]
