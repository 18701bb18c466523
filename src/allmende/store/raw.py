"""Plain statements through the driver, for the paths where SQLAlchemy's own work would show in the measurements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection


@lru_cache(maxsize=512)
def _for_postgres(statement: str) -> str:
    return statement.replace("?", "%s")


@contextmanager
def _opened(connection: Connection, statement: str) -> Iterator[tuple[Any, str]]:
    """Give a cursor that is closed whatever happens, and the statement as the driver takes it."""
    cursor: Any = connection.connection.cursor()
    try:
        yield cursor, _for_postgres(statement) if connection.dialect.name == "postgresql" else statement
    finally:
        cursor.close()


def fetch(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Run a statement with ``?`` for each parameter; give its rows."""
    with _opened(connection, statement) as (cursor, written):
        cursor.execute(written, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows


def stream(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
    """Run a statement; give its rows one by one, as the driver reads them."""
    with _opened(connection, statement) as (cursor, written):
        cursor.execute(written, parameters)
        while rows := cursor.fetchmany(16):
            yield from rows


def run(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row of parameters."""
    if rows:
        with _opened(connection, statement) as (cursor, written):
            cursor.executemany(written, rows)


def numbers(connection: Connection, column: str) -> str:
    """Give the condition that a column is one of the numbers of a parameter such as ``1,2,3``."""
    if connection.dialect.name == "postgresql":
        return f"{column} = ANY (CAST(string_to_array(CAST(? AS text), ',') AS bigint[]))"
    return f"{column} IN (SELECT value FROM json_each('[' || ? || ']'))"  # noqa: S608 - our own names


def number_list(values: Sequence[int]) -> str:
    """Write numbers as such a parameter."""
    return ",".join(map(str, values))


def copy(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Send rows by PostgreSQL's COPY."""
    with _opened(connection, statement) as (cursor, written), cursor.copy(written) as sink:
        for row in rows:
            sink.write_row(row)
