"""The request-data classes of SensorThings 1.1 (18-088, clause 9), clause by clause over HTTP."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.query import Arrival, Location, Thing
from allmende.kernel.clock import iso_from_micros
from tests.apis.conftest import BASE, COLLECT, MINUTE, RULES, Town, served

HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
NIGHT = 1_719_964_800_000_000  # 2024-07-03T00:00:00Z


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
)
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve three stations: one with a value an hour for a day, one with four intervals, one without values."""
    home = tmp_path_factory.mktemp("city")
    url = str(home / "observations.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new()
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    made = Town(gate)
    for name, place in (("Ufer", (9.1, 47.6)), ("Wald", (9.2, 47.7)), ("Berg", (9.3, 47.8))):
        made.add(name, place, "weather")
    grant = gate.grant(COLLECT)
    hourly = [
        Arrival(
            datastream_id=made.streams["Ufer"],
            phenomenon_start=NIGHT + hour * HOUR,
            result=hour / 2,
            result_time=NIGHT + hour * HOUR + 90_500_000,
            parameters={"depth": hour % 3, "note": "früh" if hour < 12 else "spät"},
        )
        for hour in range(24)
    ]
    means = [
        Arrival(
            datastream_id=made.streams["Wald"],
            phenomenon_start=NIGHT + quarter * 6 * HOUR,
            phenomenon_end=NIGHT + (quarter + 1) * 6 * HOUR,
            result=20.0 + quarter,
        )
        for quarter in range(4)
    ]
    gate.append(grant, [*hourly, *means])
    shore = {"type": "LineString", "coordinates": [[9.0, 47.5], [9.0, 47.9]]}
    number = gate.create(grant, "Locations", Location(name="Küste", description="", location=shore))
    field = {"type": "Polygon", "coordinates": [[[8, 47], [8.5, 47], [8.5, 47.5], [8, 47.5], [8, 47]]]}
    feature = {"type": "Feature", "geometry": field, "properties": {}}
    area = Location(name="Feld", description="", location=feature, encoding_type="application/json")
    places = (number, gate.create(grant, "Locations", area))
    gate.create(grant, "Things", Thing(name="Strecke", description="Weg", properties={"länge": 4}, location_ids=places))
    yield from served(made, home)


def _iso(hour: float) -> str:
    return iso_from_micros(NIGHT + int(hour * HOUR))


def _hours(city: Town, condition: str) -> list[int]:
    """Give the hours of the hourly station whose observations satisfy a condition."""
    path = f"Datastreams({city.streams['Ufer']})/Observations"
    return sorted(int(row["result"] * 2) for row in city.values(path, filter=condition))


def _quarters(city: Town, condition: str) -> list[int]:
    """Give the quarters of the day whose means satisfy a condition."""
    path = f"Datastreams({city.streams['Wald']})/Observations"
    return sorted(int(row["result"] - 20) for row in city.values(path, filter=condition))


@pytest.mark.parametrize(
    ("condition", "hours"),
    [
        ("result eq 3.5", [7]),
        ("result ne 3.5 and result le 4", [0, 1, 2, 3, 4, 5, 6, 8]),
        ("result gt 10 and not (result ge 11)", [21]),
        ("result lt 0.5 or result eq 11.5", [0, 23]),
        ("result in (1,2,3)", [2, 4, 6]),
        ("result add 1 eq 3", [4]),
        ("result sub 1 eq 3", [8]),
        ("result mul 2 eq 3", [3]),
        ("result div 2 eq 3", [12]),
        ("result mod 5 eq 1", [2, 12, 22]),
        ("result add 2 mul 3 eq 7", [2]),
        ("(result add 2) mul 3 eq 9", [2]),
        ("10 sub 4 sub 3 eq result", [6]),
        ("-result eq -2", [4]),
        ("result mul 2 add 1 gt 23 and result lt 100", [23]),
        ("true and result eq 2", [4]),
        ("result eq 2 eq true", [4]),
        ("round(result) eq 3", [5, 6]),
        ("floor(result) eq 3", [6, 7]),
        ("ceiling(result) eq 3", [5, 6]),
        ("parameters/depth eq 2 and result lt 4", [2, 5]),
        ("parameters/note eq 'früh' and result gt 5", [11]),
        ("substringof('rüh',parameters/note) and result gt 5", [11]),
        ("length(parameters/note) eq 4 and result gt 11", [23]),
        ("indexof(parameters/note,'t') eq 3 and result le 6", [12]),
        ("substring(parameters/note,1,2) eq 'pä' and result le 6", [12]),
        ("startswith(toupper(parameters/note),'SPÄ') and result le 6", [12]),
        ("endswith(concat(parameters/note,'ling'),'ätling') and result le 6", [12]),
        ("trim(concat(' ',concat(tolower('SPÄT'),' '))) eq parameters/note and result le 6", [12]),
        ("hour(phenomenonTime) eq 5", [5]),
        (
            "year(phenomenonTime) eq 2024 and month(phenomenonTime) eq 7 and day(phenomenonTime) eq 3 and result eq 1",
            [2],
        ),
        ("minute(resultTime) eq 1 and second(resultTime) eq 30 and result eq 1", [2]),
        ("fractionalseconds(resultTime) eq 0.5 and result eq 1", [2]),
        ("date(phenomenonTime) eq 2024-07-03 and result eq 1", [2]),
        ("date(phenomenonTime) eq date'2024-07-04'", []),
        ("time(phenomenonTime) ge 22:00:00", [22, 23]),
        ("time(phenomenonTime) lt time'01:30:00'", [0, 1]),
        ("totaloffsetminutes(phenomenonTime) eq 0 and result eq 1", [2]),
        ("phenomenonTime lt now() and phenomenonTime gt mindatetime() and result eq 1", [2]),
        ("phenomenonTime gt maxdatetime()", []),
        (f"phenomenonTime gt {_iso(22)}", [23]),
        (f"phenomenonTime ge {_iso(22)} sub duration'PT1H'", [21, 22, 23]),
        (f"phenomenonTime add duration'PT2H' gt {_iso(23)} add duration'PT30M'", [22, 23]),
        ("resultTime sub phenomenonTime gt duration'PT1M' and result eq 1", [2]),
        ("resultTime sub phenomenonTime gt duration'PT2M'", []),
        (f"before(phenomenonTime,{_iso(1)})", [0]),
        (f"after(phenomenonTime,{_iso(22)})", [23]),
        (f"during(phenomenonTime,{_iso(3)}/{_iso(5)})", [3, 4]),
        (f"overlaps(phenomenonTime,{_iso(3)}/{_iso(5)})", [3, 4]),
        (f"starts(phenomenonTime,{_iso(3)}/PT5H)", [3]),
        (f"phenomenonTime gt {_iso(21)}/{_iso(23)}", [23]),
        (f"phenomenonTime lt {_iso(2)}/{_iso(23)}", [0, 1]),
        ("phenomenonTime lt 2024-07-03T03:00:00+02:00", [0]),
        ("Datastream/id gt 0 and result eq 1", [2]),
        ("Datastream/@iot.id gt 0 and result eq 1", [2]),
        ("@iot.id gt 0 and result eq 1", [2]),
        ("Datastream/Thing/properties/slug eq 'ufer' and result eq 1", [2]),
        ("Datastream/unitOfMeasurement/symbol eq '°C' and result eq 1", [2]),
        ("FeatureOfInterest/name eq 'Ufer' and result eq 1", [2]),
        (
            "st_within(FeatureOfInterest/feature,geography'POLYGON ((9 47,9.1 48,9.2 47,9 47))') and result eq 1",
            [2],
        ),
        ("resultQuality eq 'unchecked' and result eq 1", [2]),
        ("resultTime ne null and result eq 1", [2]),
        ("parameters/nothing eq null and result eq 1", [2]),
    ],
)
def test_operators_and_functions(city: Town, condition: str, hours: list[int]) -> None:
    assert _hours(city, condition) == hours


@pytest.mark.parametrize(
    ("condition", "quarters"),
    [
        (f"phenomenonTime lt {_iso(12)}", [0, 1]),
        (f"phenomenonTime lt {_iso(11)}", [0]),
        (f"phenomenonTime ge {_iso(12)}", [2, 3]),
        (f"phenomenonTime gt {_iso(12)}", [3]),
        (f"phenomenonTime ge {_iso(6)} and phenomenonTime lt {_iso(18)}", [1, 2]),
        (f"phenomenonTime eq {_iso(6)}/{_iso(12)}", [1]),
        (f"phenomenonTime eq {_iso(6)}", []),
        (f"phenomenonTime ne {_iso(6)}/{_iso(12)}", [0, 2, 3]),
        (f"phenomenonTime le {_iso(6)}/{_iso(12)}", [0, 1]),
        (f"overlaps(phenomenonTime,{_iso(11)}/{_iso(13)})", [1, 2]),
        (f"overlaps(phenomenonTime,{_iso(12)})", [2]),
        (f"meets(phenomenonTime,{_iso(6)}/{_iso(12)})", [0, 2]),
        (f"starts(phenomenonTime,{_iso(6)}/{_iso(24)})", [1]),
        (f"finishes(phenomenonTime,{_iso(0)}/{_iso(12)})", [1]),
        (f"during(phenomenonTime,{_iso(5)}/{_iso(18)})", [1, 2]),
        (f"before(phenomenonTime,{_iso(6)}/{_iso(12)})", [0]),
        (f"after(phenomenonTime,{_iso(6)}/P1D)", []),
    ],
)
def test_intervals(city: Town, condition: str, quarters: list[int]) -> None:
    assert _quarters(city, condition) == quarters


AREA = "geography'POLYGON ((9.15 47.6, 9.3 47.6, 9.3 47.8, 9.15 47.8, 9.15 47.6))'"


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (f"st_within(location,{AREA})", ["Wald"]),
        (f"st_contains({AREA},location)", ["Wald"]),
        (f"st_touches(location,{AREA})", ["Berg"]),
        (f"st_intersects(location,{AREA})", ["Berg", "Wald"]),
        (f"geo.intersects(location,{AREA})", ["Berg", "Wald"]),
        (f"st_disjoint(location,{AREA})", ["Feld", "Küste", "Ufer"]),
        ("st_equals(location,geography'POINT (9.1 47.6)')", ["Ufer"]),
        ("st_crosses(location,geography'LINESTRING (8.9 47.7, 9.1 47.7)')", ["Küste"]),
        ("st_overlaps(location,geography'POLYGON ((8.2 47.2, 8.9 47.2, 8.9 47.9, 8.2 47.2))')", ["Feld"]),
        ("st_relate(location,geography'LINESTRING (8.9 47.7, 9.1 47.7)','0********')", ["Küste"]),
        ("geo.distance(location,geography'POINT (9.2 47.7)') lt 0.1", ["Wald"]),
        ("geo.distance(location,geometry'POINT (9.2 47.7)') lt 0.15", ["Berg", "Ufer", "Wald"]),
        ("geo.length(location) gt 0.3 and geo.length(location) lt 0.5", ["Küste"]),
        (f"not st_within(location,{AREA}) and startswith(name,'B')", ["Berg"]),
        ("Things/name eq 'Strecke'", ["Feld", "Küste"]),
        ("Things/properties/länge eq 4 and location/type eq 'LineString'", ["Küste"]),
    ],
)
def test_geometry(city: Town, condition: str, names: list[str]) -> None:
    assert sorted(row["name"] for row in city.values("Locations", filter=condition)) == names


def test_geometry_over_links_and_as_an_order(city: Town) -> None:
    near = f"st_within(Thing/Locations/location,{AREA})"
    assert [row["name"] for row in city.values("Datastreams", filter=near)] == ["Lufttemperatur Wald"]
    order = "geo.distance(location,geography'POINT (9.3 47.8)'),name desc"
    assert [row["name"] for row in city.values("Locations", orderby=order)][:3] == ["Berg", "Wald", "Ufer"]


def _follow(city: Town, address: str) -> list[dict[str, Any]]:
    """Follow next links to the end."""
    rows: list[dict[str, Any]] = []
    while address:
        answer = city.client.get(address)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["value"]
        address = answer.json().get("@iot.nextLink", "")
    return rows


@pytest.mark.parametrize(
    "order",
    [
        "result mul -1",
        "parameters/depth desc,phenomenonTime",
        "hour(phenomenonTime) mod 5,id",
        "Datastream/name,result desc",
    ],
)
def test_orders_by_expressions_and_paths_page_to_the_end(city: Town, order: str) -> None:
    path = f"{BASE}/Observations?$orderby={order}&$top=5&$filter=result lt 25&$count=true"
    rows = _follow(city, path)
    assert len(rows) == 28
    assert rows == city.values("Observations", orderby=order)


def test_an_inner_next_link_keeps_all_inner_options(city: Town) -> None:
    inner = "$filter=result ge 4;$orderby=result desc;$top=3;$select=result,phenomenonTime;$count=true"
    path = f"Datastreams({city.streams['Ufer']})"
    stream = city.get(path, expand=f"Observations({inner})").json()
    assert [row["result"] for row in stream["Observations"]] == [11.5, 11.0, 10.5]
    assert stream["Observations@iot.count"] == 16
    rest = _follow(city, stream["Observations@iot.nextLink"])
    assert [row["result"] for row in rest] == [number / 2 for number in range(20, 7, -1)]
    assert all(set(row) == {"@iot.id", "@iot.selfLink", "result", "phenomenonTime"} for row in rest)


def test_inner_entities_are_counted_and_paged(city: Town) -> None:
    (thing,) = city.values("Things", filter="name eq 'Strecke'", expand="Locations($top=1;$count=true)")
    assert thing["Locations@iot.count"] == 2
    assert [place["name"] for place in thing["Locations"]] == ["Küste"]
    assert [place["name"] for place in _follow(city, thing["Locations@iot.nextLink"])] == ["Feld"]
    things = city.values("Things", expand="Datastreams($count=true;$top=0)")
    assert sorted(row["Datastreams@iot.count"] for row in things) == [0, 1, 1, 1]
    assert all(row["Datastreams"] == [] and "Datastreams@iot.nextLink" not in row for row in things)


def test_expand_by_paths_and_within_one_another(city: Town) -> None:
    expand = "Datastreams/Sensor,Datastreams/ObservedProperty,Datastreams/Thing/Locations,Datastreams/Thing/Datastreams"
    (thing,) = city.values("Things", filter="name eq 'Ufer'", expand=expand)
    (stream,) = thing["Datastreams"]
    assert stream["Sensor"]["name"] == "Sensor Ufer"
    assert stream["ObservedProperty"]["name"] == "Temperatur Ufer"
    assert [place["name"] for place in stream["Thing"]["Locations"]] == ["Ufer"]
    assert [other["name"] for other in stream["Thing"]["Datastreams"]] == ["Lufttemperatur Ufer"]


def test_options_are_evaluated_in_the_order_of_the_standard(city: Town) -> None:
    answer = city.get(
        "Observations", filter="result lt 20", orderby="result desc", skip="2", top="3", count="true", select="result"
    ).json()
    assert answer["@iot.count"] == 24
    assert [row["result"] for row in answer["value"]] == [10.5, 10.0, 9.5]
    assert set(answer["value"][0]) == {"@iot.id", "@iot.selfLink", "result"}
    rows = _follow(city, answer["@iot.nextLink"])
    assert [row["result"] for row in rows] == [number / 2 for number in range(18, -1, -1)]


def test_the_client_may_ask_for_more_than_a_page_and_for_nothing(city: Town) -> None:
    assert len(city.values("Observations", top="1000000")) == 28
    assert city.get("Observations", top="0", count="true").json() == {"@iot.count": 28, "value": []}
    assert city.values("Observations", skip="28") == []
    assert "@iot.nextLink" not in city.get("Observations", top="28").json()


def test_select_names_properties_links_and_the_id(city: Town) -> None:
    (thing,) = city.values("Things", filter="name eq 'Ufer'", select="id,name,Datastreams")
    assert set(thing) == {"@iot.id", "@iot.selfLink", "name", "Datastreams@iot.navigationLink"}
    (thing,) = city.values("Things", filter="name eq 'Ufer'", select="name", expand="Datastreams($select=@iot.id)")
    assert set(thing["Datastreams"][0]) == {"@iot.id", "@iot.selfLink"}


def test_paths_lead_to_properties_their_parts_and_values(city: Town) -> None:
    thing, stream = city.things["Ufer"], city.streams["Ufer"]
    assert city.get(f"Things({thing})/properties").json() == {"properties": {"slug": "ufer", "height": 3}}
    assert city.get(f"Things({thing})/properties/slug").json() == {"slug": "ufer"}
    assert city.get(f"Things({thing})/properties/height/$value").text == "3"
    assert msgspec.json.decode(city.get(f"Things({thing})/properties/$value").content)["slug"] == "ufer"
    assert city.get(f"Things({thing})/@iot.id").json() == {"@iot.id": thing}
    assert city.get(f"Datastreams({stream})/unitOfMeasurement/symbol").json() == {"symbol": "°C"}
    assert city.get(f"Datastreams({stream})/phenomenonTime").json() == {"phenomenonTime": f"{_iso(0)}/{_iso(23)}"}
    assert city.get(f"Datastreams({stream})/Thing/name/$value").text == "Ufer"
    for wrong in ("properties/colour", "name/first", "colour", "name/$ref", "$value", "Datastreams/name", "$ref"):
        assert city.get(f"Things({thing})/{wrong}").status_code == 404, wrong


def test_references_take_options_and_page(city: Town) -> None:
    answer = city.get("Things/$ref", filter="properties/height eq 3", orderby="name", top="2", count="true").json()
    assert answer["@iot.count"] == 3
    rows = [*answer["value"], *_follow(city, answer["@iot.nextLink"])]
    assert [set(row) for row in rows] == [{"@iot.selfLink"}] * 3
    names = [city.client.get(row["@iot.selfLink"]).json()["name"] for row in rows]
    assert names == ["Berg", "Ufer", "Wald"]
