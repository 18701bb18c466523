"""Many rows in one statement: SQLite steps a prepared one, PostgreSQL takes whole columns."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

Row = tuple[Any, ...]


@contextmanager
def on_one_way(connection: Connection) -> Iterator[None]:
    """Send statements to PostgreSQL without waiting for the answer to each; a refusal of one comes at the end."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.dbapi_connection
        with driver.pipeline():
            yield
    else:
        yield


class Bulk(msgspec.Struct, frozen=True):
    """A statement in both dialects. PostgreSQL's reads its rows from ``{rows}``, one array for each type."""

    sqlite: str
    postgres: str
    types: tuple[str, ...]

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run the statement for all rows."""
        if not rows:
            return
        cursor: Any = connection.connection.cursor()
        if connection.dialect.name == "postgresql":
            arrays = ", ".join(f"%b::{kind}[]" for kind in self.types)
            cursor.execute(
                self.postgres.replace("{rows}", f"unnest({arrays})"), [list(c) for c in zip(*rows, strict=True)]
            )
        else:
            cursor.executemany(self.sqlite, rows)
        cursor.close()


ADD_DAYS = Bulk(
    'INSERT INTO stream_days (datastream_id, day, "count", minimum, maximum, total) VALUES (?, ?, ?, ?, ?, ?) '
    'ON CONFLICT (datastream_id, day) DO UPDATE SET "count" = "count" + excluded."count", '
    "minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum), "
    "total = total + excluded.total",
    'INSERT INTO stream_days AS s (datastream_id, day, "count", minimum, maximum, total) SELECT * FROM {rows} '
    'ON CONFLICT (datastream_id, day) DO UPDATE SET "count" = s."count" + excluded."count", '
    "minimum = least(s.minimum, excluded.minimum), maximum = greatest(s.maximum, excluded.maximum), "
    "total = s.total + excluded.total",
    ("int", "int", "int", "float8", "float8", "float8"),
)
LINK_FEATURES = Bulk(
    "INSERT INTO datastream_features (datastream_id, feature_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    "INSERT INTO datastream_features (datastream_id, feature_id) SELECT * FROM {rows} ON CONFLICT DO NOTHING",
    ("int", "int"),
)
ADD_SOURCES = Bulk(
    "INSERT INTO sources (name) VALUES (?) ON CONFLICT DO NOTHING",
    "INSERT INTO sources (name) SELECT * FROM {rows} ON CONFLICT DO NOTHING",
    ("text",),
)
ADD_PIECES = Bulk(
    "INSERT INTO fresh (datastream_id, piece, first, last, low, high, count, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO fresh (datastream_id, piece, first, last, low, high, count, body) SELECT * FROM {rows}",
    ("int", *("bigint",) * 5, "int", "bytea"),
)
# The latest value only where it has changed.
SAVE_STATES = Bulk(
    'UPDATE stream_state SET sequence = ?2, piece = ?3, epoch = ?4, "count" = ?5, fresh = ?6, fresh_since = ?7, '
    "first = ?8, last = ?9, known_first = ?10, known_last = ?11, latest_start = ?12, latest = coalesce(?13, latest) "
    "WHERE datastream_id = ?1",
    'UPDATE stream_state s SET sequence = r.b, piece = r.c, epoch = r.d, "count" = r.e, fresh = r.f, '
    "fresh_since = r.g, first = r.h, last = r.i, known_first = r.j, known_last = r.k, latest_start = r.l, "
    "latest = coalesce(r.m, s.latest) FROM {rows} AS r (a, b, c, d, e, f, g, h, i, j, k, l, m) "
    "WHERE s.datastream_id = r.a",
    ("int", *("bigint",) * 11, "bytea"),
)
