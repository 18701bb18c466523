"""Photos of cards on a telephone: two sent at once, with the place in them, and a card typed beside the first."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, expect

from tests.pages.conftest import City
from tests.pages.window import NARROW
from tests.program import run

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

EMAIL, PASSWORD = "mika@example.org", "four random words here"
HOME = "/intern/beteiligung/werkstaetten/werkstaetten/"


def wall(folder: Path, colour: str) -> Path:
    """Draw a wall with a card, as a telephone would photograph it, with the place in the file."""
    picture = Image.new("RGB", (3000, 2000), "#b08a5a")
    ImageDraw.Draw(picture).rectangle((300, 300, 1500, 1200), fill=colour)
    exif = picture.getexif()
    exif[0x010F] = "Telefonwerk"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (47.0, 39.0, 36.0), "E", (9.0, 10.0, 30.0)
    path = folder / f"{colour}.jpg"
    picture.save(path, exif=exif)
    with Image.open(path) as saved:
        assert saved.getexif().get_ifd(0x8825)
    return path


def test_two_photos_are_sent_from_a_telephone_and_a_card_is_typed(
    city_with_data: City, browser: Browser, tmp_path: Path
) -> None:
    done = run(city_with_data.home, "user", "create", EMAIL, "--role", "office", "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    context = browser.new_context(viewport={"width": NARROW, "height": 740}, locale="de-DE")
    page = context.new_page()
    page.goto(f"{city_with_data.address}/intern/")
    page.locator("[name=login]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(f"{city_with_data.address}{HOME}")
    page.get_by_role("link", name="Rundgang mit Karten").click()
    page.get_by_role("link", name="Fotos von Karten").click()
    camera = page.get_by_label("Mit der Kamera aufnehmen")
    assert (camera.get_attribute("accept"), camera.get_attribute("capture")) == ("image/*", "environment")
    page.get_by_label("Fotos auswählen, auch mehrere").set_input_files(
        [wall(tmp_path, "yellow"), wall(tmp_path, "white")]
    )
    with page.expect_navigation():
        page.get_by_role("button", name="Hochladen").click()
    expect(page.get_by_text("0 von 2 Fotos erledigt")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.get_by_role("link", name="Foto 1").click()
    shown = page.get_by_role("img", name="Foto 1 der Karten aus: Rundgang mit Karten")
    expect(shown).to_be_visible()
    answer = context.request.get(f"{city_with_data.address}{shown.get_attribute('src')}")
    with Image.open(io.BytesIO(answer.body())) as kept:
        assert len(kept.getexif()) == 0 and max(kept.size) == 2800
    # The field has the cursor: one card after the other is typed without the mouse.
    expect(page.get_by_label("Was auf der Karte steht")).to_be_focused()
    page.keyboard.type("Eine Schaukel am Rand")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("1 Karte aufgenommen")).to_be_visible()
    expect(page.get_by_label("Was auf der Karte steht")).to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    with page.expect_navigation():
        page.get_by_role("button", name="Foto ist erledigt").click()
    expect(page.get_by_text("1 von 2 Fotos erledigt")).to_be_visible()
    context.close()
    public = city_with_data.text("/mitmachen/werkstaetten/beitraege/")
    assert "Eine Schaukel am Rand" in public
