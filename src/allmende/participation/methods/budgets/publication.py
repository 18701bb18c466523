"""What of a count is told: nothing from which fewer than ten people could be reckoned."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

import msgspec

from allmende.participation.methods.budgets.count import Carried, Comparison, Count, Outcome, Step
from allmende.participation.methods.budgets.election import Election
from allmende.participation.methods.least import LEAST_GROUP, enough
from allmende.participation.methods.ways import Beside, Side, beside

Kind = tuple[tuple[str, int], ...]


class Bearers(msgspec.Struct, frozen=True):
    """Who paid for a project, in groups of nobody or at least ten people; amounts in cents, exact (``n/d``)."""

    payers: int
    price: str
    givers_of_the_rest: int
    rest: str


class ToldOutcome(msgspec.Struct, frozen=True):
    """What became of a project by one rule."""

    chosen: bool
    why: Step
    place: int | None = None
    carried: Bearers | None = None
    missing: str | None = None


class ToldProject(msgspec.Struct, frozen=True):
    """A project with both outcomes; ``supporters`` and ``score`` are empty for one to nine people."""

    project: str
    name: str
    cost: int
    supporters: int | None
    score: int | None
    greedy: ToldOutcome
    equal_shares: ToldOutcome


class ToldCount(msgspec.Struct, frozen=True):
    """Both counts as they are published; ``withheld`` ballots are not in the public file of ballots."""

    version: str
    kind: str
    budget: int
    worth: str
    step: str
    seed: str
    voters: int
    withheld: int
    spent: tuple[int, int]
    represented: tuple[int | None, int | None]
    endowment: str
    projects: tuple[ToldProject, ...]
    # Support online beside that on paper, by number of the ballot, where ten people voted by each way.
    ways: tuple[Beside, ...] = ()


def exact(value: str) -> Fraction:
    """Read an amount."""
    return Fraction(value)


def told(
    election: Election, comparison: Comparison, names: Mapping[str, str], ways: Mapping[str, tuple[Side, Side]]
) -> ToldCount:
    """Give what may be published of a count; ``ways`` is the support of each project online and on paper."""
    pairs = zip(election.projects, comparison.greedy.outcomes, comparison.equal_shares.outcomes, strict=True)
    _, withheld = tellable(election)
    return ToldCount(
        *(comparison.version, comparison.kind, comparison.budget, comparison.settings.worth),
        *(str(comparison.settings.step), comparison.settings.seed, comparison.voters, withheld),
        spent=(comparison.greedy.spent, comparison.equal_shares.spent),
        represented=_represented(comparison),
        endowment=_endowment(comparison.equal_shares),
        projects=tuple(
            ToldProject(
                *(project.id, names[project.id], project.cost),
                supporters=greedy.supporters if enough(greedy.supporters) else None,
                score=greedy.score if enough(greedy.supporters) else None,
                greedy=_outcome(greedy),
                equal_shares=_outcome(shares),
            )
            for project, greedy, shares in pairs
        ),
        ways=beside(ways, few=True),
    )


def _represented(comparison: Comparison) -> tuple[int | None, int | None]:
    greedy, shares = (
        people if enough(people) and enough(comparison.voters - people) else None for people in comparison.represented
    )
    return greedy, shares


def _endowment(count: Count) -> str:
    return str(count.endowment or Fraction(0))


def _outcome(outcome: Outcome) -> ToldOutcome:
    carried = missing = None
    if enough(outcome.supporters):
        carried = _bearers(outcome.carried)
        missing = str(outcome.missing) if outcome.missing is not None else None
    return ToldOutcome(outcome.chosen, outcome.why, outcome.place, carried, missing)


def _bearers(carried: Carried | None) -> Bearers | None:
    """Tell the groups; the price alone would tell how many of all supporters had less than it."""
    if carried is None or carried.payers is None or carried.givers_of_the_rest is None or carried.rest is None:
        return None
    return Bearers(carried.payers, str(carried.price), carried.givers_of_the_rest, str(carried.rest))


def tellable(election: Election) -> tuple[list[dict[str, int]], int]:
    """Give the ballots that at least ten people cast alike, and how many others there are.

    Votes of all ballots are told for each project. So what they are above those of the told ballots must be nobody or
    ten people, too; otherwise more ballots are held back.
    """
    counts: Counter[Kind] = Counter(tuple(sorted(ballot.items())) for ballot in election.ballots())
    shown = {kind: people for kind, people in counts.items() if people >= LEAST_GROUP}
    totals = dict(zip((project.id for project in election.projects), election.supporters(), strict=True))
    while (kind := _revealing(shown, totals, election.voters)) is not None:
        del shown[kind]
    ballots = [dict(kind) for kind, people in sorted(shown.items()) for _ in range(people)]
    return ballots, election.voters - len(ballots)


def _revealing(shown: dict[Kind, int], totals: dict[str, int], voters: int) -> Kind | None:
    """Give the smallest kind of ballot that has to be held back, so that a rest becomes large enough."""
    rest = Counter(totals)
    for kind, people in shown.items():
        rest.subtract({project: people for project, _ in kind})
    small = {project for project, people in rest.items() if not enough(people) and enough(totals[project])}
    few = not enough(voters - sum(shown.values()))
    touched = [kind for kind in shown if few or small & {project for project, _ in kind}]
    return min(touched, key=lambda kind: (shown[kind], kind), default=None)
