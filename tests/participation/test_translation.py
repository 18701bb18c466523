"""Machine translation by the city's own server: drafts of editions, contributions for readers, always labelled.

The server here is a peer that speaks the contract of LibreTranslate over HTTP on loopback.
"""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation.languages import LANGUAGES
from allmende.participation.models import Case, Contribution, Edition, Translation
from allmende.participation.services import authors, editions, moderation, processes
from allmende.participation.services.own_data import about_contribution
from allmende.participation.services.translation import translate_contribution
from allmende.portal import translation_door
from allmende.serve.settings import load_settings
from tests.participation.conftest import ACTOR, Make, handed_in, staff
from tests.participation.test_gate import prohibit

Reply = Callable[[dict[str, Any]], tuple[int, bytes]]


def translated(asked: dict[str, Any]) -> tuple[int, bytes]:
    """Answer as LibreTranslate does."""
    if asked["target"] == "hr":
        return 400, b'{"error":"hr is not supported"}'
    return 200, msgspec.json.encode({"translatedText": f"[{asked['target']}] {asked['q']}"})


class Peer:
    """A server on loopback, what it was asked, and how it answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.reply: Reply = translated
        self.hang = threading.Event()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
                peer.asked.append({"path": self.path, **body})
                status, answer = peer.reply(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    """Give a server that the city has set."""
    found = Peer()
    values = {"translation_url": f"{found.url}/", "translation_key": "geheim"}
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, **values)
    yield found
    found.hang.set()
    found.server.shutdown()
    found.server.server_close()


def ask(one: Contribution, language: str, *, english: bool = True) -> Any:
    return Client().post(
        f"{'/en' if english else ''}/mitmachen/beitraege/{one.number}/uebersetzen/", {"sprache": language}
    )


def shown(one: Contribution, language: str, *, english: bool = True) -> str:
    where = f"{'/en' if english else ''}/mitmachen/beitraege/{one.number}/?uebersetzt={language}"
    return Client().get(where).content.decode()


def test_without_a_server_there_is_neither_button_nor_way(make: Make) -> None:
    process = make()
    one, _ = handed_in(Client(), process)
    assert "uebersetzen/" not in shown(one, "en")
    assert ask(one, "en")["Location"] == f"/en/mitmachen/beitraege/{one.number}/"
    desk, _ = staff("office")
    where = f"/intern/beteiligung/{process.slug}/fassungen/"
    assert "Entwurf übersetzen lassen" not in desk.get(where).content.decode()
    assert "kein Dienst übersetzt hier" in desk.get(where).content.decode()
    desk.post(where, {"deed": "draft", "tag": "tr"})
    assert not Edition.objects.exists()


def test_a_reader_has_a_contribution_translated_once_for_all(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make(), body="Mehr Schatten, bitte.")
    page = shown(one, "en")
    assert ("Translate by machine" in page, "Bänke am Seerhein</strong>" in page) == (True, False)
    answer = ask(one, "en")
    assert answer["Location"] == f"/en/mitmachen/beitraege/{one.number}/?uebersetzt=en#uebersetzung"
    page = shown(one, "en")
    assert "<strong>[en] Bänke am Seerhein</strong>" in page
    assert ("Mehr Schatten, bitte." in page, "[en] Mehr Schatten, bitte." in page) == (True, True)
    assert ("Translated by a machine" in page, "Machine translation, not yet checked" in page) == (True, True)
    assert peer.asked == [
        {"path": "/translate", "q": q, "source": "de", "target": "en", "format": "text", "api_key": "geheim"}
        for q in ("Bänke am Seerhein", "Mehr Schatten, bitte.")
    ]
    ask(one, "en")
    assert len(peer.asked) == 2
    assert "[en] Bänke" not in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()


def test_only_the_languages_of_the_page_and_of_editions_are_offered(make: Make, peer: Peer) -> None:
    process = make()
    one, _ = handed_in(Client(), process)
    here = f"/mitmachen/beitraege/{one.number}/"
    assert "uebersetzen/" not in Client().get(here).content.decode()
    for tag in ("ar", "de-simple", "gsg", "tr"):
        Edition.objects.create(
            process=process, language=tag, title="x", at=utc_now(), translates="", made_by="Büro", public=tag != "tr"
        )
    page = Client().get(here).content.decode()
    offered = re.findall(r'<option value="([^"]+)" lang=', page)
    assert offered == ["ar"]
    for refused in ("fr", "tr", "gsg", "de", "", "../x"):
        ask(one, refused)
    assert peer.asked == []
    ask(one, "ar", english=False)
    page = shown(one, "ar", english=False)
    assert '<div lang="ar" dir="rtl"><p><strong>[ar] Bänke am Seerhein</strong>' in page
    assert LANGUAGES["ar"].machine in page


def test_what_comes_back_is_words(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make(), body="a")
    peer.reply = lambda asked: (200, msgspec.json.encode({"translatedText": f"<script>x</script>{asked['q']}"}))
    ask(one, "en")
    page = shown(one, "en")
    assert ("<script>x</script>" in page, "&lt;script&gt;x&lt;/script&gt;a" in page) == (False, True)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b'{"error":"boom"}', "HTTP 500"),
        (302, b"", "HTTP 302"),
        (403, b'{"error":"Invalid API key"}', "HTTP 403"),
        (200, b"<html>", "reply cannot be read"),
        (200, b'{"translatedText":["a"]}', "reply cannot be read"),
        (200, b'{"translatedText":"  "}', "reply is empty"),
        (200, b"[]", "reply cannot be read"),
        (200, b'{"translatedText":"' + b"x" * 300_000 + b'"}', "too large"),
        (400, b'{"error":"<b>xx</b> is not supported"}', "&lt;b&gt;xx&lt;/b&gt; is not supported"),
    ],
)
def test_a_reply_that_is_wrong_is_said_and_nothing_kept(
    make: Make, peer: Peer, status: int, body: bytes, why: str
) -> None:
    one, _ = handed_in(Client(), make())
    peer.reply = lambda _: (status, body)
    answer = ask(one, "en")
    assert answer.status_code in (422, 503)
    assert why in answer.content.decode()
    assert not Translation.objects.exists()


def test_a_server_that_never_answers_is_not_waited_for(make: Make, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = handed_in(Client(), make())
    monkeypatch.setattr(translation_door, "READER_SECONDS", 0.3)

    def hang(_: dict[str, Any]) -> tuple[int, bytes]:
        peer.hang.wait(30)
        return 200, b"{}"

    peer.reply = hang
    answer = ask(one, "en")
    assert (answer.status_code, "does not answer as expected" in answer.content.decode()) == (503, True)
    peer.reply = translated
    assert ask(one, "en").status_code == 302


def test_one_at_a_time_so_that_the_pages_stay_up(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make())
    with translation_door.translating(5):
        answer = ask(one, "en")
    assert (answer.status_code, "Something else is being translated" in answer.content.decode()) == (503, True)
    assert ask(one, "en").status_code == 302


def test_a_server_that_is_gone_is_said(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make())
    peer.server.shutdown()
    peer.server.server_close()
    assert ask(one, "en").status_code == 503


def test_what_is_too_long_is_not_sent(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make())
    Contribution.objects.filter(pk=one.pk).update(title="kurz", body="x" * 10_001)
    answer = ask(one, "en")
    assert (answer.status_code, "10001 characters, at most 10000" in answer.content.decode()) == (422, True)
    assert [asked["q"] for asked in peer.asked] == ["kurz"]
    assert not Translation.objects.exists()


def test_only_so_many_an_hour_and_only_from_our_own_pages(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make())
    path = f"/en/mitmachen/beitraege/{one.number}/uebersetzen/"
    elsewhere = Client().post(path, {"sprache": "en"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (elsewhere.status_code, peer.asked) == (403, [])
    peer.reply = lambda _: (500, b"")
    for _ in range(60):
        ask(one, "en")
    assert ask(one, "en").status_code == 429


def test_a_translation_goes_with_its_words(make: Make, peer: Peer) -> None:
    process = make()

    def one_translated(title: str) -> Contribution:
        one, _ = handed_in(Client(), process, title=title)
        ask(one, "en")
        assert one.translations.count() == 1
        return one

    changed = one_translated("Bänke am Seerhein")
    Contribution.objects.filter(pk=changed.pk).update(title="Etwas anderes")
    assert "[en] Bänke" not in shown(changed, "en")
    ask(changed, "en")
    assert (changed.translations.count(), "[en] Etwas anderes" in shown(changed, "en")) == (1, True)
    told = about_contribution(changed)["machine_translations"]
    assert told == [{"language": "en", "title": "[en] Etwas anderes", "body": ""}]
    authors.withdraw(ACTOR, changed.number, utc_now())
    assert changed.translations.count() == 0
    hidden = one_translated("Bäume am Bahnhof")
    case = Case.objects.create(process=process, contribution=hidden, cause="report", opened=utc_now())
    moderation.decide(ACTOR, case=case.pk, keep=False, reason="insult", now=utc_now())
    assert hidden.translations.count() == 0
    assert ask(hidden, "en").status_code == 404
    late = one_translated("Wasser im Stadtgarten")
    Contribution.objects.filter(pk=late.pk).update(visibility="held")
    processes.forget(process, utc_now())
    assert not Translation.objects.exists()


def test_what_is_hidden_while_it_is_translated_leaves_nothing(make: Make, peer: Peer) -> None:
    one, _ = handed_in(Client(), make())

    def hide(words: str, _source: str, target: str) -> str:
        Contribution.objects.filter(pk=one.pk).update(visibility="hidden")
        return f"[{target}] {words}"

    translate_contribution(one, "en", hide, utc_now())
    assert not Translation.objects.exists()


@pytest.mark.parametrize("category", ["contributions", "published-contributions"])
def test_the_gate_is_asked_before_anything_is_sent(make: Make, peer: Peer, gate: Gate, category: str) -> None:
    one, _ = handed_in(Client(), make())
    prohibit(gate, category)
    assert ask(one, "en").status_code == 403
    assert peer.asked == []


def test_a_server_outside_is_asked_only_if_named_and_then_it_is_passing_on(
    make: Make, gate: Gate, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(host: str, *_: object, **__: object) -> list[Any]:
        assert host == "uebersetzer.example"
        return [(2, 1, 6, "", ("8.8.8.8", 80))]

    one, _ = handed_in(Client(), make())
    monkeypatch.setattr("allmende.sources.fetch.socket.getaddrinfo", looked_up)
    values: dict[str, Any] = {"translation_url": "http://uebersetzer.example"}
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, **values)
    answer = ask(one, "en")
    assert (answer.status_code, "own network" in answer.content.decode()) == (422, True)
    values["translation_hosts"] = ("uebersetzer.example",)
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, **values)
    assert "that the city chose for this does it: uebersetzer.example" in shown(one, "en")
    prohibit(gate, "published-contributions", verb="pass_on")
    assert ask(one, "en").status_code == 403


def test_a_draft_is_translated_published_with_its_label_and_checked_by_a_person(make: Make, peer: Peer) -> None:
    process = make()
    desk, person = staff("office")
    where = f"/intern/beteiligung/{process.slug}/fassungen/"
    public = f"/mitmachen/{process.slug}/fassung/tr/"
    assert "Entwurf übersetzen lassen" in desk.get(where).content.decode()
    assert desk.post(where, {"deed": "draft", "tag": "tr"}).status_code == 302
    assert [asked["target"] for asked in peer.asked] == ["tr", "tr"]
    assert "Wer ist gefragt? Alle" in peer.asked[1]["q"]
    assert Client().get(public).status_code == 404
    assert "fassung/tr/" not in Client().get(f"/mitmachen/{process.slug}/").content.decode()
    look = Client().get(f"{public}?vorschau={process.preview}").content.decode()
    assert ("[tr] Verfahren" in look, LANGUAGES["tr"].machine in look) == (True, True)
    assert "maschinell übersetzt, noch nicht geprüft" in desk.get(where).content.decode()
    edited = {"deed": "put", "tag": "tr", "title": "Süreç", "body": "Metin", "video": "", "made_by": ""}
    assert desk.post(where, edited).status_code == 302
    assert Edition.objects.get().machine
    desk.post(where, {"deed": "publish", "tag": "tr"})
    page = Client().get(public).content.decode()
    assert ("Süreç" in page, "Maschinell übersetzt" in page) == (True, True)
    assert f"{LANGUAGES['tr'].machine}" in page.partition("</article>")[0].partition('lang="tr"')[2]
    assert "Translated by a machine" in Client().get(f"/en{public}").content.decode()
    desk.post(where, {"deed": "check", "tag": "tr", "checked_by": " "})
    assert Edition.objects.get().machine
    desk.post(where, {"deed": "check", "tag": "tr", "checked_by": "Ayşe Muster, Büro"})
    page = Client().get(public).content.decode()
    assert ("Maschinell" in page, "Übersetzung (Türkisch) von Ayşe Muster, Büro" in page) == (False, True)
    entry = AuditEntry.objects.get(verb="participation.edition_checked")
    assert (entry.person, entry.after) == (person, {"language": "tr", "checked_by": "Ayşe Muster, Büro"})


def test_no_edition_is_overwritten_and_no_machine_writes_easy_words_or_signs(make: Make, peer: Peer) -> None:
    process = make()
    desk, _ = staff("office")
    where = f"/intern/beteiligung/{process.slug}/fassungen/"
    words = {"deed": "put", "tag": "tr", "title": "Elle", "body": "Metin", "video": "", "made_by": "Büro"}
    desk.post(where, words)
    for tag in ("tr", "de-simple", "gsg", "xx"):
        desk.post(where, {"deed": "draft", "tag": tag})
    assert (peer.asked, [one.title for one in Edition.objects.all()]) == ([], ["Elle"])
    with pytest.raises(AllmendeError, match="already"):
        editions.draft_by_machine(ACTOR, process, "tr", lambda *_: "x", utc_now().date())
    page = desk.post(where, {"deed": "draft", "tag": "hr"}).content.decode()
    assert ("hr is not supported" in page, Edition.objects.count()) == (True, 1)
    unsigned = desk.post(where, {**words, "made_by": ""}).content.decode()
    assert "Sagen Sie, wer das übersetzt oder geprüft hat." in unsigned
    reader, _ = staff("auditor")
    reader.post(where, {"deed": "draft", "tag": "fr"})
    assert Edition.objects.count() == 1


def test_settings_say_what_is_no_server(tmp_path: Any) -> None:
    for url in ("uebersetzer:5000", "ftp://a", "http://name:wort@a:5000", "http://a/?x=1"):
        with pytest.raises(AllmendeError, match="no address of a translation server"):
            load_settings(tmp_path, {"ALLMENDE_TRANSLATION_URL": url})
    found = load_settings(
        tmp_path,
        {"ALLMENDE_TRANSLATION_URL": "http://127.0.0.1:5000", "ALLMENDE_TRANSLATION_HOSTS": "a.example,b.example"},
    )
    assert found.translation_hosts == ("a.example", "b.example")
