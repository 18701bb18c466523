"""A backup put in the place of an installation's databases; what was there steps aside and is not deleted."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from allmende.gate.copies import (
    is_filled,
    is_used,
    prepare_roles,
    put_aside,
    refuse_newer_store,
    take_away,
    take_back,
)
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Broken, Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.serve.backup import MANIFEST, Advance, Manifest, Part, described, parts_of, run_client
from allmende.serve.portal_form import refuse_strange_changes
from allmende.serve.readiness import NOT_WRITABLE
from allmende.serve.settings import Settings

NO_BACKUP = ErrorCode(
    "restore.no_backup",
    Text("{folder} ist keine Sicherung: {why}.", "{folder} is no backup: {why}."),
    Text(
        "Nennen Sie einen Ordner, den „allmende backup“ angelegt hat.",
        "Name a folder that “allmende backup” made.",
    ),
)
DAMAGED = ErrorCode(
    "restore.damaged",
    Text("{file} ist nicht mehr, was gesichert wurde ({why}).", "{file} is no longer what was backed up ({why})."),
    Text("Nehmen Sie eine andere Sicherung; nichts wurde geändert.", "Take another backup; nothing was changed."),
)
OTHER_DATABASE = ErrorCode(
    "restore.other_database",
    Text(
        "Die Sicherung enthält {found}, diese Installation braucht {wanted}.",
        "The backup holds {found}, this installation needs {wanted}.",
    ),
    Text(
        "Stellen Sie ALLMENDE_DATABASE_URL so ein, wie es bei der Sicherung war.",
        "Set ALLMENDE_DATABASE_URL as it was when the backup was made.",
    ),
)
NOT_EMPTY = ErrorCode(
    "restore.not_empty",
    Text("{place} enthält schon Daten.", "{place} holds data already."),
    Text(
        "Mit --replace werden sie beiseitegelegt; nichts wurde geändert.",
        "With --replace they are put aside; nothing was changed.",
    ),
)
IN_USE = ErrorCode(
    "restore.in_use",
    Text("{place} ist gerade in Gebrauch.", "{place} is in use."),
    Text(
        "Halten Sie Allmende und alles andere an, was die Datenbank geöffnet hat.",
        "Stop Allmende, and whatever else has the database open.",
    ),
)
NO_PG_RESTORE = ErrorCode(
    "restore.no_pg_restore",
    Text("Das Programm pg_restore fehlt auf diesem Rechner.", "The program pg_restore is missing on this machine."),
    Text(
        "Installieren Sie die Clientprogramme von PostgreSQL, oder führen Sie auf dem Datenbankrechner aus: "
        "pg_restore --single-transaction --dbname={database} {file}",
        "Install PostgreSQL's client programs, or run on the database's machine: "
        "pg_restore --single-transaction --dbname={database} {file}",
    ),
)
PG_RESTORE_FAILED = ErrorCode(
    "restore.pg_restore_failed",
    Text("pg_restore ist gescheitert: {why}", "pg_restore has failed: {why}"),
    Text(
        "Beheben Sie das, und spielen Sie noch einmal ein; es ist alles wie zuvor.",
        "Mend that, and restore once more; all is as it was before.",
    ),
)
PROGRAM = "pg_restore"


class Backup(msgspec.Struct, frozen=True):
    """A backup that was found whole and fit for this installation."""

    folder: Path
    manifest: Manifest
    parts: tuple[Part, ...]


def open_backup(settings: Settings, folder: Path, advance: Advance) -> Backup:
    """Check a backup: that it is one, of databases as they are here, of no newer version, and whole."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise Invalid(NO_BACKUP, folder=folder, why=f"{MANIFEST}: {getattr(error, 'strerror', error)}") from error
    parts = tuple(parts_of(settings))
    wanted = {part.file for part in parts}
    if wanted != set(manifest.files):
        found = ", ".join(sorted(manifest.files))
        raise Invalid(OTHER_DATABASE, found=found, wanted=", ".join(sorted(wanted)))
    refuse_newer_store(manifest.store)
    refuse_strange_changes(manifest.portal)
    _require_whole(folder, manifest, advance)
    return Backup(folder, manifest, parts)


def _require_whole(folder: Path, manifest: Manifest, advance: Advance) -> None:
    total = sum(kept.bytes for kept in manifest.files.values())
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        advance(done, total)

    for name, kept in manifest.files.items():
        try:
            found = described(folder / name, count)
        except OSError as error:
            raise Broken(DAMAGED, file=folder / name, why=error.strerror) from error
        if found != kept:
            why = f"{found.bytes} / {kept.bytes} bytes" if found.bytes != kept.bytes else "SHA-256"
            raise Broken(DAMAGED, file=folder / name, why=why)


def require_room(backup: Backup, *, replace: bool) -> None:
    """Refuse where the databases are used, or hold something that may not be put aside, or a program is missing."""
    for part in backup.parts:
        if part.schemas and shutil.which(PROGRAM) is None:
            database = urlsplit(part.place).path.lstrip("/")
            raise Broken(NO_PG_RESTORE, database=database, file=backup.folder / part.file)
        if is_used(part.place):
            raise Conflict(IN_USE, place=_named(part))
        if is_filled(part.place, part.schemas) and not replace:
            raise Conflict(NOT_EMPTY, place=_named(part))


def _named(part: Part) -> str:
    """Name a database without its password."""
    parts = urlsplit(part.place)
    return f"{parts.hostname}{parts.path}" if part.schemas else part.place


def put_in_place(settings: Settings, backup: Backup, *, replace: bool, advance: Advance) -> list[str]:
    """Put the backup in place, whole or not at all; give the names under which the former state was put aside."""
    require_room(backup, replace=replace)
    mark = utc_now().strftime("%Y%m%dt%H%M%S")
    names: list[str] = []
    with ExitStack() as undo:
        for number, part in enumerate(backup.parts):
            moved = put_aside(part.place, part.schemas, mark, settings.home / f"before-{mark}")
            undo.callback(take_back, part.place, moved)
            names += [there for _, there in moved]
            _put(backup.folder / part.file, part)
            undo.callback(take_away, part.place, part.schemas)
            advance(number + 1, len(backup.parts))
        undo.pop_all()
    return names


def _put(source: Path, part: Part) -> None:
    if not part.schemas:
        _copy(source, Path(part.place))
        return
    prepare_roles(part.place)
    why = run_client([PROGRAM, "--single-transaction", "--exit-on-error", str(source)], part.place)
    if why:
        raise Broken(PG_RESTORE_FAILED, why=why)


def _copy(source: Path, target: Path) -> None:
    """Copy a file durably; it appears whole or not at all."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.copyfile(source, partial)
        for path in (partial, target.parent):
            number = os.open(path, os.O_RDONLY)
            os.fsync(number)
            os.close(number)
        partial.rename(target)
    except OSError as error:
        raise Broken(NOT_WRITABLE, home=target.parent, why=error.strerror) from error
    finally:
        partial.unlink(missing_ok=True)
