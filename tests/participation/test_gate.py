"""Data of the participation passes the gate: shown, taken and written to files only as the rules let it, on record."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client

from allmende.ethics.model import Rule
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Process, Vote
from allmende.participation.services import votes
from allmende.participation.services.opinions import look_again
from allmende.participation.services.snapshot import newest_snapshot, snapshot_facts, write_snapshot
from tests.participation.conftest import ACTOR, Make, handed_in, pass_for, sheets, staff, submit

SHOWS = ("contributions", "/mitmachen/charter/beitraege/", "published-contributions")


def prohibit(gate: Gate, *categories: str, verb: str = "*") -> None:
    book = gate.rulebook()
    words = Text("Still gelegt", "Stood still")
    rule = Rule(
        slug="stillgelegt",
        effect="prohibit",
        verbs=(verb,),
        categories=categories,
        purposes=("*",),
        title=words,
        reason=Text("Der Beirat prüft.", "The board examines."),
        source="Beirat",
    )
    gate.publish(msgspec.structs.replace(book, rules=(*book.rules, rule)), "test")


@pytest.fixture
def charter(make: Make) -> tuple[Process, Contribution, Client]:
    """Give a charter with a need and a statement, in the phase in which people judge."""
    process, client = make("charter"), Client()
    one, _ = handed_in(client, process, group="handel", tag="idea")
    votes.add_statement(ACTOR, process, text_de="Mehr Schatten", text_en="More shade", contribution=one)
    return process, one, client


def addresses(process: Process, one: Contribution) -> dict[str, tuple[str, ...]]:
    here, about = f"/mitmachen/{process.slug}", f"/mitmachen/beitraege/{one.number}"
    return {
        "published-contributions": (
            *(f"{here}/beitraege/", f"{here}/beitraege.csv", f"{here}/feed.atom", f"{here}/synopse/"),
            *(f"{about}/", f"{about}/feed.atom", "/mitmachen/moderation/", "/mitmachen/moderation.csv"),
        ),
        "vote-results": (f"{here}/ergebnis/", f"{here}/ergebnis.csv"),
    }


def decided(gate: Gate) -> list[tuple[str, str, str, bool]]:
    return [(row.verb, row.category, row.purpose, row.allowed) for row in gate.decisions()]


def test_every_page_and_file_leaves_a_decision_about_its_category(charter: Any, gate: Gate) -> None:
    process, one, client = charter
    for category, paths in addresses(process, one).items():
        for path in paths:
            before = sum(row.times for row in gate.decisions() if row.category == category)
            answer = client.get(path)
            assert answer.status_code == 200, path
            b"".join(answer) if answer.streaming else answer.content
            assert sum(row.times for row in gate.decisions() if row.category == category) == before + 1, path
    assert ("collect", "contributions", "participation", True) in decided(gate)


@pytest.mark.parametrize("category", ["published-contributions", "vote-results"])
def test_what_the_rules_prohibit_is_refused_with_the_rule_and_its_reason(
    charter: Any, gate: Gate, category: str, tmp_path: Path
) -> None:
    process, one, client = charter
    prohibit(gate, category)
    for kind, paths in addresses(process, one).items():
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == (403 if kind == category else 200), path
            if kind == category:
                assert "Still gelegt (Der Beirat prüft.)" in answer.content.decode(), path
    assert ("publish", category, "participation", False) in decided(gate)
    home = client.get(f"/mitmachen/{process.slug}/").content.decode()
    assert ("Der Beirat prüft." in home, one.title in home) == (category != "vote-results", category == "vote-results")
    tables = snapshot_facts(write_snapshot(tmp_path, utc_now(), gate))
    told = {"contributions", "comments", "steps", "dipas-contributions", "contribution-channels"}
    votes_of = {"statements", "ballot-channels", "budget-projects", "rankings", "pairs", "statement-ways"}
    votes_of |= {"survey-questions", "survey-answers"}
    away = votes_of if category == "vote-results" else told
    assert ({*tables["withheld"]}, away & {*tables["rows"]}) == (away, set())


def test_a_suspended_use_is_neither_taken_nor_shown_and_what_was_typed_stays(charter: Any, gate: Gate) -> None:
    process, one, client = charter
    word = pass_for(client, process)
    gate.publish_sheets(sheets(contributions="Ein Einwand wird geprüft.", votes="Ein Einwand wird geprüft."), "test")
    refused = submit(client, process, title="Noch eine Bank am See", group="handel", tag="idea")
    assert refused.status_code == 403
    assert "Ein Einwand wird geprüft." in refused.content.decode()
    assert "Noch eine Bank am See" in refused.content.decode()
    voted = client.post(f"/mitmachen/{process.slug}/aussagen/", {"karte": word, "aussage": "1", "stimme": "agree"})
    assert (voted.status_code, Vote.objects.count(), Contribution.objects.count()) == (403, 0, 1)
    for paths in addresses(process, one).values():
        assert {client.get(path).status_code for path in paths} == {403}
    desk, _ = staff("office")
    assert desk.get(f"/intern/beteiligung/beitrag/{one.number}/").status_code == 302
    assert look_again(utc_now(), gate) == 0
    assert newest_snapshot(Path("/nowhere")) is None


def test_votes_leave_no_decision_as_its_time_could_tell_whose_they_are(make: Make, gate: Gate) -> None:
    process, client = make("survey"), Client()
    votes.add_statement(ACTOR, process, text_de="Mehr Schatten", text_en="More shade")
    word = pass_for(client, process)
    client.post(f"/mitmachen/{process.slug}/aussagen/", {"karte": word, "aussage": "1", "stimme": "agree"})
    assert Vote.objects.count() == 1
    assert "votes" not in {row.category for row in gate.decisions()}


def test_the_register_tells_what_why_who_and_how_long(make: Make, gate: Gate) -> None:
    make()
    from allmende.packs.read import read_parts
    from allmende.register.content import DataUsesContent, EthicsContent
    from allmende.register.services import load_ethics
    from allmende.register.sheets import load_data_uses

    load_ethics(ACTOR, content=read_parts("konstanz", ("ethics.yaml",), EthicsContent))
    load_data_uses(ACTOR, content=read_parts("konstanz", ("data_uses.yaml",), DataUsesContent))
    listed = Client().get("/en/datenethik/register/").content.decode()
    for words in ("Votes of participation", "What people write:", "Addresses, names and keys", "Participation"):
        assert words in listed, words
    assert "participation-votes" in Client().get("/datenethik/register.csv").content.decode()
    sheet = Client().get("/datenethik/nutzungen/participation-votes/").content.decode()
    for words in ("Stimmen können politische Meinungen verraten", "Stimmen zählen", "vernichtet", "/mitmachen/"):
        assert words in sheet, words
    assert Client().get("/datenethik/nutzungen/nichts/").status_code == 404
