"""Reads of budgets: what is on the ballot, the election as it is counted, the result."""

import datetime as dt
from collections import Counter

import msgspec

from allmende.participation.methods.budgets.election import BallotRules, Election, Project, VoteKind
from allmende.participation.methods.budgets.publication import ToldCount
from allmende.participation.methods.ways import Side
from allmende.participation.models import Ballot, Budget, BudgetCount, Process, Proposal

WIDTH = 3


class Result(msgspec.Struct, frozen=True):
    """The count with what may be told of it."""

    count: BudgetCount
    told: ToldCount


def name_of(number: int) -> str:
    """Give the name of a proposal in a count: its number, so long that names sort like numbers."""
    return f"{number:0{WIDTH}}"


def budget_of(process: Process) -> Budget | None:
    """Give the budget of a process that has one."""
    return Budget.objects.filter(process=process).first()


def proposals(process: Process) -> list[Proposal]:
    """Give all proposals that are shown, those on the ballot first."""
    rows = Proposal.objects.filter(process=process, contribution__visibility="shown").select_related("contribution")
    return sorted(rows, key=lambda one: (one.number is None, one.number or 0, one.pk))


def on_ballot(process: Process) -> list[Proposal]:
    """Give what can be voted for; what was hidden later stays, as people voted for it."""
    rows = Proposal.objects.filter(process=process, number__isnull=False).select_related("contribution")
    return list(rows.order_by("number"))


def ballot_of(process: Process, pseudonym: str) -> dict[int, int]:
    """Give what a pseudonym chose online: points by number; what is on paper is shown to nobody who has its code."""
    rows = Ballot.objects.filter(process=process, pseudonym=pseudonym, channel="online")
    found = rows.values_list("choice", flat=True).first()
    return {int(number): points for number, points in (found or {}).items()}


def rules_of(budget: Budget) -> BallotRules:
    """Give what a ballot may hold."""
    kinds: dict[str, VoteKind] = {"approval": "approval", "points": "points", "knapsack": "knapsack"}
    return BallotRules(kinds[budget.vote], budget.most_projects, budget.most_points)


def projects_of(process: Process) -> list[Project]:
    """Give what is on the ballot as the count takes it."""
    return [Project(name_of(one.number or 0), one.cost or 0, one.contribution.title) for one in on_ballot(process)]


def voting_ends(process: Process) -> dt.datetime | None:
    """Give the instant from which nobody votes online any more."""
    return max((span.until for span in process.spans if "ballot" in span.allows), default=None)


def election(budget: Budget) -> Election:
    """Give all ballots, checked, as they are counted."""
    rows = Ballot.objects.filter(process=budget.process).values_list("choice", flat=True)
    ballots = ({name_of(int(number)): points for number, points in row.items()} for row in rows.iterator(10_000))
    return Election.of(budget.amount, projects_of(budget.process), rules_of(budget), ballots)


def by_way(process: Process) -> dict[str, tuple[Side, Side]]:
    """Count who supports each project online and on paper, of all who voted by that way."""
    voters, supporters = Counter[str](), Counter[tuple[str, str]]()
    rows = Ballot.objects.filter(process=process).values_list("channel", "choice")
    for channel, choice in rows.iterator(10_000):
        voters[channel] += 1
        supporters.update((channel, name_of(int(number))) for number, points in choice.items() if points)

    def side(channel: str, project: str) -> Side:
        return Side(voters[channel], supporters[channel, project])

    return {one.id: (side("online", one.id), side("paper", one.id)) for one in projects_of(process)}


def result(process: Process) -> Result | None:
    """Give the count as it was published."""
    found = BudgetCount.objects.filter(process=process).first()
    return Result(found, msgspec.json.decode(found.published, type=ToldCount)) if found else None
