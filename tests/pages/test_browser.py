"""Pages in Chromium: accessible, light, readable without scripts, nothing from elsewhere, at two widths."""

import http.server
import json
import os
import shutil
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from tests.pages.conftest import City, serve

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

AXE = Path(__file__).parents[2] / "src/allmende/ui/static/vendor/axe.min.js"
HEAVIEST = 150_000
PATHS = (
    *("/", "/programm/", "/projekte/", "/projekte/schaedlingsbekaempfung/", "/geld/", "/geld/?stand=2022-01-01"),
    *("/meilensteine/", "/wirkung/", "/mitmachen/", "/erkenntnisse/", "/daten/", "/daten/karte/", "/daten/klimatage/"),
    *("/daten/stationen/stephansplatz/", "/datenethik/", "/datenethik/register/", "/datenethik/regeln/umwelt-erheben/"),
    *("/datenethik/fassungen/", "/datenethik/fassungen/1/"),
    *("/datenethik/register/stephansplatz/", "/leichte-sprache/", "/barrierefreiheit/", "/datenschutz/"),
    *("/impressum/", "/gibt-es-nicht/"),
)


# Of this module alone: while it lasts, a loop runs in the thread of the tests, in which Django would refuse to work.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine, or skip (never in CI)."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and in CI these tests must run")
        pytest.skip("no Chromium on this machine")
    drawn_by_software = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox", *drawn_by_software])
        yield started
        started.close()


class Visit:
    """One page opened in a fresh browser without memory."""

    def __init__(self, browser: Browser, width: int, *, scripts: bool = True) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        self.page: Page = self.context.new_page()
        self.bytes, self.hosts, self.complaints = 0, set[str](), list[str]()
        self.page.on("response", self._count)
        self.page.on("console", lambda message: self.complaints.append(message.text))

    def _count(self, answer: Response) -> None:
        self.hosts.add(answer.url.split("/")[2])
        self.bytes += answer.request.sizes()["responseBodySize"]

    def open(self, address: str) -> None:
        """Open an address and wait until all of it is there, also what lies further down."""
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_accessible_light_and_fits(
    city_with_data: City, browser: Browser, language: str, width: int
) -> None:
    prefix = "/en" if language == "en" else ""
    axe = AXE.read_text(encoding="utf-8")
    faults = []
    for path in PATHS:
        visit = Visit(browser, width)
        visit.open(city_with_data.address + prefix + path)
        violations = visit.page.evaluate(
            f"() => {{ {axe}; return axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html)) }}"
        )
        faults += [f"{path}: {violation}" for violation in violations]
        if visit.page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{path}: wider than the window")
        if visit.bytes > HEAVIEST:
            faults.append(f"{path}: {visit.bytes} bytes")
        if visit.hosts != {city_with_data.address.removeprefix("http://")}:
            faults.append(f"{path}: asks {visit.hosts}")
        if visit.context.cookies():
            faults.append(f"{path}: sets a cookie")
        assert visit.page.locator("html").get_attribute("lang") == language
        visit.context.close()
    assert faults == []


def test_every_page_reads_without_scripts(city_with_data: City, browser: Browser) -> None:
    visit = Visit(browser, 360, scripts=False)
    for path in PATHS:
        visit.open(city_with_data.address + path)
        assert len(visit.page.locator("main").inner_text()) > 80, path
        assert visit.page.locator("h1").count() == 1, path
    visit.open(city_with_data.address + "/daten/stationen/stephansplatz/")
    pictures = visit.page.locator("figure img")
    assert pictures.count() >= 5
    visit.context.close()


def test_charts_are_drawn_for_the_width_of_the_window(city_with_data: City, browser: Browser) -> None:
    widths = {}
    for width in (1280, 360):
        visit = Visit(browser, width)
        visit.open(city_with_data.address + "/geld/")
        image = visit.page.locator("figure img").first
        image.scroll_into_view_if_needed()
        visit.page.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
        widths[width] = image.evaluate("image => image.naturalWidth")
        visit.context.close()
    assert widths[1280] > 2 * widths[360] > 0


def test_the_keyboard_reaches_content_and_navigation(city_with_data: City, browser: Browser) -> None:
    visit = Visit(browser, 1280)
    visit.open(city_with_data.address + "/projekte/")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "inhalt"
    visit.context.close()


def test_the_language_link_leads_to_the_same_page(city_with_data: City, browser: Browser) -> None:
    visit = Visit(browser, 1280)
    visit.open(city_with_data.address + "/geld/?stand=2022-01-01")
    visit.page.get_by_role("link", name="English").click()
    assert visit.page.url.endswith("/en/geld/?stand=2022-01-01")
    assert "17.5" in visit.page.locator("main").inner_text()
    visit.context.close()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tile() -> bytes:
    """Make a PNG of one colour, 256 pixels square."""
    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xcf\xe6\xf5" * 256) * 256)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def write_pmtiles(path: Path) -> None:
    """Write an archive of the one tile of zoom 0 (PMTiles specification, version 3)."""
    picture, about = tile(), json.dumps({"attribution": "© Testland"}).encode()
    directory = b"".join(map(_varint, (1, 0, 1, len(picture), 1)))
    after_directory = 127 + len(directory)
    data = after_directory + len(about)
    places = (127, len(directory), after_directory, len(about), data, 0, data, len(picture), 1, 1, 1)
    world = struct.pack("<iiii", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    centre = bytes([0]) + struct.pack("<ii", 90_000_000, 476_000_000)
    head = b"PMTiles\x03" + struct.pack("<11Q", *places) + bytes([1, 1, 1, 2, 0, 0]) + world + centre
    path.write_bytes(head + directory + about + picture)


class Tiles(http.server.BaseHTTPRequestHandler):
    """A tile service that notes who asks for what."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(tile())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def _see_interactive_map(city: City, browser: Browser) -> None:
    visit = Visit(browser, 1280)
    visit.open(city.address + "/daten/karte/")
    visit.page.wait_for_selector("#interactive-map[data-ready]", timeout=30_000)
    assert visit.page.locator(".pin").count() == 12
    assert not visit.page.locator("#drawing").is_visible()
    assert visit.hosts == {city.address.removeprefix("http://")}
    visit.context.close()
    plain = Visit(browser, 1280, scripts=False)
    plain.open(city.address + "/daten/karte/")
    assert plain.page.locator("#drawing").is_visible()
    assert not plain.page.locator("#interactive-map").is_visible()
    plain.context.close()


def test_a_base_map_from_a_file(city: Path, browser: Browser, tmp_path: Path) -> None:
    archive = tmp_path / "town.pmtiles"
    write_pmtiles(archive)
    for running in serve(city, ALLMENDE_BASEMAP=str(archive)):
        part = running.client.get("/grundkarte.pmtiles", headers={"Range": "bytes=0-6"})
        assert (part.status_code, part.content) == (206, b"PMTiles")
        _see_interactive_map(running, browser)


def test_a_base_map_from_a_tile_service_that_only_the_portal_asks(city: Path, browser: Browser) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        template = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
        for running in serve(city, ALLMENDE_BASEMAP=template):
            _see_interactive_map(running, browser)
            assert running.client.get("/grundkarte/1/5/0").status_code == 404
        assert Tiles.asked
    finally:
        server.shutdown()
