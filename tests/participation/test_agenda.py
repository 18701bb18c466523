"""The agenda of a workshop: within its time, in order, moved with it; in public as page, notice, CSV and calendar."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allmende.catalog import door
from allmende.kernel.clock import CIVIL_TIME, today, utc_now
from allmende.kernel.text import Text
from allmende.participation.agenda import in_the_way, swapped
from allmende.participation.models import AgendaItem, Contribution, Process, Workshop
from allmende.participation.services import workshops
from allmende.participation.services.agenda import Item, put_item
from allmende.participation.services.snapshot import write_snapshot
from tests.participation.conftest import ACTOR, Make, staff

PUBLIC = "/mitmachen/workshop/werkstatt"
OFFICE = "/intern/beteiligung/workshop/werkstaetten"


def put_up(process: Process, begins: dt.datetime, hours: float = 2) -> Workshop:
    plan = workshops.Plan(
        title=Text("Werkstatt im Park", "Workshop in the park"),
        place="Stadtgarten",
        begins=begins,
        ends=begins + dt.timedelta(hours=hours),
        places=20,
        access=Text("Rampe", "ramp"),
        forget_on=max(begins.date(), today()) + dt.timedelta(days=20),
    )
    return workshops.put_up(ACTOR, process, plan)


def evening(days: int = 3) -> dt.datetime:
    return dt.datetime.combine(today() + dt.timedelta(days=days), dt.time(18), CIVIL_TIME)


@pytest.fixture
def workshop(make: Make) -> Workshop:
    return put_up(make("workshop"), evening())


def fields(**values: str) -> dict[str, str]:
    names = ("leads", "place", "link", "paper", "minutes_de", "minutes_en", "ends", "lasts")
    return {**dict.fromkeys(names, ""), "deed": "add", "title_de": "Begrüßung", "title_en": "Welcome", **values}


def add(desk: Client, one: Workshop, **values: str) -> Any:
    return desk.post(f"{OFFICE}/{one.pk}/ablauf/", fields(**values))


def starts(one: Workshop) -> dict[str, str]:
    rows = one.agenda.select_related("workshop")
    return {row.title_de: f"{timezone.localtime(row.begins):%H:%M}" for row in rows}


def test_items_lie_within_the_workshop_and_not_over_each_other_and_nothing_typed_is_lost(workshop: Workshop) -> None:
    desk, _ = staff("office")
    assert add(desk, workshop, begins="18:00", ends="18:30", leads="Amt").status_code == 302
    wrong = {
        "Das Ende liegt vor dem Beginn.": {"begins": "19:00", "ends": "18:45"},
        "Sie geht von 18:00 bis 20:00.": {"begins": "19:50", "lasts": "20"},
        "Nennen Sie das Ende, oder die Dauer": {"begins": "19:00"},
        "Das sind nicht die Minuten": {"begins": "19:00", "ends": "19:30", "lasts": "20"},
        "Von 18:00 bis 18:30 steht schon „Begrüßung“.": {"begins": "18:15", "ends": "18:45"},
        "Der Punkt liegt nicht ganz in der Werkstatt": {"begins": "17:45", "ends": "18:00"},
        "Beide Sprachen, oder keine.": {"begins": "19:00", "lasts": "5", "minutes_de": "Rede"},
        "kennt kein angeschlossenes Ratsinformationssystem": {"begins": "19:00", "lasts": "5", "paper": "2026-1"},
    }
    for reason, values in wrong.items():
        page = add(desk, workshop, title_de="Tisch <1>", leads="Frau K.", **values).content.decode()
        assert reason in page, reason
        assert 'value="Tisch &lt;1&gt;"' in page and 'value="Frau K."' in page
    assert workshop.agenda.count() == 1
    assert add(desk, workshop, begins="18:30", lasts="60", title_de="Tisch 1", place="Tisch 1").status_code == 302
    assert add(desk, workshop, begins="18:30", lasts="60", title_de="Tisch 2", place="Tisch 2").status_code == 302
    assert "steht schon" in add(desk, workshop, begins="18:30", lasts="60", place="tisch 1").content.decode()
    assert starts(workshop) == {"Begrüßung": "18:00", "Tisch 1": "18:30", "Tisch 2": "18:30"}


def test_a_workshop_over_midnight_asks_for_the_day_and_an_item_may_cross_it(make: Make) -> None:
    one = put_up(make("workshop"), evening() + dt.timedelta(hours=4), 6)
    desk, _ = staff("office")
    days = [str(evening(days).date()) for days in (3, 4)]
    assert add(desk, one, title_de="Nachts", day=days[0], begins="23:30", ends="00:30").status_code == 302
    assert add(desk, one, title_de="Später", day=days[1], begins="00:30", lasts="60").status_code == 302
    assert "Der Punkt liegt nicht" in add(desk, one, day=days[0], begins="01:30", lasts="10").content.decode()
    assert starts(one) == {"Nachts": "23:30", "Später": "00:30"}
    page = Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    assert page.count('class="day"') == 2


def test_items_change_places_are_changed_and_taken_out_and_only_writers_may(workshop: Workshop) -> None:
    desk, _ = staff("office")
    for title, begins, lasts in (("A", "18:00", "10"), ("B", "18:10", "50"), ("C", "19:00", "30")):
        add(desk, workshop, title_de=title, begins=begins, lasts=lasts)
    ids = {row.title_de: row.pk for row in AgendaItem.objects.all()}
    here = f"{OFFICE}/{workshop.pk}/ablauf/"
    desk.post(here, {"deed": "up", "item": str(ids["B"])})
    assert starts(workshop) == {"B": "18:00", "A": "18:50", "C": "19:00"}
    desk.post(here, {"deed": "down", "item": str(ids["A"])})
    assert starts(workshop) == {"B": "18:00", "C": "18:50", "A": "19:20"}
    page = desk.get(f"{here}{ids['C']}/").content.decode()
    assert 'value="18:50"' in page and 'value="19:20"' in page
    assert (
        desk.post(f"{here}{ids['C']}/", fields(deed="change", title_de="C2", begins="18:50", ends="19:00")).status_code
        == 302
    )
    assert desk.post(f"{here}{ids['A']}/", {"deed": "drop"}).status_code == 302
    assert starts(workshop) == {"B": "18:00", "C2": "18:50"}
    reader, _ = staff("auditor")
    assert "C2" in reader.get(here).content.decode()
    assert "Punkt hinzufügen" not in reader.get(here).content.decode()
    assert reader.post(here, {"deed": "up", "item": str(ids["C"])}).status_code in (302, 403)
    assert starts(workshop) == {"B": "18:00", "C2": "18:50"}
    assert desk.get(f"{OFFICE}/{workshop.pk}/ablauf/{ids['A']}/").status_code == 404


def test_the_agenda_moves_with_the_workshop_which_cannot_be_shorter_and_is_copied(workshop: Workshop) -> None:
    desk, _ = staff("office")
    add(desk, workshop, begins="18:00", lasts="90")
    change = {
        **{"deed": "change", "title_de": "Neu", "title_en": "New", "place": "Rathaus", "places": "20"},
        **{"access_de": "Rampe", "access_en": "ramp", "forget_on": str(today() + dt.timedelta(days=20))},
    }
    day = evening(4).date()
    here = f"{OFFICE}/{workshop.pk}/"
    short = desk.post(here, {**change, "begins": f"{day}T09:00", "ends": f"{day}T10:00"}).content.decode()
    assert "Der Ablauf braucht 90 Minuten, die Werkstatt hat 60." in short and 'value="Rathaus"' in short
    assert desk.post(here, {**change, "begins": f"{day}T09:00", "ends": f"{day}T11:00"}).status_code == 302
    workshop.refresh_from_db()
    assert starts(workshop) == {"Begrüßung": "09:00"}
    other = put_up(workshop.process, evening(10))
    brief = put_up(workshop.process, evening(11), 1)
    assert "Ablauf übernehmen von" in desk.get(f"{OFFICE}/{other.pk}/ablauf/").content.decode()
    body = {"deed": "copy", "source": str(workshop.pk)}
    assert desk.post(f"{OFFICE}/{other.pk}/ablauf/", body).status_code == 302
    assert "braucht 90 Minuten" in desk.post(f"{OFFICE}/{brief.pk}/ablauf/", body).content.decode()
    assert (starts(other), brief.agenda.count()) == ({"Begrüßung": "18:00"}, 0)


def test_the_public_page_says_what_runs_now_where_items_lead_and_what_was_said_there(make: Make) -> None:
    process = make("workshop")
    ranking = make("ranking")
    one = put_up(process, utc_now().replace(second=0, microsecond=0) - dt.timedelta(minutes=40))
    for after, title, link in ((0, "Rundgang", ""), (30, "Karten", "questions"), (60, "Ordnen", "ranking")):
        target = ranking.slug if link == "ranking" else ""
        put_item(ACTOR, one, Item(title=Text(title, title), after=after, lasts=30, links_to=link, target=target))
    page = Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    now = page.partition('aria-current="time"')[2].partition("</li>")[0]
    assert page.count('aria-current="time"') == 1 and "Karten" in now and "jetzt" in now
    assert f'href="{PUBLIC}/{one.pk}/fragen/"' in now
    assert "In eine Reihenfolge bringen: Verfahren" in page and 'href="/mitmachen/ranking/rangfolge/"' in page
    Process.objects.filter(pk=ranking.pk).update(state="draft")
    assert "In eine Reihenfolge bringen" not in Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    desk, _ = staff("office")
    cards = one.agenda.get(title_de="Karten")
    body = {"deed": "heard", "channel": "onsite", "workshop": f"{one.pk}-{cards.pk}", "text": "Eine Bank"}
    assert desk.post("/intern/beteiligung/workshop/werkstaetten/", body).status_code == 302
    page = Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    assert "Eine Bank" in page.partition("Karten")[2].partition("Ordnen")[0]
    assert "Aus dieser Werkstatt: vor Ort 1, auf Papier 0; beantwortet 0." in page
    assert "Im ganzen Verfahren: online 0, vor Ort 1, auf Papier 0." in page
    minutes = fields(deed="change", title_de="Karten", begins=f"{timezone.localtime(cards.begins):%H:%M}", lasts="30")
    minutes |= {"minutes_de": "Viel <b>Schatten</b>", "minutes_en": "Much shade"}
    assert desk.post(f"{OFFICE}/{one.pk}/ablauf/{cards.pk}/", minutes).status_code == 302
    assert "Viel &lt;b&gt;Schatten" in Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    assert "Much shade" in Client().get(f"/en{PUBLIC}/{one.pk}/").content.decode()
    desk.post(f"{OFFICE}/{one.pk}/ablauf/{cards.pk}/", {"deed": "drop"})
    page = Client().get(f"{PUBLIC}/{one.pk}/").content.decode()
    assert "Was außerdem gesagt wurde" in page and "Eine Bank" in page


def test_notice_csv_calendar_and_open_data_hold_the_agenda(workshop: Workshop, tmp_path: Path) -> None:
    item = Item(title=Text("Begrüßung, kurz", "Welcome, short"), after=0, lasts=15, leads="Amt; innen", place="Saal")
    put_item(ACTOR, workshop, item)
    client = Client()
    notice = client.get(f"{PUBLIC}/{workshop.pk}/aushang/").content.decode()
    assert "18:00–18:15" in notice and "Amt; innen" in notice and f"http://testserver{PUBLIC}/{workshop.pk}/" in notice
    code = client.get(f"{PUBLIC}/{workshop.pk}/qr.svg")
    assert (code["Content-Type"], b"<svg" in code.content) == ("image/svg+xml", True)
    (row,) = csv.DictReader(io.StringIO(client.get(f"{PUBLIC}/{workshop.pk}/ablauf.csv").content.decode()))
    assert (row["title_en"], row["leads"], row["place"]) == ("Welcome, short", "Amt; innen", "Saal")
    text = client.get("/mitmachen/workshop/phasen.ics").content.decode()
    event = text[text.index(f"-w{workshop.pk}@allmende") :].replace("\r\n ", "")
    assert event.partition("END:VEVENT")[0].count("DESCRIPTION:") == 1
    assert "Ablauf der Werkstatt:\\n18:00–18:15 Begrüßung\\, kurz (Amt\\; innen\\, Saal)" in event
    folder = write_snapshot(tmp_path, utc_now(), door.gate())
    (line,) = (json.loads(one) for one in (folder / "workshop-agenda.jsonl").read_text().splitlines())
    assert (line["workshop"], line["leads"], line["minutes_de"]) == (workshop.pk, "Amt; innen", "")
    assert line["ends"] > line["begins"]


def test_what_came_out_is_published_once_the_workshop_has_begun(workshop: Workshop) -> None:
    desk, _ = staff("office")
    here = f"{OFFICE}/{workshop.pk}/"
    body = {"deed": "sum", "said_de": "Mehr Schatten", "said_en": "More shade", "follows_de": "Bäume", "follows_en": ""}
    assert "Beide Sprachen, oder keine." in desk.post(here, body).content.decode()
    body["follows_en"] = "Trees"
    assert "Die Werkstatt hat noch nicht begonnen." in desk.post(here, body).content.decode()
    earlier = utc_now() - dt.timedelta(hours=3)
    Workshop.objects.update(begins=earlier, ends=earlier + dt.timedelta(hours=2))
    assert desk.post(here, body).status_code == 302
    for language, words in (("", ("Mehr Schatten", "Bäume")), ("/en", ("More shade", "Trees"))):
        page = Client().get(f"{language}{PUBLIC}/{workshop.pk}/").content.decode()
        assert all(word in page for word in words)
    assert Contribution.objects.count() == 0


MINUTES = st.integers(min_value=1, max_value=300)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0, max_value=600), MINUTES, st.integers(min_value=0, max_value=60), MINUTES)
def test_items_that_change_places_take_the_same_time_together(begin: int, first: int, gap: int, second: int) -> None:
    earlier = AgendaItem(after=begin, lasts=first)
    later = AgendaItem(after=begin + first + gap, lasts=second)
    end = later.after + later.lasts
    earlier.after, later.after = swapped(earlier, later)
    assert (later.after, earlier.after + earlier.lasts) == (begin, end)
    assert in_the_way(earlier, [later]) is None
    assert earlier.after - (later.after + later.lasts) == gap
