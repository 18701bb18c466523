"""A backup of all databases of an installation, made while it runs."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from allmende.gate.door import copy_database
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.serve.readiness import NOT_WRITABLE
from allmende.serve.settings import Settings

NO_PG_DUMP = ErrorCode(
    "backup.no_pg_dump",
    Text("Das Programm pg_dump fehlt auf diesem Rechner.", "The program pg_dump is missing on this machine."),
    Text(
        "Installieren Sie die Clientprogramme von PostgreSQL, oder führen Sie auf dem Datenbankrechner aus: "
        "pg_dump --format=custom --file=allmende.dump {database}",
        "Install PostgreSQL's client programs, or run on the database's machine: "
        "pg_dump --format=custom --file=allmende.dump {database}",
    ),
)
PG_DUMP_FAILED = ErrorCode(
    "backup.pg_dump_failed",
    Text("pg_dump ist gescheitert: {why}", "pg_dump has failed: {why}"),
    Text("Beheben Sie das, und sichern Sie noch einmal.", "Mend that, and back up once more."),
)
SQLITE_FILES = ("observations.sqlite3", "city.sqlite3")
Advance = Callable[[int, int], None]


def back_up(settings: Settings, folder: Path, advance: Advance) -> Path:
    """Write a checked copy of all databases into a folder named by the time; it appears whole or not at all."""
    name = utc_now().strftime("%Y-%m-%dT%H%M%S.%fZ")
    partial, whole = folder / f".{name}.partial", folder / name
    try:
        partial.mkdir(parents=True, mode=0o700)
        for file, copier in _copiers(settings):
            copier(partial / file, advance)
        partial.rename(whole)
    except OSError as error:
        raise Broken(NOT_WRITABLE, home=folder, why=error.strerror) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return whole


def _copiers(settings: Settings) -> list[tuple[str, Callable[[Path, Advance], None]]]:
    store, portal = settings.database_url, settings.portal_database_url or settings.database_url
    if not store:
        names = SQLITE_FILES if not portal else SQLITE_FILES[:1]
        found = [(name, _sqlite_copier(settings.home / name)) for name in names]
        return found if not portal else [*found, ("city.dump", _dumper(portal))]
    found = [("allmende.dump", _dumper(store))]
    return found if _place(portal) == _place(store) else [*found, ("city.dump", _dumper(portal))]


def _place(url: str) -> tuple[str | None, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or 5432, parts.path


def _sqlite_copier(source: Path) -> Callable[[Path, Advance], None]:
    return lambda target, advance: copy_database(source, target, advance)


def _dumper(url: str) -> Callable[[Path, Advance], None]:
    return lambda target, _advance: _dump(url, target)


def _dump(url: str, target: Path) -> None:
    parts = urlsplit(url)
    program = shutil.which("pg_dump")
    if program is None:
        raise Broken(NO_PG_DUMP, database=parts.path.lstrip("/"))
    # The password goes by the environment: arguments can be read by everyone on the machine.
    place = parts.netloc.rpartition("@")[2]
    address = urlunsplit(parts._replace(netloc=f"{parts.username}@{place}" if parts.username else place))
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    words = [program, "--format=custom", f"--file={target}", f"--dbname={address}"]
    done = subprocess.run(words, env={**os.environ, **secret}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Broken(PG_DUMP_FAILED, why=done.stderr.strip().splitlines()[0] if done.stderr.strip() else "?")
