"""The comparison with other programs, where ``ALLMENDE_ORACLES`` names the folder of their environments."""

import os

import pytest

from tools import oracles


@pytest.mark.parametrize(
    ("name", "compare"),
    [("pabutools", oracles.budgets), ("red_dwarf", oracles.opinions), ("sortition", oracles.panels)],
)
def test_we_find_what_the_oracle_finds(name: str, compare: "oracles.Compare") -> None:
    if "ALLMENDE_ORACLES" not in os.environ:
        pytest.skip("takes minutes and environments of its own: `make oracles`, or set ALLMENDE_ORACLES")
    assert compare()
