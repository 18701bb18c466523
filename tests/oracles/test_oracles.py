"""The comparison with other programs, where their environments are there (``make oracles`` makes them)."""

import pytest

from tools import oracles


@pytest.mark.parametrize(
    ("name", "compare"),
    [("pabutools", oracles.budgets), ("red_dwarf", oracles.opinions), ("sortition", oracles.panels)],
)
def test_we_find_what_the_oracle_finds(name: str, compare: "oracles.Compare") -> None:
    if not (oracles.FOLDER / name / "bin" / "python").exists():
        pytest.skip(f"no environment of {name} in {oracles.FOLDER}: `make oracles` makes it")
    assert compare()
