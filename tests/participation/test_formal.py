"""Formal procedures of other bodies: read from messages, shown as cards, changed, withdrawn, taken back."""

import csv
import datetime as dt
import html
import io
import itertools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import UTC, today, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation.models import FormalMessage, FormalProcedure
from allmende.participation.plain import plain_text
from allmende.participation.plan_area import area_of
from allmende.participation.services import formal
from allmende.participation.services.formal import Came
from allmende.participation.services.snapshot import newest_snapshot, write_snapshot
from allmende.participation.xbeteiligung import MOST_BYTES, read_message
from allmende.serve.procedures import look_after
from tests.participation.conftest import ACTOR, staff

FOLDER = Path(__file__).parent / "xbeteiligung"
NOW = dt.datetime(2026, 6, 1, 12, tzinfo=UTC)
LIST = "/mitmachen/foermlich/"
DESK = "/intern/beteiligung/foermlich/"
UUID = re.compile(r"11111111-0000-4000-8000-\d+")


def words(kind: str = "0401", **changed: str) -> str:
    """Give a message, with parts of it put in the place of others."""
    text = (FOLDER / f"{kind}.xml").read_text(encoding="utf-8")
    for old, new in changed.items():
        assert f"<xb:{old}>" in text or old == "text", old
        text = re.sub(rf"<xb:{old}>.*?</xb:{old}>", f"<xb:{old}>{new}</xb:{old}>", text, flags=re.DOTALL)
    return text


def running(**more: str) -> str:
    """Give a message about what runs today and ends in twelve days."""
    begins, ends = today() - dt.timedelta(days=3), today() + dt.timedelta(days=12)
    return words(beginn=begins.isoformat(), ende=ends.isoformat(), **more)


def took(*several: str) -> list[str]:
    """Take messages; give what became of each."""
    came = [Came("datei.xml", read_message(one.encode(), utc_now())) for one in several]
    return [one.result for one in formal.take(ACTOR, came, now=utc_now())]


def another(text: str, plan: str) -> str:
    """Make a message about another plan."""
    return UUID.sub(f"andere-{plan}", text.replace("ID_muehlenfeld", plan))


def refusal(body: bytes) -> tuple[str, str]:
    """Give the element and the reason for which a message is refused."""
    with pytest.raises(AllmendeError) as caught:
        read_message(body, NOW)
    error = caught.value
    assert error.code.code == "participation.message_unreadable"
    why: Any = error.params["why"]
    return str(error.params["element"]), why.de


def test_a_message_is_read_without_people_and_tags() -> None:
    message = read_message(words().encode(), NOW)
    assert (message.kind, message.version, message.plan_id) == ("0401", "1.3", "ID_muehlenfeld")
    assert message.at == dt.datetime(2026, 3, 2, 7, 15, 0, 250_000, tzinfo=UTC)
    plan = message.plan
    assert plan is not None
    assert plan.public is not None
    assert (plan.title, plan.authority) == ("Bebauungsplan Nr. 7 „Mühlenfeld“", "Planungsamt Musterfurt")
    assert plan.description == "Auf dem Mühlenfeld entstehen Wohnungen & ein Park, Höhe < 12 m."
    assert (plan.public.begins, plan.public.ends) == (dt.date(2026, 3, 10), dt.date(2026, 4, 10))
    assert (plan.public.step, plan.public.number, plan.public.note) == ("4000", 1, "auch im Rathaus")
    assert plan.area is not None
    assert (plan.area.west, plan.area.north) == (9.16, 47.68)
    assert "erika" not in repr(message)


def test_names_of_elements_count_and_not_their_spaces() -> None:
    old = words().replace("https://www.xleitstelle.de/xbeteiligung/12", "https://www.xleitstelle.de/xbeteiligung/1")
    old = old.replace("kommunal.Initiieren.0401", "planung2Beteiligung.BeteiligungKommuneNeu.0401")
    old = old.replace('version="1.3"', 'version="1.0"').replace("planartKommunal", "planart")
    found, usual = read_message(old.encode(), NOW), read_message(words().encode(), NOW)
    assert (found.plan, found.kind) == (usual.plan, usual.kind)
    wide = words().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert read_message(wide, NOW) == usual


def test_founded_changed_and_withdrawn(db: None) -> None:
    client = Client()
    assert took(running()) == ["new"]
    page = client.get(LIST).content.decode()
    assert ("noch 12 Tage" in page, "Bebauungsplan Nr. 7" in page) == (True, True)
    assert "Frühzeitige Beteiligung der Öffentlichkeit" in page
    assert 'Stellungnahmen nimmt <bdi lang="de">Planungsamt Musterfurt</bdi> entgegen, nicht diese Seite.' in page
    link = re.search(r'<a href="https://plaene.example/muehlenfeld\?schritt=1" rel="([^"]+)">', page)
    assert link is not None
    assert {"external", "noopener", "noreferrer"} == {*link[1].split()}
    assert "andere Website: plaene.example" in page
    start = client.get("/mitmachen/").content.decode()
    assert ("Förmliche Verfahren anderswo" in start, "noch 12 Tage" in start) == (True, True)
    english = client.get(f"/en{LIST}").content.decode()
    assert ("12 days left" in english, "early participation of the public" in english.lower()) == (True, True)
    assert took(words("0402")) == ["updated"]
    card = FormalProcedure.objects.get()
    assert (card.title, card.number, card.ends) == (
        "Bebauungsplan Nr. 7 „Mühlenfeld“, Entwurf",
        2,
        dt.date(2026, 6, 12),
    )
    assert "Veröffentlichung des Entwurfs" in client.get(LIST).content.decode()
    assert took(words("0409")) == ["withdrawn"]
    assert "Mühlenfeld" not in client.get(LIST).content.decode()
    assert FormalProcedure.objects.get().withdrawn is not None
    assert "Förmliche Verfahren anderswo" not in client.get("/mitmachen/").content.decode()


@pytest.mark.parametrize("order", list(itertools.permutations(("0401", "0402", "0409"))))
def test_the_order_in_which_messages_come_does_not_matter(db: None, order: tuple[str, ...]) -> None:
    for kind in order:
        took(words(kind))
    card = FormalProcedure.objects.get()
    assert (card.number, card.withdrawn) == (2, dt.datetime(2026, 5, 20, 7, 30, tzinfo=UTC))
    assert took(*map(words, order)) == ["known"] * 3
    assert FormalMessage.objects.count() == 3


def test_an_older_message_replaces_no_newer_one(db: None) -> None:
    assert took(words("0402"), words("0401")) == ["new", "kept"]
    assert FormalProcedure.objects.get().ends == dt.date(2026, 6, 12)


def test_a_deletion_of_the_authorities_part_leaves_the_card(db: None) -> None:
    took(running())
    assert took(words("0409", beteiligungsID="behoerden-1")) == ["kept"]
    assert FormalProcedure.objects.get().withdrawn is None


def test_an_update_about_authorities_only_keeps_the_period_of_the_public(db: None) -> None:
    took(words("0401"))
    part = re.compile(r"<xb:beteiligungOeffentlichkeit>.*</xb:beteiligungOeffentlichkeit>", re.DOTALL)
    took(part.sub("", words("0402")))
    card = FormalProcedure.objects.get()
    assert (card.title[-7:], card.ends) == ("Entwurf", dt.date(2026, 4, 10))


BROKEN = {
    "entity": ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", "XML", "DTD"),
    "laughs": ("<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>", "XML", "DTD"),
    "outside": ("<!DOCTYPE x SYSTEM 'http://127.0.0.1/x.dtd'>", "XML", "DTD"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_dtd_is_refused_in_every_encoding(name: str, encoding: str) -> None:
    declared, element, why = BROKEN[name]
    first, _, rest = words().partition("?>")
    text = f"{first.replace('UTF-8', encoding.upper())}?>{declared}{rest}"
    found = refusal(text.encode(encoding))
    assert (found[0], why in found[1]) == (element, True)


@pytest.mark.parametrize(
    ("old", "new", "element", "why"),
    [
        ("</xb:planID>", "", "XML", "wohlgeformtes"),
        ("<xb:planID>ID_muehlenfeld</xb:planID>", "", "planID", "fehlt"),
        ("<xb:planID>ID_muehlenfeld", f"<xb:planID>{'x' * 201}", "planID", "länger als 200"),
        ("Bebauungsplan Nr. 7 „Mühlenfeld“", " ", "planname", "fehlt"),
        ("Planungsamt Musterfurt", "", "veranlasser/name", "fehlt"),
        ("2026-03-10+01:00", "2026-02-30", "zeitraum/beginn", "kein Tag"),
        ("2026-04-10+02:00", "10.04.2026", "zeitraum/ende", "kein Tag"),
        ("2026-04-10+02:00", "2026-03-01", "zeitraum", "vor dem Beginn"),
        ("2026-04-10+02:00", "9999-12-31", "zeitraum/ende", "kein Tag"),
        ("2026-03-02T08:15:00.250+01:00", "0001-01-01T00:00:00+14:00", "erstellungszeitpunkt", "kein Zeitpunkt"),
        ("<xb:durchgang>1", "<xb:durchgang>0", "durchgang", "keine Zahl"),
        ("2026-03-02T08:15:00.250+01:00", "gestern", "erstellungszeitpunkt", "kein Zeitpunkt"),
        ("2026-03-02T08:15:00.250+01:00", "2099-03-02T08:15:00Z", "erstellungszeitpunkt", "Zukunft"),
        ("https://plaene.example", "javascript:alert(1)//", "beteiligungURL", "keine Adresse"),
        ("https://plaene.example", "https://wer@plaene.example", "beteiligungURL", "keine Adresse"),
        ('version="1.3"', 'version="2.0"', "version", "2.0"),
        ("kommunal.Initiieren.0401", "kommunal.Initiieren.OK.0411", "kommunal.Initiieren.OK.0411", "nicht gelesen"),
        ("kommunal.Initiieren.0401", "planfeststellung.Initiieren.0201", "planfeststellung.Initiieren.0201", "0401"),
        ("xb:kommunal.Initiieren.0401", "rechnung", "rechnung", "keine Nachricht"),
        ("11111111-0000-4000-8000-000000000401", "", "nachrichtenUUID", "fehlt"),
    ],
)
def test_what_is_wrong_is_named_with_its_element(old: str, new: str, element: str, why: str) -> None:
    text = words()
    assert old in text
    found = refusal(text.replace(old, new).encode())
    assert found[0] == element
    assert why in found[1]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"kein xml", b"<a>" * 200, b"<a " + b"x" * MOST_BYTES])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    assert refusal(body)[0] == "XML"
    assert refusal(b"<a>" + b"<b/>" * 60_000 + b"</a>")[1].startswith("zu viele")


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: f"<a>{text}</a>".encode()))
@settings(max_examples=200, deadline=None)
def test_nothing_but_a_refusal_comes_of_noise(body: bytes) -> None:
    refusal(body)


def test_an_area_that_cannot_be_read_is_a_hint() -> None:
    for bad in (
        "POLYGON((9 47))",
        '{"type":"Polygon"}',
        '{"coordinates":[[[600000,5300000]]]}',
        '{"coordinates":[["a"]]}',
    ):
        message = read_message(words(geltungsbereich=bad.replace("<", "")).encode(), NOW)
        assert (message.plan and message.plan.area, len(message.hints)) == (None, 1)
    feature = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[[[8, 47], [9, 48], [8, 48]]]]}}
    area, hint = area_of(json.dumps(feature))
    assert area is not None
    assert ((area.west, area.south, area.east, area.north), hint) == ((8, 47, 9, 48), None)
    assert area_of("[" * 100_000)[0] is None


@given(st.text())
def test_plain_words_are_what_a_page_would_show(text: str) -> None:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    shown = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    assert plain_text(f"<p>{html.escape(text)}</p><script>let a = 1 < 2;</script><style>a</style>") == shown


def test_one_id_with_two_contents_is_refused_and_nothing_taken(db: None) -> None:
    took(words())
    changed = words(planname="Etwas anderes")
    with pytest.raises(AllmendeError, match="has come before"):
        took(another(words(), "neu"), changed)
    assert [one.plan_id for one in FormalProcedure.objects.all()] == ["ID_muehlenfeld"]


def test_words_of_a_message_are_shown_as_words(db: None) -> None:
    took(running(planname="Plan &lt;img src=x onerror=alert(1)&gt; &amp;lt;b&amp;gt;Nord", zusatz="&lt;b&gt;a"))
    page = Client().get(LIST).content.decode()
    assert ("<img src=x" in page, "onerror" in page, "<b>Nord" in page, "&lt;b&gt;Nord" in page) == (
        False,
        False,
        False,
        True,
    )


def test_what_is_over_stands_in_the_archive_and_what_has_no_dates_is_said(db: None) -> None:
    part = re.compile(r"<xb:zeitraum>.*?</xb:zeitraum>", re.DOTALL)
    took(words(), part.sub("", another(words(planname="Plan ohne Tage", beteiligungURL=""), "undatiert")))
    page = Client().get(LIST).content.decode()
    now, _, past = page.partition("<h2>Vorbei</h2>")
    assert ("Plan ohne Tage" in now, "Nr. 7" in now, "Nr. 7" in past) == (True, False, True)
    assert "Ein Zeitraum für die Öffentlichkeit steht noch nicht fest." in now
    assert "Eine Adresse im Netz wurde nicht genannt" in now
    soon = (today() + dt.timedelta(days=1)).isoformat()
    took(another(words(planname="Bald", beginn=soon, ende=soon), "bald"))
    assert "beginnt morgen" in Client().get(LIST).content.decode()


def test_the_last_day_belongs_to_the_period(db: None) -> None:
    took(words(beginn=today().isoformat(), ende=today().isoformat()))
    assert "endet heute" in Client().get(LIST).content.decode()


def test_files_and_filter(db: None) -> None:
    other = running(planname="=HYPERLINK(1)", raeumlicheBeschreibung="Am Bahnhof").replace("<code>4000", "<code>6000")
    took(running(), another(other, "zwei"))
    client = Client()
    rows = list(csv.DictReader(io.StringIO(client.get("/mitmachen/foermlich.csv").content.decode())))
    assert [(row["plan_id"], row["state"], row["step_code"]) for row in rows] == [
        ("ID_muehlenfeld", "running", "4000"),
        ("zwei", "running", "6000"),
    ]
    assert rows[1]["title"] == "'=HYPERLINK(1)"
    found = client.get("/mitmachen/foermlich.json?suche=bahnhof").json()["procedures"]
    assert [one["plan_id"] for one in found] == ["zwei"]
    assert (found[0]["west"], found[0]["kind_en"]) == (9.16, "local development plan")
    calendar = client.get("/en/mitmachen/foermlich.ics?schritt=4000").content.decode().replace("\r\n ", "")
    ends = today() + dt.timedelta(days=13)
    assert calendar.count("BEGIN:VEVENT") == 1
    assert f"DTEND;VALUE=DATE:{ends:%Y%m%d}\r\n" in calendar
    feed = client.get("/mitmachen/foermlich.atom").content.decode()
    assert (feed.count("<entry>"), "Planungsamt Musterfurt" in feed) == (2, True)
    page = client.get(f"{LIST}?suche=bahnhof").content.decode()
    assert ("HYPERLINK" in page, "Nr. 7 „Mühlenfeld“" in page) == (True, False)
    assert "/mitmachen/foermlich.csv?suche=bahnhof" in page
    nothing = client.get(f"{LIST}?suche=gibtesnicht").content.decode()
    assert "Hier ist nichts, was dazu passt." in nothing


def test_cards_are_open_data(db: None, gate: Gate, tmp_path: Path) -> None:
    took(running(), words("0402"), another(words("0409"), "weg"))
    write_snapshot(tmp_path, utc_now(), gate)
    folder = newest_snapshot(tmp_path)
    assert folder is not None
    rows = [json.loads(line) for line in (folder / "formal-procedures.jsonl").read_text().splitlines()]
    assert [(row["plan_id"], row["round"], row["longitude"]) for row in rows] == [("ID_muehlenfeld", 2, 9.165)]
    assert len(json.loads((folder / "formal-procedures.geojson").read_text())["features"]) == 1


def file(text: str, name: str = "nachricht.xml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/xml")


def test_the_staff_looks_takes_removes_and_takes_back(db: None) -> None:
    desk, _ = staff("office")
    several = [file(running(beteiligungURL=""), "eins.xml"), file(another(words(), "zwei"), "zwei.xml")]
    looked = desk.post(DESK, {"deed": "take", "try": "1", "chosen": several, "own_url": "https://amt.example/hier"})
    page = looked.content.decode()
    assert ("Das würde aus den 2 Nachrichten" in page, "eins.xml: neu" in page) == (True, True)
    assert not FormalProcedure.objects.exists()
    assert not AuditEntry.objects.filter(verb="participation.formal_taken").exists()
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept is not None
    taken = desk.post(DESK, {"deed": "take", "kept": kept[1], "own_url": "https://amt.example/hier"})
    assert taken.status_code == 302
    card = FormalProcedure.objects.get(plan_id="ID_muehlenfeld")
    assert card.address == "https://amt.example/hier"
    assert AuditEntry.objects.get(verb="participation.formal_taken").after == {"new": 2}
    desk.post(DESK, {"deed": "remove", "card": card.pk})
    assert "Mühlenfeld“</span></h3>" not in Client().get(LIST).content.decode()
    took(words("0402"))
    assert FormalProcedure.objects.get(pk=card.pk).hidden
    desk.post(DESK, {"deed": "show", "card": card.pk})
    desk.post(DESK, {"deed": "address", "card": card.pk, "own_url": "javascript:alert(1)"})
    assert FormalProcedure.objects.get(pk=card.pk).own_url == "https://amt.example/hier"
    newest = FormalMessage.objects.get(uuid__endswith="402").batch
    desk.post(DESK, {"deed": "back", "batch": newest})
    assert FormalProcedure.objects.get(pk=card.pk).number == 1
    desk.post(DESK, {"deed": "back", "batch": FormalMessage.objects.all()[0].batch})
    assert not FormalProcedure.objects.exists()


def test_the_staff_is_told_which_file_is_wrong_and_nothing_is_taken(db: None) -> None:
    desk, _ = staff("office")
    several = [file(running(), "gut.xml"), file(words(ende="bald"), "schlecht.xml")]
    page = desk.post(DESK, {"deed": "take", "chosen": several, "own_url": "https://amt.example/"}).content.decode()
    assert "schlecht.xml: Die Nachricht lässt sich nicht lesen. zeitraum/ende: „bald“ ist kein Tag" in page
    assert ('value="https://amt.example/"' in page, FormalProcedure.objects.exists()) == (True, False)
    assert "Wählen Sie mindestens eine Datei." in desk.post(DESK, {"deed": "take"}).content.decode()
    forged = desk.post(DESK, {"deed": "take", "kept": "eins:zwei:drei"}).content.decode()
    assert "Wählen Sie mindestens eine Datei." in forged
    reader, _ = staff("auditor")
    reader.post(DESK, {"deed": "take", "chosen": [file(running())]})
    assert not FormalProcedure.objects.exists()
    assert reader.get(DESK).status_code == 200
    assert Client().get(DESK).status_code == 302


def test_no_process_can_take_the_address(db: None) -> None:
    desk, _ = staff("office")
    page = desk.post(reverse("office:participation-new"), {"slug": "foermlich"}).content.decode()
    assert "foermlich" in page
    assert desk.get(DESK).status_code == 200


def test_the_folder_is_read_and_what_is_broken_lies_aside_with_its_reason(
    db: None, settings: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "inbox" / "procedures"
    folder.mkdir(parents=True)
    long_ago = utc_now().timestamp() - 60
    for name, text in (("gut.xml", running()), ("schlecht.xml", "<a/>"), ("fremd.txt", "x")):
        (folder / name).write_text(text, encoding="utf-8")
        os.utime(folder / name, (long_ago, long_ago))
    (folder / "frisch.xml").write_text(running(), encoding="utf-8")
    assert look_after(settings.ALLMENDE) == 1
    assert FormalProcedure.objects.get().plan_id == "ID_muehlenfeld"
    assert sorted(one.name for one in folder.glob("*.*")) == ["fremd.txt", "frisch.xml"]
    assert len(list((folder / "done").iterdir())) == 1
    reason = next((folder / "failed").glob("*.txt")).read_text(encoding="utf-8")
    assert ("keine Nachricht nach XBeteiligung" in reason, "no message of XBeteiligung" in reason) == (True, True)
