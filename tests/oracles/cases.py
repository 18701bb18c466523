"""Random inputs for the oracles, what we make of them, and how near the two are."""

import random
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from allmende.participation.methods.budgets.count import Settings as BudgetSettings
from allmende.participation.methods.budgets.count import by_equal_shares, by_most_votes
from allmende.participation.methods.budgets.election import BallotRules, Election, Project
from allmende.participation.methods.budgets.shares import tie_order
from allmende.participation.methods.opinions.groups import Settings, find_groups
from allmende.participation.methods.opinions.statistics import consensus, counts_of
from allmende.participation.methods.opinions.votes import Votes
from allmende.participation.methods.panels.chances import fairest
from allmende.participation.methods.panels.pool import Person, Pool, Quota

Case = dict[str, Any]
SEED = "oracle"
VALUES = {"+": 1, "-": -1, "0": 0}


def budget_case(number: int) -> Case:
    """Make an election; every third has few different costs and votes, so that ties are frequent."""
    chance = random.Random(number)
    kind, worth = [("approval", "cost"), ("approval", "one"), ("points", "one")][number % 3]
    count, voters = chance.randint(3, 25), chance.randint(4, 120)
    costs = [chance.choice((100, 200, 300)) if number % 2 else chance.randint(50, 5000) for _ in range(count)]
    projects = [(f"p{at:02}", cost) for at, cost in enumerate(costs)]
    ballots = []
    for _ in range(voters):
        chosen = chance.sample(range(count), min(count, chance.choice((0, 1, 2, 2, 3, 4, 6))))
        ballots.append({f"p{at:02}": chance.randint(1, 5) if kind == "points" else 1 for at in chosen})
    budget = max(60, int(sum(costs) * chance.uniform(0.05, 0.7)))
    case: Case = {"kind": kind, "worth": worth, "budget": budget, "projects": projects, "ballots": ballots}
    places = tie_order(_election(case), SEED)
    names = {name: f"{place:02}-{name}" for (name, _), place in zip(projects, places, strict=True)}
    case["projects"] = [(names[name], cost) for name, cost in projects]
    case["ballots"] = [{names[name]: points for name, points in ballot.items()} for ballot in ballots]
    return case


def _election(case: Case) -> Election:
    return Election.of(
        case["budget"],
        [Project(name.split("-")[-1], cost) for name, cost in case["projects"]],
        BallotRules(case["kind"]),
        [{name.split("-")[-1]: points for name, points in ballot.items()} for ballot in case["ballots"]],
    )


def elected(case: Case) -> dict[str, list[str]]:
    """Count with our own rules, and give the names of the case."""
    election = _election(case)
    names = {name.split("-")[-1]: name for name, _ in case["projects"]}
    bare = BudgetSettings(SEED, case["worth"], Fraction(0), fill=False)
    raised = BudgetSettings(SEED, case["worth"], Fraction(1, 100), fill=False)
    found = {
        "shares": by_equal_shares(election, bare).chosen,
        "raised": by_equal_shares(election, raised).chosen,
    }
    if case["kind"] != "points":
        found["greedy"] = by_most_votes(election, SEED).chosen
    return {rule: sorted(names[name] for name in chosen) for rule, chosen in found.items()}


def opinion_case(people: int, statements: int, groups: int, part: float, number: int) -> Case:
    """Make votes of groups, of which each person saw a part of the statements."""
    chance = np.random.default_rng(number)
    leaning = chance.beta(0.5, 0.5, (groups, statements))
    shared = chance.random(statements) < 0.2
    leaning[:, shared] = chance.beta(8, 2, int(shared.sum()))
    group = chance.integers(0, groups, people)
    agrees = chance.random((people, statements)) < leaning[group]
    passes, seen = chance.random((people, statements)) < 0.1, chance.random((people, statements)) < part
    signs = np.where(seen, np.where(passes, "0", np.where(agrees, "+", "-")), ".")
    return {"votes": ["".join(row) for row in signs.tolist()]}


def nearness(case: Case, found: Case) -> tuple[float, float, bool]:
    """Give rank correlations of the consensus (for, against), and whether the number of groups is the same."""
    votes = Votes.from_rows(
        (person, statement, VALUES[sign])
        for person, row in enumerate(case["votes"])
        for statement, sign in enumerate(row)
        if sign in VALUES
    )
    run = find_groups(votes, Settings(SEED))
    place = {person: at for at, person in enumerate(votes.origin.tolist())}
    group = np.full(votes.people, -1, np.int32)
    group[[place[person] for person in run.people.tolist()]] = run.group
    counts = counts_of(votes, group, len(run.published.groups))
    agree, disagree = consensus(counts.agree, counts.seen), consensus(counts.disagree, counts.seen)
    return (
        float(spearmanr(agree, found["agree"]).statistic),
        float(spearmanr(disagree, found["disagree"]).statistic),
        len(run.published.groups) == found["groups"],
    )


def panel_case(number: int) -> Case:
    """Make a pool whose people are otherwise than the population, and quotas around the population's parts."""
    chance = random.Random(number)
    parts = {
        "age": {"young": 0.3, "middle": 0.4, "old": 0.3},
        "sex": {"f": 0.5, "m": 0.5},
        "part": {"a": 0.6, "b": 0.4},
    }
    people = [
        {
            name: chance.choices(list(values), [chance.random() + 0.2 for _ in values])[0]
            for name, values in parts.items()
        }
        for _ in range(chance.randint(40, 70))
    ]
    size = chance.randint(6, 10)
    quotas = [
        [name, value, max(0, int(size * part) - 1), int(size * part) + 1]
        for name, values in parts.items()
        for value, part in values.items()
    ]
    return {"size": size, "quotas": quotas, "people": people}


def smallest_chance(case: Case) -> tuple[float, float]:
    """Give the smallest chance of our lottery and the bound that none exceeds."""
    people = [Person(f"{at:04}", person) for at, person in enumerate(case["people"])]
    found = fairest(Pool.of(case["size"], [Quota(*quota) for quota in case["quotas"]], people), SEED)
    return found.smallest, found.bound
