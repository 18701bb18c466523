"""Find opinion groups and tell what may be published of them."""

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from allmende.participation.methods.least import told
from allmende.participation.methods.lots import lot
from allmende.participation.methods.opinions.chance import as_clear_by_chance
from allmende.participation.methods.opinions.clusters import Base, Split, base_of, split, splits
from allmende.participation.methods.opinions.memory import Memory, chosen_split, same_order
from allmende.participation.methods.opinions.publication import Group, Opinion, groups_told, opinions_told
from allmende.participation.methods.opinions.space import Plane, plane_of
from allmende.participation.methods.opinions.statistics import Counts, counts_of
from allmende.participation.methods.opinions.votes import Integers, Votes

METHOD = "polis-groups"
VERSION = "3"
SAMPLES, SAMPLE_SIZE = 10, 2000
Reason = Literal["too-few-people", "too-few-statements", "all-alike", "no-clear-groups"]


class Settings(msgspec.Struct, frozen=True):
    """The parameters; those of Polis where it has them.

    ``least_votes``: who voted on fewer statements is not placed (on fewer still, where there are not so many).
    ``least_people``: if fewer voted enough, the most active ones are taken in up to this number.
    ``least_group``: no smaller group is formed, no smaller number of voters told. ``least_silhouette``: groups that
    part less clearly are none. ``most_by_chance``: nor those that a greater part of shuffles of the votes shows, too.
    ``patience``: so many runs in a row must favour another number of groups.
    """

    seed: str
    least_votes: int = 7
    least_people: int = 15
    least_group: int = 10
    least_silhouette: float = 0.25
    most_by_chance: float = 0.0
    patience: int = 4


class OpinionGroups(msgspec.Struct, frozen=True):
    """All that may be published of a run; nothing in it is about fewer people than the least group.

    ``people`` voted, ``placed`` of them enough; both, and their votes, are None for fewer than ten people. Votes of
    people who were not placed are in the figures of all, as a group that is never told. ``shown`` are the parts of
    all difference that the two axes show. ``by_chance`` is the part of shuffles of the same votes that show groups as
    clear as these. ``stability`` is the mean part of people who stay in their group when the
    method sees only half of the people (at most 2,000), and ``alike`` the size of the largest set of people with the
    very same votes, if large enough to be told.
    """

    found: bool
    reason: Reason | None
    method: str
    version: str
    settings: Settings
    people: int | None
    placed: int | None
    statements: int
    votes: int | None
    shown: tuple[float, float] | None
    silhouette: float | None
    stability: float | None
    alike: int | None
    groups: tuple[Group, ...]
    opinions: tuple[Opinion, ...]
    by_chance: float | None = None


@dataclass(frozen=True)
class Run:
    """What may be published; the rest may not: what the next run has to know, and who is in which group (-1: none)."""

    published: OpinionGroups
    memory: Memory
    people: Integers
    group: npt.NDArray[np.int32]


def find_groups(votes: Votes, settings: Settings, memory: Memory | None = None) -> Run:
    """Place people by their votes and part them into groups, if there are any.

    ``memory`` is that of the last run in the same process; it keeps the number and the names of groups steady.
    """
    # Loaded before its threads are limited: a library that comes later would take as many as it likes.
    import sklearn.cluster  # noqa: F401

    # One thread: sums of floats then come out the same each time, and matrices this small are no slower.
    with threadpool_limits(1):
        return _find(votes, settings, memory or Memory())


def _find(votes: Votes, settings: Settings, memory: Memory) -> Run:
    members = _members(votes, settings)
    reason = _too_little(votes, members, settings)
    if reason is not None:
        return _none(votes, members, settings, memory, reason)
    placed = votes.only(members)
    plane = plane_of(placed)
    if len(np.unique(np.round(plane.points, 9), axis=0)) < 2:
        return _none(votes, members, settings, memory, "all-alike")
    seed = lot(settings.seed, METHOD) % 2**32
    base = base_of(plane.points, seed)
    best, memory = chosen_split(splits(base, settings.least_group, seed), memory, settings.patience)
    if best is None or best.silhouette < settings.least_silhouette:
        return _none(votes, members, settings, memory, "no-clear-groups", plane, best)
    by_chance = as_clear_by_chance(placed, settings.least_group, seed)
    if by_chance > settings.most_by_chance:
        return _none(votes, members, settings, memory, "no-clear-groups", plane, best, by_chance)
    group, counts, memory = _ordered(placed, base, best, memory)
    apart = _apart(votes, members)
    published = OpinionGroups(
        *(True, None, METHOD, VERSION, settings, *_sizes(votes, members)),
        shown=plane.shown,
        silhouette=best.silhouette,
        by_chance=by_chance,
        stability=_stability(placed, group, best, settings, seed),
        alike=_alike(placed, settings.least_group),
        groups=groups_told(votes.statements, plane, group, counts, apart, settings.least_group),
        opinions=opinions_told(votes.statements, counts, apart, settings.least_group),
    )
    return Run(published, memory, placed.origin, group)


def _members(votes: Votes, settings: Settings) -> Integers:
    """Choose who voted enough; where that are few, the most active, all those with equally many or none."""
    least = min(settings.least_votes, len(votes.statements))
    enough = votes.counts >= least
    if enough.sum() < settings.least_people < votes.people:
        border = np.sort(votes.counts)[-settings.least_people]
        enough |= votes.counts >= border
    elif enough.sum() < settings.least_people:
        enough = votes.counts > 0
    # So few could be reckoned from the difference between all and those who are placed.
    if 0 < votes.people - enough.sum() < settings.least_group:
        enough = votes.counts > 0
    return np.flatnonzero(enough)


def _sizes(votes: Votes, members: Integers) -> tuple[int | None, int | None, int, int | None]:
    """Give how many voted, how many are placed, the statements, and the votes, as they may be told."""
    people = told(votes.people)
    return people, told(len(members)), len(votes.statements), None if people is None else len(votes.value)


def _apart(votes: Votes, members: Integers) -> Counts:
    """Count the votes of those who are not placed."""
    others = votes.only(np.setdiff1d(np.arange(votes.people), members))
    return counts_of(others, np.zeros(others.people, np.int32), 1)


def _too_little(votes: Votes, members: Integers, settings: Settings) -> Reason | None:
    if len(members) < 2 * settings.least_group:
        return "too-few-people"
    return "too-few-statements" if len(votes.statements) < 2 else None


def _none(
    votes: Votes,
    members: Integers,
    settings: Settings,
    memory: Memory,
    reason: Reason,
    plane: Plane | None = None,
    best: Split | None = None,
    by_chance: float | None = None,
) -> Run:
    """Tell that there are no groups, and what all together said."""
    placed = votes.only(members)
    group = np.zeros(len(members), np.int32)
    published = OpinionGroups(
        *(False, reason, METHOD, VERSION, settings, *_sizes(votes, members)),
        shown=plane.shown if plane else None,
        silhouette=best.silhouette if best else None,
        by_chance=by_chance,
        stability=None,
        alike=_alike(placed, settings.least_group),
        groups=(),
        opinions=opinions_told(
            votes.statements, counts_of(placed, group, 1), _apart(votes, members), settings.least_group
        ),
    )
    return Run(published, memory, placed.origin, group - 1)


def _ordered(placed: Votes, base: Base, best: Split, memory: Memory) -> tuple[npt.NDArray[np.int32], Counts, Memory]:
    """Number the groups as in the last run, new ones by size."""
    group = best.of[base.of]
    counts = counts_of(placed, group, best.groups)
    order, memory = same_order(placed.statements, counts, np.bincount(group), memory)
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.arange(len(order))
    return numbers[group], Counts(counts.agree[order], counts.disagree[order], counts.seen[order]), memory


def _stability(placed: Votes, group: npt.NDArray[np.int32], best: Split, settings: Settings, seed: int) -> float:
    """Do all again with random halves of the people, and see how many stay together."""
    chance = np.random.default_rng(seed)
    size = min(placed.people // 2, SAMPLE_SIZE)
    shares = []
    for _ in range(SAMPLES):
        sample = np.sort(chance.choice(placed.people, size, replace=False))
        base = base_of(plane_of(placed.only(sample)).points, seed)
        if len(base.sizes) < best.tried:
            continue
        again = split(base, best.tried, settings.least_group // 2, seed).of[base.of]
        meet = np.zeros((int(group.max()) + 1, int(again.max()) + 1))
        np.add.at(meet, (group[sample], again), 1)
        shares.append(float(_matched(meet)) / size)
    return float(np.mean(shares)) if shares else 0.0


def _matched(meet: npt.NDArray[np.float64]) -> float:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(meet, maximize=True)
    return float(meet[rows, columns].sum())


def _alike(placed: Votes, least: int) -> int | None:
    """Size the largest set of equal ballots: many of them may be one hand."""
    edges = np.flatnonzero(np.concatenate((~placed.same, [True])))
    largest = int(np.diff(edges).max(initial=0))
    return largest if largest >= least else None
