"""One list and one mail for programme, money and effects together, in the invented city that has all of them."""

import pytest
from django.core import mail

from allmende.kernel.clock import today
from allmende.portal.office.tasks import reminders_of
from allmende.programme.models import Project
from allmende.programme.services.reminders import send_digests
from tests.money.conftest import browser, person
from tests.reports.conftest import _musterstadt, musterstadt

__all__ = ["_musterstadt", "musterstadt"]

pytestmark = pytest.mark.usefixtures("musterstadt")
EVERYTHING = (
    ("Meilenstein überfällig", "Milestone late", "Drei Kreuzungen umgebaut"),
    ("Nachweis fehlt", "Evidence missing", "Zähler in acht Schulen"),
    ("Indikator veraltet", "Indicator out of date", "Zeit für die Suche nach einem Parkplatz"),
    ("offene Rechnung", "Open invoice", "R26-0901"),
    ("Frist", "Deadline", "Zuwendung für die Strategie"),
)


def test_the_office_sees_and_is_mailed_what_is_late_unproven_stale_unallocated_and_due() -> None:
    page = browser("anna", "office").get("/intern/aufgaben/").content.decode()
    assert send_digests(today(), base="https://stadt.example", lines_of=reminders_of) == 1
    (letter,) = mail.outbox
    for german, english, what in EVERYTHING:
        assert german in page
        assert what in page
        assert f"- {german}: " in letter.body
        assert f"- {english}: " in letter.body
        assert what in letter.body
    assert "Indikator ohne Wert" in page
    assert "Indikator ohne Wert" not in letter.body


def test_a_lead_sees_indicators_of_the_own_project_and_nothing_about_money() -> None:
    lead = person("lea", "lead")
    Project.objects.get(slug="parken").leads.add(lead)
    page = browser("lea", "lead").get("/intern/aufgaben/").content.decode()
    assert "Zeit für die Suche nach einem Parkplatz" in page
    assert "offene Rechnung" not in page
    assert "Vertrauen in die Stadtverwaltung" not in page
    assert [line for line in reminders_of(lead, today()) if "veraltet" in line]
