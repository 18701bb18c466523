"""What may be told of votes by group: nothing from which fewer people than the least group can be reckoned."""

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.participation.methods.opinions.space import Plane
from allmende.participation.methods.opinions.statistics import Counts, Typical, consensus, typical
from allmende.participation.methods.opinions.votes import Integers

MOST_TYPICAL = 5


class Tally(msgspec.Struct, frozen=True):
    """Votes on one statement."""

    agree: int
    disagree: int
    passed: int


class Opinion(msgspec.Struct, frozen=True):
    """Votes on a statement: of all who voted, by group (nothing where too few voted), and the consensus.

    ``consensus_agree`` and ``consensus_disagree`` are 0 to 1; they are told where all groups are.
    """

    statement: int
    all: Tally | None
    groups: tuple[Tally | None, ...]
    consensus_agree: float | None
    consensus_disagree: float | None


class Characteristic(msgspec.Struct, frozen=True):
    """A statement that a group sees otherwise than the others: likely parts and the two test values (z)."""

    statement: int
    stance: Literal["agree", "disagree"]
    inside: float
    outside: float
    certain: float
    distinct: float


class Group(msgspec.Struct, frozen=True):
    """How many people, where their middle is on the plane and how far they stand from it, what is typical of them."""

    people: int
    middle: tuple[float, float]
    radius: float
    typical: tuple[Characteristic, ...]


def told(seen: Integers, least: int) -> npt.NDArray[np.bool_]:
    """Say which groups' votes on a statement may be told beside the sum of all.

    The sum less all that is told tells the rest. So the rest together must be nobody or enough people too; where it
    is not, the smallest group that would be told is added to it.
    """
    shown: npt.NDArray[np.bool_] = (seen >= least) | (seen == 0)
    for column in np.flatnonzero(~shown.all(axis=0)):
        rest = int(seen[~shown[:, column], column].sum())
        for row in np.argsort(seen[:, column], kind="stable"):
            if rest >= least:
                break
            if shown[row, column] and seen[row, column]:
                shown[row, column] = False
                rest += int(seen[row, column])
    return shown


def _shown(counts: Counts, apart: Counts, least: int) -> npt.NDArray[np.bool_]:
    """Say which votes may be told beside those of all; who was not placed is a group that is never told."""
    return told(np.vstack((counts.seen, apart.seen)), least)[:-1]


def opinions_told(statements: Integers, counts: Counts, apart: Counts, least: int) -> tuple[Opinion, ...]:
    """Tell the votes on each statement; ``apart`` are those of people who were not placed, in one row."""
    shown = _shown(counts, apart, least)
    agree, disagree = consensus(counts.agree, counts.seen), consensus(counts.disagree, counts.seen)
    total = Counts(
        *(counts.agree.sum(axis=0) + apart.agree[0], counts.disagree.sum(axis=0) + apart.disagree[0]),
        counts.seen.sum(axis=0) + apart.seen[0],
    )
    opinions = []
    for at, statement in enumerate(statements.tolist()):
        together = _tally(total.agree[at], total.disagree[at], total.seen[at]) if total.seen[at] >= least else None
        groups = tuple(
            _tally(counts.agree[row, at], counts.disagree[row, at], counts.seen[row, at]) if shown[row, at] else None
            for row in range(len(counts.seen))
        )
        whole = together is not None and bool(shown[:, at].all())
        opinions.append(
            Opinion(
                *(statement, together, groups if together else (None,) * len(groups)),
                *((float(agree[at]), float(disagree[at])) if whole else (None, None)),
            )
        )
    return tuple(opinions)


def groups_told(
    statements: Integers, plane: Plane, group: npt.NDArray[np.int32], counts: Counts, apart: Counts, least: int
) -> tuple[Group, ...]:
    """Tell of each group its size, its place, and what is typical of it."""
    shown = np.logical_and.reduce(_shown(counts, apart, least), axis=0)
    stances: dict[Literal["agree", "disagree"], Typical] = {
        "agree": typical(counts.agree, counts.seen),
        "disagree": typical(counts.disagree, counts.seen),
    }
    found = []
    for row in range(len(counts.seen)):
        points = plane.points[group == row]
        middle = points.mean(axis=0)
        radius = float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean()))
        place = (float(middle[0]), float(middle[1]))
        found.append(Group(len(points), place, radius, _typical(statements, stances, shown, row)))
    return tuple(found)


def _typical(
    statements: Integers,
    stances: dict[Literal["agree", "disagree"], Typical],
    shown: npt.NDArray[np.bool_],
    row: int,
) -> tuple[Characteristic, ...]:
    """Choose the statements that pass both tests, the weightiest first."""
    candidates = [
        (float(said.weight[row, at]), stance, at)
        for stance, said in stances.items()
        for at in np.flatnonzero(said.significant[row] & shown).tolist()
    ]
    candidates.sort(key=lambda found: (-found[0], found[2]))
    return tuple(
        Characteristic(
            *(int(statements[at]), stance),
            *(float(getattr(stances[stance], name)[row, at]) for name in ("inside", "outside", "certain", "distinct")),
        )
        for _, stance, at in candidates[:MOST_TYPICAL]
    )


def _tally(agree: np.int64, disagree: np.int64, seen: np.int64) -> Tally:
    return Tally(int(agree), int(disagree), int(seen - agree - disagree))
