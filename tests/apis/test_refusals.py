"""What cannot be answered is told as problem+json, and what the rules do not open does not exist."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apis.conftest import BASE, Town


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Thingies", 404, "sensorthings.no_path"),
        ("Things(999999)", 404, "sensorthings.no_entity"),
        ("Things(1)/Observations", 404, "sensorthings.no_path"),
        ("Things?$filter=colour eq 'red'", 400, None),
        ("Things?$filter=name eq", 400, None),
        ("Things?$filter=name eq 'x' or", 400, None),
        ("Things?$filter=(name eq 'x'", 400, None),
        ("Things?$filter=nothing('x',name)", 400, None),
        ("Things?$orderby=colour", 400, None),
        ("Things?$top=many", 400, None),
        ("Things?$top=-1", 400, None),
        ("Things?$count=maybe", 400, None),
        ("Things?$select=colour", 400, None),
        ("Things?$expand=Colours", 400, None),
        ("Things?$expand=Datastreams($top=2", 400, None),
        ("Things?$limit=3", 400, None),
        ("Things?$skiptoken=abc", 400, None),
        ("Observations?$filter=phenomenonTime gt yesterday", 400, None),
        ("Things?$filter=" + "(" * 200 + "1 eq 1" + ")" * 200, 400, None),
        ("Things?$filter=" + "x" * 20_000, 413, "sensorthings.too_large"),
    ],
)
def test_a_faulty_question_is_refused_with_place_and_way_out(
    town: Town, path: str, status: int, code: str | None
) -> None:
    answer = town.client.get(f"{BASE}/{path}", headers={"Accept-Language": "en"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert code is None or problem["code"] == code


def test_errors_speak_the_language_that_is_asked_for(town: Town) -> None:
    german = town.client.get(f"{BASE}/Thingies").json()
    english = town.client.get(f"{BASE}/Thingies", headers={"Accept-Language": "en-GB"}).json()
    assert "führt nirgendwohin" in german["title"]
    assert "leads nowhere" in english["title"]


OPTIONS = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken")
WORDS = (
    *("name", "result", "phenomenonTime", "Datastreams", "Observations", "Thing", "eq", "lt", "and", "or", "not"),
    *("substringof", "(", ")", ",", "/", ";", "=", "'", "'x'", "1", "-1", "1e999", "2024-01-01T00:00:00Z", "desc"),
    *("$top", "$expand", "null", "\0", "%", "ä", "💧", "\\", "*"),
)
texts = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(("Things", "Datastreams", "Observations", "Locations", "Things(1)", "Datastreams(1)/Thing")),
    options=st.dictionaries(st.sampled_from(OPTIONS), texts, max_size=3),
)
def test_no_question_breaks_the_door(town: Town, kind: str, options: dict[str, str]) -> None:
    query = "&".join(f"{name}={quote(value, errors='ignore')}" for name, value in options.items())
    assert town.client.get(f"{BASE}/{kind}?{query}").status_code < 500


@pytest.mark.parametrize("token", ["", "reader", "writer"])
def test_what_no_rule_opens_appears_nowhere(town: Town, token: str) -> None:
    headers = {"Authorization": f"Bearer {town.tokens[token]}"} if token == "writer" else {}
    thing, stream = town.things["Küche"], town.streams["Küche"]
    for kind in ("Things", "Datastreams", "Locations", "Sensors", "ObservedProperties"):
        answer = town.client.get(f"{BASE}/{kind}?$count=true&$expand={_link(kind)}", headers=headers)
        assert "Küche" not in answer.text, kind
        assert answer.json()["@iot.count"] == len(answer.json()["value"])
    for path in (f"Things({thing})", f"Datastreams({stream})", f"Datastreams({stream})/Observations"):
        assert town.client.get(f"{BASE}/{path}", headers=headers).status_code == 404, path
    assert town.values("Things", filter="substringof('Küche',name)") == []
    assert town.values("Observations", filter="Datastream/name eq 'Lufttemperatur Küche'") == []


def _link(kind: str) -> str:
    return {"Datastreams": "Thing", "Things": "Datastreams", "Locations": "Things"}.get(kind, "Datastreams")


def test_a_token_for_a_purpose_that_no_rule_serves_reads_nothing(town: Town) -> None:
    answer = town.client.get(f"{BASE}/Things", headers={"Authorization": f"Bearer {town.tokens['reader']}"})
    assert answer.status_code == 403
    assert answer.json()["code"].startswith("gate.")
