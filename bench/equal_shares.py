"""How fast the Method of Equal Shares counts: 1,000 projects, 50,000 voters, 400,000 approvals.

Usage: ``python bench/equal_shares.py``. Prints each figure beside its bar.
"""

import os
import resource
import time
from fractions import Fraction

import numpy as np

from allmende.participation.methods.budgets.count import Settings, count
from allmende.participation.methods.budgets.election import BallotRules, Election, Project
from allmende.participation.methods.budgets.shares import equal_shares

PROJECTS, VOTERS, MEAN = 1_000, 50_000, 8


def _line(label: str, figure: str, bar: str) -> None:
    print(f"{label:46} {figure:>34}   bar: {bar}", flush=True)


def _election() -> Election:
    chance = np.random.default_rng(0)
    costs = (np.round(chance.lognormal(9.5, 1.0, PROJECTS) / 100) * 100 + 500).astype(int) * 100
    weight = chance.pareto(1.5, PROJECTS) + 0.2
    sizes = np.clip(chance.poisson(MEAN, VOTERS), 1, PROJECTS)
    ballots = (chance.choice(PROJECTS, size, replace=False, p=weight / weight.sum()) for size in sizes)
    return Election.of(
        int(costs.sum() * 0.08),
        [Project(f"{at:04}", int(cost)) for at, cost in enumerate(costs)],
        BallotRules("approval"),
        ({f"{at:04}": 1 for at in ballot} for ballot in ballots),
    )


def main() -> None:
    """Measure the method, its completion, and the whole comparison with explanations."""
    election = _election()
    for label, step, bar in (
        ("equal shares, exact", None, "0.5 s"),
        ("with shares raised by 1 % steps", Fraction(1, 100), "none"),
    ):
        begin, used = time.perf_counter(), time.process_time()
        found = equal_shares(election, "bench", by_cost=True, step=step)
        taken, used = time.perf_counter() - begin, time.process_time() - used
        spent = found.spent(election) / election.budget
        _line(label, f"{taken:.2f} s, cpu {used:.2f} s", bar)
        _line(f"  {len(found.purchases)} projects, {found.steps} steps", f"{spent:.1%} of the budget", "none")
    begin = time.perf_counter()
    both = count(election, Settings("bench"))
    _line("both rules with explanations", f"{time.perf_counter() - begin:.2f} s", "none")
    served = f"{both.represented[0]:,} and {both.represented[1]:,}"
    _line("voters with a project: greedy, equal shares", served, "none")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _line("peak of memory", f"{peak:.0f} MB", "none")
    _line("load of the machine", f"{os.getloadavg()[0]:.1f}", "none")


if __name__ == "__main__":
    main()
