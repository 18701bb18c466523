"""Clause 11: several requests in one, as multipart and as JSON."""

import email
import email.policy
import json
from typing import Any

import httpx
import pytest

from tests.standards.sensorthings.api import Api, location, sensor, thing, unique
from tests.standards.sensorthings.conformance import proves

JSON_BATCH = "https://fraunhoferiosb.github.io/FROST-Server/extensions/JsonBatchRequest.html"


def _request(method: str, path: str, body: object = None) -> str:
    """Write a request as a part of a batch."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body is None:
        return f"{head}\r\n"
    text = json.dumps(body)
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(text.encode())}\r\n\r\n{text}"


def _part(text: str, number: str = "") -> str:
    name = f"Content-ID: {number}\r\n" if number else ""
    return f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{name}\r\n{text}\r\n"


def _multipart(boundary: str, parts: list[str]) -> str:
    return "".join(f"--{boundary}\r\n{part}" for part in parts) + f"--{boundary}--\r\n"


def _change_set(parts: list[str]) -> str:
    return f"Content-Type: multipart/mixed; boundary=changes\r\n\r\n{_multipart('changes', parts)}\r\n"


def _send(api: Api, text: str) -> httpx.Response:
    headers = {"Content-Type": "multipart/mixed; boundary=batch"}
    return api.client.post(api.url("$batch"), content=text.encode(), headers=headers)


def _parts(content_type: str, content: bytes) -> list[Any]:
    """Read an answer: a status and a body for each request, a list for each change set."""
    raw = f"Content-Type: {content_type}\r\n\r\n".encode() + content
    found: list[Any] = []
    for part in email.message_from_bytes(raw, policy=email.policy.HTTP).iter_parts():
        if part.get_content_maintype() == "multipart":
            found.append([_answer(inner.get_payload(decode=True)) for inner in part.iter_parts()])
        else:
            assert part.get_content_type() == "application/http"
            found.append(_answer(part.get_payload(decode=True)))
    return found


def _answer(payload: Any) -> tuple[int, dict[str, str], Any]:
    head, _, body = bytes(payload).replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
    return int(first.split()[1]), headers, json.loads(body) if body.strip() else None


def _batch(api: Api, parts: list[str]) -> list[Any]:
    answer = _send(api, _multipart("batch", parts))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("multipart/mixed")
    return _parts(answer.headers["content-type"], answer.content)


@proves("batch-request/batch-request")
def test_requests_are_answered_in_their_order(api: Api) -> None:
    """req/batch-request/batch-request: one answer for each request, in the order of the requests."""
    names = [unique("Batched") for _ in range(3)]
    ids = [api.create("Things", thing(name=name)) for name in names]
    got = _batch(api, [_part(_request("GET", f"Things({number})")) for number in ids])
    assert [(status, body["name"]) for status, _, body in got] == [(200, name) for name in names]


@proves("batch-request/batch-request")
@pytest.mark.parametrize("form", ["relative", "path", "absolute"])
def test_addresses_are_absolute_or_relative(api: Api, form: str) -> None:
    """req/batch-request/batch-request: absolute addresses, absolute paths, and paths relative to the service."""
    made = api.create("Things", thing())
    path = httpx.URL(api.root).path
    address = {"relative": "", "path": f"{path}/", "absolute": f"{api.root}/"}[form] + f"Things({made})?$select=name"
    ((status, _, body),) = _batch(api, [_part(_request("GET", address))])
    assert status == 200
    assert "name" in body


@proves("batch-request/batch-request")
def test_reading_and_writing_go_together(api: Api) -> None:
    """req/batch-request/batch-request: POST, PATCH and DELETE stand beside GET, one after the other."""
    made, gone = api.create("Things", thing()), api.create("Sensors", sensor())
    body = thing()
    got = _batch(
        api,
        [
            _part(_request("PATCH", f"Things({made})", {"description": "batched"})),
            _part(_request("GET", f"Things({made})")),
            _part(_request("POST", "Things", body)),
            _part(_request("DELETE", f"Sensors({gone})")),
            _part(_request("GET", f"Sensors({gone})")),
        ],
    )
    assert [entry[0] // 100 for entry in got] == [2, 2, 2, 2, 4]
    assert got[1][2]["description"] == "batched"
    assert api.body(got[2][1]["location"])["name"] == body["name"]


@proves("batch-request/batch-request")
def test_one_that_fails_does_not_stop_the_others(api: Api) -> None:
    """req/batch-request/batch-request: requests outside a change set stand for themselves."""
    body = thing()
    got = _batch(
        api,
        [
            _part(_request("GET", "Things(9007199254740000)")),
            _part(_request("GET", "Nonsense")),
            _part(_request("POST", "Things", {"name": 5})),
            _part(_request("POST", "Things", body)),
        ],
    )
    assert [entry[0] for entry in got][:2] == [404, 404]
    assert got[2][0] in (400, 422)
    assert got[3][0] == 201
    assert len(api.values("Things", filter=f"name eq '{body['name']}'")) == 1


@proves("batch-request/batch-request")
def test_a_change_set_is_done_whole(api: Api) -> None:
    """req/batch-request/batch-request: the answers of a change set come as a multipart of their own."""
    bodies = [thing(), location()]
    parts = [
        _part(_request("POST", name, body), str(number))
        for number, (name, body) in enumerate(zip(("Things", "Locations"), bodies, strict=True), start=1)
    ]
    (answers,) = _batch(api, [_change_set(parts)])
    assert [entry[0] for entry in answers] == [201, 201]
    assert [api.body(entry[1]["location"])["name"] for entry in answers] == [body["name"] for body in bodies]


@proves("batch-request/batch-request")
def test_a_change_set_that_fails_leaves_nothing(api: Api) -> None:
    """req/batch-request/batch-request: all changes of a set are applied, or none; what follows the set is done."""
    good, after = thing(), thing()
    change = _change_set(
        [_part(_request("POST", "Things", good), "1"), _part(_request("POST", "Things", {"name": 5}), "2")]
    )
    got = _batch(api, [change, _part(_request("POST", "Things", after))])
    failed = got[0][0] if isinstance(got[0], list) else got[0]
    assert 400 <= failed[0] < 500
    assert api.values("Things", filter=f"name eq '{good['name']}'") == []
    assert len(api.values("Things", filter=f"name eq '{after['name']}'")) == 1


@proves("batch-request/batch-request")
def test_what_was_made_in_a_change_set_can_be_named(api: Api) -> None:
    """req/batch-request/batch-request: ``$`` and the Content-ID stand for the entity that an earlier part made."""
    place = location()
    change = _change_set(
        [
            _part(_request("POST", "Things", thing()), "1"),
            _part(_request("POST", "$1/Locations", place), "2"),
        ]
    )
    (answers,) = _batch(api, [change])
    assert [entry[0] for entry in answers] == [201, 201]
    assert [entry["name"] for entry in api.values(f"{answers[0][1]['location']}/Locations")] == [place["name"]]


@proves("batch-request/batch-request")
@pytest.mark.parametrize(
    "text",
    ["", "no boundary", "--batch\r\n", "--batch\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--batch--\r\n"],
)
def test_a_batch_that_is_none_is_refused(api: Api, text: str) -> None:
    """req/batch-request/batch-request: a body that cannot be read is a bad request, as a whole or in its part."""
    answer = _send(api, text)
    if answer.status_code == 200:
        assert [entry[0] for entry in _parts(answer.headers["content-type"], answer.content)] == [400]
    else:
        assert answer.status_code == 400


@proves("batch-request/batch-request")
def test_a_batch_gives_no_more_rights(api: Api) -> None:
    """req/batch-request/batch-request: what needs a token alone needs it in a batch."""
    body = thing()
    headers = {"Content-Type": "multipart/mixed; boundary=batch", "Authorization": ""}
    text = _multipart("batch", [_part(_request("POST", "Things", body))])
    answer = api.client.post(api.url("$batch"), content=text.encode(), headers=headers)
    if answer.status_code == 200:
        assert [entry[0] for entry in _parts(answer.headers["content-type"], answer.content)] == [401]
    else:
        assert answer.status_code == 401
    assert api.values("Things", filter=f"name eq '{body['name']}'") == []


def _json_batch(api: Api, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.post("$batch", {"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["responses"]
    return found


@proves(JSON_BATCH)
def test_a_batch_may_be_json(api: Api) -> None:
    """OData JSON 4.01, 19: requests with id, method and url are answered under the same ids."""
    made, body = api.create("Things", thing()), thing()
    got = _json_batch(
        api,
        {"id": "a", "method": "get", "url": f"Things({made})?$select=name"},
        {"id": "b", "method": "post", "url": "Things", "body": body},
        {"id": "c", "method": "get", "url": "Nonsense"},
        {"id": "d", "method": "patch", "url": f"Things({made})", "body": {"description": "json"}},
    )
    assert [entry["id"] for entry in got] == ["a", "b", "c", "d"]
    assert [entry["status"] // 100 for entry in got] == [2, 2, 4, 2]
    assert set(got[0]["body"]) >= {"name"}
    assert len(api.values("Things", filter=f"name eq '{body['name']}'")) == 1
    assert api.body(f"Things({made})")["description"] == "json"


@proves(JSON_BATCH)
def test_an_atomicity_group_is_all_or_nothing(api: Api) -> None:
    """OData JSON 4.01, 19.1: requests of one atomicityGroup are applied together or not at all."""
    good, other = thing(), thing()
    got = _json_batch(
        api,
        {"id": "1", "atomicityGroup": "g", "method": "post", "url": "Things", "body": good},
        {"id": "2", "atomicityGroup": "g", "method": "post", "url": "Things", "body": {"name": 5}},
        {"id": "3", "method": "post", "url": "Things", "body": other},
    )
    statuses = {entry["id"]: entry["status"] for entry in got}
    assert statuses["3"] == 201
    assert all(400 <= status < 500 for number, status in statuses.items() if number != "3")
    assert api.values("Things", filter=f"name eq '{good['name']}'") == []


@proves(JSON_BATCH)
def test_a_json_batch_may_name_what_it_made(api: Api) -> None:
    """OData JSON 4.01, 19.1: ``$`` and the id of an earlier request stand for the entity that it made."""
    place = location()
    got = _json_batch(
        api,
        {"id": "t", "atomicityGroup": "g", "method": "post", "url": "Things", "body": thing()},
        {"id": "l", "atomicityGroup": "g", "method": "post", "url": "$t/Locations", "body": place},
    )
    assert [entry["status"] for entry in got] == [201, 201]
    found = api.values("Locations", filter=f"name eq '{place['name']}'", expand="Things")
    assert len(found[0]["Things"]) == 1


@proves(JSON_BATCH)
@pytest.mark.parametrize("body", [{}, {"requests": 5}, [], "text"])
def test_a_json_batch_that_is_none_is_refused(api: Api, body: object) -> None:
    """OData JSON 4.01, 19: a body that is no batch is a bad request."""
    assert api.post("$batch", body).status_code == 400


@proves(JSON_BATCH)
def test_a_request_of_a_json_batch_that_is_none_is_refused(api: Api) -> None:
    """OData JSON 4.01, 19: a request without address is a bad request, alone or with the whole batch."""
    answer = api.post("$batch", {"requests": [{"id": "a", "method": "get"}]})
    told = answer.json()["responses"][0]["status"] if answer.status_code == 200 else answer.status_code
    assert told == 400
