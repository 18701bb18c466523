"""The pages of the fictional Musterstadt over HTTP: in both languages, as of a day, as files, as blocks."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from django.test import Client

from allmende.effects.content import IndicatorsContent
from allmende.effects.services import load_indicators
from allmende.packs.read import read_parts
from tests.programme.conftest import ACTOR

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town", "gate")]

PAGES = (
    *("/programm/", "/programm/strategie/", "/programm/strategie/1/", "/programm/strategie/2/gegen/1/"),
    *("/programm/zusammenspiel/", "/programm/aenderungen/", "/projekte/", "/projekte/innenstadt/", "/meilensteine/"),
    *("/einbetten/projekt/innenstadt/", "/einbetten/meilensteine/"),
)
CSV = (
    *("/programm/beschluesse.csv", "/programm/bedingungen.csv", "/programm/risiken.csv", "/programm/aenderungen.csv"),
    *("/programm/zusammenspiel.csv", "/programm/strategie/2.csv", "/projekte.csv", "/projekte/innenstadt/verlauf.csv"),
    *("/meilensteine.csv", "/meilensteine/verschoben.csv?seit=2024-01-01", "/programm/strategie/1/gegen/2.csv"),
)
JSON = (
    *("/programm.json", "/programm/zusammenspiel.json", "/programm/strategie/2.json", "/projekte.json"),
    *("/projekte/innenstadt.json", "/meilensteine.json", "/programm/strategie/2/gegen/1.json"),
)


def _get(path: str) -> Any:
    response = Client().get(path)
    assert response.status_code == 200, path
    return response


def _text(path: str) -> str:
    return str(_get(path).content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_speaks_both_languages_and_sets_no_cookie(path: str) -> None:
    german, english = _get(path), _get(f"/en{path}")
    assert 'lang="de"' in german.content.decode()
    assert 'lang="en"' in english.content.decode()
    assert not german.cookies
    assert "<script" not in german.content.decode()


@pytest.mark.parametrize("path", CSV)
def test_a_table_is_there_as_csv(path: str) -> None:
    rows = list(csv.DictReader(io.StringIO(_text(path))))
    assert rows
    assert all(None not in row.values() for row in rows)


@pytest.mark.parametrize("path", JSON)
def test_a_page_is_there_as_json(path: str) -> None:
    assert json.loads(_text(path))


def test_pages_know_only_what_was_known_on_the_day() -> None:
    before, after = "stand=2025-10-15", "stand=2025-10-16"
    assert "zwei Jahren überarbeitet" not in _text(f"/programm/strategie/?{before}")
    assert "zwei Jahren überarbeitet" in _text(f"/programm/strategie/?{after}")
    assert "Gut leben (80" in _text(f"/projekte/innenstadt/?{before}")
    assert "Gut leben (70" in _text(f"/projekte/innenstadt/?{after}")
    assert Client().get(f"/programm/strategie/2/?{before}").status_code == 404
    assert "Noch keine Zusagen" in _text("/programm/?stand=2024-01-01")
    assert "34 Prozent" not in _text("/programm/?stand=2024-01-01")
    assert json.loads(_text("/meilensteine.json?stand=2020-01-01"))["milestones"] == []


def test_what_moved_is_told_since_the_last_report_and_since_any_day() -> None:
    page = _text("/meilensteine/?stand=2026-11-01")
    assert "Seit dem letzten Bericht (Bericht an den Rat, 25. Juni 2026)" in page
    assert "3 Verschiebungen" in page
    assert "1 Verschiebung<" in _text("/meilensteine/?stand=2026-11-01&seit=2026-10-01").replace("\n", "<")
    assert "1.505 Tage" in page or "1505 Tage" in page


def test_an_idea_that_was_not_carried_out_says_why() -> None:
    page = _text("/projekte/")
    assert "Warum nicht:" in page
    assert "doppelt zu messen lohnt nicht" in page


def test_a_statement_of_the_strategy_leads_to_what_it_speaks_of() -> None:
    load_indicators(ACTOR, content=read_parts("musterstadt", ("indicators.yaml",), IndicatorsContent))
    page = _text("/programm/strategie/")
    assert "Heiße Tage in der Altstadt</a>" in page
    for address in (
        "/programm/#ziel-kuehle-orte",
        "/projekte/stadtklima/",
        "/programm/#beschluss-fassung-2",
        "/wirkung/hitzetage/",
    ):
        assert f'href="{address}"' in page


def test_the_difference_marks_words_that_came_and_went() -> None:
    page = _text("/en/programm/strategie/2/gegen/1/")
    assert "<del>48,000 </del><ins>48,600 </ins>" in page


def test_the_difference_is_there_as_csv_and_json_with_the_same_passages_as_the_page() -> None:
    rows = list(csv.DictReader(io.StringIO(_text("/programm/strategie/2/gegen/1.csv"))))
    english = [(row["change"], row["words"]) for row in rows if row["language"] == "en"]
    assert ("gone", "48,000 ") in english
    assert ("new", "48,600 ") in english
    tree = json.loads(_text("/programm/strategie/2/gegen/1.json"))
    assert (tree["before"]["number"], tree["after"]["number"]) == (1, 2)
    told = [(one["change"], one["words"]) for part in tree["sections"] for one in part["passages"]["en"]]
    assert sorted(told) == sorted(english)
    assert Client().get("/programm/strategie/2/gegen/9.json").status_code == 404


@pytest.mark.parametrize(
    ("name", "rows", "mark"), [("beschluesse", "decisions", "slug"), ("aenderungen", "changes", "mark")]
)
def test_json_has_the_rows_of_the_csv_as_of_the_day(name: str, rows: str, mark: str) -> None:
    for day in ("2024-06-30", "2026-11-01"):
        tree = json.loads(_text(f"/programm/{name}.json?stand={day}"))
        lines = list(csv.DictReader(io.StringIO(_text(f"/programm/{name}.csv?stand={day}"))))
        assert tree["as_of"] == day
        assert [(one[mark], one["day"], one["title"]["de"]) for one in tree[rows]] == [
            (line[mark], line["day"], line["title_de"]) for line in lines
        ]
    assert tree[rows]


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_pdf_is_tagged_and_in_the_language_of_the_page(language: str) -> None:
    body = _get(f"{language}/programm/strategie/2.pdf").content
    assert body.startswith(b"%PDF")
    assert b"/StructTreeRoot" in body
    assert b"pdfuaid" in body
    assert (b"/Lang(en)" if language else b"/Lang(de)") in body


def test_the_feed_is_atom_with_the_newest_first() -> None:
    response = _get("/programm/aenderungen.atom?stand=2026-11-01")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    name = "{http://www.w3.org/2005/Atom}"
    updated = [entry.findtext(f"{name}updated", "") for entry in feed.iter(f"{name}entry")]
    assert updated == sorted(updated, reverse=True)
    assert updated[0].startswith("2026-10-20")
    marks = [entry.findtext(f"{name}id") for entry in feed.iter(f"{name}entry")]
    assert len(marks) == len(set(marks))


def test_a_block_may_stand_in_any_frame_and_a_page_in_none_of_others() -> None:
    block, page = _get("/einbetten/projekt/innenstadt/"), _get("/projekte/innenstadt/")
    assert "X-Frame-Options" not in block
    assert "frame-ancestors *" in block["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert not block.cookies


def test_oembed_tells_how_a_project_is_embedded_and_refuses_what_is_not_ours() -> None:
    address = "/oembed?maxwidth=300&url=http://testserver"
    told = json.loads(_text(f"{address}/en/projekte/innenstadt/"))
    assert (told["type"], told["version"], told["width"]) == ("rich", "1.0", 300)
    assert told["title"] == "Cool squares"
    assert 'src="http://testserver/en/einbetten/projekt/innenstadt/"' in told["html"]
    assert 'src="http://testserver/einbetten/meilensteine/"' in json.loads(_text(f"{address}/meilensteine/"))["html"]
    for other in (
        "/oembed?url=https://other.example/projekte/innenstadt/",
        f"{address}/geld/eigenmittel/",
        f"{address}/wirkung/gibt-es-nicht/",
        "/oembed",
        f"{address}/projekte/gibt-es-nicht/",
    ):
        assert Client().get(other).status_code == 404
