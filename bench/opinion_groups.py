"""How fast opinion groups are found: 100,000 people, 500 statements, five million votes.

Usage: ``python bench/opinion_groups.py [PEOPLE STATEMENTS]``. The peak of memory contains the votes themselves and the
libraries. Prints each figure beside its bar.
"""

import os
import resource
import sys
import time

import numpy as np

from allmende.participation.methods.opinions.groups import Settings, find_groups
from allmende.participation.methods.opinions.votes import Votes

MEAN_VOTES = 50


def _line(label: str, figure: str, bar: str) -> None:
    print(f"{label:46} {figure:>34}   bar: {bar}", flush=True)


def _votes(people: int, statements: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make votes of four groups, of which each person saw some statements, one after another from anywhere on."""
    chance = np.random.default_rng(1)
    group = chance.choice(4, people, p=(0.4, 0.3, 0.2, 0.1))
    leaning = chance.beta(0.6, 0.6, (4, statements))
    shared = chance.random(statements) < 0.2
    leaning[:, shared] = chance.beta(8, 2, int(shared.sum()))
    seen = np.clip(chance.lognormal(np.log(MEAN_VOTES) - 0.32, 0.8, people).astype(np.int32), 1, statements)
    person = np.repeat(np.arange(people, dtype=np.int32), seen)
    first = np.repeat(chance.integers(0, statements, people, dtype=np.int32), seen)
    turn = np.arange(len(person), dtype=np.int32) - np.repeat((np.cumsum(seen) - seen).astype(np.int32), seen)
    statement = chance.permutation(statements).astype(np.int32)[(first + turn) % statements]
    agrees = chance.random(len(person), dtype=np.float32) < leaning.astype(np.float32)[group[person], statement]
    value = np.where(agrees, 1, -1).astype(np.int8)
    value[chance.random(len(person), dtype=np.float32) < 0.12] = 0
    return person, statement, value


def main() -> None:
    """Measure once."""
    people, statements = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (100_000, 500)
    columns = _votes(people, statements)
    begin, used = time.perf_counter(), time.process_time()
    votes = Votes.of(*columns)
    found = find_groups(votes, Settings("bench")).published
    taken, used = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _line(f"{people:,} x {statements}, {found.votes:,} votes", f"{taken:.1f} s, cpu {used:.1f} s", "8 s")
    _line("peak of memory", f"{peak:.0f} MB", "800 MB")
    sizes = ", ".join(str(group.people) for group in found.groups)
    _line(f"{len(found.groups)} groups: {sizes}", f"stability {found.stability}", "none")
    _line("load of the machine", f"{os.getloadavg()[0]:.1f}", "none")


if __name__ == "__main__":
    main()
