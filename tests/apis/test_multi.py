"""MultiDatastreams over HTTP on both databases: results are arrays, links lead to and fro, both kinds stay apart."""

from typing import Any

import pytest

from tests.apis import samples
from tests.apis.conftest import Town
from tests.apis.samples import Body, link, multi, value

KINDS = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"


@pytest.fixture(scope="module")
def wind(workshop: Town) -> str:
    """Give a MultiDatastream with two observations, beside a datastream with one."""
    workshop.made("Datastreams", samples.whole(Observations=[value(1.5)]))
    return workshop.made("MultiDatastreams", multi(Observations=[value([3.5, 180]), value([4, None], 1)]))


def test_what_was_sent_comes_back_the_same(workshop: Town, wind: str) -> None:
    found, sent = workshop.one(wind), multi()
    for name in ("name", "multiObservationDataTypes", "unitOfMeasurements"):
        assert found[name] == sent[name]
    assert found["observationType"] == f"{KINDS}ComplexObservation"
    assert found["properties"]["category"] == "weather"
    assert found["phenomenonTime"] == "2025-03-01T12:00:00Z/2025-03-01T12:01:00Z"


def test_observed_properties_keep_their_order(workshop: Town) -> None:
    numbers = [workshop.number(workshop.made("ObservedProperties", samples.observed(name=n))) for n in ("a", "b", "c")]
    order = [numbers[2], numbers[0], numbers[1]]
    body = multi(
        ObservedProperties=[link(number) for number in order], multiObservationDataTypes=[f"{KINDS}Measurement"] * 3,
        unitOfMeasurements=[samples.CELSIUS] * 3,
    )  # fmt: skip
    made = workshop.made("MultiDatastreams", body)
    assert [p["@iot.id"] for p in workshop.values(f"{made}/ObservedProperties")] == order
    expanded = workshop.one(made, expand="ObservedProperties")["ObservedProperties"]
    assert [p["@iot.id"] for p in expanded] == order
    back = [link(number) for number in numbers]
    assert workshop.send("PATCH", made, {"ObservedProperties": back}).status_code == 200
    assert [p["@iot.id"] for p in workshop.values(f"{made}/ObservedProperties")] == numbers
    assert workshop.send("PATCH", made, {"ObservedProperties": back[:2]}).status_code == 400
    assert workshop.send("DELETE", f"ObservedProperties({numbers[0]})").status_code == 200
    assert workshop.get(made).status_code == 404


def test_links_lead_to_and_fro(workshop: Town, wind: str) -> None:
    number = workshop.number(wind)
    found = workshop.one(wind, expand="Thing,Sensor,ObservedProperties,Observations($orderby=phenomenonTime)")
    assert [o["result"] for o in found["Observations"]] == [[3.5, 180], [4, None]]
    for path in (
        f"Things({found['Thing']['@iot.id']})",
        f"Sensors({found['Sensor']['@iot.id']})",
        f"ObservedProperties({found['ObservedProperties'][1]['@iot.id']})",
    ):
        assert [m["@iot.id"] for m in workshop.values(f"{path}/MultiDatastreams")] == [number]
        assert workshop.values(f"{path}/Datastreams") == []
    observation = f"Observations({found['Observations'][0]['@iot.id']})"
    assert workshop.one(f"{observation}/MultiDatastream")["@iot.id"] == number
    assert workshop.get(f"{observation}/Datastream").status_code == 404
    assert workshop.one(f"{observation}/FeatureOfInterest")["feature"] == samples.POINT


def test_both_kinds_stay_apart(workshop: Town, wind: str) -> None:
    number = workshop.number(wind)
    assert workshop.get(f"Datastreams({number})").status_code == 404
    assert number not in [s["@iot.id"] for s in workshop.values("Datastreams")]
    assert number in [s["@iot.id"] for s in workshop.values("MultiDatastreams")]
    for observation in workshop.values("Observations"):
        of_multi = isinstance(observation["result"], list)
        assert ("MultiDatastream@iot.navigationLink" in observation) == of_multi
        assert ("Datastream@iot.navigationLink" in observation) != of_multi
    assert workshop.post(f"Datastreams({number})/Observations", value([1, 2], 9)).status_code == 404
    assert workshop.post("Observations", value([1, 2], 9, Datastream=link(number))).status_code == 404
    plain = workshop.values("Datastreams")[0]["@iot.id"]
    assert workshop.post(f"MultiDatastreams({plain})/Observations", value([1, 2], 9)).status_code == 404
    assert workshop.post("Observations", value(1, 9, MultiDatastream=link(plain))).status_code == 404


def test_filters_reach_over_the_links(workshop: Town, wind: str) -> None:
    number = workshop.number(wind)
    for kind, condition in (
        ("MultiDatastreams", "ObservedProperties/name eq 'Richtung'"),
        ("MultiDatastreams", "Thing/name eq 'Kiosk' and Sensor/name eq 'Fühler' and ObservedProperties/id gt 0"),
        ("Things", f"MultiDatastreams/id eq {number}"),
        ("Observations", f"MultiDatastream/id eq {number}"),
    ):
        assert workshop.values(kind, filter=condition), condition
    found = workshop.values("Observations", filter=f"MultiDatastream/id eq {number}", orderby="phenomenonTime desc")
    assert [o["result"] for o in found] == [[4, None], [3.5, 180]]


def test_observations_come_by_path_by_link_and_as_an_array(workshop: Town) -> None:
    made = workshop.made("MultiDatastreams", multi())
    number = workshop.number(made)
    workshop.made(f"{made}/Observations", value([1.5, 2]))
    workshop.made("Observations", value([2.5, 3], 1, MultiDatastream=link(number)))
    rows = [["2025-03-01T12:02:00Z", [3.5, 4]], ["2025-03-01T12:03:00Z", [3.5]]]
    block = {"MultiDatastream": link(number), "components": ["phenomenonTime", "result"], "dataArray": rows}
    answer = workshop.post("CreateObservations", [block]).json()
    assert [entry.startswith("error") for entry in answer] == [False, True]
    found = workshop.get(f"{made}/Observations", orderby="phenomenonTime", count="true").json()
    assert found["@iot.count"] == 3
    assert [o["result"] for o in found["value"]] == [[1.5, 2], [2.5, 3], [3.5, 4]]
    latest = workshop.one(made, expand="Observations($top=1;$orderby=phenomenonTime desc)")
    assert latest["Observations"][0]["result"] == [3.5, 4]
    (group,) = workshop.get(f"{made}/Observations", resultFormat="dataArray").json()["value"]
    assert group["MultiDatastream@iot.navigationLink"].endswith(made)


RESULTS: list[tuple[list[str], Any, str]] = [
    (["Measurement", "Measurement"], 5, "no array of 2"),
    (["Measurement", "Measurement"], [5], "no array of 2"),
    (["Measurement", "Measurement"], [5, 6, 7], "no array of 2"),
    (["Measurement", "Measurement"], [None, None], "no array of 2"),
    (["Measurement", "Measurement"], {"0": 1, "1": 2}, "no array of 2"),
    (["Measurement", "Measurement"], [5, "6"], "result[1] is not of kind Measurement"),
    (["Measurement", "Measurement"], [True, 6], "result[0] is not of kind Measurement"),
    (["CountObservation", "Measurement"], [1.5, 6], "result[0] is not of kind CountObservation"),
    (["TruthObservation", "Measurement"], [1, 6], "result[0] is not of kind TruthObservation"),
    (["CategoryObservation", "Measurement"], [1, 6], "result[0] is not of kind CategoryObservation"),
]


@pytest.mark.parametrize(("types", "result", "named"), RESULTS)
def test_a_result_of_another_shape_is_refused(workshop: Town, types: list[str], result: Any, named: str) -> None:
    made = workshop.made("MultiDatastreams", multi(multiObservationDataTypes=[f"{KINDS}{name}" for name in types]))
    answer = workshop.post(f"{made}/Observations", value(result))
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["title_en"]
    assert workshop.values(f"{made}/Observations") == []


FAULTY: list[tuple[Body, str]] = [
    ({"multiObservationDataTypes": None}, "multiObservationDataTypes: is missing"),
    ({"multiObservationDataTypes": [samples.MEASURED]}, "not equally many"),
    ({"multiObservationDataTypes": [5, 6]}, "multiObservationDataTypes[0]"),
    ({"unitOfMeasurements": [samples.CELSIUS]}, "not equally many"),
    ({"unitOfMeasurements": [samples.CELSIUS, {"name": "x"}]}, "unitOfMeasurements[1]/symbol: is missing"),
    ({"unitOfMeasurements": {}}, "unitOfMeasurements: here is object"),
    ({"ObservedProperties": [samples.observed()]}, "not equally many"),
    ({"ObservedProperties": None}, "not equally many"),
    ({"Thing": None}, "Thing"),
    ({"Observations": [value([1, 2]), value([1, "2"], 1)]}, "Observation 1: result[1]"),
]


@pytest.mark.parametrize(("fault", "named"), FAULTY)
def test_a_faulty_multidatastream_is_refused_whole(workshop: Town, fault: Body, named: str) -> None:
    before = len(workshop.values("Things", top="10000"))
    answer = workshop.post("MultiDatastreams", multi(**fault))
    assert answer.status_code in (400, 422), answer.text
    assert named in answer.json()["title_en"]
    assert len(workshop.values("Things", top="10000")) == before


def test_it_goes_with_its_thing_and_is_nested_in_it(workshop: Town) -> None:
    nested = {name: part for name, part in multi(Observations=[value([1, 2])]).items() if name != "Thing"}
    thing = workshop.made("Things", samples.thing(MultiDatastreams=[nested]))
    (found,) = workshop.values(f"{thing}/MultiDatastreams", expand="Observations")
    assert found["Observations"][0]["result"] == [1, 2]
    assert workshop.send("DELETE", thing).status_code == 200
    assert workshop.get(f"MultiDatastreams({found['@iot.id']})").status_code == 404
    assert workshop.get(f"Observations({found['Observations'][0]['@iot.id']})").status_code == 404
