"""Databases in whose place another state is to be put: what they hold, who uses them, and how they step aside."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
from sqlalchemy import bindparam, text

from allmende.store.engine import is_postgres, open_engine, reading, writing
from allmende.store.schema import ensure_portal_role

SIDE_FILES = ("", "-wal", "-shm")
_SCHEMAS = text("SELECT nspname FROM pg_namespace WHERE nspname IN :names").bindparams(
    bindparam("names", expanding=True)
)
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


def is_filled(place: str, schemas: Sequence[str]) -> bool:
    """Tell whether a file, or one of some schemas of a PostgreSQL database, is there."""
    if not is_postgres(place):
        return any(path.exists() for path in _files(place))
    return bool(_present(place, schemas))


def is_used(place: str) -> bool:
    """Tell whether another process has a database open; a damaged file is used by nobody."""
    if not is_postgres(place):
        return Path(place).exists() and _is_locked(place)
    engine = open_engine(place)
    try:
        with reading(engine) as connection:
            return bool(connection.execute(_OTHERS).scalar_one())
    finally:
        engine.dispose()


def put_aside(place: str, schemas: Sequence[str], mark: str, folder: Path) -> list[tuple[str, str]]:
    """Move a file into a folder, or give the schemas of a database other names; give what moved where."""
    if not is_postgres(place):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [(str(path), str(path.rename(folder / path.name))) for path in _files(place) if path.exists()]
    moved = [(name, f"{name}_before_{mark}") for name in _present(place, schemas)]
    _alter(place, [_renamed(here, there) for here, there in moved])
    return moved


def take_back(place: str, moved: Sequence[tuple[str, str]]) -> None:
    """Undo what was put aside."""
    if is_postgres(place):
        _alter(place, [_renamed(there, here) for here, there in moved])
    else:
        for here, there in moved:
            Path(there).rename(here)


def take_away(place: str, schemas: Sequence[str]) -> None:
    """Delete what was put in place just now, because something beside it failed."""
    if is_postgres(place):
        _alter(place, [f'DROP SCHEMA "{name}" CASCADE' for name in schemas])
    else:
        Path(place).unlink(missing_ok=True)


def prepare_roles(place: str) -> None:
    """Make the role to which the schema of the portal belongs."""
    engine = open_engine(place)
    try:
        with writing(engine) as connection:
            ensure_portal_role(connection)
    finally:
        engine.dispose()


def _files(place: str) -> list[Path]:
    return [Path(place + end) for end in SIDE_FILES]


def _is_locked(place: str) -> bool:
    with suppress(apsw.NotADBError, apsw.CorruptError, apsw.CantOpenError, apsw.IOError):
        connection = apsw.Connection(place, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            # In a write-ahead log each open connection holds a lock that an exclusive one cannot have beside it.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except apsw.BusyError:
            return True
        finally:
            connection.close()
    return False


def _present(place: str, schemas: Sequence[str]) -> list[str]:
    engine = open_engine(place)
    try:
        with reading(engine) as connection:
            return sorted(connection.execute(_SCHEMAS, {"names": list(schemas)}).scalars())
    finally:
        engine.dispose()


def _renamed(here: str, there: str) -> str:
    return f'ALTER SCHEMA "{here}" RENAME TO "{there}"'


def _alter(place: str, statements: Sequence[str]) -> None:
    engine = open_engine(place)
    try:
        with writing(engine) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
