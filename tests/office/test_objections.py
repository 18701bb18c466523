"""Objections: filed by anybody without an account, answered by the staff, followed with number and key."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES, may_read, may_write
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.register.objections import services
from allmende.register.objections.models import Objection
from allmende.register.objections.rules import KEPT_AFTER_ANSWER, MOST_AN_HOUR
from tests.office.conftest import ACTOR, SignIn

FORM = "/datenethik/einwand/"
WORDS = "Die Station vor meinem Fenster misst auch nachts. Bitte erklären Sie, wozu."


@pytest.fixture(autouse=True)
def _fresh_count() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def send(client: Client, address: str = "192.0.2.7", **values: str) -> object:
    sent = {"kind": "objection", "about": "", "words": WORDS, "reply_to": "", "website": "", **values}
    return client.post(FORM, sent, headers={"X-Forwarded-For": f"10.0.0.1, {address}"})


def filed(client: Client, **values: str) -> tuple[str, str]:
    """File a case; give its number and key."""
    answer = send(client, **values)
    assert answer.status_code == 302, answer.content.decode()  # type: ignore[attr-defined]
    number, key = answer["Location"].strip("/").split("/")[-2:]  # type: ignore[index]
    return number, key


def test_a_case_is_filed_without_account_and_cookie_and_followed_with_its_key(city: Gate) -> None:
    client = Client(enforce_csrf_checks=True)
    number, key = filed(client)
    assert re.fullmatch(r"E-\d{4}-\d{4,}", number)
    page = client.get(f"{FORM}{number}/{key}/")
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    assert WORDS in page.content.decode()
    assert number in page.content.decode()
    assert not client.cookies
    assert key not in str(Objection.objects.values().get())
    assert client.get(FORM, {"nummer": number, "schluessel": key}).content.decode().count(f"{FORM}{number}/{key}/") == 1


@pytest.mark.parametrize("path", ["{number}/falsch/", "E-2026-9999/{key}/"])
def test_a_wrong_key_looks_like_an_unknown_number(city: Gate, path: str) -> None:
    number, key = filed(Client())
    answer = Client().get(FORM + path.format(number=number, key=key))
    assert answer.status_code == 404
    assert WORDS not in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("words", "kurz"), ("words", "x" * 5_001), ("reply_to", "keine Adresse"), ("kind", "lob"), ("about", "erfunden")],
)
def test_what_is_not_usable_is_shown_with_what_was_written(city: Gate, field: str, value: str) -> None:
    answer = send(Client(), **{field: value})
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert 'role="alert"' in page
    assert (WORDS if field != "words" else value) in page
    assert Objection.objects.count() == 0


def test_programs_other_websites_and_floods_are_refused(city: Gate) -> None:
    assert send(Client(), website="https://spam.example").status_code == 400  # type: ignore[attr-defined]
    foreign = Client().post(FORM, {"kind": "objection", "words": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    answers = [send(Client(), address="192.0.2.9").status_code for _ in range(MOST_AN_HOUR + 3)]  # type: ignore[attr-defined]
    assert answers == [302] * MOST_AN_HOUR + [429] * 3
    assert send(Client(), address="192.0.2.10").status_code == 302  # type: ignore[attr-defined]
    assert Objection.objects.count() == MOST_AN_HOUR + 1
    several = [send(Client(), address=f"2001:db8::{n}").status_code for n in range(MOST_AN_HOUR + 2)]  # type: ignore[attr-defined]
    assert several == [302] * MOST_AN_HOUR + [429] * 2
    assert send(Client(), address="2001:db8:0:1::1").status_code == 302  # type: ignore[attr-defined]


def test_the_answer_is_public_and_the_person_is_not(city: Gate, sign_in: SignIn) -> None:
    number, key = filed(Client(), reply_to="rita@example.org")
    board = sign_in("ethics-board")
    board.post(f"/intern/einwaende/{number}/", {"deed": "take-up", "note_de": "Wir prüfen.", "note_en": "We check."})
    assert "Wir prüfen." in Client().get(f"{FORM}{number}/{key}/").content.decode()
    said = {"outcome": "partly", "answer_de": "Nachts nur stündlich.", "answer_en": "Hourly at night.", "sure": "on"}
    assert board.post(f"/intern/einwaende/{number}/", {"deed": "answer", **said}).status_code == 302
    for page in ("/datenethik/einwaende/", "/datenethik/einwaende.csv"):
        content = Client().get(page).content.decode()
        assert "Nachts nur stündlich." in content
        assert WORDS not in content
        assert "rita@example.org" not in content
        assert key not in content
    assert "Hourly at night." in Client().get("/en/datenethik/einwaende/").content.decode()
    assert "Nachts nur stündlich." in Client().get(f"{FORM}{number}/{key}/").content.decode()
    deeds = [entry.verb for entry in AuditEntry.objects.filter(label=number).order_by("id")]
    assert deeds == ["objections.filed", "objections.taken_up", "objections.answered"]
    assert "rita@example.org" not in str(list(AuditEntry.objects.values()))
    with pytest.raises(Conflict):
        services.answer(ACTOR, number=number, outcome="declined", answer_de="x", answer_en="x", now=utc_now())


@pytest.mark.parametrize("role", sorted(ROLES))
def test_who_reads_and_who_answers(city: Gate, sign_in: SignIn, role: str) -> None:
    number, _ = filed(Client())
    client = sign_in(role)
    answer = client.get(f"/intern/einwaende/{number}/")
    assert (answer.status_code == 200 and WORDS in answer.content.decode()) == may_read({role}, "objections")
    said = {"outcome": "declined", "answer_de": "Nein.", "answer_en": "No.", "sure": "on"}
    client.post(f"/intern/einwaende/{number}/", {"deed": "answer", **said})
    assert (Objection.objects.get().state == "answered") == may_write({role}, "objections")


def test_a_passed_deadline_is_counted_in_public(city: Gate) -> None:
    early = utc_now() - dt.timedelta(days=4)
    for kind in ("breach", "objection"):
        services.file_objection(kind=kind, about="", words=WORDS, reply_to="", language="de", now=early)
    page = Client().get("/datenethik/einwaende/").content.decode()
    assert re.search(r"Frist überschritten</dt><dd>1<", page)


def test_words_and_address_go_long_after_the_answer(city: Gate) -> None:
    now = utc_now()
    one, key = services.file_objection(
        kind="question", about="", words=WORDS, reply_to="rita@example.org", language="de", now=now
    )
    services.answer(ACTOR, number=one.number, outcome="accepted", answer_de="Ja.", answer_en="Yes.", now=now)
    assert services.forget_old(now + KEPT_AFTER_ANSWER) == 0
    assert services.forget_old(now + KEPT_AFTER_ANSWER + dt.timedelta(seconds=1)) == 1
    kept = Objection.objects.get()
    assert (kept.words, kept.reply_to, kept.answer_de) == ("", "", "Ja.")
    assert "Ja." in Client().get(f"{FORM}{one.number}/{key}/").content.decode()
