"""A backup of all databases of an installation, made while it runs."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from allmende.gate.copies import STORE_VERSION, copy_database
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.serve.portal_form import portal_changes
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
MANIFEST = "backup.json"
CHUNK = 1 << 20
Advance = Callable[[int, int], None]


class Part(msgspec.Struct, frozen=True):
    """One database of an installation, and the file of a backup that holds it."""

    file: str
    place: str
    schemas: tuple[str, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """What a file of a backup has to be."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup tells about itself: when and by which version it was made, and the form of its databases."""

    made: str
    program: str
    store: int
    portal: tuple[str, ...]
    files: dict[str, Kept]


def parts_of(settings: Settings) -> list[Part]:
    """Name the databases of an installation."""
    store, portal = settings.database_url, settings.portal_database_url or settings.database_url
    here = Part("observations.sqlite3", settings.store_url)
    if not store and not portal:
        return [here, Part("city.sqlite3", str(settings.home / "city.sqlite3"))]
    if store and _place(portal) == _place(store):
        return [Part("allmende.dump", store, ("observations", "city"))]
    first = Part("observations.dump", store, ("observations",)) if store else here
    return [first, Part("city.dump", portal, ("city",))]


def back_up(settings: Settings, folder: Path, advance: Advance) -> Path:
    """Write a checked copy of all databases into a folder named by the time; it appears whole or not at all."""
    now = utc_now()
    name = now.strftime("%Y-%m-%dT%H%M%S.%fZ")
    partial, whole = folder / f".{name}.partial", folder / name
    try:
        partial.mkdir(parents=True, mode=0o700)
        files = {}
        for part in parts_of(settings):
            _copy(part, partial / part.file, advance)
            files[part.file] = described(partial / part.file)
        manifest = Manifest(now.isoformat(), version("allmende"), STORE_VERSION, tuple(portal_changes()), files)
        (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        partial.rename(whole)
    except OSError as error:
        raise Broken(NOT_WRITABLE, home=folder, why=error.strerror) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return whole


def described(path: Path, advance: Callable[[int], None] = lambda _size: None) -> Kept:
    """Give size and checksum of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            found.update(part)
            advance(len(part))
    return Kept(path.stat().st_size, found.hexdigest())


def _copy(part: Part, target: Path, advance: Advance) -> None:
    if part.schemas:
        _dump(part, target)
    else:
        copy_database(Path(part.place), target, advance)


def _place(url: str) -> tuple[str | None, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or 5432, parts.path


def _dump(part: Part, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise Broken(NO_PG_DUMP, database=urlsplit(part.place).path.lstrip("/"))
    schemas = [f"--schema={name}" for name in part.schemas]
    why = run_client([program, "--format=custom", f"--file={target}", *schemas], part.place)
    if why:
        raise Broken(PG_DUMP_FAILED, why=why)


def run_client(words: list[str], url: str) -> str:
    """Run a client program of PostgreSQL on a database; give the first line of what went wrong."""
    parts = urlsplit(url)
    # The password goes by the environment: arguments can be read by everyone on the machine.
    place = parts.netloc.rpartition("@")[2]
    address = urlunsplit(parts._replace(netloc=f"{parts.username}@{place}" if parts.username else place))
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    done = subprocess.run(  # noqa: S603
        [*words, f"--dbname={address}"], env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    said = done.stderr.strip().splitlines()
    return (said[0] if said else "?") if done.returncode else ""
