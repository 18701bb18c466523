"""Many requests in one, as JSON and as multipart: each for itself, change sets all or nothing."""

from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import httpx
import msgspec
import pytest

from allmende.kernel.clock import iso_from_micros
from tests.apis.archive import DATABASES, served_archive
from tests.apis.conftest import BASE, MINUTE, START, Town


@pytest.fixture(scope="module", params=DATABASES)
def shore(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve the archive over each database."""
    yield from served_archive(request, tmp_path_factory)


def _observation(shore: Town, minute: int, result: object = 1.25) -> dict[str, Any]:
    stream = shore.streams["Seezeichen"]
    time = iso_from_micros(START - minute * MINUTE)
    return {"result": result, "phenomenonTime": time, "Datastream": {"@iot.id": stream}}


def _post(shore: Town, minute: int, **more: object) -> dict[str, Any]:
    """Write one observation as a request of a JSON batch."""
    return {"method": "POST", "url": "Observations", "body": _observation(shore, minute), **more}


def _sent(shore: Town, *requests: object, token: str = "writer") -> dict[str, dict[str, Any]]:
    answer = shore.post("$batch", {"requests": list(requests)}, token)
    assert answer.status_code == 200, answer.text
    return {response["id"]: response for response in answer.json()["responses"]}


def _there(shore: Town, minute: int) -> bool:
    time = iso_from_micros(START - minute * MINUTE)
    return bool(shore.values("Observations", filter=f"phenomenonTime eq {time}"))


def test_json_parts_are_answered_in_order_each_for_itself(shore: Town) -> None:
    answer = shore.post(
        "$batch",
        {
            "requests": [
                {"id": "a", "method": "get", "url": "Things?$count=true&$top=0"},
                {"id": "b", "method": "GET", "url": "Thingies"},
                _post(shore, 1, id="c"),
                {"id": "d", "method": "DANCE", "url": "Things"},
                {"id": "e", "method": 7},
                {"id": "f", "method": "GET", "url": f"{BASE}/Things({shore.things['Seezeichen']})/name/$value"},
                {"id": "g", "method": "POST", "url": "$batch", "body": {"requests": []}},
                {"id": "h", "method": "GET", "url": "/health"},
            ]
        },
    )
    responses = answer.json()["responses"]
    assert [response["id"] for response in responses] == list("abcdefgh")
    assert [response["status"] for response in responses] == [200, 404, 201, 400, 400, 200, 400, 400]
    assert responses[0]["body"] == {"@iot.count": 2, "value": []}
    assert responses[1]["body"]["code"] == "sensorthings.no_path"
    assert shore.client.get(responses[2]["headers"]["location"]).json()["result"] == 1.25
    assert responses[5]["body"] == "Seezeichen"


def test_a_later_part_refers_to_an_earlier_one_and_depends_on_it(shore: Town) -> None:
    found = _sent(
        shore,
        _post(shore, 10, id="new"),
        {"id": "way", "method": "GET", "url": "$new/Datastream?$select=name", "dependsOn": ["new"]},
        {"id": "bad", "method": "POST", "url": "Observations", "body": {"result": 1}},
        _post(shore, 11, id="after", dependsOn=["bad"]),
    )
    assert found["way"]["body"]["name"] == "Wert Seezeichen"
    assert found["bad"]["status"] in (400, 404)
    assert found["after"]["status"] == 424
    assert not _there(shore, 11)


def test_a_change_set_stands_or_falls_as_one(shore: Town) -> None:
    good = _sent(shore, _post(shore, 20, id="1", atomicityGroup="g"), _post(shore, 21, id="2", atomicityGroup="g"))
    assert [response["status"] for response in good.values()] == [201, 201]
    assert _there(shore, 20)
    assert _there(shore, 21)
    bad = _sent(
        shore,
        _post(shore, 30, id="1", atomicityGroup="g"),
        {**_post(shore, 31, id="2", atomicityGroup="g"), "body": {"result": 1, "Datastream": {"@iot.id": 999_999}}},
        _post(shore, 32, id="3", atomicityGroup="g"),
        _post(shore, 33, id="4"),
        _post(shore, 34, id="5", dependsOn=["g"]),
    )
    assert [bad[number]["status"] for number in ("1", "3", "4", "5")] == [424, 424, 201, 424]
    assert 400 <= bad["2"]["status"] < 500
    assert [minute for minute in range(30, 35) if _there(shore, minute)] == [33]


def test_reading_belongs_in_no_change_set(shore: Town) -> None:
    found = _sent(
        shore,
        _post(shore, 40, id="1", atomicityGroup="g"),
        {"id": "2", "method": "GET", "url": "Things", "atomicityGroup": "g"},
    )
    assert found["2"]["status"] == 400
    assert not _there(shore, 40)


@pytest.mark.parametrize("token", ["", "reader"])
def test_a_batch_may_no_more_than_its_token(shore: Town, token: str) -> None:
    stolen = {"Authorization": f"Bearer {shore.tokens['writer']}"}
    found = _sent(shore, _post(shore, 50, id="1", headers=stolen), token=token)
    assert found["1"]["status"] in (401, 403)
    assert not _there(shore, 50)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"requests": 7}',
        b'{"requests": []}',
        b'{"requests": [{"id": "1", "method": "GET", "url": "Things"}, {"id": "1", "method": "GET", "url": "Things"}]}',
        msgspec.json.encode({"requests": [{"id": str(n), "method": "GET", "url": "Things"} for n in range(1_001)]}),
        b"\xff\xfe",
        b'{"requests":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
)
def test_a_broken_batch_is_refused_whole(shore: Town, body: bytes) -> None:
    answer = shore.client.post(f"{BASE}/$batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "sensorthings.bad_batch"


def _multipart(shore: Town, *parts: str, token: str = "writer") -> httpx.Response:
    body = "".join(f"--b1\r\n{part}\r\n" for part in parts) + "--b1--\r\n"
    headers = {"Content-Type": "multipart/mixed;boundary=b1", "Authorization": f"Bearer {shore.tokens[token]}"}
    return shore.client.post(f"{BASE}/$batch", content=body.encode(), headers=headers)


def _http(request_line: str, body: object = None, number: str = "") -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {number}\r\n" if number else ""
    inner = f"{request_line} HTTP/1.1\r\nHost: example.org\r\nContent-Type: application/json\r\n\r\n"
    return f"{head}\r\n{inner}{msgspec.json.encode(body).decode() if body is not None else ''}"


def _change_set(*parts: str) -> str:
    inner = "".join(f"--c1\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/mixed;boundary=c1\r\n\r\n{inner}--c1--"


def _parts(answer: httpx.Response) -> list[Message]:
    assert answer.status_code == 200, answer.text
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    found = BytesParser(policy=HTTP).parsebytes(head + answer.content).get_payload()
    assert isinstance(found, list)
    return found  # type: ignore[return-value]


def _status(part: Message) -> int:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert part.get_content_type() == "application/http"
    return int(payload.split(b" ")[1])


def test_multipart_parts_and_change_sets_are_answered_in_their_form(shore: Town) -> None:
    answer = _multipart(
        shore,
        _http(f"GET {BASE}/Things?$top=1&$filter=name eq 'Seezeichen'"),
        _change_set(
            _http("POST Observations", _observation(shore, 60), "1"),
            _http("POST Observations", _observation(shore, 61), "2"),
        ),
        "Content-Type: text/plain\r\n\r\nhello",
        _http("GET Thingies", number="last"),
    )
    first, changes, plain, last = _parts(answer)
    assert (_status(first), _status(plain), _status(last)) == (200, 400, 404)
    assert "Seezeichen" in str(first.get_payload())
    assert last["Content-ID"] == "last"
    members = changes.get_payload()
    assert isinstance(members, list)
    assert [(_status(member), member["Content-ID"]) for member in members] == [(201, "1"), (201, "2")]  # type: ignore[arg-type, index]
    assert _there(shore, 60)
    assert _there(shore, 61)


def test_a_failed_multipart_change_set_has_one_answer_and_leaves_nothing(shore: Town) -> None:
    answer = _multipart(
        shore,
        _change_set(_http("POST Observations", _observation(shore, 70)), _http("POST Observations", {"result": 1})),
        _http("POST Observations", _observation(shore, 71)),
    )
    changes, after = _parts(answer)
    assert 400 <= _status(changes) < 500
    assert _status(after) == 201
    assert not _there(shore, 70)
    assert _there(shore, 71)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", b"--b1\r\n\r\n--b1--"),
        ("multipart/mixed;boundary=b1", b""),
        ("multipart/mixed;boundary=b1", b"nothing here"),
        ("multipart/mixed;boundary=b1", b"--b1"),
        ("text/plain", b"--b1\r\n\r\n--b1--"),
        ("", b"\xff\x00\xfe"),
        ("multipart/mixed;boundary=" + "x" * 5_000, b"--" + b"x" * 5_000),
    ],
)
def test_what_is_no_multipart_is_refused(shore: Town, content_type: str, body: bytes) -> None:
    answer = shore.client.post(f"{BASE}/$batch", content=body, headers={"Content-Type": content_type})
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert all(_status(part) == 400 for part in _parts(answer))
    else:
        assert answer.json()["code"] == "sensorthings.bad_batch"


def test_deep_nesting_is_refused(shore: Town) -> None:
    body = "".join(f"--b{n}\r\nContent-Type: multipart/mixed;boundary=b{n + 1}\r\n\r\n" for n in range(5_000))
    headers = {"Content-Type": "multipart/mixed;boundary=b0"}
    assert shore.client.post(f"{BASE}/$batch", content=body.encode(), headers=headers).status_code < 500


def test_answers_together_have_a_bound(shore: Town) -> None:
    path = f"Datastreams({shore.streams['Seezeichen']})/Observations?$top=10000"
    found = _sent(shore, *({"id": str(number), "method": "GET", "url": path} for number in range(16)))
    statuses = [response["status"] for response in found.values()]
    assert statuses[0] == 200
    assert 413 in statuses
