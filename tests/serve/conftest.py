"""A founded city in a folder of its own, and the program run as people run it."""

import shutil
from pathlib import Path

import pytest
from tests.program import PROGRAM, environment, founded_home, free_port, run

__all__ = ["PROGRAM", "environment", "free_port", "run"]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Give a copy of the founded city that a test may change."""
    home = tmp_path / "var"
    shutil.copytree(founded_home(), home)
    return home
