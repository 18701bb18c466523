"""Who is willing to be drawn, and who registers for a workshop, pass the gate: taken, used and shown, on record."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.participation.models import Contribution, PoolPerson, Registration, Workshop
from allmende.participation.services.notices import send_mails
from allmende.participation.services.snapshot import snapshot_facts, write_snapshot
from tests.participation.conftest import sheets, staff
from tests.participation.test_gate import decided, prohibit
from tests.participation.test_panels import PAGE, Desk, people
from tests.participation.test_panels import desk as desk
from tests.participation.test_workshops import HOME, register
from tests.participation.test_workshops import workshop as workshop

FILES = ("", "kreis.csv", "lostabelle.csv", "lostabelle.json", "ziehung.json")
OBJECTION = "Ein Einwand wird geprüft."


@pytest.fixture
def drawn(desk: Desk) -> Desk:
    desk.rules()
    desk.load(people(40))
    desk.do(deed="lots", sure="on")
    desk.do(deed="draw", sure="on", word="4 8 15")
    return desk


def test_panels_leave_decisions_and_stand_still_with_the_rules_words(drawn: Desk, gate: Gate, tmp_path: Path) -> None:
    assert {Client().get(f"{PAGE}{name}").status_code for name in FILES} == {200}
    for row in (("collect", "participants"), ("use", "participants"), ("publish", "participant-counts")):
        assert (*row, "participation", True) in decided(gate)
    prohibit(gate, "participants", "participant-counts")
    for name in FILES:
        answer = Client().get(f"{PAGE}{name}")
        assert (answer.status_code, "Der Beirat prüft." in answer.content.decode()) == (403, True), name
    assert ("publish", "participant-counts", "participation", False) in decided(gate)
    letters = drawn.client.post("/intern/beteiligung/panel-budget/gremium/briefe.csv")
    assert (letters.status_code, "Mensch" in letters.content.decode()) == (302, False)
    assert "Der Beirat prüft." in drawn.client.get(letters["Location"]).content.decode()
    withheld = snapshot_facts(write_snapshot(tmp_path, utc_now(), gate))["withheld"]
    assert {"panels", "panel-quotas", "workshops"} <= set(withheld)
    assert Client().get("/mitmachen/panel-budget/").status_code == 200


def test_a_suspended_sheet_takes_no_name_and_stops_only_its_own(desk: Desk, gate: Gate) -> None:
    desk.rules()
    gate.publish_sheets(sheets(workshops=OBJECTION), "test")
    desk.load(people(12))
    gate.publish_sheets(sheets(panels=OBJECTION), "test")
    assert OBJECTION in desk.load(people(30))
    assert PoolPerson.objects.count() == 12


def test_a_suspended_registration_keeps_what_was_typed_and_giving_back_goes_on(
    workshop: Workshop, gate: Gate, mailoutbox: list[Any]
) -> None:
    for address in ("a@example.org", "b@example.org"):
        assert register(workshop, address).status_code == 302
    assert ("collect", "participants", "participation", True) in decided(gate)
    send_mails(utc_now())
    gate.publish_sheets(sheets(workshops=OBJECTION), "test")
    refused = register(workshop, "c@example.org")
    page = refused.content.decode()
    assert (refused.status_code, "Rollstuhl und Hund" in page, OBJECTION in page) == (403, True, True)
    here = f"/mitmachen/workshop/werkstatt/{workshop.pk}/"
    for path in (here, "/mitmachen/workshop/"):
        shown = Client().get(path).content.decode()
        assert ("Stadtgarten" in shown, "davon frei" in shown) == (True, False), path
    assert Client().get("/mitmachen/workshop/werkstaetten.csv").status_code == 403
    office, _ = staff("office")
    assert office.get(f"{HOME}werkstaetten/{workshop.pk}/").status_code == 302
    link = "/mitmachen" + mailoutbox[0].body.partition("/mitmachen")[2].split()[0]
    assert "gelöscht" in Client().post(link).content.decode()
    assert (Registration.objects.get().state, len(mailoutbox)) == ("waiting", 2)


def test_what_the_staff_writes_down_is_taken_through_the_gate(workshop: Workshop, gate: Gate) -> None:
    office, _ = staff("office")
    gate.publish_sheets(sheets(contributions=OBJECTION), "test")
    minutes = {"deed": "heard", "channel": "onsite", "text": "Mehr Schatten"}
    said = office.post(f"{HOME}werkstaetten/", minutes).content.decode()
    assert ("Mehr Schatten" in said, OBJECTION in said) == (True, True)
    office.post(HOME, {"deed": "entry", "title": "Mehr Schatten", "channel": "paper"})
    assert Contribution.objects.count() == 0
