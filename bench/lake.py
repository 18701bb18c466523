"""How fast the daily mean of all datastreams comes from a lake of 100 million observations, by DuckDB.

Usage: ``python bench/lake.py [OBSERVATIONS]``. The bar is the time of the wall on a machine that does nothing else; the
processor time beside it, divided by the cores, says what a busy machine would take alone.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.lake.place import Access  # noqa: E402 - the benches lie beside this folder
from allmende.region.duck import Duck  # noqa: E402
from allmende.region.lakes import open_cities  # noqa: E402
from allmende.region.questions import question  # noqa: E402
from bench.lakes import make_lake  # noqa: E402

BAR, TIMES = 1.5, 3
# The figure itself, without names: what the bar speaks of.
BARE = """
SELECT stream, day, avg(value) AS mean FROM observations WHERE quality <> 3 GROUP BY stream, day
"""


def _best(duck: Duck, text: str) -> tuple[float, float, int]:
    """Give the shortest wall time, the processor time of that run, and the rows."""
    found = []
    for _ in range(TIMES):
        wall, work = time.perf_counter(), time.process_time()
        rows = duck.ask(text).num_rows
        found.append((time.perf_counter() - wall, time.process_time() - work, rows))
    return min(found)


def main() -> int:
    """Make the lake, ask, compare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000_000
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        size = make_lake(Path(folder) / "lake", "town", count)
        spent = time.process_time() - began
        print(f"lake of {count:,} observations: {count / spent:,.0f} rows/s to write, {size / count:.2f} bytes a row")
        duck = Duck(open_cities([str(Path(folder) / "lake")], Access(), None))
        bare = _best(duck, BARE)
        for name, (wall, work, rows) in {
            "daily mean": bare,
            "with names, in order": _best(duck, question("daily-means")),
        }.items():
            print(f"{name}: {wall:.2f} s, processor {work:.2f} s, {rows:,} rows; load {os.getloadavg()[0]:.1f}")
        duck.close()
    print(f"bar: daily mean {BAR} s; took {bare[0]:.2f} s, on {cores} cores alone at least {bare[1] / cores:.2f} s")
    return int(bare[1] / cores > BAR)


if __name__ == "__main__":
    sys.exit(main())
