"""Groups of points: many small ones first, then two to five groups of those, kept for how well they part."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans

from allmende.participation.methods.opinions.votes import Floats, Integers

BASE_GROUPS = 100
MOST_GROUPS = 5
PEOPLE_FOR_A_GROUP = 12


@dataclass(frozen=True)
class Base:
    """Up to a hundred small groups of people near each other: their middles, sizes, and whose is whose."""

    middles: Floats
    sizes: Integers
    of: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Split:
    """A number of groups tried: the group of each small group, how well they part (-1 to 1), and the number left.

    Groups below the least size are merged into the nearest other, so ``groups`` may be less than ``tried``.
    """

    tried: int
    groups: int
    of: npt.NDArray[np.int32]
    silhouette: float


def base_of(points: Floats, seed: int) -> Base:
    """Gather people into small groups."""
    distinct = len(np.unique(points, axis=0)) if len(points) <= BASE_GROUPS * 20 else BASE_GROUPS
    found = KMeans(min(BASE_GROUPS, distinct), n_init=1, max_iter=100, random_state=seed).fit(points)
    labels = found.labels_.astype(np.int32)
    return Base(found.cluster_centers_, np.bincount(labels, minlength=len(found.cluster_centers_)), labels)


def splits(base: Base, least: int, seed: int) -> list[Split]:
    """Try two to five groups, fewer where there are few people."""
    most = min(MOST_GROUPS, 2 + int(base.sizes.sum()) // PEOPLE_FOR_A_GROUP, len(base.sizes))
    return [split(base, tried, least, seed) for tried in range(2, most + 1)]


def split(base: Base, tried: int, least: int, seed: int) -> Split:
    """Part the small groups into a number of groups, each of its weight."""
    found = KMeans(tried, n_init=10, random_state=seed).fit(base.middles, sample_weight=base.sizes)
    labels = _merged(base, found.labels_.astype(np.int32), least)
    groups = int(labels.max()) + 1
    return Split(tried, groups, labels, _silhouette(base, labels) if groups > 1 else -1.0)


def _merged(base: Base, labels: npt.NDArray[np.int32], least: int) -> npt.NDArray[np.int32]:
    """Merge the smallest group into the nearest one, until all are large enough or one is left."""
    while True:
        labels = np.unique(labels, return_inverse=True)[1].astype(np.int32)
        sizes = np.bincount(labels, weights=base.sizes)
        if len(sizes) == 1 or sizes.min() >= least:
            return labels
        middles = np.array([np.bincount(labels, weights=base.sizes * axis) / sizes for axis in base.middles.T]).T
        small = int(sizes.argmin())
        distances = np.linalg.norm(middles - middles[small], axis=1)
        distances[small] = np.inf
        labels[labels == small] = int(distances.argmin())


def _silhouette(base: Base, labels: npt.NDArray[np.int32]) -> float:
    """Give the mean silhouette of all people, each taken to stand in the middle of their small group."""
    distances = np.linalg.norm(base.middles[:, None] - base.middles[None], axis=2)
    weights = np.zeros((len(base.sizes), int(labels.max()) + 1))
    weights[np.arange(len(labels)), labels] = base.sizes
    sums, sizes = distances @ weights, weights.sum(axis=0)
    own = np.arange(len(labels)), labels
    inside = sums[own] / np.maximum(sizes[labels] - 1, 1)
    others = sums / sizes
    others[own] = np.inf
    outside = others.min(axis=1)
    widest = np.maximum(inside, outside)
    values = np.divide(outside - inside, widest, out=np.zeros_like(widest), where=widest > 0)
    return float(np.average(values, weights=base.sizes))
