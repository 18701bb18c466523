"""Defects go to the service desk over Open311; a real little server takes them, and its number is the answer."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from django.test import Client

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.participation.models import Contribution, Handover
from allmende.participation.services.handover import LATER, desk_of, send_handovers
from allmende.sources.fetch import asked
from tests.participation.conftest import Make, handed_in, staff
from tests.participation.test_gate import prohibit


class Desk(ThreadingHTTPServer):
    """A service desk that notes what it was asked and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.replies: list[tuple[int, Any]] = []


class _Answer(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._reply(parse_qs(body))

    def do_GET(self) -> None:
        self._reply({})

    def _reply(self, fields: dict[str, list[str]]) -> None:
        self.server.asked.append((f"{self.command} {self.path}", fields))
        status, body = self.server.replies.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def desk(gate: Gate, settings: Any) -> Iterator[Desk]:
    with Desk() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.ALLMENDE = msgspec.structs.replace(
            settings.ALLMENDE,
            open311_url=f"http://127.0.0.1:{server.server_port}/georeport/v2/",
            open311_service="lampe",
            open311_jurisdiction="konstanz.de",
            open311_key="geheim",
            source_hosts=("127.0.0.1",),
        )
        yield server
        server.shutdown()


def send(gate: Gate, settings: Any, now: Any = None) -> int:
    """Take what is due to the desk as the work process does."""
    return send_handovers(
        now or utc_now(),
        gate=gate,
        desk=desk_of(settings.ALLMENDE),
        link=lambda number: f"https://city.example/{number}",
        send=partial(asked, allowed_hosts=settings.ALLMENDE.source_hosts, most_bytes=10_000, timeout=5.0),
    )


def broken_lamp(make: Make) -> tuple[Contribution, Client]:
    one, _ = handed_in(
        Client(), make(), title="Laterne ist dunkel", place="47.66, 9.17", author="Kim", email="kim@example.org"
    )
    clerk, _ = staff("office")
    clerk.post(f"/intern/beteiligung/beitrag/{one.number}/", {"deed": "defect"})
    return one, clerk


def test_the_number_of_the_case_is_the_public_answer(make: Make, gate: Gate, settings: Any, desk: Desk) -> None:
    one, clerk = broken_lamp(make)
    desk.replies = [(500, {}), (201, [{"service_request_id": "KN-638344", "service_notice": ""}])]
    assert send(gate, settings) == 0
    assert Handover.objects.get().attempts == 1
    assert send(gate, settings) == 0
    assert send(gate, settings, utc_now() + LATER) == 1
    path, fields = desk.asked[-1]
    assert path == "POST /georeport/v2/requests.json"
    told = {name: values[0] for name, values in fields.items()}
    assert (told["service_code"], told["jurisdiction_id"], told["api_key"]) == ("lampe", "konstanz.de", "geheim")
    assert (told["lat"], told["long"]) == ("47.66", "9.17")
    assert one.number in told["description"]
    assert "Kim" not in str(fields)
    assert "example.org" not in str(fields)
    page = Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert "Vorgang KN-638344" in page
    assert "andere Stelle zuständig" in page.casefold() or "Andere Stelle zuständig" in page
    assert "KN-638344" in clerk.get(f"/intern/beteiligung/beitrag/{one.number}/").content.decode()
    clerk.post(f"/intern/beteiligung/beitrag/{one.number}/", {"deed": "defect"})
    assert (Handover.objects.count(), send(gate, settings, utc_now() + LATER)) == (1, 0)
    assert ("pass_on", "published-contributions", True) in {
        (row.verb, row.category, row.allowed) for row in gate.decisions()
    }


def test_a_token_is_exchanged_for_the_number_later(make: Make, gate: Gate, settings: Any, desk: Desk) -> None:
    one, _ = broken_lamp(make)
    desk.replies = [(200, [{"token": "abc123"}]), (200, [{"service_request_id": 77, "token": "abc123"}])]
    assert send(gate, settings) == 0
    assert send(gate, settings, utc_now() + LATER + LATER) == 1
    assert desk.asked[-1][0] == "GET /georeport/v2/tokens/abc123.json?jurisdiction_id=konstanz.de"
    one.refresh_from_db()
    assert (one.state, one.outcome, Handover.objects.get().case) == ("answered", "elsewhere", "77")


@pytest.mark.parametrize("body", [{}, [], [{}], ["x"], [{"token": "../admin"}], "nothing"])
def test_a_reply_that_cannot_be_read_is_tried_again(
    make: Make, gate: Gate, settings: Any, desk: Desk, body: object
) -> None:
    broken_lamp(make)
    desk.replies = [(200, body)]
    assert send(gate, settings) == 0
    found = Handover.objects.get()
    assert (found.case, found.token, found.attempts) == ("", "", 1)


def test_nothing_leaves_where_the_address_is_private_or_the_rules_prohibit(
    make: Make, gate: Gate, settings: Any, desk: Desk
) -> None:
    broken_lamp(make)
    allowed = settings.ALLMENDE
    settings.ALLMENDE = msgspec.structs.replace(allowed, source_hosts=())
    assert send(gate, settings) == 0
    assert "127.0.0.1" in Handover.objects.get().error
    settings.ALLMENDE = allowed
    prohibit(gate, "published-contributions")
    assert send(gate, settings, utc_now() + LATER) == 0
    assert "The board examines." in Handover.objects.get().error
    assert desk.asked == []


def test_what_has_no_place_is_not_handed_over(make: Make, desk: Desk) -> None:
    one, _ = handed_in(Client(), make())
    clerk, _ = staff("office")
    clerk.post(f"/intern/beteiligung/beitrag/{one.number}/", {"deed": "defect"})
    assert Handover.objects.count() == 0
