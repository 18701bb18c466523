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


SET_STATES = Bulk(
    'UPDATE stream_state SET sequence = ?1, "count" = ?2, first = ?3, last = ?4, latest_id = ?5, latest_start = ?6 '
    "WHERE datastream_id = ?7",
    'UPDATE stream_state s SET sequence = v.a, "count" = v.b, first = v.c, last = v.d, latest_id = v.e, '
    "latest_start = v.f FROM {rows} AS v (a, b, c, d, e, f, g) WHERE s.datastream_id = v.g",
    ("bigint",) * 6 + ("int",),
)
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
_FOUND = "o.datastream_id, o.start, o.duration, o.source_id, o.message, o.id, o.number, o.other"


def rows_at(connection: Connection, places: Sequence[tuple[int, int]]) -> list[Row]:
    """Give what is stored of (datastream, start) pairs: the five parts of the key, id, number, other."""
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        columns = [list(column) for column in zip(*places, strict=True)]
        cursor.execute(
            f"SELECT {_FOUND} FROM unnest(%s::int[], %s::bigint[]) AS p (d, s) "  # noqa: S608 - our own names
            "JOIN observations o ON o.datastream_id = p.d AND o.start = p.s",
            columns,
        )
    else:
        cursor.execute(
            f"SELECT {_FOUND} FROM json_each(?) AS p CROSS JOIN observations o "  # noqa: S608 - our own names
            "ON o.datastream_id = p.value ->> 0 AND o.start = p.value ->> 1",
            (msgspec.json.encode(places).decode(),),
        )
    found: list[Row] = cursor.fetchall()
    cursor.close()
    return found
