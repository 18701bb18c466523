"""Deleting entities over HTTP (18-088, clause 10.4): what goes along, what stays, and that no number comes again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apis import samples
from tests.apis.conftest import Town
from tests.apis.samples import link, value


def _delete(town: Town, path: str) -> None:
    answer = town.send("DELETE", path)
    assert answer.status_code == 200, answer.text
    assert town.get(path).status_code == 404
    assert town.send("DELETE", path).status_code == 404


def _station(town: Town) -> dict[str, str]:
    """Make a station with one datastream of three values; give the paths of all."""
    observations = [value(number, number) for number in range(3)]
    stream = town.made("Datastreams", samples.whole(Observations=observations))
    found = town.one(stream, expand="Thing($expand=Locations,HistoricalLocations),Sensor,ObservedProperty,Observations")
    return {
        "Datastream": stream,
        "Thing": f"Things({found['Thing']['@iot.id']})",
        "Location": f"Locations({found['Thing']['Locations'][0]['@iot.id']})",
        "History": f"HistoricalLocations({found['Thing']['HistoricalLocations'][0]['@iot.id']})",
        "Sensor": f"Sensors({found['Sensor']['@iot.id']})",
        "Property": f"ObservedProperties({found['ObservedProperty']['@iot.id']})",
        "Observation": f"Observations({found['Observations'][0]['@iot.id']})",
    }


CASCADES = [
    ("Thing", {"Datastream", "History", "Observation"}),
    ("Location", {"History"}),
    ("Sensor", {"Datastream", "Observation"}),
    ("Property", {"Datastream", "Observation"}),
    ("Datastream", {"Observation"}),
    ("History", set()),
]


@pytest.mark.parametrize(("deleted", "along"), CASCADES)
def test_what_cannot_be_without_it_goes_along(workshop: Town, deleted: str, along: set[str]) -> None:
    station, other = _station(workshop), _station(workshop)
    _delete(workshop, station[deleted])
    gone = {name for name, path in station.items() if workshop.get(path).status_code == 404}
    assert gone == {deleted, *along}
    assert all(workshop.get(path).status_code == 200 for path in other.values())
    if "Observation" in along:
        assert workshop.get(f"{station['Datastream']}/Observations").status_code == 404


def test_a_thing_without_its_location_stays(workshop: Town) -> None:
    station = _station(workshop)
    _delete(workshop, station["Location"])
    assert workshop.values(f"{station['Thing']}/Locations") == []
    workshop.made(f"{station['Datastream']}/Observations", value(5, 5))
    found = workshop.values(f"{station['Datastream']}/Observations", expand="FeatureOfInterest", orderby="id")
    assert [bool(observation["FeatureOfInterest"]) for observation in found] == [True, True, True, False]


def test_a_feature_takes_its_observations_along_and_the_rest_is_counted_anew(workshop: Town) -> None:
    stream = workshop.made("Datastreams", samples.whole())
    number = workshop.number(workshop.made("FeaturesOfInterest", samples.feature()))
    for minute, result in enumerate((10.0, 99.0, 30.0, -50.0)):
        about = {"FeatureOfInterest": link(number)} if minute % 2 else {}
        workshop.made(f"{stream}/Observations", value(result, minute, **about))
    newest = {"expand": "Observations($top=1;$orderby=phenomenonTime desc)"}
    assert workshop.one(stream, **newest)["Observations"][0]["result"] == -50.0
    _delete(workshop, f"FeaturesOfInterest({number})")
    found = workshop.get(f"{stream}/Observations", count="true").json()
    assert (found["@iot.count"], sorted(o["result"] for o in found["value"])) == (2, [10.0, 30.0])
    after = workshop.one(stream, **newest)
    assert after["Observations"][0]["result"] == 30.0
    assert after["phenomenonTime"] == "2025-03-01T12:00:00Z/2025-03-01T12:02:00Z"


def test_after_its_feature_is_gone_the_next_value_has_one_again(workshop: Town) -> None:
    stream = workshop.made("Datastreams", samples.whole(Observations=[value(1)]))
    (observation,) = workshop.values(f"{stream}/Observations", expand="FeatureOfInterest")
    _delete(workshop, f"FeaturesOfInterest({observation['FeatureOfInterest']['@iot.id']})")
    assert workshop.values(f"{stream}/Observations") == []
    workshop.made(f"{stream}/Observations", value(2, 1))
    (second,) = workshop.values(f"{stream}/Observations", expand="FeatureOfInterest")
    assert second["FeatureOfInterest"]["feature"] == samples.POINT
    assert second["@iot.id"] != observation["@iot.id"]


def test_a_deletion_is_on_record_with_its_amount(workshop: Town) -> None:
    station = _station(workshop)
    _delete(workshop, station["Thing"])
    rows = [row for row in workshop.gate.decisions(20) if row.verb == "delete"]
    assert (rows[0].asker, rows[0].category, rows[0].allowed, rows[0].amount) == ("token:writer", "weather", True, 3)


SETS: dict[str, Any] = {
    "Things": samples.thing(), "Locations": samples.location(), "Sensors": samples.sensor(),
    "ObservedProperties": samples.observed(), "FeaturesOfInterest": samples.feature(), "Datastreams": samples.whole(),
    "MultiDatastreams": samples.multi(),
}  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(SETS)), st.booleans()), min_size=2, max_size=8))
def test_a_number_is_never_used_again(workshop: Town, steps: list[tuple[str, bool]]) -> None:
    given_out: dict[str, list[int]] = {}
    for kind, deletes in steps:
        path = workshop.made(kind, SETS[kind])
        shared = "Datastreams" if kind == "MultiDatastreams" else kind
        given_out.setdefault(shared, []).append(workshop.number(path))
        if deletes:
            _delete(workshop, path)
    assert all(numbers == sorted(set(numbers)) for numbers in given_out.values())


@pytest.mark.parametrize("path", ["Things", "Things(1)/name", "Things(1)/Locations", "Things(1)/$ref"])
def test_only_single_entities_are_deleted(workshop: Town, path: str) -> None:
    assert workshop.send("DELETE", path).status_code == 404


def test_what_is_written_while_it_is_deleted_leaves_nothing_behind(workshop: Town) -> None:
    """Values, datastreams and deletions of one station at the same time: each is done or refused, no half stays."""
    for turn in range(6):
        station = _station(workshop)
        sensor = link(workshop.number(station["Sensor"]))
        more = samples.stream(Sensor=sensor, ObservedProperty=samples.observed())
        acts: list[tuple[str, str, Any]] = [
            *(("POST", f"{station['Datastream']}/Observations", value(n, 10 + n)) for n in range(6)),
            *(("POST", f"{station['Thing']}/Datastreams", more) for _ in range(3)),
            ("POST", f"{station['Thing']}/Locations", samples.location()),
            ("DELETE", station["Thing" if turn % 2 else "Sensor"], None),
            ("PATCH", station["Thing"], {"name": "Neu"}),
        ]
        with ThreadPoolExecutor(len(acts)) as pool:
            answers = list(pool.map(lambda act: workshop.send(act[0], act[1], act[2]).status_code, acts))
        assert set(answers) <= {200, 201, 400, 404, 503}, answers
    streams = {stream["@iot.id"] for stream in workshop.values("Datastreams", top="10000", select="id")}
    observations = workshop.values("Observations", top="10000", select="id")
    assert {observation["@iot.id"] >> 32 for observation in observations} <= streams
