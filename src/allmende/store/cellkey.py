"""Noise on counts after the cell-key method, as official statistics use it (German census of 2022, ABS).

Every record has a key that nobody outside can guess: SipHash-1-3 of its number and its value under a secret of the
store. The keys of the records behind a cell, added up, make the key of the cell, and that chooses how its count is
changed, from a table of probabilities. The same records so are changed alike in every answer, on every way and in
any order, and asking again tells nothing more. How the table is made, and what it promises, says ``table_of``.
"""

from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.store.points import Ints

Words = npt.NDArray[np.uint64]
Keys = npt.NDArray[np.uint32]

SECRET_BYTES, KEY_BITS = 16, 32
# Counts that never appear: what is so small is changed to nothing or to more.
NEVER = (1, 2)
LEAST_DEVIATION, GREATEST_DEVIATION = 3, 20
# Records that are hashed at once: their columns lie in the processor's cache.
AT_ONCE = 8_192
_INITIAL = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_FINAL = np.uint64(0xFF)


class Siphash:
    """SipHash-1-3 (Aumasson and Bernstein 2012; what Python itself hashes with) of two words each, many at once."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"a secret has {SECRET_BYTES} bytes")
        halves = [int.from_bytes(secret[:8], "little"), int.from_bytes(secret[8:], "little")] * 2
        self._begin = [np.uint64(word ^ half) for word, half in zip(_INITIAL, halves, strict=True)]

    def of(self, first: Words, second: Words) -> Words:
        """Hash the pairs of words."""
        found = np.empty(len(first), np.uint64)
        for low in range(0, len(first), AT_ONCE):
            part = slice(low, low + AT_ONCE)
            found[part] = self._hashed(first[part], second[part])
        return found

    def _hashed(self, first: Words, second: Words) -> Words:
        state = [np.full(len(first), word) for word in self._begin]
        room = np.empty(len(first), np.uint64)
        for word in (first, second, np.uint64(16 << 56)):
            state[3] ^= word
            _mix(state, room, 1)
            state[0] ^= word
        state[2] ^= _FINAL
        _mix(state, room, 3)
        return state[0] ^ state[1] ^ state[2] ^ state[3]


def _mix(state: list[Words], room: Words, rounds: int) -> None:
    a, b, c, d = state
    for _ in range(rounds):
        for one, other, by in ((a, b, 13), (c, d, 16)):
            one += other
            _turned(other, by, room)
            other ^= one
        _turned(a, 32, room)
        for one, other, by in ((c, b, 17), (a, d, 21)):
            one += other
            _turned(other, by, room)
            other ^= one
        _turned(c, 32, room)


def _turned(word: Words, by: int, room: Words) -> None:
    """Rotate to the left, in place."""
    np.right_shift(word, np.uint64(64 - by), out=room)
    np.left_shift(word, np.uint64(by), out=word)
    word |= room


def record_keys(secret: bytes, ids: Ints, counts: Ints) -> Keys:
    """Give the keys of records by their numbers and what they count: a corrected record is another one."""
    return Siphash(secret).of(ids.view(np.uint64), counts.view(np.uint64)).astype(np.uint32)


class Table(msgspec.Struct, frozen=True, eq=False):
    """For each count the probabilities of its changes, from ``-deviation`` on; the last row holds for all above it."""

    deviation: int
    chances: npt.NDArray[np.float64]

    @property
    def limits(self) -> npt.NDArray[np.uint64]:
        """Give for each count the keys at which the next change begins."""
        return np.rint(np.cumsum(self.chances, axis=1) * (1 << KEY_BITS)).astype(np.uint64)

    def changed(self, counts: Ints, keys: Keys) -> Ints:
        """Change counts by the keys of their cells; zero stays zero."""
        rows = np.minimum(counts, len(self.chances) - 1)
        limits, places = self.limits, np.zeros(len(counts), np.int64)
        for column in range(limits.shape[1] - 1):
            places += keys >= limits[rows, column]
        return counts + places - self.deviation


@lru_cache(maxsize=32)
def table_of(deviation: int) -> Table:
    """Make the table for a greatest deviation ``D``, from 3 to 20, of the greatest entropy (Giessing 2016).

    Each row promises: zero stays zero; no change is above ``D``; no count falls below zero or becomes 1 or 2; the
    changes have mean zero and variance ``D - 1/2``. Of all tables that do, this tells least.
    """
    if not LEAST_DEVIATION <= deviation <= GREATEST_DEVIATION:
        raise ValueError(f"a deviation lies between {LEAST_DEVIATION} and {GREATEST_DEVIATION}")
    changes = np.arange(-deviation, deviation + 1)
    chances = np.zeros((deviation + max(NEVER) + 2, len(changes)))
    chances[0, deviation] = 1.0
    for count in range(1, len(chances)):
        allowed = (count + changes >= 0) & ~np.isin(count + changes, NEVER)
        chances[count, allowed] = _spread(changes[allowed].astype(float), deviation - 0.5)
    return Table(deviation, chances)


def _spread(changes: npt.NDArray[np.float64], variance: float) -> npt.NDArray[np.float64]:
    """Find the chances of greatest entropy with mean zero and a variance, by Newton's method on the dual."""
    scale = float(np.abs(changes).max())
    features = np.stack([changes / scale, (changes / scale) ** 2])
    wanted, weights = np.array([0.0, variance / scale**2]), np.zeros(2)

    def height(at: npt.NDArray[np.float64]) -> float:
        return float(np.logaddexp.reduce(at @ features) - at @ wanted)

    for _ in range(200):
        powers = weights @ features
        chances = np.exp(powers - np.logaddexp.reduce(powers))
        means = features @ chances
        slope = means - wanted
        if np.abs(slope).max() < 1e-14:
            break
        curve = (features * chances) @ features.T - np.outer(means, means)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-6 and height(weights - size * step) > height(weights) - 1e-4 * size * float(slope @ step):
            size /= 2
        weights = weights - size * step
    return np.asarray(chances / chances.sum())


def cell_keys(keys: Keys, cells: Ints, length: int) -> Keys:
    """Add up the keys of the records of each cell, which are numbered from zero."""
    # Sums of halves are exact in floating point for any number of records that fits in memory.
    low = np.bincount(cells, keys & np.uint32(0xFFFF), length).astype(np.uint64)
    high = np.bincount(cells, keys >> np.uint32(16), length).astype(np.uint64)
    return (low + (high << np.uint64(16))).astype(np.uint32)
