"""Drawing lines and areas in Chromium: by tap on a telephone, by keyboard, by address; never by dragging."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import City
from tests.pages.window import NARROW, Window

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]
FORM = "/mitmachen/kuehle-orte/beitraege/neu/"
CORNER = r"47\.\d{5}, 9\.\d{5}"


@pytest.fixture
def phone(city_with_data: City, browser: Browser) -> Iterator[Page]:
    """Give a telephone that shows the form."""
    context = browser.new_context(viewport={"width": NARROW, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{city_with_data.address}{FORM}")
    yield page
    context.close()


def corners(page: Page) -> list[str]:
    return page.locator("[name=corners]").input_value().splitlines()


def send(page: Page, title: str) -> None:
    page.get_by_label("Kurz gesagt").fill(title)
    page.get_by_label("Thema").select_option("wasser")
    page.get_by_role("button", name="Abschicken").click()
    page.get_by_text(re.compile("Gibt es das schon|Er ist jetzt öffentlich")).first.wait_for()
    other = page.get_by_role("button", name="Meiner ist anders: abschicken")
    if other.count():
        other.click()
    page.get_by_text("Er ist jetzt öffentlich:").wait_for()


def test_an_area_is_drawn_with_the_keyboard_alone(phone: Page) -> None:
    phone.locator("[name=shape][value=point]").focus()
    for _ in range(2):
        phone.keyboard.press("ArrowDown")
    expect(phone.get_by_label("Fläche")).to_be_checked()
    expect(phone.locator("[name=place]")).to_be_hidden()
    svg = phone.locator(".draw svg")
    for _ in range(20):
        if svg.evaluate("one => one === document.activeElement"):
            break
        phone.keyboard.press("Tab")
    expect(svg).to_be_focused()
    keys = ["+"] * 3 + ["Enter"] + ["ArrowRight"] * 5 + ["Enter"] + ["Shift+ArrowDown", "Enter", "Enter", "Backspace"]
    for key in [*keys, *["ArrowLeft"] * 5, "Enter"]:
        phone.keyboard.press(key)
    assert len(corners(phone)) == 4
    assert all(re.fullmatch(CORNER, line) for line in corners(phone))
    expect(phone.locator(".draw-told")).to_have_text(re.compile(r"Fläche: 4 Ecken, \d+,\d ha\."))
    expect(phone.locator("[data-at]")).to_have_text(re.compile(rf"Kreuz bei {CORNER}, nahe \w+"))
    send(phone, "Hier fehlt eine Wasserfläche")
    number = phone.locator("dl.sheet strong").inner_text()
    phone.goto(f"{phone.url.partition('/mitmachen/')[0]}/mitmachen/beitraege/{number}/")
    expect(phone.locator("figure.where figcaption")).to_have_text(re.compile(r"Fläche, \d+,\d ha"))


def test_a_line_is_tapped_taken_back_finished_and_begun_anew(phone: Page) -> None:
    phone.locator("[name=shape][value=line]").check()
    svg, told = phone.locator(".draw svg"), phone.locator(".draw-told")
    phone.get_by_role("button", name="näher").tap()
    for x, y in ((60, 60), (160, 90), (220, 40)):
        svg.tap(position={"x": x, "y": y})
    expect(told).to_have_text(re.compile(r"Strecke: 3 Ecken, \d,\d km\."))
    phone.get_by_role("button", name="Letzte Ecke zurück").tap()
    assert len(corners(phone)) == 2
    phone.get_by_role("button", name="Fertig gezeichnet").tap()
    svg.tap(position={"x": 100, "y": 100})
    assert len(corners(phone)) == 2
    expect(told).to_have_text(re.compile(r"^Fertig\. Strecke: 2 Ecken"))
    phone.get_by_role("button", name="Neu beginnen").tap()
    assert corners(phone) == []
    phone.get_by_role("button", name="nach Osten").tap()
    svg.tap(position={"x": 100, "y": 100})
    assert len(corners(phone)) == 1


def test_a_line_from_names_needs_no_map_and_stays_in_the_draft_and_after_a_refusal(phone: Page) -> None:
    phone.get_by_label("Entwurf auf diesem Gerät behalten").check()
    phone.locator("[name=shape][value=line]").check()
    for name in ("Bahnhof", "Altstadt", "Nirgendwo"):
        phone.get_by_label("Nächste Ecke nach Adresse").fill(name)
        phone.get_by_role("button", name="Als nächste Ecke").tap()
    expect(phone.locator(".draw-told")).to_have_text("Diese Ecke kennt die Suche nicht: Nirgendwo")
    assert corners(phone) == ["Bahnhof", "Altstadt"]
    phone.reload()
    expect(phone.get_by_label("Strecke")).to_be_checked()
    expect(phone.locator("[name=corners]")).to_have_value("Bahnhof\nAltstadt")
    expect(phone.locator(".draw path.course.drawn")).to_have_count(1)
    phone.locator("[name=corners]").fill("Bahnhof")
    phone.get_by_label("Kurz gesagt").fill("Ein Weg mit nur einer Ecke")
    phone.get_by_label("Thema").select_option("wasser")
    phone.get_by_role("button", name="Abschicken").tap()
    phone.get_by_text("Strecke braucht mindestens 2 verschiedene Ecken").first.wait_for()
    expect(phone.get_by_label("Strecke")).to_be_checked()
    expect(phone.locator("[name=corners]")).to_have_value("Bahnhof")


def test_the_form_is_accessible_while_somebody_draws(city_with_data: City, browser: Browser) -> None:
    window = Window(browser)
    window.open(f"{city_with_data.address}{FORM}")
    window.page.locator("[name=shape][value=area]").check()
    window.page.locator("[name=corners]").fill("Bahnhof\nAltstadt\nHafen")
    expect(window.page.locator(".draw-told")).to_have_text(re.compile("Fläche: 3 Ecken"))
    assert window.faults(NARROW) == []
