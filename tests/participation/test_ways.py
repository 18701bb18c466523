"""Judgements online beside those on paper or on site: typed, taken back, compared, and nothing of few people."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.participation.methods.ranking import rank, told_of
from allmende.participation.models import Ballot, Process, RankingBallot, Vote, Voter
from allmende.participation.services import budgets, rankings, votes
from allmende.participation.services.contributions import Draft, submit
from tests.participation.conftest import ACTOR, Make, end_phase, pass_for, sheets, staff

SHEETS, RESULT = "/intern/beteiligung/survey/boegen/", "/mitmachen/survey/ergebnis/"


def survey(make: Make, **fields: Any) -> Process:
    process = make("survey", **fields)
    for name in ("Mehr Bäume", "Mehr Lärm"):
        votes.add_statement(ACTOR, process, text_de=name, text_en=f"EN {name}")
    return process


def judged(process: Process, number: int, channel: str, agree: int, disagree: int) -> None:
    statement = process.statements.get(number=number)
    for at, value in enumerate([1] * agree + [-1] * disagree):
        name = f"{channel}-{at}"
        if channel != "online":
            Voter.objects.get_or_create(process=process, pseudonym=name, defaults={"channel": channel})
        Vote.objects.create(statement=statement, pseudonym=name, value=value)


def rows_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Client().get(path).content.decode())))


def test_sheets_are_typed_once_for_each_code_and_what_is_refused_stays(make: Make) -> None:
    process, (desk, _), client = survey(make, level="code"), staff("office"), Client()
    first, second, third = votes.make_codes(ACTOR, process, 3)
    card = pass_for(client, process, code=first)
    client.post("/mitmachen/survey/aussagen/", {"karte": card, "aussage": "1", "stimme": "agree"})
    for fields, said in (
        ({"code": first, "agree": "1"}, "Mit diesem Code wurde schon abgestimmt."),
        ({"code": "guessed", "agree": "1"}, "Diesen Code gibt es in diesem Verfahren nicht."),
        ({"code": second, "agree": "1 2", "disagree": "2"}, "Nr. 2 steht zweimal da."),
        ({"code": second, "agree": "7"}, "Aussage Nr. 7 gibt es nicht."),
        ({"code": second, "agree": "<b>"}, "„&lt;b&gt;“ ist keine Nummer."),
        ({"code": second}, "Es ist noch keine Aussage bewertet."),
        ({"code": second, "agree": "1", "channel": "elsewhere"}, "ist keine gültige Auswahl"),
    ):
        page = desk.post(SHEETS, {"channel": "onsite", **fields}).content.decode()
        assert said in page, fields
        assert f'value="{escape(fields.get("agree", ""))}"' in page
    body = {"code": second.upper(), "agree": "1", "disagree": "2", "channel": "onsite", "group": "handel"}
    taken = desk.post(SHEETS, body, follow=True)
    assert "Aufgenommen: zugestimmt: 1 · abgelehnt: 2" in taken.content.decode()
    voter = Voter.objects.get(channel="onsite")
    assert (voter.group.slug if voter.group else "", Vote.objects.filter(pseudonym=voter.pseudonym).count()) == (
        "handel",
        2,
    )
    # Whoever has the code neither sees nor changes what came on paper.
    card = pass_for(client, process, code=second)
    page = client.get(f"/mitmachen/survey/aussagen/?karte={card}").content.decode()
    assert ("auf Papier abgestimmt" in page, 'name="stimme"' in page) == (True, False)
    for fields in ({"aussage": "1", "stimme": "disagree"}, {"gruppe": "familien"}):
        assert client.post("/mitmachen/survey/aussagen/", {"karte": card, **fields}).status_code == 409
    own = client.get(f"/mitmachen/survey/meine-stimmen.json?karte={card}").json()
    assert (own["votes"], own["group"]) == ({}, None)
    client.post("/mitmachen/survey/meine-stimmen/", {"karte": card})
    assert Vote.objects.filter(pseudonym=voter.pseudonym).count() == 2
    # Who only named a group online has not voted yet; what was mistyped is taken back once.
    card = pass_for(client, process, code=third)
    client.post("/mitmachen/survey/aussagen/", {"karte": card, "gruppe": "handel"})
    answer = desk.post(SHEETS, {"code": third, "passed": "1", "channel": "paper"})
    word = re.search(r"zuletzt=([^&]+)", answer["Location"])
    assert word is not None
    assert answer["Location"].endswith("kam=paper")
    assert Vote.objects.count() == 4
    desk.post(SHEETS, {"deed": "back", "word": word[1]})
    assert (Vote.objects.count(), Voter.objects.count()) == (3, 1)
    page = desk.post(SHEETS, {"deed": "back", "word": word[1]}, follow=True).content.decode()
    assert "lässt sich nicht mehr zurücknehmen" in page


def test_sheets_are_taken_neither_by_others_nor_when_closed_nor_where_the_rules_forbid_it(
    make: Make, gate: Gate
) -> None:
    survey(make)
    (desk, _), (reader, _) = staff("office"), staff("steward")
    body = {"agree": "1", "channel": "paper"}
    assert reader.post(SHEETS, body)["Location"] == "/intern/"
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert "Ein Einwand wird geprüft." in desk.post(SHEETS, body, follow=True).content.decode()
    gate.publish_sheets(sheets(), "test")
    Process.objects.update(state="closed")
    assert "Dieses Verfahren ist nicht offen." in desk.post(SHEETS, body).content.decode()
    assert Vote.objects.count() == 0
    assert desk.get("/intern/beteiligung/survey/").content.decode().count("boegen/") == 1
    Process.objects.update(state="open")
    for _ in range(2):
        desk.post(SHEETS, body)
    assert Vote.objects.count() == 2


def test_both_ways_stand_side_by_side_from_ten_people_on(make: Make) -> None:
    process = survey(make)
    judged(process, 1, "online", 20, 20)
    judged(process, 2, "online", 20, 20)
    page = Client().get(RESULT).content.decode()
    assert "Einen Vergleich zeigen wir, sobald" in page
    judged(process, 1, "onsite", 9, 0)
    judged(process, 2, "onsite", 4, 5)
    for page in (Client().get(RESULT).content.decode(), Client().get(f"{RESULT}wege.json").content.decode()):
        assert not re.search(r"\b(9|49)\b", page.partition("Online und vor Ort")[2].partition("Meinungsgruppen")[0])
    assert {row["online_people"] + row["points"] for row in rows_of(f"{RESULT}wege.csv")} == {""}
    judged(process, 1, "paper", 8, 1)
    page = Client().get("/en/mitmachen/survey/ergebnis/").content.decode()
    assert "On site or on paper, more people agreed:" in page
    assert "94 % instead of 50 % online" in page
    first, second = rows_of(f"{RESULT}wege.csv")
    assert [first[name] for name in ("online_people", "online_percent", "onsite_people", "points")] == [
        *("40", "50", "18", "44.4"),
    ]
    assert float(first["points_low"]) > 0
    assert {second[name] for name in ("online_people", "onsite_people", "points", "points_low")} == {""}
    told = Client().get(f"{RESULT}wege.json").json()
    assert (told["method"], [one["name"] for one in told["statements"]]) == ("newcombe-10, bonferroni", ["1"])


def test_the_support_of_projects_is_compared_where_neither_way_tells_of_few(make: Make) -> None:
    process = make("budget", phase=2)
    for cost in (4_000_00, 5_000_00):
        draft = Draft(kind="proposal", title=f"Projekt {cost}", cost=cost)
        one = submit(ACTOR, process, draft, proven=True, confirmed=True, now=utc_now()).contribution
        budgets.put_on_ballot(ACTOR, one.costing, cost=cost, now=utc_now())
    # On paper three of twenty chose the second one: its support is told by neither way.
    cast = [("online", {"1": 1}, 12), ("online", {"1": 1, "2": 1}, 18), ("paper", {"1": 1}, 17), ("paper", {"2": 1}, 3)]
    for channel, choice, people in cast:
        for at in range(people):
            name = f"{channel}-{choice}-{at}"
            Ballot.objects.create(process=process, pseudonym=name, channel=channel, choice=choice)
    end_phase(process)
    budgets.count_once(ACTOR, process, seed="s", source="", now=utc_now())
    first, second = sorted(rows_of("/mitmachen/budget/auszaehlung.csv"), key=lambda row: row["number"])
    assert [first[name] for name in ("online_people", "online_percent", "paper_people", "paper_percent", "points")] == [
        *("30", "100", "20", "85", "-15.0"),
    ]
    assert (second["supporters"], second["online_people"], second["paper_percent"]) == ("21", "", "")
    page = Client().get("/mitmachen/budget/auszaehlung/").content.decode()
    assert "Online und auf Papier" in page


def test_orders_are_compared_where_ten_people_gave_one_by_each_way(make: Make, gate: Gate) -> None:
    for slug, paper in (("viele", 11), ("wenige", 9)):
        process = make("ranking", slug=slug)
        for name in ("Bäume", "Brunnen"):
            votes.add_statement(ACTOR, process, text_de=name, text_en=name)
        for channel, order, people in (("online", [1, 2], 14), ("paper", [2, 1], paper)):
            for at in range(people):
                name = f"{channel}-{at}"
                RankingBallot.objects.create(process=process, pseudonym=name, channel=channel, order=order)
        end_phase(process)
        process.phases.filter(slug="result").update(since=utc_now())
    assert rankings.count_ended(utc_now(), gate) == ["wenige", "viele"]
    rows = {row["text_de"]: row for row in rows_of("/mitmachen/viele/rangfolge.csv")}
    assert [(rows[name]["place_online"], rows[name]["place_paper"]) for name in ("Bäume", "Brunnen")] == [
        *(("1", "2"), ("2", "1")),
    ]
    page = Client().get("/en/mitmachen/viele/rangfolge/").content.decode()
    assert "Ahead online: “Bäume”. Ahead on paper: “Brunnen”." in re.sub(r"\s+", " ", page)
    assert Client().get("/mitmachen/viele/rangfolge.json").json()["ways"]["paper"]["voters"] == 11
    page = Client().get("/mitmachen/wenige/rangfolge/").content.decode()
    assert ("wenn auf beiden Wegen je mindestens zehn" in page, "Platz online" in page) == (True, False)
    assert {row["place_online"] for row in rows_of("/mitmachen/wenige/rangfolge.csv")} == {""}


@given(st.integers(0, 25), st.integers(0, 25))
def test_both_ways_of_a_ranking_are_told_or_none(online: int, paper: int) -> None:
    ways = {"online": rank("AB", ["AB"] * online, "s"), "paper": rank("AB", ["BA"] * paper, "s")}
    told = told_of(rank("AB", ["AB"] * online + ["BA"] * paper, "s"), ways)
    shown = told.ways if told else {}
    assert {name: way.voters for name, way in shown.items()} == (
        {"online": online, "paper": paper} if min(online, paper) >= 10 else {}
    )


@pytest.mark.parametrize("path", ["ergebnis/wege.csv", "ergebnis/wege.json"])
def test_nothing_is_given_where_votes_may_not_be_shown(make: Make, gate: Gate, path: str) -> None:
    survey(make)
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert Client().get(f"/mitmachen/survey/{path}").status_code == 403
