"""A thin DBAPI 2.0 (PEP 249) face of APSW, so that SQLAlchemy can use a SQLite in which the WAL fault is mended."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import apsw

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))


class Warning(Exception):
    """PEP 249."""


class Error(Exception):
    """PEP 249."""


class InterfaceError(Error):
    """PEP 249."""


class DatabaseError(Error):
    """PEP 249."""


class DataError(DatabaseError):
    """PEP 249."""


class OperationalError(DatabaseError):
    """PEP 249."""


class IntegrityError(DatabaseError):
    """PEP 249."""


class InternalError(DatabaseError):
    """PEP 249."""


class ProgrammingError(DatabaseError):
    """PEP 249."""


class NotSupportedError(DatabaseError):
    """PEP 249."""


def Binary(value: bytes) -> bytes:  # noqa: N802 - the name is PEP 249's
    """Give bytes as they are."""
    return value


@contextmanager
def translated() -> Iterator[None]:
    """Turn APSW's errors into those of PEP 249."""
    try:
        yield
    except apsw.ConstraintError as error:
        raise IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise OperationalError(str(error)) from error


class _Described:
    """Catches the description before the first step, since APSW forgets it after the last row.

    It knows nothing of the cursor: in a circle both would wait for the collector, which may free a statement in one
    thread while another uses its connection.
    """

    def __init__(self) -> None:
        self.columns: Any = None

    def __call__(self, cursor: Any, _sql: str, _bindings: Any) -> bool:
        columns = cursor.get_description()
        self.columns = tuple((name, kind, None, None, None, None, None) for name, kind in columns) or None
        return True


class Cursor:
    """A cursor."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._cursor = connection.apsw.cursor()
        self._described = _Described()
        connection.cursors.add(self)

    @property
    def description(self) -> Any:
        """Give the columns of the last question; None where there was none."""
        return self._described.columns

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        """Run one statement."""
        self._described.columns = None
        self._cursor.exec_trace = self._described
        before = self.connection.apsw.total_changes()
        with translated():
            self._cursor.execute(sql, tuple(parameters))
        self.rowcount = self.connection.apsw.total_changes() - before if self.description is None else -1
        self.lastrowid = self.connection.apsw.last_insert_rowid()
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> "Cursor":
        """Run one statement for many rows."""
        before = self.connection.apsw.total_changes()
        self._cursor.exec_trace = None
        with translated():
            self._cursor.executemany(sql, rows)
        self.rowcount = self.connection.apsw.total_changes() - before
        self._described.columns = None
        return self

    def fetchone(self) -> Any:
        """Give the next row or nothing."""
        with translated():
            return next(self._cursor, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Give up to so many rows."""
        with translated():
            rows = []
            for row in self._cursor:
                rows.append(row)
                if len(rows) == (size or self.arraysize):
                    break
            return rows

    def fetchall(self) -> list[Any]:
        """Give all rows that are left."""
        with translated():
            return list(self._cursor)

    def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close(True)

    def setinputsizes(self, _sizes: Any) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, _size: Any, _column: Any = None) -> None:
        """Do nothing, as PEP 249 allows."""


class Connection:
    """A connection that begins no transaction by itself; the engine says ``BEGIN``."""

    isolation_level: str | None = None

    def __init__(self, filename: str) -> None:
        with translated():
            self.apsw = apsw.Connection(filename)
        self.cursors: WeakSet[Cursor] = WeakSet()

    def cursor(self) -> Cursor:
        """Open a cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """End the transaction, if there is one; durable when it returns (``synchronous=FULL``)."""
        if self.apsw.in_transaction:
            with translated():
                self.apsw.execute("COMMIT")

    def rollback(self) -> None:
        """Take the transaction back, if there is one, and let go of every statement.

        One that was not read to its end would keep its view of the database into the next transactions.
        """
        for cursor in list(self.cursors):
            cursor.close()
        self.cursors.clear()
        if self.apsw.in_transaction:
            with translated():
                self.apsw.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self.apsw.close(True)

    def create_function(self, name: str, arguments: int, function: Any, *, deterministic: bool = False) -> None:
        """Register a scalar function, as SQLAlchemy does for REGEXP."""
        self.apsw.create_scalar_function(name, function, arguments, deterministic=deterministic)


def connect(database: str, **_options: Any) -> Connection:
    """Open a database file."""
    return Connection(database)
