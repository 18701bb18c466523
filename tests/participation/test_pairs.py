"""Comparing pairs: by form, one judgement of a pair for each person, counted once, nothing of few people."""

import csv
import io
import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.participation import pair_queries
from allmende.participation.methods.borders import MOST_OPTIONS
from allmende.participation.models import PairCount, PairJudgement, Process
from allmende.participation.services import pairs, processes, votes
from tests.participation.conftest import ACTOR, Make, end_phase, pass_for, sheets, staff

PAGE = "/mitmachen/pairs/paarvergleich/"
NAMES = ("Bäume", "Brunnen", "Bänke", "Blumen")


@pytest.fixture
def process(make: Make) -> Process:
    return with_options(make("pairs"))


def with_options(found: Process, names: tuple[str, ...] = NAMES) -> Process:
    for name in names:
        votes.add_statement(ACTOR, found, text_de=name, text_en=f"EN {name}")
    return found


def shown(page: str) -> tuple[str, list[str]]:
    """Give the word of the pair on a page, and both options as they stand there."""
    form = page.partition('id="paar"')[2]
    word = re.search(r'name="paar" value="([^"]+)"', form)
    assert word is not None, page
    return word[1], re.findall(r'class="pair-option"[^>]*>([^<]+)<', form)


def say(card: str, choice: str, word: str = "", **more: str) -> Any:
    """Judge the pair that is shown, or the one of a word."""
    client = Client(enforce_csrf_checks=True)
    word = word or shown(client.get(f"{PAGE}?karte={card}").content.decode())[0]
    return client.post(PAGE, {"karte": card, "paar": word, "wahl": choice, **more})


def filled(process: Process, *rows: tuple[int, dict[tuple[int, int], int | None]]) -> None:
    for kind, (people, said) in enumerate(rows):
        for person in range(people):
            for (first, second), value in said.items():
                PairJudgement.objects.create(
                    process=process, pseudonym=f"{kind}-{person}", first=first, second=second, value=value
                )


def test_pairs_are_judged_one_after_the_other_taken_back_and_changed(process: Process) -> None:
    client = Client()
    assert "weiter=vergleich" in client.get(PAGE).content.decode()
    card = pass_for(client, process, weiter="vergleich")
    seen, pages = [], []
    for choice in ("links", "rechts", "gleich", "weiss-nicht", "links"):
        word, both = shown(client.get(f"{PAGE}?karte={card}").content.decode())
        seen.append({*both})
        answer = say(card, choice, word)
        assert (answer.status_code, answer["Location"].endswith("#paar")) == (302, True)
        pages.append(client.get(answer["Location"]).content.decode())
    assert len({frozenset(both) for both in seen}) == 5
    for said, page in zip((" vor ", " vor ", "gleich", "übersprungen", "vor"), pages, strict=True):
        assert said in page.partition("Zuletzt:")[2][:200]
    assert "5 Vergleiche, danke." in pages[-1]
    _, both = shown(client.get(f"{PAGE}?karte={card}").content.decode())
    answer = say(card, "rechts")
    assert "Sie haben alle Paare verglichen." in client.get(answer["Location"]).content.decode()
    numbers = [1 + NAMES.index(name) for name in both]
    mine = PairJudgement.objects.get(first=min(numbers), second=max(numbers))
    assert mine.value == (-1 if numbers[0] < numbers[1] else 1)
    # What was taken back is shown anew, the same way round; what is said again replaces what was said.
    last = re.search(
        r'class="note last".*?name="paar" value="([^"]+)"', client.get(answer["Location"]).content.decode()
    )
    assert last is not None
    back = client.post(PAGE, {"karte": card, "paar": last[1], "tat": "zurueck"})
    assert PairJudgement.objects.count() == 5
    assert shown(client.get(back["Location"]).content.decode())[1] == both
    for choice in ("links", "gleich"):
        assert say(card, choice, last[1]).status_code == 302
    assert PairJudgement.objects.count() == 6
    assert PairJudgement.objects.get(first=min(numbers), second=max(numbers)).value == 0


def test_what_is_wrong_is_refused_in_words(process: Process, gate: Gate) -> None:
    client = Client()
    card, other = (pass_for(client, process, weiter="vergleich") for _ in range(2))
    word, both = shown(client.get(f"{PAGE}?karte={card}").content.decode())
    for fields, status, said in (
        ({"paar": "1-2"}, 409, "Dieses Paar wurde Ihnen nicht gezeigt."),
        ({"paar": word.replace("-", "--")}, 409, "nicht gezeigt"),
        ({"paar": shown(client.get(f"{PAGE}?karte={other}").content.decode())[0]}, 409, "nicht gezeigt"),
        ({"paar": ""}, 409, "nicht gezeigt"),
        ({"paar": word, "wahl": "beide"}, 404, "Es ist noch nichts gewählt."),
        ({"paar": word, "karte": "erfunden"}, 403, "Dafür brauchen Sie eine Teilnahme"),
    ):
        answer = client.post(PAGE, {"karte": card, "wahl": "links", **fields})
        assert (answer.status_code, said in answer.content.decode()) == (status, True), fields
    kept = client.post(PAGE, {"karte": card, "paar": word, "wahl": "beide"}).content.decode()
    assert shown(kept)[1] == both
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert (say(card, "links", word).status_code, PairJudgement.objects.count()) == (403, 0)
    assert "Ein Einwand wird geprüft." in client.get(PAGE).content.decode()
    gate.publish_sheets(sheets(), "test")
    assert say(card, "links", word).status_code == 302
    with pytest.raises(Conflict):
        votes.add_statement(ACTOR, process, text_de="Noch etwas", text_en="More")
    end_phase(process)
    assert say(card, "rechts", word).status_code == 409
    assert client.post(PAGE, {"karte": card, "paar": word, "tat": "zurueck"}).status_code == 409
    assert PairJudgement.objects.count() == 1


def test_a_code_is_one_person_however_often_it_is_typed(make: Make) -> None:
    process, client = with_options(make("pairs", level="code")), Client()
    code, _ = votes.make_codes(ACTOR, process, 2)
    cards = [pass_for(client, process, code=spelled, weiter="vergleich") for spelled in (code, code.upper())]
    word, _ = shown(client.get(f"{PAGE}?karte={cards[0]}").content.decode())
    for card in cards:
        assert say(card, "links", word).status_code == 302
    assert PairJudgement.objects.count() == 1
    openly = Client().post("/mitmachen/pairs/teilnehmen/", {"weiter": "vergleich"})
    assert openly.status_code == 404


def test_the_database_itself_refuses_a_second_judgement_and_a_pair_the_other_way_round(process: Process) -> None:
    filled(process, (1, {(1, 2): 1}))
    for pair, value in (((1, 2), -1), ((3, 2), 1), ((2, 2), 1), ((1, 3), 2)):
        with pytest.raises(IntegrityError), transaction.atomic():
            filled(process, (1, {pair: value}))


def test_the_fewest_judged_comes_next_and_the_lot_decides_between_equals(process: Process) -> None:
    filled(process, (3, dict.fromkeys(combinations(range(1, 5), 2), 1)))
    PairJudgement.objects.filter(first=2, second=4, pseudonym="0-0").delete()
    first = [pair_queries.next_pair(process, f"person-{at}") for at in range(40)]
    assert {pair.ordered for pair in first if pair} == {(2, 4)}
    sides = Counter(pair.left for pair in first if pair)
    assert min(sides[2], sides[4]) > 5
    PairJudgement.objects.all().delete()
    cache.clear()
    lots = Counter(pair.ordered for at in range(120) if (pair := pair_queries.next_pair(process, f"person-{at}")))
    assert len(lots) == 6
    assert pair_queries.next_pair(process, "person-1") == pair_queries.next_pair(process, "person-1")
    filled(process, (1, dict.fromkeys(combinations(range(1, 5), 2), None)))
    assert pair_queries.next_pair(process, "0-0") is None
    before, process.key = pair_queries.next_pair(process, "person-1"), b"another key, of which nobody knows"
    others = [pair_queries.next_pair(process, f"person-{at}") for at in range(20)]
    assert any(pair != before for pair in others)
    process.key = None
    assert pair_queries.next_pair(process, "person-1") is None


def test_it_is_counted_once_after_the_end(process: Process, gate: Gate) -> None:
    client = Client()
    filled(process, (14, {(1, 2): -1, (1, 3): 1, (2, 3): 1}), (4, {(2, 4): 1, (1, 2): None}), (3, {(1, 2): 1}))
    assert pairs.count_ended(utc_now(), gate) == []
    page = client.get(PAGE).content.decode()
    assert ("Bisher haben 21 Menschen verglichen." in page, "Gezählt wird nach dem Ende" in page) == (True, True)
    assert client.get("/mitmachen/pairs/paarvergleich.csv").status_code == 404
    end_phase(process)
    last = process.phases.get(slug="result")
    last.since = utc_now()
    last.save()
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert pairs.count_ended(utc_now(), gate) == []
    gate.publish_sheets(sheets(), "test")
    assert pairs.count_ended(utc_now(), gate) == ["pairs"]
    assert pairs.count_ended(utc_now(), gate) == []
    page = client.get("/en/mitmachen/pairs/paarvergleich/").content.decode()
    assert "17 people" in page
    rows = list(csv.DictReader(io.StringIO(client.get("/mitmachen/pairs/paarvergleich.csv").content.decode())))
    assert [(row["place"], row["text_de"]) for row in rows] == [
        ("1", "Brunnen"),
        ("2", "Bäume"),
        ("3", "Bänke"),
        ("", "Blumen"),
    ]
    # Four people compared the flowers with anything: nothing is told of them.
    assert {rows[3][name] for name in ("percent", "percent_low", "percent_high", "judgements")} == {""}
    told = client.get("/mitmachen/pairs/paarvergleich.json").json()
    assert (told["method"], told["people"], told["apart"], told["prior"]) == ("bradley-terry", 17, ["004"], 0.5)
    assert sum(one["percent"] for one in told["placed"]) in (149, 150, 151)


def test_fewer_than_ten_are_not_counted_and_scattered_comparisons_give_no_order(make: Make, gate: Gate) -> None:
    few, scattered = (with_options(make("pairs", slug=slug)) for slug in ("few", "scattered"))
    filled(few, (9, {(1, 2): 1}))
    assert "zeigen wir ab zehn Menschen" in Client().get("/mitmachen/few/paarvergleich/").content.decode()
    filled(scattered, (4, {(1, 2): 1}), (4, {(3, 4): 1}), (4, {(2, 3): 1}))
    for process in (few, scattered):
        end_phase(process)
        process.phases.filter(slug="result").update(since=utc_now())
    assert pairs.count_ended(utc_now(), gate) == ["scattered"]
    assert PairCount.objects.count() == 1
    page = Client().get("/mitmachen/scattered/paarvergleich/").content.decode()
    assert "Es gibt zu wenige Vergleiche, um die Möglichkeiten zu ordnen." in page


def test_people_see_and_delete_their_own_comparisons_while_the_phase_runs(process: Process) -> None:
    client = Client()
    card = pass_for(client, process, weiter="vergleich")
    say(card, "gleich")
    say(card, "weiss-nicht")
    own = "/mitmachen/pairs/meine-stimmen/"
    told = client.get(f"/mitmachen/pairs/meine-stimmen.json?karte={card}")
    assert [one["value"] for one in told.json()["pairs"]] == [0, None]
    client.post(own, {"karte": card})
    assert not PairJudgement.objects.exists()
    say(card, "gleich")
    end_phase(process)
    client.post(own, {"karte": card})
    assert PairJudgement.objects.count() == 1


def test_a_copy_has_the_options_and_nothing_that_people_said(process: Process) -> None:
    filled(process, (12, {(1, 2): 1}))
    copy = processes.clone(ACTOR, process, slug="again", title=Text("Noch einmal", "Again"), first_day=utc_now())
    assert [one.text_de for one in copy.statements.all()] == list(NAMES)
    assert not copy.pair_judgements.exists()
    desk, _ = staff("office")
    page = desk.get("/intern/beteiligung/again/").content.decode()
    assert ("Was zur Wahl steht" in page, "Möglichkeit (deutsch)" in page) == (True, True)
    page = desk.get("/intern/beteiligung/pairs/").content.decode()
    assert ("Es wurde schon geordnet oder verglichen" in page, "Möglichkeit (deutsch)" in page) == (True, False)


def test_sixteen_options_are_the_most(make: Make) -> None:
    process = with_options(make("pairs"), tuple(f"Wunsch {number}" for number in range(MOST_OPTIONS)))
    desk, _ = staff("office")
    sent = {"deed": "statement", "text_de": "Noch einer", "text_en": "One more"}
    page = desk.post("/intern/beteiligung/pairs/", sent, follow=True).content.decode()
    assert ("Mehr als 16 Möglichkeiten" in page, "Noch einer" in page) == (True, True)
    assert process.statements.count() == MOST_OPTIONS
