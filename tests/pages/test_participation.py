"""Taking part in Chromium: a resident without an account on a telephone, and the staff that answers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import City
from tests.pages.window import NARROW, WIDE, Window
from tests.program import run

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

EMAIL, PASSWORD = "mira@example.org", "four random words here"
PATHS = (
    *("", "kuehle-orte/", "kuehle-orte/beitraege/", "kuehle-orte/beitraege/neu/", "beitraege/2026-00001/"),
    *("sommerorte/teilnehmen/", "innenstadt-charta/ergebnis/", "innenstadt-charta/text/"),
    *("innenstadt-charta/text/2/", "innenstadt-charta/text/2/vorschlag/", "innenstadt-charta/synopse/"),
    *("buergerbudget/auszaehlung/", "buergerbudget-gremium/gremium/", "werkstaetten/werkstatt/2/"),
    *(
        "datenethik-kodex/",
        "datenethik-kodex/text/",
        "datenethik-kodex/text/siegel/1/",
        "moderation/",
        "offene-daten/",
        "nummer/",
    ),
    *("innenstadt-charta/erreicht/", "innenstadt-charta/datenschutz/", "adresse/", "werkstaetten/werkstatt/2/fragen/"),
    *("innenstadt-charta/fassung/de-simple/", "innenstadt-charta/fassung/ar/"),
    *("stadtteilfonds/", "stadtteilfonds/stimmzettel/", "werkstaetten/", "plaetze-reihenfolge/rangfolge/"),
    "plaetze-wuensche/paarvergleich/",
    *("wege-zum-platz/umfrage/", "feste-am-see/", "feste-am-see/umfrage/"),
)


@pytest.fixture(scope="module")
def town(city_with_data: City) -> City:
    """Let somebody in who answers and moderates."""
    words = ("user", "create", EMAIL, "--role", "office", "--password", PASSWORD)
    done = run(city_with_data.home, *words)
    assert done.returncode == 0, done.stderr
    return city_with_data


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Give a telephone."""
    context = browser.new_context(viewport={"width": NARROW, "height": 740}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def first_number(town: City) -> str:
    """Give the number of the oldest contribution, which begins with the year of the founding."""
    found = re.findall(r"\d{4}-\d{5}", town.text("/mitmachen/kuehle-orte/beitraege.csv"))
    return str(min(found))


@pytest.mark.parametrize("language", ["/mitmachen/", "/en/mitmachen/"])
def test_pages_are_accessible_and_whole_at_two_widths(town: City, browser: Browser, language: str) -> None:
    window = Window(browser)
    faults = []
    for path in PATHS:
        window.open(f"{town.address}{language}{path.replace('2026-00001', first_number(town))}")
        faults += [f"{path} {width}: {fault}" for width in (NARROW, WIDE) for fault in window.faults(width)]
    assert faults == []


def signed_in(town: City, browser: Browser) -> Page:
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(f"{town.address}/intern/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("form[method=post] button[type=submit]")
    page.wait_for_load_state()
    return page


def test_an_idea_from_a_telephone_goes_all_the_way_to_its_answer(town: City, browser: Browser, phone: Page) -> None:
    phone.goto(f"{town.address}/mitmachen/kuehle-orte/")
    phone.get_by_role("link", name="Idee einreichen").tap()
    phone.get_by_label("Kurz gesagt").fill("Trinkbrunnen am Hafen 🌊")
    phone.get_by_label("Thema").select_option("wasser")
    phone.locator("details.pick summary").focus()
    phone.keyboard.press("Enter")
    phone.locator(".draw svg").tap(position={"x": 200, "y": 90})
    expect(phone.locator("[name=place]")).to_have_value(re.compile(r"^47\.\d{5}, 9\.\d{5}$"))
    phone.get_by_role("button", name="Abschicken").tap()
    phone.get_by_role("heading", name="Gibt es das schon?").wait_for()
    phone.get_by_role("button", name="Meiner ist anders: abschicken").tap()
    phone.get_by_text("Er ist jetzt öffentlich:").wait_for()
    number = phone.locator("dl.sheet strong").inner_text()

    desk = signed_in(town, browser)
    desk.goto(f"{town.address}/intern/beteiligung/beitrag/{number}/")
    desk.select_option("[name=state]", "answered")
    desk.select_option("[name=outcome]", "accepted")
    desk.fill("[name=note_de]", "Der Brunnen kommt im Mai.")
    desk.fill("[name=note_en]", "The fountain comes in May.")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Schritt veröffentlichen").click()
    desk.select_option("[name=state]", "linked")
    desk.select_option("[name=project]", "klimadatenplattform")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Schritt veröffentlichen").click()

    phone.goto(f"{town.address}/en/mitmachen/")
    phone.get_by_label("Number").fill(number)
    phone.locator("form[action*=nummer] button").tap()
    phone.get_by_text("The fountain comes in May.").wait_for()
    phone.get_by_role("link", name=re.compile("climate", re.IGNORECASE)).first.wait_for()


def test_a_draft_stays_on_the_device_if_wanted_and_what_is_alike_comes_while_typing(town: City, phone: Page) -> None:
    form = f"{town.address}/mitmachen/kuehle-orte/beitraege/neu/"
    said = re.findall(r"\d{4}-\d{5},([^,\n]+)", town.text("/mitmachen/kuehle-orte/beitraege.csv"))[0]
    phone.goto(form)
    phone.get_by_label("Mehr dazu").fill("Ein langer Gedanke")
    phone.reload()
    expect(phone.get_by_label("Mehr dazu")).to_have_value("")
    phone.get_by_label("Entwurf auf diesem Gerät behalten").check()
    phone.get_by_label("Kurz gesagt").fill(said)
    phone.get_by_text("klingen ähnlich oder liegen nahe:").wait_for()
    phone.get_by_label("Mehr dazu").fill("Ein langer Gedanke")
    phone.get_by_label("Name", exact=False).first.fill("Kim")
    phone.goto(form)
    phone.get_by_text("Ihr Entwurf ist wieder da.").wait_for()
    expect(phone.get_by_label("Mehr dazu")).to_have_value("Ein langer Gedanke")
    assert "Kim" not in phone.evaluate("JSON.stringify(localStorage)")
    phone.get_by_label("Entwurf auf diesem Gerät behalten").uncheck()
    assert phone.evaluate("localStorage.length") == 0


def test_statements_are_voted_on_by_keyboard_alone(town: City, browser: Browser) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(f"{town.address}/mitmachen/sommerorte/teilnehmen/?weiter=aussagen")
    page.get_by_role("button", name="Los").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Wozu zählen Sie sich?").wait_for()
    page.get_by_label("30 bis 64").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    for place, tabs in enumerate((0, 1, 2, 0)):
        expect(page.get_by_role("button", name="Stimme zu")).to_be_focused()
        for _ in range(tabs):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator(".given li").nth(place).wait_for()
    page.get_by_text("Sie haben alle Aussagen bewertet").wait_for()
    given = page.locator(".given li strong").all_inner_texts()
    assert given == ["stimme zu", "lehne ab", "übersprungen", "stimme zu"]
    assert page.context.cookies() == []


def test_a_ballot_is_filled_in_and_cast_by_keyboard_alone(town: City, browser: Browser) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(f"{town.address}/mitmachen/stadtteilfonds/stimmzettel/")
    page.get_by_role("link", name="Teilnehmen", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Los").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Kino unter freiem Himmel").focus()
    page.keyboard.type("7")
    for _ in ("what it is about", "next field"):
        page.keyboard.press("Tab")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    choir = page.get_by_label("Ein Chor, in dem jede Sprache vorkommt")
    expect(choir).to_have_value("4")
    choir.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("Danke. Ihr Stimmzettel ist abgegeben.").wait_for()
    expect(page.get_by_label("Kino unter freiem Himmel")).to_have_value("7")
    expect(page.get_by_text("10 Punkte vergeben.")).to_be_visible()
    assert page.context.cookies() == []


def test_a_change_is_suggested_and_the_moderator_works_by_keyboard(town: City, browser: Browser) -> None:
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{town.address}/mitmachen/innenstadt-charta/text/")
    page.get_by_role("link", name="Änderung vorschlagen § 3").click()
    words = page.get_by_label("So soll der Absatz lauten")
    words.fill(words.input_value().replace("22 Uhr", "23 Uhr"))
    page.get_by_label("Was ändert sich?").fill("Eine Stunde später")
    page.get_by_role("button", name="Vorschlag abschicken").click()
    page.get_by_text("Ein Mensch liest ihn, bevor er erscheint").wait_for()
    number = page.locator("dl.sheet strong").inner_text()

    desk = signed_in(town, browser)
    desk.goto(f"{town.address}/intern/beteiligung/moderation/")
    desk.get_by_text("Eine Stunde später").first.wait_for()
    desk.locator("button[value=keep]:focus").wait_for()
    desk.keyboard.press("Enter")
    desk.get_by_text("Gezeigt.").wait_for()
    page.goto(f"{town.address}/mitmachen/innenstadt-charta/text/3/")
    page.get_by_role("link", name="Eine Stunde später").wait_for()
    put_in = page.locator("article", has_text=number).locator("ins").inner_text()
    assert " ".join(put_in.split()) == "[eingefügt: 23 ]"

    desk.goto(f"{town.address}/intern/beteiligung/innenstadt-charta/")
    desk.fill("[name=result_de]", "Der Text geht in den Gemeinderat.")
    desk.fill("[name=result_en]", "The text goes to the council.")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Ergebnis veröffentlichen").click()
    page.goto(f"{town.address}/en/mitmachen/innenstadt-charta/")
    page.get_by_text("The text goes to the council.").wait_for()


def test_the_staff_pages_are_accessible_and_whole(town: City, browser: Browser) -> None:
    window = Window(browser)
    window.open(f"{town.address}/intern/")
    window.page.fill("[name=login]", EMAIL)
    window.page.fill("[name=password]", PASSWORD)
    window.page.click("form[method=post] button[type=submit]")
    window.page.wait_for_load_state()
    number = first_number(town)
    paths = ("", "neu/", "moderation/", f"beitrag/{number}/", "innenstadt-charta/", "innenstadt-charta/text/")
    faults = []
    votes = ("stadtteilfonds/budget/", "stadtteilfonds/papier/", "plaetze-reihenfolge/papier/", "sommerorte/boegen/")
    surveys = ("wege-zum-platz/umfrage/", "wege-zum-platz/umfrage/worte/", "feste-am-see/umfrage/papier/")
    people = ("buergerbudget-gremium/gremium/", "werkstaetten/werkstaetten/", "werkstaetten/werkstaetten/2/")
    for path in (*paths, "innenstadt-charta/text/2/", *votes, *surveys, *people):
        window.open(f"{town.address}/intern/beteiligung/{path}")
        window.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        faults += [f"{path} {width}: {fault}" for width in (NARROW, WIDE) for fault in window.faults(width)]
    assert faults == []
