"""Writes that name the state they know, batches that make entities, and expansions that tell what they leave out."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.apis import samples
from tests.apis.conftest import BASE, Town


def _tag(town: Town, path: str) -> str:
    answer = town.client.get(f"{BASE}/{path}", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def test_a_write_with_the_present_state_is_done_and_with_an_older_one_refused(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing())
    old = _tag(workshop, made)
    assert workshop.send("PATCH", made, {"name": "first"}, **{"If-Match": old}).status_code == 200
    for method, body in (("PATCH", {"name": "second"}), ("PUT", samples.thing()), ("DELETE", None)):
        refused = workshop.send(method, made, body, **{"If-Match": old})
        assert (refused.status_code, refused.json()["code"]) == (412, "sensorthings.changed"), method
    assert workshop.one(made)["name"] == "first"
    assert workshop.send("PATCH", made, {"name": "any"}, **{"If-Match": "*"}).status_code == 200
    packed = workshop.client.get(f"{BASE}/{made}", headers={"Accept-Encoding": "gzip"}).headers["etag"]
    assert workshop.send("DELETE", made, **{"If-Match": f'"other", {packed}'}).status_code == 200
    assert workshop.get(made).status_code == 404


def test_of_writers_that_know_the_same_state_one_succeeds(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing())
    tag = _tag(workshop, made)

    def write(number: int) -> int:
        return workshop.send("PATCH", made, {"description": f"writer {number}"}, **{"If-Match": tag}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(write, range(6))) == [200, 412, 412, 412, 412, 412]


def test_a_change_set_makes_entities_that_refer_to_each_other(workshop: Town) -> None:
    requests = [
        {"id": "place", "method": "POST", "url": "Locations", "body": samples.location(), "atomicityGroup": "g"},
        {
            "id": "thing",
            "method": "POST",
            "url": "Things",
            "body": {**samples.thing(), "Locations": [{"@iot.id": "$place"}]},
            "atomicityGroup": "g",
        },
        {
            "id": "more",
            "method": "POST",
            "url": "$thing/Datastreams",
            "body": samples.stream(Sensor=samples.sensor(), ObservedProperty=samples.observed()),
            "atomicityGroup": "g",
        },
        {"id": "look", "method": "GET", "url": "$thing?$expand=Locations,Datastreams", "dependsOn": ["g"]},
    ]
    answers = {a["id"]: a for a in workshop.post("$batch", {"requests": requests}).json()["responses"]}
    assert [answers[name]["status"] for name in ("place", "thing", "more", "look")] == [201, 201, 201, 200]
    first = workshop.number(answers["place"]["headers"]["location"])
    assert first in {place["@iot.id"] for place in answers["look"]["body"]["Locations"]}
    assert len(answers["look"]["body"]["Datastreams"]) == 1


def test_a_failed_change_set_leaves_no_entity_and_no_change(workshop: Town) -> None:
    made = workshop.made("Things", samples.thing())
    before = workshop.one(made)
    count = workshop.one("Things", count="true", top="0")["@iot.count"]
    requests = [
        {"id": "1", "method": "POST", "url": "Things", "body": samples.thing(), "atomicityGroup": "g"},
        {"id": "2", "method": "PATCH", "url": made, "body": {"name": "changed"}, "atomicityGroup": "g"},
        {
            "id": "3",
            "method": "PATCH",
            "url": made,
            "headers": {"If-Match": '"other"'},
            "body": {"name": "x"},
            "atomicityGroup": "g",
        },
    ]
    answers = workshop.post("$batch", {"requests": requests}).json()["responses"]
    assert [answer["status"] for answer in answers] == [424, 424, 412]
    assert workshop.one(made) == before
    assert workshop.one("Things", count="true", top="0")["@iot.count"] == count


@pytest.mark.parametrize("count", ["true", "false"])
def test_an_expansion_tells_how_many_there_are_and_where_the_rest_is(workshop: Town, count: str) -> None:
    made = workshop.made("Locations", samples.location())
    for _ in range(2):
        workshop.made("Things", {**samples.thing(), "Locations": [{"@iot.id": workshop.number(made)}]})
    found = workshop.one(made, expand=f"Things($top=1;$count={count})")
    assert len(found["Things"]) == 1
    assert found.get("Things@iot.count") == (2 if count == "true" else None)
    (rest,) = workshop.client.get(found["Things@iot.nextLink"]).json()["value"]
    assert rest["@iot.id"] != found["Things"][0]["@iot.id"]
    assert "Things@iot.nextLink" not in workshop.one(made, expand="Things")
