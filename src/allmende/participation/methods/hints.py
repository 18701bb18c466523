"""How much a text is like those that moderators hid: learned from decisions, measured on decisions not learned from.

A text becomes hashed pieces of two to four signs, each word with its edges (Joachims 1998 for texts as vectors,
Weinberger et al. 2009 for hashing); logistic regression gives each place a weight. What is kept is a row of numbers
without any word. The same decisions give the same numbers.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

VERSION = "1"
# So many decisions of each kind are needed; more than so many of each, the newest, are not learned from.
LEAST, MOST = 50, 1_500
# From this value on a text is hinted at.
LIMIT = 0.7
# What decisions that were not learned from must show: how often a hidden text ranks above a kept one (0.5 is chance),
# and which part of the hints is right.
LEAST_AUC, LEAST_PRECISION = 0.75, 2 / 3
PARTS, SIGNS = 5, 4_000
BITS, LENGTHS = 15, (2, 3, 4)
_STEP, _MIX = np.uint64(1_099_511_628_211), np.uint64(0x9E3779B97F4A7C15)


class Example(msgspec.Struct, frozen=True):
    """A text and what was decided about it."""

    text: str
    hidden: bool


class Quality(msgspec.Struct, frozen=True):
    """What the hint would have been worth: from how many decisions, its AUC, how many hints, how many of them right."""

    kept: int
    hidden: int
    auc: float
    hinted: int
    right: int

    @property
    def precision(self) -> float:
        """Give the part of the hints that were right."""
        return self.right / self.hinted if self.hinted else 0.0

    @property
    def recall(self) -> float:
        """Give the part of what was hidden that would have been hinted at."""
        return self.right / self.hidden

    @property
    def suffices(self) -> bool:
        """Tell whether a hint helps more than it misleads."""
        return self.auc >= LEAST_AUC and self.precision >= LEAST_PRECISION


@dataclass(frozen=True)
class Weights:
    """What was learned: a number for each place, and one for all."""

    places: Floats
    bias: float

    def rate(self, text: str) -> float:
        """Give how much a text is like what was hidden, between 0 and 1; both kinds are taken to be as frequent."""
        at, values = pieces(text)
        return float(1 / (1 + np.exp(-(float(self.places[at] @ values) + self.bias))))


def pieces(text: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """Give the places of the pieces of a text and their values, together of length one; case and spaces do not count.

    Only the first signs of a long text are looked at.
    """
    plain = f" {' '.join(text[:SIGNS].casefold().split())} "
    signs = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    found = [_hashed(signs, length) for length in LENGTHS if len(signs) >= length]
    at, counts = np.unique(np.concatenate(found), return_counts=True)
    values = 1 + np.log(counts)
    return at, (values / np.linalg.norm(values)).astype(np.float32)


def _hashed(signs: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.int64]:
    value = np.full(len(signs) - length + 1, np.uint64(length))
    for place in range(length):
        value = (value ^ signs[place : len(signs) - length + 1 + place]) * _STEP
    return ((value * _MIX) >> np.uint64(64 - BITS)).astype(np.int64)


def distinct(newest_first: Iterable[Example]) -> list[Example]:
    """Take each text once, as it was decided last, and of each kind the newest; figures do not make a text another.

    What was sent in masses would otherwise outweigh all else, and be found again among what was not learned from.
    """
    found: dict[str, Example] = {}
    counts = {True: 0, False: 0}
    for one in newest_first:
        mark = " ".join(re.sub(r"\d+", "0", one.text).casefold().split())
        if mark.strip("–- ") and mark not in found and counts[one.hidden] < MOST:
            found[mark] = one
            counts[one.hidden] += 1
    return list(found.values())


def digest_of(examples: Sequence[Example]) -> str:
    """Give the mark of what is to be learned; it changes with each decision and each text that was deleted."""
    return hashlib.sha256(msgspec.json.encode([VERSION, *_ordered(examples)])).hexdigest()


def _ordered(examples: Sequence[Example]) -> list[Example]:
    return sorted(examples, key=lambda one: (hashlib.sha256(one.text.encode()).digest(), one.hidden))


def missing(*, kept: int, hidden: int) -> tuple[int, int]:
    """Give how many decisions to keep and to hide are missing before anything is learned."""
    return max(0, LEAST - kept), max(0, LEAST - hidden)


def learn(examples: Sequence[Example]) -> tuple[Quality, Weights]:
    """Learn from all, and say what it is worth: each part is judged by what was learned from the others."""
    # Loaded here: it takes a second, and who only shows hints never needs it.
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    ordered = _ordered(examples)
    rows, hidden = [pieces(one.text) for one in ordered], np.array([one.hidden for one in ordered])
    rated = np.zeros(len(ordered))
    for known, asked in StratifiedKFold(PARTS, shuffle=True, random_state=0).split(hidden, hidden):
        weights = _fitted([rows[at] for at in known], hidden[known])
        rated[asked] = [weights.rate(ordered[at].text) for at in asked]
    hinted = rated >= LIMIT
    quality = Quality(
        kept=int((~hidden).sum()),
        hidden=int(hidden.sum()),
        auc=float(roc_auc_score(hidden, rated)),
        hinted=int(hinted.sum()),
        right=int((hinted & hidden).sum()),
    )
    return quality, _fitted(rows, hidden)


def _fitted(rows: list[tuple[npt.NDArray[np.int64], Floats]], hidden: npt.NDArray[np.bool_]) -> Weights:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    ends = np.cumsum([0, *(len(at) for at, _values in rows)])
    places = np.concatenate([at for at, _values in rows])
    values = np.concatenate([values for _at, values in rows]).astype(np.float64)
    table = csr_matrix((values, places, ends), shape=(len(rows), 1 << BITS))
    found = LogisticRegression(C=5.0, class_weight="balanced", solver="liblinear", random_state=0).fit(table, hidden)
    return Weights(found.coef_[0].astype(np.float32), float(found.intercept_[0]))
