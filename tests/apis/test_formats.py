"""Observations and entities in other formats: what pyarrow, pandas and the csv module read equals the JSON."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from tests.apis.archive import DATABASES, LONG, ODD_RESULTS, served_archive
from tests.apis.conftest import BASE, Town

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


@pytest.fixture(scope="module", params=DATABASES)
def shore(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve the archive over each database."""
    yield from served_archive(request, tmp_path_factory)


def _observations(shore: Town, name: str) -> str:
    return f"Datastreams({shore.streams[name]})/Observations"


def _csv(answer_text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer_text, newline="")))


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_data_arrays_hold_the_same_as_json(shore: Town) -> None:
    rows = shore.values("Observations", top="40", orderby="phenomenonTime,id", expand="Datastream")
    answer = shore.get("Observations", top="40", orderby="phenomenonTime,id", resultFormat="dataArray", count="true")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["@iot.count"] == LONG + len(ODD_RESULTS)
    assert "resultFormat=dataArray" in found["@iot.nextLink"]
    following = shore.client.get(found["@iot.nextLink"]).json()
    assert following["value"][0]["dataArray@iot.count"] == 40
    by_id = {}
    for group in found["value"]:
        assert group["components"][:4] == ["id", "phenomenonTime", "resultTime", "result"]
        assert group["dataArray@iot.count"] == len(group["dataArray"])
        stream = shore.client.get(group["Datastream@iot.navigationLink"]).json()
        assert group.get("simulated", False) is stream["properties"]["simulated"]
        for row in group["dataArray"]:
            by_id[row[0]] = (dict(zip(group["components"], row, strict=True)), stream["@iot.id"])
    assert len(by_id) == len(rows)
    for row in rows:
        values, stream_id = by_id[row["@iot.id"]]
        assert stream_id == row["Datastream"]["@iot.id"]
        for name in ("phenomenonTime", "resultTime", "result", "resultQuality", "parameters"):
            assert values.get(name) == row.get(name), name


def test_select_decides_the_components_of_data_arrays(shore: Town) -> None:
    (group,) = shore.values(
        _observations(shore, "=Rheinbrücke"), resultFormat="dataArray", select="result,id", orderby="phenomenonTime"
    )
    assert group["components"] == ["result", "id"]
    assert [row[0] for row in group["dataArray"]] == list(ODD_RESULTS)


def test_csv_of_observations_reads_back_as_json(shore: Town) -> None:
    answer = shore.get(_observations(shore, "=Rheinbrücke"), resultFormat="CSV", orderby="phenomenonTime")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = shore.values(_observations(shore, "=Rheinbrücke"), orderby="phenomenonTime")
    for line, row in zip(_csv(answer.text), rows, strict=True):
        assert int(line["id"]) == row["@iot.id"]
        assert f"{line['phenomenonTime']}/{line['phenomenonTimeEnd']}" == row["phenomenonTime"]
        assert line["resultTime"] == row["resultTime"]
        expected = row["result"]
        if isinstance(expected, str):
            assert line["result"].removeprefix("'") == expected
        else:
            assert json.loads(line["result"]) == expected
        assert line["resultQuality"] == row.get("resultQuality", "")
        assert json.loads(line["parameters"] or "null") == row.get("parameters")
        assert (line["unit"], line["licence"], line["attribution"]) == ("Cel", "CC-BY-4.0", "Stadt am See")
        assert line["simulated"] == "false"


def test_csv_guards_against_formulas(shore: Town) -> None:
    lines = _csv(shore.get(_observations(shore, "=Rheinbrücke"), resultFormat="csv").text)
    assert "'=1+1" in {line["result"] for line in lines}
    assert "-0.25" in {line["result"] for line in lines}
    things = _csv(shore.get("Things", resultFormat="CSV").text)
    assert {thing["name"] for thing in things} == {"Seezeichen", "'=Rheinbrücke"}


@pytest.mark.parametrize("name", ["CSV", "Arrow", "Parquet", "GeoJSON"])
def test_without_top_the_answer_is_whole_and_simulated_data_is_marked(shore: Town, name: str) -> None:
    answer = shore.get(_observations(shore, "Seezeichen"), resultFormat=name, orderby="phenomenonTime")
    assert answer.status_code == 200
    assert "link" not in answer.headers
    frame = _frame(name, answer.content)
    assert len(frame) == LONG
    assert list(frame["result"]) == [at / 8 for at in range(LONG)]
    assert frame["simulated"].all()


def _frame(name: str, content: bytes) -> pd.DataFrame:
    if name == "CSV":
        return pd.read_csv(io.BytesIO(content))
    if name == "GeoJSON":
        return pd.DataFrame(feature["properties"] for feature in json.loads(content)["features"])
    return _table(name, content).to_pandas()


def _table(name: str, content: bytes) -> pa.Table:
    return ipc.open_stream(content).read_all() if name == "Arrow" else pq.read_table(io.BytesIO(content))


@pytest.mark.parametrize("name", ["CSV", "Arrow", "Parquet"])
def test_with_top_it_is_a_page_and_the_head_links_to_the_next(shore: Town, name: str) -> None:
    answer = shore.get(_observations(shore, "Seezeichen"), resultFormat=name, top="9000")
    frames = [_frame(name, answer.content)]
    while "next" in answer.links:
        answer = shore.client.get(answer.links["next"]["url"])
        frames.append(_frame(name, answer.content))
    assert [len(frame) for frame in frames] == [9000, 9000, 7000]
    assert len(set(pd.concat(frames)["id"])) == LONG


@pytest.mark.parametrize("name", ["Arrow", "Parquet"])
def test_columns_hold_what_json_holds(shore: Town, name: str) -> None:
    path = _observations(shore, "=Rheinbrücke")
    table = _table(name, shore.get(path, resultFormat=name, orderby="phenomenonTime").content)
    assert table.schema.field("result").type == pa.float64()
    assert table.schema.field("phenomenonTime").type == pa.timestamp("us", tz="UTC")
    rows: list[dict[str, Any]] = table.to_pylist()
    for found, row in zip(rows, shore.values(path, orderby="phenomenonTime"), strict=True):
        assert found["id"] == row["@iot.id"]
        start, _, end = row["phenomenonTime"].partition("/")
        assert (found["phenomenonTime"], found["phenomenonTimeEnd"]) == (_instant(start), _instant(end))
        assert found["resultTime"] == _instant(row["resultTime"])
        result = found["result"] if found["resultJson"] is None else json.loads(found["resultJson"])
        assert result == row["result"]
        assert found["resultQuality"] == row.get("resultQuality")
        assert json.loads(found["parameters"] or "null") == row.get("parameters")
        assert (found["unit"], found["simulated"], found["licence"]) == ("Cel", False, "CC-BY-4.0")


def test_select_decides_the_columns_and_the_mark_stays(shore: Town) -> None:
    path = _observations(shore, "=Rheinbrücke")
    for name in ("CSV", "Arrow", "Parquet"):
        frame = _frame(name, shore.get(path, resultFormat=name, select="phenomenonTime", top="1").content)
        assert list(frame) == ["phenomenonTime", "phenomenonTimeEnd", "simulated", "licence", "attribution"]


def test_csv_of_entities_spreads_links_to_one_over_columns(shore: Town) -> None:
    expand = "Thing($select=name),Observations($top=1;$orderby=phenomenonTime desc;$select=result)"
    answer = shore.get("Datastreams", resultFormat="CSV", expand=expand, select="id,name,unitOfMeasurement/symbol")
    lines = _csv(answer.text)
    assert list(lines[0]) == ["id", "name", "unitOfMeasurement/symbol", "Thing/name", "Observations/result"]
    by_name = {line["name"]: line for line in lines}
    assert by_name["Wert Seezeichen"]["Observations/result"] == str((LONG - 1) / 8)
    assert by_name["Wert =Rheinbrücke"]["Thing/name"] == "'=Rheinbrücke"
    assert by_name["Wert Seezeichen"]["unitOfMeasurement/symbol"] == "°C"
    many = _csv(shore.get("Things", resultFormat="CSV", expand="Datastreams($select=name)").text)
    assert json.loads(many[0]["Datastreams"])[0]["name"].startswith("Wert ")
    text = shore.get("Datastreams", resultFormat="CSV", select="description").text
    assert 'a, ""b""\r\nc' in text
    assert text.endswith("\r\n")


@pytest.mark.parametrize("kind", ["Things", "Locations", "Datastreams", "FeaturesOfInterest", "HistoricalLocations"])
def test_geojson_gives_each_entity_its_place(shore: Town, kind: str) -> None:
    answer = shore.get(kind, resultFormat="GeoJSON")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert len(features) == len(shore.values(kind))
    for feature in features:
        assert feature["type"] == "Feature"
        assert feature["geometry"] == {"type": "Point", "coordinates": [9.2, 47.65]}
        assert feature["properties"]["@iot.id"] == feature["id"]
        assert not any(isinstance(value, dict | list) and value for value in feature["properties"].values())


def test_geojson_spreads_what_is_expanded(shore: Town) -> None:
    found = shore.get(
        "Things", resultFormat="GeoJSON", expand="Datastreams($select=name)", filter="name eq 'Seezeichen'"
    )
    (feature,) = found.json()["features"]
    assert feature["properties"]["Datastreams/0/name"] == "Wert Seezeichen"
    path = _observations(shore, "=Rheinbrücke")
    for expand in ({}, {"expand": "FeatureOfInterest"}):
        rows = shore.get(path, resultFormat="GeoJSON", **expand).json()["features"]
        assert len(rows) == len(ODD_RESULTS)
        assert all(row["geometry"] == {"type": "Point", "coordinates": [9.2, 47.65]} for row in rows)
        assert all(("FeatureOfInterest/name" in row["properties"]) == bool(expand) for row in rows)
    empty = shore.get("Things", resultFormat="GeoJSON", filter="name eq 'nobody'").json()
    assert empty == {"type": "FeatureCollection", "features": []}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/geo+json", "application/geo+json"),
        (ARROW, ARROW),
        (PARQUET, PARQUET),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("image/png", "application/json"),
    ],
)
def test_the_accept_header_is_heeded(shore: Town, accept: str, media: str) -> None:
    answer = shore.client.get(f"{BASE}/{_observations(shore, '=Rheinbrücke')}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    ("path", "option"),
    [
        ("Observations?$resultFormat=XLSX", "$resultFormat"),
        ("Things?$resultFormat=dataArray", "$resultFormat"),
        ("Things?$resultFormat=Arrow", "$resultFormat"),
        ("Things(1)/name?$resultFormat=CSV", "$resultFormat"),
        ("Observations?$resultFormat=dataArray&$expand=Datastream", "$expand"),
        ("Observations?$resultFormat=Parquet&$expand=Datastream", "$expand"),
        ("Observations?$resultFormat=CSV&$filter=colour eq 1", ""),
    ],
)
def test_what_a_format_cannot_do_is_a_problem_and_no_broken_file(shore: Town, path: str, option: str) -> None:
    answer = shore.client.get(f"{BASE}/{path}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert option in answer.json()["title"]


@pytest.mark.parametrize("name", ["CSV", "Arrow", "Parquet", "GeoJSON", "dataArray"])
def test_no_format_shows_what_the_rules_close(shore: Town, name: str) -> None:
    answer = shore.get(_observations(shore, "Keller"), resultFormat=name)
    assert answer.status_code == 404
    everything = shore.get("Observations", resultFormat=name, filter="result eq 1", orderby="id")
    assert everything.status_code == 200
    assert str(shore.streams["Keller"] << 32 | 1).encode() not in everything.content
    if name in ("CSV", "GeoJSON"):
        assert "Keller" not in shore.get("Things", resultFormat=name, expand="Datastreams").text
