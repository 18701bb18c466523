"""Put options into the order that people prefer, from ballots that rank all or some of them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.least import LEAST_GROUP, enough
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


class ToldRanked(msgspec.Struct, frozen=True):
    """An option as it is published; the points are None where they would tell of one to nine people."""

    option: str
    place: int
    turn: int
    borda: int | None


class WayOrder(msgspec.Struct, frozen=True):
    """The order of those who voted by one way: how many they are, and the place of each option, by name."""

    voters: int
    places: dict[str, int]


class ToldRanking(msgspec.Struct, frozen=True):
    """The order as it is published; counts of a pair are None where one would tell of one to nine people.

    ``ways`` are the orders online and on paper, where ten people voted by each.
    """

    method: str
    version: str
    seed: str
    voters: int
    options: tuple[str, ...]
    preferred: tuple[tuple[int | None, ...], ...]
    ranked: tuple[ToldRanked, ...]
    ways: dict[str, WayOrder] = {}


def told_of(ranking: Ranking, ways: Mapping[str, Ranking] | None = None) -> ToldRanking | None:
    """Give what may be published: of a pair both counts and the rest, or neither; None for fewer than ten people."""
    if ranking.voters < LEAST_GROUP:
        return None
    counts, everybody = ranking.preferred, range(len(ranking.options))

    def pair(one: int, other: int) -> int | None:
        both = counts[one][other], counts[other][one]
        return both[0] if all(map(enough, (*both, ranking.voters - sum(both)))) else None

    table = tuple(tuple(pair(one, other) for other in everybody) for one in everybody)
    whole = {
        ranking.options[one]: all(table[one][other] is not None for other in everybody if other != one)
        for one in everybody
    }
    ranked = tuple(
        ToldRanked(one.option, one.place, one.turn, one.borda if whole[one.option] else None) for one in ranking.ranked
    )
    return ToldRanking(
        *(ranking.method, ranking.version, ranking.seed, ranking.voters, ranking.options),
        preferred=table,
        ranked=ranked,
        ways=_ways_told(ways or {}),
    )


def _ways_told(ways: Mapping[str, Ranking]) -> dict[str, WayOrder]:
    """Give the order by each way, or none: beside the sum, one tells how many came by the other."""
    if len(ways) < 2 or any(one.voters < LEAST_GROUP for one in ways.values()):
        return {}
    return {name: WayOrder(one.voters, {row.option: row.place for row in one.ranked}) for name, one in ways.items()}


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
