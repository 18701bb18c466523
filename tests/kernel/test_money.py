"""Money is exact: shares add up to the cent, and reading undoes writing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.kernel.money import Money

CENTS = st.integers(-(10**13), 10**13)


@given(CENTS, st.lists(st.integers(0, 1000), min_size=1, max_size=6).filter(any))
def test_parts_add_up_to_the_cent(cents: int, weights: list[int]) -> None:
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    parts = Money(cents).split(shares)
    assert sum(part.cents for part in parts) == cents
    for part, share in zip(parts, shares, strict=True):
        assert abs(part.cents - cents * share) < 1


def test_the_federal_share_is_thirteen_twentieths() -> None:
    federal, own = Money(1_750_000_000).split([Fraction(13, 20), Fraction(7, 20)])
    assert (federal, own) == (Money(1_137_500_000), Money(612_500_000))


def test_shares_that_are_not_whole_are_refused() -> None:
    with pytest.raises(Invalid, match="do not add up"):
        Money(100).split([Fraction(1, 2)])


@given(CENTS)
def test_what_is_written_can_be_read(cents: int) -> None:
    amount = Money(cents)
    assert Money.parse(amount.written("de").replace("−", "-")) == amount
    assert Money.parse(amount.written("en").replace("−", "-").replace("€", "")) == amount


@pytest.mark.parametrize(
    ("text", "cents"),
    [("1.234,50", 123450), ("1,234.50", 123450), ("1.234", 123400), ("0,5", 50), ("12", 1200), ("9.1", 910)],
)
def test_german_and_english_amounts_are_read(text: str, cents: int) -> None:
    assert Money.parse(text) == Money(cents)


@pytest.mark.parametrize("text", ["", "abc", "1,2,3", "1.23.4", "NaN", "1e5", "12,345,6", "1.234.56"])
def test_what_is_no_amount_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="not an amount"):
        Money.parse(text)


def test_millions_are_rounded_half_up() -> None:
    assert Money(1_460_000_000).in_millions("de") == "14,6 Mio. €"
    assert Money(1_137_500_000).in_millions("en", 3) == "€11.375 million"
    assert Money(905_000_000).in_millions("de") == "9,1 Mio. €"
