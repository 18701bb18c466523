"""Whether groups part more clearly than chance makes them: points on a plane always fall into some groups."""

from dataclasses import replace

import numpy as np

from allmende.participation.methods.opinions.clusters import Base, splits
from allmende.participation.methods.opinions.space import plane_of
from allmende.participation.methods.opinions.votes import Votes

SHUFFLES, MOST_PEOPLE = 20, 500


def as_clear_by_chance(placed: Votes, least: int, seed: int) -> float:
    """Give the part of shuffles in which groups part at least as clearly (of many people, at most 500 are taken).

    A shuffle deals the votes on each statement out anew among those who voted on it. Each statement is as popular as
    before and everybody has as many votes; only what goes together in a person's votes is gone.
    """
    chance = np.random.default_rng(seed)
    if placed.people > MOST_PEOPLE:
        placed = placed.only(np.sort(chance.choice(placed.people, MOST_PEOPLE, replace=False)))
    clear = _clearest(placed, least, seed)
    return sum(_clearest(_shuffled(placed, chance), least, seed) >= clear for _ in range(SHUFFLES)) / SHUFFLES


def _clearest(votes: Votes, least: int, seed: int) -> float:
    points = np.round(plane_of(votes).points, 9)
    # So few people need no small groups first; only who stands at the same point is one.
    middles, of, sizes = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    found = splits(Base(middles, sizes, of.astype(np.int32)), least, seed)
    return max((split.silhouette for split in found), default=-1.0)


def _shuffled(votes: Votes, chance: np.random.Generator) -> Votes:
    value = np.empty_like(votes.value)
    by_statement = np.argsort(votes.statement, kind="stable")
    value[by_statement] = votes.value[np.lexsort((chance.random(len(value)), votes.statement))]
    return replace(votes, value=value)
