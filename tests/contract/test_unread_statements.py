"""A statement that nobody reads to its end leaves nothing behind for the next transaction of its connection."""

import gc
from pathlib import Path

from allmende.store import apsw_dbapi, raw
from allmende.store.engine import open_engine, reading, writing


def test_an_abandoned_statement_keeps_no_old_view(tmp_path: Path) -> None:
    here, elsewhere = (open_engine(str(tmp_path / "store.sqlite3")) for _ in range(2))
    with writing(here) as connection:
        raw.fetch(connection, "CREATE TABLE numbers (number INTEGER)")
        raw.run(connection, "INSERT INTO numbers VALUES (?)", [(number,) for number in range(100)])
    with reading(here) as connection:
        abandoned = raw.stream(connection, "SELECT number FROM numbers")
        next(abandoned)
    with writing(elsewhere) as connection:
        raw.run(connection, "INSERT INTO numbers VALUES (?)", [(100,)])
    with reading(here) as connection:
        assert raw.fetch(connection, "SELECT count(*) FROM numbers") == [(101,)]
    here.dispose()
    elsewhere.dispose()


def test_a_cursor_that_nobody_holds_is_gone_at_once(tmp_path: Path) -> None:
    """The collector may run in any thread, and must not be the one that frees a statement."""
    connection = apsw_dbapi.connect(str(tmp_path / "alone.sqlite3"))
    gc.disable()
    try:
        cursor = connection.cursor().execute("SELECT 1 UNION SELECT 2")
        assert cursor.fetchone() == (1,)
        assert len(connection.cursors) == 1
        del cursor
        assert len(connection.cursors) == 0
    finally:
        gc.enable()
    connection.close()
