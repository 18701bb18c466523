"""A panel by lot: quotas, pool from a file, table before the draw, a draw that anyone repeats, letters, deletion."""

import csv
import datetime as dt
import io
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from allmende.kernel.clock import today, utc_now
from allmende.participation.models import Panel, PoolContact, PoolPerson, Process, Seat
from allmende.participation.services import panels
from tests.participation.conftest import Make, staff
from tests.program import PROGRAM, environment

HOME = "/intern/beteiligung/panel-budget/gremium/"
PAGE = "/mitmachen/panel-budget/gremium/"
QUOTAS = "Alter; jung; 3; 5\nAlter; alt; 3; 5\nOrt; Mitte; 4; 6\nOrt; Dorf; 2; 4"
RULES = {"deed": "rules", "size": "8", "lots": "200", "chance_de": "Lotto", "chance_en": "Lottery"}
HEADER = "Name;Anschrift;Email;Haushalt;Alter;Ort"


def people(count: int, *, dorf: bool = True) -> list[str]:
    chance = random.Random(7)
    return [
        f"Mensch {at};Weg {at // 2};m{at}@example.org;{at // 2};{chance.choice(['jung', 'alt', 'alt'])};"
        f"{chance.choice(['Mitte', 'Mitte', 'Dorf']) if dorf else 'Mitte'}"
        for at in range(count)
    ]


class Desk:
    """Somebody of the staff at the page of a panel."""

    def __init__(self) -> None:
        self.client, _ = staff("office")

    def do(self, **values: Any) -> Any:
        return self.client.post(HOME, values)

    def rules(self, quotas: str = QUOTAS, **more: str) -> Any:
        return self.do(**{**RULES, "quotas": quotas, "pool_until": str(today() + dt.timedelta(days=90)), **more})

    def load(self, lines: list[str], **more: str) -> str:
        file = SimpleUploadedFile("liste.csv", "\n".join([HEADER, *lines]).encode())
        return str(self.client.post(HOME, {"deed": "pool", "file": file, **more}, follow=True).content.decode())


@pytest.fixture
def desk(make: Make) -> Desk:
    make("panel-budget", phase=1)
    return Desk()


def test_the_template_of_the_city_has_twenty_seats_with_quotas(make: Make) -> None:
    make("panel-budget")
    page = Client().get(PAGE).content.decode()
    assert ("20 Menschen werden gelost" in page, "9 bis 11" in page) == (True, True)
    make("citizens-panel")
    request = Client().get("/mitmachen/citizens-panel/").content.decode()
    assert "Ab 800 Unterschriften" in request


def test_a_list_is_kept_whole_or_not_at_all_with_row_and_reason(desk: Desk) -> None:
    desk.rules()
    good = people(30)
    for bad, reason in (
        ("Kim;Weg 1;;;jung;Mars", "Zeile 32: „Mars“ ist keine Vorgabe von „Ort“"),
        ("Kim;Weg 1;;;;Dorf", "Zeile 32: „Alter“ ist leer"),
        (";Weg 1;;;jung;Dorf", "Zeile 32: der Name fehlt"),
        ("mensch 4;weg 2;;;jung;Dorf", "Zeile 32: dieselbe Person wie in Zeile 6"),
        ("Kim;Weg 1", "Zeile 32: zu viele oder zu wenige Felder"),
    ):
        assert reason in desk.load([*good, bad])
    assert "30 Menschen, kein Fehler" in desk.load(good, **{"try": "1"})
    assert PoolPerson.objects.count() == 0
    desk.load(good)
    desk.load(good)
    assert (PoolPerson.objects.count(), PoolContact.objects.count()) == (30, 30)
    assert "Mensch" not in str(list(PoolPerson.objects.values()))


def test_quotas_that_cannot_be_met_are_named(desk: Desk) -> None:
    desk.rules()
    desk.load(people(40, dorf=False))
    said = desk.client.post(HOME, {"deed": "lots", "sure": "on"}, follow=True).content.decode()
    assert "Ort Dorf: 0 bis 4 statt 2 bis 4" in said
    assert Panel.objects.get().lottery == ""


def test_anyone_repeats_the_draw_and_who_followed_from_the_files(desk: Desk, tmp_path: Path) -> None:
    desk.rules()
    desk.load(people(60))
    for deed in ("draw", "lots", "lots", "rules"):
        desk.do(
            deed=deed, word="early", sure="on", **{name: RULES[name] for name in ("size", "lots") if deed == "rules"}
        )
    panel = Panel.objects.get()
    before = Client().get(PAGE).content.decode()
    assert (panel.commitment in before, panel.secret in before, Seat.objects.count()) == (True, False, 0)
    table = Client().get(f"{PAGE}lostabelle.json").content
    desk.do(deed="draw", sure="on", word=" 4  8 15 ")
    desk.do(deed="draw", sure="on", word="again")
    assert (Panel.objects.get().public_word, Seat.objects.count()) == ("4 8 15", 8)
    first, second = Seat.objects.all()[:2]
    desk.do(deed="answer", number=first.number, answer="accepted")
    for number in (second.number, second.number, first.number):
        desk.do(deed="answer", number=number, answer="declined")
    states = sorted(Seat.objects.values_list("state", flat=True))
    assert (states.count("declined"), states.count("invited")) == (2, 8)
    rows = list(csv.DictReader(io.StringIO(desk.client.post(f"{HOME}briefe.csv").content.decode())))
    assert (len(rows), desk.client.get(f"{HOME}briefe.csv").status_code) == (8, 404)
    assert second.number not in {row["number"] for row in rows}
    drawn = Client().get(f"{PAGE}ziehung.json").content
    lots, draw = tmp_path / "lots.json", tmp_path / "draw.json"
    lots.write_bytes(table)
    for told, code in ((drawn, 0), (drawn.replace(b"4 8 15", b"4 8 16"), 1), (b"{}", 1)):
        draw.write_bytes(told)
        words = [*PROGRAM, "panel", "repeat", str(lots), str(draw)]
        done = subprocess.run(words, env=environment(tmp_path), capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (code == 0), done.stderr
    public = Client().get(PAGE).content.decode() + Client().get(f"{PAGE}kreis.csv").content.decode()
    assert ("Weg 1" in public, "@example.org" in public, "0 von 8 haben zugesagt" in public) == (False, False, True)


def test_the_pool_goes_on_its_day_and_the_numbers_stay(desk: Desk) -> None:
    desk.rules()
    desk.load(people(60))
    desk.do(deed="lots", sure="on")
    assert panels.forget_pools(utc_now()) == []
    assert panels.forget_pools(utc_now() + dt.timedelta(days=91)) == ["panel-budget"]
    assert (PoolPerson.objects.count(), PoolContact.objects.count()) == (0, 0)
    assert Client().get(f"{PAGE}lostabelle.csv").status_code == 200
    assert "Gelöscht am" in Client().get(PAGE).content.decode()


def test_without_a_day_of_deletion_no_name_is_taken(make: Make) -> None:
    make("panel-budget", phase=1)
    desk = Desk()
    header = "Name;Geschlecht;Alter;Staatsangehörigkeit"
    file = SimpleUploadedFile("l.csv", f"{header}\nKim;weiblich;ab 60;deutsch".encode())
    desk.client.post(HOME, {"deed": "pool", "file": file})
    assert (PoolPerson.objects.count(), Process.objects.count()) == (0, 1)
