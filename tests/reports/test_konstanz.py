"""A report of the city of which no money per project is public."""

import datetime as dt

import pytest
from django.test import Client

from allmende.gate.door import Gate
from allmende.money.queries import forget
from tests.office.conftest import empty_store, gate
from tests.reports.conftest import approved, load

__all__ = ["empty_store", "gate"]


@pytest.mark.django_db
def test_what_nobody_published_is_said_and_the_published_totals_stand(gate: Gate) -> None:
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
