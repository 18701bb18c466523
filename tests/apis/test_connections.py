"""Bad company on the wire, with real sockets: it gets 4xx or is shown out, and the others do not notice."""

import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from allmende.gate.door import migrate_store, open_gate
from allmende.gate.query import Arrival
from allmende.gate.tokens import create_token
from allmende.serve.admission import MOST_REQUESTS
from allmende.serve.connection import Patience
from tests.apis.conftest import BASE, COLLECT, MINUTE, RULES, START, Town, served

PATIENCE = Patience(head=1.0, silence=3.0, body=5.0, stalled=2.0)
MANY = 10_000


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town that waits for nobody longer than a second or two."""
    home: Path = tmp_path_factory.mktemp("hurried")
    url = str(home / "observations.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="tests")
    town = Town(gate)
    stream = town.add("Stephansplatz", (9.17, 47.66), "weather")
    values = [Arrival(datastream_id=stream, phenomenon_start=START + n * MINUTE, result=n % 40) for n in range(60_000)]
    gate.append(gate.grant(COLLECT), values)
    town.tokens["writer"] = create_token(gate, name="writer", scopes=("sensorthings:write",))
    yield from served(town, home, patience=PATIENCE)


def _address(town: Town) -> tuple[str, int]:
    return "127.0.0.1", town.client.base_url.port or 0


def _connect(town: Town, data: bytes) -> socket.socket:
    opened = socket.create_connection(_address(town), timeout=15)
    opened.sendall(data)
    return opened


def _answer(opened: socket.socket) -> tuple[int, dict[str, object]]:
    """Read to the end of the connection; give status and body."""
    with opened:
        found = b""
        while part := opened.recv(65_536):
            found += part
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"Traceback" not in found
    assert b"application/problem+json" in head
    return int(head.split(b" ")[1]), msgspec.json.decode(body)


def _post(town: Town, body: bytes, length: int) -> bytes:
    head = f"POST {BASE}/Observations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {town.tokens['writer']}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode() + body


def _is_well(town: Town) -> None:
    begin = time.perf_counter()
    assert town.client.get(f"{BASE}/Things").status_code == 200
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /sensorthings/v1.1/Things HTT", 408, "data.too_slow"),
        (b"", 408, "data.too_slow"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "data.no_http"),
        (b"GET /sensorthings/v1.1/Th\xc3\xa4ngs HTTP/1.1\r\nHost: x\r\n\r\n", 400, "data.no_http"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000, 431, "data.head_too_large"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 30_000, 431, "data.head_too_large"),
    ],
)
def test_what_is_no_request_is_refused_in_time(hurried: Town, sent: bytes, status: int, code: str) -> None:
    found, problem = _answer(_connect(hurried, sent))
    assert (found, problem["code"]) == (status, code)
    _is_well(hurried)


def test_a_half_sent_body_is_refused_in_time(hurried: Town) -> None:
    status, problem = _answer(_connect(hurried, _post(hurried, b'{"result":', 1_000)))
    assert (status, problem["code"]) == (408, "data.too_slow")
    _is_well(hurried)


def test_a_body_that_trickles_has_an_end(hurried: Town) -> None:
    opened = _connect(hurried, _post(hurried, b"", 1_000))
    begin = time.perf_counter()
    opened.settimeout(0.3)
    while time.perf_counter() - begin < 15:
        try:
            opened.sendall(b" ")
            if opened.recv(1) == b"H":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    assert PATIENCE.body - 1 < time.perf_counter() - begin < 12
    opened.close()
    _is_well(hurried)


def test_a_sender_that_goes_away_leaves_nothing(hurried: Town) -> None:
    before = hurried.get("Observations", count="true", top="0").json()
    for _ in range(20):
        _connect(hurried, _post(hurried, b'{"result": 1', 500)).close()
    assert hurried.get("Observations", count="true", top="0").json() == before
    _is_well(hurried)


def test_too_large_a_body_is_refused_before_it_is_read(hurried: Town) -> None:
    opened = _connect(hurried, _post(hurried, b"{", 11_000_000))
    assert opened.recv(65_536).startswith(b"HTTP/1.1 413")
    opened.close()
    parts = (b"x" * 1_000_000 for _ in range(11))
    headers = {"Authorization": f"Bearer {hurried.tokens['writer']}"}
    try:
        answer = hurried.client.post(f"{BASE}/Observations", content=parts, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["code"] == "sensorthings.too_large"
    except (httpx.WriteError, httpx.ReadError):
        pass
    _is_well(hurried)


@pytest.mark.parametrize("body", [b"\xff\xfe\xfd", b'{"result": "\xc3\x28"}', b'{"result": NaN}', b'{"result": 1e400}'])
def test_bodies_that_are_no_json_are_refused(hurried: Town, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {hurried.tokens['writer']}"}
    answer = hurried.client.post(f"{BASE}/Observations", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["$filter=name eq '%ff'", "$filter=%c3%28", "%ff=1", "$top=%F0%9F"])
def test_addresses_that_are_no_utf_8_are_refused(hurried: Town, query: str) -> None:
    opened = _connect(
        hurried,
        f"GET {BASE}/Things?{query.replace(' ', '%20')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
    )
    assert _answer(opened)[0] == 400


def test_a_reader_that_takes_nothing_is_shown_out(hurried: Town) -> None:
    path = f"{BASE}/Observations?$resultFormat=CSV"
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.connect(_address(hurried))
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(PATIENCE.stalled * 3)
        opened.settimeout(10)
        received = 0
        try:
            while part := opened.recv(65_536):
                received += len(part)
        except ConnectionResetError:
            pass
    assert received < len(hurried.get("Observations", resultFormat="CSV").content)
    _is_well(hurried)


def test_a_reader_that_goes_away_stops_the_work(hurried: Town) -> None:
    begin = time.perf_counter()
    for _ in range(12):
        opened = _connect(hurried, f"GET {BASE}/Observations?$resultFormat=CSV HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        opened.recv(10)
        opened.close()
    _is_well(hurried)
    assert time.perf_counter() - begin < 20


def test_many_idle_connections_do_not_keep_others_out(hurried: Town) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = min(MANY, (hard - 500) // 2)
    opened = []
    try:
        for _ in range(many):
            opened.append(socket.create_connection(_address(hurried), timeout=15))
            opened[-1].send(b"GET / HT")
        _is_well(hurried)
    finally:
        for one in opened:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    _is_well(hurried)


def test_more_requests_at_once_than_there_is_room_for_are_put_off(hurried: Town) -> None:
    waiting = [_connect(hurried, _post(hurried, b"{", 1_000)) for _ in range(MOST_REQUESTS)]
    time.sleep(0.3)
    late = _connect(hurried, f"GET {BASE}/Things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    status, problem = _answer(late)
    assert (status, problem["code"]) == (503, "data.full")
    for one in waiting:
        one.close()
    time.sleep(0.5)
    _is_well(hurried)
