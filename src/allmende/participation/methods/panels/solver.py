"""The integer programs: the panel that weighs most, and the smallest change of quotas that permits a panel."""

import highspy
import numpy as np
import numpy.typing as npt

from allmende.participation.methods.panels.pool import Integers, Pool

Floats = npt.NDArray[np.float64]
INFINITY = highspy.kHighsInf
WHOLE = 1e-7


class Quiet(highspy.Highs):  # type: ignore[misc]
    """A solver that prints nothing, calls nobody back, and gives the same answer each time."""

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS calls it when it is made, and would print its banner
        """Set the options instead."""
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            self.setOptionValue(option, value)


def quiet() -> highspy.Highs:
    """Make a solver."""
    return Quiet()


class Panels:
    """All panels that keep the quotas, as an integer program over the number of members of each kind.

    Without the demand for whole numbers it is a linear program, solved in a twentieth of the time from where the
    last one ended, and its answer is mostly whole anyway; only where it is not, the integer program is asked.
    """

    def __init__(self, pool: Pool) -> None:
        self._columns = np.arange(len(pool.kinds), dtype=np.int32)
        self._linear, self._whole = _program(pool), _program(pool)
        for at in range(len(pool.kinds)):
            self._whole.changeColIntegrality(at, highspy.HighsVarType.kInteger)
        self._whole.setOptionValue("mip_rel_gap", 0.0)
        self._whole.setOptionValue("mip_abs_gap", 1e-9)

    def heaviest(self, weights: Floats) -> tuple[Integers, float] | None:
        """Find the panel of the greatest weight, and a number that no panel's weight is above; nothing without panels.

        Weights are brought to a scale on which the solver's tolerances are small.
        """
        scale = float(np.abs(weights).max()) or 1.0
        found = self._solved(self._linear, weights / scale)
        if found is None:
            return None
        panel = np.rint(found)
        if np.abs(found - panel).max() <= WHOLE:
            return panel.astype(np.int64), float(self._linear.getInfo().objective_function_value) * scale
        found = self._solved(self._whole, weights / scale)
        if found is None:
            return None
        return np.rint(found).astype(np.int64), float(self._whole.getInfo().mip_dual_bound) * scale

    def _solved(self, solver: highspy.Highs, weights: Floats) -> Floats | None:
        solver.changeColsCost(len(self._columns), self._columns, weights)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(solver.getSolution().col_value)


def _program(pool: Pool) -> highspy.Highs:
    """Write down the size of the panel and the quotas."""
    solver = quiet()
    _add_kinds(solver, pool)
    for quota, row in zip(pool.quotas, pool.table, strict=True):
        members = np.flatnonzero(row).astype(np.int32)
        solver.addRow(float(quota.least), float(quota.most), len(members), members, np.ones(len(members)))
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver


def _add_kinds(solver: highspy.Highs, pool: Pool) -> None:
    """Give each kind a number of members; together they are the panel."""
    for size in pool.sizes:
        solver.addVar(0.0, float(min(size, pool.size)))
    kinds = len(pool.kinds)
    solver.addRow(float(pool.size), float(pool.size), kinds, np.arange(kinds, dtype=np.int32), np.ones(kinds))


def smallest_change(pool: Pool) -> list[tuple[int, int]]:
    """Say by how much each quota's minimum and maximum have to give way, together as little as possible."""
    solver = quiet()
    _add_kinds(solver, pool)
    kinds, quotas = len(pool.kinds), len(pool.quotas)
    for at in range(2 * quotas):
        solver.addVar(0.0, INFINITY)
        solver.changeColCost(kinds + at, 1.0)
    for at in range(kinds + 2 * quotas):
        solver.changeColIntegrality(at, highspy.HighsVarType.kInteger)
    for at, (quota, row) in enumerate(zip(pool.quotas, pool.table, strict=True)):
        members = np.flatnonzero(row)
        below, above = kinds + 2 * at, kinds + 2 * at + 1
        places = np.append(members, (below, above)).astype(np.int32)
        factors = np.append(np.ones(len(members)), (1.0, -1.0))
        solver.addRow(float(quota.least), float(quota.most), len(places), places, factors)
    solver.run()
    found = np.rint(np.array(solver.getSolution().col_value[kinds:])).astype(int).reshape(quotas, 2)
    return [(int(below), int(above)) for below, above in found]
