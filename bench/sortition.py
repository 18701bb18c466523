"""How fast the fairest lottery of panels is found and proven, from pools of 10,000 and 50,000 people.

Usage: ``python bench/sortition.py [POOL PANEL]``. Five features with 19 values; those who are willing are otherwise
than the population, and quotas are tight. Prints each figure beside its bar.
"""

import math
import os
import sys
import time

import numpy as np

from allmende.participation.methods.panels.draw import draw
from allmende.participation.methods.panels.lottery import make_lottery
from allmende.participation.methods.panels.pool import Person, Pool, Quota

# Parts of the population and of the willing.
FEATURES: dict[str, dict[str, tuple[float, float]]] = {
    "sex": {"f": (0.5, 0.62), "m": (0.49, 0.37), "d": (0.01, 0.01)},
    "age": {"16": (0.12, 0.05), "25": (0.22, 0.15), "40": (0.22, 0.22), "55": (0.26, 0.35), "70": (0.18, 0.23)},
    "school": {"high": (0.3, 0.62), "middle": (0.4, 0.28), "low": (0.3, 0.1)},
    "migration": {"yes": (0.3, 0.14), "no": (0.7, 0.86)},
    "part": {
        "A": (0.2, 0.3),
        "B": (0.2, 0.25),
        "C": (0.2, 0.15),
        "D": (0.15, 0.12),
        "E": (0.15, 0.1),
        "F": (0.1, 0.08),
    },
}


def _line(label: str, figure: str, bar: str) -> None:
    print(f"{label:46} {figure:>34}   bar: {bar}", flush=True)


def _pool(people: int, size: int) -> Pool:
    chance = np.random.default_rng(0)
    columns = {
        name: chance.choice(list(values), people, p=[willing for _, willing in values.values()])
        for name, values in FEATURES.items()
    }
    quotas = [
        Quota(name, value, math.floor(size * part), max(1, math.ceil(size * part)))
        for name, values in FEATURES.items()
        for value, (part, _) in values.items()
    ]
    return Pool.of(
        size,
        quotas,
        (Person(f"{at:06}", {name: str(column[at]) for name, column in columns.items()}) for at in range(people)),
    )


def main() -> None:
    """Measure each pool."""
    given = [(int(sys.argv[1]), int(sys.argv[2]), "none")] if len(sys.argv) > 2 else []
    for people, size, bar in given or [(10_000, 50, "15 s"), (50_000, 60, "30 s")]:
        begin, used = time.perf_counter(), time.process_time()
        pool = _pool(people, size)
        lottery = make_lottery(pool, "bench")
        taken, used = time.perf_counter() - begin, time.process_time() - used
        _line(f"{size} of {people:,}, {lottery.kinds} kinds", f"{taken:.1f} s, cpu {used:.1f} s", bar)
        _line("  smallest chance, proven bound", f"{lottery.smallest:.7f}, {lottery.bound:.7f}", "equal")
        _line("  smallest in 1,000 equal lots", f"{lottery.smallest_of_lots:.7f}", "none")
        begin = time.perf_counter()
        draw(lottery.entries, lottery.tickets, "dice 3 1 6")
        _line("  draw again from seed and list", f"{time.perf_counter() - begin:.3f} s", "none")
    _line("load of the machine", f"{os.getloadavg()[0]:.1f}", "none")


if __name__ == "__main__":
    main()
