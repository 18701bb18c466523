"""Ballots in Chromium: cast by keyboard alone on a telephone, refused in clear words, and nothing typed is lost."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from allmende.kernel.clock import today
from tests.pages.conftest import City
from tests.pages.window import NARROW
from tests.program import run

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

EMAIL, PASSWORD = "noor@example.org", "four random words here"
HOME = "/intern/beteiligung/"
DECLARED = {
    **{
        f"{name}_{code}": "Für den Platz"
        for name in ("title", "purpose", "audience", "office")
        for code in ("de", "en")
    },
    **{"weight": "mood", "level": "code", "writing": "open", "answer_days": "30", "keep_days": "90"},
    "purpose_slug": "participation",
}
PROJECTS = {"Bank": "4.000", "Baum": "5.000", "Brunnen": "7.000"}


class Desk:
    """The office, by its forms."""

    def __init__(self, town: City) -> None:
        self.client = httpx.Client(base_url=town.address, follow_redirects=True, timeout=30)
        self.client.get("/intern/konto/login/")
        self.post("/intern/konto/login/", login=EMAIL, password=PASSWORD)

    def post(self, path: str, **fields: str) -> str:
        """Send a form that has to be taken."""
        token = self.client.cookies["csrftoken"]
        answer = self.client.post(path, data={**fields, "csrfmiddlewaretoken": token})
        assert answer.status_code == 200, answer.text
        assert "office-refused" not in answer.text, answer.text
        return answer.text

    def found(self, slug: str, form: str, days: int) -> list[str]:
        """Found and publish a process that began so many days ago; give codes for two people."""
        first = str(today() - timedelta(days=days))
        self.post(f"{HOME}neu/", **DECLARED, format=form, slug=slug, first_day=first)
        self.post(f"{HOME}{slug}/", deed="move", to="open")
        return self.post(f"{HOME}{slug}/", deed="codes", count="2", sheet="text").splitlines()

    def budget(self, slug: str, **rules: str) -> list[str]:
        """Let people vote on 10,000 € with three projects on the ballot."""
        codes = self.found(slug, "budget", 75)
        for title, cost in PROJECTS.items():
            self.post(f"{HOME}{slug}/", deed="entry", title=title, cost=cost, channel="paper")
        page = self.post(f"{HOME}{slug}/budget/", deed="rules", amount="10.000", rule="greedy", worth="one", **rules)
        for number, cost in zip(re.findall(r'value="cost-(\d+)"', page), PROJECTS.values(), strict=True):
            self.post(f"{HOME}{slug}/budget/", **{"deed": f"cost-{number}", f"{number}-cost": cost})
        return codes


@pytest.fixture(scope="module")
def desk(city_with_data: City) -> Iterator[Desk]:
    """Let somebody of the office in."""
    done = run(city_with_data.home, "user", "create", EMAIL, "--role", "office", "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    found = Desk(city_with_data)
    yield found
    found.client.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Give a telephone with a keyboard."""
    context = browser.new_context(viewport={"width": NARROW, "height": 740}, locale="de-DE")
    yield context.new_page()
    assert context.cookies() == []
    context.close()


def enter(page: Page, town: City, slug: str, goal: str, code: str) -> None:
    """Begin to take part with a code, by keyboard."""
    page.goto(f"{town.address}/mitmachen/{slug}/teilnehmen/?weiter={goal}")
    page.get_by_label("Code").focus()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("abgeben|abschicken|Beide gleich")).wait_for()


def send(page: Page, button: str) -> None:
    """Go on from field to field up to a button, and press it."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == button:
            break
    expect(page.get_by_role("button", name=button)).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def tick(page: Page, *titles: str) -> None:
    """Turn the ticks at projects over."""
    for title in titles:
        page.get_by_label(title).focus()
        page.keyboard.press("Space")


def test_an_approval_ballot_is_refused_with_too_many_and_taken_once_on_paper(
    city_with_data: City, desk: Desk, phone: Page
) -> None:
    first, second = desk.budget("zustimmung", vote="approval", most_projects="2")
    enter(phone, city_with_data, "zustimmung", "stimmzettel", first)
    tick(phone, *PROJECTS)
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("Das sind 3 Projekte; wählen können Sie 2.")
    for title in PROJECTS:
        expect(phone.get_by_label(title)).to_be_checked()
    tick(phone, "Baum")
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_role("status").first).to_contain_text("Danke. Ihr Stimmzettel ist abgegeben.")
    expect(phone.get_by_text("Gewählt: 2 Projekte für zusammen 11.000,00")).to_be_visible()

    desk.post(f"{HOME}zustimmung/papier/", code=second, choice="1")
    enter(phone, city_with_data, "zustimmung", "stimmzettel", second)
    tick(phone, "Brunnen")
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("Mit diesem Code wurde schon auf Papier abgestimmt.")
    expect(phone.get_by_label("Brunnen")).to_be_checked()


def test_a_points_ballot_says_how_many_points_are_too_many(city_with_data: City, desk: Desk, phone: Page) -> None:
    code, _ = desk.budget("punkte", vote="points", most_points="10")
    enter(phone, city_with_data, "punkte", "stimmzettel", code)
    for title, points in (("Bank", "8"), ("Baum", "5")):
        phone.get_by_label(title).focus()
        phone.keyboard.type(points)
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("Das sind 13 Punkte; zu vergeben sind 10.")
    expect(phone.get_by_role("alert")).to_contain_text("Nehmen Sie 3 zurück")
    expect(phone.get_by_label("Bank")).to_have_value("8")
    phone.get_by_label("Baum").focus()
    phone.keyboard.press("Control+A")
    phone.keyboard.type("2")
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_text("10 Punkte vergeben.")).to_be_visible()


def test_a_basket_says_by_how_much_it_is_over_the_budget(city_with_data: City, desk: Desk, phone: Page) -> None:
    code, _ = desk.budget("korb", vote="knapsack")
    enter(phone, city_with_data, "korb", "stimmzettel", code)
    tick(phone, "Bank", "Brunnen")
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("mehr als das Budget: 11.000,00")
    expect(phone.get_by_role("alert")).to_contain_text("Lassen Sie etwas für 1.000,00")
    for title in ("Bank", "Brunnen"):
        expect(phone.get_by_label(title)).to_be_checked()
    tick(phone, "Brunnen", "Baum")
    send(phone, "Stimmzettel abgeben")
    expect(phone.get_by_text("Es bleiben 1.000,00")).to_be_visible()


def test_an_order_is_given_and_a_second_person_cannot_use_the_code(
    city_with_data: City, desk: Desk, phone: Page
) -> None:
    first, second = desk.found("rangfolge", "ranking", 1)
    for option in ("Bank", "Baum", "Brunnen"):
        desk.post(f"{HOME}rangfolge/", deed="statement", text_de=option, text_en=option)
    enter(phone, city_with_data, "rangfolge", "rangfolge", first)
    for option, place in (("Bank", "1"), ("Brunnen", "1")):
        phone.get_by_label(option).focus()
        phone.keyboard.type(place)
    send(phone, "Reihenfolge abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("Auf Platz 1 stehen zwei Möglichkeiten.")
    expect(phone.get_by_label("Brunnen")).to_have_value("1")
    phone.get_by_label("Bank").focus()
    phone.keyboard.type("2")
    send(phone, "Reihenfolge abgeben")
    expect(phone.get_by_role("status")).to_contain_text("Danke. Ihre Reihenfolge zählt.")
    expect(phone.get_by_label("Bank")).to_have_value("2")

    desk.post(f"{HOME}rangfolge/papier/", code=second, choice="3 1")
    enter(phone, city_with_data, "rangfolge", "rangfolge", second)
    expect(phone.get_by_role("alert")).to_contain_text("Mit diesem Code wurde schon auf Papier abgestimmt.")
    expect(phone.get_by_label("Brunnen")).to_have_value("")
    phone.get_by_label("Baum").focus()
    phone.keyboard.type("1")
    send(phone, "Reihenfolge abgeben")
    expect(phone.get_by_role("alert")).to_contain_text("Mit diesem Code wurde schon auf Papier abgestimmt.")
    expect(phone.get_by_label("Baum")).to_have_value("1")


def test_pairs_are_compared_and_taken_back_by_keyboard(city_with_data: City, desk: Desk, phone: Page) -> None:
    code, _ = desk.found("paare", "pairs", 1)
    options = ("Eine Bank, auf der man auch im Regen sitzen kann", "Ein Baum", "Ein Brunnen")
    for option in options:
        desk.post(f"{HOME}paare/", deed="statement", text_de=option, text_en=option)
    enter(phone, city_with_data, "paare", "vergleich", code)
    seen = set()
    for done in ("Ein Vergleich, danke.", "2 Vergleiche, danke."):
        shown = [phone.locator(".pair-option").nth(at).inner_text() for at in (0, 1)]
        seen.add(frozenset(shown))
        send(phone, shown[1])
        expect(phone.get_by_role("status")).to_contain_text(f"Zuletzt: „{shown[1]}“ vor „{shown[0]}“")
        expect(phone.get_by_text(done)).to_be_visible()
    # The page goes on at the next pair: one step of the keyboard reaches its first option.
    phone.keyboard.press("Tab")
    expect(phone.locator(".pair-option").first).to_be_focused()
    phone.get_by_role("button", name="Rückgängig").focus()
    with phone.expect_navigation():
        phone.keyboard.press("Enter")
    assert [phone.locator(".pair-option").nth(at).inner_text() for at in (0, 1)] == shown
    for _ in range(2):
        send(phone, "Beide gleich")
    assert len(seen) == 2
    expect(phone.get_by_text("Danke. Sie haben alle Paare verglichen.")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_a_survey_asks_on_by_keyboard_and_keeps_what_it_refuses(city_with_data: City, desk: Desk, phone: Page) -> None:
    first = str(today() - timedelta(days=1))
    desk.post(f"{HOME}neu/", **DECLARED, format="questionnaire", slug="fragen", first_day=first)
    ways = "Mit dem Bus | By bus\nZu Fuß | On foot"
    both = {"title_de": "Wie kommen Sie?", "title_en": "How do you come?"}
    desk.post(f"{HOME}fragen/umfrage/", deed="add", kind="single", options=ways, required="on", **both)
    both = {"title_de": "Wie gut ist der Bus?", "title_en": "How good is the bus?"}
    desk.post(f"{HOME}fragen/umfrage/", deed="add", kind="scale", required="on", after="1", after_options="1", **both)
    both = {"title_de": "Was noch?", "title_en": "What else?"}
    desk.post(f"{HOME}fragen/umfrage/", deed="add", kind="text", after="2", after_most="2", **both)
    desk.post(f"{HOME}fragen/", deed="move", to="open")
    code, other = desk.post(f"{HOME}fragen/", deed="codes", count="2", sheet="text").splitlines()
    enter(phone, city_with_data, "fragen", "umfrage", code)
    expect(phone.get_by_text("Wie gut ist der Bus?")).to_be_hidden()
    phone.get_by_label("Mit dem Bus").focus()
    phone.keyboard.press("Space")
    expect(phone.get_by_text("Wie gut ist der Bus?")).to_be_visible()
    expect(phone.get_by_text("Was noch?")).to_be_hidden()
    send(phone, "Antworten abschicken")
    expect(phone.get_by_role("alert")).to_contain_text("Wie gut ist der Bus?: Hier fehlt Ihre Antwort.")
    expect(phone.get_by_label("Mit dem Bus")).to_be_checked()
    phone.get_by_role("link", name="Wie gut ist der Bus?").focus()
    phone.keyboard.press("Enter")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Space")
    expect(phone.get_by_label("1", exact=True)).to_be_checked()
    phone.get_by_label("Was noch?").focus()
    phone.keyboard.type("Öfter am Abend")
    send(phone, "Antworten abschicken")
    expect(phone.get_by_role("status").first).to_contain_text("Danke. Ihre Antworten sind da.")
    expect(phone.get_by_text("Öfter am Abend")).to_be_visible()

    desk.post(f"{HOME}fragen/umfrage/papier/", **{"code": other, "f-1": "2"})
    enter(phone, city_with_data, "fragen", "umfrage", other)
    expect(phone.get_by_role("alert")).to_contain_text("Mit diesem Code wurde schon auf Papier abgestimmt.")
