"""Latest values, series, days and summaries: from the maintained state where limits leave it as it is."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, func, select

from allmende.kernel.clock import DAY_MICROSECONDS, EPOCH
from allmende.store.model import Observation
from allmende.store.read import Reader
from allmende.store.rows import observations_from_rows
from allmende.store.scope import DayStatistics, Scope, Series, StreamSummary
from allmende.store.tables import observations, stream_days, stream_state
from allmende.store.visible import Part, parts_of, rows_of


class Statistics:
    """Reads in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope

    def _parts(self, ids: Sequence[int] | None) -> list[Part]:
        return parts_of(self.connection, self.scope, ids)

    def latest(self, ids: Sequence[int] | None) -> dict[int, Observation]:
        """Give the newest observation of each datastream."""
        rows: list[Any] = []
        for part in self._parts(ids):
            rows += self._latest_plain(part) if part.limits.plain else self._latest_limited(part)
        names = Reader(self.connection, self.scope).source_names({row.source_id for row in rows})
        return {value.datastream_id: value for value in observations_from_rows(rows, names)}

    def _latest_plain(self, part: Part) -> list[Any]:
        s = stream_state.c
        question = select(observations).join(stream_state, s.latest_id == observations.c.id)
        return list(self.connection.execute(question.where(part.chosen(s.datastream_id))))

    def _latest_limited(self, part: Part) -> list[Any]:
        """Search the last stretch of each datastream, and all of it where nothing is to be seen there."""
        s, limits = stream_state.c, part.limits
        states = self.connection.execute(
            select(s.datastream_id, s.latest_start).where(part.chosen(s.datastream_id), s.latest_start.is_not(None))
        ).all()
        found = []
        for number, start in states:
            alone = Part(limits, streams=(number,))
            stretch = limits.delay + max(DAY_MICROSECONDS, 8 * limits.time_grid)
            row = self._newest(alone, start - stretch) or self._newest(alone, None)
            if row is not None:
                found.append(row)
        return found

    def _newest(self, part: Part, since: int | None) -> Any:
        rows = rows_of(part, self.scope, since=since).subquery()
        newest = select(rows).order_by(rows.c.start.desc(), rows.c.id.desc()).limit(1)
        return self.connection.execute(newest).first()

    def series(self, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream in ``[since, until)``."""
        found: list[Any] = []
        for part in self._parts([datastream_id]):
            rows = rows_of(part, self.scope, since=since, until=until).subquery()
            question = select(rows.c.start, rows.c.number).where(rows.c.number.is_not(None))
            result = self.connection.execute(question.order_by(rows.c.start, rows.c.id))
            # The driver's own tuples: half the time of SQLAlchemy's rows.
            found += result.cursor.fetchall() if result.cursor is not None else []
            result.close()
        times, values = zip(*found, strict=True) if found else ((), ())
        return Series(np.array(times, np.int64), np.array(values, np.float64))

    def days(self, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """Give the statistics of UTC days ``[since, until)``, counted from 1970, in order of datastream and day.

        Under limits they are those of the observations that may be seen; a time grid wider than a day leaves none.
        """
        found: list[Any] = []
        for part in self._parts(ids):
            if part.limits.plain:
                d = stream_days.c
                inside = and_(part.chosen(d.datastream_id), d.day >= since, d.day < until)
                found += self.connection.execute(select(stream_days).where(inside)).all()
            elif part.limits.time_grid <= DAY_MICROSECONDS:
                found += self._days_limited(part, since * DAY_MICROSECONDS, until * DAY_MICROSECONDS)
        return [
            DayStatistics(number, (EPOCH + dt.timedelta(days=day)).date(), count, least, greatest, total)
            for number, day, count, least, greatest, total in sorted(found)
        ]

    def _days_limited(self, part: Part, since: int, until: int) -> list[Any]:
        rows = rows_of(part, self.scope, since=since, until=until).subquery()
        r, size = rows.c, DAY_MICROSECONDS
        day = (r.start - (r.start % size + size) % size).label("day")
        question = (
            select(r.datastream_id, day, func.count(), func.min(r.number), func.max(r.number), func.sum(r.number))
            .where(r.number.is_not(None))
            .group_by(r.datastream_id, day)
        )
        return [(row[0], row[1] // size, *row[2:]) for row in self.connection.execute(question)]

    def summary(self, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """Give count, first and last time of each datastream; under limits of the observations that may be seen."""
        found: dict[int, StreamSummary] = {}
        for part in self._parts(ids):
            if part.limits.plain:
                s = stream_state.c
                question = select(s.datastream_id, s["count"], s.first, s.last).where(
                    part.chosen(s.datastream_id), s["count"] > 0
                )
            else:
                rows = rows_of(part, self.scope).subquery()
                r = rows.c
                question = select(
                    r.datastream_id, func.count(), func.min(r.start), func.max(r.start + r.duration)
                ).group_by(r.datastream_id)
            for number, count, first, last in self.connection.execute(question).all():
                found[number] = StreamSummary(int(count), first, last)
        return found
