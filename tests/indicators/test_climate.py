"""Climate days agree with an independent calculation and with what the city published."""

import datetime as dt
from pathlib import Path

import msgspec
import pandas as pd  # type: ignore[import-untyped]
import pytest

from allmende.connectors.table.load import load_files
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.gate.query import DayStatistics
from allmende.indicators.climate import COMPLETE_SHARE, ClimateYear, climate_years, climate_years_of, years_of_days
from allmende.indicators.method import method, methods
from allmende.kernel.errors import NotFound

WEATHER_2024 = Path("src/allmende/packs/konstanz/mappings/weather-2024.yaml")
PUBLISHED = Ask(PUBLIC, "publish", "open-data", "public")
# As published by the city: sgc-kn/dashboards, src/stadtklima/data/hot_data.csv (EUPL-1.2): days above 30 °C,
# highest value and its day.
CITY = {
    "bodanplatz": (14, 32.1, "2024-08-11"),
    "doebele": (17, 33.0, "2024-08-12"),
    "friedrichstrasse": (11, 33.1, "2024-08-12"),
    "faehre-staad": (4, 31.3, "2024-08-11"),
    "herose-park": (3, 31.0, "2024-08-11"),
    "hoernle": (4, 31.4, "2024-08-11"),
    "mainaustrasse": (12, 32.8, "2024-08-12"),
    "marktstaette": (14, 32.8, "2024-08-11"),
    "riedstrasse": (21, 34.0, "2024-08-12"),
    "stadtgarten": (0, 29.6, "2024-08-11"),
    "stephansplatz": (22, 34.2, "2024-08-11"),
}
# Days with exactly 30.0 °C: hot days to the weather service, not to the city's story.
EXACTLY_30 = {
    "doebele": 1,
    "friedrichstrasse": 2,
    "mainaustrasse": 2,
    "marktstaette": 1,
    "riedstrasse": 1,
    "stephansplatz": 1,
}


def _day(day: dt.date, count: int, minimum: float, maximum: float) -> DayStatistics:
    return DayStatistics(datastream_id=1, day=day, count=count, minimum=minimum, maximum=maximum, total=0.0)


def test_each_kind_by_its_threshold() -> None:
    ranges = [(-5.0, -0.1), (-0.1, 0.0), (0.0, 24.9), (10.0, 25.0), (19.9, 29.9), (20.0, 30.0)]
    first = dt.date(2025, 1, 1)
    days = [_day(first + dt.timedelta(index), 24, low, high) for index, (low, high) in enumerate(ranges)]
    (year,) = years_of_days(days, 3600, 0.8)
    assert (year.ice_days, year.frost_days, year.summer_days, year.hot_days, year.tropical_nights) == (1, 2, 3, 1, 1)
    assert (year.hottest, year.hottest_day) == (30.0, dt.date(2025, 1, 6))
    assert (year.coldest, year.coldest_day) == (-5.0, first)


def test_days_with_too_few_values_are_reported_and_not_counted() -> None:
    first = dt.date(2024, 12, 30)
    counts = [24, 19, 20, 0, 24]
    days = [_day(first + dt.timedelta(index), count, 20.0, 31.0) for index, count in enumerate(counts)]
    before, after = years_of_days(days, 3600, 0.8)
    assert (before.year, before.days, before.sparse_days, before.empty_days, before.hot_days) == (2024, 1, 1, 0, 1)
    assert (after.year, after.days, after.sparse_days, after.empty_days, after.hot_days) == (2025, 2, 0, 1, 2)
    (strict,) = years_of_days(days[:2], 3600, 1.0)
    assert (strict.days, strict.sparse_days) == (1, 1)


def test_no_values_give_no_years(gate: Gate) -> None:
    assert years_of_days([], 3600, 0.8) == []
    assert climate_years(gate, gate.grant(PUBLISHED), 999, 3600) == []


def test_the_written_method_is_the_one_that_counts() -> None:
    assert "climate-days" in methods()
    written = method("climate-days")
    fields = {field.name.replace("_", "-") for field in msgspec.structs.fields(ClimateYear)}
    assert {kind.id for kind in written.kinds} <= fields
    assert len(written.kinds) == 5
    assert written.complete_share == COMPLETE_SHARE
    with pytest.raises(NotFound, match="climate-days"):
        method("happiness")


def _by_pandas(path: Path) -> dict[str, object]:
    """Count from the file itself, by another road."""
    table = pd.read_csv(path)
    days = table.groupby("date")["temperature"].agg(["count", "min", "max"])
    full = days[days["count"] >= 0.8 * 24]
    return {
        "days": len(full),
        "sparse_days": int(((days["count"] > 0) & (days["count"] < 0.8 * 24)).sum()),
        "ice_days": int((full["max"] < 0).sum()),
        "frost_days": int((full["min"] < 0).sum()),
        "summer_days": int((full["max"] >= 25).sum()),
        "hot_days": int((full["max"] >= 30).sum()),
        "tropical_nights": int((full["min"] >= 20).sum()),
        "hottest": float(days["max"].max()),
        "hottest_day": dt.date.fromisoformat(str(days["max"].idxmax())),
    }


@pytest.mark.samples
def test_the_real_summer_agrees_with_pandas_and_with_the_city(gate: Gate, samples: Path) -> None:
    files = sorted((samples / "konstanz-weather").glob("ws_compl_summer.*.csv"))
    load_files(gate, files, WEATHER_2024)
    grant = gate.grant(PUBLISHED)
    streams = {}
    for path in files:
        slug = path.name.split(".")[1].lower().replace("_", "-")
        datastream = gate.find("Datastreams", f"weather-2024-{slug}-air-temperature")
        assert datastream is not None
        (year,) = streams[datastream] = climate_years(gate, grant, datastream, 3600)
        assert isinstance(year, ClimateYear) and year.year == 2024
        for field, value in _by_pandas(path).items():
            assert getattr(year, field) == value, (slug, field)
        above, hottest, day = CITY[slug]
        assert year.hot_days == above + EXACTLY_30.get(slug, 0)
        assert round(year.hottest + 1e-9, 1) == hottest
        assert year.hottest_day.isoformat() == day
    assert climate_years_of(gate, grant, dict.fromkeys(streams, 3600)) == streams
