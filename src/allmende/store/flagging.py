"""Flags of quality: the worst one stands in the observation, the tests that gave it beside it; no value changes.

Only what a test objects to is written. An observation without a flag up to where its datastream was checked is one to
which no test objects; what a person or the sender said of its quality is never touched.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw, state
from allmende.store.codec import pack, pack_rows, unpack
from allmende.store.forget import days_anew
from allmende.store.model import Json
from allmende.store.points import Points, rows_of_points
from allmende.store.scan import EARLIEST, SEQUENCES, Scan
from allmende.store.scope import Scope, Tie
from allmende.store.state import State
from allmende.store.tables import QUALITIES, QUALITY_NUMBERS
from allmende.store.visible import parts_of
from allmende.store.write import Permit

UNCHECKED = 0
# Level and the tests that objected, by the observation's place in the order of arrival.
Verdicts = Mapping[int, tuple[str, dict[str, str]]]
_DUE = (
    "SELECT s.datastream_id, s.sequence, coalesce(c.sequence, 0), c.again, d.category, d.data_use, d.properties, "
    "d.unit, d.minimum, d.maximum, d.thing_id FROM stream_state s JOIN datastreams d ON d.id = s.datastream_id "
    'LEFT JOIN checks c ON c.datastream_id = s.datastream_id WHERE d.multi_types IS NULL AND s."count" > 0 '
    "AND (s.sequence > coalesce(c.sequence, 0) OR c.again IS NOT NULL) "
    "ORDER BY s.sequence - coalesce(c.sequence, 0), s.datastream_id LIMIT ?"
)
_DONE = (
    "INSERT INTO checks (datastream_id, sequence, again) VALUES (?, ?, NULL) "
    "ON CONFLICT (datastream_id) DO UPDATE SET sequence = excluded.sequence, again = NULL"
)
_AGAIN = (
    "INSERT INTO checks (datastream_id, sequence, again) VALUES (?, 0, ?) ON CONFLICT (datastream_id) "
    "DO UPDATE SET again = CASE WHEN checks.again < excluded.again THEN checks.again ELSE excluded.again END"
)
_PUT = (
    "INSERT INTO flags (datastream_id, sequence, start, level, tests, at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (datastream_id, sequence) DO UPDATE SET start = excluded.start, level = excluded.level, "
    "tests = excluded.tests, at = excluded.at"
)


class Due(msgspec.Struct, frozen=True):
    """A datastream with observations that no test has seen: those behind ``checked``, and all from ``again`` on."""

    datastream_id: int
    sequence: int
    checked: int
    again: int | None
    tie: Tie
    properties: Json
    unit: str
    minimum: float | None
    maximum: float | None
    thing_id: int


class Flag(msgspec.Struct, frozen=True):
    """A flag of an observation: its level, what each test that objected said, and since when; with its number."""

    datastream_id: int
    observation_id: int
    start: int
    level: str
    tests: dict[str, str]
    at: int
    result: float | None = None


def due(connection: Connection, limit: int) -> list[Due]:
    """Name the datastreams that wait for a check, those with little first, so that a long load holds up nobody."""
    found = []
    for number, sequence, checked, again, category, use, properties, *rest in raw.fetch(connection, _DUE, (limit,)):
        tie, notes = Tie(category, use), msgspec.json.decode(properties)
        found.append(Due(number, sequence, checked, again, tie, notes, *rest))
    return found


def span_of_new(connection: Connection, one: Due) -> tuple[int, int] | None:
    """Give from when to when the observations lie that wait, by chunks; None where they are gone."""
    low, high = [], []
    for table in ("sealed", "fresh"):
        statement = f"SELECT min(first), max(last) FROM {table} WHERE datastream_id = ? AND high > ?"  # noqa: S608
        first, last = raw.fetch(connection, statement, (one.datastream_id, one.checked))[0]
        if first is not None:
            low.append(first)
            high.append(last)
    if one.again is not None:
        last = raw.fetch(connection, "SELECT last FROM stream_state WHERE datastream_id = ?", (one.datastream_id,))[0][
            0
        ]
        low.append(max(one.again, EARLIEST))
        high.append(last or one.again)
    return (min(low), max(high)) if low else None


def points(connection: Connection, scope: Scope, stream: int, since: int, until: int) -> Points | None:
    """Give the points of a datastream as they are stored; None where the scope does not open it as it is."""
    parts = parts_of(connection, scope, [stream])
    if not parts or not parts[0].limits.plain:
        return None
    return Scan(connection).points(stream, since, until)


def again(connection: Connection, streams: Collection[int], since: int) -> None:
    """Let what lies from an instant on be checked once more."""
    raw.run(connection, _AGAIN, [(stream, since) for stream in sorted(streams)])


def done(connection: Connection, stream: int, sequence: int) -> None:
    """Note up to where a datastream was checked."""
    raw.run(connection, _DONE, [(stream, sequence)])


def flag(connection: Connection, one: Due, span: tuple[int, int], found: Verdicts, now: int, permit: Permit) -> int:
    """Put verdicts on what starts in ``[since, until)`` in place of those before; give how many changed."""
    locked = state.lock(connection, [one.datastream_id]).get(one.datastream_id)
    if locked is None:
        return 0
    changed = _changed(connection, one.datastream_id, span, found)
    if changed:
        permit({locked.tie: 0})
    times = _written(connection, locked, span, changed, now) if changed else np.array([], np.int64)
    done(connection, one.datastream_id, one.sequence)
    if len(times):
        locked.epoch += 1
        state.save(connection, [locked])
        days_anew(connection, locked, times)
    return len(times)


def _changed(
    connection: Connection, stream: int, span: tuple[int, int], found: Verdicts
) -> dict[int, tuple[str, dict[str, str]] | None]:
    """Compare with what is flagged; None is a flag to be taken away."""
    statement = "SELECT sequence, level, tests FROM flags WHERE datastream_id = ? AND start >= ? AND start < ?"
    known = {
        row[0]: (QUALITIES[row[1]], msgspec.json.decode(row[2]))
        for row in raw.fetch(connection, statement, (stream, *span))
    }
    return {
        sequence: found.get(sequence)
        for sequence in known.keys() | found.keys()
        if known.get(sequence) != found.get(sequence)
    }


def _written(
    connection: Connection,
    one: State,
    span: tuple[int, int],
    changed: Mapping[int, tuple[str, dict[str, str]] | None],
    now: int,
) -> Any:
    """Write levels into the chunks and tests beside them; give the times of what changed."""
    flagged = _flagged_of(connection, one.id, changed.keys())
    wanted = np.array(sorted(changed), np.int64)
    times: list[Any] = []
    for table in ("sealed", "fresh"):
        statement = f"SELECT id, body FROM {table} WHERE datastream_id = ? AND first < ? AND last >= ?"  # noqa: S608
        for number, body in raw.fetch(connection, statement, (one.id, span[1], span[0])):
            chunk = unpack(bytes(body))
            ours = np.isin(chunk.sequence, wanted) & (
                ((chunk.quality == UNCHECKED) & _undescribed(chunk)) | np.isin(chunk.sequence, flagged)
            )
            if ours.any():
                times.append(chunk.start[ours])
                _keep_former(connection, one.id, chunk.take(ours & np.isin(chunk.sequence, flagged)), changed, now)
                _level(chunk, ours, changed)
                raw.run(connection, f"UPDATE {table} SET body = ? WHERE id = ?", [(pack(chunk), number)])  # noqa: S608
                _note(connection, one.id, chunk.take(ours), changed, now)
    _renew_latest(connection, one, changed)
    return np.concatenate(times) if times else np.array([], np.int64)


def _undescribed(chunk: Points) -> Any:
    if chunk.described is None:
        return np.ones(len(chunk), np.bool_)
    return np.array([one is None for one in chunk.described], np.bool_)


def _flagged_of(connection: Connection, stream: int, sequences: Collection[int]) -> Any:
    condition = raw.numbers(connection, "sequence")
    statement = f"SELECT sequence FROM flags WHERE datastream_id = ? AND {condition}"  # noqa: S608 - our own names
    rows = raw.fetch(connection, statement, (stream, raw.number_list(sorted(sequences))))
    return np.array(sorted(row[0] for row in rows), np.int64)


def _level(chunk: Points, ours: Any, changed: Mapping[int, tuple[str, dict[str, str]] | None]) -> None:
    quality = chunk.quality.copy()
    for place in np.flatnonzero(ours).tolist():
        verdict = changed[int(chunk.sequence[place])]
        quality[place] = UNCHECKED if verdict is None else QUALITY_NUMBERS[verdict[0]]
    chunk.quality = quality


def _note(
    connection: Connection, stream: int, of: Points, changed: Mapping[int, tuple[str, dict[str, str]] | None], now: int
) -> None:
    gone, put = [], []
    for sequence, start in zip(of.sequence.tolist(), of.start.tolist(), strict=True):
        verdict = changed[sequence]
        if verdict is None:
            gone.append((stream, sequence))
        else:
            tests = msgspec.json.encode(verdict[1]).decode()
            put.append((stream, sequence, start, QUALITY_NUMBERS[verdict[0]], tests, now))
    raw.run(connection, "DELETE FROM flags WHERE datastream_id = ? AND sequence = ?", gone)
    raw.run(connection, _PUT, put)


def _keep_former(
    connection: Connection, stream: int, of: Points, changed: Mapping[int, tuple[str, dict[str, str]] | None], now: int
) -> None:
    """Keep what a flag said before another takes its place; a first flag has nothing before it."""
    columns = "observation_id, datastream_id, at, actor, reason, body"
    statement = f"INSERT INTO revisions ({columns}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
    rows = []
    for row in rows_of_points(of):
        verdict = changed[row[0]]
        reason = "quality: " + (", ".join(f"{name} {level}" for name, level in verdict[1].items()) if verdict else "–")
        rows.append(((stream << SEQUENCE_BITS) | row[0], stream, now, "system:quality", reason, pack_rows([row])))
    raw.run(connection, statement, rows)


def _renew_latest(connection: Connection, one: State, changed: Mapping[int, tuple[str, dict[str, str]] | None]) -> None:
    """Write the level into the kept latest value too."""
    body = raw.fetch(connection, "SELECT latest FROM stream_state WHERE datastream_id = ?", (one.id,))[0][0]
    row = None if body is None else state.latest_row(bytes(body))
    if row is not None and row[0] in changed:
        (now,) = rows_of_points(Scan(connection).by_sequence(one.id, [row[0]]))
        one.newest(now)


def is_flagged(connection: Connection, stream: int, sequence: int) -> bool:
    """Tell whether the quality of an observation is a flag of ours."""
    return bool(_flagged_of(connection, stream, [sequence]).size)


def flags(
    connection: Connection, scope: Scope, streams: Sequence[int], span: tuple[int, int], limit: int
) -> list[Flag]:
    """Give the newest flags of what starts in ``[since, until)``, of datastreams that are open as they are."""
    found: list[Flag] = []
    for part in parts_of(connection, scope, streams):
        if not part.limits.plain:
            continue
        condition, values = part.clause(connection, "datastream_id")
        statement = (
            "SELECT datastream_id, sequence, start, level, tests, at FROM flags "  # noqa: S608 - our own names
            f"WHERE {condition} AND start >= ? AND start < ? ORDER BY start DESC, sequence DESC LIMIT ?"
        )
        rows = raw.fetch(connection, statement, (*values, *span, limit))
        found += _with_results(connection, rows)
    return sorted(found, key=lambda one: (-one.start, -one.observation_id))[:limit]


def _with_results(connection: Connection, rows: Sequence[Any]) -> list[Flag]:
    numbers: dict[tuple[int, int], float | None] = {}
    for stream in {row[0] for row in rows}:
        sequences = [row[1] for row in rows if row[0] == stream]
        for point in rows_of_points(Scan(connection).by_sequence(stream, sequences)):
            numbers[stream, point[0]] = point[5]
    return [
        Flag(
            *(row[0], (row[0] << SEQUENCE_BITS) | (row[1] & SEQUENCES), row[2], QUALITIES[row[3]]),
            *(msgspec.json.decode(row[4]), row[5], numbers.get((row[0], row[1]))),
        )
        for row in rows
    ]


def tally(
    connection: Connection, scope: Scope, streams: Sequence[int], span: tuple[int, int]
) -> dict[int, dict[tuple[str, str], int]]:
    """Count flags by datastream, and there by level and tests, of what starts in ``[since, until)``.

    Only of datastreams that are open as they are: of others a count could tell of single values.
    """
    found: dict[int, dict[tuple[str, str], int]] = {}
    for part in parts_of(connection, scope, streams):
        if not part.limits.plain:
            continue
        condition, values = part.clause(connection, "datastream_id")
        statement = (
            "SELECT datastream_id, level, tests, count(*) FROM flags "  # noqa: S608 - our own names
            f"WHERE {condition} AND start >= ? AND start < ? GROUP BY datastream_id, level, tests"
        )
        for stream, level, tests, count in raw.fetch(connection, statement, (*values, *span)):
            counts = found.setdefault(stream, {})
            names = "+".join(sorted(msgspec.json.decode(tests)))
            counts[QUALITIES[level], names] = counts.get((QUALITIES[level], names), 0) + int(count)
    return found
