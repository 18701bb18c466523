"""``$apply`` over HTTP: means by hours and days, and questions that cannot be answered."""

from typing import Any

import pytest

from allmende.kernel.clock import iso_from_micros
from tests.apis.conftest import MINUTE, START, VALUES, Town

HOUR = 60 * MINUTE
MEAN = "aggregate(result with average as mean)"
ALL = (
    "aggregate(result with average as mean,result with min as low,result with max as high,result with sum as total,"
    "$count as count,result with first as first,result with last as last)"
)


def _hours(count: int) -> dict[str, list[float]]:
    """Put the town's values together by hours."""
    groups: dict[str, list[float]] = {}
    for number in range(count):
        begin = (START + number * MINUTE) // HOUR * HOUR
        text = f"{iso_from_micros(begin)}/{iso_from_micros(begin + HOUR)}"
        groups.setdefault(text, []).append(round(number / 10 - 5, 1))
    return groups


def _path(town: Town, name: str = "Stephansplatz") -> str:
    return f"Datastreams({town.streams[name]})/Observations"


@pytest.mark.parametrize("zone", ["", ",'Europe/Berlin'", ", 'UTC'"])
def test_the_hours_of_a_datastream(town: Town, zone: str) -> None:
    rows = town.values(_path(town), apply=f"groupby((hour(phenomenonTime{zone})),{ALL})")
    wanted = _hours(VALUES)
    assert [row["phenomenonTime"] for row in rows] == list(wanted)
    for row, values in zip(rows, wanted.values(), strict=True):
        assert set(row) == {"phenomenonTime", "mean", "low", "high", "total", "count", "first", "last"}
        assert (row["low"], row["high"], row["count"]) == (min(values), max(values), len(values))
        assert (row["first"], row["last"]) == (values[0], values[-1])
        assert row["total"] == pytest.approx(sum(values))
        assert row["mean"] == pytest.approx(sum(values) / len(values))


def test_a_day_of_a_named_zone_is_told_in_utc(town: Town) -> None:
    (row,) = town.values(_path(town), apply="groupby((day(phenomenonTime,'Europe/Berlin')),aggregate($count as n))")
    assert row == {"phenomenonTime": "2024-07-02T22:00:00Z/2024-07-03T22:00:00Z", "n": VALUES}
    (row,) = town.values(_path(town), apply="groupby((year(phenomenonTime)),aggregate($count as n))")
    assert row == {"phenomenonTime": "2024-01-01T00:00:00Z/2025-01-01T00:00:00Z", "n": VALUES}


def test_the_days_of_all_open_datastreams(town: Town) -> None:
    apply = "groupby((Datastream/@iot.id,day(phenomenonTime)),aggregate($count as n,result with sum as total))"
    found = {row["Datastream@iot.id"]: row["n"] for row in town.values("Observations", apply=apply)}
    first, second = town.streams["Stephansplatz"], town.streams["Döbele"]
    assert found == {first: VALUES, second: 20}
    (row,) = town.values(
        "Observations", apply=apply, filter=f"Datastream/@iot.id in ({second},{town.streams['Küche']})"
    )
    assert (row["Datastream@iot.id"], row["n"]) == (second, 20)
    (row,) = town.values(_path(town, "Döbele"), apply=apply)
    assert row["Datastream@iot.id"] == second


def test_bounds_of_time_narrow_the_groups(town: Town) -> None:
    since, until = iso_from_micros(START + 10 * MINUTE), iso_from_micros(START + 20 * MINUTE)
    apply = f"groupby((day(phenomenonTime)),{ALL})"
    for bounds in (
        f"phenomenonTime ge {since} and phenomenonTime lt {until}",
        f"during(phenomenonTime,{since}/{until})",
    ):
        (row,) = town.values(_path(town), apply=apply, filter=bounds)
        assert (row["count"], row["first"], row["last"]) == (10, -4.0, -3.1)
    assert town.values(_path(town), apply=apply, filter="phenomenonTime gt 2030-01-01T00:00:00Z") == []
    assert town.values(_path(town), apply=apply, filter=f"phenomenonTime lt {since} and false") == []


def test_what_the_rules_do_not_open_makes_no_group(town: Town) -> None:
    answer = town.get(_path(town, "Küche"), apply=f"groupby((day(phenomenonTime)),{MEAN})")
    assert answer.status_code == 404
    assert town.get("Datastreams(4711)/Observations", apply=f"groupby((day(phenomenonTime)),{MEAN})").status_code == 404


def test_words_of_other_kinds_leave_no_groups_and_no_errors(town: Town) -> None:
    answer = town.get(_path(town), apply=f"groupby((day(phenomenonTime)),{MEAN})", filter="false")
    assert answer.json() == {"value": []}
    assert answer.headers["content-type"] == "application/json"
    known = answer.headers["etag"]
    again = town.client.get(answer.request.url, headers={"If-None-Match": known})
    assert again.status_code == 304


APPLIES: list[tuple[str, int]] = [
    ("", 1),
    ("aggregate(result with average as mean)", 1),
    ("groupby", 8),
    ("groupby()", 9),
    ("groupby(())", 10),
    ("groupby((day(phenomenonTime)))", 30),
    (f"groupby((day(phenomenonTime)),{MEAN}", 69),
    (f"groupby((day(phenomenonTime)),{MEAN}))", 70),
    (f"groupby((day(phenomenonTime)),{MEAN})/filter(mean gt 1)", 70),
    (f"groupby((Datastream/@iot.id),{MEAN})", 10),
    (f"groupby((day(phenomenonTime),day(phenomenonTime)),{MEAN})", 30),
    (f"groupby((week(phenomenonTime)),{MEAN})", 10),
    (f"groupby((result),{MEAN})", 10),
    (f"groupby((day(resultTime)),{MEAN})", 14),
    (f"groupby((day(phenomenonTime,Berlin)),{MEAN})", 29),
    (f"groupby((day(phenomenonTime,'Europe/Bonn')),{MEAN})", 29),
    (f"groupby((day(phenomenonTime,'Europe')),{MEAN})", 29),
    (f"groupby((day(phenomenonTime,'../../etc/passwd')),{MEAN})", 29),
    (f"groupby((day(phenomenonTime,'')),{MEAN})", 29),
    ("groupby((day(phenomenonTime,'" + "x" * 5_000 + f"')),{MEAN})", 29),
    ("groupby((day(phenomenonTime)),aggregate())", 41),
    ("groupby((day(phenomenonTime)),aggregate(result))", 47),
    ("groupby((day(phenomenonTime)),aggregate(result with median as m))", 53),
    ("groupby((day(phenomenonTime)),aggregate(result with average))", 60),
    ("groupby((day(phenomenonTime)),aggregate(result with average as 'm'))", 64),
    ("groupby((day(phenomenonTime)),aggregate(result with average as phenomenonTime))", 64),
    ("groupby((day(phenomenonTime)),aggregate(result with average as m,$count as m))", 76),
    ("groupby((day(phenomenonTime)),aggregate(resultTime with max as m))", 41),
    ("groupby((day(phenomenonTime)),aggregate($count with max as m))", 48),
    ("groupby((day(phenomenonTime)),aggregate($value as m))", 41),
]


def _refused(answer: Any, option: str, place: int) -> None:
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem["title"].startswith((f"{option}, Zeichen {place}:", f"{option}, character {place}:")), problem


@pytest.mark.parametrize(("apply", "place"), APPLIES, ids=[apply[:60] for apply, _ in APPLIES])
def test_what_cannot_be_read_is_refused_with_its_place(town: Town, apply: str, place: int) -> None:
    _refused(town.get(_path(town), apply=apply), "$apply", place)


def test_what_cannot_be_put_together_is_refused(town: Town) -> None:
    apply = f"groupby((day(phenomenonTime)),{MEAN})"
    _refused(town.get("Observations", apply=apply), "$apply", 1)
    for path in ("Things", f"Things({town.things['Döbele']})", f"{_path(town)}/$ref", "FeaturesOfInterest"):
        _refused(town.get(path, apply=apply), "$apply", 1)
    for name in ("top", "skip", "orderby", "select", "expand", "count", "skiptoken", "colour"):
        _refused(town.get(_path(town), apply=apply, **{name: "1"}), f"${name}", 1)
    for name in ("CSV", "dataArray", "GeoJSON", "Arrow"):
        _refused(town.get(_path(town), apply=apply, resultFormat=name), "$resultFormat", 1)
    assert town.get(_path(town), apply=apply, resultFormat="JSON").status_code == 200
    for bounds in (
        "result gt 5",
        "not phenomenonTime lt 2024-01-01T00:00:00Z",
        "phenomenonTime eq 2024-01-01T00:00:00Z",
    ):
        _refused(town.get(_path(town), apply=apply, filter=bounds), "$filter", 1)
    _refused(town.get("Datastreams", expand=f"Observations($apply={apply})"), "$expand", 14)
