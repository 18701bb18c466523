"""Correcting and deleting observations over HTTP: numbers, counts, latest values, days and former states follow."""

import datetime as dt
from typing import Any

import pytest

from allmende.gate.door import Ask, Asker
from allmende.gate.query import Arrival, Datastream
from allmende.gate.tokens import create_token
from allmende.kernel.errors import Invalid
from tests.apis import samples
from tests.apis.conftest import Town
from tests.apis.samples import link, value

READ = Ask(Asker("system:tests"), "use", "climate-adaptation", "administration")
VAULT = Ask(Asker("system:tests"), "collect", "open-data", "public")
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
DAY = dt.date(2025, 3, 1)


def _stream(town: Town, *results: float, category: str = "weather") -> tuple[str, list[str]]:
    """Make a datastream with one value a minute; give the paths of all."""
    stream = town.made("Datastreams", samples.whole(properties={"category": category}))
    return stream, [town.made(f"{stream}/Observations", value(result, n)) for n, result in enumerate(results)]


def _facts(town: Town, stream: str) -> dict[str, Any]:
    """Give what the store keeps beside the values of a datastream."""
    number, grant = town.number(stream), town.gate.grant(READ)
    summary = town.gate.summary(grant, [number]).get(number)
    latest = town.gate.latest(grant, [number]).get(number)
    days = town.gate.days(grant, [number], DAY, DAY + dt.timedelta(days=2))
    return {
        "count": summary.count if summary else 0,
        "latest": latest.result if latest else None,
        "days": [(day.count, day.minimum, day.maximum) for day in days],
        "series": town.gate.series(grant, number, 0, 1 << 60).values.tolist(),
    }


def _answered(answer: Any, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert all(word in answer.text for word in words), answer.text


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [
        ("PATCH", {"result": 25.5}, {}),
        ("PUT", {"result": 25.5}, {}),
        ("PATCH", [{"op": "replace", "path": "/result", "value": 25.5}], JSON_PATCH),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_a_correction_keeps_the_number_and_all_figures_follow(
    workshop: Town, method: str, body: Any, headers: dict[str, str], sealed: bool
) -> None:
    stream, seen = _stream(workshop, 1.0, 99.0, 3.0)
    if sealed:
        workshop.gate.seal()
    before = workshop.one(seen[1])
    path = f"{seen[1]}?reason=F%C3%BChler%20verdreckt"
    _answered(workshop.send(method, path, body, **headers), 200)
    assert workshop.one(seen[1]) == {**before, "result": 25.5}
    assert workshop.get(f"{stream}/Observations", count="true").json()["@iot.count"] == 3
    assert _facts(workshop, stream) == {
        "count": 3, "latest": 3.0, "days": [(3, 1.0, 25.5)], "series": [1.0, 25.5, 3.0],
    }  # fmt: skip
    (former,) = workshop.one(f"{seen[1]}/former")["value"]
    assert (former["result"], former["reason"]) == (99.0, "Fühler verdreckt")
    assert former["phenomenonTime"] == before["phenomenonTime"]
    assert "actor" not in former
    (told,) = workshop.send("GET", f"{seen[1]}/former", token="reader").json()["value"]
    assert told["actor"] == "token:writer"


def test_every_member_can_be_corrected_by_path_and_by_those_who_only_send(workshop: Town) -> None:
    stream, seen = _stream(workshop, 1.0, 2.0)
    feature = workshop.number(workshop.made("FeaturesOfInterest", samples.feature()))
    body = {
        "result": 7.5, "phenomenonTime": "2025-03-02T01:00:00Z/2025-03-02T02:00:00Z",
        "resultTime": "2025-03-02T03:00:00Z", "parameters": {"a": 1}, "resultQuality": "good",
        "FeatureOfInterest": link(feature), "Datastream": link(workshop.number(stream)),
    }  # fmt: skip
    answer = workshop.send("PATCH", f"{stream}/{seen[1]}", body, "sender")
    _answered(answer, 200)
    found = workshop.one(seen[1], expand="FeatureOfInterest")
    for name in ("result", "phenomenonTime", "resultTime", "parameters", "resultQuality"):
        assert found[name] == body[name]
    assert found["FeatureOfInterest"]["@iot.id"] == feature
    assert _facts(workshop, stream)["days"] == [(1, 1.0, 1.0), (1, 7.5, 7.5)]
    steps = [{"op": "remove", "path": f"/{name}"} for name in ("parameters", "resultQuality", "FeatureOfInterest")]
    _answered(workshop.send("PATCH", f"FeaturesOfInterest({feature})/{seen[1]}", steps, **JSON_PATCH), 200)
    found = workshop.one(seen[1], expand="FeatureOfInterest")
    assert "parameters" not in found
    assert "resultQuality" not in found
    assert not found["FeatureOfInterest"]
    assert workshop.send("PATCH", f"FeaturesOfInterest({feature})/{seen[1]}", {"result": 1}).status_code == 404
    assert len(workshop.one(f"{seen[1]}/former")["value"]) == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"result": "warm"}, "result"),
        ({"result": None}, "result"),
        ({"result": 4, "phenomenonTime": "gestern"}, "phenomenonTime"),
        ({"phenomenonTime": None}, "phenomenonTime"),
        ({"resultTime": 7}, "resultTime"),
        ({"parameters": []}, "parameters"),
        ({"FeatureOfInterest": {"@iot.id": 999_999}}, "FeatureOfInterest"),
        ({"FeatureOfInterest": {"name": "x"}}, "FeatureOfInterest"),
        ({"Datastream": {"@iot.id": 999_999}}, "Datastream"),
        ({"colour": "red"}, "colour"),
        ([], "body"),
    ],
)
def test_a_bad_correction_is_refused_by_its_place_and_changes_nothing(workshop: Town, body: Any, place: str) -> None:
    stream, seen = _stream(workshop, 1.0)
    before = workshop.one(seen[0])
    answer = workshop.send("PATCH", seen[0], body)
    assert 400 <= answer.status_code < 500
    assert answer.status_code not in (401, 403, 404, 409)
    assert place in answer.text
    assert workshop.one(seen[0]) == before
    assert workshop.one(f"{seen[0]}/former")["value"] == []
    assert _facts(workshop, stream)["count"] == 1


def test_a_time_that_another_value_has_is_a_conflict(workshop: Town) -> None:
    _, seen = _stream(workshop, 1.0, 2.0)
    taken = workshop.one(seen[0])["phenomenonTime"]
    _answered(workshop.send("PATCH", seen[1], {"phenomenonTime": taken}), 409)


def test_a_correction_needs_the_right_token_and_the_known_state(workshop: Town) -> None:
    _, seen = _stream(workshop, 1.0)
    assert workshop.send("PATCH", seen[0], {"result": 2}, "").status_code == 401
    assert workshop.send("PATCH", seen[0], {"result": 2}, "reader").status_code == 403
    assert workshop.send("DELETE", seen[0], token="sender").status_code == 403
    tag = workshop.get(seen[0]).headers["etag"]
    _answered(workshop.send("PATCH", seen[0], {"result": 2}, **{"If-Match": tag}), 200)
    _answered(workshop.send("PATCH", seen[0], {"result": 3}, **{"If-Match": tag}), 412)
    _answered(workshop.send("DELETE", seen[0], **{"If-Match": tag}), 412)
    assert workshop.one(seen[0])["result"] == 2
    _answered(workshop.send("DELETE", seen[0], **{"If-Match": workshop.get(seen[0]).headers["etag"]}), 200)


def test_a_json_patch_tells_nothing_about_a_value(workshop: Town) -> None:
    _, seen = _stream(workshop, 1.0)
    for step in ({"op": "test", "path": "/result", "value": 1.0}, {"op": "copy", "from": "/result", "path": "/x"}):
        _answered(workshop.send("PATCH", seen[0], [step], **JSON_PATCH), 400, "If-Match")


def test_what_a_token_may_not_know_is_not_there(workshop: Town) -> None:
    stream, seen = _stream(workshop, 1.0)
    missing = "Observations(8589934592000)"
    closed, hidden = _vault(workshop)
    for path in (missing, hidden):
        for method, body in (("PATCH", {"result": 2}), ("PUT", {"result": 2}), ("DELETE", None)):
            assert workshop.send(method, path, body).status_code == 404
        assert workshop.get(f"{path}/former").status_code == 404
    for path in ("Datastreams(999999)", closed):
        answer = workshop.send("DELETE", f"{path}/Observations?$filter=true")
        assert answer.status_code == 404
    assert workshop.send("PATCH", f"Multi{stream}/{seen[0]}", {"result": 2}).status_code == 404
    assert workshop.gate.summary(workshop.gate.grant(READ), [workshop.number(stream)])


def _vault(town: Town) -> tuple[str, str]:
    """Make a datastream with a value in a category that no token reaches."""
    town_stream, _ = _stream(town)
    near = town.one(town_stream, expand="Thing,Sensor,ObservedProperty")
    stream = Datastream(
        name="V", description="", unit="Cel", category="vault", data_use="tests",
        thing_id=near["Thing"]["@iot.id"], sensor_id=near["Sensor"]["@iot.id"],
        observed_property_id=near["ObservedProperty"]["@iot.id"],
    )  # fmt: skip
    grant = town.gate.grant(VAULT)
    number = town.gate.create(grant, "Datastreams", stream)
    receipt = town.gate.append(grant, [Arrival(datastream_id=number, phenomenon_start=1_700_000_000_000_000, result=1)])
    return f"Datastreams({number})", f"Observations({receipt.ids[0]})"


def test_what_may_be_collected_and_not_deleted_is_refused_in_words(workshop: Town) -> None:
    stream, seen = _stream(workshop, 1.0, category="cellar")
    assert workshop.send("DELETE", seen[0]).status_code == 403
    assert workshop.send("DELETE", f"{stream}/Observations?$filter=true").status_code == 403
    assert workshop.send("PATCH", seen[0], {"result": 2}).status_code == 200
    assert _facts(workshop, stream)["latest"] == 2.0
    assert workshop.get(f"{seen[0]}/former").status_code == 404


@pytest.mark.parametrize("sealed", [False, True])
def test_the_latest_goes_then_all_and_what_is_sent_again_is_new(workshop: Town, sealed: bool) -> None:
    stream, seen = _stream(workshop, 1.0, 2.0, 3.0)
    _answered(workshop.send("PATCH", seen[2], {"result": 4.0}), 200)
    if sealed:
        workshop.gate.seal()
    _answered(workshop.send("DELETE", seen[2]), 200)
    assert workshop.send("DELETE", seen[2]).status_code == 404
    assert workshop.get(seen[2]).status_code == 404
    assert workshop.get(f"{seen[2]}/former").status_code == 404
    assert _facts(workshop, stream) == {"count": 2, "latest": 2.0, "days": [(2, 1.0, 2.0)], "series": [1.0, 2.0]}
    for path in seen[:2]:
        _answered(workshop.send("DELETE", f"{stream}/{path}"), 200)
    assert _facts(workshop, stream) == {"count": 0, "latest": None, "days": [], "series": []}
    assert "phenomenonTime" not in workshop.one(stream)
    again = workshop.made(f"{stream}/Observations", value(3.0, 2))
    assert again not in seen
    assert workshop.one(f"{again}/former")["value"] == []
    assert _facts(workshop, stream)["series"] == [3.0]


def test_a_span_of_time_is_deleted_and_nothing_beside_it(workshop: Town) -> None:
    stream, seen = _stream(workshop, 1.0, 2.0, 3.0, 4.0)
    other, _ = _stream(workshop, 1.0)
    reaching = value(9.0, 0, phenomenonTime="2025-03-01T12:01:30Z/2025-03-01T12:02:30Z")
    seen.append(workshop.made(f"{stream}/Observations", reaching))
    condition = "phenomenonTime ge 2025-03-01T12:01:00Z and phenomenonTime lt 2025-03-01T12:02:00Z"
    shown = [o["@iot.id"] for o in workshop.values(f"{stream}/Observations", filter=condition)]
    answer = workshop.send("DELETE", f"{stream}/Observations?$filter={condition}")
    _answered(answer, 200)
    assert answer.json() == {"deleted": 1}
    assert shown == [workshop.number(seen[1])]
    assert [workshop.get(path).status_code for path in seen] == [200, 404, 200, 200, 200]
    assert workshop.send("DELETE", f"{stream}/Observations?$filter=true").json() == {"deleted": 4}
    assert _facts(workshop, stream)["count"] == 0
    assert _facts(workshop, other)["count"] == 1


@pytest.mark.parametrize(
    "where",
    [
        "/Observations",
        "/Observations?$filter=result gt 1",
        "/Observations?$filter=phenomenonTime lt 2030-01-01T00:00:00Z and result gt 1",
        "/Observations?$filter=phenomenonTime lt 2030-01-01T00:00:00Z or result gt 1",
        "/Observations?$filter=not (phenomenonTime lt 2024-01-01T00:00:00Z)",
        "/Observations?$filter=Datastream/id eq 1",
        "/Observations?$filter=true&$top=1",
        "/Observations?$filter=",
    ],
)
def test_what_delimits_no_span_deletes_nothing(workshop: Town, where: str) -> None:
    stream, _ = _stream(workshop, 1.0, 2.0)
    _answered(workshop.send("DELETE", stream + where), 400)
    assert _facts(workshop, stream)["count"] == 2


def test_without_a_filter_the_refusal_says_how_all_is_deleted(workshop: Town) -> None:
    stream, _ = _stream(workshop, 1.0)
    _answered(workshop.send("DELETE", f"{stream}/Observations"), 400, "$filter=true")
    _answered(workshop.send("DELETE", "Observations?$filter=true"), 400, "Datastreams(ID)/Observations")


def test_an_observation_brings_its_feature_along(workshop: Town) -> None:
    stream, _ = _stream(workshop)
    body = value(1.0, 0, FeatureOfInterest=samples.feature(name="Linde"), Datastream=link(workshop.number(stream)))
    key = {"Idempotency-Key": "one"}
    made = workshop.post("Observations", body, **key)
    again = workshop.post(f"{stream}/Observations", body, **key)
    assert made.headers["location"] == again.headers["location"]
    path = made.headers["location"].partition("/v1.1/")[2]
    assert workshop.one(f"{path}/FeatureOfInterest")["name"] == "Linde"
    named = workshop.values("FeaturesOfInterest", filter="name eq 'Linde'")
    number = named[0]["@iot.id"]
    assert len(named) == 1
    assert len(workshop.values(f"FeaturesOfInterest({number})/Observations")) == 1
    _send_rows(workshop, stream, number)
    _answered(workshop.send("DELETE", f"FeaturesOfInterest({number})"), 200)
    assert _facts(workshop, stream)["count"] == 0


def _send_rows(town: Town, stream: str, feature: int) -> None:
    for minute, name in enumerate(("FeatureOfInterest/id", "FeatureOfInterest/@iot.id"), 1):
        block = {
            "Datastream": link(town.number(stream)), "components": ["phenomenonTime", "result", name],
            "dataArray": [[f"2025-03-01T12:{minute:02}:00Z", 2.0, feature]],
        }  # fmt: skip
        (address,) = town.post("CreateObservations", [block]).json()
        path = address.partition("/v1.1/")[2]
        assert town.one(f"{path}/FeatureOfInterest")["@iot.id"] == feature


def test_a_refused_observation_leaves_no_feature(workshop: Town) -> None:
    stream, _ = _stream(workshop)
    feature = samples.feature(name="Eiche")
    _answered(workshop.post(f"{stream}/Observations", value("warm", FeatureOfInterest=feature)), 422, "result")
    _answered(workshop.post(f"{stream}/Observations", value(1, FeatureOfInterest={"name": "Eiche"})), 400, "/")
    assert workshop.post(f"{stream}/Observations", value(1, FeatureOfInterest=feature), "sender").status_code == 403
    assert workshop.values("FeaturesOfInterest", filter="name eq 'Eiche'") == []
    assert _facts(workshop, stream)["count"] == 0


@pytest.mark.parametrize("sealed", [False, True])
def test_valid_time_and_quality_are_kept_corrected_and_found(workshop: Town, sealed: bool) -> None:
    stream, seen = _stream(workshop, 1.0, 2.0, 3.0)
    quality, span = {"DQ_Status": {"code": ["ok", 4]}}, "2025-03-01T12:00:00Z/2025-03-01T13:00:00Z"
    _answered(workshop.send("PATCH", seen[1], {"resultQuality": quality, "validTime": span}), 200)
    if sealed:
        workshop.gate.seal()
    found = workshop.one(seen[1])
    assert (found["resultQuality"], found["validTime"]) == (quality, span)

    def results(written: str) -> list[float]:
        return [one["result"] for one in workshop.values(f"{stream}/Observations", filter=written, orderby="result")]

    assert results("during(validTime, 2025-03-01T12:00:00Z/2025-03-02T00:00:00Z)") == [2.0]
    assert results("validTime eq null") == [1.0, 3.0]
    assert results("resultQuality/DQ_Status/code eq 'ok' or resultQuality eq 'unchecked'") == [1.0, 3.0]
    assert results("resultQuality eq 'good'") == []
    rows = workshop.get(f"{stream}/Observations", resultFormat="dataArray").json()["value"][0]
    assert rows["components"][4:6] == ["resultQuality", "validTime"]
    assert [row[5] for row in rows["dataArray"]] == [None, span, None]
    _answered(workshop.send("PATCH", seen[1], {"resultQuality": "good", "validTime": None}), 200)
    assert results("resultQuality eq 'good'") == [2.0]
    assert "validTime" not in workshop.one(seen[1])
    former = workshop.one(f"{seen[1]}/former")["value"]
    assert [one.get("validTime") for one in former] == [span, None]
    assert former[0]["resultQuality"] == quality
    backwards = {"validTime": "2025-03-01T13:00:00Z/2025-03-01T12:00:00Z"}
    _answered(workshop.send("PATCH", seen[1], backwards), 422, "validTime")


def test_a_token_writes_for_the_purpose_that_it_names(workshop: Town) -> None:
    stream, _seen = _stream(workshop, 1.0)
    body = {"phenomenonTime": "2025-03-05T12:00:00Z", "result": 1}
    for purpose, status in (("climate-adaptation", 201), ("open-data", 403)):
        scopes = ("observations:write", f"write:{purpose}")
        plain = create_token(workshop.gate, name=f"for-{purpose}", scopes=scopes)
        _answered(workshop.post(f"{stream}/Observations", body, plain), status)
    with pytest.raises(Invalid, match="nonsense"):
        create_token(workshop.gate, name="nonsense", scopes=("write:nonsense",))
