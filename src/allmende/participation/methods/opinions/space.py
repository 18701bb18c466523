"""The plane of opinions: the two directions in which people differ most, and where each person stands."""

from dataclasses import dataclass

import numpy as np

from allmende.participation.methods.opinions.votes import Floats, Votes


@dataclass(frozen=True)
class Plane:
    """Two axes over the statements, the part of all difference that each shows, and a point for each person."""

    axes: Floats
    shown: tuple[float, float]
    points: Floats


def plane_of(votes: Votes) -> Plane:
    """Find the two principal components, exactly, from the small matrix of statements by statements.

    People who saw few statements stand nearer to the middle than they should; as in Polis, their points are moved
    outwards by the root of all statements over those they voted on.
    """
    from scipy.linalg import eigh

    matrix = votes.centred()
    spread = (matrix.T @ matrix).toarray() / max(votes.people - 1, 1)
    width = len(spread)
    values, vectors = eigh(spread, subset_by_index=(width - 2, width - 1), driver="evr")
    axes = vectors[:, ::-1]
    strongest = axes[np.abs(axes).argmax(axis=0), (0, 1)]
    axes = axes * np.where(strongest < 0, -1.0, 1.0)
    stretch = np.sqrt(width / np.maximum(votes.counts, 1))
    total = float(np.trace(spread)) or 1.0
    shown = (float(values[1]) / total, float(values[0]) / total)
    return Plane(axes, shown, np.asarray(matrix @ axes) * stretch[:, None])
