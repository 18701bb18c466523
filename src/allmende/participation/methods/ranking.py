"""Put options into the order that people prefer, from ballots that rank all or some of them."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.lots import shuffled

METHOD = "schulze"
VERSION = "1"
Integers = npt.NDArray[np.int64]

BAD_RANKING = ErrorCode(
    "ranking.bad_ballot",
    Text("Stimmzettel {ballot} ist ungültig.", "Ballot {ballot} is not valid."),
    Text("Jede Möglichkeit darf höchstens einmal vorkommen.", "Each option may stand on it once at most."),
)


class Ranked(msgspec.Struct, frozen=True):
    """An option's place (equals share one), its turn after lots were drawn among equals, and its Borda points.

    A ballot gives one Borda point for each option that is ranked below; unranked options are below all ranked ones.
    """

    option: str
    place: int
    turn: int
    borda: int


class Ranking(msgspec.Struct, frozen=True):
    """The order, and how many prefer each option (rows, by name) to each other one."""

    method: str
    version: str
    seed: str
    voters: int
    options: tuple[str, ...]
    preferred: tuple[tuple[int, ...], ...]
    ranked: tuple[Ranked, ...]


def rank(options: Iterable[str], ballots: Iterable[Sequence[str]], seed: str) -> Ranking:
    """Order options by Schulze's method: whoever wins against each other one comes first, if there is one."""
    names = tuple(sorted(set(options)))
    place = {name: at for at, name in enumerate(names)}
    preferred = np.zeros((len(names), len(names)), np.int64)
    voters = 0
    for voters, ballot in enumerate(ballots, 1):
        if len(set(ballot)) != len(ballot) or not set(ballot) <= place.keys():
            raise Invalid(BAD_RANKING, ballot=voters)
        below = np.ones(len(names), np.int64)
        for name in ballot:
            below[place[name]] = 0
            preferred[place[name]] += below
    beats = _strongest(preferred)
    # Each option comes after those that beat it; equals are beaten by the same number of options.
    places = [int((beats[:, at] > beats[at, :]).sum()) + 1 for at in range(len(names))]
    lots = {name: at for at, name in enumerate(shuffled(seed, names))}
    order = sorted(range(len(names)), key=lambda at: (places[at], lots[names[at]]))
    ranked = tuple(Ranked(names[at], places[at], turn, int(preferred[at].sum())) for turn, at in enumerate(order, 1))
    table = tuple(tuple(int(count) for count in row) for row in preferred)
    return Ranking(METHOD, VERSION, seed, voters, names, table, ranked)


def _strongest(preferred: Integers) -> Integers:
    """Give the strength of the strongest path between each two options; a path is as strong as its weakest step."""
    strength = np.where(preferred > preferred.T, preferred, 0)
    for middle in range(len(strength)):
        through = np.minimum(strength[:, middle, None], strength[middle, None, :])
        strength = np.maximum(strength, through)
    return strength
