"""Reading SensorThings 1.1 over HTTP: sets, links, options and paging."""

import datetime as dt
from typing import Any

import pytest

from allmende.kernel.clock import iso_from_micros
from tests.apis.conftest import BASE, MINUTE, START, VALUES, Town

SETS = (
    *("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties", "Observations"),
    *("FeaturesOfInterest", "MultiDatastreams"),
)


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_the_root_names_every_set_and_the_conformance(town: Town) -> None:
    root = town.client.get(BASE).json()
    assert {entry["name"] for entry in root["value"]} == set(SETS)
    assert any("req/datamodel" in entry for entry in root["serverSettings"]["conformance"])
    for entry in root["value"]:
        answer = town.client.get(entry["url"])
        assert answer.status_code == 200
        assert isinstance(answer.json()["value"], list)


def test_an_entity_carries_its_addresses(town: Town) -> None:
    (thing,) = town.values("Things", filter="name eq 'Stephansplatz'")
    assert thing["@iot.id"] == town.things["Stephansplatz"]
    assert town.client.get(thing["@iot.selfLink"]).json() == thing
    (stream,) = town.client.get(thing["Datastreams@iot.navigationLink"]).json()["value"]
    assert stream["unitOfMeasurement"]["symbol"] == "°C"
    assert stream["properties"]["simulated"] is False
    assert stream["phenomenonTime"].startswith(iso_from_micros(START))
    place = town.client.get(thing["Locations@iot.navigationLink"]).json()["value"][0]
    assert place["location"] == {"type": "Point", "coordinates": [9.1747, 47.6619]}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("substringof('Stephansplatz',name)", ["Stephansplatz"]),
        ("substringof('platz',name)", ["Stephansplatz"]),
        ("name eq 'Döbele'", ["Döbele"]),
        ("name ne 'Döbele'", ["Stephansplatz"]),
        ("not substringof('platz',name)", ["Döbele"]),
        ("name eq 'Döbele' or name eq 'Stephansplatz'", ["Döbele", "Stephansplatz"]),
        ("name eq 'Döbele' and description eq 'Platz'", ["Döbele"]),
        ("name eq 'Döbele' and description eq 'x'", []),
        ("not (name eq 'Döbele' or name eq 'x')", ["Stephansplatz"]),
        ("properties/height eq 3 and name gt 'E'", ["Stephansplatz"]),
        ("Datastreams/name eq 'Lufttemperatur Döbele'", ["Döbele"]),
        ("Locations/name eq 'Stephansplatz'", ["Stephansplatz"]),
        ("name eq 'O''Neill'", []),
    ],
)
def test_filters(town: Town, condition: str, found: list[str]) -> None:
    assert sorted(_names(town.values("Things", filter=condition))) == found


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("result lt 0", 50),
        ("result ge 0 and result le 1", 11),
        ("result eq 0", 1),
        (f"phenomenonTime lt {iso_from_micros(START + 10 * MINUTE)}", 10),
        (f"phenomenonTime ge {iso_from_micros(START + 240 * MINUTE)}", 10),
        (f"phenomenonTime gt {iso_from_micros(START)} and result lt -4", 9),
        ("Datastream/name eq 'Lufttemperatur Stephansplatz' and result gt 19", 9),
    ],
)
def test_filters_on_times_and_results(town: Town, condition: str, count: int) -> None:
    stream = town.streams["Stephansplatz"]
    answer = town.get(f"Datastreams({stream})/Observations", filter=condition, count="true", top="0").json()
    assert answer == {"@iot.count": count, "value": []}


def test_order_top_skip_and_count(town: Town) -> None:
    path = f"Datastreams({town.streams['Stephansplatz']})/Observations"
    newest = town.values(path, orderby="phenomenonTime desc", top="3")
    assert [row["result"] for row in newest] == [19.9, 19.8, 19.7]
    assert newest[0]["phenomenonTime"] == iso_from_micros(START + 249 * MINUTE)
    assert [row["result"] for row in town.values(path, orderby="result", skip="50", top="2")] == [0.0, 0.1]
    assert town.get(path, count="true", top="1").json()["@iot.count"] == VALUES
    assert "@iot.count" not in town.get(path, top="1").json()


def test_select_keeps_what_is_asked_for(town: Town) -> None:
    (thing,) = town.values("Things", filter="name eq 'Döbele'", select="name,properties")
    assert set(thing) == {"@iot.id", "@iot.selfLink", "name", "properties"}


def test_expand_goes_down_with_options_of_its_own(town: Town) -> None:
    inner = "Observations($orderby=phenomenonTime desc;$top=2;$select=result),ObservedProperty"
    (thing,) = town.values("Things", filter="name eq 'Döbele'", expand=f"Datastreams($expand={inner}),Locations")
    (stream,) = thing["Datastreams"]
    assert [row["result"] for row in stream["Observations"]] == [-3.1, -3.2]
    assert set(stream["Observations"][0]) == {"@iot.id", "@iot.selfLink", "result"}
    assert stream["ObservedProperty"]["name"] == "Temperatur Döbele"
    assert _names(thing["Locations"]) == ["Döbele"]
    (row,) = town.values(
        f"Datastreams({town.streams['Döbele']})/Observations", top="1", orderby="id", expand="Datastream/Thing"
    )
    assert row["Datastream"]["Thing"]["name"] == "Döbele"


def _follow(town: Town, path: str, **options: str) -> list[dict[str, Any]]:
    """Follow the next links to the end."""
    answer = town.get(path, **options).json()
    found: list[dict[str, Any]] = answer["value"]
    while "@iot.nextLink" in answer:
        answer = town.client.get(answer["@iot.nextLink"]).json()
        found = [*found, *answer["value"]]
    return found


@pytest.mark.parametrize("order", ["id", "phenomenonTime", "phenomenonTime desc", "result desc", ""])
@pytest.mark.parametrize("top", ["7", "100"])
def test_paging_gives_each_observation_once_in_order(town: Town, order: str, top: str) -> None:
    options = {"top": top, **({"orderby": order} if order else {})}
    rows = _follow(town, "Observations", **options)
    assert len({row["@iot.id"] for row in rows}) == len(rows) == VALUES + 20
    if order:
        name, _, way = order.partition(" ")
        values = [row["@iot.id" if name == "id" else name] for row in rows]
        assert values == sorted(values, reverse=way == "desc")


def test_paging_keeps_filter_and_expansion(town: Town) -> None:
    rows = _follow(town, "Observations", filter="result lt -4", top="3", expand="Datastream", orderby="result")
    assert len(rows) == 20
    assert {row["Datastream"]["name"] for row in rows} == {"Lufttemperatur Döbele", "Lufttemperatur Stephansplatz"}


def test_links_properties_values_and_references(town: Town) -> None:
    thing, stream = town.things["Döbele"], town.streams["Döbele"]
    assert town.get(f"Things({thing})/name").json() == {"name": "Döbele"}
    assert town.get(f"Things({thing})/name/$value").text == "Döbele"
    assert town.get(f"Datastreams({stream})/Thing").json()["@iot.id"] == thing
    assert town.get(f"Things({thing})/Datastreams({stream})/ObservedProperty").json()["name"] == "Temperatur Döbele"
    references = town.get(f"Things({thing})/Datastreams/$ref").json()["value"]
    assert [entry["@iot.selfLink"].rpartition("/")[2] for entry in references] == [f"Datastreams({stream})"]


def test_times_are_instants_of_utc(town: Town) -> None:
    (row,) = town.values(f"Datastreams({town.streams['Döbele']})/Observations", top="1", orderby="phenomenonTime")
    assert row["phenomenonTime"].endswith("Z")
    assert dt.datetime.fromisoformat(row["phenomenonTime"]).timestamp() * 1_000_000 == START


def test_scripts_of_other_sites_may_read(town: Town) -> None:
    answer = town.client.get(f"{BASE}/Things", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
