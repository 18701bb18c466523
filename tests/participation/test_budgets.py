"""A budget: proposals with costs, one ballot for each person, two counts side by side, the council's decision."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import today, utc_now
from allmende.participation.formats import BudgetFrame
from allmende.participation.methods.budgets.election import BallotRules, Election, Project
from allmende.participation.methods.budgets.pabulib import read
from allmende.participation.methods.budgets.publication import tellable
from allmende.participation.methods.least import enough
from allmende.participation.models import Ballot, Budget, BudgetCount, Process, Proposal
from allmende.participation.services import budgets, votes
from allmende.participation.services.contributions import Draft, submit
from tests.participation.conftest import ACTOR, Make, end_phase, handed_in, pass_for, sheets, staff
from tests.participation.conftest import submit as send

HOME = "/intern/beteiligung/"
COSTS = (12_000_00, 9_000_00, 4_000_00)
Voting = Callable[..., Process]


@pytest.fixture
def voting(make: Make) -> Voting:
    """Give the maker of budgets that are voted on, with three proposals of 25,000 € in all."""

    def made(**frame: Any) -> Process:
        process = make("budget", phase=2, level=frame.pop("level", "open"))
        values = {"amount": 20_000_00, "ceiling": 15_000_00, **frame}
        budgets.set_up(ACTOR, process, BudgetFrame(**values))
        for number, cost in enumerate(COSTS, 1):
            draft = Draft(kind="proposal", title=f"Projekt {number}", cost=cost)
            one = submit(ACTOR, process, draft, proven=True, confirmed=True, now=utc_now()).contribution
            budgets.put_on_ballot(ACTOR, one.costing, cost=cost, now=utc_now())
        return process

    return made


def cast(process: Process, card: str, **fields: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/mitmachen/{process.slug}/stimmzettel/", {"karte": card, **fields})


def fill(process: Process, *rows: tuple[int, dict[str, int]]) -> None:
    for kind, (people, choice) in enumerate(rows):
        for person in range(people):
            Ballot.objects.create(process=process, pseudonym=f"{kind}-{person}", choice=choice)


def test_a_proposal_comes_with_its_cost_and_gets_a_number_on_the_ballot(make: Make) -> None:
    process, client = make("budget"), Client()
    assert "höchstens 15.000,00 €" in client.get("/mitmachen/budget/beitraege/neu/").content.decode()
    for wrong in ("", "viel", "0", "-5", "15.000,01"):
        sent = send(client, process, title="Eine Bank am See", cost=wrong)
        assert (sent.status_code, 'id="fault-cost"' in sent.content.decode()) == (400, True)
    one, _ = handed_in(client, process, title="Eine Bank am See", cost="1.234,50")
    desk, _ = staff("office")
    sent = desk.post(f"{HOME}budget/budget/", {"deed": f"cost-{one.costing.pk}", f"{one.costing.pk}-cost": "20000"})
    assert Proposal.objects.get().number is None
    desk.post(f"{HOME}budget/budget/", {"deed": f"cost-{one.costing.pk}", f"{one.costing.pk}-cost": "1300"})
    found = Proposal.objects.get()
    assert (found.asked, found.cost, found.number) == (123_450, 130_000, 1)
    page = client.get(f"/en/mitmachen/beitraege/{one.number}/").content.decode()
    assert "€1,300.00" in page and "On the ballot as no. 1" in page


def test_a_ballot_is_reckoned_handed_in_and_changed_without_script(voting: Voting) -> None:
    process, client = voting(vote="knapsack"), Client(enforce_csrf_checks=True)
    card = pass_for(client, process, weiter="stimmzettel")
    over = cast(process, card, **{"nr-1": "1", "nr-2": "1", "rechnen": "1"})
    assert "Das ist mehr, als da ist." in over.content.decode()
    refused = cast(process, card, **{"nr-1": "1", "nr-2": "1"})
    assert (refused.status_code, "kostet mehr als das Budget" in refused.content.decode()) == (422, True)
    assert re.search(r'id="nr-1" value="1" checked', refused.content.decode())
    assert (Ballot.objects.count(), cast(process, card).status_code) == (0, 422)
    for choice in ({"nr-1": "1", "nr-3": "1"}, {"nr-2": "1"}):
        assert cast(process, card, **choice).status_code == 302
    assert Ballot.objects.get().choice == {"2": 1}
    assert not client.cookies
    end_phase(process)
    assert cast(process, card, **{"nr-1": "1"}).status_code == 409


@pytest.mark.parametrize(
    ("frame", "choice", "status"),
    [
        ({"vote": "points", "most_points": 10}, {"nr-1": "6", "nr-2": "4"}, 302),
        ({"vote": "points", "most_points": 10}, {"nr-1": "6", "nr-2": "5"}, 422),
        ({"vote": "points"}, {"nr-1": "-3"}, 422),
        ({"vote": "points"}, {"nr-1": "viele"}, 422),
        ({"vote": "approval", "most_projects": 1}, {"nr-1": "1", "nr-2": "1"}, 422),
        ({"vote": "approval"}, {"nr-1": "7"}, 422),
        ({"vote": "approval"}, {"nr-9": "1"}, 422),
    ],
)
def test_what_breaks_the_rules_is_refused(voting: Voting, frame: Any, choice: dict[str, str], status: int) -> None:
    process = voting(**frame)
    assert cast(process, pass_for(Client(), process), **choice).status_code == status
    assert Ballot.objects.count() == (status == 302)


def test_what_is_suspended_is_neither_taken_nor_told(voting: Voting, gate: Gate) -> None:
    process, client = voting(), Client()
    card = pass_for(client, process)
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    refused = cast(process, card, **{"nr-1": "1"})
    assert (refused.status_code, Ballot.objects.count()) == (403, 0)
    assert "Ein Einwand wird geprüft." in refused.content.decode()
    desk, _ = staff("office")
    paper = desk.post(f"{HOME}budget/papier/", {"choice": "1"}, follow=True)
    assert ("Ein Einwand wird geprüft." in paper.content.decode(), Ballot.objects.count()) == (True, 0)
    for name in ("budget-result", "budget-result-csv", "budget-result-json", "budget-result-pb"):
        assert client.get(reverse(name, args=[process.slug])).status_code == 403, name
    gate.publish_sheets(sheets(contributions="Ein Einwand wird geprüft."), "test")
    for name in ("ballot", "ballot-csv"):
        assert client.get(reverse(name, args=[process.slug])).status_code == 403, name


def test_the_database_itself_refuses_a_second_ballot(voting: Voting) -> None:
    process = voting()
    fill(process, (1, {"1": 1}))
    with pytest.raises(IntegrityError), transaction.atomic():
        fill(process, (1, {"2": 1}))
    assert cast(process, "erfunden", **{"nr-1": "1"}).status_code == 403


def test_a_code_counts_once_online_and_on_paper_together(voting: Voting) -> None:
    process = voting(level="code")
    first, second = votes.make_codes(ACTOR, process, 2)
    cast(process, pass_for(Client(), process, code=first), **{"nr-1": "1"})
    desk, _ = staff("office")
    for code, choice, said in (
        (first, "2", "Mit diesem Code wurde schon abgestimmt."),
        (second, "2 3", ""),
        ("guessed", "1", "Diesen Code gibt es in diesem Verfahren nicht."),
        (second, "1", "Mit diesem Code wurde schon abgestimmt."),
        (second, "2 2", "Nr. 2 steht zweimal da."),
        ("x", "a", "„a“ ist keine Nummer."),
        ("x", "1:a", "„1:a“ ist keine Nummer."),
        (second, "9", "Nr. 9 steht nicht auf dem Stimmzettel."),
    ):
        answer = desk.post(f"{HOME}budget/papier/", {"code": code, "choice": choice})
        assert (answer.status_code == 302) == (not said), choice
        if said:
            assert said in answer.content.decode() and f'value="{choice}"' in answer.content.decode()
    late = cast(process, pass_for(Client(), process, code=second), **{"nr-1": "1"})
    assert (late.status_code, "auf Papier abgestimmt" in late.content.decode()) == (409, True)
    assert sorted((one.channel, str(one.choice)) for one in Ballot.objects.all()) == [
        ("online", "{'1': 1}"),
        ("paper", "{'2': 1, '3': 1}"),
    ]


def test_what_was_mistyped_from_paper_is_taken_back_once_and_typed_anew(voting: Voting) -> None:
    process = voting(level="code")
    (code,) = votes.make_codes(ACTOR, process, 1)
    desk, _ = staff("office")
    paper = f"{HOME}budget/papier/"
    taken = desk.post(paper, {"code": code, "choice": "1"})
    word = re.search(r'name="word" value="([^"]+)"', desk.get(taken["Location"]).content.decode())
    assert word is not None
    back = {"deed": "back", "word": word[1]}
    assert "Zurückgenommen" in desk.post(paper, back, follow=True).content.decode()
    assert Ballot.objects.count() == 0
    assert "nicht mehr zurücknehmen" in desk.post(paper, back, follow=True).content.decode()
    desk.post(paper, {"code": code, "choice": "2"})
    assert Ballot.objects.get().choice == {"2": 1}
    for other in ("", "x", word[1][:-1]):
        desk.post(paper, {"deed": "back", "word": other})
    reader, _ = staff("auditor")
    reader.post(paper, back)
    assert Ballot.objects.count() == 1


def test_paper_from_before_the_vote_is_refused(voting: Voting) -> None:
    process, (desk, _) = voting(), staff("office")
    later = dt.timedelta(days=400)
    process.phases.update(since=F("since") + later, until=F("until") + later)
    early = desk.post(f"{HOME}budget/papier/", {"choice": "1"})
    assert ("Zurzeit kann man hier nicht" in early.content.decode(), Ballot.objects.count()) == (True, 0)


def counted(process: Process, desk: Client, seed: str = "4 8 15") -> Any:
    return desk.post(f"{HOME}budget/budget/", {"deed": "count", "seed": seed, "source": "Lotto", "sure": "on"})


def test_it_is_counted_once_after_the_end_and_rules_stand_from_the_first_ballot(voting: Voting) -> None:
    process, (desk, _) = voting(), staff("office")
    fill(process, (9, {"1": 1}))
    rules = {"deed": "rules", "amount": "1", "vote": "points", "rule": "greedy", "worth": "one"}
    desk.post(f"{HOME}budget/budget/", rules)
    assert Budget.objects.get().amount == 20_000_00
    counted(process, desk)
    end_phase(process)
    counted(process, desk)
    assert BudgetCount.objects.count() == 0
    fill(process, *[(0, {})], (1, {"2": 1}))
    for seed in ("4 8 15", "another"):
        counted(process, desk, seed)
    assert BudgetCount.objects.get().seed == "4 8 15"
    late = desk.post(f"{HOME}budget/papier/", {"choice": "1"})
    assert "Ausgezählt wird einmal; das ist geschehen." in late.content.decode()
    assert Ballot.objects.count() == 10


def test_both_counts_stand_side_by_side_and_tell_who_carried_what(voting: Voting) -> None:
    process, (desk, _) = voting(), staff("office")
    fill(process, (60, {"1": 1}), (35, {"2": 1}), (4, {"2": 1, "3": 1}), (3, {"1": 1}))
    assert "Zwischenstände gibt es nicht" in Client().get("/mitmachen/budget/auszaehlung/").content.decode()
    end_phase(process)
    counted(process, desk)
    page = Client().get("/mitmachen/budget/auszaehlung/").content.decode()
    assert "63 Menschen zahlten je 190,48\u00a0€" in page and "weniger als zehn" in page
    csv = Client().get("/mitmachen/budget/auszaehlung.csv").content.decode().splitlines()
    assert csv[1].split(",")[3:6] == ["1200000", "63", "63"]
    election, meta = read(Client().get("/mitmachen/budget/stimmzettel.pb").content.decode())
    told = Counter(frozenset(ballot) for ballot in election.ballots())
    assert min(told.values()) >= 10 and "held back" in meta["comment"]
    assert desk.get(f"{HOME}budget/budget/stimmzettel.pb").status_code == 404
    whole = desk.post(f"{HOME}budget/budget/stimmzettel.pb")
    assert read(whole.content.decode())[0].voters == 102
    assert AuditEntry.objects.filter(verb="participation.ballots_handed_out").count() == 1
    decision = {
        "day": str(today()),
        "paper": "2026-1",
        "funded": "1 3",
        "decision_de": "So.",
        "decision_en": "So be it.",
    }
    desk.post(f"{HOME}budget/budget/", {"deed": "decide", **decision})
    outcomes = [one.contribution.outcome for one in Proposal.objects.select_related("contribution")]
    assert outcomes == ["accepted", "declined", "accepted"]
    assert "So be it." in Client().get("/en/mitmachen/budget/auszaehlung/").content.decode()


@given(st.lists(st.tuples(st.integers(1, 25), st.sets(st.sampled_from("abcd"), min_size=1)), max_size=9))
@settings(max_examples=40, deadline=None)
def test_from_sums_and_file_together_no_fewer_than_ten_can_be_reckoned(rows: list[tuple[int, set[str]]]) -> None:
    ballots = [dict.fromkeys(names, 1) for people, names in rows for _ in range(people)]
    projects = [Project(name, 5) for name in "abcd"]
    election = Election.of(100, projects, BallotRules("approval"), ballots)
    shown, withheld = tellable(election)
    assert all(people >= 10 for people in Counter(frozenset(ballot) for ballot in shown).values())
    assert len(shown) + withheld == len(ballots)
    assert enough(withheld) or not shown
    for name, total in zip("abcd", election.supporters(), strict=True):
        rest = total - sum(name in ballot for ballot in shown)
        assert enough(rest) or not enough(total)


def test_a_panel_of_the_city_begins_with_the_amounts_of_its_template(make: Make) -> None:
    process = make("panel-budget")
    budget = process.budget
    assert (budget.amount, budget.ceiling, budget.vote) == (100_000_00, 15_000_00, "points")
    assert "kommunaltopinform.de" in Client().get("/mitmachen/panel-budget/").content.decode()
