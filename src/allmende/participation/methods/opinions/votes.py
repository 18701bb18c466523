"""Votes on statements, in an order of their own that tells nothing of who came when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
AGREE, PASS, DISAGREE = 1, 0, -1

BAD_VOTES = ErrorCode(
    "opinions.bad_votes",
    Text("Diese Stimmen können nicht ausgewertet werden: {reason}.", "These votes cannot be evaluated: {reason}."),
    Text(
        "Jede Person stimmt je Aussage einmal: 1 dafür, -1 dagegen, 0 enthalten.",
        "Each person votes once on each statement: 1 agrees, -1 disagrees, 0 passes.",
    ),
)
_VALUE = Text("Eine Stimme ist weder 1, -1 noch 0", "a vote is neither 1, -1 nor 0")
_TWICE = Text("Eine Person hat zweimal über dieselbe Aussage abgestimmt", "somebody voted twice on one statement")
_LENGTH = Text("Die Spalten sind verschieden lang", "the columns differ in length")
_MIXED = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)


@dataclass(frozen=True)
class Votes:
    """One row for each vote, by person and then statement; ``begin`` tells where a person's votes begin.

    People are ordered by what they voted, not by number or time: results do not depend on either. ``origin`` gives
    for each person the number that the caller used; ``same`` tells where the votes of the one before are the same.
    """

    statements: Integers
    origin: Integers
    begin: Integers
    statement: npt.NDArray[np.int32]
    value: npt.NDArray[np.int8]
    same: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, people: npt.ArrayLike, statements: npt.ArrayLike, values: npt.ArrayLike) -> Self:
        """Check and take three columns: numbers of people, numbers of statements, votes."""
        person, statement = np.asarray(people, np.int64), np.asarray(statements, np.int64)
        value = np.asarray(values)
        if not person.shape == statement.shape == value.shape or person.ndim != 1:
            raise Invalid(BAD_VOTES, reason=_LENGTH)
        if not np.isin(value, (AGREE, PASS, DISAGREE)).all():
            raise Invalid(BAD_VOTES, reason=_VALUE)
        known, column = _numbered(statement)
        origin, row = _numbered(person)
        return cls._sorted(known, origin, row, column, value.astype(np.int8))

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, int, int]]) -> Self:
        """Take rows of person, statement, vote."""
        listed = list(rows)
        columns = tuple(zip(*listed, strict=True)) if listed else ((), (), ())
        return cls.of(columns[0], columns[1], columns[2])

    @classmethod
    def _sorted(
        cls, known: Integers, origin: Integers, row: Integers, column: Integers, value: npt.NDArray[np.int8]
    ) -> Self:
        prints = _mixed(column.astype(np.uint64) * np.uint64(3) + (value + 1).astype(np.uint64))
        marks = np.zeros(len(origin), np.uint64)
        np.add.at(marks, row, prints)
        order = np.lexsort((origin, marks))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        key = place[row] * max(len(known), 1) + column
        by_person = np.argsort(key, kind="stable")
        if (np.diff(key[by_person]) == 0).any():
            raise Invalid(BAD_VOTES, reason=_TWICE)
        begin = np.concatenate(([0], np.cumsum(np.bincount(place[row], minlength=len(origin)))))
        same = np.concatenate(([False], np.diff(marks[order]) == 0))[: len(origin)]
        return cls(known, origin[order], begin, column[by_person].astype(np.int32), value[by_person], same)

    @property
    def people(self) -> int:
        """Count those who voted at all."""
        return len(self.origin)

    @property
    def counts(self) -> Integers:
        """Count the votes of each person."""
        return np.diff(self.begin)

    def only(self, people: Integers) -> "Votes":
        """Give the votes of some people, who stay in order; all statements stay."""
        lengths = self.counts[people]
        begin = np.concatenate(([0], np.cumsum(lengths)))
        places = np.repeat(self.begin[people] - begin[:-1], lengths) + np.arange(begin[-1])
        return Votes(
            *(self.statements, self.origin[people], begin),
            *(self.statement[places], self.value[places], self.same[people]),
        )

    def centred(self) -> Any:
        """Give the matrix of people by statements, less each statement's mean; who did not vote counts as the mean.

        So missing votes are zeros, which need no memory.
        """
        from scipy import sparse

        width = len(self.statements)
        seen = np.maximum(np.bincount(self.statement, minlength=width), 1)
        mean = np.bincount(self.statement, weights=self.value, minlength=width) / seen
        return sparse.csr_matrix(
            (self.value - mean[self.statement], self.statement, self.begin.astype(np.int32)),
            shape=(self.people, width),
        )


def _numbered(names: Integers) -> tuple[Integers, Integers]:
    known, place = np.unique(names, return_inverse=True)
    return known, place.astype(np.int64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble numbers of 64 bits (SplitMix64), so that their sum tells sets of votes apart."""
    mixed: npt.NDArray[np.uint64] = numbers * _MIXED[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIXED[1]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIXED[2]
    mixed ^= mixed >> np.uint64(31)
    return mixed
