"""What groups have in common and what sets them apart: counts, consensus, typical statements."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allmende.participation.methods.opinions.votes import AGREE, DISAGREE, Floats, Integers, Votes

# One-sided, 90 per cent, as in Polis.
Z_90 = 1.2816


@dataclass(frozen=True)
class Counts:
    """Votes by group (rows) and statement (columns)."""

    agree: Integers
    disagree: Integers
    seen: Integers


def counts_of(votes: Votes, group: npt.NDArray[np.int32], groups: int) -> Counts:
    """Count the votes of people in groups; -1 is in none."""
    owner = np.repeat(group, votes.counts)
    kept = owner >= 0
    width = len(votes.statements)
    cell = owner[kept].astype(np.int64) * width + votes.statement[kept]
    value = votes.value[kept]

    def tally(cells: Integers) -> Integers:
        return np.bincount(cells, minlength=groups * width).reshape(groups, width)

    return Counts(tally(cell[value == AGREE]), tally(cell[value == DISAGREE]), tally(cell))


def consensus(said: Integers, seen: Integers) -> Floats:
    """Give the group-informed consensus: the product over groups of the likely part that says it.

    One group that does not share an opinion pulls it down, however large the others are.
    """
    return np.asarray(np.prod((said + 1) / (seen + 2), axis=0))


@dataclass(frozen=True)
class Typical:
    """How typical an opinion is of a group (rows) by statement (columns).

    ``inside`` and ``outside``: likely part that says it in the group and in all others. ``certain``: z of the test
    that more than half of the group says it; ``distinct``: z of the test that more do so than outside.
    """

    inside: Floats
    outside: Floats
    certain: Floats
    distinct: Floats

    @property
    def weight(self) -> Floats:
        """Order by: how much more frequent, times how frequent, times both z values."""
        return (self.inside / self.outside) * self.inside * self.certain * self.distinct

    @property
    def significant(self) -> npt.NDArray[np.bool_]:
        """Say where both tests hold at 90 per cent."""
        return np.asarray((self.certain > Z_90) & (self.distinct > Z_90))


def typical(said: Integers, seen: Integers) -> Typical:
    """Compare each group with all others, with one agreeing and one other voter added to each (Laplace)."""
    said_outside, seen_outside = said.sum(axis=0) - said, seen.sum(axis=0) - seen
    inside = (said + 1) / (seen + 2)
    outside = (said_outside + 1) / (seen_outside + 2)
    certain = 2 * np.sqrt(seen + 1) * ((said + 1) / (seen + 1) - 0.5)
    first, second = (said + 1) / (seen + 1), (said_outside + 1) / (seen_outside + 1)
    pooled = (said + said_outside + 2) / (seen + seen_outside + 2)
    spread = np.sqrt(np.clip(pooled * (1 - pooled), 0, None) * (1 / (seen + 1) + 1 / (seen_outside + 1)))
    distinct = np.divide(first - second, spread, out=np.zeros_like(spread), where=spread > 0)
    return Typical(inside, outside, certain, distinct)
