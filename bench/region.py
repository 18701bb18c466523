"""How long a Spark cluster takes for the daily means of several cities: against workers, and against data.

Usage: ``python bench/region.py [OBSERVATIONS …]`` (millions; otherwise 10 50 100). Each worker has one core; what
DuckDB takes with all cores stands beside. Needs Java 17 and ``make region``. Prints a table in Markdown.
"""

import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from allmende.lake.place import Access  # noqa: E402 - the tests lie beside this folder
from allmende.region.duck import Duck  # noqa: E402
from allmende.region.lakes import City, open_cities  # noqa: E402
from allmende.region.spark import Spark  # noqa: E402
from bench.lakes import make_lake  # noqa: E402
from tests.lake.cluster import Cluster, why_not  # noqa: E402

WORKERS, TIMES, CITIES = (1, 2, 3), 3, ("konstanz", "musterstadt", "seestadt")
# One row for each city and month comes back, so that the table tells of computing and not of carrying rows.
QUESTION = """
SELECT lake, month(day) AS month, count(*) AS days, sum(mean) AS total
FROM (SELECT lake, stream, day, avg(value) AS mean FROM observations WHERE quality <> 3 GROUP BY lake, stream, day) AS d
GROUP BY lake, month(day)
"""


def _figure(ask: Callable[[], object], work: Callable[[], float]) -> str:
    """Give the shortest wall time, and the processor time of the same run."""
    found = []
    for _ in range(TIMES):
        began, before = time.perf_counter(), work()
        ask()
        found.append((time.perf_counter() - began, work() - before))
    return "{:.1f} s ({:.1f})".format(*min(found))


def _told(engine: Duck | Spark) -> list[tuple[Any, ...]]:
    rows = engine.ask(QUESTION).to_pylist()
    return sorted((row["lake"], row["month"], row["days"], round(row["total"], 3)) for row in rows)


def _lakes(folder: Path, millions: int) -> list[City]:
    words = [str(folder / f"{millions}" / city) for city in CITIES]
    for city, word in zip(CITIES, words, strict=True):
        make_lake(Path(word), city, millions * 1_000_000 // len(CITIES), streams=2_000)
    return open_cities(words, Access(), None)


def _column(folder: Path, workers: int, lakes: dict[int, list[City]], expected: dict[int, list[Any]]) -> list[str]:
    """Ask a cluster about all sizes."""
    cells = []
    with Cluster(folder / f"cluster-{workers}", workers, memory="2g") as cluster:
        for millions, cities in lakes.items():
            spark = Spark(cities, cluster.url, Access())
            if _told(spark) != expected[millions]:
                sys.exit(f"Spark and DuckDB differ at {millions} million")
            cells.append(_figure(functools.partial(spark.ask, QUESTION), cluster.processor_seconds))
            print(f"{workers} workers, {millions} million: {cells[-1]}, load {os.getloadavg()[0]:.1f}", flush=True)
        spark.close()
    return cells


def main() -> int:
    """Print the table."""
    if why := why_not():
        print(why)
        return 0
    sizes = [int(word) for word in sys.argv[1:]] or [10, 50, 100]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lakes = {millions: _lakes(folder, millions) for millions in sizes}
        expected, columns = {}, [[f"{millions} million" for millions in sizes], []]
        for millions, cities in lakes.items():
            duck = Duck(cities)
            expected[millions] = _told(duck)
            columns[1].append(_figure(functools.partial(duck.ask, QUESTION), time.process_time))
            duck.close()
        columns += [_column(folder, workers, lakes, expected) for workers in WORKERS]
    print(f"{len(CITIES)} cities, {os.cpu_count()} cores; wall time, the best of {TIMES} (processor time of that run)")
    print(f"| observations | DuckDB | {' | '.join(f'Spark, {n} workers' for n in WORKERS)} |")
    print(f"| --- |{' --- |' * (len(WORKERS) + 1)}")
    for row in zip(*columns, strict=True):
        print(f"| {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
