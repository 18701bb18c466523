"""OGC API Features and EDR: what others' models of the standards accept, and what is asked for."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.query import Datastream
from allmende.kernel.clock import iso_from_micros
from tests.apis.conftest import COLLECT, MINUTE, RULES, START, VALUES, Town, served

LAKE, HILL = "Seezeichen", "Hügel"
HERE = "/ogc/collections/observations"


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve two open stations, one of them with a simulated series too, and one that is closed."""
    home = tmp_path_factory.mktemp("ogc")
    url = str(home / "observations.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    town = Town(gate)
    for name, place, category in (
        (LAKE, (9.17, 47.66), "weather"),
        (HILL, (9.30, 47.80), "weather"),
        ("Keller", (9.17, 47.66), "kitchen"),
    ):
        town.fill(town.add(name, place, category), VALUES)
    stream = Datastream(
        name="simuliert",
        description="",
        thing_id=town.things[HILL],
        sensor_id=1,
        observed_property_id=1,
        unit="Cel",
        category="weather",
        data_use="tests",
        simulated=True,
    )
    town.fill(gate.create(gate.grant(COLLECT), "Datastreams", stream), 10)
    yield from served(town, home)


def _get(shore: Town, path: str, **options: str) -> Any:
    answer = shore.client.get(path, params=options or None)
    assert answer.status_code == 200, answer.text
    return answer


def test_others_models_of_the_standards_accept_the_documents(shore: Town) -> None:
    edr = pytest.importorskip("edr_pydantic")
    from edr_pydantic.capabilities import ConformanceModel, LandingPageModel
    from edr_pydantic.collections import Collections

    assert edr
    LandingPageModel.model_validate_json(_get(shore, "/ogc").content)
    conforms = ConformanceModel.model_validate_json(_get(shore, "/ogc/conformance").content)
    assert any("ogcapi-edr-1" in uri for uri in conforms.conformsTo)
    found = Collections.model_validate_json(_get(shore, "/ogc/collections").content)
    assert [one.id for one in found.collections] == ["stations", "observations", "observations-simulated"]


def test_links_lead_to_what_they_say(shore: Town) -> None:
    for path in ("/ogc", "/ogc/collections"):
        found = _get(shore, path).json()
        links = [*found["links"], *(one for c in found.get("collections", []) for one in c["links"])]
        for link in links:
            answer = shore.client.get(link["href"])
            assert answer.status_code == 200, link
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link


def test_stations_lie_in_their_box(shore: Town) -> None:
    from geojson_pydantic import FeatureCollection

    FeatureCollection.model_validate_json(_get(shore, "/ogc/collections/stations/items").content)
    every = _get(shore, "/ogc/collections/stations/items").json()
    assert every["numberMatched"] == every["numberReturned"] == 2
    box = _get(shore, "/ogc/collections/stations/items", bbox="9,47.7,10,48").json()
    assert [one["properties"]["name"] for one in box["features"]] == [HILL]
    first = _get(shore, "/ogc/collections/stations/items", limit="1").json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = _get(shore, following).json()
    assert {one["id"] for one in first["features"] + second["features"]} == {one["id"] for one in every["features"]}
    assert all(link["rel"] != "next" for link in second["links"])
    one = _get(shore, f"/ogc/collections/stations/items/{every['features'][0]['id']}").json()
    assert one["properties"] == every["features"][0]["properties"]


def test_pages_of_observations_are_complete(shore: Town) -> None:
    address, seen = f"{HERE}/items?limit=97", []
    while address:
        page = _get(shore, address).json()
        assert page["numberReturned"] == len(page["features"]) <= 97
        seen += page["features"]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(seen) == len({one["id"] for one in seen}) == 2 * VALUES
    assert not any(one["properties"]["simulated"] for one in seen)
    single = _get(shore, f"{HERE}/items/{seen[5]['id']}").json()
    assert single["properties"] == seen[5]["properties"]
    since, until = iso_from_micros(START + 10 * MINUTE), iso_from_micros(START + 12 * MINUTE)
    cut = _get(shore, f"{HERE}/items", datetime=f"{since}/{until}", bbox="9.1,47.6,9.2,47.7").json()["features"]
    assert [one["properties"]["result"] for one in cut] == [-4.0, -3.9, -3.8]
    made_up = _get(shore, "/ogc/collections/observations-simulated/items").json()
    assert (made_up["numberReturned"], made_up["features"][0]["properties"]["simulated"]) == (10, True)


@pytest.mark.parametrize(
    ("path", "coords", "count"),
    [
        ("position", "POINT(9.171 47.661)", VALUES),
        ("position", "POINT(8 45)", 0),
        ("area", "POLYGON((9 47.7,9.5 47.7,9.5 48,9 48,9 47.7))", VALUES),
        ("area", "POLYGON((9 47,10 47,10 48,9 48,9 47))", 2 * VALUES),
    ],
)
def test_values_of_a_place_in_every_form(shore: Town, path: str, coords: str, count: int) -> None:
    from covjson_pydantic.coverage import CoverageCollection

    answer = _get(shore, f"{HERE}/{path}", coords=coords)
    assert answer.headers["content-type"] == "application/vnd.cov+json"
    found = CoverageCollection.model_validate_json(answer.content)
    numbers = [
        value for one in answer.json()["coverages"] for each in one["ranges"].values() for value in each["values"]
    ]
    assert len(numbers) == count == sum(len(one.domain.axes.t.values) for one in found.coverages)
    rows = list(csv.DictReader(io.StringIO(_get(shore, f"{HERE}/{path}", coords=coords, f="CSV").text)))
    features = _get(shore, f"{HERE}/{path}", coords=coords, f="GeoJSON").json()["features"]
    assert [float(row["value"]) for row in rows] == numbers == [one["properties"]["value"] for one in features]


def test_a_location_gives_what_is_asked_for(shore: Town) -> None:
    listed = _get(shore, f"{HERE}/locations").json()["features"]
    assert {one["properties"]["name"] for one in listed} == {LAKE, HILL}
    name = listed[0]["properties"]["observed"][0]
    at = iso_from_micros(START + 5 * MINUTE)
    found = _get(shore, f"{HERE}/locations/{listed[0]['id']}", **{"parameter-name": name, "datetime": at}).json()
    assert [one["ranges"][name]["values"] for one in found["coverages"]] == [[-4.5]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ogc/collections/kitchen", 404),
        ("/ogc/collections/stations/items/keller", 404),
        ("/ogc/collections/stations/position?coords=POINT(9 47)", 404),
        (f"{HERE}/items/99", 404),
        (f"{HERE}/locations/keller", 404),
        ("/ogc/collections/stations/items?color=red", 400),
        ("/ogc/collections/stations/items?bbox=1,2,3", 400),
        ("/ogc/collections/stations/items?bbox=1,9,3,2", 400),
        ("/ogc/collections/stations/items?limit=0", 400),
        ("/ogc/collections/stations/items?after=x", 400),
        (f"{HERE}/items?datetime=yesterday", 400),
        (f"{HERE}/items?datetime=2024-02-02/2024-01-01", 400),
        (f"{HERE}/items?after=99.", 400),
        (f"{HERE}/position", 400),
        (f"{HERE}/position?coords=POINT(a)", 400),
        (f"{HERE}/position?coords=POINT(9 47)&crs=EPSG:25832", 400),
        (f"{HERE}/position?coords=POINT(9.17 47.66)&parameter-name=x", 400),
        (f"{HERE}/area?coords=POLYGON((0 0,1 1,0 1,1 0,0 0))", 400),
        (f"{HERE}/area?coords=POINT(9 47)&f=pdf", 400),
    ],
)
def test_bad_questions_are_told_what_is_wrong(shore: Town, path: str, status: int) -> None:
    answer = shore.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["code"].startswith("ogc.")
