"""Chance that anyone can repeat: everything random follows from a published seed by SHA-256."""

import hashlib
from collections.abc import Iterable

import numpy as np


def lot(seed: str, *names: str) -> int:
    """Give the number of 256 bits that SHA-256 makes of the seed and the names, each on a line of its own."""
    return int.from_bytes(hashlib.sha256("\n".join((seed, *names)).encode()).digest(), "big")


def shuffled(seed: str, names: Iterable[str]) -> list[str]:
    """Put names in the order of their lots; the order in which they are given does not matter."""
    return sorted(names, key=lambda name: (lot(seed, name), name))


def generator(seed: str, *names: str) -> np.random.Generator:
    """Give a generator of random numbers for calculations that need many."""
    return np.random.default_rng(lot(seed, *names))
