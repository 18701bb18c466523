"""Rankings: the known example, winners against all, equals by lot."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.participation.methods.ranking import rank

# The example of Schulze's paper: 45 voters, five options; the order is E A C B D.
SCHULZE = {"ACBED": 5, "ADECB": 5, "BEDAC": 8, "CABED": 3, "CAEBD": 7, "CBADE": 2, "DCEBA": 7, "EBADC": 8}


def test_the_example_of_the_inventor() -> None:
    found = rank("ABCDE", [ballot for ballot, count in SCHULZE.items() for _ in range(count)], "seed")
    assert "".join(ranked.option for ranked in found.ranked) == "EACBD"
    assert found.voters == 45
    assert found.preferred[0][1] == 20


@given(st.lists(st.permutations("ABCD").flatmap(lambda p: st.integers(0, 4).map(lambda n: p[:n])), max_size=30))
@settings(max_examples=60, deadline=None)
def test_whoever_wins_against_each_other_comes_first(ballots: list[list[str]]) -> None:
    found = rank("ABCD", ballots, "seed")
    table = found.preferred
    for at, option in enumerate(found.options):
        if all(table[at][other] > table[other][at] for other in range(4) if other != at):
            assert (found.ranked[0].option, found.ranked[0].place) == (option, 1)
    assert rank("DCBA", ballots[::-1], "seed") == found


def test_equals_share_a_place_and_go_by_lot() -> None:
    ballots = ["".join(order) for order in permutations("ABC")]
    turns = {seed: [ranked.option for ranked in rank("ABC", ballots, seed).ranked] for seed in "pqrstuv"}
    assert {ranked.place for ranked in rank("ABC", ballots, "p").ranked} == {1}
    assert len({tuple(turn) for turn in turns.values()}) > 1


@pytest.mark.parametrize("ballot", ["AA", "AX"])
def test_bad_ballots_are_refused(ballot: str) -> None:
    with pytest.raises(Invalid):
        rank("ABC", ["A", ballot], "seed")


def test_no_ballots() -> None:
    assert [ranked.place for ranked in rank("AB", [], "seed").ranked] == [1, 1]
