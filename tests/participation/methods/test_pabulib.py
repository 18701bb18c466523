"""Elections in the format of Pabulib: out and in again, and files of others."""

import datetime as dt
from fractions import Fraction

import pytest

from allmende.kernel.errors import Invalid
from allmende.participation.methods.budgets.count import Settings, count
from allmende.participation.methods.budgets.election import BallotRules, Election, Project
from allmende.participation.methods.budgets.pabulib import About, read, write

ABOUT = About("Bürgerbudget; 2026", "Konstanz", "2026", dt.date(2026, 3, 1), dt.date(2026, 3, 31))
FOREIGN = """\ufeffMETA
key;value
budget;242800
vote_type;cumulative
max_sum_points;5
PROJECTS
project_id;cost;name;votes;score
3;8000,50;Ławka;2;6

1;42000;Koty;1;1
VOTES
voter_id;age;vote;points
290;35;3,1;4,1
360;52;3;2
"""


@pytest.mark.parametrize(
    ("rules", "ballots"),
    [
        (BallotRules("approval", most_projects=3), [{"a": 1, "b": 1}, {"c-3": 1}, {}]),
        (BallotRules("points", most_points=10), [{"a": 7, "b": 3}, {"c-3": 1}]),
        (BallotRules("points"), [{"a": 70}]),
        (BallotRules("knapsack"), [{"a": 1, "c-3": 1}, {"b": 1}]),
    ],
)
def test_what_is_written_counts_the_same_when_read(rules: BallotRules, ballots: list[dict[str, int]]) -> None:
    projects = [Project("a", 12345, "Bank; am See"), Project("b", 30000), Project("c-3", 1)]
    election = Election.of(40000, projects, rules, ballots)
    counted = count(election, Settings("seed"))
    text = write(election, ABOUT, counted.equal_shares.chosen, "seed")
    again, meta = read(text)
    assert count(again, Settings("seed")) == counted
    assert again.rules == rules
    assert (meta["num_votes"], meta["budget"], meta["unit"]) == (str(len(ballots)), "400", "Konstanz")
    assert "123.45" in text


def test_ballots_are_not_in_the_order_of_voting() -> None:
    ballots = [{"a": at + 1} for at in range(20)]
    rules = BallotRules("points")
    files = {
        write(Election.of(10, [Project("a", 5)], rules, order), ABOUT, (), "seed") for order in (ballots, ballots[::-1])
    }
    assert len(files) == 1
    votes = [line.split(";")[2] for line in files.pop().split("VOTES\n")[1].splitlines()[1:]]
    assert votes != sorted(votes, key=int)


def test_files_of_others_are_read() -> None:
    election, _ = read(FOREIGN)
    assert election.budget == 24280000
    assert [(project.id, project.cost) for project in election.projects] == [("1", 4200000), ("3", 800050)]
    assert list(election.ballots()) == [{"3": 4, "1": 1}, {"3": 2}]
    assert count(election, Settings("s", step=Fraction(0))).equal_shares.spent <= election.budget


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("\ufeffMETA\n", "", 1),
        ("cumulative", "ordinal", 1),
        ("8000,50", "viel", 8),
        ("8000,50", "1.005", 8),
        ("3,1;4,1", "3,1;4", 13),
        ("3,1;4,1", "3,3;4,1", 13),
        ("360;52;3;2", "360;52", 14),
        ("project_id;cost", "nummer;cost", 7),
    ],
)
def test_bad_files_are_refused_with_the_line(old: str, new: str, line: int) -> None:
    with pytest.raises(Invalid) as caught:
        read(FOREIGN.replace(old, new))
    assert caught.value.params["line"] == line


def test_names_that_do_not_fit_are_refused() -> None:
    election = Election.of(10, [Project("a,b", 5)], BallotRules("approval"), [])
    with pytest.raises(Invalid):
        write(election, ABOUT, (), "seed")
