"""Clause 9.3.3: ``$orderby``, ``$top``, ``$skip``, ``$count`` and the pages of the service."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import Api, link, sensor, thing, unique
from tests.standards.sensorthings.conformance import proves

VALUES = (3, 1, 2, 1, 3)


@pytest.fixture(scope="module")
def series(api: Api) -> Any:
    """Give a datastream with the values above, one an hour, the second and fourth without a result time."""
    stream = api.station()
    for hour, value in enumerate(VALUES):
        more = {} if hour in (1, 3) else {"resultTime": f"2024-05-01T1{hour}:00:00Z"}
        api.observe(stream, value, f"2024-05-01T0{hour}:00:00Z", **more)
    return stream


def _hours(api: Api, series: Any, **options: object) -> list[int]:
    found = api.values(f"Datastreams({series})/Observations", **options)
    return [int(entry["phenomenonTime"][11:13]) for entry in found]


@proves("request-data/orderby")
@pytest.mark.parametrize(
    ("order", "hours"),
    [
        ("phenomenonTime", [0, 1, 2, 3, 4]),
        ("phenomenonTime asc", [0, 1, 2, 3, 4]),
        ("phenomenonTime desc", [4, 3, 2, 1, 0]),
        ("result,phenomenonTime", [1, 3, 2, 0, 4]),
        ("result desc,phenomenonTime", [0, 4, 2, 1, 3]),
        ("result, phenomenonTime desc", [3, 1, 2, 4, 0]),
        ("result  asc,  phenomenonTime  desc", [3, 1, 2, 4, 0]),
    ],
)
def test_entities_come_in_the_order_that_is_asked_for(api: Api, series: Any, order: str, hours: list[int]) -> None:
    """req/request-data/orderby: one expression after the other, ascending unless desc is said."""
    assert _hours(api, series, orderby=order) == hours


@proves("request-data/orderby")
@pytest.mark.parametrize(
    ("order", "hours"),
    [
        ("resultTime,phenomenonTime", [1, 3, 0, 2, 4]),
        ("resultTime desc,phenomenonTime", [4, 2, 0, 1, 3]),
    ],
)
def test_null_comes_before_values(api: Api, series: Any, order: str, hours: list[int]) -> None:
    """req/request-data/orderby: null before what is not null when ascending, after it when descending."""
    assert _hours(api, series, orderby=order) == hours


@proves("request-data/orderby")
@pytest.mark.parametrize(
    ("order", "hours"),
    [
        ("result mul -1,phenomenonTime", [0, 4, 2, 1, 3]),
        ("result mod 2,phenomenonTime", [2, 0, 1, 3, 4]),
        ("hour(phenomenonTime) desc", [4, 3, 2, 1, 0]),
    ],
)
def test_expressions_order_too(api: Api, series: Any, order: str, hours: list[int]) -> None:
    """req/request-data/orderby: functions and arithmetic may stand in the list."""
    assert _hours(api, series, orderby=order) == hours


@proves("request-data/orderby")
@pytest.mark.parametrize("order", ["Thing/name", "Thing/id", "Thing/properties/rank", "properties/place/number"])
def test_related_and_inner_properties_order(api: Api, order: str) -> None:
    """req/request-data/orderby: a path through a link, or into an object, ends at a primitive property."""
    probe = api.create("Sensors", sensor())
    made = []
    for rank in (1, 2, 3):
        host = api.create("Things", thing(name=unique(f"Rank {rank}"), properties={"rank": rank}))
        body = api.datastream(Thing=link(host), Sensor=link(probe), properties={"place": {"number": rank}})
        made.append(api.create("Datastreams", body))
    assert api.ids(f"Sensors({probe})/Datastreams", orderby=order) == made
    assert api.ids(f"Sensors({probe})/Datastreams", orderby=f"{order} desc") == made[::-1]


@proves("request-data/orderby")
def test_observations_are_ordered_by_their_datastream(api: Api) -> None:
    """req/request-data/orderby: the standard's own example, the linked Datastream's id and then the time."""
    streams = sorted(api.station() for _ in range(2))
    for stream in streams:
        for hour in (1, 0):
            api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z")
    chosen = " or ".join(f"Datastream/id eq {stream}" for stream in streams)
    found = api.values(
        *("Observations",), filter=chosen, orderby="Datastream/id desc, phenomenonTime", expand="Datastream"
    )
    assert [(entry["Datastream"]["@iot.id"], entry["result"]) for entry in found] == [
        *((streams[1], 0), (streams[1], 1), (streams[0], 0), (streams[0], 1)),
    ]


@proves("request-data/top")
@pytest.mark.parametrize("number", [0, 1, 3, 5, 20])
def test_top_limits_the_number(api: Api, series: Any, number: int) -> None:
    """req/request-data/top: at most so many items come, zero too."""
    assert len(_hours(api, series, top=number)) == min(number, len(VALUES))


@proves("request-data/top")
def test_top_above_the_limit_of_the_service_is_set_aside(api: Api, series: Any) -> None:
    """req/request-data/top: a number above the service's page is discarded and the service's page comes."""
    assert len(_hours(api, series, top=1_000_000_000)) == len(VALUES)


@proves("request-data/top")
def test_the_order_is_stable(api: Api, series: Any) -> None:
    """req/request-data/top: without an order of the client's the service keeps one of its own."""
    first = _hours(api, series, top=3)
    assert all(_hours(api, series, top=3) == first for _ in range(3))
    assert _hours(api, series, top=2) == first[:2]


@proves("request-data/skip")
@pytest.mark.parametrize(("number", "hours"), [(0, [0, 1, 2, 3, 4]), (2, [2, 3, 4]), (5, []), (50, [])])
def test_skip_leaves_the_first_out(api: Api, series: Any, number: int, hours: list[int]) -> None:
    """req/request-data/skip: the items after the n-th come."""
    assert _hours(api, series, skip=number, orderby="phenomenonTime") == hours


@proves("request-data/skip")
def test_skip_comes_before_top(api: Api, series: Any) -> None:
    """req/request-data/skip: whatever stands first in the address, skip is applied before top."""
    assert _hours(api, series, top=2, skip=2, orderby="phenomenonTime") == [2, 3]
    assert _hours(api, series, skip=2, top=2, orderby="phenomenonTime") == [2, 3]


@proves("request-data/skip")
def test_skips_make_up_the_whole(api: Api, series: Any) -> None:
    """req/request-data/skip: without an order, skipping through gives each item once."""
    found = [hour for number in range(len(VALUES)) for hour in _hours(api, series, skip=number, top=1)]
    assert sorted(found) == [0, 1, 2, 3, 4]


@proves("request-data/count")
@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({}, 5),
        ({"top": 1}, 5),
        ({"skip": 3}, 5),
        ({"filter": "result eq 1"}, 2),
        ({"filter": "result gt 1", "top": 1, "skip": 1, "orderby": "result"}, 3),
        ({"filter": "result gt 100"}, 0),
        ({"top": 0}, 5),
    ],
)
def test_the_count_heeds_the_filter_alone(api: Api, series: Any, options: dict[str, object], number: int) -> None:
    """req/request-data/count: all that match the filter are counted, whatever top and skip leave over."""
    assert api.body(f"Datastreams({series})/Observations", count="true", **options)["@iot.count"] == number


@proves("request-data/count")
def test_without_asking_nothing_is_counted(api: Api, series: Any) -> None:
    """req/request-data/count: false, or nothing said, hints that no count comes."""
    path = f"Datastreams({series})/Observations"
    assert "@iot.count" not in api.body(path, count="false")
    assert "@iot.count" not in api.body(path)


@proves("request-data/count")
@pytest.mark.parametrize("value", ["yes", "1", ""])
def test_count_is_true_or_false(api: Api, series: Any, value: str) -> None:
    """req/request-data/count: any other value is a bad request."""
    assert api.get(f"Datastreams({series})/Observations?$count={value}").status_code == 400


@proves("request-data/count")
def test_the_count_of_a_set_grows_with_it(api: Api) -> None:
    """req/request-data/count: the count of a whole set is the number of its entities."""
    before = api.body("Sensors", count="true", top=0)["@iot.count"]
    api.create("Sensors", sensor())
    assert api.body("Sensors", count="true", top=0)["@iot.count"] == before + 1


@proves("request-data/pagination")
@pytest.mark.parametrize("order", ["", "result", "result desc", "phenomenonTime desc", "resultTime"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_next_links_lead_through_the_whole(api: Api, series: Any, order: str, size: int) -> None:
    """req/request-data/pagination: a part of the items has a nextLink to the next part, the last part has none."""
    options: dict[str, object] = {"top": size, **({"orderby": order} if order else {})}
    pages = api.pages(f"Datastreams({series})/Observations", **options)
    found = [entry["@iot.id"] for page in pages for entry in page]
    whole = api.ids(f"Datastreams({series})/Observations", **({"orderby": order} if order else {}))
    assert sorted(found) == sorted(whole)
    assert len(set(found)) == len(VALUES)
    assert all(page for page in pages)


@proves("request-data/pagination")
def test_next_links_keep_what_was_asked(api: Api, series: Any) -> None:
    """req/request-data/pagination: filter, select, expand and count go on behind the nextLink."""
    options = {"filter": "result ne 2", "select": "result,Datastream", "expand": "Datastream", "orderby": "result"}
    pages = api.pages(f"Datastreams({series})/Observations", top=2, count="true", **options)
    assert [entry["result"] for page in pages for entry in page] == [1, 1, 3, 3]
    assert all(entry["Datastream"]["@iot.id"] == series for page in pages for entry in page)
    assert not any("phenomenonTime" in entry for page in pages for entry in page)


@proves("request-data/pagination")
def test_the_service_pages_by_itself(api: Api) -> None:
    """req/request-data/pagination: without top the service limits its pages, and they are complete together."""
    stream = api.station()
    rows = [[f"2024-05-{day + 1:02}T{hour:02}:00:00Z", day * 24 + hour] for day in range(10) for hour in range(24)]
    block = {"Datastream": link(stream), "components": ["phenomenonTime", "result"], "dataArray": rows}
    assert api.post("CreateObservations", [block]).status_code == 201
    pages = api.pages(f"Datastreams({stream})/Observations")
    assert sorted(entry["result"] for page in pages for entry in page) == list(range(240))


@proves("request-data/pagination")
def test_what_arrives_meanwhile_doubles_nothing(api: Api) -> None:
    """req/request-data/pagination: following the links gives each item once while new ones arrive."""
    stream = api.station()
    for hour in range(6):
        api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z")
    answer = api.body(f"Datastreams({stream})/Observations", top=2, orderby="phenomenonTime desc")
    found = [entry["result"] for entry in answer["value"]]
    for hour in (6, 7, 8):
        api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z")
    for page in api.pages(answer["@iot.nextLink"]):
        found += [entry["result"] for entry in page]
    assert found == [5, 4, 3, 2, 1, 0]
