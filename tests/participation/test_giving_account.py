"""What a process gives account of: its editions, whom it reached, what it means for data protection, its calendar."""

import csv
import datetime as dt
import io

import pytest
from django.test import Client

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.methods.least import covered
from allmende.participation.models import Process, Topic
from allmende.participation.readability import reading
from allmende.participation.services import processes, votes, workshops
from tests.participation.conftest import ACTOR, Make, handed_in, staff
from tests.participation.test_gate import prohibit
from tests.participation.test_votes import cast

ARABIC = "شاركونا آراءكم حول الأماكن الباردة"


def edition(process: Process, **values: str) -> None:
    desk, _ = staff("office", f"desk-{values['tag']}")
    body = {"deed": "put", "title": "Titel", "body": "", "video": "", "made_by": "Büro Muster", **values}
    answer = desk.post(f"/intern/beteiligung/{process.slug}/fassungen/", body)
    assert answer.status_code == 302, answer.content.decode()[:2000]


def test_a_translation_is_labelled_and_written_from_right_to_left(make: Make) -> None:
    process, client = make(), Client()
    edition(process, tag="ar", title=ARABIC, body=f"{ARABIC}\n<script>alert(1)</script>")
    start = client.get(f"/mitmachen/{process.slug}/").content.decode()
    path = f"/mitmachen/{process.slug}/fassung/ar/"
    assert f'href="{path}" hreflang="ar"' in start
    page = client.get(path).content.decode()
    assert '<article class="edition" lang="ar" dir="rtl">' in page
    assert (ARABIC in page, "<script>alert" in page) == (True, False)
    assert "Übersetzung (Arabisch) von Büro Muster" in page
    assert "Translation (Arabic) by Büro Muster" in client.get(f"/en{path}").content.decode()
    assert "wurde danach geändert" not in page
    process.purpose_de = "Ein anderer Zweck"
    processes.change(ACTOR, process, ["purpose_de"])
    assert "wurde danach geändert" in client.get(path).content.decode()
    assert client.get(f"/mitmachen/{process.slug}/fassung/tr/").status_code == 404


def test_signs_are_a_film_that_is_linked_and_easy_words_get_a_hint(make: Make) -> None:
    process = make()
    desk, _ = staff("office")
    where = f"/intern/beteiligung/{process.slug}/fassungen/"
    refused = desk.post(where, {"deed": "put", "tag": "gsg", "title": "Video", "made_by": "Verband"})
    assert "Gebärdensprache braucht ein Video" in refused.content.decode()
    edition(process, tag="gsg", video="https://stadt.example/gebaerden.mp4")
    page = Client().get(f"/mitmachen/{process.slug}/fassung/gsg/").content.decode()
    assert ('href="https://stadt.example/gebaerden.mp4"' in page, "<video" in page, "<iframe" in page) == (
        True,
        False,
        False,
    )
    long = "Dieser Satz ist mit seinen vielen Wörtern für die Leichte Sprache viel zu lang."
    edition(process, tag="de-simple", body=f"Sie können mitmachen. {long}")
    hint = desk.get(where).content.decode()
    assert ("Lange Sätze" in hint, f'„<span lang="de">{long}' in hint) == (True, True)
    desk.post(where, {"deed": "take", "tag": "gsg"})
    assert Client().get(f"/mitmachen/{process.slug}/fassung/gsg/").status_code == 404
    reader, _ = staff("auditor")
    reader.post(where, {"deed": "take", "tag": "de-simple"})
    assert Client().get(f"/mitmachen/{process.slug}/fassung/de-simple/").status_code == 200


def test_the_editor_is_told_how_hard_the_declarations_read(make: Make) -> None:
    hard = (
        "Gegenstand des Beteiligungsverfahrens ist die Priorisierung infrastruktureller Anpassungsmaßnahmen "
        "hinsichtlich sommerlicher Überhitzungserscheinungen innerstädtischer Aufenthaltsbereiche."
    )
    process = make()
    process.purpose_de = hard
    processes.change(ACTOR, process, ["purpose_de"])
    desk, _ = staff("office")
    assert "sehr schwer (LIX" in desk.get(f"/intern/beteiligung/{process.slug}/").content.decode()
    easy = reading("Wir pflanzen Bäume. Sagen Sie uns, wo. Wir lesen alles und sagen Ihnen, was daraus wird.")
    assert (easy and easy.band.de, reading("Zu kurz.")) == ("leicht", None)


def test_who_was_reached_stands_beside_the_city_and_few_are_not_told(make: Make) -> None:
    process = make("charter", phase=1)
    votes.add_statement(ACTOR, process, text_de="Mehr Bäume.", text_en="More trees.")
    for slug, people in (("handel", 2_000), ("familien", 8_000)):
        Topic.objects.filter(process=process, slug=slug).update(people=people)
    cast(process, "handel", 30, 0)
    cast(process, "familien", 40, 30)
    page = Client().get(f"/mitmachen/{process.slug}/erreicht/")
    rows = {row.group.slug: row for row in page.context["reach"].groups}
    assert [(row.voters, row.apart) for row in (rows["handel"], rows["familien"])] == [(30, 10), (70, -10)]
    assert "30 (30" in page.content.decode()
    for number in range(4):
        votes.vote(process, 1, f"alone-{number}", "agree", utc_now())
    text = Client().get(f"/mitmachen/{process.slug}/erreicht.csv").content.decode()
    told = {row["name_de"]: row["voters"] for row in csv.DictReader(io.StringIO(text))}
    assert (told["handel"], told["familien"]) == ("", "70")


@pytest.mark.parametrize(
    ("total", "parts", "shown"),
    [
        (30, {"a": 20, "b": 10}, {"a": 20, "b": 10}),
        (30, {"a": 20, "b": 4}, {"a": 20, "b": None}),
        (25, {"a": 20, "b": 4}, {"a": None, "b": None}),
        (33, {"a": 20, "b": 10}, {"a": 20, "b": None}),
        (0, {"a": 0}, {"a": 0}),
    ],
)
def test_no_part_of_one_to_nine_is_found_by_subtracting(
    total: int, parts: dict[str, int], shown: dict[str, int | None]
) -> None:
    assert covered(total, parts) == shown


def test_the_assessment_follows_from_the_settings(make: Make) -> None:
    survey, client = make("survey", level="code"), Client()
    assembly = make("workshop", keep_days=77)
    told = {
        process.slug: client.get(f"/mitmachen/{process.slug}/datenschutz/").content.decode()
        for process in (survey, assembly)
    }
    assert ("Einmalcodes, als Hash" in told["survey"], "Einmalcodes" in told["workshop"]) == (True, False)
    assert ("von Gesundheit erzählen" in told["survey"], "von Gesundheit erzählen" in told["workshop"]) == (False, True)
    assert ("Ein Foto verrät" in told["survey"], "77 Tage nach dem Abschluss" in told["workshop"]) == (False, True)
    assert "/datenethik/nutzungen/participation-votes/" in told["survey"]
    english = client.get(f"/en/mitmachen/{survey.slug}/datenschutz/").content.decode()
    assert "Somebody learns how a person voted." in english
    rows = client.get(f"/mitmachen/{survey.slug}/datenschutz.csv").content.decode()
    assert "votes and supports under a pseudonym,True" in rows


def test_workshops_are_in_the_calendar_with_place_and_access(make: Make) -> None:
    process, now = make("workshop"), utc_now().replace(microsecond=0)
    plan = workshops.Plan(
        title=Text("Abend, für alle", "Evening"),
        place="Bürgersaal",
        begins=now + dt.timedelta(days=3),
        ends=now + dt.timedelta(days=3, hours=2),
        places=9,
        access=Text("Rampe", "Ramp"),
        forget_on=now.date() + dt.timedelta(days=9),
    )
    one = workshops.put_up(ACTOR, process, plan)
    text = Client().get(f"/mitmachen/{process.slug}/phasen.ics").content.decode().replace("\r\n ", "")
    event = text.partition(f"UID:{process.slug}-w{one.pk}@allmende")[2].partition("END:VEVENT")[0]
    assert f"DTSTART:{one.begins:%Y%m%dT%H%M%SZ}" in event
    assert ("SUMMARY:Abend\\, für alle" in event, "LOCATION:Bürgersaal" in event, "Rampe" in event) == (True,) * 3
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == process.phases.count() + 1


def test_a_hand_in_counts_by_its_way(make: Make) -> None:
    process = make()
    handed_in(Client(), process)
    text = Client().get(f"/mitmachen/{process.slug}/erreicht.csv").content.decode()
    assert "way,online,online,,,1," in text


@pytest.mark.parametrize("category", ["published-contributions", "vote-results"])
def test_who_was_reached_is_told_only_where_contributions_and_votes_are(make: Make, gate: Gate, category: str) -> None:
    process = make("charter")
    prohibit(gate, category)
    for path in ("erreicht/", "erreicht.csv"):
        assert Client().get(f"/mitmachen/{process.slug}/{path}").status_code == 403
    assert Client().get(f"/mitmachen/{process.slug}/datenschutz/").status_code == 200
