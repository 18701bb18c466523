"""What the door refuses of those who may write waits for a decision, on both databases."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from allmende.gate import quarantine
from allmende.gate.door import PUBLIC, Ask, Asker
from allmende.gate.quarantine import Quarantined
from allmende.gate.query import Correction
from allmende.kernel.clock import iso_from_micros, utc_now
from allmende.kernel.errors import AllmendeError, Conflict, Denied, NotFound
from tests.apis.conftest import BASE, WORKSHOP_RULES, Town
from tests.apis.samples import value

STAFF = Asker("staff:7")
USE = Ask(STAFF, "use", "climate-adaptation", "administration")
NOON, MINUTE = 1_740_830_400_000_000, 60_000_000
COLLECT = Ask(STAFF, "collect", "climate-adaptation", "administration")
OPEN = Ask(PUBLIC, "publish", "open-data", "public")


@pytest.fixture
def stream(workshop: Town, request: pytest.FixtureRequest) -> int:
    """Give an empty datastream with a range from -40 to 50."""
    return workshop.add(request.node.name[:40] + str(len(workshop.streams)), (9.0, 47.0), "weather")


def _kept(town: Town, stream: int | None) -> list[Quarantined]:
    found = quarantine.quarantined(town.gate, town.gate.grant(USE))
    return [one for one in found if one.datastream_id == stream]


def _send(town: Town, stream: int, body: Any, **headers: str) -> int:
    return town.post(f"Datastreams({stream})/Observations", body, **headers).status_code


def _values(town: Town, stream: int) -> list[tuple[float, str]]:
    found = town.values(f"Datastreams({stream})/Observations", orderby="phenomenonTime asc")
    return [(one["result"], one.get("resultQuality", "unchecked")) for one in found]


def _last_decisions(town: Town, count: int) -> list[tuple[str, str, str, int]]:
    return [(row.asker, row.verb, row.category, row.amount) for row in town.gate.decisions(count)]


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (value(99), "observation.out_of_range", 422),
        (value("warm"), "observation.bad_result", 422),
        ({"phenomenonTime": "2025-03-01T12:00:00Z/2025-03-01T11:00:00Z", "result": 1}, "observation.bad_time", 422),
        ({"phenomenonTime": "2199-03-01T12:00:00Z", "result": 1}, "observation.ahead", 422),
    ],
)
def test_what_is_refused_is_kept_once(workshop: Town, stream: int, body: Any, code: str, status: int) -> None:
    for _ in range(3):
        assert _send(workshop, stream, body) == status
    (one,) = _kept(workshop, stream)
    assert (one.code, one.category, one.source, one.decided) == (code, "weather", "token:writer", None)
    assert one.arrival.result == body["result"]
    assert one.reason.de
    assert not one.reason.en.startswith("Observation 0")
    assert _values(workshop, stream) == []


def test_what_changes_too_fast_is_kept_and_slow_changes_are_stored(workshop: Town, stream: int) -> None:
    """18 per hour are 0.3 a minute: singly, in columns that go on, and in between what is stored."""
    rated = workshop.send("PATCH", f"Datastreams({stream})", {"properties": {"maxRate": 18}})
    assert rated.status_code == 200, rated.text
    components = ["phenomenonTime", "result"]

    def rows(values: dict[int, float]) -> list[bool]:
        data = [[f"2025-03-01T12:{minute:02}:00Z", result] for minute, result in values.items()]
        array = {"Datastream": {"@iot.id": stream}, "components": components, "dataArray": data}
        return [not line.startswith("error") for line in workshop.post("CreateObservations", [array]).json()]

    assert rows({0: 10.0, 1: 10.3, 2: 10.1}) == [True, True, True]
    assert rows({10: 12.0, 12: 12.5, 13: 20.0, 14: 12.5}) == [True, True, False, True]
    assert rows({20: 19.0}) == [False]
    assert rows({6: 16.0}) == [False]
    assert rows({6: 11.0}) == [True]
    body = {"phenomenonTime": "2025-03-01T12:30:00Z", "result": 30}
    assert _send(workshop, stream, body) == 422
    found = _kept(workshop, stream)
    assert {one.code for one in found} == {"observation.too_fast"}
    assert sorted(str(one.arrival.result) for one in found) == ["16.0", "19.0", "20.0", "30"]
    assert "30.0" in found[0].reason.en and "18.0 per hour" in found[0].reason.en
    assert [result for result, _ in _values(workshop, stream)] == [10.0, 10.3, 10.1, 11.0, 12.0, 12.5, 12.5]
    assert workshop.send("PATCH", f"Datastreams({stream})", {"properties": {"maxRate": -1}}).status_code == 400


def test_the_range_of_a_datastream_is_a_property_that_can_be_changed(workshop: Town, stream: int) -> None:
    place = f"Datastreams({stream})"
    properties = workshop.one(place)["properties"]
    assert (properties["minimum"], properties["maximum"]) == (-40.0, 50.0)
    assert workshop.send("PATCH", place, {"properties": {"maximum": 120}}).status_code == 200
    assert workshop.one(place)["properties"]["minimum"] == -40.0
    assert _send(workshop, stream, value(99)) == 201
    assert _send(workshop, stream, value(121)) == 422
    assert workshop.send("PATCH", place, {"properties": {"maximum": None}}).status_code == 200
    assert "maximum" not in workshop.one(place)["properties"]
    for wrong, named in (({"maximum": "warm"}, "maximum"), ({"minimum": 60, "maximum": 50}, "maximum")):
        refused = workshop.send("PATCH", place, {"properties": wrong})
        assert refused.status_code == 400
        assert f"properties/{named}" in refused.text


def test_another_message_is_kept_beside(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value(99)) == 422
    assert _send(workshop, stream, value(99), **{"Idempotency-Key": "second\t1"}) == 422
    assert len(_kept(workshop, stream)) == 2


def test_of_an_array_each_bad_row_is_kept_and_the_good_ones_are_stored(workshop: Town, stream: int) -> None:
    rows = [[f"2025-03-01T12:{minute:02}:00Z", 99 if minute in (3, 7) else minute] for minute in range(10)]
    array = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    for _ in range(2):
        answer = workshop.post("CreateObservations", [array])
        assert [line.startswith("error") for line in answer.json()] == [minute in (3, 7) for minute in range(10)]
    assert {one.arrival.phenomenon_start for one in _kept(workshop, stream)} == {NOON + 3 * MINUTE, NOON + 7 * MINUTE}
    assert len(_kept(workshop, stream)) == 2
    assert len(_values(workshop, stream)) == 8


def test_what_names_no_datastream_is_kept_without_category(workshop: Town) -> None:
    before = len(_kept(workshop, None))
    assert _send(workshop, 2_000_000_000, value(1)) == 404
    newest, *others = _kept(workshop, None)
    assert len(others) == before
    assert (newest.category, newest.arrival.datastream_id) == (None, 2_000_000_000)


def test_a_closed_category_keeps_nothing(workshop: Town) -> None:
    stream = workshop.add("Verschlossen", (9.0, 47.0), "air")
    shut = tuple(
        msgspec.structs.replace(rule, categories=tuple(name for name in rule.categories if name != "air"))
        if "collect" in rule.verbs
        else rule
        for rule in WORKSHOP_RULES.rules
    )
    workshop.gate.publish(msgspec.structs.replace(WORKSHOP_RULES, rules=shut), actor="tests")
    try:
        assert _send(workshop, stream, value(99)) == 403
    finally:
        workshop.gate.publish(WORKSHOP_RULES, actor="tests")
    assert _kept(workshop, stream) == []
    assert _send(workshop, stream, value(99)) == 422
    assert len(_kept(workshop, stream)) == 1


def test_without_a_valid_token_nothing_is_kept(workshop: Town, stream: int) -> None:
    for token in ("", "alm_invented", "reader"):
        answer = workshop.post(f"Datastreams({stream})/Observations", value(99), token)
        assert answer.status_code in (401, 403)
    assert _kept(workshop, stream) == []


def test_what_a_change_set_takes_back_is_kept_all_the_same(workshop: Town, stream: int) -> None:
    parts = [
        {"id": str(place), "atomicityGroup": "g", "method": "post", "url": f"Datastreams({stream})/Observations",
         "body": value(result, place)}
        for place, result in enumerate((1, 99))
    ]  # fmt: skip
    workshop.post("$batch", {"requests": parts})
    assert [one.arrival.result for one in _kept(workshop, stream)] == [99]
    assert _values(workshop, stream) == []


def test_a_released_value_is_stored_as_suspect(workshop: Town, stream: int) -> None:
    ahead = utc_now() + dt.timedelta(days=3)
    assert _send(workshop, stream, value(99)) == 422
    assert _send(workshop, stream, {"phenomenonTime": ahead.isoformat(), "result": 98}) == 422
    grant = workshop.gate.grant(COLLECT)
    for one in _kept(workshop, stream):
        quarantine.release(workshop.gate, grant, one.id, reason="Hitze")
    assert _values(workshop, stream) == [(99.0, "suspect"), (98.0, "suspect")]
    assert ("staff:7", "collect", "weather") in {row[:3] for row in _last_decisions(workshop, 20)}
    for one in _kept(workshop, stream):
        assert (one.deed, one.actor, one.note) == ("released", "staff:7", "Hitze")
        with pytest.raises(Conflict):
            quarantine.discard(workshop.gate, grant, one.id, "noch einmal")
    assert _send(workshop, stream, value(99)) == 422
    assert [one for one in _kept(workshop, stream) if one.decided is None] == []


def test_a_released_value_may_be_corrected(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value("12,5")) == 422
    (one,) = _kept(workshop, stream)
    grant = workshop.gate.grant(COLLECT)
    with pytest.raises(AllmendeError):
        quarantine.release(workshop.gate, grant, one.id)
    assert _kept(workshop, stream)[0].decided is None
    quarantine.release(workshop.gate, grant, one.id, Correction(result=12.5, quality="good"), "Komma")
    assert _values(workshop, stream) == [(12.5, "good")]


def test_another_value_for_the_same_time_corrects_the_stored_one(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value(1)) == 201
    assert _send(workshop, stream, value(2)) == 409
    (one,) = _kept(workshop, stream)
    assert one.code == "observation.differs"
    quarantine.release(workshop.gate, workshop.gate.grant(COLLECT), one.id, reason="neue Auswertung")
    assert _values(workshop, stream) == [(2.0, "suspect")]
    number = workshop.values(f"Datastreams({stream})/Observations")[0]["@iot.id"]
    (former,) = workshop.gate.former(workshop.gate.grant(USE), number)
    assert (former.result, former.actor, former.reason) == (1.0, "staff:7", "neue Auswertung")


def test_a_discarded_value_is_not_stored_nor_open_again(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value(99)) == 422
    (one,) = _kept(workshop, stream)
    quarantine.discard(workshop.gate, workshop.gate.grant(COLLECT), one.id, "Fühler defekt")
    assert ("staff:7", "delete", "weather", 1) in _last_decisions(workshop, 20)
    assert _send(workshop, stream, value(99)) == 422
    (one,) = _kept(workshop, stream)
    assert (one.deed, one.note) == ("discarded", "Fühler defekt")
    assert _values(workshop, stream) == []


def test_only_the_staff_looks_in_and_only_where_the_rules_open(workshop: Town) -> None:
    cellar = workshop.add("Keller", (9.0, 47.0), "cellar")
    assert _send(workshop, cellar, value(99)) == 422
    (one,) = _kept(workshop, cellar)
    for ask in (OPEN, msgspec.structs.replace(USE, asker=Asker("token:reader"))):
        with pytest.raises(Denied):
            quarantine.quarantined(workshop.gate, workshop.gate.grant(ask))
    with pytest.raises(Denied):
        quarantine.discard(workshop.gate, workshop.gate.grant(USE), one.id, "falsche Erlaubnis")
    shown = quarantine.quarantined(workshop.gate, workshop.gate.grant(msgspec.structs.replace(OPEN, asker=STAFF)))
    assert {found.category for found in shown} <= {"weather", None}
    answer = workshop.client.get(f"{BASE}/Datastreams({cellar})/Observations")
    assert "99" not in answer.text


def test_of_one_datastream_a_thousand_wait_and_the_oldest_fall_out(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value(99)) == 422
    rows = [[iso_from_micros(NOON + minute * MINUTE), 99] for minute in range(1, 1_001)]
    array = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    assert workshop.post("CreateObservations", [array]).status_code == 201
    waiting = [one for one in _kept(workshop, stream) if one.decided is None]
    assert len(waiting) == 1_000
    assert min(one.arrival.phenomenon_start for one in waiting) == NOON + MINUTE


def test_with_the_datastream_goes_what_waits_for_it(workshop: Town, stream: int) -> None:
    assert _send(workshop, stream, value(99)) == 422
    (one,) = _kept(workshop, stream)
    assert workshop.send("DELETE", f"Datastreams({stream})").status_code in (200, 204)
    with pytest.raises(NotFound):
        quarantine.discard(workshop.gate, workshop.gate.grant(COLLECT), one.id, "")


def test_after_thirty_days_all_of_it_goes(workshop: Town, stream: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _send(workshop, stream, value(99)) == 422
    quarantine.sweep_quarantine(workshop.gate)
    assert len(_kept(workshop, stream)) == 1
    monkeypatch.setattr(quarantine, "KEPT_FOR", -dt.timedelta(minutes=1))
    assert quarantine.sweep_quarantine(workshop.gate) > 0
    assert _kept(workshop, stream) == []
    assert ("system:quarantine", "delete") in {row[:2] for row in _last_decisions(workshop, 20)}
