"""Clause 9.3.3.5.2: functions of place, and of intervals of time."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import Api, location, point, thing, unique
from tests.standards.sensorthings.conformance import proves

pytestmark = proves("request-data/built-in-query-functions")
RING = [[30.0, 10.0], [10.0, 20.0], [20.0, 40.0], [40.0, 40.0], [30.0, 10.0]]
SHAPES = {
    "inside": point(25, 25),
    "corner": point(30, 10),
    "outside": point(-10, -10),
    "line": {"type": "LineString", "coordinates": [[30.0, 10.0], [10.0, 30.0], [40.0, 40.0]]},
    "through": {"type": "LineString", "coordinates": [[0.0, 25.0], [60.0, 25.0]]},
    "ring": {"type": "Polygon", "coordinates": [RING]},
    "shifted": {"type": "Polygon", "coordinates": [[[x + 5, y + 5] for x, y in RING]]},
    "far": {"type": "Polygon", "coordinates": [[[x + 100, y] for x, y in RING]]},
}
POLYGON = "geography'POLYGON ((30 10, 10 20, 20 40, 40 40, 30 10))'"


@pytest.fixture(scope="module")
def places(api: Api) -> str:
    """Make locations of the shapes above; give the property that marks them."""
    mark = unique("mark")
    for name, shape in SHAPES.items():
        api.create("Locations", location(name=name, location=shape, properties={"mark": mark}))
    return mark


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("st_equals(location, geography'POINT (25 25)')", {"inside"}),
        (f"st_equals(location, {POLYGON})", {"ring"}),
        (f"st_disjoint(location, {POLYGON})", {"outside", "far"}),
        (f"st_touches(location, {POLYGON})", {"corner"}),
        (f"st_within(location, {POLYGON})", {"inside", "ring"}),
        (f"st_overlaps(location, {POLYGON})", {"shifted"}),
        (f"st_crosses(location, {POLYGON})", {"line", "through"}),
        (f"st_intersects(location, {POLYGON})", set(SHAPES) - {"outside", "far"}),
        ("st_intersects(location, geography'POINT (25 25)')", {"inside", "through", "ring", "shifted"}),
        ("st_contains(location, geography'POINT (25 26)')", {"ring", "shifted"}),
        (f"st_relate(location, {POLYGON}, 'T*F**F***')", {"inside", "ring"}),
        (f"st_relate(location, {POLYGON}, 'FF*FF****')", {"outside", "far"}),
        ("st_within(location, geography'POLYGON((24 24,26 24,26 26,24 26,24 24))')", {"inside"}),
        (
            f"st_intersects(location, {POLYGON}) and not st_within(location, {POLYGON}) and name ne 'line'",
            {"corner", "through", "shifted"},
        ),
    ],
)
def test_shapes_relate(api: Api, places: str, written: str, found: set[str]) -> None:
    """req/request-data/built-in-query-functions: the spatial relations of Simple Features, with WKT literals."""
    got = api.values("Locations", filter=f"properties/mark eq '{places}' and ({written})")
    assert {entry["name"] for entry in got} == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("geo.distance(location, geography'POINT (25 25)') eq 0", {"inside"}),
        ("geo.distance(location, geography'POINT (25 25)') lt 0.5", {"inside"}),
        ("geo.distance(location, geography'POINT (25 25)') gt 1", {"corner", "outside"}),
        ("geo.distance(location, geography'POINT (30 10)') le 0 or name eq 'outside'", {"corner", "outside"}),
        (f"geo.intersects(location, {POLYGON})", {"inside", "corner"}),
        (f"not geo.intersects(location, {POLYGON})", {"outside"}),
    ],
)
def test_points_have_a_distance_and_meet_polygons(api: Api, places: str, written: str, found: set[str]) -> None:
    """req/request-data/built-in-query-functions: geo.distance of two points, geo.intersects of point and polygon."""
    points = "(name eq 'inside' or name eq 'corner' or name eq 'outside')"
    got = api.values("Locations", filter=f"properties/mark eq '{places}' and {points} and ({written})")
    assert {entry["name"] for entry in got} == found


def test_the_nearest_can_be_asked_for(api: Api, places: str) -> None:
    """req/request-data/built-in-query-functions: a function of place orders too."""
    chosen = f"properties/mark eq '{places}' and (name eq 'inside' or name eq 'corner' or name eq 'outside')"
    order = "geo.distance(location, geography'POINT (26 26)')"
    got = api.values("Locations", filter=chosen, orderby=order)
    assert [entry["name"] for entry in got] == ["inside", "corner", "outside"]


def test_length_is_measured_of_lines(api: Api, places: str) -> None:
    """req/request-data/built-in-query-functions: geo.length of a line, longer for the longer one."""
    line = "geography'LINESTRING (0 0, 0 1)'"
    through = f"properties/mark eq '{places}' and name eq 'through' and geo.length(location)"
    assert len(api.values("Locations", filter=f"{through} gt geo.length({line})")) == 1
    assert api.values("Locations", filter=f"{through} lt geo.length({line})") == []


def test_things_are_found_by_their_place(api: Api) -> None:
    """req/request-data/built-in-query-functions: places of linked entities, as in the standard's example."""
    name = unique("Placed")
    host = api.create("Things", thing(name=name, Locations=[location(location=point(12, 50))]))
    near = f"name eq '{name}' and st_within(Locations/location, geography'POLYGON((11 49,13 49,13 51,11 51,11 49))')"
    far = f"name eq '{name}' and geo.distance(Locations/location, geography'POINT(-122 43)') lt 1"
    assert api.ids("Things", filter=near) == [host]
    assert api.ids("Things", filter=far) == []


def test_features_are_filtered_by_their_shape(api: Api) -> None:
    """req/request-data/built-in-query-functions: ``feature`` is a place like ``location``."""
    stream = api.station()
    seen = api.observe(stream, 1, "2024-05-01T00:00:00Z")
    inside = "st_within(FeatureOfInterest/feature, geography'POLYGON((9 47,10 47,10 48,9 48,9 47))')"
    assert api.ids(f"Datastreams({stream})/Observations", filter=inside) == [seen]
    assert api.values(f"Datastreams({stream})/Observations", filter=f"not {inside}") == []


@pytest.mark.parametrize(
    "written",
    [
        "st_within(location, geography'POLYGON((1 1,2 2')",
        "st_within(location, geography'CIRCLE(1 1)')",
        "st_within(location)",
        "st_within(name, geography'POINT(1 1)')",
        "geo.distance(location, 'POINT(1') lt 1",
    ],
)
def test_what_is_no_shape_is_a_bad_request(api: Api, written: str) -> None:
    """req/request-data/built-in-query-functions: a literal that is no WKT is refused."""
    assert api.get("Locations", filter=written).status_code == 400


@pytest.fixture(scope="module")
def spans(api: Api) -> Any:
    """Give a datastream of four intervals of phenomenon time, result 1 to 4."""
    stream = api.station()
    for number, (start, end) in enumerate((("00", "02"), ("01", "03"), ("02", "04"), ("06", "08")), start=1):
        span = f"2024-05-01T{start}:00:00Z/2024-05-01T{end}:00:00Z"
        api.observe(stream, number, span, validTime=span)
    return stream


T, S = "2024-05-01T{}:00:00Z", "2024-05-01T{}:00:00Z/2024-05-01T{}:00:00Z"


@pytest.mark.parametrize("word", ["phenomenonTime", "validTime"])
@pytest.mark.parametrize(
    ("written", "results"),
    [
        (f"before({{0}}, {S.format('04', '05')})", [1, 2, 3]),
        (f"before({{0}}, {T.format('03')})", [1, 2]),
        (f"before({T.format('01')}, {{0}})", [3, 4]),
        (f"after({{0}}, {S.format('00', '02')})", [3, 4]),
        (f"after({T.format('02')}, {{0}})", [1]),
        (f"meets({{0}}, {S.format('04', '06')})", [3, 4]),
        (f"meets({T.format('02')}, {{0}})", [1, 3]),
        (f"during({{0}}, {S.format('00', '03')})", [1, 2]),
        (f"during({T.format('02')}, {{0}})", [2, 3]),
        (f"overlaps({{0}}, {S.format('02', '03')})", [2, 3]),
        (f"overlaps({{0}}, {T.format('01')})", [1, 2]),
        (f"starts({{0}}, {S.format('01', '09')})", [2]),
        (f"starts({T.format('06')}, {{0}})", [4]),
        (f"finishes({{0}}, {S.format('01', '04')})", [3]),
        (f"finishes({T.format('03')}, {{0}})", [2]),
        ("{0} lt 2024-05-01T03:30:00Z", [1, 2]),
        ("{0} gt 2024-05-01T00:30:00Z", [2, 3, 4]),
        (f"{{0}} eq {S.format('01', '03')}", [2]),
        (f"{{0}} le {S.format('01', '03')}", [1, 2]),
        (f"{{0}} ge {S.format('01', '03')}", [2, 3, 4]),
        (f"{{0}} lt {S.format('02', '03')}", [1]),
        (f"{{0}} gt {S.format('00', '01')}", [2, 3, 4]),
    ],
)
def test_intervals_are_half_open(api: Api, spans: Any, word: str, written: str, results: list[int]) -> None:
    """req/request-data/built-in-query-functions: the functions and comparisons of half-open intervals."""
    found = api.values(f"Datastreams({spans})/Observations", filter=written.format(word), orderby="result")
    assert [entry["result"] for entry in found] == results


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        (f"before(phenomenonTime, {T.format('01')})", [0]),
        (f"after(phenomenonTime, {T.format('01')})", [2]),
        (f"during(phenomenonTime, {S.format('00', '02')})", [0, 1]),
        (f"overlaps(phenomenonTime, {S.format('01', '02')})", [1]),
        (f"meets(phenomenonTime, {T.format('01')})", [1]),
        (f"starts(phenomenonTime, {T.format('02')})", [2]),
        (f"finishes(phenomenonTime, {T.format('00')})", [0]),
    ],
)
def test_instants_are_compared_with_intervals(api: Api, written: str, hours: list[int]) -> None:
    """req/request-data/built-in-query-functions: an instant takes the place of an interval."""
    stream = api.station()
    for hour in range(3):
        api.observe(stream, hour, f"2024-05-01T0{hour}:00:00Z")
    found = api.values(f"Datastreams({stream})/Observations", filter=written, orderby="result")
    assert [entry["result"] for entry in found] == hours


def test_a_datastream_is_found_by_its_span(api: Api, spans: Any) -> None:
    """req/request-data/built-in-query-functions: a Datastream's phenomenonTime is an interval."""
    chosen = f"id eq {spans} and "
    assert api.ids("Datastreams", filter=f"{chosen}overlaps(phenomenonTime, {S.format('03', '05')})") == [spans]
    assert api.ids("Datastreams", filter=f"{chosen}after(phenomenonTime, {T.format('00')})") == []
