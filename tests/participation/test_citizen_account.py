"""The citizen account: a provider that really answers, of which nothing but a pseudonym and a yes is kept."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from django.test import Client

from allmende.participation.models import Process, Vote
from allmende.participation.services import votes
from tests.participation.conftest import ACTOR, Make


class Provider(BaseHTTPRequestHandler):
    """As much of OpenID Connect as a citizen account uses."""

    person: ClassVar[dict[str, Any]] = {}
    challenges: ClassVar[dict[str, str]] = {}

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, body: object, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        if self.path.endswith("openid-configuration"):
            names = ("authorization", "token", "userinfo")
            self._send({f"{name}_endpoint": f"{base}/{name}" for name in names})
        else:
            allowed = self.headers["Authorization"] == "Bearer good"
            self._send(self.person if allowed else {}, 200 if allowed else 401)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        hashed = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        right = self.challenges.get(sent["code"][0]) == challenge and sent["client_secret"] == ["geheim"]
        self._send({"access_token": "good"} if right else {"error": "invalid_grant"}, 200 if right else 400)


@pytest.fixture
def process(make: Make, settings: Any) -> Iterator[Process]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ALLMENDE = msgspec.structs.replace(
        settings.ALLMENDE,
        citizen_server=f"http://127.0.0.1:{server.server_port}",
        citizen_client_id="allmende",
        citizen_client_secret="geheim",
        citizen_claim="lives_here",
    )
    found = make("survey", level="oidc")
    votes.add_statement(ACTOR, found, text_de="Mehr Bäume.", text_en="More trees.")
    yield found
    server.shutdown()
    server.server_close()


def came_back(client: Client, process: Process, person: dict[str, Any]) -> Any:
    """Go to the account, sign in there, and come back."""
    Provider.person = person
    path = f"/mitmachen/{process.slug}/teilnehmen/"
    assert "konto/?weiter=aussagen" in client.get(f"{path}?weiter=aussagen").content.decode()
    away = client.get(f"{path}konto/?weiter=aussagen")
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert (asked["scope"], asked["redirect_uri"]) == (["openid"], ["http://testserver/mitmachen/buergerkonto/"])
    Provider.challenges["code"] = asked["code_challenge"][0]
    return client.get("/mitmachen/buergerkonto/", {"state": asked["state"][0], "code": "code"})


def test_the_same_person_is_one_vote_and_nothing_else_of_them_is_kept(process: Process) -> None:
    person = {"sub": "bpk2-7f", "lives_here": True, "name": "Kim Muster"}
    for _ in range(2):
        client = Client()
        back = came_back(client, process, person)
        assert "/aussagen/?karte=" in back["Location"]
        card = back["Location"].partition("karte=")[2]
        body = {"karte": card, "aussage": "1", "stimme": "agree"}
        assert client.post(f"/mitmachen/{process.slug}/aussagen/", body).status_code == 302
        assert not client.cookies
    assert Vote.objects.count() == 1
    assert "bpk2" not in str(list(Vote.objects.values()))


@pytest.mark.parametrize("person", [{"sub": "a", "lives_here": False}, {"sub": "a"}, {"lives_here": True}])
def test_who_is_not_confirmed_does_not_come_in(process: Process, person: dict[str, Any]) -> None:
    assert came_back(Client(), process, person).status_code == 403


def test_a_way_back_that_did_not_begin_here_leads_nowhere(process: Process) -> None:
    for query in ({}, {"state": "x", "code": "code"}, {"code": "code"}):
        assert Client().get("/mitmachen/buergerkonto/", query).status_code == 403


def test_an_account_that_does_not_answer_is_said(process: Process, settings: Any) -> None:
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, citizen_server="http://127.0.0.1:1")
    assert Client().get(f"/mitmachen/{process.slug}/teilnehmen/konto/").status_code == 503
