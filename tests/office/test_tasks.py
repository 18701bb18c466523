"""One list and one mail for programme, money and effects together, in the invented city that has all of them."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

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
    ("Offene Rechnung", "Open invoice", "R26-0901"),
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


def test_the_first_page_counts_stale_indicators_and_lists_them_from_one_look() -> None:
    client = browser("anna", "office")
    client.get("/intern/")
    with CaptureQueriesContext(connection) as caught:
        page = client.get("/intern/").content.decode()
    looks = [query for query in caught if 'FROM "effects_indicator"' in query["sql"]]
    assert len(looks) == 1
    tasks = client.get("/intern/aufgaben/").content.decode()
    count = tasks.count("Indikator veraltet") + tasks.count("Indikator ohne Wert")
    assert re.search(r"<b>(\d+)</b><a href=\"/intern/indikatoren/\">", page)[1] == str(count)  # type: ignore[index]


def test_a_lead_sees_indicators_of_the_own_project_and_nothing_about_money() -> None:
    lead = person("lea", "lead")
    Project.objects.get(slug="parken").leads.add(lead)
    page = browser("lea", "lead").get("/intern/aufgaben/").content.decode()
    assert "Zeit für die Suche nach einem Parkplatz" in page
    assert "Offene Rechnung" not in page
    assert "Vertrauen in die Stadtverwaltung" not in page
    assert [line for line in reminders_of(lead, today()) if "veraltet" in line]
