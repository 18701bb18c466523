"""One text, two engines, two cities: DuckDB and a Spark cluster give what a plain calculation gives."""

import datetime as dt
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allmende.indicators.climate import climate_years_of
from allmende.kernel.clock import instant_from_micros, micros_from_instant
from allmende.kernel.errors import AllmendeError
from allmende.lake.place import Access
from allmende.region.duck import Duck
from allmende.region.lakes import open_cities
from allmende.region.questions import question
from allmende.region.spark import Spark
from tests.lake.cluster import Cluster, why_not
from tests.lake.shore import PUBLIC, UNTIL, Shore

END = UNTIL + dt.timedelta(days=30)
Rows = list[dict[str, Any]]
CLIMATE = ("days", "sparse_days", "ice_days", "frost_days", "summer_days", "hot_days", "tropical_nights")
OWN = """
SELECT l.city, hour(o.time) AS hour, count(*) AS n, max(o.value) AS most
FROM observations AS o JOIN lakes AS l ON l.lake = o.lake
WHERE o.day >= DATE '2024-09-01' GROUP BY l.city, hour(o.time) ORDER BY 1, 2
"""


class Towns:
    """Two towns with their lakes; the second is eight degrees colder, and one of its values is bad."""

    def __init__(self, folder: Path) -> None:
        self.shores: dict[str, Shore] = {}
        for name, shift in (("konstanz", 0.0), ("musterstadt", -8.0)):
            (folder / name).mkdir()
            self.shores[name] = Shore.built(folder / name, shift)
            self.shores[name].write(folder / name / "lake", city=name, until=END)
        self.words = [str(folder / name / "lake") for name in self.shores]


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Towns]:
    """Make both towns once; nothing is changed in them."""
    found = Towns(tmp_path_factory.mktemp("towns"))
    yield found
    for shore in found.shores.values():
        shore.gate.close()


def _asked(engine: Duck | Spark, text: str) -> Rows:
    rows: Rows = engine.ask(text).to_pylist()
    return rows


def _near(left: Rows, right: Rows) -> bool:
    return len(left) == len(right) and all(
        one == pytest.approx(other, rel=1e-12, abs=1e-12) for one, other in zip(left, right, strict=True)
    )


def _plain_means(towns: Towns) -> Rows:
    """Compute daily means value by value."""
    found: Rows = []
    for city, shore in towns.shores.items():
        grant = shore.gate.grant(PUBLIC)
        for name in ("Seezeichen", "Brücke"):
            series = shore.gate.series(grant, shore.streams[name], -(1 << 62), micros_from_instant(END))
            days: dict[dt.date, list[float]] = defaultdict(list)
            for at, value in zip(series.times.tolist(), series.values.tolist(), strict=True):
                days[instant_from_micros(at).date()].append(value)
            for day, values in sorted(days.items()):
                mean = sum(values) / len(values)
                told = {"day": day, "mean": mean, "minimum": min(values), "maximum": max(values), "amount": len(values)}
                found.append({"city": city, "stream": shore.streams[name], **told})
    return found


def _plain_climate(towns: Towns) -> dict[tuple[str, int, int], tuple[Any, ...]]:
    """Count climate days by the indicator of the program, from the store."""
    found = {}
    for city, shore in towns.shores.items():
        streams = {shore.streams["Seezeichen"]: 3600, shore.streams["Brücke"]: 3600}
        for stream, years in climate_years_of(shore.gate, shore.gate.grant(PUBLIC), streams).items():
            for year in years:
                figures = tuple(getattr(year, name) for name in (*CLIMATE, "hottest", "coldest"))
                found[city, stream, year.year] = figures
    return found


def test_duckdb_gives_what_a_plain_calculation_gives(towns: Towns) -> None:
    duck = Duck(open_cities(towns.words, Access(), lambda _done, _total: None))
    means = _asked(duck, question("daily-means"))
    climate = _asked(duck, question("climate-days"))
    sums = _asked(duck, question("monthly-sums"))
    duck.close()
    plain = _plain_means(towns)
    assert _near([{name: row[name] for name in plain[0]} for row in means], plain)
    assert {row["station"] for row in means} == {"seezeichen", "brücke"}
    told = {
        (row["city"], row["stream"], row["year"]): tuple(row[name] for name in (*CLIMATE, "hottest", "coldest"))
        for row in climate
    }
    assert told == _plain_climate(towns)
    assert any(row["summer_days"] for row in climate) and any(row["frost_days"] for row in climate)
    assert sum(row["amount"] for row in sums) == sum(row["amount"] for row in means)


def test_an_emptied_lake_answers_too(towns: Towns, tmp_path: Path) -> None:
    shore = towns.shores["konstanz"]
    shore.write(tmp_path / "lake", city="leer")
    for file in (tmp_path / "lake").glob("observations/*/*/*"):
        file.unlink()
    manifest = tmp_path / "lake" / "manifest.json"
    raw = manifest.read_text()
    start = raw.index('"observations": [') + len('"observations": [')
    manifest.write_text(raw[:start] + raw[raw.index('],\n "purpose"') :])
    duck = Duck(open_cities([str(tmp_path / "lake")], Access(), None))
    assert _asked(duck, question("daily-means")) == []
    duck.close()


@pytest.mark.xdist_group("spark")
def test_a_cluster_gives_the_same_from_the_same_text(
    towns: Towns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := why_not():
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must run: make region ({why})")
        pytest.skip(f"no Spark: make region ({why})")
    duck = Duck(open_cities(towns.words, Access(), None))
    # Short lives: what the compiler would make faster ends before it is ready.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    with Cluster(tmp_path / "cluster", workers=2, memory="1100m") as cluster:
        spark = Spark(open_cities(towns.words, Access(), None), cluster.url, Access())
        try:
            for text in (question("daily-means"), question("climate-days"), question("monthly-sums"), OWN):
                rows = _asked(spark, text)
                assert rows and _near(rows, _asked(duck, text))
            with pytest.raises(AllmendeError, match="could not be answered"):
                spark.ask("SELECT nothing FROM nowhere")
        finally:
            spark.close()
    work = [folder for folder in (tmp_path / "cluster" / "work").glob("app-*/*") if folder.is_dir()]
    assert len(work) >= 2
    duck.close()
