"""Two cities, each with its own home and processes: a project goes from one to the other and measures there.

Everything goes through the command line and over HTTP; only the five days for which a data use is announced are not
waited for.
"""

import datetime as dt
import json
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from allmende.register.rules import ANNOUNCED_FOR, SCREENING
from tests.pages.conftest import City
from tests.program import founded_copy, migrated_home, run
from tests.transfer.desk import PASSWORD, Desk
from tests.transfer.packages import a_connector
from tools import packages

pytestmark = pytest.mark.xdist_group("cities")

STEWARD, BOARD = "steward@example.org", "board@example.org"
SOURCE = "hofklima"
# Where the cities say they stand; a server of such an address would demand HTTPS of the test.
ORIGIN = {"ALLMENDE_PUBLIC_URL": "https://musterstadt.example"}
TAKER = {"ALLMENDE_PUBLIC_URL": "https://konstanz.example"}
RULE: dict[str, Any] = {
    "slug": "umwelt-erforschen",
    "effect": "permit",
    "verbs": ["collect", "delete"],
    "categories": ["weather"],
    "purposes": ["research"],
    "recipients": ["administration"],
    "title_de": "Wetter für die Forschung messen",
    "title_en": "Measure weather for research",
    "reason_de": "Höfe in Musterstadt sollen verstanden werden.",
    "reason_en": "Yards in Musterstadt are to be understood.",
    "source": "Erdachter Beschluss",
    "position": "99",
}


def made(home: Path, *words: str, **settings: str) -> str:
    """Run a command that has to work."""
    done = run(home, *words, folder=None, **settings)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def staffed(home: Path) -> str:
    """Let two people in who decide together, and give the key of the source."""
    made(home, "user", "create", STEWARD, "--role", "steward", "--role", "office", "--password", PASSWORD)
    made(home, "user", "create", BOARD, "--role", "ethics-board", "--password", PASSWORD)
    return made(home, "token", "create", "hof", "--scope", f"ingest:{SOURCE}").split()[-1]


def send(city: City, token: str, station: str, at: str, value: float) -> httpx.Response:
    """Send one value as a station does."""
    body = {"station": station, "at": at, "value": value}
    return city.client.post(f"/ingest/{SOURCE}", json=body, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def musterstadt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[City, str]]:
    """Serve the city that gives, with a source of its own."""
    home = tmp_path_factory.mktemp("musterstadt") / "var"
    shutil.copytree(migrated_home(), home)
    made(home, "init", "--pack", "musterstadt")
    folder = home / "connectors" / SOURCE
    folder.mkdir(parents=True)
    plain = a_connector()
    recipe = {
        **plain.recipe,
        "dataset": SOURCE,
        "purpose": "research",
        "data_use": "stadtklima",
        "stations": [{"slug": "rathaushof", "name": "Rathaushof", "key": "M-1", "longitude": 10.0, "latitude": 50.0}],
    }
    (folder / "source.yaml").write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    (folder / "manifest.toml").write_text(
        'api = 1\nid = "hofklima"\nkind = "push"\nlicence = "EUPL-1.2"\nowner = "Allmende"\n'
        '[title]\nde = "Klima der Höfe"\nen = "Climate of yards"\n'
        '[description]\nde = "Höfe in Musterstadt"\nen = "Yards in Musterstadt"\n'
        '[data]\nlicence = "CC-BY-4.0"\nattribution = "Stadt Musterstadt"\nkeep_raw_days = 0\n',
        encoding="utf-8",
    )
    token = staffed(home)
    city = City(home)
    try:
        city.wait()
        yield city, token
    finally:
        city.stop()


@pytest.fixture(scope="module")
def konstanz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[City, str]]:
    """Serve the city that takes over."""
    home = founded_copy(tmp_path_factory.mktemp("konstanz"))
    token = staffed(home)
    city = City(home)
    try:
        city.wait()
        yield city, token
    finally:
        city.stop()


@pytest.fixture(scope="module")
def package(musterstadt: tuple[City, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have the origin decide its rule, measure, and give the project out."""
    city, token = musterstadt
    refused = send(city, token, "M-1", "2026-07-01T12:00:00Z", 31.5)
    assert refused.status_code == 403, refused.text
    steward, board = Desk(city.address, STEWARD), Desk(city.address, BOARD)
    done = steward.send("/intern/regeln/new/", **RULE)
    assert "Wetter für die Forschung messen" in done.text
    board.send("/intern/regelwerk/", decision="Erdachter Rat, 1.11.2026")
    time.sleep(1.5)  # all processes follow a decision within a second
    for minute in range(3):
        taken = send(city, token, "M-1", f"2026-07-01T12:{minute:02}:00Z", 31.5 + minute)
        assert (taken.status_code, taken.json()["taken"]) == (200, 1), taken.text
    path = tmp_path_factory.mktemp("paket") / "stadtklima.zip"
    told = made(city.home, "transfer", "export", "stadtklima", "--out", str(path), **ORIGIN)
    assert "entry of the ledger" in told
    return path


def decide_use(city: City, steward: Desk, board: Desk, slug: str) -> None:
    """Take a data sheet from the idea to the day on which it is announced."""
    step = f"/intern/datennutzung/{slug}/"
    why = {"reason_de": "Weil.", "reason_en": "Because."}
    database = sqlite3.connect(city.home / "city.sqlite3")
    number = database.execute("SELECT id FROM register_datause WHERE slug = ?", (slug,)).fetchone()[0]
    database.close()
    answers = {f"screening_{name}": "no" for name in SCREENING}
    until = (dt.date.today() + dt.timedelta(days=100)).isoformat()  # noqa: DTZ011 - some day ahead
    edit = {"risk_de": "Keine.", "risk_en": "None.", "until": until, **answers}
    steward.send(f"/intern/datennutzungen/edit/{number}/", **edit)
    steward.send(step, to="checked", **why)
    board.send(step, to="decided", decision="Rat, 2.11.2026", **why)
    steward.send(step, to="announced", **why)


def days_pass(city: City, slug: str) -> None:
    """Let the days go by that residents have before a data use begins."""
    database = sqlite3.connect(city.home / "city.sqlite3", timeout=20)
    day = (dt.date.today() - ANNOUNCED_FOR).isoformat()  # noqa: DTZ011 - the program compares days
    database.execute("UPDATE register_datause SET announced = ? WHERE slug = ?", (day, slug))
    database.commit()
    database.close()


def own_values(package: Path, home: Path, file: Path) -> dict[str, Any]:
    """Fill the parameters in as Konstanz would: its own words, its own station."""
    asked: dict[str, Any] = yaml.safe_load(made(home, "transfer", "parameters", str(package)))
    assert [one["key"] for one in asked["stations"][SOURCE]] == ["M-1"], "the origin's stand there as an example"
    asked["project"] = "hofklima"
    words = {"city": "Konstanz", "city.lower": "konstanz", "city.upper": "KONSTANZ"}
    for one in asked["names"]:
        one["value"] = words.get(one["name"], f"Konstanzer {one['name']}")
    asked["stations"] = {
        SOURCE: [{"slug": "inselhof", "name": "Inselhof", "key": "K-9", "longitude": 9.18, "latitude": 47.66}]
    }
    file.write_text(yaml.safe_dump(asked, allow_unicode=True), encoding="utf-8")
    return asked


def test_a_project_of_one_city_runs_in_the_other_after_its_own_decision(
    musterstadt: tuple[City, str], konstanz: tuple[City, str], package: Path, tmp_path: Path
) -> None:
    origin, (city, token) = musterstadt[0], konstanz
    own_values(package, city.home, tmp_path / "own.yaml")
    receipt = tmp_path / "receipt.json"
    words = ("transfer", "import", str(package), "--parameters", str(tmp_path / "own.yaml"), "--receipt", str(receipt))
    told = made(city.home, *words, **TAKER)
    lines = {tuple(line.split()[:2]): line.split()[2] for line in told.splitlines() if line[:1].islower()}
    assert lines["rule", "umwelt-erforschen"] == "taken", told
    assert lines["connector", SOURCE] == "taken", told
    recipe = (city.home / "connectors" / SOURCE / "source.yaml").read_text()
    assert "inselhof" in recipe
    assert "Musterstadt" not in recipe

    reply = tmp_path / "reply.json"
    reply.write_text(json.dumps({"station": "K-9", "at": "2026-07-02T12:00:00Z", "value": 30.0}))
    assert "30" in made(city.home, "connector", "try", SOURCE, "--from", str(reply)), "tried, nothing stored"

    def sent() -> httpx.Response:
        return send(city, token, "K-9", "2026-07-02T12:00:00Z", 30.0)

    steward, board = Desk(city.address, STEWARD), Desk(city.address, BOARD)
    refused = sent()
    assert refused.status_code == 403, refused.text
    assert "umwelt-erforschen" not in city.text("/datenethik/")
    assert "Wetter für die Forschung" in steward.text("/intern/regelwerk/"), "a proposal"
    board.send("/intern/regelwerk/", decision="Gemeinderat Konstanz, 26.11.2026")
    refused = sent()
    assert refused.status_code == 403, refused.text
    sheet = "stadtklima"
    decide_use(city, steward, board, sheet)
    assert sent().status_code == 403, "announced is not yet active"
    days_pass(city, sheet)
    steward.send(f"/intern/datennutzung/{sheet}/", to="active", reason_de="Los.", reason_en="Go.")
    # All processes follow a decision within a second.
    deadline = time.monotonic() + 20
    while (taken := sent()).status_code == 403 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert (taken.status_code, taken.json()["taken"]) == (200, 1), taken.text

    assert "30,0" in city.text("/daten/stationen/inselhof/")
    found = city.client.get("/sensorthings/v1.1/Datastreams?$expand=Observations,Thing").json()["value"]
    assert [one["Thing"]["name"] for one in found if one["Observations"]] == ["Inselhof"]
    page = city.text("/projekte/hofklima/")
    assert "Übernommen am" in page
    assert "Musterstadt" in page
    assert "https://musterstadt.example" in page

    assert "Noch hat keine Stadt gemeldet" in origin.text("/projekte/stadtklima/")
    made(origin.home, "transfer", "acknowledge", str(receipt))
    page = origin.text("/projekte/stadtklima/")
    assert "auch in" in page
    assert "https://konstanz.example" in page


def test_programs_of_others_find_the_package_sound(package: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    described = json.loads((tmp_path / "daten" / "datapackage.json").read_text())
    assert [one["dataset"] for one in described["resources"]] == [SOURCE]
    report = frictionless.validate(str(tmp_path / "daten" / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]
    assert report.tasks[0].stats["rows"] == 3
    if not (packages.FOLDER / ".finished").exists():
        pytest.skip("no validator of RO-Crates; make packages FILES=… installs it")
    assert packages.crates([str(package)])
