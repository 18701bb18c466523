"""A ranking: an order taken by form, one for each person, the common order after the end, nothing of few people."""

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.participation.methods.least import enough
from allmende.participation.methods.ranking import rank, told_of
from allmende.participation.models import Process, RankingBallot, RankingCount
from allmende.participation.services import rankings, votes
from tests.participation.conftest import ACTOR, Make, end_phase, pass_for, sheets, staff

PAGE, PAPER = "/mitmachen/ranking/rangfolge/", "/intern/beteiligung/ranking/papier/"


@pytest.fixture
def process(make: Make) -> Process:
    return with_options(make("ranking"))


def with_options(found: Process) -> Process:
    for name in ("Bäume", "Brunnen", "Bänke"):
        votes.add_statement(ACTOR, found, text_de=name, text_en=f"EN {name}")
    return found


def cast(card: str, **fields: str) -> Any:
    return Client(enforce_csrf_checks=True).post(PAGE, {"karte": card, **fields})


def filled(process: Process, *rows: tuple[int, list[int]]) -> None:
    for kind, (people, order) in enumerate(rows):
        for person in range(people):
            RankingBallot.objects.create(process=process, pseudonym=f"{kind}-{person}", order=order)


def paper_is_in(process: Process) -> None:
    """Let the last phase begin, before which paper is taken up."""
    last = process.phases.get(slug="result")
    last.since = utc_now() - dt.timedelta(seconds=1)
    last.save()


def test_an_order_is_taken_changed_and_kept_in_the_form_without_script(process: Process, gate: Gate) -> None:
    client = Client()
    card = pass_for(client, process, weiter="rangfolge")
    for wrong, status, said in (
        ({"platz-1": "1", "platz-2": "1"}, 422, "Auf Platz 1 stehen zwei Möglichkeiten."),
        ({}, 422, "Es ist noch nichts geordnet."),
        ({"platz-1": "7"}, 404, "Nr. 1 steht nicht zur Wahl."),
        ({"platz-3": "viele"}, 404, "Nr. 3 steht nicht zur Wahl."),
    ):
        answer = cast(card, **wrong)
        assert (answer.status_code, said in answer.content.decode()) == (status, True), wrong
    for fields in ({"platz-1": "2", "platz-2": "1"}, {"platz-3": "1", "platz-1": "3"}):
        assert cast(card, **fields).status_code == 302
    assert RankingBallot.objects.get().order == [3, 1]
    assert 'value="2" selected' in client.get(f"{PAGE}?karte={card}").content.decode()
    assert cast("erfunden", **{"platz-1": "1"}).status_code == 403
    with pytest.raises(Conflict):
        votes.add_statement(ACTOR, process, text_de="Noch etwas", text_en="More")
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert cast(card, **{"platz-1": "1"}).status_code == 403
    assert "Ein Einwand wird geprüft." in client.get(PAGE).content.decode()
    end_phase(process)
    assert RankingBallot.objects.get().order == [3, 1]


def test_the_database_itself_refuses_a_second_order(process: Process) -> None:
    filled(process, (1, [1]))
    with pytest.raises(IntegrityError), transaction.atomic():
        filled(process, (1, [2]))


def test_orders_from_paper_are_taken_once_for_each_code_and_what_is_refused_stays(make: Make) -> None:
    process, (desk, _) = with_options(make("ranking", level="code")), staff("office")
    first, second, third = votes.make_codes(ACTOR, process, 3)
    assert cast(pass_for(Client(), process, code=first), **{"platz-1": "1"}).status_code == 302
    for code, choice, said in (
        (first, "2 1", "Mit diesem Code wurde schon abgestimmt."),
        ("guessed", "2 1", "Diesen Code gibt es in diesem Verfahren nicht."),
        ("", "2 1", "Dieses Feld muss ausgefüllt werden."),
        (second, "2 2", "Nr. 2 steht zweimal da."),
        (second, "2 4", "Nr. 4 steht nicht zur Wahl."),
        (second, "<b>", "„&lt;b&gt;“ ist keine Nummer."),
        (second, "", "Dieses Feld muss ausgefüllt werden."),
        (second, ",", "Es ist noch nichts geordnet."),
    ):
        answer = desk.post(PAPER, {"code": code, "choice": choice}).content.decode()
        assert said in answer, choice
        assert f'value="{escape(choice)}"' in answer or not choice
    taken = desk.post(PAPER, {"code": f" {second.upper()}", "choice": "3, 1"}, follow=True).content.decode()
    assert "Aufgenommen: 1. Bänke, 2. Bäume" in taken
    again = desk.post(PAPER, {"code": second, "choice": "1"}).content.decode()
    assert "Mit diesem Code wurde schon abgestimmt." in again
    late = cast(pass_for(Client(), process, code=second), **{"platz-2": "1"})
    assert (late.status_code, "auf Papier abgestimmt" in late.content.decode()) == (409, True)
    assert '<option value="1" selected>' in late.content.decode()
    end_phase(process)
    assert desk.post(PAPER, {"code": third, "choice": "2"}).status_code == 302
    rows = RankingBallot.objects.order_by("channel", "pk").values_list("channel", "order")
    assert list(rows) == [("online", [1]), ("paper", [3, 1]), ("paper", [2])]


def test_paper_is_taken_neither_before_nor_after_nor_where_the_rules_forbid_it(process: Process, gate: Gate) -> None:
    (desk, _), (reader, _) = staff("office"), staff("steward")
    assert (reader.post(PAPER, {"choice": "1"})["Location"], RankingBallot.objects.count()) == ("/intern/", 0)
    Process.objects.update(state="draft")
    assert "Zurzeit kann man hier nicht" in desk.post(PAPER, {"choice": "1"}).content.decode()
    Process.objects.update(state="open")
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    said = desk.post(PAPER, {"choice": "1"}, follow=True).content.decode()
    assert ("Ein Einwand wird geprüft." in said, RankingBallot.objects.count()) == (True, 0)
    gate.publish_sheets(sheets(), "test")
    filled(process, (12, [2, 1, 3]))
    for _ in range(11):
        assert desk.post(PAPER, {"choice": "1 2"}).status_code == 302
    page = Client().get(PAGE).content.decode()
    assert "Bisher 23 Stimmzettel. Davon online 12, auf Papier 11." in page
    word = re.search(r"zuletzt=(.+)", desk.post(PAPER, {"choice": "3"})["Location"])
    assert word is not None
    desk.post(PAPER, {"deed": "back", "word": word[1]})
    late = re.search(r"zuletzt=(.+)", desk.post(PAPER, {"choice": "1 2"})["Location"])
    assert RankingBallot.objects.count() == 24
    RankingBallot.objects.filter(pk=RankingBallot.objects.filter(channel="online")[0].pk).delete()
    end_phase(process)
    paper_is_in(process)
    assert rankings.count_ended(utc_now(), gate) == ["ranking"]
    assert "Ausgezählt wird einmal" in desk.post(PAPER, {"choice": "1"}).content.decode()
    desk.post(PAPER, {"deed": "back", "word": late[1] if late else ""})
    assert RankingBallot.objects.count() == 23


def test_it_is_counted_once_after_the_end_and_few_are_not_told(process: Process, gate: Gate) -> None:
    client = Client()
    filled(process, (14, [2, 1, 3]), (12, [1, 2]), (3, [3, 2, 1]))
    assert rankings.count_ended(utc_now(), gate) == []
    assert "Gezählt wird nach dem Ende" in client.get(PAGE).content.decode()
    assert client.get("/mitmachen/ranking/rangfolge.csv").status_code == 404
    end_phase(process)
    assert rankings.count_ended(utc_now(), gate) == []
    paper_is_in(process)
    assert rankings.count_ended(utc_now(), gate) == ["ranking"]
    assert rankings.count_ended(utc_now(), gate) == []
    page = client.get("/en/mitmachen/ranking/rangfolge/").content.decode()
    assert "29 people" in page
    rows = list(csv.DictReader(io.StringIO(client.get("/mitmachen/ranking/rangfolge.csv").content.decode())))
    assert [(row["place"], row["text_de"]) for row in rows] == [("1", "Brunnen"), ("2", "Bäume"), ("3", "Bänke")]
    by_number = {row["number"]: row for row in rows}
    assert (by_number["2"]["preferred_to_1"], by_number["1"]["preferred_to_2"]) == ("17", "12")
    # Three people prefer the third: neither their number nor its counterpart nor the sum of a row is told.
    assert [by_number["3"][name] for name in ("preferred_to_1", "preferred_to_2", "points")] == ["", "", ""]
    assert (by_number["1"]["preferred_to_3"], by_number["1"]["points"]) == ("", "")


def test_fewer_than_ten_are_not_counted_at_all(process: Process, gate: Gate) -> None:
    filled(process, (9, [1, 2]))
    end_phase(process)
    paper_is_in(process)
    assert (rankings.count_ended(utc_now(), gate), RankingCount.objects.count()) == ([], 0)


@given(st.lists(st.tuples(st.integers(1, 25), st.permutations("ABCD"), st.integers(0, 4)), max_size=6))
@settings(max_examples=40, deadline=None)
def test_nothing_told_of_a_pair_is_about_one_to_nine(rows: list[tuple[int, list[str], int]]) -> None:
    found = rank("ABCD", [order[:length] for people, order, length in rows for _ in range(people)], "s")
    told = told_of(found)
    assert (told is None) == (found.voters < 10)
    for at, row in enumerate(told.preferred if told else ()):
        for other, people in enumerate(row):
            back = told.preferred[other][at] if told else None
            assert (people is None) == (back is None)
            if people is not None and back is not None and told:
                assert enough(people) and enough(back) and enough(told.voters - people - back)
