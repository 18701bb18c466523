"""A city of which only totals are public: gaps are shown as gaps."""

import json

import pytest
from django.test import Client

from tests.money.test_pages import text_of


@pytest.mark.usefixtures("konstanz")
def test_where_only_totals_are_public_gaps_are_shown_as_gaps() -> None:
    text = text_of(Client(), "/geld/")
    for words in (
        "9,1 Mio.",
        "14,6 Mio.",
        "17,5 Mio.",
        "11,375 Mio.",
        "Ein Budget je Projekt wurde nie veröffentlicht",
    ):
        assert words in text
    assert Client().get("/geld/fluss.svg").status_code == 404
    assert "noch keine zwei Fassungen" in text_of(Client(), "/geld/unterschied/")
    assert "wie viel eigenes Geld" in text_of(Client(), "/geld/eigenmittel/")
    assert "14,6 Mio." in text_of(Client(), "/geld/?stand=2024-06-30")
    assert json.loads(text_of(Client(), "/geld.json"))["projects"] == []
