"""A kept search finds what the list shows: both ask the same question."""

import random
from typing import Any

import pytest
from django.test import Client

from allmende.kernel.clock import utc_now
from allmende.participation.models import Contribution, Follower, Process, Topic
from allmende.participation.rules import TAGS
from allmende.participation.search import RADII, Search, written
from allmende.participation.services.contributions import Draft, submit
from allmende.participation.services.searches import TOGETHER, finding
from allmende.register.around import Point
from tests.participation.conftest import ACTOR, Make, handed_in

WORDS = (
    "Öde",
    "öde",
    "ÄCKER",
    "Bäume",
    "bäume",
    "Straße",
    "Bank",
    "bank",
    "Ufer",
    "100%",
    "a_b",
    "\\",
    "'",
    "é",
    "Übergang",
)
TOWN = Point(9.17, 47.66)


def made(process: Process, chance: random.Random) -> Contribution:
    """Hand in what might be looked for; words stand in title or text, one of them in both."""
    words = chance.choices(WORDS, k=4)
    point = Point(TOWN.longitude + chance.uniform(-0.03, 0.03), TOWN.latitude + chance.uniform(-0.02, 0.02))
    draft = Draft(
        kind="need",
        title=" ".join(words[:2]),
        body="".join(words[1:]),
        category=chance.choice(("", "schatten", "wasser")),
        group=chance.choice(("", "handel", "familien")),
        tag=chance.choice(("", *TAGS)),
        point=chance.choice((None, point)),
    )
    return submit(ACTOR, process, draft, proven=True, confirmed=True, now=utc_now()).contribution


def wish(chance: random.Random) -> dict[str, str]:
    """Choose something in the form of the list, as somebody who looks for this and that."""
    place = f"{TOWN.latitude + chance.uniform(-0.01, 0.01):.4f}, {TOWN.longitude + chance.uniform(-0.01, 0.01):.4f}"
    words = [chance.choice((str.lower, str.upper, str))(word) for word in chance.choices(WORDS, k=chance.randint(0, 2))]
    if chance.random() < 0.1:
        words = words * 4
    around = chance.random() < 0.4
    return {
        "suche": " ".join(words),
        "thema": chance.choice(("", "", "schatten", "wasser", "gibt-es-nicht")),
        "gruppe": chance.choice(("", "", "handel", "familien")),
        "art": chance.choice(("", "", *TAGS)),
        "ort": place if around else "",
        "umkreis": str(chance.choice(RADII)) if around else "",
    }


@pytest.mark.parametrize("seed", range(3))
def test_whoever_keeps_a_search_hears_of_exactly_what_its_list_shows(make: Make, seed: int) -> None:
    chance, process, client = random.Random(seed), make("charter"), Client()
    Topic.objects.create(process=process, kind="category", slug="wasser", title_de="Wasser", title_en="Water")
    wishes = [wish(chance) for _ in range(12)]
    here = f"/mitmachen/{process.slug}/beitraege/"
    for at, one in enumerate(wishes):
        client.post(f"{here}merken/", {**one, "email": f"w{at}@example.org"})
    Follower.objects.update(confirmed=utc_now())
    for _ in range(25):
        made(process, chance)
    found = 0
    for at, one in enumerate(wishes):
        follower = Follower.objects.get(email=f"w{at}@example.org")
        told = {notice.step.contribution.number for notice in follower.notices.all()}
        listed = {row.number for _place, row in client.get(here, one).context["entries"]}
        assert told == listed, one
        found += len(told)
    assert found


def test_words_are_found_in_any_case_in_title_and_text(make: Make) -> None:
    process = make()
    one, _ = handed_in(Client(), process, title="Überweg am Öhmdwiesenweg", body="ÄLTERE brauchen ihn")
    page = f"/mitmachen/{process.slug}/beitraege/"
    for words in ("überweg öhmd ältere", "ÜBERWEG", "Ältere", "übeRWEG"):
        assert one.number in Client().get(page, {"suche": words}).content.decode(), words


def test_a_thousand_searches_take_few_queries(make: Make, django_assert_max_num_queries: Any) -> None:
    one, _ = handed_in(Client(), make())
    searches = [written(Search(words=f"wort{at}")) for at in range(999)] + [written(Search(words="seerhein"))]
    with django_assert_max_num_queries(1 + 1_000 // TOGETHER):
        assert finding(one, searches) == {written(Search(words="seerhein"))}
