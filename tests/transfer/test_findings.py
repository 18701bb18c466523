"""What the projects teach: pages, files and feed as of any day; drafted by one person, published by another."""

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.kernel.clock import today
from allmende.transfer.models import FindingVersion
from allmende.transfer.queries import finding_on
from tests.reports.conftest import browser
from tests.transfer.conftest import EARLY, LATE

ADDRESS = "/intern/erkenntnisse/innenstadt/"


def read(address: str) -> str:
    answer = Client().get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def draft(**changed: str) -> dict[str, Any]:
    """Give the form as it would be sent."""
    words = {f"{name}_{code}": f"{name} {code}" for name in ("problem", "tried") for code in ("de", "en")}
    return {"deed": "write", "phase": "trial", "certainty": "low", "topics": ["climate"], **words, **changed}


def edits() -> int:
    return FindingVersion.objects.get(project__slug="innenstadt", state="draft").edits


@pytest.mark.usefixtures("musterstadt")
class TestPages:
    def test_the_list_is_narrowed_by_phase_topic_and_words_in_both_languages(self) -> None:
        def shown(query: str, prefix: str = "") -> set[str]:
            page = read(f"{prefix}/erkenntnisse/?stand={LATE}&{query}")
            return set(re.findall(r'<h3><a href="[^"]*/erkenntnisse/([a-z]+)/', page))

        assert shown("") == {"licht", "stadtklima", "parken", "datenplattform"}
        assert shown("phase=stopped") == {"parken"}
        assert shown("topic=data") == {"stadtklima", "datenplattform"}
        assert shown("text=katzen+schnittstelle") == {"licht"}
        assert shown("text=cats", "/en") == {"licht"}
        assert shown("text=einhorn") == set()
        assert "Nehmen Sie einen Filter weg" in read(f"/erkenntnisse/?stand={LATE}&text=einhorn")
        assert "noch nichts veröffentlicht" in read("/erkenntnisse/?stand=2024-01-01")

    def test_a_page_tells_everything_and_what_was_known_on_a_day(self) -> None:
        page = read(f"/erkenntnisse/licht/?stand={LATE}")
        for words in ("höher gehängt", "98.400,00", "DIN EN 13201", "Zhaga", "31. Dezember 2028", "gut belegt"):
            assert words in page
        assert "/wirkung/strom-licht/" in page
        before = read(f"/erkenntnisse/licht/?stand={EARLY}")
        assert "höher gehängt" not in before
        assert "Kosten sind nicht veröffentlicht." in before
        assert before.count("Nicht veröffentlicht.") == 4
        assert Client().get("/erkenntnisse/licht/?stand=2025-01-01").status_code == 404
        assert "danach ist keine Stelle genannt" not in page

    def test_files_and_feed_tell_the_same_and_leave_the_unknown_empty(self) -> None:
        rows = {row["project"]: row for row in csv.DictReader(io.StringIO(read(f"/erkenntnisse.csv?stand={LATE}")))}
        assert rows["licht"]["once_cents"] == "17890000"
        early = {row["project"]: row for row in csv.DictReader(io.StringIO(read(f"/erkenntnisse.csv?stand={EARLY}")))}
        assert early["licht"]["once_cents"] == ""
        assert early["licht"]["gaps"] == "staff law assessment prerequisites"
        costs = list(csv.DictReader(io.StringIO(read("/erkenntnisse/licht/kosten.csv"))))
        assert [row["kind"] for row in costs] == ["staff", "orders", "investment", "operation"]
        told = Client().get(f"/erkenntnisse.json?stand={LATE}&topic=mobility").json()
        assert [one["project"] for one in told["findings"]] == ["parken"]
        assert Client().get("/erkenntnisse/parken.json").json()["content"]["phase"] == "stopped"
        feed = ElementTree.fromstring(read("/en/erkenntnisse.atom"))
        titles = [one.text for one in feed.iterfind("{*}entry/{*}title")]
        assert "Light on demand" in titles


@pytest.mark.usefixtures("musterstadt")
class TestFourEyes:
    def test_one_writes_another_publishes_and_the_public_sees_it_only_then(self) -> None:
        before = AuditEntry.objects.count()
        assert browser("office").post(ADDRESS, draft(investment_once="1.200,50")).status_code == 302
        assert Client().get("/erkenntnisse/innenstadt/").status_code == 404
        browser("office").post(ADDRESS, {"deed": "publish", "edits": edits()})
        assert finding_on("innenstadt", today()) is None
        assert browser("lead").post(ADDRESS, draft())["Location"] == "/intern/"
        page = browser("second").get(ADDRESS).content.decode()
        assert "eine zweite Person" not in page
        browser("second").post(ADDRESS, {"deed": "publish", "edits": edits()})
        assert "1.200,50" in read("/erkenntnisse/innenstadt/")
        verbs = [entry.verb for entry in AuditEntry.objects.order_by("pk")[before:] if "finding" in entry.verb]
        assert verbs == ["transfer.finding_edited", "transfer.finding_published"]
        version = FindingVersion.objects.get(project__slug="innenstadt")
        assert (version.number, version.published_on) == (1, today())

    def test_the_next_version_waits_beside_the_published_one_and_can_be_dropped(self) -> None:
        address = "/intern/erkenntnisse/parken/"
        assert browser("office").post(address, draft(problem_de="ganz anders")).status_code == 302
        assert "ganz anders" not in read("/erkenntnisse/parken/")
        browser("office").post(address, {"deed": "discard"})
        assert FindingVersion.objects.filter(project__slug="parken").count() == 1

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"contact_de": "Frau Muster", "contact_en": "office", "contact_until": "2030-01-01"}, "Frau Muster"),
            ({"contact_de": "Amt, a.muster@example.org", "contact_en": "x"}, "a.muster@example.org"),
            ({"contact_de": "Amt", "contact_en": "office"}, "bis wann"),
            ({"tried_de": "", "tried_en": ""}, "lehrt nichts"),
        ],
    )
    def test_what_may_not_be_published_is_said_with_the_draft_and_refused(
        self, changed: dict[str, str], said: str
    ) -> None:
        browser("office").post(ADDRESS, draft(**changed))
        assert said in browser("second").get(ADDRESS).content.decode()
        browser("second").post(ADDRESS, {"deed": "publish", "edits": edits()})
        assert FindingVersion.objects.get(project__slug="innenstadt").state == "draft"

    def test_half_a_text_and_a_draft_that_moved_are_refused(self) -> None:
        half = browser("office").post(ADDRESS, draft(law_de="nur deutsch"))
        assert "Diese Sprache fehlt." in half.content.decode()
        browser("office").post(ADDRESS, draft())
        stale = browser("second").post(ADDRESS, draft(problem_de="überschrieben"))
        assert "jemand anderes" in stale.content.decode()
        browser("office").post(ADDRESS, draft(edits=str(edits())))
        browser("second").post(ADDRESS, {"deed": "publish", "edits": 1})
        assert FindingVersion.objects.get(project__slug="innenstadt").state == "draft"
