"""Clause 12: several properties observed at once."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import (
    CELSIUS,
    COMPLEX,
    MEASUREMENT,
    PERCENT,
    Api,
    link,
    observed_property,
    sensor,
    thing,
)
from tests.standards.sensorthings.conformance import proves

NOON = "2024-05-01T12:00:00Z"


@pytest.fixture(scope="module")
def pair(api: Api) -> Any:
    """Give a MultiDatastream of temperature and humidity with two observations."""
    made = api.create("MultiDatastreams", api.multi())
    for hour, result in ((1, [20.5, 60]), (2, [21.5, 55])):
        body = {"phenomenonTime": f"2024-05-01T0{hour}:00:00Z", "result": result}
        api.make(f"MultiDatastreams({made})/Observations", body)
    return made


@proves("multi-datastream/properties")
def test_a_multi_datastream_has_its_properties(api: Api, pair: Any) -> None:
    """req/multi-datastream/properties: name, description, observationType, data types and units."""
    one = api.body(f"MultiDatastreams({pair})")
    assert {"name", "description", "observationType", "multiObservationDataTypes", "unitOfMeasurements"} <= one.keys()
    assert one["observationType"] == COMPLEX
    assert one["multiObservationDataTypes"] == [MEASUREMENT, MEASUREMENT]
    assert one["unitOfMeasurements"] == [CELSIUS, PERCENT]
    assert one["phenomenonTime"] == "2024-05-01T01:00:00Z/2024-05-01T02:00:00Z"


@proves("multi-datastream/properties")
def test_the_root_lists_multi_datastreams(api: Api, pair: Any) -> None:
    """req/multi-datastream/properties: the set is listed and read like the others."""
    assert "MultiDatastreams" in [entry["name"] for entry in api.body("")["value"]]
    assert pair in api.ids("MultiDatastreams", filter=f"id eq {pair}")


@proves("multi-datastream/relations")
@pytest.mark.parametrize("word", ["Thing", "Sensor", "ObservedProperties", "Observations"])
def test_a_multi_datastream_has_its_relations(api: Api, pair: Any, word: str) -> None:
    """req/multi-datastream/relations: Thing, Sensor, ObservedProperties and Observations, each with its way back."""
    one = api.body(f"MultiDatastreams({pair})", expand=word)
    related = one[word] if isinstance(one[word], list) else [one[word]]
    assert len(related) == (2 if word in ("ObservedProperties", "Observations") else 1)
    back = "MultiDatastream" if word == "Observations" else "MultiDatastreams"
    for entry in related:
        there = api.body(f"{entry['@iot.selfLink']}/{back}")
        ids = [found["@iot.id"] for found in there["value"]] if "value" in there else [there["@iot.id"]]
        assert ids == [pair]


@proves("multi-datastream/relations")
def test_observations_belong_to_one_of_both(api: Api, pair: Any) -> None:
    """req/multi-datastream/relations: an Observation of a MultiDatastream has no Datastream."""
    seen = api.values(f"MultiDatastreams({pair})/Observations", orderby="phenomenonTime")[0]
    assert seen["result"] == [20.5, 60]
    assert api.get(f"Observations({seen['@iot.id']})/Datastream").status_code in (204, 404)
    assert api.body(f"Observations({seen['@iot.id']})/MultiDatastream")["@iot.id"] == pair


@proves("multi-datastream/relations")
@pytest.mark.parametrize("missing", ["Thing", "Sensor", "ObservedProperties"])
def test_its_links_are_mandatory(api: Api, missing: str) -> None:
    """req/multi-datastream/relations: Thing, Sensor and ObservedProperties have to be named."""
    body = api.multi()
    del body[missing]
    assert api.post("MultiDatastreams", body).status_code in (400, 422)


@proves("multi-datastream/relations")
def test_it_links_to_what_is_there(api: Api) -> None:
    """req/multi-datastream/relations: existing entities are linked by id, in their order."""
    seen = [api.create("ObservedProperties", observed_property()) for _ in range(3)]
    body = api.multi(
        Thing=link(api.create("Things", thing())),
        Sensor=link(api.create("Sensors", sensor())),
        ObservedProperties=[link(number) for number in (seen[2], seen[0], seen[1])],
        multiObservationDataTypes=[MEASUREMENT] * 3,
        unitOfMeasurements=[CELSIUS, PERCENT, CELSIUS],
    )
    made = api.create("MultiDatastreams", body)
    assert api.ids(f"MultiDatastreams({made})/ObservedProperties") == [seen[2], seen[0], seen[1]]


@proves("multi-datastream/constraints")
@pytest.mark.parametrize(
    "change",
    [
        {"unitOfMeasurements": [CELSIUS]},
        {"multiObservationDataTypes": [MEASUREMENT]},
        {"unitOfMeasurements": [CELSIUS, PERCENT, CELSIUS]},
        {"observationType": MEASUREMENT},
    ],
)
def test_sizes_have_to_match(api: Api, change: dict[str, Any]) -> None:
    """req/multi-datastream/constraints: units, data types and observed properties are of one size and order."""
    body = api.multi(**change)
    assert api.post("MultiDatastreams", body).status_code in (400, 422)
    assert api.values("Things", filter=f"name eq '{body['Thing']['name']}'") == []


@proves("multi-datastream/constraints")
@pytest.mark.parametrize("result", [[1], [1, 2, 3], 5, "text", {"a": 1}])
def test_a_result_has_to_match(api: Api, pair: Any, result: object) -> None:
    """req/multi-datastream/constraints: a result has one element for each unit."""
    body = {"phenomenonTime": NOON, "result": result}
    assert api.post(f"MultiDatastreams({pair})/Observations", body).status_code in (400, 422)


@proves("multi-datastream/constraints")
def test_an_element_may_be_without_unit(api: Api) -> None:
    """req/multi-datastream/constraints: an element without unit has a unit of nulls."""
    none = {"name": None, "symbol": None, "definition": None}
    kind = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
    body = api.multi(unitOfMeasurements=[CELSIUS, none], multiObservationDataTypes=[MEASUREMENT, kind])
    made = api.create("MultiDatastreams", body)
    seen = {"phenomenonTime": NOON, "result": [20.5, "https://example.org/clear"], "MultiDatastream": link(made)}
    number = api.create("Observations", seen)
    assert api.body(f"Observations({number})")["result"] == seen["result"]
    assert api.body(f"MultiDatastreams({made})")["unitOfMeasurements"][1] == none


@proves("multi-datastream/relations")
@pytest.mark.parametrize("name", ["Things", "Sensors", "ObservedProperties", "MultiDatastreams"])
def test_it_goes_with_what_it_needs(api: Api, name: str) -> None:
    """req/multi-datastream/relations: deleting what is mandatory for it deletes it and its observations."""
    made = api.create("MultiDatastreams", api.multi())
    seen = api.create("Observations", {"phenomenonTime": NOON, "result": [1, 2], "MultiDatastream": link(made)})
    one = api.body(f"MultiDatastreams({made})", expand="Thing,Sensor,ObservedProperties")
    targets = {"Things": one["Thing"], "Sensors": one["Sensor"], "ObservedProperties": one["ObservedProperties"][0]}
    assert api.send("DELETE", targets.get(name, one)["@iot.selfLink"]).status_code in (200, 204)
    assert api.get(f"MultiDatastreams({made})").status_code in (404, 410)
    assert api.get(f"Observations({seen})").status_code in (404, 410)
