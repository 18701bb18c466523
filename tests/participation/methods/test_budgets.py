"""Counting votes on a budget: nothing lost, nobody favoured, every cent told."""

import random
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.participation.methods.budgets.count import Comparison, Settings, count
from allmende.participation.methods.budgets.election import BallotRules, Election, Project, VoteKind
from allmende.participation.methods.budgets.shares import equal_shares

PLAIN = Settings("seed", step=Fraction(0), fill=False)


@st.composite
def elections(draw: st.DrawFn, kind: VoteKind = "approval", most: int = 8) -> Election:
    costs = draw(st.lists(st.integers(1, 60), min_size=1, max_size=most))
    projects = [Project(f"p{at}", cost) for at, cost in enumerate(costs)]
    names = st.sampled_from([project.id for project in projects])
    points = st.integers(1, 5) if kind == "points" else st.just(1)
    ballots = draw(st.lists(st.dictionaries(names, points, max_size=4), min_size=1, max_size=14))
    return Election.of(draw(st.integers(1, 150)), projects, BallotRules(kind), ballots)


@given(st.one_of(elections(), elections("points")), st.sampled_from(["cost", "one"]))
@settings(max_examples=60, deadline=None)
def test_the_budget_is_kept_and_every_cent_is_paid(election: Election, worth: str) -> None:
    by_cost = worth == "cost" and election.rules.kind != "points"
    found = equal_shares(election, "seed", by_cost=by_cost, step=None)
    supporters = [
        {at: ballot[project.id] for at, ballot in enumerate(election.ballots()) if project.id in ballot}
        for project in election.projects
    ]
    share = Fraction(election.budget, election.voters)
    purses = [share] * election.voters
    for purchase in found.purchases:
        paid = {
            voter: min(purses[voter], purchase.price * points) for voter, points in supporters[purchase.project].items()
        }
        assert sum(paid.values()) == election.projects[purchase.project].cost
        supported = supporters[purchase.project]
        assert purchase.rest == sum(paid[voter] for voter in paid if paid[voter] < purchase.price * supported[voter])
        for voter, amount in paid.items():
            purses[voter] -= amount
    assert min(purses) >= 0
    assert found.spent(election) <= election.budget
    # Priceable: nobody's supporters keep enough to buy what was not bought.
    bought = {purchase.project for purchase in found.purchases}
    for at, project in enumerate(election.projects):
        if at not in bought:
            left = sum((purses[voter] for voter in supporters[at]), Fraction(0))
            assert left < project.cost
            assert found.missing(at) == project.cost - left


@given(elections(most=6))
@settings(max_examples=60, deadline=None)
def test_a_group_that_agrees_gets_what_its_share_buys(election: Election) -> None:
    """Extended justified representation up to one project, with costs as worth: for every group, every agreed set."""
    chosen = set(count(election, PLAIN).equal_shares.chosen)
    ballots = list(election.ballots())
    costs = {project.id: project.cost for project in election.projects}
    for size in range(1, len(costs) + 1):
        for wish in combinations(costs, size):
            group = [ballot for ballot in ballots if ballot.keys() >= set(wish)]
            price = sum(costs[name] for name in wish)
            if not group or price * len(ballots) > election.budget * len(group):
                continue
            satisfied = [
                sum(costs[name] for name in ballot.keys() & (chosen | {extra})) >= price
                for ballot in group
                for extra in wish
            ]
            assert any(satisfied)


@given(st.one_of(elections(), elections("points")), st.randoms())
@settings(max_examples=25, deadline=None)
def test_the_order_of_voters_and_projects_does_not_matter(election: Election, chance: random.Random) -> None:
    ballots, projects = list(election.ballots()), list(election.projects)
    chance.shuffle(ballots)
    chance.shuffle(projects)
    again = Election.of(election.budget, projects, election.rules, ballots)
    first, second = count(election, Settings("seed")), count(again, Settings("seed"))
    assert first == second
    for result in (first.greedy, first.equal_shares):
        assert result.spent == sum(o.cost for o in result.outcomes if o.chosen) <= election.budget


@pytest.fixture(scope="module")
def town() -> Comparison:
    """Two districts: 60 people want three dear things in the north, 40 people cheap ones in the south."""
    projects = [Project(f"north{at}", 3000) for at in range(3)] + [Project(f"south{at}", 1000) for at in range(3)]
    ballots = [{f"north{at}": 1 for at in range(3)}] * 60 + [{f"south{at}": 1 for at in range(3)}] * 40
    projects.append(Project("nobody", 10))
    return count(Election.of(9000, projects, BallotRules("approval"), ballots), Settings("seed"))


def test_equal_shares_serve_both_districts_where_most_votes_serve_one(town: Comparison) -> None:
    assert set(town.greedy.chosen) == {"north0", "north1", "north2"}
    assert {"south0", "south1", "south2"} < set(town.equal_shares.chosen)
    assert town.represented == (60, 100)


def test_the_explanation_says_who_paid_what(town: Comparison) -> None:
    told = {outcome.project: outcome for outcome in town.equal_shares.outcomes}
    south = told["south0"].carried
    assert south is not None
    assert (told["south0"].why, south.payers, south.price) == ("shares", 40, Fraction(25))
    assert (told["nobody"].why, told["nobody"].chosen) == ("no-support", False)
    refused = next(outcome for name, outcome in told.items() if name.startswith("north") and not outcome.chosen)
    assert refused.why == "no-money"
    assert refused.missing is not None
    assert refused.missing > 0


@pytest.mark.parametrize(("few", "told"), [(3, (None, None, None)), (12, (12, 30, Fraction(1500)))])
def test_few_payers_are_not_told_apart(few: int, told: tuple[int | None, int | None, Fraction | None]) -> None:
    """Thirty have half their share left for the second project, a few others all of it."""
    projects = [Project("a", 3000), Project("b", 1500 + few * 60)]
    ballots = [{"a": 1, "b": 1}] * 30 + [{"a": 1}] * 30 + [{"b": 1}] * few
    election = Election.of(len(ballots) * 100, projects, BallotRules("approval"), ballots)
    carried = count(election, PLAIN).equal_shares.outcomes[1].carried
    assert carried is not None
    assert (carried.price, carried.supporters) == (Fraction(60), 30 + few)
    assert (carried.payers, carried.givers_of_the_rest, carried.rest) == told


def test_equals_go_by_lot() -> None:
    projects = [Project(f"p{at}", 100) for at in range(10)]
    election = Election.of(300, projects, BallotRules("approval"), [{f"p{at}": 1 for at in range(10)}] * 12)
    results = {seed: set(count(election, Settings(seed)).greedy.chosen) for seed in ("a", "b", "c", "d")}
    assert all(len(chosen) == 3 for chosen in results.values())
    assert len({frozenset(chosen) for chosen in results.values()}) > 1
    assert set(count(election, Settings("a")).greedy.chosen) == results["a"]


def test_nobody_voted() -> None:
    found = count(Election.of(300, [Project("a", 100)], BallotRules("approval"), []), Settings("seed"))
    assert found.greedy.chosen == found.equal_shares.chosen == ()


@pytest.mark.parametrize(
    ("rules", "ballot"),
    [
        (BallotRules("approval"), {"x": 1}),
        (BallotRules("approval"), {"a": 2}),
        (BallotRules("approval"), {"a": True}),
        (BallotRules("points"), {"a": 0}),
        (BallotRules("points"), {"a": -3}),
        (BallotRules("points", most_points=4), {"a": 3, "b": 2}),
        (BallotRules("approval", most_projects=1), {"a": 1, "b": 1}),
        (BallotRules("knapsack"), {"a": 1, "b": 1}),
    ],
)
def test_bad_ballots_are_refused_by_number(rules: BallotRules, ballot: dict[str, int]) -> None:
    with pytest.raises(Invalid) as caught:
        Election.of(300, [Project("a", 200), Project("b", 200)], rules, [{}, ballot])
    assert caught.value.code.code == "budget.bad_ballot"
    assert "2" in caught.value.what.de


@pytest.mark.parametrize(
    ("budget", "projects"),
    [(0, [Project("a", 1)]), (5, [Project("a", 0)]), (5, [Project("a", 1), Project("a", 2)])],
)
def test_bad_elections_are_refused(budget: int, projects: list[Project]) -> None:
    with pytest.raises(Invalid):
        Election.of(budget, projects, BallotRules("approval"), [])
