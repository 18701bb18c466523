"""Taking observations away and correcting them: the chunks in which they lie are packed anew, state and days follow."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, select

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.store import raw, state
from allmende.store.bulk import ADD_DAYS
from allmende.store.codec import pack, unpack
from allmende.store.points import Points, rows_of_points
from allmende.store.scan import SEQUENCES, Scan
from allmende.store.seal import chunk_row, put
from allmende.store.state import State
from allmende.store.tables import datastream_features, datastreams, stream_days, stream_state
from allmende.store.write import Permit, days_of

MANY = 500
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
# Those that start in ``[since, until)``, and of them only the numbered ones where numbers are named.
Which = tuple[int | None, int | None, Collection[int] | None]
Chooser = Callable[[Points], Mask]
OF_STREAMS = ("fresh", "sealed", "revisions", "stream_days", "stream_state")


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


def count_streams(connection: Connection, ids: Sequence[int]) -> dict[str, int]:
    """Count the observations of datastreams by category."""
    s, d = stream_state.c, datastreams.c
    question = (
        select(d.category, func.sum(s["count"]))
        .join_from(datastreams, stream_state, s.datastream_id == d.id)
        .where(d.id.in_(ids))
        .group_by(d.category)
    )
    return {category: int(amount) for category, amount in connection.execute(question)}


def _about(feature: int) -> Chooser:
    return lambda points: points.feature == feature


def _streams_about(connection: Connection, feature: int) -> list[tuple[int, str]]:
    link, d = datastream_features.c, datastreams.c
    question = (
        select(d.id, d.category)
        .join_from(datastreams, datastream_features, link.datastream_id == d.id)
        .where(link.feature_id == feature)
    )
    return [(row[0], row[1]) for row in connection.execute(question.order_by(d.id))]


def count_feature(connection: Connection, feature: int) -> dict[str, int]:
    """Count the observations about a feature of interest by category."""
    amounts: dict[str, int] = {}
    chosen = _about(feature)
    for stream, category in _streams_about(connection, feature):
        count = sum(int(chosen(run).sum()) for run in Scan(connection).windows(stream))
        if count:
            amounts[category] = amounts.get(category, 0) + count
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
    if len(gone):
        one.epoch += 1
        count_anew(connection, one, gone)
    return len(gone)


def remove(connection: Connection, stream: int, which: Which, permit: Permit) -> int:
    """Delete observations of a datastream; ``permit`` is told how many, and raises to refuse."""
    since, until, ids = which
    one = state.lock(connection, [stream]).get(stream)
    if one is None:
        return 0
    numbers = None if ids is None else np.array(sorted(number & SEQUENCES for number in ids), np.int64)

    def chosen(points: Points) -> Mask:
        return np.isin(points.sequence, numbers) if numbers is not None else np.ones(len(points), np.bool_)

    permit({one.category: sum(int(chosen(run).sum()) for run in Scan(connection).windows(stream, since, until))})
    return forget(connection, stream, chosen, since, until)


def taken_out(
    connection: Connection, one: State, chosen: Chooser, since: int | None = None, until: int | None = None
) -> Ints:
    """Pack the chunks anew without what is chosen, and give the times that went; the state is not counted anew."""
    low, high = Scan.limits(since, until)
    gone: list[Ints] = []
    for table in ("sealed", "fresh"):
        statement = f"SELECT id, body FROM {table} WHERE datastream_id = ? AND first < ? AND last >= ?"  # noqa: S608
        for number, body in raw.fetch(connection, statement, (one.id, high, low)):
            points = unpack(bytes(body))
            away = chosen(points) & (points.start >= low) & (points.start < high)
            if away.any():
                gone.append(points.start[away])
                _replaced(connection, table, number, one, points.take(~away))
                one.fresh -= int(away.sum()) if table == "fresh" else 0
    return np.concatenate(gone) if gone else np.array([], np.int64)


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
