"""The figures on the pages are those of the programme and of the measurements, as of any day."""

import csv
import io
import re
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]
import pytest

from tests.pages.conftest import City

pytestmark = pytest.mark.xdist_group("pages")

MILLION = 100_000_000
STATION_FILES = {
    **{"bodanplatz": "Bodanplatz", "doebele": "Doebele", "faehre-staad": "Faehre_Staad"},
    **{"friedrichstrasse": "Friedrichstrasse", "herose-park": "Herose-Park", "hoernle": "Hoernle"},
    **{"mainaustrasse": "Mainaustrasse", "marktstaette": "Marktstaette", "riedstrasse": "Riedstrasse"},
    **{"stadtgarten": "Stadtgarten", "stephansplatz": "Stephansplatz"},
}


def table(city: City, path: str) -> list[dict[str, str]]:
    """Read a CSV of the portal."""
    return list(csv.DictReader(io.StringIO(city.text(path))))


@pytest.mark.parametrize(
    ("day", "shown", "versions"),
    [("2021-12-31", "17,5", 1), ("2023-07-01", "15,0", 2), ("2024-02-01", "14,6", 3), ("2026-01-01", "9,1", 4)],
)
def test_money_as_of_a_day(city_with_data: City, day: str, shown: str, versions: int) -> None:
    page = city_with_data.text(f"/geld/?stand={day}")
    assert f"Das Programm soll {shown}\xa0Mio." in page or f"Das Programm soll {shown} Mio." in page
    rows = table(city_with_data, f"/geld.csv?stand={day}")
    assert len(rows) == versions
    for row in rows:
        total = int(row["total_cents"])
        assert int(row["exact_federal_cents"]) * 20 == total * 13
        assert int(row["exact_federal_cents"]) + int(row["exact_own_cents"]) == total


def test_the_plans_are_those_that_were_published(city_with_data: City) -> None:
    plans = [
        tuple(int(row[name]) / MILLION for name in ("total_cents", "federal_cents", "own_cents"))
        for row in table(city_with_data, "/geld.csv")
    ]
    assert plans == [(17.5, 11.375, 6.125), (15.0, 10.0, 5.6), (14.6, 9.5, 5.1), (9.1, 6.0, 3.1)]


def test_a_day_that_cannot_be_read_is_told_and_today_shown(city_with_data: City) -> None:
    page = city_with_data.text("/geld/?stand=gestern")
    assert "Dieser Tag ist nicht lesbar" in page
    assert "9,1" in page


def test_before_the_first_plan_nothing_is_invented(city_with_data: City) -> None:
    page = city_with_data.text("/geld/?stand=2019-01-01")
    assert "An diesem Tag war noch kein Finanzplan bekannt." in page
    assert table(city_with_data, "/geld.csv?stand=2019-01-01") == []


def test_projects_are_found_by_word_target_and_state(city_with_data: City) -> None:
    everything = {row["slug"] for row in table(city_with_data, "/projekte.csv")}
    rats = {row["slug"] for row in table(city_with_data, "/projekte.csv?text=Ratten")}
    assert rats == {"schaedlingsbekaempfung"}
    assert rats < everything
    assert "Dazu gibt es kein Projekt" in city_with_data.text("/projekte/?text=Zeppelin")


def test_a_milestone_without_evidence_is_not_reached(city_with_data: City) -> None:
    for row in table(city_with_data, "/meilensteine.csv"):
        assert (row["state"] == "reached") <= bool(row["evidence"]), row["slug"]


def test_what_nobody_published_is_unknown_and_not_zero(city_with_data: City) -> None:
    page = city_with_data.text("/projekte/schaedlingsbekaempfung/")
    assert "Unbekannt. Ein Budget je Projekt wurde nie veröffentlicht." in page
    assert not re.search(r"\b0(,0+)?\s*€", page)


def _summer(samples: Path, station: str) -> "pd.Series[float]":
    """Read the hourly temperatures of one station as the file has them, by UTC hour."""
    frame = pd.read_csv(samples / "konstanz-weather" / f"ws_compl_summer.{STATION_FILES[station]}.csv")
    hours = pd.to_datetime(frame["date"]) + pd.to_timedelta(frame["hour"], unit="h")
    return pd.Series(frame["temperature"].to_numpy(), index=hours).dropna()


@pytest.mark.parametrize("station", sorted(STATION_FILES))
def test_climate_days_of_the_real_summer_agree_with_pandas(city_with_data: City, samples: Path, station: str) -> None:
    hours = _summer(samples, station)
    days = hours.groupby(hours.index.normalize()).agg(["count", "min", "max"])
    full = days[days["count"] >= 0.8 * 24]
    rows = table(city_with_data, f"/daten/stationen/{station}/klimatage.csv?datensatz=weather-2024")
    (row,) = rows
    assert row["simulated"] == "False"
    counted = {
        "days": len(full),
        "days_with_too_few_values": len(days) - len(full),
        "ice_days": int((full["max"] < 0).sum()),
        "frost_days": int((full["min"] < 0).sum()),
        "summer_days": int((full["max"] >= 25).sum()),
        "hot_days": int((full["max"] >= 30).sum()),
        "tropical_nights": int((full["min"] >= 20).sum()),
    }
    assert {name: int(row[name]) for name in counted} == counted
    assert float(row["hottest_cel"]) == pytest.approx(float(hours.max()))
    assert row["hottest_day"] == str(hours.idxmax().date())
    page = city_with_data.text(f"/daten/stationen/{station}/?datensatz=weather-2024")
    shown = re.search(r'<th scope="row">2024</th>(.*?)</tr>', page, re.DOTALL)
    assert shown is not None
    cells = re.findall(r'<td class="num">\s*([\d.,−-]+)', shown[1])
    few = int(row["days_with_too_few_values"])
    assert [int(cell) for cell in cells[:3]] == [len(full), few, int(row["values_left_out"])]
    assert [int(cell) for cell in cells[3:8]] == list(counted.values())[2:]
    assert cells[8] == f"{float(hours.max()):.1f}".replace(".", ",")


def test_the_comparison_lists_every_station_of_the_real_summer(city_with_data: City, samples: Path) -> None:
    rows = table(city_with_data, "/daten/klimatage.csv?datensatz=weather-2024")
    assert {row["station"] for row in rows} == set(STATION_FILES)
    hot = {row["station"]: int(row["hot_days"]) for row in rows}
    assert hot["stephansplatz"] == 23
    assert samples.is_dir()
