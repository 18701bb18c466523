"""Questions that cannot be read: each is refused with the option and the character at which it goes wrong."""

import http.client
import resource
from urllib.parse import quote

import pytest

from tests.apis.conftest import BASE, Town

FILTERS: list[tuple[str, int]] = [
    ("", 1),
    (" ", 2),
    ("name", 1),
    ("'x'", 1),
    ("5", 1),
    ("null", 1),
    ("name eq", 8),
    ("eq 'x'", 1),
    ("name eq 'x", 9),
    ("name eq ''' ", 9),
    ('name eq "x"', 9),
    ("name = 'x'", 6),
    ("name == 'x'", 6),
    ("name eq 'x' 'y'", 13),
    ("name eq 'x' and", 16),
    ("and name eq 'x'", 1),
    ("name eq 'x' or or name eq 'y'", 16),
    ("name eq 'x' && name eq 'y'", 13),
    ("(name eq 'x'", 13),
    ("name eq 'x')", 12),
    ("((name eq 'x')", 15),
    ("()", 2),
    ("not", 4),
    ("not not", 8),
    ("name like 'x'", 6),
    ("name in 'x'", 9),
    ("name in ()", 10),
    ("name in ('x'", 13),
    ("name in ('x',)", 14),
    ("colour eq 'x'", 1),
    ("name eq colour", 9),
    ("Datastreams/colour eq 'x'", 1),
    ("Colours/name eq 'x'", 1),
    ("name/first eq 'x'", 1),
    ("Datastreams eq 1", 1),
    ("properties eq 'x'", 12),
    ("name eq 5", 6),
    ("id eq 'x'", 4),
    ("name eq true", 6),
    ("name gt null", 6),
    ("properties/height eq 2024-01-01T00:00:00Z", 19),
    ("nothing(name)", 1),
    ("substringof('x')", 1),
    ("substringof('x',name,1)", 1),
    ("substringof('x',id)", 1),
    ("length(id) eq 1", 1),
    ("year(name) eq 1", 1),
    ("name add 1 eq 2", 6),
    ("id add eq 2", 8),
    ("id mul 'x' eq 2", 4),
    ("(id add 1", 10),
    ("id eq 1e400", 7),
    ("id eq -1e400", 7),
    ("id eq 1.2.3", 7),
    ("id eq 0x1F", 7),
    ("id eq 1,5", 8),
    ("id eq NaN", 7),
    ("id eq Infinity", 7),
    ("id eq INF", 7),
    ("id eq -INF", 8),
    ("id eq " + "9" * 400, 7),
    ("id eq ٣x", 7),
    ("HistoricalLocations/time gt 0000-01-01T00:00:00Z", 29),
    ("HistoricalLocations/time gt 99999-01-01T00:00:00Z", 29),
    ("HistoricalLocations/time gt 2024-13-01T00:00:00Z", 29),
    ("HistoricalLocations/time gt 2024-02-30T00:00:00Z", 29),
    ("HistoricalLocations/time gt 2024-01-01T25:00:00Z", 29),
    ("HistoricalLocations/time gt 2024-01-01T00:00:61Z", 29),
    ("HistoricalLocations/time gt 2024-01-01T00:00:00+99:00", 29),
    ("HistoricalLocations/time gt 2024-02-30", 29),
    ("HistoricalLocations/time gt yesterday", 29),
    ("HistoricalLocations/time gt '2024-01-01'", 26),
    ("HistoricalLocations/time gt 2024-01-02T00:00:00Z/2024-01-01T00:00:00Z", 29),
    ("HistoricalLocations/time gt 2024-01-01T00:00:00Z/P1Y", 29),
    ("HistoricalLocations/time gt now() sub duration'1h'", 39),
    ("HistoricalLocations/time gt now() sub duration'P'", 39),
    ("HistoricalLocations/time gt now() sub duration'PT'", 39),
    ("HistoricalLocations/time gt now() sub duration'P1M'", 39),
    ("HistoricalLocations/time gt now() sub duration'P999999999W'", 39),
    ("HistoricalLocations/time gt now() sub 5", 35),
    ("time(HistoricalLocations/time) eq 25:00:00", 35),
    ("time(HistoricalLocations/time) eq time'noon'", 35),
    ("before(HistoricalLocations/time,5)", 1),
    ("during(HistoricalLocations/time)", 1),
    ("colour'x' eq name", 1),
    ("st_within(Locations/location,geography'POINT (1')", 30),
    ("st_within(Locations/location,geography'CIRCLE (1 1)')", 30),
    ("st_within(Locations/location,geography'POINT (NaN NaN)')", 30),
    ("st_within(Locations/location,geography'POINT (1e999 0)')", 30),
    ("st_within(Locations/location,geography'POLYGON ((0 0, 1 1))')", 30),
    ("st_within(Locations/location,geography'POINT EMPTY')", 30),
    ("st_within(Locations/location,geography'SRID=31467;POINT (1 1)')", 30),
    ("st_within(Locations/location,geography'')", 30),
    ("st_within(Locations/location,geography'POINT (1 1)", 39),
    ("st_within(Locations/location,'POINT (1 1)')", 1),
    ("st_within(Locations/location)", 1),
    ("st_within(Locations/location,Locations/location)", 1),
    ("st_within(name,geography'POINT (1 1)')", 11),
    ("st_within(Locations/location/type,geography'POINT (1 1)')", 11),
    ("st_relate(Locations/location,geography'POINT (1 1)')", 1),
    ("st_relate(Locations/location,geography'POINT (1 1)','T')", 1),
    ("geo.distance(Locations/location,geography'POINT (1 1)')", 1),
    ("geo.distance(Locations/location,geography'POINT (1 1)') lt 'x'", 57),
    ("Locations/location eq geography'POINT (1 1)'", 20),
    ("name eq 'a\0b'", 9),
    ("name eq 'x' ; drop table things", 13),
    ("name eq $it", 9),
    ("name\\x eq 'x'", 5),
    ("(" * 4_000, 41),
    ("not " * 1_900, 7_601),
    ("-" * 4_000 + "1 eq 1", 41),
    ("1 eq 1 or " * 700 + "1 eq 1", 5_008),
    ("1 add " * 1_000 + "1 eq 1", 237),
    ("id in (" + "1," * 3_000 + "1)", 1_007),
    ("trim(" * 1_000 + "name" + ")" * 1_000 + " eq 'x'", 201),
]
OPTIONS: list[tuple[str, str, int]] = [
    ("$orderby", "", 1),
    ("$orderby", "colour", 1),
    ("$orderby", "name down", 6),
    ("$orderby", "name desc,", 11),
    ("$orderby", "name,,id", 6),
    ("$orderby", "properties", 1),
    ("$orderby", "Datastreams/name", 1),
    ("$orderby", "id add Datastreams/id", 8),
    ("$orderby", "name asc desc", 10),
    ("$orderby", "'", 1),
    ("$top", "", 1),
    ("$top", "-1", 1),
    ("$top", "1.5", 1),
    ("$top", "many", 1),
    ("$top", "1e3", 1),
    ("$top", "٣", 1),
    ("$skip", "-1", 1),
    ("$skip", "9" * 50, 1),
    ("$count", "yes", 1),
    ("$count", "True", 1),
    ("$select", "", 1),
    ("$select", "colour", 1),
    ("$select", "name,,id", 6),
    ("$select", "name, colour", 7),
    ("$expand", "", 1),
    ("$expand", "Colours", 1),
    ("$expand", "Locations,Colours", 11),
    ("$expand", "Datastreams(", 12),
    ("$expand", "Datastreams($top)", 13),
    ("$expand", "Datastreams($top=x)", 18),
    ("$expand", "Datastreams($limit=3)", 13),
    ("$expand", "Datastreams($top=1;$top=2)", 20),
    ("$expand", "Datastreams($filter=colour eq 1)", 21),
    ("$expand", "Locations,Datastreams($filter=name eq 5)", 36),
    ("$expand", "Datastreams($expand=Observations($filter=result gt))", 51),
    ("$expand", "Datastreams($expand=Colours)", 21),
    ("$expand", "Datastreams($select=colour)", 21),
    ("$expand", "Datastreams($orderby=colour)", 22),
    ("$expand", "Datastreams/Colours", 13),
    ("$expand", "Datastreams($top=1),Datastreams($top=2)", 21),
    ("$expand", "Datastreams/Thing" * 1 + "/Datastreams/Thing" * 5, 55),
    ("$limit", "3", 1),
    ("filter", "name eq 'x'", 1),
]


def _refused(town: Town, option: str, value: str) -> dict[str, object]:
    answer = town.client.get(f"{BASE}/Things?{option}={quote(value)}", headers={"Accept-Language": "en"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    problem: dict[str, object] = answer.json()
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(("condition", "place"), FILTERS, ids=[repr(condition[:50]) for condition, _ in FILTERS])
def test_a_bad_filter_is_told_by_its_place(town: Town, condition: str, place: int) -> None:
    assert str(_refused(town, "$filter", condition)["title"]).startswith(f"$filter, character {place}:")


@pytest.mark.parametrize(
    ("option", "value", "place"), OPTIONS, ids=[f"{name}={value[:50]}" for name, value, _ in OPTIONS]
)
def test_another_bad_option_is_told_by_its_place(town: Town, option: str, value: str, place: int) -> None:
    assert str(_refused(town, option, value)["title"]).startswith(f"{option}, character {place}:")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$filter=name eq '%FF%FE'", 400),
        ("$filter=%C3", 400),
        ("$top=1&$top=2", 400),
        ("$filter=name eq 'x'&$filter=name eq 'y'", 400),
        ("$skiptoken=", 400),
        ("$skiptoken=abc", 400),
        ("$skiptoken=%F0%9F%92%A7", 400),
        ("$skiptoken=WyJ4Il0", 400),
        ("$skiptoken=W251bGxd", 400),
        ("$skiptoken=W10", 400),
        ("$skiptoken=WzFlNDAwXQ", 400),
        ("$skiptoken=" + "W" * 10_000, 400),
        ("$filter=" + "x" * 20_000, 413),
        ("$filter=" + "(" * 10_000, 400),
        ("$filter=name eq '" + "x" * 10_000 + "'", 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_text_or_no_cursor_is_refused(town: Town, query: str, status: int) -> None:
    answer = town.client.get(f"{BASE}/Things?{query}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]


def test_a_filter_of_a_megabyte_is_refused_in_constant_memory(town: Town) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        connection = http.client.HTTPConnection(town.client.base_url.host, town.client.base_url.port or 80)
        try:
            connection.request("GET", f"{BASE}/Things?$filter=" + "(" * 1_000_000)
            answer = connection.getresponse()
            assert 400 <= answer.status < 500
            assert b"Traceback" not in answer.read()
        finally:
            connection.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert town.values("Things")


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 38 + "1 eq 1" + ")" * 38,
        "trim(" * 38 + "name" + ")" * 38 + " eq 'x'",
        "substring(" * 19 + "name" + ",length(name))" * 19 + " eq 'x'",
        "id" + " add 1" * 38 + " gt 0",
        "not (" * 38 + "id eq 1" + ")" * 38,
        " or ".join(["properties/height eq 3"] * 300),
        "id in (" + ",".join(map(str, range(400))) + ")",
        "tolower(concat(concat(name,name),concat(name,name))) eq 'x'",
        "date(" * 30 + "HistoricalLocations/time" + ")" * 30 + " lt now()",
    ],
    ids=lambda condition: condition[:30],
)
def test_what_is_long_but_within_bounds_is_answered(town: Town, condition: str) -> None:
    assert town.get("Things", filter=condition).status_code == 200
