"""Ways: known ranges, and nothing of one to nine people, not even by subtracting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.participation.methods.least import enough
from allmende.participation.methods.ways import Side, beside, newcombe, wilson

SIDES = st.integers(0, 40).flatmap(lambda people: st.integers(0, people).map(lambda said: Side(people, said)))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_the_examples_of_the_inventor(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    range_ = newcombe(Side(one[1], one[0]), Side(other[1], other[0]), 0.95)
    assert range_ == pytest.approx((low, high), abs=5e-5)


def test_the_range_of_a_share() -> None:
    assert wilson(Side(263, 81), 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@given(st.dictionaries(st.text(max_size=3), st.tuples(SIDES, SIDES), max_size=6), st.booleans())
def test_nothing_told_is_about_one_to_nine_not_even_beside_the_sums(
    rows: dict[str, tuple[Side, Side]], few: bool
) -> None:
    told = {one.name: one for one in beside(rows, few=few)}
    for name, (online, onsite) in rows.items():
        one = told.get(name)
        assert (one is not None) == (
            min(online.people, onsite.people) >= 10 and (not few or (enough(online.said) and enough(onsite.said)))
        )
        if one is None:
            continue
        # Somebody knows the sum of both ways, and one of them.
        assert online.people + onsite.people - one.online.people >= 10
        assert not few or enough(online.said + onsite.said - one.online.said)
        assert -1 <= one.low <= one.difference <= one.high <= 1
        assert one.difference == -beside({name: (onsite, online)}, few=few)[0].difference


def test_of_many_rows_none_is_taken_for_a_difference_that_one_alone_would_be() -> None:
    both = (Side(40, 20), Side(40, 29))
    assert beside({"1": both})[0].sure
    assert not any(one.sure for one in beside({str(at): both for at in range(20)}))
