"""Pages that are written from columns say what each observation says by itself."""

import datetime as dt
import itertools
from typing import Any

import pytest

from tests.apis.conftest import Town

_NAMES = itertools.count()
SECONDS = [f"2024-05-0{1 + n // 3}T12:00:0{n}Z" for n in range(9)]
MIXED = ["2024-05-01T00:00:00Z", "2024-05-01T00:00:00.5Z", "2024-05-01T00:00:01.250Z", "2024-05-01T23:59:59.999Z"]
FINE = ["2024-05-01T00:00:00.000001Z", "2024-05-01T00:00:01Z"]
SPANS = ["2024-05-01T00:00:00Z/2024-05-01T01:00:00Z", "2024-05-01T01:00:00Z"]
OLD = ["1969-12-31T23:59:59.750Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z"]


def filled(town: Town, times: list[str], components: list[str], rows: list[list[Any]]) -> int:
    """Make a datastream of its own with rows; give its number."""
    stream = town.add(f"Spalten{next(_NAMES)}", (9.0, 47.0), "trial")
    block = {"Datastream": {"@iot.id": stream}, "components": components, "dataArray": rows}
    answer = town.post("CreateObservations", [block])
    assert answer.status_code == 201, answer.text
    assert all(address.startswith("http") for address in answer.json()), answer.json()
    assert len(answer.json()) == len(times)
    return stream


def page(town: Town, stream: int, **options: str) -> list[dict[str, Any]]:
    """Read a datastream as one page, with a token that may see it."""
    found: list[dict[str, Any]] = town.client.get(
        f"/sensorthings/v1.1/Datastreams({stream})/Observations",
        params={f"${name}": value for name, value in options.items()},
        headers={"Authorization": f"Bearer {town.tokens['trial']}"},
    ).json()["value"]
    return found


def single(town: Town, number: int) -> dict[str, Any]:
    """Read one observation by itself."""
    found: dict[str, Any] = town.client.get(
        f"/sensorthings/v1.1/Observations({number})", headers={"Authorization": f"Bearer {town.tokens['trial']}"}
    ).json()
    return found


@pytest.mark.parametrize("times", [SECONDS, MIXED, FINE, SPANS, OLD], ids=["seconds", "mixed", "fine", "spans", "old"])
@pytest.mark.parametrize("late", [True, False])
def test_a_page_says_what_each_one_says(town: Town, times: list[str], late: bool) -> None:
    numbers = itertools.cycle([1, -0.5, 12.25, 1e-7, 0, 49.999])
    known = itertools.cycle(["2024-06-01T00:00:00Z", "2024-06-01T00:00:00.125Z"])
    names = ["phenomenonTime", "result", *(["resultTime"] if late else [])]
    rows: list[list[Any]] = [[time, next(numbers), *([next(known)] if late else [])] for time in times]
    stream = filled(town, times, names, rows)
    found = page(town, stream, top="100")
    starts = [dt.datetime.fromisoformat(entity["phenomenonTime"].partition("/")[0]) for entity in found]
    assert starts == sorted(dt.datetime.fromisoformat(time.partition("/")[0]) for time in times)
    for entity in found:
        assert entity == single(town, entity["@iot.id"])
    sent = {dt.datetime.fromisoformat(row[0].partition("/")[0]): row[1] for row in rows}
    assert [entity["result"] for entity in found] == [sent[start] for start in starts]


def test_a_data_array_says_what_the_page_says(town: Town) -> None:
    stream = filled(town, MIXED, ["phenomenonTime", "result"], [[time, place] for place, time in enumerate(MIXED)])
    (block,) = page(town, stream, resultFormat="dataArray")
    assert block["components"] == ["id", "phenomenonTime", "resultTime", "result"]
    assert block["dataArray"] == [
        [entity["@iot.id"], entity["phenomenonTime"], entity["resultTime"], entity["result"]]
        for entity in page(town, stream)
    ]


def test_bad_rows_are_named_and_the_good_ones_stay(town: Town) -> None:
    stream = town.add(f"Spalten{next(_NAMES)}", (9.0, 47.0), "trial")
    rows = [[time, 1.0] for time in SECONDS]
    rows[2][1], rows[5][0] = 1_000.0, "yesterday"
    block = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    answers = town.post("CreateObservations", [block]).json()
    assert [place for place, answer in enumerate(answers) if answer.startswith("error")] == [2, 5]
    assert "outside" in answers[2] and "yesterday" in answers[5]
    assert len(page(town, stream)) == len(SECONDS) - 2
    again = town.post("CreateObservations", [block]).json()
    assert again == answers
