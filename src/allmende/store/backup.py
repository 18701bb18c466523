"""Copies of SQLite files while others read and write them."""

from collections.abc import Callable
from pathlib import Path

import apsw

from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.store.engine import BUSY_MILLISECONDS

NOT_COPIED = ErrorCode(
    "store.not_copied",
    Text("Die Datei {path} ließ sich nicht sichern: {why}", "The file {path} could not be backed up: {why}"),
    Text(
        "Führen Sie aus: allmende doctor, und sichern Sie noch einmal.", "Run: allmende doctor, and back up once more."
    ),
)
PAGES = 2_000


def copy_database(source: Path, target: Path, advance: Callable[[int, int], None]) -> None:
    """Copy a SQLite file as it is at one moment, and check the copy."""
    try:
        _copy(source, target, advance)
        why = _fault_of(target)
    except apsw.Error as error:
        raise Broken(NOT_COPIED, path=source, why=str(error)) from error
    if why != "ok":
        raise Broken(NOT_COPIED, path=source, why=why)


def _copy(source: Path, target: Path, advance: Callable[[int, int], None]) -> None:
    here = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    there = apsw.Connection(str(target))
    try:
        here.set_busy_timeout(BUSY_MILLISECONDS)
        # The copy would begin anew at each foreign write if this transaction did not hold one state.
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        with there.backup("main", here, "main") as backup:
            while not backup.done:
                backup.step(PAGES)
                advance(backup.page_count - backup.remaining, backup.page_count)
        here.execute("COMMIT")
    finally:
        there.close()
        here.close()


def _fault_of(path: Path) -> str:
    copy = apsw.Connection(str(path))
    try:
        return str(copy.execute("PRAGMA integrity_check(1)").fetchall()[0][0])
    finally:
        copy.close()
