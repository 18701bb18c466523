"""Many rows in one statement: SQLite steps a prepared one, PostgreSQL takes whole columns."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

Row = tuple[Any, ...]


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
            arrays = ", ".join(f"%s::{kind}[]" for kind in self.types)
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
