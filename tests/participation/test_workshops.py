"""Workshops: places and waiting list, needs with a day of deletion, what was said taken up by text, card and code."""

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from allmende.kernel.clock import today, utc_now
from allmende.kernel.text import Text
from allmende.participation.models import Ballot, Code, Contribution, Process, Registration, Workshop
from allmende.participation.services import workshops
from allmende.participation.services.notices import send_mails
from tests.participation.conftest import ACTOR, Make, handed_in, staff

HOME = "/intern/beteiligung/workshop/"


@pytest.fixture
def workshop(make: Make) -> Workshop:
    begins = utc_now() + dt.timedelta(days=3)
    plan = workshops.Plan(
        title=Text("Werkstatt im Park", "Workshop in the park"),
        place="Stadtgarten",
        begins=begins,
        ends=begins + dt.timedelta(hours=2),
        places=1,
        access=Text("Rampe", "ramp"),
        forget_on=today() + dt.timedelta(days=20),
    )
    return workshops.put_up(ACTOR, make("workshop"), plan)


def register(workshop: Workshop, email: str, **values: str) -> Any:
    path = f"/mitmachen/workshop/werkstatt/{workshop.pk}/"
    body = {"name": "Kim", "email": email, "needs": "Rollstuhl und Hund", "website": "", **values}
    return Client(enforce_csrf_checks=True).post(path, body)


def test_who_waits_gets_the_place_that_is_given_back_and_needs_go_on_their_day(
    workshop: Workshop, mailoutbox: list[Any]
) -> None:
    answers = [register(workshop, address)["Location"] for address in ("a@example.org", "b@example.org")]
    assert [answer.partition("angemeldet=")[2] for answer in answers] == ["placed", "waiting"]
    assert register(workshop, "A@example.org").status_code == 409
    refused = register(workshop, "no address")
    assert (refused.status_code, "Rollstuhl und Hund" in refused.content.decode()) == (400, True)
    assert "davon frei 0" in Client().get("/mitmachen/workshop/").content.decode()
    send_mails(utc_now())
    link = "/mitmachen" + mailoutbox[0].body.partition("/mitmachen")[2].split()[0]
    assert (Client().get(link).status_code, Registration.objects.count()) == (200, 2)
    assert Client().post(link[:-2] + "x/").status_code == 404
    assert "gelöscht" in Client().post(link).content.decode()
    assert Registration.objects.get().state == "placed"
    send_mails(utc_now())
    assert mailoutbox[-1].to == ["b@example.org"]
    desk, _ = staff("office")
    assert "Rollstuhl und Hund" in desk.get(f"{HOME}werkstaetten/{workshop.pk}/").content.decode()
    assert "Rollstuhl und Hund" not in Client().get(f"/mitmachen/workshop/werkstatt/{workshop.pk}/").content.decode()
    assert workshops.forget_registrations(utc_now()) == 0
    assert workshops.forget_registrations(utc_now() + dt.timedelta(days=21)) == 1
    assert Registration.objects.count() == 0


def test_what_people_type_is_inert_for_the_staff_and_whole(workshop: Workshop) -> None:
    evil = "<script>alert(1)</script>"
    assert (
        register(workshop, "a@example.org", name=evil, needs="<img src=x> 🌳 مرحبا \u202eumgedreht").status_code == 302
    )
    desk, _ = staff("office")
    page = desk.get(f"{HOME}werkstaetten/{workshop.pk}/").content.decode()
    assert ("<script>alert" in page, "<img src=x" in page, "\u202e" in page) == (False, False, False)
    assert ("&lt;script&gt;" in page, "🌳 مرحبا" in page) == (True, True)


def test_what_was_said_becomes_contributions_all_or_none_and_is_counted_apart(workshop: Workshop) -> None:
    desk, _ = staff("office")
    process = Process.objects.get()
    minutes = "Mehr Schatten\nAm Nachmittag ist es\nzu heiß.\n\nEin Brunnen | mit Napf\n"
    body = {"deed": "heard", "channel": "onsite", "workshop": str(workshop.pk), "text": minutes}
    tried = desk.post(f"{HOME}werkstaetten/", {**body, "try": "1"}).content.decode()
    assert ("Das würden 2 Beiträge" in tried, Contribution.objects.count()) == (True, 0)
    wrong = SimpleUploadedFile(
        "k.csv", f"titel;text;thema\nBank;;schatten\n;leer;\n{'x' * 121};;\nWeg;;mond\n".encode()
    )
    said = desk.post(f"{HOME}werkstaetten/", {"deed": "heard", "channel": "paper", "file": wrong}).content.decode()
    for fault in ("Zeile 3: der Titel fehlt", "Zeile 4: der Titel hat mehr", "Zeile 5: das Thema „mond“ gibt es nicht"):
        assert fault in said
    assert Contribution.objects.count() == 0
    desk.post(f"{HOME}werkstaetten/", body)
    cards = SimpleUploadedFile("k.csv", b"titel;text;thema\nBank;am Weg;Schatten\n")
    desk.post(f"{HOME}werkstaetten/", {"deed": "heard", "channel": "paper", "file": cards})
    handed_in(Client(), process, title="Von zu Hause")
    found = {one.title: (one.channel, one.body) for one in Contribution.objects.all()}
    assert found["Mehr Schatten"] == ("onsite", "Am Nachmittag ist es\nzu heiß.")
    assert (found["Ein Brunnen"][1], found["Bank"]) == ("mit Napf", ("paper", "am Weg"))
    page = Client().get("/mitmachen/workshop/").content.decode()
    assert "Davon online 1, vor Ort 2, auf Papier 1." in page
    assert "Ein Brunnen" in Client().get(f"/mitmachen/workshop/werkstatt/{workshop.pk}/").content.decode()


def test_a_file_that_was_only_checked_is_taken_without_being_sent_again(workshop: Workshop) -> None:
    desk, _ = staff("office")
    body = {"deed": "heard", "channel": "paper", "workshop": ""}
    cards = b"titel;text\nBank;<b>am</b> Weg\n"
    both = {**body, "text": "Baum", "file": SimpleUploadedFile("k.csv", cards)}
    assert "Entweder Text oder Datei" in desk.post(f"{HOME}werkstaetten/", both).content.decode()
    tried = desk.post(f"{HOME}werkstaetten/", {**body, "file": SimpleUploadedFile("k.csv", cards), "try": "1"})
    kept = re.search(r'name="kept" value="([^"]*)"', tried.content.decode())
    assert (kept is not None, Contribution.objects.count()) == (True, 0)
    assert desk.post(f"{HOME}werkstaetten/", {**body, "kept": unescape(kept[1]) if kept else ""}).status_code == 302
    assert Contribution.objects.get().body == "<b>am</b> Weg"
    broken = SimpleUploadedFile("k.csv", b"titel;text\nBank\rBaum;x\n")
    said = desk.post(f"{HOME}werkstaetten/", {**body, "file": broken}).content.decode()
    assert "keine Tabelle als CSV" in said


def test_a_change_reaches_who_registered_and_new_places_go_to_who_waits(
    workshop: Workshop, mailoutbox: list[Any]
) -> None:
    for address in ("a@example.org", "b@example.org"):
        register(workshop, address)
    send_mails(utc_now())
    mailoutbox.clear()
    (desk, _), here = staff("office"), f"{HOME}werkstaetten/{workshop.pk}/"
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', desk.get(here).content.decode())
    plan = {**dict(fields), "access_de": "Rampe", "access_en": "ramp", "deed": "change"}
    refused = desk.post(here, {**plan, "ends": "2020-01-01T10:00", "place": "Rathaus"}).content.decode()
    assert "Das Ende liegt vor dem Beginn." in refused and 'value="Rathaus"' in refused
    assert desk.post(here, {**plan, "place": "Rathaus", "places": "2"}).status_code == 302
    send_mails(utc_now())
    told = sorted((mail.to[0], "Rathaus" in mail.body) for mail in mailoutbox)
    assert told == [("a@example.org", True), ("b@example.org", True), ("b@example.org", True)]
    assert {one.state for one in Registration.objects.all()} == {"placed"}
    assert "Rathaus" in Client().get(f"/mitmachen/workshop/werkstatt/{workshop.pk}/").content.decode()
    mailoutbox.clear()
    desk.post(here, {**plan, "place": "Rathaus", "places": "2", "access_de": "Rampe und Lift"})
    desk.post(here, {"deed": "came", "came": "17"})
    send_mails(utc_now())
    workshop.refresh_from_db()
    assert (mailoutbox, workshop.came, workshop.access_de) == ([], 17, "Rampe und Lift")


def test_codes_come_as_sheets_with_qr_codes_that_fill_in_the_form(make: Make) -> None:
    process = make("budget", phase=2, level="code")
    desk, _ = staff("office")
    sent = desk.post("/intern/beteiligung/budget/", {"deed": "codes", "count": "22", "sheet": "pdf"})
    assert (sent["Content-Type"], sent.content[:5]) == ("application/pdf", b"%PDF-")
    assert "no-store" in sent["Cache-Control"]
    assert (Code.objects.filter(process=process).count(), Ballot.objects.count()) == (22, 0)
    page = Client().get("/mitmachen/budget/teilnehmen/?code=abcd efgh jkmn")
    assert ('value="abcd efgh jkmn"' in page.content.decode(), page["Cache-Control"]) == (True, "no-store")
