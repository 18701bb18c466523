"""The program run as people run it, and a city founded once for all tests that need one."""

import fcntl
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

# Where the homes lie that all workers of a run share.
HOMES = "TEST_HOMES"
PROGRAM = [sys.executable, "-m", "allmende.cli.main"]
# What the program notes about requests, changed by reading and refusing too.
JOURNALS = (
    *("decisions", "sqlite_sequence", "django_session"),
    *("ledger_tallies", "ledger_entries", "ledger_tiles"),
)


def free_port() -> int:
    """Find a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give the environment of a command: English, and a home of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ALLMENDE_", "DJANGO_"))}
    return {**inherited, "ALLMENDE_HOME": str(home), "LC_ALL": "en_GB.UTF-8", **more}


def run(home: Path, *words: str, folder: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a working directory when one is named."""
    return subprocess.run(
        [*PROGRAM, *words],
        env=environment(home, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """Make a folder once for all workers of a run, which share the folder that the run has made."""
    home = Path(os.environ[HOMES]) / name
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            shutil.rmtree(unfinished := home.with_suffix(".new"), ignore_errors=True)
            make(unfinished)
            unfinished.rename(home)
    return home


def migrated_home() -> Path:
    """Make both databases once, with nothing in them; that takes most of the time of founding a city."""

    def make(home: Path) -> None:
        done = run(home, "migrate")
        assert done.returncode == 0, done.stderr

    return _once("migrated", make)


def founded_home() -> Path:
    """Found the Konstanz pack once, without demonstration data; copies of the folder are cities of their own."""

    def make(home: Path) -> None:
        shutil.copytree(migrated_home(), home)
        done = run(home, "init", "--pack", "konstanz")
        assert done.returncode == 0, done.stderr

    return _once("founded", make)


def founded_copy(folder: Path) -> Path:
    """Give the home of a founded city in a folder of its own."""
    shutil.copytree(founded_home(), folder / "var")
    return folder / "var"


def rows(home: Path) -> dict[str, int]:
    """Count the rows of every table of both databases, journals left out."""
    found: dict[str, int] = {}
    for name in ("observations", "city"):
        path = home / f"{name}.sqlite3"
        if not path.exists():
            continue
        database = sqlite3.connect(path)
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table not in JOURNALS and "_fts" not in table:
                found[f"{name}.{table}"] = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        if name == "observations":
            total = database.execute('SELECT coalesce(sum("count"), 0) FROM stream_state').fetchone()[0]
            found["observations.observations"] = total
        database.close()
    return found
