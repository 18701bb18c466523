"""How strong options are, from comparisons of two at a time, each person weighing the same."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.borders import firm
from allmende.participation.methods.least import LEAST_GROUP
from allmende.participation.methods.lots import generator

METHOD, VERSION = "bradley-terry", "1"
# Each option has been compared once, so to say, with an average one, and half won.
PRIOR = 0.5
RESAMPLES, SURE = 200, 0.95
MOST_ROUNDS, CLOSE = 20_000, 1e-10
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# Who judged, the two options, and 1 where the first one was chosen, -1 the second one, 0 both alike.
Judgement = tuple[str, str, str, int]

BAD_PAIR = ErrorCode(
    "pairs.bad_judgement",
    Text("Vergleich {judgement} ist ungültig.", "Comparison {judgement} is not valid."),
    Text(
        "Zu vergleichen sind zwei verschiedene Möglichkeiten, jedes Paar einmal.",
        "To be compared are two different options, each pair once.",
    ),
)


class Strength(msgspec.Struct, frozen=True):
    """An option: its place (equal percents share one), the chance in percent to be chosen against an average option.

    ``low`` and ``high`` are the percents between which it lies in 95 of 100 new draws of the people.
    """

    option: str
    place: int
    percent: int
    low: int
    high: int
    judgements: int


class Strengths(msgspec.Struct, frozen=True):
    """What came out, as it may be published; ``apart`` are options that too few people compared with the others."""

    method: str
    version: str
    seed: str
    prior: float
    resamples: int
    people: int
    judgements: int
    placed: tuple[Strength, ...]
    apart: tuple[str, ...]


class _Rows(msgspec.Struct, frozen=True):
    """Judgements as columns: the person, the two options, and the share of the first one (1, ½ or 0)."""

    person: Integers
    first: Integers
    second: Integers
    share: Floats

    def among(self, chosen: npt.NDArray[np.bool_]) -> "_Rows":
        """Keep judgements between chosen options, with persons and options counted anew."""
        kept = chosen[self.first] & chosen[self.second]
        renamed = np.cumsum(chosen) - 1
        _, person = np.unique(self.person[kept], return_inverse=True)
        return _Rows(person, renamed[self.first[kept]], renamed[self.second[kept]], self.share[kept])

    @property
    def people(self) -> int:
        """Count the persons."""
        return int(self.person.max()) + 1 if self.person.size else 0


def compare(options: Iterable[str], judgements: Iterable[Judgement], seed: str) -> Strengths | None:
    """Give the strengths by Bradley and Terry; None for fewer than ten people."""
    names = tuple(sorted(set(options)))
    every = _rows(names, judgements)
    if every.people < LEAST_GROUP:
        return None
    chosen = firm(len(names), every.person, every.first, every.second, LEAST_GROUP)
    rows = every.among(chosen)
    placed = [name for name, one in zip(names, chosen.tolist(), strict=True) if one]
    return Strengths(
        *(METHOD, VERSION, seed, PRIOR, RESAMPLES),
        people=rows.people if placed else every.people,
        judgements=rows.person.size,
        placed=_strengths(placed, rows, seed) if placed else (),
        apart=tuple(name for name, one in zip(names, chosen.tolist(), strict=True) if not one),
    )


def _rows(names: Sequence[str], judgements: Iterable[Judgement]) -> _Rows:
    """Read the judgements; people stand in an order that follows from what they said alone."""
    place = {name: at for at, name in enumerate(names)}
    said: dict[str, dict[tuple[int, int], int]] = {}
    for number, (person, first, second, value) in enumerate(judgements, 1):
        known = first in place and second in place and first != second and value in (-1, 0, 1)
        pair = (place[first], place[second]) if known else (0, 0)
        turned = pair[0] > pair[1]
        mine = said.setdefault(person, {})
        if not known or pair[:: -1 if turned else 1] in mine:
            raise Invalid(BAD_PAIR, judgement=number)
        mine[pair[:: -1 if turned else 1]] = -value if turned else value  # type: ignore[index]
    people = sorted(sorted(mine.items()) for mine in said.values())
    flat = [(at, *pair, value) for at, mine in enumerate(people) for pair, value in mine]
    columns = np.array(flat, np.int64).reshape(-1, 4)
    return _Rows(columns[:, 0], columns[:, 1], columns[:, 2], (columns[:, 3] + 1) / 2)


def _strengths(names: Sequence[str], rows: _Rows, seed: str) -> tuple[Strength, ...]:
    count = len(names)
    # All judgements of a person weigh as much as those of any other; together they weigh as many as there are.
    own = rows.person.size / rows.people / np.bincount(rows.person)
    chance = fitted(_wins(count, rows, own[rows.person]))
    low, high = _range(count, rows, own, seed)
    percent = np.rint(100 * chance).astype(int)
    seen = np.bincount(rows.first, minlength=count) + np.bincount(rows.second, minlength=count)
    found = [
        Strength(
            *(name, 1 + int((percent > percent[at]).sum()), int(percent[at])),
            # The range is rounded to the outside, and holds what is told.
            low=min(int(np.floor(100 * low[at])), int(percent[at])),
            high=max(int(np.ceil(100 * high[at])), int(percent[at])),
            judgements=int(seen[at]),
        )
        for at, name in enumerate(names)
    ]
    return tuple(sorted(found, key=lambda one: (one.place, one.option)))


def _wins(count: int, rows: _Rows, weight: Floats) -> Floats:
    """Add up how much each option (rows) was chosen over each other one; both alike is half for each."""
    there = np.bincount(rows.first * count + rows.second, weight * rows.share, count * count)
    back = np.bincount(rows.second * count + rows.first, weight * (1 - rows.share), count * count)
    wins: Floats = np.asarray(there + back, np.float64).reshape(count, count)
    return wins


def _range(count: int, rows: _Rows, own: Floats, seed: str) -> tuple[Floats, Floats]:
    """Draw as many people as there are, with putting back, again and again; give where most chances lie."""
    chances, people = generator(seed, "people"), rows.people
    drawn = chances.multinomial(people, np.full(people, 1 / people), RESAMPLES)
    wins = np.stack([_wins(count, rows, (times * own)[rows.person]) for times in drawn])
    found = fitted(wins, close=1e-6)
    low, high = np.quantile(found, [(1 - SURE) / 2, (1 + SURE) / 2], axis=0)
    return low, high


def fitted(wins: Floats, close: float = CLOSE) -> Floats:
    """Give the likeliest chances to win against an average option, from wins (…, options, options).

    Hunter's MM steps (Ann. Statist. 32, 2004), with the prior as half a win and half a defeat against an option of
    strength one. The common scale, which only the prior fixes, is set exactly after each step: the mean chance is ½.
    """
    met, won = wins + np.swapaxes(wins, -1, -2), wins.sum(axis=-1) + PRIOR
    strength = np.ones(won.shape)
    for _ in range(MOST_ROUNDS):
        pairs = met / (strength[..., :, None] + strength[..., None, :])
        following = _centred(won / (pairs.sum(axis=-1) + 2 * PRIOR / (strength + 1)))
        moved = float(np.abs(np.log(following / strength)).max())
        strength = following
        if moved < close:
            break
    chance: Floats = strength / (strength + 1)
    return chance


def _centred(strength: Floats) -> Floats:
    """Multiply strengths by one factor so that their mean chance against strength one is ½ (Newton's steps)."""
    logs = np.log(strength)
    logs -= logs.mean(axis=-1, keepdims=True)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-logs))
        off = chance.mean(axis=-1, keepdims=True) - 0.5
        if float(np.abs(off).max()) < 1e-13:
            break
        logs -= np.clip(off / (chance * (1 - chance)).mean(axis=-1, keepdims=True), -1, 1)
    centred: Floats = np.exp(logs)
    return centred
