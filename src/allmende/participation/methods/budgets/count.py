"""Count an election by both rules, and say for each project who carried it."""

from fractions import Fraction
from typing import Literal

import msgspec

from allmende.participation.methods.budgets.election import Election, VoteKind
from allmende.participation.methods.budgets.shares import Round, equal_shares, tie_order
from allmende.participation.methods.least import enough

VERSION = "1"
Worth = Literal["cost", "one"]
Rule = Literal["greedy", "equal-shares"]
Step = Literal["greedy", "shares", "filled", "no-support", "no-money", "no-room"]


class Settings(msgspec.Struct, frozen=True):
    """How is counted; part of the rules that have to be published before the vote.

    ``worth``: a voter values a supported project by its cost, or each the same; with points, by the points alone.
    ``step``: by which part of the first share the shares are raised while money is left; 0 for not at all.
    ``fill``: whether what is then left goes to the projects with most votes that still fit.
    """

    seed: str
    worth: Worth = "cost"
    step: Fraction = Fraction(1, 100)
    fill: bool = True


class Carried(msgspec.Struct, frozen=True):
    """Who paid for a project, in cents.

    ``payers`` paid ``price`` for each of their points; ``givers_of_the_rest`` had less and gave all, together
    ``rest``. Where one of the two are less than ten people, both are told as one: ``price`` alone is given then.
    """

    price: Fraction
    supporters: int
    payers: int | None = None
    givers_of_the_rest: int | None = None
    rest: Fraction | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What became of one project by one rule, and why.

    ``place`` is its turn among the chosen. ``why``: by most votes, bought from shares, filled in from what was left;
    or no support, supporters without enough money (``missing`` cents), or no room in the budget.
    """

    project: str
    cost: int
    chosen: bool
    why: Step
    supporters: int
    score: int
    place: int | None = None
    carried: Carried | None = None
    missing: Fraction | None = None


class Count(msgspec.Struct, frozen=True):
    """The result of one rule: outcomes in the order of the projects' names."""

    rule: Rule
    spent: int
    outcomes: tuple[Outcome, ...]
    steps: int = 0
    endowment: Fraction | None = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """Give the chosen projects in the order in which they were chosen."""
        places = sorted((outcome.place, outcome.project) for outcome in self.outcomes if outcome.place is not None)
        return tuple(project for _, project in places)


class Comparison(msgspec.Struct, frozen=True):
    """Both rules side by side, with all that is needed to count again.

    ``represented`` are the voters, by rule, of whose projects at least one was chosen.
    """

    version: str
    settings: Settings
    kind: VoteKind
    budget: int
    voters: int
    greedy: Count
    equal_shares: Count
    represented: tuple[int, int]


def count(election: Election, settings: Settings) -> Comparison:
    """Count by most votes and by equal shares."""
    greedy = by_most_votes(election, settings.seed)
    shares = by_equal_shares(election, settings)
    represented = (_represented(election, greedy), _represented(election, shares))
    return Comparison(
        VERSION, settings, election.rules.kind, election.budget, election.voters, greedy, shares, represented
    )


def by_most_votes(election: Election, seed: str) -> Count:
    """Take the project with most votes or points that still fits, again and again; equals by lot."""
    chosen = _filled(election, seed, ())
    places = {at: place for place, at in enumerate(chosen, 1)}
    supporters, scores = election.supporters(), election.scores()
    outcomes = tuple(
        Outcome(
            *(project.id, project.cost, at in places),
            "greedy" if at in places else "no-room" if supporters[at] else "no-support",
            *(supporters[at], scores[at], places.get(at)),
        )
        for at, project in enumerate(election.projects)
    )
    return Count("greedy", sum(election.projects[at].cost for at in chosen), outcomes)


def by_equal_shares(election: Election, settings: Settings) -> Count:
    """Count by the Method of Equal Shares, with the completion that the settings name."""
    by_cost = settings.worth == "cost" and election.rules.kind != "points"
    found = equal_shares(election, settings.seed, by_cost=by_cost, step=settings.step or None)
    bought = [purchase.project for purchase in found.purchases]
    filled = _filled(election, settings.seed, tuple(bought)) if settings.fill else []
    places = {at: place for place, at in enumerate([*bought, *filled], 1)}
    outcomes = _outcomes(election, found, places)
    spent = sum(election.projects[at].cost for at in places)
    return Count("equal-shares", spent, outcomes, found.steps, found.endowment)


def _filled(election: Election, seed: str, bought: tuple[int, ...]) -> list[int]:
    """Take what fits into the budget beside what was bought, most votes first, without projects nobody wants."""
    left = election.budget - sum(election.projects[at].cost for at in bought)
    scores, ties = election.scores(), tie_order(election, seed)
    order = sorted(range(len(scores)), key=lambda at: (-scores[at], ties[at]))
    chosen = []
    for at in order:
        if scores[at] and at not in bought and election.projects[at].cost <= left:
            chosen.append(at)
            left -= election.projects[at].cost
    return chosen


def _outcomes(election: Election, found: Round, places: dict[int, int]) -> tuple[Outcome, ...]:
    supporters, scores = election.supporters(), election.scores()
    purchases = {purchase.project: purchase for purchase in found.purchases}
    outcomes = []
    for at, project in enumerate(election.projects):
        carried = missing = None
        why: Step = "filled" if at in places else "no-money" if supporters[at] else "no-support"
        if at in purchases:
            why = "shares"
            bought = purchases[at]
            carried = Carried(bought.price, supporters[at])
            if enough(bought.payers) and enough(bought.payers_of_the_rest):
                carried = Carried(bought.price, supporters[at], bought.payers, bought.payers_of_the_rest, bought.rest)
        elif supporters[at] and at not in places:
            missing = found.missing(at)
        outcomes.append(
            Outcome(
                *(project.id, project.cost, at in places, why, supporters[at], scores[at]),
                place=places.get(at),
                carried=carried,
                missing=missing,
            )
        )
    return tuple(outcomes)


def _represented(election: Election, result: Count) -> int:
    chosen = [outcome.chosen for outcome in result.outcomes]
    return sum(
        any(chosen[project] for project in election.choice[first:end].tolist())
        for first, end in zip(election.begin[:-1].tolist(), election.begin[1:].tolist(), strict=True)
    )
