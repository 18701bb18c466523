"""Every page answers, leads somewhere, carries its figures as CSV, and tells what is simulated."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest

from tests.pages.conftest import City

pytestmark = pytest.mark.xdist_group("pages")

LINK = re.compile(r'(?:href|src|srcset)="([^"#]+)')
STATIONS = 12


def _links(city: City, path: str, body: str) -> set[str]:
    """Give the paths inside the portal to which a page leads."""
    found = set()
    for target in LINK.findall(body):
        address = urlsplit(urljoin(city.address + path, target.replace("&amp;", "&")))
        if f"{address.scheme}://{address.netloc}" == city.address:
            found.add(address.path + (f"?{address.query}" if address.query else ""))
    return found


@pytest.fixture(scope="session")
def crawled(city_with_data: City) -> dict[str, tuple[str, str]]:
    """Follow every link from both start pages; give the body and kind of each answer."""
    waiting, seen = deque(["/", "/en/"]), {"/", "/en/"}
    found = {}
    while waiting:
        path = waiting.popleft()
        if (
            path.startswith(("/static/", "/intern/", "/sensorthings/", "/ledger/", "/downloads/"))
            or "/alle.csv" in path
        ):
            continue
        answer = city_with_data.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert "set-cookie" not in answer.headers, path
        kind = answer.headers["content-type"].split(";")[0]
        found[path] = (kind, answer.text)
        if kind == "text/html":
            new = _links(city_with_data, path, answer.text) - seen
            seen |= new
            waiting.extend(sorted(new))
    return found


def _of_kind(crawled: dict[str, tuple[str, str]], kind: str) -> dict[str, str]:
    return {path: body for path, (found, body) in crawled.items() if found == kind}


def test_every_link_leads_to_a_page_and_the_whole_portal_is_reached(crawled: dict[str, tuple[str, str]]) -> None:
    pages = _of_kind(crawled, "text/html")
    for part in ("/programm/", "/projekte/", "/geld/", "/meilensteine/", "/wirkung/", "/mitmachen/", "/erkenntnisse/"):
        assert part in pages
        assert f"/en{part}" in pages
    for part in ("/daten/karte/", "/datenethik/register/", "/impressum/", "/datenschutz/", "/barrierefreiheit/"):
        assert part in pages
    assert len({path for path in pages if re.fullmatch(r"/projekte/[\w-]+/", path)}) >= 15
    assert len({path for path in pages if re.match(r"/daten/stationen/[\w-]+/(\?|$)", path)}) >= STATIONS
    sensors = {path for path in pages if re.fullmatch(r"/datenethik/register/[\w-]+/", path)}
    assert len([path for path in sensors if "/demo-" not in path]) == STATIONS


def test_pages_name_their_language_and_ask_nobody_else(crawled: dict[str, tuple[str, str]]) -> None:
    for path, body in _of_kind(crawled, "text/html").items():
        language = "en" if path.startswith("/en/") else "de"
        assert f'<html lang="{language}"' in body, path
        assert not re.search(r'(src|srcset|action)="https?://', body), path
        assert not re.search(r'<link[^>]+href="https?://', body), path


def test_every_csv_is_a_table_and_every_picture_is_well_formed(crawled: dict[str, tuple[str, str]]) -> None:
    tables = _of_kind(crawled, "text/csv")
    assert len(tables) > STATIONS
    for path, body in tables.items():
        rows = list(csv.reader(io.StringIO(body)))
        assert rows, path
        assert {len(row) for row in rows} == {len(rows[0])}, path
    pictures = _of_kind(crawled, "image/svg+xml")
    assert pictures
    for path, body in pictures.items():
        assert ET.fromstring(body).tag == "{http://www.w3.org/2000/svg}svg", path


def test_pages_with_tables_or_charts_offer_csv(crawled: dict[str, tuple[str, str]]) -> None:
    for path, body in _of_kind(crawled, "text/html").items():
        if '<table class="data"' in body or "<picture>" in body:
            assert ".csv" in body, path


def test_simulated_values_are_marked_on_pages_in_charts_and_in_exports(crawled: dict[str, tuple[str, str]]) -> None:
    demo = {path: entry for path, entry in crawled.items() if path.endswith("datensatz=weather-demo")}
    kinds = {kind for kind, _ in demo.values()}
    assert kinds == {"text/html", "text/csv", "image/svg+xml"}
    for path, (kind, body) in demo.items():
        if kind == "text/csv":
            rows = list(csv.DictReader(io.StringIO(body)))
            assert {row["simulated"] for row in rows} == {"True"}, path
        else:
            assert ("simulated" if path.startswith("/en/") else "simuliert") in body, path


def test_an_english_page_contains_no_german_of_ours(crawled: dict[str, tuple[str, str]]) -> None:
    german = re.compile(r"\b(und|nicht|oder|wird|werden|über|noch|alle|für|mit|Stand vom)\b")
    for path, body in _of_kind(crawled, "text/html").items():
        if path.startswith("/en/"):
            # Sources and names in quotation marks stay as they are; what residents wrote in German is marked as German.
            ours = re.sub(r'<(\w+) [^>]*(class="[^"]*source"|lang="de(-simple)?")[^>]*>.*?</\1>', "", body, flags=re.S)
            text = re.sub(r"“[^”]*”", "", re.sub(r"<[^>]+>", " ", ours))
            assert not german.search(text), f"{path}: …{text[max(0, german.search(text).start() - 60) :][:120]}…"  # type: ignore[union-attr]


def test_unknown_addresses_say_so_in_the_language_of_the_page(city_with_data: City) -> None:
    for path, sentence in (
        ("/projekte/seilbahn/", "Diese Seite gibt es nicht"),
        ("/en/x/", "This page does not exist"),
    ):
        answer = city_with_data.client.get(path)
        assert answer.status_code == 404
        assert sentence in answer.text
    assert city_with_data.client.get("/daten/stationen/stephansplatz/?datensatz=nichts").status_code == 404


def test_a_reader_who_takes_no_compression_gets_none(city_with_data: City) -> None:
    answer = city_with_data.client.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert "Smart Green City" in answer.text
