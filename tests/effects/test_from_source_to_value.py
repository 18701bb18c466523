"""From what a source says to the value that people read: five sources, one running city, its public doors alone.

Each expected value is reckoned beside the replies from which it follows, by hand and not by the program.
"""

import csv
import datetime as dt
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from allmende.sources.create import create
from tests.program import founded_copy, run
from tests.serve.test_tree import Tree
from tests.sources.conftest import Remote
from tests.transfer.desk import PASSWORD, Desk

pytestmark = pytest.mark.xdist_group("tree")

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = dt.datetime.now(BERLIN).date()
YEAR = TODAY.year - 1
MONTH = (TODAY.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
DAYS_OF_YEAR = (dt.date(YEAR + 1, 1, 1) - dt.date(YEAR, 1, 1)).days
DAYS_OF_MONTH = (TODAY.replace(day=1) - MONTH).days
RULE = "verkehr-veroeffentlichen"
BICYCLES, PARKING = "gezaehlte-raeder", "belegung-parkhaeuser"
UNKNOWN, ASKED = "feinstaub-pm2-5", ("stickstoffdioxid", "solarleistung-register", "seepegel", BICYCLES, PARKING)
SLUGS = (*ASKED, UNKNOWN)


def air() -> object:
    """Write hours of nitrogen dioxide: of ten, five of 12 µg/m³, four of 30, and one that the source does not know."""
    start = dt.datetime(YEAR, 1, 1, tzinfo=dt.UTC)
    hours = {
        f"{start + dt.timedelta(hours=n):%Y-%m-%d %H:%M:%S}": [
            5,
            2,
            (12, 12, 12, 12, 12, 30, 30, 30, 30, None)[n % 10],
            "",
            "",
        ]
        for n in range(3_300)
    }
    return {"data": {"1613": hours}}


AIR = ((5 * 12 + 4 * 30) / 9, 2_970, DAYS_OF_YEAR * 24 - 2_970)


def register() -> object:
    """Write four units, of which two are solar and in operation."""
    sun, wind = {"EnergietraegerName": "Solare Strahlungsenergie"}, {"EnergietraegerName": "Wind"}
    units = [
        {**sun, "BetriebsStatusId": 35, "Nettonennleistung": 9.9},
        {**sun, "BetriebsStatusId": 35, "Nettonennleistung": 120.6},
        {**sun, "BetriebsStatusId": 31, "Nettonennleistung": 5_000},
        {**wind, "BetriebsStatusId": 35, "Nettonennleistung": 4_000},
    ]
    return {"Data": units, "Total": len(units)}


SOLAR = (130.5, 1, 0)


def level() -> object:
    """Write twenty days at a gauge: the first has 400 cm, the fifth is not known, the others have 305 on average."""

    def of_day(day: int) -> tuple[float | None, ...]:
        return (400, 400, 400) if day == 1 else (None,) if day == 5 else (300, 310)

    return [
        {"timestamp": _local(MONTH.replace(day=day), 6 + 4 * place).isoformat(), "value": value}
        for day in range(1, 21)
        for place, value in enumerate(of_day(day))
    ]


LEVEL = ((400 + 18 * 305) / 19, 19, DAYS_OF_MONTH - 19)


def counts() -> str:
    """Write 125 days of two counters: 100 bicycles twice an hour from 6 to 22 h, two by night; on day 3 one is out."""
    lines = ["Datetime,100020113 (Nord),200020113 (Süd),100020113-status,200020113-status"]
    for n in range(125):
        day, status = dt.date(YEAR, 1, 1) + dt.timedelta(days=n), "4" if n == 2 else "0"
        for hour in (3, *range(6, 22)):
            number = 2 if hour == 3 else 100
            lines += [f"{day} {hour:02}:{minute},{number},{number},0,{status}" for minute in ("00", "30")]
    return "\n".join(lines) + "\n"


HOURLY, HOURS, CHANGED = 200, 16, 5
COUNTS = (2 * HOURS * HOURLY, 124, DAYS_OF_YEAR - 124)


def spaces() -> object:
    """Write eleven days of two car parks, twice an hour from 8 to 20 h.

    One has 225 of 900 spaces free; the other all of 100 until noon, then none. It is closed in the first hour of day 2.
    """
    features = []
    for day in range(1, 12):
        for hour in range(8, 20):
            for minute in (5, 35):
                at = _local(MONTH.replace(day=day), hour, minute)
                closed = (day, hour) == (2, 8)
                features += [_feature("4.0", at, 225, 900), _feature("3.0", at, 100 if hour < 12 else 0, 100, closed)]
    return {"features": features}


def _feature(key: str, at: dt.datetime, free: int, all_of_them: int, closed: bool = False) -> object:
    # The clock of the source is behind by the offset of German time.
    offset = at.utcoffset()
    assert offset is not None
    said = {"id": float(key), "opening_s": "nein" if closed else "ja", "real_fcap": free, "real_capa": all_of_them}
    return {"attributes": {**said, "updated": int((at - offset).timestamp() * 1_000)}}


# 325 of 1,000 free in four hours a day but one, 225 of 1,000 in eight.
SPACES = ((43 * 67.5 + 88 * 77.5) / 131, 131, DAYS_OF_MONTH * 12 - 131)


def _local(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), BERLIN)


class City:
    """A running city that has fetched its sources and computed its indicators."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.public = httpx.Client(base_url=tree.address, timeout=30)

    def compute(self, *slugs: str) -> str:
        """Determine the values now; give what the command says."""
        done = run(self.tree.home, "indicators", "run", *slugs)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, path: str) -> Any:
        """Give a tree that everybody may read."""
        answer = self.public.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.json()

    def rows(self, path: str) -> list[dict[str, str]]:
        """Give a table that everybody may read."""
        return list(csv.DictReader(io.StringIO(self.public.get(path).text.lstrip("\ufeff"))))

    def page(self, path: str) -> str:
        """Give the words of a page."""
        answer = self.public.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return " ".join(answer.text.split())


def _connect(home: Path, name: str, **changes: tuple[str, str]) -> None:
    recipe = create(home, f"my-{name}", name) / "source.yaml"
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text, encoding="utf-8")


def _connect_all(home: Path, remote: Remote) -> None:
    """Make five sources of the city as its staff would: a copy of what ships, with address and data sheet."""
    unnamed = 'data_use: ""'
    _connect(home, "uba", host=("https://luftdaten.umweltbundesamt.de", remote.url))
    remote.says("/api/air-data/v3/measures/json", air())
    _connect(home, "mastr", host=("https://www.marktstammdatenregister.de/MaStR/E", f"{remote.url}/MaStR/E"))
    remote.says("/MaStR/Einheit/EinheitJson/GetErweiterteOeffentlicheEinheitStromerzeugung", register())
    _connect(home, "pegelonline", host=("https://www.pegelonline.wsv.de", remote.url))
    remote.says(f"/webservices/rest-api/v2/stations/{GAUGE}/W/measurements.json", level())
    _connect(
        home,
        "konstanz-parking",
        host=("https://services.gis.konstanz.digital", remote.url),
        use=(unnamed, "data_use: parkplaetze"),
    )
    remote.says("/geoportal/rest/services/Fachdaten/Parkplaetze_Parkleitsystem/MapServer/0/query", spaces())
    second = '\n  - { slug: zaehlstelle-sued, name: Süd, key: "200020113", kind: traffic-counter }\n\ninstrument:'
    _connect(home, "ecocounter-csv", use=(unnamed, "data_use: verkehrszaehlung"), second=("\n\ninstrument:", second))
    (home / "inbox" / "my-ecocounter-csv" / "counts.csv").write_text(counts(), encoding="utf-8")


GAUGE = "aa9179c1-17ef-4c61-a48a-74193fa7bfdf"
SOURCES = ("my-uba", "my-mastr", "my-pegelonline", "my-konstanz-parking", "my-ecocounter-csv")


def _wait_for_values(home: Path) -> None:
    """Wait until the work process has taken values of every source."""
    until, missing = time.monotonic() + 120, set(SOURCES)
    while missing:
        assert time.monotonic() < until, f"nothing came of {missing}"
        for name in tuple(missing):
            state = home / "sources" / name / "state.json"
            if state.exists() and json.loads(state.read_bytes())["last_value"]:
                missing.remove(name)
        time.sleep(0.1)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Run a city whose work process fetches the five sources; compute the indicators once."""
    home, remote = founded_copy(tmp_path_factory.mktemp("values")), Remote()
    _connect_all(home, remote)
    for role in ("steward", "ethics-board"):
        words = ("user", "create", f"{role}@example.org", "--role", role, "--password", PASSWORD)
        assert run(home, *words).returncode == 0
    tree = Tree(home, ALLMENDE_SOURCE_HOSTS="127.0.0.1")
    try:
        tree.wait_for("/")
        _wait_for_values(home)
        running = City(tree)
        running.compute(*SLUGS)
        yield running
    finally:
        tree.process.terminate()
        tree.process.wait(30)
        remote.server.shutdown()
        remote.server.server_close()


EXPECTED = dict(zip(ASKED, (AIR, SOLAR, LEVEL, COUNTS, SPACES), strict=True))
# How far noise can move a value: each hour of each counter by five bicycles.
OFF = {BICYCLES: 2 * HOURS * CHANGED}
RULES = {BICYCLES: RULE, PARKING: "parkplaetze"}
STATIONS = {
    "stickstoffdioxid": ["uba-1613"],
    "solarleistung-register": ["mastr-08335043"],
    "seepegel": ["pegel-konstanz"],
    BICYCLES: ["wolbecker-strasse", "zaehlstelle-sued"],
    PARKING: ["parkhaus-fischmarkt", "parkhaus-fischmarkt", "parkhaus-lago", "parkhaus-lago"],
}


@pytest.mark.parametrize("slug", ASKED)
def test_the_published_value_follows_from_what_the_source_said(city: City, slug: str) -> None:
    told = city.json(f"/wirkung/{slug}.json")
    value, used, left_out = EXPECTED[slug]
    newest = told["newest"]
    assert float(newest["value"]) == pytest.approx(value, abs=OFF.get(slug, 1e-6))
    assert (newest["used"], newest["left_out"], newest["simulated"]) == (used, left_out, False)
    lineage = told["values"][0]["lineage"]
    assert lineage["rules"] == [RULES.get(slug, "umwelt-veroeffentlichen")]
    assert sorted(one["station"] for one in lineage["datastreams"]) == STATIONS[slug]
    for stream in lineage["datastreams"]:
        assert city.json(f"/sensorthings/v1.1/Datastreams({stream['id']})")["name"] == stream["name"]
    row = city.rows(f"/wirkung/{slug}.csv")[0]
    assert (row["value"], row["unit"]) == (newest["value"], newest["unit"])
    (line,) = (one for one in city.rows("/wirkung.csv") if one["slug"] == slug)
    assert (line["value"], line["baseline"]) == (newest["value"], ""), "no baseline is published, and that is not zero"
    for path, baseline in ((f"/wirkung/{slug}/", "unbekannt"), (f"/en/wirkung/{slug}/", "unknown")):
        page = city.page(path)
        assert f"/datenethik/regeln/{lineage['rules'][0]}/" in page
        assert f'<span class="unknown">{baseline}</span>' in page


def test_what_nobody_measured_stays_unknown(city: City) -> None:
    told = city.json(f"/wirkung/{UNKNOWN}.json")
    assert (told["newest"], told["values"], told["status"]) == (None, [], "unknown")
    (line,) = (one for one in city.rows("/wirkung.csv") if one["slug"] == UNKNOWN)
    assert (line["value"], line["status"]) == ("", "unknown")
    assert "No datastream fits this definition yet" in city.page(f"/en/wirkung/{UNKNOWN}/")


def test_counts_are_public_by_the_hour_and_never_of_fewer_than_ten(city: City) -> None:
    lineage = city.json(f"/wirkung/{BICYCLES}.json")["values"][0]["lineage"]
    day = dt.date(YEAR, 2, 3)
    since, until = (_local(day + dt.timedelta(days=n), 0).astimezone(dt.UTC) for n in (0, 1))
    span = f"phenomenonTime ge {since:%Y-%m-%dT%H:%M:%SZ} and phenomenonTime lt {until:%Y-%m-%dT%H:%M:%SZ}"
    for stream in lineage["datastreams"]:
        path = f"/sensorthings/v1.1/Datastreams({stream['id']})/Observations"
        answer = city.public.get(path, params={"$filter": span, "$top": 100, "$orderby": "phenomenonTime"})
        told = answer.json()["value"]
        hours = [dt.datetime.fromisoformat(one["phenomenonTime"].partition("/")[0]) for one in told]
        assert [at.astimezone(BERLIN).hour for at in hours] == list(range(6, 22)), "the four of the night are not told"
        assert all(abs(one["result"] - HOURLY) <= CHANGED for one in told)


def test_without_the_rule_the_indicator_says_why_there_is_no_new_value(city: City) -> None:
    before = city.json(f"/wirkung/{BICYCLES}.json")
    assert before["reasons"][-1]["code"] != "refused"
    steward, board = (Desk(city.tree.address, f"{role}@example.org") for role in ("steward", "ethics-board"))
    page = steward.text(f"/intern/regeln/?q={RULE}")
    number = page.partition("/intern/regeln/edit/")[2].partition("/")[0]
    assert "Gezählten Verkehr veröffentlichen" in steward.text(f"/intern/regeln/edit/{number}/")
    steward.send(f"/intern/regeln/edit/{number}/", form="withdrawn", withdrawn="on")
    board.send("/intern/regelwerk/", decision="Ethikbeirat: Zählungen bleiben im Rathaus")
    said = city.compute(BICYCLES, PARKING).splitlines()
    assert ["not permitted" in line for line in said] == [True, False]
    after = city.json(f"/wirkung/{BICYCLES}.json")
    assert after["values"] == before["values"], "what was published lawfully stays readable"
    assert after["reasons"][-1]["code"] == "refused"
    assert "No rule permits this" in after["reasons"][-1]["text"]["en"]
    (line,) = (one for one in city.rows("/wirkung.csv") if one["slug"] == BICYCLES)
    assert "Keine Regel erlaubt das" in line["reasons_de"]
    assert "No rule permits this" in city.page(f"/en/wirkung/{BICYCLES}/")
    assert "new value refused" in city.page("/en/wirkung/")
    assert "No rule permits this" not in city.page(f"/en/wirkung/{PARKING}/")
    until = time.monotonic() + 20
    closed = f"/sensorthings/v1.1/Datastreams({after['values'][0]['lineage']['datastreams'][0]['id']})"
    while city.public.get(closed).status_code != 404:
        assert time.monotonic() < until, "the datastreams are still open"
        time.sleep(0.05)
