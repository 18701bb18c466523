"""What cannot be undone needs its yes at the server, too; without it nothing happens and nothing typed is lost."""

from typing import Any

from django.test import Client

from allmende.gate.door import Gate
from allmende.participation.models import BudgetCount, Contribution, Panel, Process, SealedText, Seat
from tests.participation.conftest import Make, handed_in, staff, with_text
from tests.participation.test_panels import Desk, people

HOME = "/intern/beteiligung/"
ASKED = "Bestätigen Sie das bitte"


def refused(desk: Client, path: str, **values: Any) -> str:
    """Send a form without its yes; give the page that says so."""
    answer = desk.post(f"{HOME}{path}", values)
    assert answer.status_code == 200
    page: str = answer.content.decode()
    assert ASKED in page
    return page


def test_merging_and_splitting(make: Make) -> None:
    process = make()
    one, _ = handed_in(Client(), process)
    other, _ = handed_in(Client(), process, title="Etwas ganz anderes")
    desk, _ = staff("office")
    where = f"beitrag/{one.number}/"
    assert other.number in refused(desk, where, deed="merge", into=other.number)
    assert "Zweiter | b" in refused(desk, where, deed="split", parts="Erster | a\nZweiter | b")
    assert Contribution.objects.filter(visibility="shown").count() == 2
    desk.post(f"{HOME}{where}", {"deed": "merge", "into": other.number, "sure": "on"})
    one.refresh_from_db()
    assert one.visibility == "merged"


def test_sealing(make: Make, gate: Gate) -> None:
    process = make("text-work")
    with_text(process, "Ein Satz.")
    desk, _ = staff("office")
    words = {"occasion_de": "Zum Beschluss", "occasion_en": "For the decision"}
    assert "Zum Beschluss" in refused(desk, f"{process.slug}/text/", deed="seal", **words)
    assert SealedText.objects.count() == 0
    desk.post(f"{HOME}{process.slug}/text/", {"deed": "seal", **words, "sure": "on"})
    assert SealedText.objects.count() == 1


def test_counting_a_budget(make: Make) -> None:
    process = make("budget", phase=3)
    desk, _ = staff("office")
    assert "Lottozahlen 7" in refused(
        desk, f"{process.slug}/budget/", deed="count", seed="Lottozahlen 7", source="Lotto"
    )
    assert BudgetCount.objects.count() == 0


def test_the_table_of_lots_and_the_draw(make: Make) -> None:
    make("panel-budget", phase=1)
    desk = Desk()
    desk.rules()
    desk.load(people(60))
    refused(desk.client, "panel-budget/gremium/", deed="lots")
    assert Panel.objects.get().lottery == ""
    desk.do(deed="lots", sure="on")
    assert Panel.objects.get().lottery
    assert "4 8 15" in refused(desk.client, "panel-budget/gremium/", deed="draw", word="4 8 15")
    assert Seat.objects.count() == 0
    desk.do(deed="draw", word="4 8 15", sure="on")
    assert Seat.objects.count() == 8


def test_the_archive(make: Make) -> None:
    process = make()
    desk, _ = staff("office")
    desk.post(f"{HOME}{process.slug}/", {"deed": "move", "to": "closed"})
    refused(desk, f"{process.slug}/", deed="move", to="archived")
    assert Process.objects.get().state == "closed"
    desk.post(f"{HOME}{process.slug}/", {"deed": "move", "to": "archived", "sure": "on"})
    assert Process.objects.get().state == "archived"
