"""Clause 9.3.3.5: ``$filter`` with its operators and its functions of text, numbers and dates."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import (
    CELSIUS,
    Api,
    link,
    location,
    observed_property,
    point,
    sensor,
    thing,
    unique,
)
from tests.standards.sensorthings.conformance import proves

RESULTS = (-2.5, 0, 1.5, 2, 3, 7.25, 10)


@pytest.fixture(scope="module")
def series(api: Api) -> Any:
    """Give a datastream of the results above, one an hour and ten minutes from 2024-02-28T22:00."""
    stream = api.station()
    for number, result in enumerate(RESULTS):
        minutes = 22 * 60 + 70 * number
        time = f"2024-02-{28 + minutes // 1440}T{minutes // 60 % 24:02}:{minutes % 60:02}:07.250Z"
        api.observe(
            stream, result, time, resultTime=time, parameters={"place": {"number": number}, "word": f"w{number}"}
        )
    return stream


def _results(api: Api, series: Any, written: str) -> list[float]:
    return [
        entry["result"] for entry in api.values(f"Datastreams({series})/Observations", filter=written, orderby="result")
    ]


@proves("request-data/built-in-filter-operations")
@pytest.mark.parametrize(
    ("written", "results"),
    [
        ("result eq 2", [2]),
        ("result eq 2.0", [2]),
        ("result ne 2", [-2.5, 0, 1.5, 3, 7.25, 10]),
        ("result gt 2", [3, 7.25, 10]),
        ("result ge 2", [2, 3, 7.25, 10]),
        ("result lt 0", [-2.5]),
        ("result le 0", [-2.5, 0]),
        ("result eq -2.5", [-2.5]),
        ("2 lt result", [3, 7.25, 10]),
        ("result gt 1.5 and result lt 7.25", [2, 3]),
        ("result lt 0 or result gt 7.25", [-2.5, 10]),
        ("not result gt 2", [-2.5, 0, 1.5, 2]),
        ("not (result gt 2 or result lt 0)", [0, 1.5, 2]),
        ("result gt 0 and result lt 3 or result eq 10", [1.5, 2, 10]),
        ("result gt 0 and (result lt 3 or result eq 10)", [1.5, 2, 10]),
        ("result eq 10 or result gt 0 and result lt 2", [1.5, 10]),
        ("(result eq 10 or result gt 0) and result lt 2", [1.5]),
        ("result add 5 gt 8.25", [7.25, 10]),
        ("result sub 5 gt 0", [7.25, 10]),
        ("result mul 2 ge 14.5", [7.25, 10]),
        ("result div 2 eq 3.625", [7.25]),
        ("result mod 2 eq 0", [0, 2, 10]),
        ("(result sub 5) gt 0", [7.25, 10]),
        ("result add 1 mul 2 eq 5", [3]),
        ("(result add 1) mul 2 eq 6", [2]),
        ("10 sub result sub 5 eq 2", [3]),
        ("((result)) eq ((2))", [2]),
        ("result gt 1e0 and result lt 2.5E+0", [1.5, 2]),
    ],
)
def test_operators_compare_combine_and_reckon(api: Api, series: Any, written: str, results: list[float]) -> None:
    """req/request-data/built-in-filter-operations: comparison, logic, arithmetic and grouping with precedence."""
    assert _results(api, series, written) == results


@proves("request-data/built-in-query-functions")
@pytest.mark.parametrize(
    ("written", "results"),
    [
        ("round(result) eq 2", [1.5, 2]),
        ("round(result) eq -3", [-2.5]),
        ("round(result) eq 7", [7.25]),
        ("floor(result) eq 1", [1.5]),
        ("floor(result) eq -3", [-2.5]),
        ("ceiling(result) eq 2", [1.5, 2]),
        ("ceiling(result) eq -2", [-2.5]),
        ("floor(result div 2) eq 3", [7.25]),
    ],
)
def test_numbers_have_functions(api: Api, series: Any, written: str, results: list[float]) -> None:
    """req/request-data/built-in-query-functions: round, floor and ceiling."""
    assert _results(api, series, written) == results


@proves("request-data/built-in-query-functions")
@pytest.mark.parametrize(
    ("written", "results"),
    [
        ("year(phenomenonTime) eq 2024", list(RESULTS)),
        ("year(phenomenonTime) ne 2024", []),
        ("month(phenomenonTime) eq 2", list(RESULTS)),
        ("day(phenomenonTime) eq 28", [-2.5, 0]),
        ("day(resultTime) eq 29", [1.5, 2, 3, 7.25, 10]),
        ("hour(phenomenonTime) eq 22", [-2.5]),
        ("hour(resultTime) lt 2", [1.5, 2]),
        ("minute(phenomenonTime) eq 30", [2]),
        ("second(phenomenonTime) eq 7", list(RESULTS)),
        ("fractionalseconds(phenomenonTime) eq 0.25", list(RESULTS)),
        ("date(phenomenonTime) eq 2024-02-28", [-2.5, 0]),
        ("date(phenomenonTime) eq date(resultTime)", list(RESULTS)),
        ("time(phenomenonTime) gt 22:30:00", [0]),
        ("totaloffsetminutes(phenomenonTime) eq 0", list(RESULTS)),
        ("phenomenonTime lt now()", list(RESULTS)),
        ("phenomenonTime gt now()", []),
        ("phenomenonTime gt mindatetime()", list(RESULTS)),
        ("phenomenonTime lt maxdatetime()", list(RESULTS)),
    ],
)
def test_dates_have_functions(api: Api, series: Any, written: str, results: list[float]) -> None:
    """req/request-data/built-in-query-functions: the parts of a date, and the time of now, in UTC."""
    assert sorted(_results(api, series, written)) == results


@proves("request-data/filter")
@pytest.mark.parametrize(
    ("written", "results"),
    [
        ("phenomenonTime eq 2024-02-28T22:00:07.250Z", [-2.5]),
        ("phenomenonTime eq 2024-02-28T23:00:07.250+01:00", [-2.5]),
        ("phenomenonTime gt 2024-02-29T03:50:07.250Z", [10]),
        ("phenomenonTime ge 2024-02-29T03:50:07.250Z", [7.25, 10]),
        ("phenomenonTime ge 2024-02-28T23:00:00Z and phenomenonTime lt 2024-02-29T01:00:00Z", [0, 1.5]),
        ("resultTime lt 2024-02-28T22:00:08Z", [-2.5]),
        ("resultTime eq 2024-02-28T22:00:07.25Z", [-2.5]),
    ],
)
def test_times_are_iso_8601(api: Api, series: Any, written: str, results: list[float]) -> None:
    """req/request-data/filter: times are compared as instants, whatever zone they are written in."""
    assert _results(api, series, written) == results


@proves("request-data/filter")
@pytest.mark.parametrize(
    ("written", "results"),
    [
        ("parameters/place/number eq 3", [2]),
        ("parameters/place/number gt 4", [7.25, 10]),
        ("parameters/word eq 'w2'", [1.5]),
        ("parameters/missing eq 1", []),
    ],
)
def test_paths_lead_into_objects(api: Api, series: Any, written: str, results: list[float]) -> None:
    """req/request-data/filter: properties inside JSON objects; what is not there is null and left out."""
    assert _results(api, series, written) == results


@proves("request-data/filter")
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("Datastream/id eq {series}", 7),
        ("Datastream/@iot.id eq {series}", 7),
        ("Datastream/Thing/Locations/name eq 'nowhere'", 0),
        ("Datastream/unitOfMeasurement/symbol eq '°C'", 7),
        ("Datastream/Thing/description eq 'a thing of a test'", 7),
        ("FeatureOfInterest/encodingType eq 'application/geo+json'", 7),
    ],
)
def test_paths_lead_to_related_entities(api: Api, series: Any, written: str, number: int) -> None:
    """req/request-data/filter: properties of linked entities stand in a filter, near and far."""
    chosen = written.format(series=series)
    assert len(api.values(f"Datastreams({series})/Observations", filter=chosen)) == number


@proves("request-data/filter")
def test_a_set_is_found_by_what_any_of_its_many_has(api: Api, series: Any) -> None:
    """req/request-data/filter: through a link to many, an entity is found when one of them matches; once."""
    host = api.body(f"Datastreams({series})/Thing")["@iot.id"]
    for written in ("Datastreams/Observations/result eq 7.25", "Datastreams/Observations/result gt 0"):
        assert api.ids("Things", filter=f"{written} and id eq {host}") == [host]
    assert api.ids("Things", filter=f"Datastreams/Observations/result gt 99 and id eq {host}") == []


@pytest.fixture(scope="module")
def names(api: Api) -> str:
    """Make things whose names and descriptions are to be filtered; give the property that marks them."""
    mark = unique("mark")
    for name, text in (
        ("Sensor Things", "Sensor Things"),
        ("lamp", "  padded  "),
        ("O'Neill", "an apostrophe"),
        ("Straße 10 % _ \\ done", "odd letters"),
        ("Ünder", "ümlaut"),
        ("plus+and & more", "reserved"),
    ):
        api.create("Things", thing(name=name, description=text, properties={"mark": mark, "empty": None, "on": True}))
    return mark


def _names(api: Api, mark: str, written: str) -> list[str]:
    chosen = f"properties/mark eq '{mark}' and ({written})"
    return [entry["name"] for entry in api.values("Things", filter=chosen, orderby="id")]


@proves("request-data/built-in-query-functions")
@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("substringof('Sensor Things',description)", ["Sensor Things"]),
        ("substringof('sensor',description)", []),
        ("endswith(description,'Things')", ["Sensor Things"]),
        ("startswith(description,'Sensor')", ["Sensor Things"]),
        ("not startswith(description,'Sensor') and length(name) eq 4", ["lamp"]),
        ("length(description) eq 13", ["Sensor Things", "O'Neill"]),
        ("length(name) eq 5", ["Ünder"]),
        ("indexof(description,'Things') eq 7", ["Sensor Things"]),
        ("indexof(name,'S') eq 0", ["Sensor Things", "Straße 10 % _ \\ done"]),
        ("indexof(name,'amp') eq 1", ["lamp"]),
        ("substring(description,1) eq 'ensor Things'", ["Sensor Things"]),
        ("substring(description,7,3) eq 'Thi'", ["Sensor Things"]),
        ("tolower(description) eq 'sensor things'", ["Sensor Things"]),
        ("toupper(description) eq 'SENSOR THINGS'", ["Sensor Things"]),
        ("tolower(name) eq 'ünder'", ["Ünder"]),
        ("trim(description) eq 'padded'", ["lamp"]),
        ("concat(concat(name,', '),description) eq 'Sensor Things, Sensor Things'", ["Sensor Things"]),
        ("name eq 'O''Neill'", ["O'Neill"]),
        ("startswith(name,'O''')", ["O'Neill"]),
        ("substringof('%',name)", ["Straße 10 % _ \\ done"]),
        ("substringof('_',name)", ["Straße 10 % _ \\ done"]),
        ("substringof('\\',name)", ["Straße 10 % _ \\ done"]),
        ("endswith(name,'& more') and substringof('+and',name)", ["plus+and & more"]),
        ("properties/on eq true and name eq 'lamp'", ["lamp"]),
        ("name gt 'S' and name lt 'T'", ["Sensor Things", "Straße 10 % _ \\ done"]),
    ],
)
def test_texts_have_functions(api: Api, names: str, written: str, found: list[str]) -> None:
    """req/request-data/built-in-query-functions: the functions of text, letter by letter."""
    assert _names(api, names, written) == found


@proves("request-data/filter")
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("properties/empty eq null", 6),
        ("properties/empty ne null", 0),
        ("properties/mark ne null", 6),
        ("properties/missing eq null", 6),
        ("properties/missing eq 'x'", 0),
    ],
)
def test_null_is_no_value(api: Api, names: str, written: str, number: int) -> None:
    """req/request-data/filter: what evaluates to null is left out; null itself can be asked for."""
    assert len(_names(api, names, written)) == number


@proves("request-data/filter")
@pytest.mark.parametrize("path", ["Thing/name", "Sensor/name", "ObservedProperty/name", "Thing/Locations/name"])
def test_datastreams_are_found_by_what_they_hang_on(api: Api, path: str) -> None:
    """req/request-data/filter: every link of a Datastream can be followed."""
    name = unique("Hook 'and' eye")
    host = thing(name=name, Locations=[location(name=name)])
    body = api.datastream(Thing=host, Sensor=sensor(name=name), ObservedProperty=observed_property(name=name))
    made = api.create("Datastreams", body)
    assert api.ids("Datastreams", filter=f"{path} eq '{name.replace(chr(39), chr(39) * 2)}'") == [made]


@proves("request-data/filter")
def test_the_unit_is_filtered_by_its_parts(api: Api) -> None:
    """req/request-data/filter: the parts of unitOfMeasurement, as in the standard's table of operators."""
    probe = api.create("Sensors", sensor())
    made = api.create("Datastreams", api.datastream(Sensor=link(probe), unitOfMeasurement=CELSIUS))
    path = f"Sensors({probe})/Datastreams"
    assert api.ids(path, filter="unitOfMeasurement/name eq 'degree Celsius'") == [made]
    assert api.ids(path, filter="unitOfMeasurement/name ne 'degree Celsius'") == []


@proves("request-data/filter")
def test_locations_and_histories_are_filtered(api: Api) -> None:
    """req/request-data/filter: Locations by their things, HistoricalLocations by time and thing."""
    name = unique("Moved")
    host = api.create("Things", thing(name=name, Locations=[location(location=point(8, 50))]))
    assert len(api.values("Locations", filter=f"Things/name eq '{name}'")) == 1
    history = api.values("HistoricalLocations", filter=f"Thing/id eq {host} and time le now()")
    assert len(history) == 1
    assert api.values("HistoricalLocations", filter=f"Thing/id eq {host} and time gt now()") == []


@proves("request-data/filter")
def test_a_result_that_is_text_is_compared_as_text(api: Api) -> None:
    """req/request-data/filter: a string literal matches results of text, a number results of number."""
    kind = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
    none = {"name": None, "symbol": None, "definition": None}
    stream = api.station(observationType=kind, unitOfMeasurement=none)
    for hour, result in enumerate(("10", "rain", 10, True)):
        api.observe(stream, result, f"2024-05-01T0{hour}:00:00Z")
    path = f"Datastreams({stream})/Observations"
    assert [entry["result"] for entry in api.values(path, filter="result eq 'rain'")] == ["rain"]
    assert [entry["result"] for entry in api.values(path, filter="startswith(result,'ra')")] == ["rain"]
    assert 10 in [entry["result"] for entry in api.values(path, filter="result eq 10")]


@proves("request-data/filter")
@pytest.mark.parametrize(
    "written",
    [
        "result eq",
        "eq 1",
        "result eq 1 and",
        "(result eq 1",
        "result eq 1)",
        "result = 1",
        "result eq 'open",
        "unknown eq 1",
        "unknown(result) eq 1",
        "length() eq 1",
        "round(result,1,2) eq 1",
        "phenomenonTime gt yesterday",
        "Datastream/unknown eq 1",
    ],
)
def test_what_is_no_filter_is_a_bad_request(api: Api, series: Any, written: str) -> None:
    """req/request-data/filter: an expression that cannot be read is refused as a whole."""
    assert api.get(f"Datastreams({series})/Observations", filter=written).status_code == 400
