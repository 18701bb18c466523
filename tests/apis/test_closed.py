"""What rules close can be neither made nor changed nor deleted, and looks as if it were not there."""

from typing import Any

import pytest

from allmende.gate.door import Ask, Asker
from allmende.gate.query import Datastream, Location, ObservedProperty, Sensor, Thing
from tests.apis import samples
from tests.apis.conftest import BASE, Town
from tests.apis.samples import link

VAULT = Ask(Asker("system:tests"), "collect", "open-data", "public")


def _in_vault(town: Town, thing: int = 0, sensor: int = 0) -> dict[str, int]:
    """Make a datastream that no token reaches, with all that hangs on it or at things of others."""
    grant = town.gate.grant(VAULT)
    place = town.gate.create(grant, "Locations", Location(name="Tresor", description="", location=samples.POINT))
    thing = thing or town.gate.create(grant, "Things", Thing(name="Tresor", description="", location_ids=(place,)))
    sensor = sensor or town.gate.create(grant, "Sensors", Sensor(name="Tresor", description=""))
    seen = town.gate.create(grant, "ObservedProperties", ObservedProperty(name="x", definition="x", description=""))
    stream = town.gate.create(grant, "Datastreams", Datastream(
        name="Tresor", description="", thing_id=thing, sensor_id=sensor, observed_property_id=seen, unit="Cel",
        category="vault", data_use="tests",
    ))  # fmt: skip
    return {
        "Locations": place, "Things": thing, "Sensors": sensor, "ObservedProperties": seen, "Datastreams": stream,
    }  # fmt: skip


def _read(town: Town, path: str, token: str = "") -> int:
    bearer = {"Authorization": f"Bearer {town.tokens[token]}"} if token else {}
    return town.client.get(f"{BASE}/{path}", headers=bearer).status_code


def _without_numbers(problem: dict[str, Any]) -> str:
    return "".join(sign for sign in str(problem) if not sign.isdigit())


def test_a_closed_category_takes_no_new_datastream(workshop: Town) -> None:
    before = len(workshop.values("Things", top="10000"))
    answer = workshop.post("Datastreams", samples.whole(properties={"category": "vault"}))
    assert answer.status_code == 403
    assert "No rule permits this" in answer.json()["title_en"]
    assert workshop.post("Datastreams", samples.whole(properties={"category": "invented"})).status_code == 403
    assert len(workshop.values("Things", top="10000")) == before


def test_a_closed_category_looks_absent(workshop: Town) -> None:
    vault = _in_vault(workshop)
    for kind, number in vault.items():
        for method in ("PATCH", "PUT", "DELETE"):
            there = workshop.send(method, f"{kind}({number})", {"name": "x"})
            absent = workshop.send(method, f"{kind}(987654321)", {"name": "x"})
            assert there.status_code == absent.status_code == 404, (method, kind, there.text)
            assert _without_numbers(there.json()) == _without_numbers(absent.json())
    for path, body in (
        (f"Things({vault['Things']})/Datastreams", samples.whole(Thing=None)),
        (f"Things({vault['Things']})/Locations", samples.location()),
        (f"Things({vault['Things']})/Datastreams({vault['Datastreams']})/Thing/Locations", samples.location()),
    ):
        assert workshop.post(path, body).status_code == 404
    for name, kind in (("Thing", "Things"), ("Sensor", "Sensors"), ("ObservedProperty", "ObservedProperties")):
        answer = workshop.post("Datastreams", samples.whole(**{name: link(vault[kind])}))
        assert answer.status_code == 400
        assert f"{name}: there is no {kind}({vault[kind]})" in answer.json()["title_en"]


def test_what_concerns_a_closed_category_too_is_refused_without_naming_it(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    thing, sensor = (workshop.one(f"{made}/{name}")["@iot.id"] for name in ("Thing", "Sensor"))
    _in_vault(workshop, thing=thing, sensor=sensor)
    for path in (f"Things({thing})", f"Sensors({sensor})"):
        for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
            answer = workshop.send(method, path, body)
            assert answer.status_code == 403, answer.text
            assert "vault" not in answer.text
        assert _read(workshop, path) == 200
    assert workshop.post(f"Things({thing})/Locations", samples.location()).status_code == 403
    assert workshop.send("PATCH", made, {"name": "mein eigenes"}).status_code == 200


def test_what_may_be_collected_but_not_deleted_stays(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole(properties={"category": "cellar"}))
    assert _read(workshop, made) == 404
    assert workshop.send("PATCH", made, {"name": "Neu"}).status_code == 200
    answer = workshop.send("DELETE", made)
    assert answer.status_code == 403
    assert "No rule permits this" in answer.json()["title_en"]
    assert _read(workshop, made, "reader") == 200
    refused = next(row for row in workshop.gate.decisions(10) if row.verb == "delete")
    assert (refused.category, refused.allowed) == ("cellar", False)


def test_a_datastream_does_not_move_into_a_closed_category(workshop: Town) -> None:
    made = workshop.made("Datastreams", samples.whole())
    for body in ({"properties": {"category": "vault"}}, {"properties": {"category": "invented"}}):
        assert workshop.send("PATCH", made, body).status_code == 403
    assert workshop.one(made)["properties"]["category"] == "weather"
    assert workshop.send("PATCH", made, {"properties": {"category": "cellar"}}).status_code == 200
    assert _read(workshop, made) == 404


def test_without_a_word_it_is_the_first_category_without_persons_or_that_of_the_token(workshop: Town) -> None:
    assert workshop.one(workshop.made("Datastreams", samples.whole()))["properties"]["category"] == "weather"
    made = workshop.made("Datastreams", samples.whole(), token="airy")
    assert (_read(workshop, made), _read(workshop, made, "reader")) == (404, 200)


@pytest.mark.parametrize("deleted", ["Datastream", "Thing"])
def test_a_deletion_uncovers_nothing(workshop: Town, deleted: str) -> None:
    """What was hidden because of a closed datastream stays hidden when that is gone."""
    made = workshop.made("Datastreams", samples.whole(properties={"category": "air"}, Observations=[samples.value(1)]))
    bearer = {"Authorization": f"Bearer {workshop.tokens['reader']}"}
    expand = "Thing/Locations,Sensor,ObservedProperty,Observations/FeatureOfInterest"
    found = workshop.client.get(f"{BASE}/{made}?$expand={expand}", headers=bearer).json()
    paths = [
        f"Locations({found['Thing']['Locations'][0]['@iot.id']})",
        f"Sensors({found['Sensor']['@iot.id']})",
        f"ObservedProperties({found['ObservedProperty']['@iot.id']})",
        f"Things({found['Thing']['@iot.id']})",
        f"FeaturesOfInterest({found['Observations'][0]['FeatureOfInterest']['@iot.id']})",
    ]
    path = made if deleted == "Datastream" else paths[3]
    assert workshop.send("DELETE", path).status_code == 200
    assert [_read(workshop, path) for path in paths] == [404] * 5
    assert [_read(workshop, path, "reader") for path in paths[:3]] == [200] * 3
