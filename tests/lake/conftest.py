"""A town at the lake, made once; each test works on a copy of its database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lake.shore import Shore


@pytest.fixture(scope="session")
def shore_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the town."""
    home = tmp_path_factory.mktemp("shore")
    Shore.built(home).gate.close()
    return home


@pytest.fixture
def shore(shore_home: Path, tmp_path: Path) -> Iterator[Shore]:
    """Give the town, to be changed."""
    shutil.copytree(shore_home, tmp_path / "home")
    town = Shore.at(tmp_path / "home")
    yield town
    town.gate.close()
