"""Opinion groups: found where there are some, not where there are none, and nothing told of few people."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.participation.methods.opinions.clusters import Split
from allmende.participation.methods.opinions.groups import OpinionGroups, Run, Settings, find_groups
from allmende.participation.methods.opinions.memory import Memory, chosen_split
from allmende.participation.methods.opinions.publication import told
from allmende.participation.methods.opinions.votes import Votes

SEED = Settings("charter-2026")
Rows = list[tuple[int, int, int]]


def town(sizes: tuple[int, ...] = (60, 40), statements: int = 20, seed: int = 1) -> Rows:
    """Groups that differ on most statements; all agree on the last two."""
    chance = np.random.default_rng(seed)
    rows, person = [], 0
    leaning = chance.choice([0.05, 0.95], (len(sizes), statements))
    leaning[1] = 1 - leaning[0]
    leaning[:, -2:] = 0.97
    for group, size in enumerate(sizes):
        for _ in range(size):
            for statement in range(statements):
                if chance.random() < 0.8:
                    value = 1 if chance.random() < leaning[group, statement] else -1
                    rows.append((person, statement, value if chance.random() > 0.05 else 0))
            person += 1
    return rows


@pytest.fixture(scope="module")
def run() -> Run:
    return find_groups(Votes.from_rows(town()), SEED)


def test_two_groups_are_found_with_their_people(run: Run) -> None:
    published = run.published
    assert published.found
    assert [group.people for group in published.groups] == [60, 40]
    assert set(run.group[run.people < 60]) == {0}
    assert set(run.group[run.people >= 60]) == {1}
    assert published.stability is not None
    assert published.stability > 0.95
    assert published.by_chance == 0
    assert (published.people, published.statements, published.settings) == (100, 20, SEED)


def test_what_all_share_has_the_greatest_consensus(run: Run) -> None:
    ranked = sorted(run.published.opinions, key=lambda opinion: -(opinion.consensus_agree or 0))
    assert {18, 19} <= {opinion.statement for opinion in ranked[:4]}


def test_what_is_typical_tells_groups_apart(run: Run) -> None:
    opinions = {opinion.statement: opinion for opinion in run.published.opinions}
    for at, group in enumerate(run.published.groups):
        assert group.typical
        for found in group.typical:
            tallies = opinions[found.statement].groups
            own, other = tallies[at], tallies[1 - at]
            assert own is not None
            assert other is not None
            shares = [
                (t.agree if found.stance == "agree" else t.disagree) / (t.agree + t.disagree) for t in (own, other)
            ]
            assert shares[0] > 0.5 > shares[1]
            assert min(found.certain, found.distinct) > 1.28


def test_the_same_votes_give_the_same_result_in_any_order_and_under_any_numbers(run: Run) -> None:
    rows = town()
    np.random.default_rng(3).shuffle(rows)
    again = find_groups(Votes.from_rows((1000 - person, at, value) for person, at, value in rows), SEED)
    assert again.published == run.published
    assert {1000 - person for person in again.people[again.group == 0]} == set(run.people[run.group == 0])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "too-few-people"),
        ([(person, at, 1) for person in range(3) for at in range(9)], "too-few-people"),
        ([(person, 0, person % 3 - 1) for person in range(60)], "too-few-statements"),
        ([(person, at, 1) for person in range(60) for at in range(9)], "all-alike"),
        ([(person, at, 0) for person in range(60) for at in range(9)], "all-alike"),
    ],
)
def test_where_there_are_no_groups_it_says_why(rows: Rows, reason: str) -> None:
    run = find_groups(Votes.from_rows(rows), SEED)
    assert (run.published.found, run.published.reason, run.published.groups) == (False, reason, ())
    assert set(run.group) <= {-1}
    assert run.published.stability is None


def noise(people: int, statements: int, seed: int) -> Rows:
    chance = np.random.default_rng(seed)
    return [(person, at, int(chance.choice([-1, 1]))) for person in range(people) for at in range(statements)]


def test_noise_is_no_group_however_well_its_points_part() -> None:
    runs = [find_groups(Votes.from_rows(noise(*size)), SEED).published for size in ((60, 10, 1), (300, 40, 5))]
    assert [run.reason for run in runs] == ["no-clear-groups"] * 2
    assert min(run.silhouette or 0 for run in runs) > SEED.least_silhouette
    assert min(run.by_chance or 0 for run in runs) > 0


def test_a_small_group_is_merged_not_told(run: Run) -> None:
    published = find_groups(Votes.from_rows(town((60, 40, 4))), SEED).published
    assert published.found
    assert min(group.people for group in published.groups) >= 10
    assert sum(group.people for group in published.groups) == published.placed == 104


def figures(published: OpinionGroups) -> Iterator[tuple[int, list[int]]]:
    """Give for each statement the votes of all and those told of groups, where any are."""
    for opinion in published.opinions:
        if opinion.all is not None:
            tallies = [tally for tally in opinion.groups if tally is not None]
            yield (
                opinion.all.agree + opinion.all.disagree + opinion.all.passed,
                [tally.agree + tally.disagree + tally.passed for tally in tallies],
            )
        else:
            assert all(tally is None for tally in opinion.groups)


@given(st.integers(0, 10_000), st.integers(12, 45), st.integers(12, 45), st.floats(0.2, 0.9))
@settings(max_examples=15, deadline=None)
def test_nothing_told_is_about_fewer_than_ten(seed: int, first: int, second: int, part: float) -> None:
    chance = np.random.default_rng(seed)
    rows = [row for row in town((first, second), 14, seed) if chance.random() < part]
    published = find_groups(Votes.from_rows(rows), SEED).published
    for total, parts in figures(published):
        assert total >= 10
        for size in [*parts, total - sum(parts)]:
            assert size == 0 or size >= 10


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_rest_that_is_not_told_is_nobody_or_enough(sizes: list[list[int]]) -> None:
    seen = np.array(sizes)
    shown = told(seen, 10)
    for column in range(3):
        rest = int(seen[~shown[:, column], column].sum())
        assert rest == 0 or rest >= 10 or not seen[shown[:, column], column].any()


def test_many_equal_ballots_are_told() -> None:
    rows = town() + [(1000 + person, at, 1) for person in range(12) for at in range(20)]
    assert find_groups(Votes.from_rows(rows), SEED).published.alike == 12


def test_a_new_number_of_groups_has_to_win_four_times() -> None:
    two, three = Split(2, 2, np.zeros(1, np.int32), 0.5), Split(3, 3, np.zeros(1, np.int32), 0.6)
    memory, shown = Memory(tried=2), list[int]()
    for _ in range(4):
        best, memory = chosen_split([two, three], memory, 4)
        assert best is not None
        shown.append(best.tried)
    assert shown == [2, 2, 2, 3]


def test_groups_keep_their_places_when_sizes_change(run: Run) -> None:
    later = town((60, 40)) + [(2000 + person, at, value) for person, at, value in town((60, 40)) if person >= 60]
    again = find_groups(Votes.from_rows(later), SEED, run.memory)
    assert [group.people for group in again.published.groups] == [60, 80]
    assert [group.people for group in find_groups(Votes.from_rows(later), SEED).published.groups] == [80, 60]


@pytest.mark.parametrize("rows", [[(1, 1, 2)], [(1, 1, 1), (1, 1, 1)], [(1, 1, 1), (1, 1, -1)]])
def test_bad_votes_are_refused(rows: Rows) -> None:
    with pytest.raises(Invalid) as caught:
        Votes.from_rows(rows)
    assert caught.value.code.code == "opinions.bad_votes"
