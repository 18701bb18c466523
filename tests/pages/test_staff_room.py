"""The staff room in Chromium: accessible and whole at two widths, in both languages, for who works there."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from tests.pages.conftest import City
from tests.pages.window import NARROW, WIDE, Window
from tests.program import run

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.browser]

EMAIL, PASSWORD = "rita@example.org", "four random words here"
PAGES = (
    *("", "projekte/", "projekte/edit/1/", "projekte/history/1/", "projekte/inspect/1/", "meilensteine/edit/1/"),
    *(
        "beschluesse/new/",
        "festlegungen/new/",
        "planfassungen/",
        "account/",
        "zwecke/",
        "regeln/",
        "regeln/edit/1/",
        "regelwerk/",
        "stationen/",
        "datenquellen/",
        "wartet/",
        "sitzungen/",
        "sitzungen/neu/",
        "quarantaene/",
    ),
    *("quarantaene/1/", "personen/", "personen/neu/", "zugangsmarken/", "protokoll/", "entscheidungen/"),
    *("aufgaben/", "erinnerungen/", "projekte-gewichte/klimadatenplattform/", "bedingungen/inspect/1/"),
    *("warnungen/", "warnregeln/", "warnregeln/edit/1/", "transfer/", "erkenntnisse/"),
    *("konto/2fa/", "konto/password/change/", "konto/logout/"),
)


@pytest.fixture(scope="module")
def office(city_with_data: City) -> City:
    """Let somebody in who may do everything, and have one value wait in quarantine."""
    words = ("user", "create", EMAIL, "--role", "administrator", "--password", PASSWORD)
    done = run(city_with_data.home, *words)
    assert done.returncode == 0, done.stderr
    token = run(city_with_data.home, "token", "create", "hot", "--scope", "observations:write").stdout.split()[-1]
    base = f"{city_with_data.address}/sensorthings/v1.1"
    stream = httpx.get(f"{base}/Datastreams?$top=1").json()["value"][0]["@iot.id"]
    body = {"phenomenonTime": "2024-01-01T12:07:00Z", "result": 1e6}
    sent = httpx.post(
        f"{base}/Datastreams({stream})/Observations", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert sent.status_code == 422, sent.text
    return city_with_data


@pytest.fixture
def desk(office: City, browser: Browser) -> Iterator[Window]:
    """Sign in."""
    window = Window(browser)
    window.open(f"{office.address}/intern/")
    assert [fault for width in (NARROW, WIDE) for fault in window.faults(width)] == []
    window.page.fill("[name=login]", EMAIL)
    window.page.fill("[name=password]", PASSWORD)
    window.page.click("form[method=post] button[type=submit]")
    window.page.wait_for_url("**/intern/")
    yield window
    window.close()


def test_every_page_of_the_staff_room_is_accessible_and_fits(office: City, desk: Window) -> None:
    faults = []
    for path in PAGES:
        desk.open(f"{office.address}/intern/{path}")
        assert desk.page.locator("h1").count() >= 1, path
        faults += [f"{path}: {fault}" for width in desk.widths() for fault in desk.faults(width)]
        assert desk.hosts == {office.address.removeprefix("http://")}, path
    assert faults == []
