"""Data sets to download: complete, marked, the same in every form, and sound in the eyes of others."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pyarrow.parquet as pq
import pytest

from allmende.kernel.clock import iso_from_micros
from tests.apis.archive import LONG, ODD_RESULTS, archive
from tests.apis.conftest import MINUTE, START, Town, served

ODD, MADE_UP = "ohne-datensatz", "ohne-datensatz-simuliert"


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve the archive."""
    home = tmp_path_factory.mktemp("downloads")
    yield from served(archive(str(home / "observations.sqlite3")), home)


def _get(shore: Town, path: str) -> Any:
    answer = shore.client.get(f"/downloads/{path}")
    assert answer.status_code == 200, answer.text
    return answer


def _rows(shore: Town, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_get(shore, f"{name}/observations.csv").text, newline="")))


def test_numbers_come_whole_and_marked(shore: Town) -> None:
    rows = _rows(shore, MADE_UP)
    assert [float(row["value"]) for row in rows] == [at / 8 for at in range(LONG)]
    assert [row["time"] for row in rows] == [iso_from_micros(START + at * MINUTE) for at in range(LONG)]
    assert {row["simulated"] for row in rows} == {"true"}
    assert {(row["observed"], row["time_end"], row["text"], row["quality"]) for row in rows} == {
        ("Wert Seezeichen", "", "", "")
    }


def test_what_is_no_number_keeps_its_form(shore: Town) -> None:
    rows = _rows(shore, ODD)
    assert len(rows) == len(ODD_RESULTS)
    for at, (row, result) in enumerate(zip(rows, ODD_RESULTS, strict=True)):
        number = isinstance(result, int | float) and not isinstance(result, bool)
        assert json.loads(row["value"] if number else row["text"]) == result
        assert (row["value"] == "") is not number
        assert row["time_end"] == iso_from_micros(START + (at + 1) * MINUTE)
        assert row["quality"] == ("good" if at % 2 else "")
        assert (row["simulated"], row["unit"]) == ("false", "°C")


@pytest.mark.parametrize("name", [ODD, MADE_UP])
def test_parquet_holds_the_same(shore: Town, name: str) -> None:
    table = pq.read_table(io.BytesIO(_get(shore, f"{name}/observations.parquet").content)).to_pandas()
    rows = pd.DataFrame(_rows(shore, name))
    assert list(table.columns) == list(rows.columns)
    assert [f"{one:g}" for one in table["value"].dropna()] == [f"{float(one):g}" for one in rows["value"] if one]
    assert list(table["text"].fillna("")) == list(rows["text"])
    assert list(table["quality"].astype(object).fillna("")) == list(rows["quality"])
    assert list(table["station"].astype(str)) == list(rows["station"])
    assert [one.isoformat().replace("+00:00", "Z") for one in table["time"]] == list(rows["time"])


def test_closed_series_are_in_no_file(shore: Town) -> None:
    kept = _get(shore, f"{ODD}/stations.geojson").json()["features"]
    assert [one["properties"]["name"] for one in kept] == ["=Rheinbrücke"]
    assert kept[0]["geometry"]["type"] == "Point"
    assert "Keller" not in _get(shore, f"{ODD}/observations.csv").text


def test_the_package_is_sound(shore: Town, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    for name in (ODD, MADE_UP):
        folder = tmp_path / name
        with zipfile.ZipFile(io.BytesIO(_get(shore, f"{name}/package.zip").content)) as archived:
            archived.extractall(folder)
        told = json.loads((folder / "datapackage.json").read_text())
        assert told == _get(shore, f"{name}/datapackage.json").json()
        assert (folder / "observations.csv").read_bytes() == _get(shore, f"{name}/observations.csv").content
        report = frictionless.validate(str(folder / "datapackage.json"))
        assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]
        assert told["licenses"][0]["name"] == "CC-BY-4.0"


def test_what_is_not_there_is_told(shore: Town) -> None:
    for path, code in (
        ("nichts/observations.csv", "downloads.no_dataset"),
        (f"{ODD}/alles.exe", "downloads.no_file"),
        ("kitchen/observations.csv", "downloads.no_dataset"),
    ):
        answer = shore.client.get(f"/downloads/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert shore.client.head(f"/downloads/{ODD}/observations.csv").content == b""
