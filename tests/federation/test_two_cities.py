"""Two installations on one machine: one shows itself, the other follows it over HTTP, also when it is gone."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import City, serve
from tests.program import founded_copy, migrated_home, run

LOOPBACK: Any = {"ALLMENDE_SOURCE_HOSTS": "127.0.0.1"}


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[City]:
    """Serve a city that shows itself."""
    home = founded_copy(tmp_path)
    done = run(home, "federation", "offer", "--on")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("offer: on\nfingerprint: ")
    yield from serve(home)


@pytest.fixture
def follower(tmp_path: Path) -> Path:
    """Give another city, with a log of its own."""
    home = tmp_path / "follower"
    shutil.copytree(migrated_home(), home)
    assert run(home, "ledger", "show").returncode == 0
    return home


def asked(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the follower."""
    return run(home, "federation", *words, ALLMENDE_PACK="musterstadt", **LOOPBACK)


def test_one_city_follows_another(shown: City, follower: Path) -> None:
    """The key is compared first; then all comes at once, the log is co-signed, and it outlives the other city."""
    unknown = asked(follower, "add", shown.address)
    assert unknown.returncode == 2
    city, fingerprint, key = unknown.stdout.splitlines()
    assert (city, key) == ("Konstanz", shown.text("/ledger/key").strip())
    assert fingerprint.startswith("fingerprint: ")
    assert asked(follower, "add", shown.address, "--key", key, "--witness").stdout == "Added: Konstanz\n"
    shown.stop()
    gone = asked(follower, "update")
    assert gone.returncode == 6
    assert "cannot be reached" in gone.stdout
    kept = json.loads(asked(follower, "show", "Konstanz").stdout)
    assert (kept["state"], kept["failures"], kept["cosigned"]) == ("active", 1, True)
    assert kept["indicators"] > 5
    assert kept["findings"] > 0
    assert kept["log_size"] > 1
