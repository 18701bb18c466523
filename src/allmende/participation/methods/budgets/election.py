"""What was voted on and how: projects with their costs, and checked ballots."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

VoteKind = Literal["approval", "points", "knapsack"]
Integers = npt.NDArray[np.int64]

BAD_ELECTION = ErrorCode(
    "budget.bad_election",
    Text("So kann nicht ausgezählt werden: {reason}.", "This cannot be counted: {reason}."),
    Text("Prüfen Sie Budget, Kosten und Namen der Projekte.", "Check the budget, and costs and names of the projects."),
)
BAD_BALLOT = ErrorCode(
    "budget.bad_ballot",
    Text("Stimmzettel {ballot} ist ungültig: {reason}.", "Ballot {ballot} is not valid: {reason}."),
    Text("Nehmen Sie den Stimmzettel heraus oder berichtigen Sie ihn.", "Take the ballot out or correct it."),
)
_NO_BUDGET = Text("Das Budget ist nicht größer als null", "the budget is not above zero")
_NO_COST = Text("Ein Projekt ohne Kosten", "a project without costs")
_TWICE = Text("Ein Projekt steht zweimal da", "a project is there twice")
_UNKNOWN = Text("unbekanntes Projekt", "unknown project")
_POINTS = Text("Punkte müssen ganze Zahlen über null sein", "points must be whole numbers above zero")
_ONE_EACH = Text("je Projekt nur eine Stimme", "one vote for each project only")
_TOO_MANY = Text("zu viele Projekte", "too many projects")
_TOO_MANY_POINTS = Text("zu viele Punkte", "too many points")
_TOO_DEAR = Text("die Auswahl kostet mehr als das Budget", "the choice costs more than the budget")
GREATEST = 10**12


class Project(msgspec.Struct, frozen=True):
    """What can be chosen; its cost in cents."""

    id: str
    cost: int
    name: str = ""


class BallotRules(msgspec.Struct, frozen=True):
    """What a ballot may hold: one vote each, points, or a basket that fits into the budget."""

    kind: VoteKind
    most_projects: int | None = None
    most_points: int | None = None


@dataclass(frozen=True)
class Election:
    """Projects and ballots, checked; ballots lie one after another, ``begin`` tells where each begins."""

    budget: int
    projects: tuple[Project, ...]
    rules: BallotRules
    begin: Integers
    choice: Integers
    points: Integers

    @classmethod
    def of(
        cls, budget: int, projects: Iterable[Project], rules: BallotRules, ballots: Iterable[Mapping[str, int]]
    ) -> Self:
        """Check and take ballots: for each voter, the points by project (1 where there are no points).

        An empty ballot counts as a voter who supports nothing. Projects are kept in the order of their names, so
        that no result depends on the order in which they came.
        """
        listed = tuple(sorted(projects, key=lambda project: project.id))
        _check_projects(budget, listed)
        place = {project.id: number for number, project in enumerate(listed)}
        begin, choice, points = [0], list[int](), list[int]()
        for number, ballot in enumerate(ballots, 1):
            _check_ballot(number, ballot, budget, listed, place, rules)
            choice.extend(place[project] for project in ballot)
            points.extend(ballot.values())
            begin.append(len(choice))
        return cls(budget, listed, rules, _fixed(begin), _fixed(choice), _fixed(points))

    @property
    def voters(self) -> int:
        """Count the ballots."""
        return len(self.begin) - 1

    @property
    def costs(self) -> list[int]:
        """Give the costs in the order of the projects."""
        return [project.cost for project in self.projects]

    def scores(self) -> list[int]:
        """Add up the votes or points of each project."""
        sums = np.bincount(self.choice, weights=self.points, minlength=len(self.projects))
        return [int(score) for score in sums]

    def supporters(self) -> list[int]:
        """Count the voters of each project."""
        return [int(count) for count in np.bincount(self.choice, minlength=len(self.projects))]

    def ballots(self) -> Iterable[dict[str, int]]:
        """Give the ballots as they were taken."""
        for first, end in zip(self.begin[:-1], self.begin[1:], strict=True):
            yield {
                self.projects[project].id: int(points)
                for project, points in zip(self.choice[first:end], self.points[first:end], strict=True)
            }


def _fixed(values: list[int]) -> Integers:
    array = np.array(values, np.int64)
    array.setflags(write=False)
    return array


def _check_projects(budget: int, projects: tuple[Project, ...]) -> None:
    if not 0 < budget <= GREATEST:
        raise Invalid(BAD_ELECTION, reason=_NO_BUDGET)
    if any(not 0 < project.cost <= GREATEST for project in projects):
        raise Invalid(BAD_ELECTION, reason=_NO_COST)
    if len({project.id for project in projects}) != len(projects):
        raise Invalid(BAD_ELECTION, reason=_TWICE)


def _check_ballot(
    number: int,
    ballot: Mapping[str, int],
    budget: int,
    projects: tuple[Project, ...],
    place: Mapping[str, int],
    rules: BallotRules,
) -> None:
    reason = None
    if not ballot.keys() <= place.keys():
        reason = _UNKNOWN
    elif any(type(points) is not int or not 0 < points <= GREATEST for points in ballot.values()):
        reason = _POINTS
    elif rules.kind != "points" and any(points != 1 for points in ballot.values()):
        reason = _ONE_EACH
    elif rules.most_projects is not None and len(ballot) > rules.most_projects:
        reason = _TOO_MANY
    else:
        reason = _over_limit(ballot, budget, projects, place, rules)
    if reason is not None:
        raise Invalid(BAD_BALLOT, ballot=number, reason=reason)


def _over_limit(
    ballot: Mapping[str, int],
    budget: int,
    projects: tuple[Project, ...],
    place: Mapping[str, int],
    rules: BallotRules,
) -> Text | None:
    if rules.kind == "points" and rules.most_points is not None and sum(ballot.values()) > rules.most_points:
        return _TOO_MANY_POINTS
    if rules.kind == "knapsack" and sum(projects[place[project]].cost for project in ballot) > budget:
        return _TOO_DEAR
    return None
