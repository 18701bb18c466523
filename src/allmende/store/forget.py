"""Taking observations away and correcting them: the chunks in which they lie are packed anew, state and days follow."""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, or_, select

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.store import raw, state
from allmende.store.bulk import ADD_DAYS
from allmende.store.codec import pack, unpack
from allmende.store.points import Points, rows_of_points
from allmende.store.scan import SEQUENCES, Scan
from allmende.store.scope import Tie
from allmende.store.seal import chunk_row, put
from allmende.store.state import State
from allmende.store.tables import datastream_features, datastreams, stream_days, stream_state
from allmende.store.touched import touch
from allmende.store.write import Permit, days_of

NO_STREAM = ErrorCode(
    "observation.no_stream",
    Text("Die Messreihe {id} gibt es nicht.", "There is no datastream {id}."),
    Text("Prüfen Sie die Nummer.", "Check the number."),
)
RETENTION = "retentionDays"
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
# Those that start in ``[since, until)``, and of them only the numbered ones where numbers are named.
Which = tuple[int | None, int | None, Collection[int] | None]
Chooser = Callable[[Points], Mask]
OF_STREAMS = (
    *("fresh", "sealed", "revisions", "flags", "checks", "quarantine"),
    *("stream_days", "stream_state", "touched"),
)


def hold_streams(connection: Connection, ids: Sequence[int]) -> None:
    """Let no observation come to these datastreams until the transaction ends."""
    s = stream_state.c
    connection.execute(
        select(s.datastream_id).where(s.datastream_id.in_(ids)).order_by(s.datastream_id).with_for_update()
    )


def forget_streams(connection: Connection, ids: Sequence[int]) -> None:
    """Delete the observations of datastreams, and all that is kept about them."""
    for table in OF_STREAMS:
        raw.run(connection, f"DELETE FROM {table} WHERE datastream_id = ?", [(number,) for number in ids])  # noqa: S608


def count_streams(connection: Connection, ids: Sequence[int]) -> dict[Tie, int]:
    """Count the observations of datastreams by what they are tied to."""
    s, d = stream_state.c, datastreams.c
    question = (
        select(d.category, d.data_use, func.sum(s["count"]))
        .join_from(datastreams, stream_state, s.datastream_id == d.id)
        .where(d.id.in_(ids))
        .group_by(d.category, d.data_use)
    )
    return {Tie(category, use): int(amount) for category, use, amount in connection.execute(question)}


def _about(feature: int) -> Chooser:
    return lambda points: points.feature == feature


def _streams_about(connection: Connection, feature: int) -> list[tuple[int, Tie]]:
    link, d = datastream_features.c, datastreams.c
    question = (
        select(d.id, d.category, d.data_use)
        .join_from(datastreams, datastream_features, link.datastream_id == d.id)
        .where(link.feature_id == feature)
    )
    return [(row[0], Tie(row[1], row[2])) for row in connection.execute(question.order_by(d.id))]


def count_feature(connection: Connection, feature: int) -> dict[Tie, int]:
    """Count the observations about a feature of interest by what they are tied to."""
    amounts: dict[Tie, int] = {}
    chosen = _about(feature)
    for stream, tie in _streams_about(connection, feature):
        count = sum(int(chosen(run).sum()) for run in Scan(connection).windows(stream))
        if count:
            amounts[tie] = amounts.get(tie, 0) + count
    return amounts


def forget_feature(connection: Connection, feature: int) -> None:
    """Delete the observations about a feature of interest."""
    about = [stream for stream, _ in _streams_about(connection, feature)]
    hold_streams(connection, about)
    for stream in about:
        forget(connection, stream, _about(feature))


def forget(
    connection: Connection, stream: int, chosen: Chooser, since: int | None = None, until: int | None = None
) -> int:
    """Delete the observations of a datastream that are chosen; give how many."""
    one = state.lock(connection, [stream]).get(stream)
    if one is None:
        return 0
    gone = taken_out(connection, one, chosen, since, until)
    if gone.shape[1]:
        one.epoch += 1
        count_anew(connection, one, gone[0])
        touch(connection, stream, gone[0])
        _forget_former(connection, stream, gone[1])
        forget_flags(connection, stream, gone[1].tolist())
    return int(gone.shape[1])


def forget_flags(connection: Connection, stream: int, sequences: Sequence[int]) -> None:
    """Forget the flags of observations that were deleted or corrected."""
    statement = "DELETE FROM flags WHERE datastream_id = ? AND sequence = ?"
    raw.run(connection, statement, [(stream, sequence) for sequence in sequences])


def _forget_former(connection: Connection, stream: int, sequences: Ints) -> None:
    """Delete the former states of observations that went."""
    statement = "SELECT DISTINCT observation_id FROM revisions WHERE datastream_id = ?"
    numbers = [int(row[0]) for row in raw.fetch(connection, statement, (stream,))]
    gone = set(sequences.tolist()) if numbers else set()
    without = [(number,) for number in numbers if number & SEQUENCES in gone]
    raw.run(connection, "DELETE FROM revisions WHERE observation_id = ?", without)


def remove(connection: Connection, stream: int, which: Which, permit: Permit) -> int:
    """Delete observations of a datastream; ``permit`` is told how many, and raises to refuse.

    An interval lies in the bounds where its end does.
    """
    since, until, ids = which
    one = state.lock(connection, [stream]).get(stream)
    if one is None:
        raise NotFound(NO_STREAM, id=stream)
    numbers = None if ids is None else np.array(sorted(number & SEQUENCES for number in ids), np.int64)

    def chosen(points: Points) -> Mask:
        named = np.isin(points.sequence, numbers) if numbers is not None else np.ones(len(points), np.bool_)
        return named if until is None else named & (points.end <= until)

    permit({one.tie: sum(int(chosen(run).sum()) for run in Scan(connection).windows(stream, since, until))})
    return forget(connection, stream, chosen, since, until)


class Overdue(msgspec.Struct, frozen=True):
    """A datastream that holds observations from before ``until``, which is as long as they are to be kept."""

    datastream_id: int
    category: str
    until: int


def overdue(connection: Connection, now: int, kept: Mapping[str, int]) -> list[Overdue]:
    """Find the datastreams of which the time to keep has passed for some observations.

    That is what their ``retentionDays`` say or what is ``kept`` of their data use, whichever is shorter.
    """
    s, d = stream_state.c, datastreams.c
    limited = or_(d.properties.contains(f'"{RETENTION}"'), d.data_use.in_(sorted(kept)))
    question = (
        select(d.id, d.category, d.data_use, d.properties, s.first)
        .join_from(datastreams, stream_state, s.datastream_id == d.id)
        .where(limited, s.first.is_not(None))
    )
    found = []
    for number, category, use, properties, first in connection.execute(question.order_by(d.id)):
        named = (msgspec.json.decode(properties).get(RETENTION), kept.get(use))
        days = min((one for one in named if type(one) is int and one > 0), default=0)
        if days and first < now - days * DAY_MICROSECONDS:
            found.append(Overdue(number, category, now - days * DAY_MICROSECONDS))
    return found


def taken_out(
    connection: Connection, one: State, chosen: Chooser, since: int | None = None, until: int | None = None
) -> Ints:
    """Pack the chunks anew without what is chosen; give times and sequences that went, the state is as it was."""
    low, high = Scan.limits(since, until)
    gone: list[Ints] = []
    for table in ("sealed", "fresh"):
        statement = f"SELECT id, body FROM {table} WHERE datastream_id = ? AND first < ? AND last >= ?"  # noqa: S608
        for number, body in raw.fetch(connection, statement, (one.id, high, low)):
            points = unpack(bytes(body))
            away = chosen(points) & (points.start >= low) & (points.start < high)
            if away.any():
                gone.append(np.stack([points.start[away], points.sequence[away]]))
                _replaced(connection, table, number, one, points.take(~away))
                one.fresh -= int(away.sum()) if table == "fresh" else 0
    return np.concatenate(gone, axis=1) if gone else np.empty((2, 0), np.int64)


def _replaced(connection: Connection, table: str, number: int, one: State, rest: Points) -> None:
    if table == "sealed":
        raw.run(connection, "DELETE FROM sealed WHERE id = ?", [(number,)])
        if len(rest):
            put(connection, [chunk_row(one.id, rest)])
    elif len(rest):
        rest = rest.in_order()
        bounds = (int(rest.start[0]), int(rest.start[-1]), int(rest.sequence.min()), int(rest.sequence.max()))
        statement = "UPDATE fresh SET first = ?, last = ?, low = ?, high = ?, count = ?, body = ? WHERE id = ?"
        raw.run(connection, statement, [(*bounds, len(rest), pack(rest), number)])
    else:
        raw.run(connection, "DELETE FROM fresh WHERE id = ?", [(number,)])


def count_anew(connection: Connection, one: State, touched: Ints) -> None:
    """Bring state and days up to what is stored; the sequence goes on, so that no id is used again.

    ``touched`` are the times whose days have changed.
    """
    _recount(connection, one)
    state.put(connection, one)
    days_anew(connection, one, touched)


def days_anew(connection: Connection, one: State, touched: Ints) -> None:
    """Sum the days of some times up anew."""
    days = np.unique(touched // DAY_MICROSECONDS)
    d = stream_days.c
    for day in days.tolist():
        connection.execute(delete(stream_days).where(d.datastream_id == one.id, d.day == day))
        points = Scan(connection).points(one.id, day * DAY_MICROSECONDS, (day + 1) * DAY_MICROSECONDS)
        if len(points):
            ADD_DAYS.run(connection, days_of(one.id, points))


def _recount(connection: Connection, one: State) -> None:
    told = raw.fetch(
        connection,
        "SELECT coalesce(sum(count), 0), min(first), max(until), min(known_first), max(known_last) "
        "FROM sealed WHERE datastream_id = ?",
        (one.id,),
    )[0]
    one.count, one.first, one.last, one.known_first, one.known_last = (None if v is None else int(v) for v in told)
    scan = Scan(connection)
    fresh = scan.fresh(one.id)
    one.latest_start, one.latest = None, None
    if len(fresh):
        one.take_run(fresh)
    newest = next((run for run in scan.windows(one.id, back=True) if len(run)), None)
    if newest is not None:
        (row,) = rows_of_points(newest.take(slice(len(newest) - 1, len(newest))))
        one.newest(row)
