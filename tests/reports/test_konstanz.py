"""A report of the city of which no money per project is public."""

import datetime as dt

import pytest
from django.test import Client

from allmende.money.queries import forget
from tests.reports.conftest import approved, load


@pytest.mark.django_db
def test_what_nobody_published_is_said_and_the_published_totals_stand() -> None:
    load("konstanz")
    forget()
    number = approved(day=dt.date(2026, 6, 30))
    page = Client().get(f"/programm/berichte/{number}/").content.decode()
    assert "Geld je Projekt ist für diesen Tag nicht veröffentlicht" in page
    assert "14.600.000,00" in page
    content = Client().get(f"/programm/berichte/{number}.json").json()
    money = next(part for part in content["parts"] if part["key"] == "money")
    assert [table["rows"] for table in money["tables"] if table["key"] == "plan-actual"] == [[]]
    assert len(next(part for part in content["parts"] if part["key"] == "gaps")["words"]) > 1
