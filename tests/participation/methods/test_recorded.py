"""What other programs answered, recorded: ours has to find the same (``python tools/oracles.py --record``)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.cases import elected, nearness, smallest_chance

FOLDER = Path(__file__).parent / "recorded"


def recorded(name: str) -> list[tuple[Any, Any]]:
    found = json.loads((FOLDER / f"{name}.json").read_text())
    return list(zip(found["cases"], found["answers"], strict=True))


def test_the_same_projects_as_pabutools() -> None:
    for case, answer in recorded("pabutools"):
        assert elected(case) == answer


def test_the_same_consensus_as_red_dwarf() -> None:
    for case, answer in recorded("red_dwarf"):
        agree, disagree, same = nearness(case, answer)
        assert same
        assert min(agree, disagree) >= 0.99


def test_the_same_smallest_chance_as_sortition_algorithms() -> None:
    for case, answer in recorded("sortition"):
        smallest, bound = smallest_chance(case)
        assert smallest == pytest.approx(answer, rel=1e-5)
        assert bound == pytest.approx(answer, rel=1e-5)
