"""Clause 13: observations as arrays, out and in."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import Api, feature, link
from tests.standards.sensorthings.conformance import proves

pytestmark = proves("data-array/data-array")


@pytest.fixture(scope="module")
def series(api: Api) -> Any:
    """Give a datastream of six values, one an hour."""
    stream = api.station()
    for hour in range(6):
        api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z", resultTime=f"2024-05-01T0{hour}:00:01Z")
    return stream


def _rows(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(block["components"], row, strict=True)) for row in block["dataArray"]]


def test_observations_come_as_arrays(api: Api, series: Any) -> None:
    """req/data-array/data-array: components name the columns, dataArray holds the rows, for each Datastream."""
    answer = api.body(f"Datastreams({series})/Observations", resultFormat="dataArray", orderby="phenomenonTime")
    (block,) = answer["value"]
    assert block["Datastream@iot.navigationLink"].endswith(f"Datastreams({series})")
    assert {"id", "phenomenonTime", "result", "resultTime"} <= set(block["components"])
    assert block["dataArray@iot.count"] == len(block["dataArray"]) == 6
    plain = api.values(f"Datastreams({series})/Observations", orderby="phenomenonTime")
    for row, entry in zip(_rows(block), plain, strict=True):
        assert row["id"] == entry["@iot.id"]
        assert [row[word] for word in ("phenomenonTime", "resultTime", "result")] == [
            *(entry["phenomenonTime"], entry["resultTime"], entry["result"]),
        ]


def test_selected_components_alone_come(api: Api, series: Any) -> None:
    """req/data-array/data-array: select chooses the components."""
    options = {"select": "result,phenomenonTime", "filter": "result ge 3", "orderby": "result desc", "top": 2}
    answer = api.body(f"Datastreams({series})/Observations", resultFormat="dataArray", count="true", **options)
    (block,) = answer["value"]
    assert set(block["components"]) == {"result", "phenomenonTime"}
    assert [row["result"] for row in _rows(block)] == [5, 4]
    assert answer["@iot.count"] == 3


def test_each_datastream_has_a_block(api: Api) -> None:
    """req/data-array/data-array: observations of several Datastreams are grouped by Datastream."""
    streams = [api.station() for _ in range(2)]
    for stream in streams:
        for hour in range(2):
            api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z")
    chosen = " or ".join(f"Datastream/id eq {stream}" for stream in streams)
    answer = api.body("Observations", resultFormat="dataArray", filter=chosen, orderby="Datastream/id,result")
    links = [block["Datastream@iot.navigationLink"] for block in answer["value"]]
    assert [api.body(link)["@iot.id"] for link in links] == sorted(streams)
    assert [[row["result"] for row in _rows(block)] for block in answer["value"]] == [[0, 1], [0, 1]]


def test_arrays_are_paged(api: Api, series: Any) -> None:
    """req/data-array/data-array: nextLinks go on in the same form."""
    options = {"resultFormat": "dataArray", "orderby": "result", "top": 4}
    blocks = [block for page in api.pages(f"Datastreams({series})/Observations", **options) for block in page]
    assert [row["result"] for block in blocks for row in _rows(block)] == [0, 1, 2, 3, 4, 5]


def test_an_empty_answer_has_no_rows(api: Api) -> None:
    """req/data-array/data-array: without observations no row comes."""
    answer = api.body(f"Datastreams({api.station()})/Observations", resultFormat="dataArray")
    assert sum(len(block["dataArray"]) for block in answer["value"]) == 0


def test_other_forms_are_refused(api: Api, series: Any) -> None:
    """req/data-array/data-array: a result format that the service does not know is no answer of 200."""
    answer = api.get(f"Datastreams({series})/Observations", resultFormat="nonsense")
    assert answer.status_code in (400, 406, 501)


def _block(stream: Any, rows: list[list[Any]], *components: str) -> dict[str, Any]:
    names = ["phenomenonTime", "result", *components]
    return {"Datastream": link(stream), "components": names, "dataArray": rows}


def test_observations_are_created_from_arrays(api: Api) -> None:
    """req/data-array/data-array: POST to CreateObservations answers 201 with the address of each observation."""
    streams = [api.station() for _ in range(2)]
    blocks = [
        _block(stream, [[f"2024-05-01T0{hour}:00:00Z", hour + number] for hour in range(3)])
        for number, stream in enumerate(streams)
    ]
    answer = api.post("CreateObservations", blocks)
    assert answer.status_code == 201
    assert [api.body(address)["result"] for address in answer.json()] == [0, 1, 2, 1, 2, 3]
    for number, stream in enumerate(streams):
        found = api.values(f"Datastreams({stream})/Observations", orderby="result")
        assert [entry["result"] for entry in found] == [number, number + 1, number + 2]


def test_all_components_are_kept(api: Api) -> None:
    """req/data-array/data-array: resultTime, parameters and FeatureOfInterest/id are components too."""
    stream, target = api.station(), api.create("FeaturesOfInterest", feature())
    row: list[Any] = ["2024-05-01T00:00:00Z", 5, "2024-05-01T00:00:30Z", {"tilt": 1}, target]
    block = _block(stream, [row], "resultTime", "parameters", "FeatureOfInterest/id")
    (address,) = api.post("CreateObservations", [block]).json()
    seen = api.body(address, expand="FeatureOfInterest")
    assert (seen["resultTime"], seen["parameters"]) == (row[2], row[3])
    assert seen["FeatureOfInterest"]["@iot.id"] == target


def test_without_a_feature_the_location_is_taken(api: Api) -> None:
    """req/data-array/data-array: the rule for a FeatureOfInterest that is not named holds here too."""
    block = _block(api.station(), [["2024-05-01T00:00:00Z", 5], ["2024-05-01T01:00:00Z", 6]])
    first, second = api.post("CreateObservations", [block]).json()
    features = [api.body(f"{address}/FeatureOfInterest")["@iot.id"] for address in (first, second)]
    assert features[0] == features[1]


def test_bad_rows_are_named_and_good_ones_kept(api: Api) -> None:
    """req/data-array/data-array: in the place of a row that fails stands ``error``."""
    stream = api.station()
    rows: list[list[Any]] = [
        ["2024-05-01T00:00:00Z", 0],
        ["never", 1],
        ["2024-05-01T02:00:00Z"],
        ["2024-05-01T03:00:00Z", 3],
    ]
    answer = api.post("CreateObservations", [_block(stream, rows), _block(9007199254740000, rows[:1])])
    assert answer.status_code == 201
    told = [entry.startswith("error") for entry in answer.json()]
    assert told == [False, True, True, False, True]
    assert api.body(f"Datastreams({stream})/Observations", count="true")["@iot.count"] == 2


def test_a_block_without_datastream_makes_nothing(api: Api) -> None:
    """req/data-array/data-array: a block names its Datastream, or its rows (and so all of it) are refused."""
    answer = api.post("CreateObservations", [{"components": ["result"], "dataArray": [[1]]}])
    if answer.status_code == 201:
        assert [entry.startswith("error") for entry in answer.json()] == [True]
    else:
        assert answer.status_code in (400, 422)


@pytest.mark.parametrize("body", [{}, "text", [1], None])
def test_a_body_that_is_no_array_is_refused(api: Api, body: object) -> None:
    """req/data-array/data-array: anything but a list of blocks is a bad request."""
    assert api.post("CreateObservations", body).status_code in (400, 422)
