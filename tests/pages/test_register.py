"""The register as residents use it: around a place, about a sensor, by a sign on the street."""

import base64
import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
import segno
from playwright.sync_api import Browser

from allmende.kernel.text import Text
from allmende.ui.signs import Line, Sign, draw
from tests.pages.conftest import City
from tests.pages.window import NARROW, Window

pytestmark = pytest.mark.xdist_group("pages")

SENSOR = "/datenethik/register/stephansplatz/"
HERE = "/datenethik/hier/"
SVG = "{http://www.w3.org/2000/svg}"


def _rows(city: City, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(city.text(path))))


def test_a_name_or_a_point_gives_what_measures_around_it_nearest_first(city_with_data: City) -> None:
    by_name = _rows(city_with_data, "/datenethik/hier.csv?ort=marktstaette&umkreis=500")
    stations = [row["sensor"] for row in by_name if not row["sensor"].startswith("demo-")]
    assert stations == ["marktstaette", "bodanplatz", "stadtgarten", "stephansplatz"]
    assert [by_name[0]["metres"], by_name[1]["position_exact"]] == ["0", "False"]
    metres = [int(row["metres"]) for row in by_name]
    assert metres == sorted(metres)
    assert metres[-1] <= 500
    by_point = _rows(city_with_data, "/datenethik/hier.csv?ort=47,66047 9,17724&umkreis=250")
    near = [row["sensor"] for row in by_point if not row["sensor"].startswith("demo-")]
    assert near == ["marktstaette", "bodanplatz", "stadtgarten"]
    page = city_with_data.text(f"{HERE}?ort=Marktst%C3%A4tte%207&umkreis=250")
    assert "250 m um Marktstätte" in page
    everywhere = [row["sensor"] for row in _rows(city_with_data, "/datenethik/hier.csv")]
    assert len([name for name in everywhere if not name.startswith("demo-")]) == 12


def test_where_nothing_measures_the_page_says_so_and_what_is_nearest(city_with_data: City) -> None:
    page = city_with_data.text(f"{HERE}?ort=Universit%C3%A4t&umkreis=250")
    assert "Im Register steht hier kein Gerät." in page
    assert re.search(r"Am nächsten:.*?Friedrichstrasse</a>, 1,6\skm", page)
    assert "Im Umkreis von 2 km suchen" in page
    lost = city_with_data.text(f"/en{HERE}?ort=%3Cb%3ENirgendwo")
    assert "The search does not know a place “&lt;b&gt;Nirgendwo”" in lost
    assert _rows(city_with_data, "/datenethik/hier.csv?ort=Nirgendwo") == []
    assert "Klimadatenplattform</a>" in city_with_data.text(f"{HERE}?ort=Klimadatenplattform")


@pytest.mark.browser
def test_a_click_into_the_map_searches_there_without_scripts(city_with_data: City, browser: Browser) -> None:
    window = Window(browser, NARROW, scripts=False)
    window.page.goto(city_with_data.address + HERE)
    box = window.page.locator(".click-map").bounding_box()
    assert box is not None
    # A field of the grid in the north-west, where nothing but the grid lies.
    window.page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    window.page.wait_for_url("**punkt=47.6*")
    assert window.page.locator("#ergebnis").inner_text() == "500 m um diese Stelle"
    window.page.goto(city_with_data.address + f"{HERE}?ort=Marktst%C3%A4tte")
    window.page.locator(".click-map a[aria-label=Stadtgarten]").click()
    window.page.wait_for_url("**/datenethik/register/stadtgarten/")
    window.close()


def test_a_sensor_answers_four_questions_and_shows_its_past(city_with_data: City) -> None:
    page = city_with_data.text(SENSOR)
    for question in ("Wofür?", "Wer ist verantwortlich?", "Geht es um mich?", "Wie widerspreche ich?"):
        assert f"<dt>{question}</dt>" in page
    assert "Datenblatt „Messnetz Stadtklima“ eingetragen" in page
    changes = _rows(city_with_data, SENSOR + "verlauf.csv")
    assert {row["rulebook"] for row in changes} >= {"", "1"}
    past = city_with_data.text(f"{SENSOR}?stand=2024-02-01")
    assert "Das Datenblatt steht erst seit" in past
    assert "An diesem Tag galt keine Regel" in past
    assert "Bis zu diesem Tag ist keine Änderung eingetragen." in past
    assert f"{SENSOR}verlauf.csv?stand=2024-02-01" in past
    assert _rows(city_with_data, f"{SENSOR}verlauf.csv?stand=2024-02-01") == []
    assert _rows(city_with_data, f"{SENSOR}weitergabe.csv?stand=0001-01-01") == []
    assert city_with_data.client.get("/datenethik/register/seilbahn/").status_code == 404


def _drawn(city: City, path: str) -> ET.Element:
    answer = city.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    return ET.fromstring(answer.text)


def _codes(drawing: ET.Element) -> Iterator[bytes]:
    for image in drawing.iter(f"{SVG}image"):
        yield base64.b64decode(image.attrib["{http://www.w3.org/1999/xlink}href"].partition("base64,")[2])


def test_a_sign_carries_the_answers_and_a_code_that_leads_back(city_with_data: City) -> None:
    drawing = _drawn(city_with_data, SENSOR + "schild.svg")
    told = drawing.findtext(f"{SVG}desc", "")
    assert "Wofür? Anpassung an Hitze und Starkregen" in told
    assert "Geht es um mich? Nein." in told
    link = told.split()[-1]
    assert re.fullmatch(rf"{city_with_data.address}/d/[0-9a-z]{{7}}", link)
    expected = io.BytesIO()
    segno.make(link, error="q", micro=False).save(expected, kind="svg", border=0, xmldecl=False, dark="#131525")
    assert expected.getvalue() in set(_codes(drawing))
    for language, page in (("de", SENSOR), ("en", f"/en{SENSOR}"), ("fr, en;q=0.5", f"/en{SENSOR}")):
        answer = city_with_data.client.get(link, headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["location"]) == (302, page)
    assert city_with_data.client.get("/d/0000000").status_code == 404


def test_a_place_has_a_sign_where_something_measures(city_with_data: City) -> None:
    drawing = _drawn(city_with_data, f"/en{HERE}schild.svg?ort=Altstadt&umkreis=1000")
    assert drawing.findtext(f"{SVG}title") == "Altstadt (old town): Measured within 1 km"
    link = drawing.findtext(f"{SVG}desc", "").split()[-1]
    answer = city_with_data.client.get(link, headers={"Accept-Language": "de"}, follow_redirects=True)
    assert re.search(r"umkreis=1000$", str(answer.url))
    assert "/datenethik/register/stephansplatz/" in answer.text
    assert city_with_data.client.get(f"{HERE}schild.pdf?ort=Dettingen").status_code == 404


def test_a_sign_as_pdf_is_one_tagged_page_in_its_language(city_with_data: City) -> None:
    for prefix, language in (("", b"de"), ("/en", b"en")):
        answer = city_with_data.client.get(prefix + SENSOR + "schild.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        for mark in (b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid:part", b"/Lang(" + language, b"/MediaBox[0 0 419"):
            assert mark in answer.content, mark
        assert len(re.findall(rb"/Type/Page\b", answer.content)) == 1


def test_a_sign_with_the_longest_texts_stays_on_its_page() -> None:
    long = Text("Sehr lange Auskunft mit vielen Wörtern. " * 12, "A very long answer with many words. " * 12)
    cut = Text(long.de[:260], long.en[:260])
    sign = Sign(
        language="de",
        over=Text("Hier wird gemessen", "Measured here"),
        name=Text("Donaudampfschifffahrtsgesellschaft am Seerhein", "The steamship company at the Seerhein"),
        what=Text(cut.de[:120], cut.en[:120]),
        pictogram="measure",
        lines=tuple(Line("purpose", Text("Wofür?", "What for?"), cut) for _ in range(4)),
        more=Text("Mehr", "More"),
        spoken=Text("Code", "Code"),
        link="https://ein-sehr-langer-name.der-stadt.example/d/zp4xux9",
        programme="Programm",
    )
    assert len(re.findall(rb"/Type/Page\b", draw(sign, "pdf"))) == 1


def test_the_register_can_be_taken_along(city_with_data: City) -> None:
    page = city_with_data.text("/datenethik/register/")
    for path, kind in (
        ("/datenethik/register.json", "application/json"),
        ("/datenethik/register.dtpr.json", "application/json"),
        ("/datenethik/register.jsonld", "application/ld+json"),
        ("/datenethik/verzeichnis-art-30.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ):
        assert path in page
        answer = city_with_data.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
