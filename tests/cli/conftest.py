"""A city that tests share because what is tried on it must change nothing."""

import re
import shutil
from pathlib import Path

import pytest

from tests.program import founded_home, run

HERE = Path(__file__).parent
PROBE = HERE / "probe.yaml"
GOOD = "name,time,temperature\nDöbele,2024-05-01 07:00,12.5\nDöbele,2024-05-01 08:00,13.0\n"


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a city with two measured values, which tests of refusals share."""
    folder = tmp_path_factory.mktemp("town")
    shutil.copytree(founded_home(), folder / "var")
    (folder / "good.csv").write_text(GOOD, encoding="utf-8")
    done = run(folder / "var", "load", "observations", str(folder / "good.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr
    return folder / "var"


def told(error: str) -> str:
    """Give the one line that says what went wrong; fail on more than one, and on a traceback."""
    lines = [line for line in error.splitlines() if line and not re.search(r" …$|: \d+ %$", line)]
    assert len(lines) == 1, error
    assert lines[0].startswith("allmende: "), error
    return lines[0]
