"""Deleting observations with the state that follows from them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.store.tables import datastream_features, datastreams, observations, stream_days, stream_state

MANY = 500


def hold_streams(connection: Connection, ids: Sequence[int]) -> None:
    """Let no observation come to these datastreams until the transaction ends."""
    s = stream_state.c
    connection.execute(
        select(s.datastream_id).where(s.datastream_id.in_(ids)).order_by(s.datastream_id).with_for_update()
    )


def forget_streams(connection: Connection, ids: Sequence[int]) -> None:
    """Delete the observations of datastreams, and all that is kept about them."""
    for start in range(0, len(ids), MANY):
        some = ids[start : start + MANY]
        for table in (observations, stream_days, stream_state):
            connection.execute(delete(table).where(table.c.datastream_id.in_(some)))


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


def count_feature(connection: Connection, feature: int) -> dict[str, int]:
    """Count the observations about a feature of interest by category."""
    o, d = observations.c, datastreams.c
    question = (
        select(d.category, func.count())
        .join_from(observations, datastreams, d.id == o.datastream_id)
        .where(o.datastream_id.in_(_streams_about(feature)), o.feature_id == feature)
        .group_by(d.category)
    )
    return {category: int(amount) for category, amount in connection.execute(question)}


def _streams_about(feature: int) -> Select[Any]:
    link = datastream_features.c
    return select(link.datastream_id).where(link.feature_id == feature)


def forget_feature(connection: Connection, feature: int) -> None:
    """Delete the observations about a feature of interest, and count anew what is left of their datastreams."""
    o = observations.c
    about = sorted(connection.execute(_streams_about(feature)).scalars())
    hold_streams(connection, about)
    for stream in about:
        gone = delete(observations).where(o.datastream_id == stream, o.feature_id == feature)
        if connection.execute(gone).rowcount:
            _count_anew(connection, stream)


def _count_anew(connection: Connection, stream: int) -> None:
    """Bring a datastream's state up to what is stored; its sequence goes on, so that no id is used again."""
    o, s = observations.c, stream_state.c
    mine = o.datastream_id == stream
    count, first, last = connection.execute(
        select(func.count(), func.min(o.start), func.max(o.start + o.duration)).where(mine)
    ).one()
    latest = connection.execute(
        select(o.id, o.start).where(mine).order_by(o.start.desc(), o.id.desc()).limit(1)
    ).first()
    connection.execute(
        update(stream_state)
        .where(s.datastream_id == stream)
        .values(
            {
                "count": count,
                "first": first,
                "last": last,
                "latest_id": latest.id if latest else None,
                "latest_start": latest.start if latest else None,
            }
        )
    )
    connection.execute(delete(stream_days).where(stream_days.c.datastream_id == stream))
    day = (o.start - (o.start % DAY_MICROSECONDS + DAY_MICROSECONDS) % DAY_MICROSECONDS) / DAY_MICROSECONDS
    days = (
        select(
            *(bindparam("stream", stream, o.datastream_id.type), day, func.count(), func.min(o.number)),
            *(func.max(o.number), func.sum(o.number)),
        )
        .where(mine, o.number.is_not(None))
        .group_by(day)
    )
    columns = ["datastream_id", "day", "count", "minimum", "maximum", "total"]
    connection.execute(insert(stream_days).from_select(columns, days))
