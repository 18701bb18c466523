"""Noise that depends on seed and absolute time only, so that a run may begin and end anywhere."""

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def seed_for(seed: int, *names: str) -> int:
    """Derive a seed of 64 bits for a named strand of noise."""
    digest = hashlib.blake2b("/".join([str(seed), *names]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers (the finaliser of SplitMix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX_1
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX_2
    return numbers ^ (numbers >> np.uint64(31))


def _normal(seed: int, index: Ints) -> Floats:
    """Give a standard normal number for each index (Box-Muller)."""
    base = index.astype(np.uint64) * _GOLDEN + np.uint64(seed)
    first, second = _mixed(base), _mixed(base ^ _MIX_1)
    u = ((first >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    v = (second >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.asarray(np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v))


def smooth_noise(seed: int, seconds: Ints, period: int) -> Floats:
    """Give noise of mean 0 and variance 1 that wanders from one random knot to the next each ``period`` seconds."""
    knot = seconds // period
    share = (seconds - knot * period) / period
    weight = share * share * (3.0 - 2.0 * share)
    mixed = _normal(seed, knot) * (1.0 - weight) + _normal(seed, knot + 1) * weight
    return np.asarray(mixed / np.sqrt((1.0 - weight) ** 2 + weight**2))
