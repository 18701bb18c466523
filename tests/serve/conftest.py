"""A founded city in a folder of its own, and the program run as people run it."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "allmende.cli.main"]


def free_port() -> int:
    """Find a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give the environment of a command: English, and a home of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ALLMENDE_", "DJANGO_"))}
    return {**inherited, "ALLMENDE_HOME": str(home), "LC_ALL": "en_GB.UTF-8", **more}


def run(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*PROGRAM, *words], env=environment(home, **more), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Found the Konstanz pack once, without demonstration data."""
    home = tmp_path_factory.mktemp("founded") / "var"
    done = run(home, "init", "--pack", "konstanz")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def city(founded: Path, tmp_path: Path) -> Path:
    """Give a copy of the founded city that a test may change."""
    home = tmp_path / "var"
    shutil.copytree(founded, home)
    return home
