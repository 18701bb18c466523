"""Is anything lost or doubled when processes are killed while they write and seal?

Usage: ``python bench/kill.py [KILLS]``; 50 on each database unless told otherwise, and as many with ``allmende seal``
as the process that seals. ``ALLMENDE_TEST_POSTGRES_URL`` names a PostgreSQL database beside which others are made.
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.postgres import Databases  # noqa: E402 - the tests lie beside this folder
from tests.siege import Siege  # noqa: E402


def endure(name: str, home: Path, url: str, kills: int, *, command: bool) -> bool:
    """Besiege one store and print what came of it; tell whether all is well."""
    outcome = Siege(home, url, command=command).endure(kills)
    how = "allmende seal" if command else "a process that seals without pause"
    print(
        f"{name:10} {how:35} {outcome.kills:3} kills  {outcome.acknowledged:7,} acknowledged and kept "
        f"({outcome.corrected:,} corrections, {outcome.deleted:,} deletions)  {outcome.lost} lost  "
        f"{outcome.doubled} doubled  {outcome.strange} never acknowledged  "
        f"doctor: {outcome.doctor or 'all is well'}",
        flush=True,
    )
    return outcome.good


def main() -> None:
    """Besiege each store that there is."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
    databases = Databases(url) if url else None
    good = True
    try:
        for command in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                home = Path(folder)
                good &= endure("SQLite", home, str(home / "observations.sqlite3"), kills, command=command)
            if databases is not None:
                with tempfile.TemporaryDirectory() as folder:
                    good &= endure("PostgreSQL", Path(folder), databases.new(), kills, command=command)
    finally:
        if databases is not None:
            databases.drop()
    if databases is None:
        print("PostgreSQL not besieged: ALLMENDE_TEST_POSTGRES_URL is not set")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
