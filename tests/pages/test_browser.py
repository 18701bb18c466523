"""Pages in Chromium: accessible, light, readable without scripts, nothing from elsewhere, at two widths."""

import pytest
from playwright.sync_api import Browser

from tests.pages.conftest import City
from tests.pages.window import NARROW, WIDE, Window

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

HEAVIEST = 150_000
PATHS = (
    *("/programm/strategie/", "/programm/zusammenspiel/", "/programm/aenderungen/"),
    *("/einbetten/projekt/klimadatenplattform/", "/einbetten/meilensteine/"),
    *("/", "/programm/", "/projekte/", "/projekte/schaedlingsbekaempfung/", "/geld/", "/geld/?stand=2022-01-01"),
    *(
        "/meilensteine/",
        "/wirkung/",
        "/wirkung/heisse-tage/",
        "/wirkung/beteiligte/",
        "/daten/statistik/",
        "/mitmachen/",
        "/mitmachen/foermlich/",
        "/erkenntnisse/",
        "/verbund/",
        "/verbund/vergleich/",
        "/daten/",
        "/daten/karte/",
        "/daten/klimatage/",
        "/daten/warnungen/",
    ),
    *("/daten/stationen/stephansplatz/", "/datenethik/", "/datenethik/register/", "/datenethik/regeln/umwelt-erheben/"),
    *("/datenethik/fassungen/", "/datenethik/fassungen/1/", "/datenethik/sitzungen/"),
    *("/datenethik/hier/", "/datenethik/hier/?ort=Altstadt&umkreis=1000", "/datenethik/hier/?ort=Nirgendwo"),
    *("/datenethik/register/stephansplatz/", "/leichte-sprache/", "/barrierefreiheit/", "/datenschutz/"),
    *("/impressum/", "/gibt-es-nicht/"),
)


def _faults(window: Window, host: str, language: str) -> list[str]:
    """Give what is wrong with the page that is open, first at the width that the window has, then at the other."""
    found = []
    for width in window.widths():
        found += window.faults(width)
        if window.weight > HEAVIEST:
            found.append(f"{window.weight} bytes (width {width})")
    if window.hosts != {host}:
        found.append(f"asks {window.hosts}")
    if window.context.cookies():
        found.append("sets a cookie")
    if window.page.locator("html").get_attribute("lang") != language:
        found.append("says another language")
    return found


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_accessible_light_and_fits(city_with_data: City, browser: Browser, language: str) -> None:
    prefix, host = "/en" if language == "en" else "", city_with_data.address.removeprefix("http://")
    window, faults = Window(browser, language=language), []
    for path in PATHS:
        window.open(city_with_data.address + prefix + path)
        faults += [f"{path}: {fault}" for fault in _faults(window, host, language)]
    window.close()
    assert faults == []


def test_every_page_reads_without_scripts(city_with_data: City, browser: Browser) -> None:
    window = Window(browser, NARROW, scripts=False)
    for path in PATHS:
        window.page.goto(city_with_data.address + path)
        assert len(window.page.locator("main").inner_text()) > 80, path
        assert window.page.locator("h1").count() == 1, path
    window.page.goto(city_with_data.address + "/daten/stationen/stephansplatz/")
    assert window.page.locator("figure img").count() >= 5
    window.close()


def test_charts_are_drawn_for_the_width_of_the_window(city_with_data: City, browser: Browser) -> None:
    window, widths = Window(browser), {}
    window.open(city_with_data.address + "/geld/")
    for width in (WIDE, NARROW):
        window.resize(width)
        widths[width] = window.page.locator("figure img").first.evaluate("image => image.naturalWidth")
    window.close()
    assert widths[WIDE] > 2 * widths[NARROW] > 0


def test_the_keyboard_reaches_content_and_navigation(city_with_data: City, browser: Browser) -> None:
    window = Window(browser)
    window.open(city_with_data.address + "/projekte/")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
    window.page.keyboard.press("Enter")
    assert window.page.evaluate("document.activeElement.id") == "inhalt"
    window.close()


def test_the_language_link_leads_to_the_same_page(city_with_data: City, browser: Browser) -> None:
    window = Window(browser)
    window.open(city_with_data.address + "/geld/?stand=2022-01-01")
    window.page.get_by_role("link", name="English").click()
    assert window.page.url.endswith("/en/geld/?stand=2022-01-01")
    assert "17.5" in window.page.locator("main").inner_text()
    window.close()


COVERED = """() => {
  const boxes = [...document.querySelectorAll('.hero-map .map .name')].map(label => label.getBBox());
  const shown = boxes.filter(box => box.width > 0);
  // A line of text is higher than its letters.
  const room = box => {
    const high = box.height / 4;
    return {left: box.x, right: box.x + box.width, top: box.y + high, bottom: box.y + box.height - high};
  };
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const rooms = shown.map(room);
  return [shown.length, rooms.flatMap((one, i) => rooms.slice(i + 1).filter(other => meet(one, other))).length];
}"""


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_label_of_the_home_pages_map_covers_another(city_with_data: City, browser: Browser, width: int) -> None:
    window = Window(browser, width)
    window.open(city_with_data.address + "/")
    count, covered = window.page.evaluate(COVERED)
    window.close()
    assert count >= 5
    assert covered == 0
