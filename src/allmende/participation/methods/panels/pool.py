"""Who is willing, which quotas a panel has to keep, and whether it can keep them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

Integers = npt.NDArray[np.int64]

BAD_POOL = ErrorCode(
    "panel.bad_pool",
    Text("Aus diesem Kreis kann nicht gelost werden: {reason}.", "This pool cannot be drawn from: {reason}."),
    Text("Berichtigen Sie die Liste oder die Vorgaben.", "Correct the list or the quotas."),
)
_TWICE = Text("Eine Nummer steht zweimal in der Liste", "a number is in the list twice")
_SIZE = Text("Die Größe des Gremiums passt nicht zur Liste", "the panel's size does not fit the list")
_LIMITS = Text("Eine Obergrenze liegt unter ihrer Untergrenze", "a maximum is below its minimum")
_MISSING = Text("Bei Nummer {person} fehlt „{feature}“", "“{feature}” is missing for number {person}")
_STRANGE = Text("„{value}“ ist keine Vorgabe von „{feature}“", "“{value}” has no quota in “{feature}”")
_DOUBLE = Text("Eine Vorgabe steht zweimal da", "a quota is there twice")


class Quota(msgspec.Struct, frozen=True):
    """How many members of a panel must have, and may have, a value of a feature."""

    feature: str
    value: str
    least: int
    most: int


class Person(msgspec.Struct, frozen=True):
    """Somebody who is willing: a number without a name, the features, and if so wished a number of the household."""

    number: str
    features: Mapping[str, str]
    household: str | None = None


@dataclass(frozen=True)
class Kind:
    """People who are alike in all features that matter, in the order of their numbers."""

    values: tuple[str, ...]
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Pool:
    """The people by kinds, and the quotas as a table: one row for each, one column for each kind."""

    size: int
    quotas: tuple[Quota, ...]
    features: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @classmethod
    def of(cls, size: int, quotas: Iterable[Quota], people: Iterable[Person]) -> Self:
        """Check and take people; features without quotas are left out.

        Kinds stand in the order of their values and people in that of their numbers, so that no result depends on
        the order of the list.
        """
        listed = tuple(sorted(quotas, key=lambda quota: (quota.feature, quota.value)))
        features = tuple(sorted({quota.feature for quota in listed}))
        willing = sorted(people, key=lambda person: person.number)
        _check(size, listed, willing)
        known = {(quota.feature, quota.value) for quota in listed}
        kinds: dict[tuple[str, ...], list[Person]] = {}
        for person in willing:
            kinds.setdefault(_values(person, features, known), []).append(person)
        return cls(size, listed, features, tuple(Kind(values, tuple(kinds[values])) for values in sorted(kinds)))

    @property
    def sizes(self) -> Integers:
        """Count the people of each kind."""
        return np.array([len(kind.people) for kind in self.kinds], np.int64)

    @property
    def table(self) -> npt.NDArray[np.bool_]:
        """Say which kinds count for which quota."""
        place = {feature: at for at, feature in enumerate(self.features)}
        return np.array(
            [[kind.values[place[quota.feature]] == quota.value for kind in self.kinds] for quota in self.quotas],
            bool,
        ).reshape(len(self.quotas), len(self.kinds))

    def counts(self) -> tuple[int, ...]:
        """Count the people for each quota."""
        return tuple(int(count) for count in self.table @ self.sizes)


def _check(size: int, quotas: tuple[Quota, ...], people: list[Person]) -> None:
    if not 0 < size <= len(people):
        raise Invalid(BAD_POOL, reason=_SIZE)
    if any(not 0 <= quota.least <= quota.most for quota in quotas):
        raise Invalid(BAD_POOL, reason=_LIMITS)
    if max(Counter((quota.feature, quota.value) for quota in quotas).values(), default=1) > 1:
        raise Invalid(BAD_POOL, reason=_DOUBLE)
    if any(first.number == second.number for first, second in pairwise(people)):
        raise Invalid(BAD_POOL, reason=_TWICE)


def _values(person: Person, features: tuple[str, ...], known: set[tuple[str, str]]) -> tuple[str, ...]:
    values = []
    for feature in features:
        value = person.features.get(feature)
        if value is None:
            raise Invalid(BAD_POOL, reason=_MISSING.filled(person=person.number, feature=feature))
        if (feature, value) not in known:
            raise Invalid(BAD_POOL, reason=_STRANGE.filled(value=value, feature=feature))
        values.append(value)
    return tuple(values)
