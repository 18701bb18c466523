"""Latest values, series, days and summaries: from the maintained state where limits leave it as it is."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import and_, func, select

from allmende.kernel.clock import DAY_MICROSECONDS, EPOCH
from allmende.store import raw
from allmende.store.asking import Asking
from allmende.store.blocks import blocks
from allmende.store.model import Observation
from allmende.store.observing import Row
from allmende.store.read import Reader
from allmende.store.rows import observations_from_rows
from allmende.store.scan import Scan
from allmende.store.scope import DayStatistics, Series, StreamSummary
from allmende.store.state import latest_row
from allmende.store.tables import stream_days, stream_state
from allmende.store.visible import Part, counted, rows_of

MOST_NEWEST = 50_000
_SUMMARIES = 'SELECT datastream_id, "count", first, last, known_first, known_last FROM stream_state WHERE "count" > 0'


class Newest:
    """Newest observations of datastreams that were read lately, each kept with the bytes that say it.

    They are right wherever the database has the same bytes, in every process. Threads may share it.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[bytes, Observation]] = {}

    def known(self, number: int, body: bytes) -> Observation | None:
        """Give the observation that these bytes say, if it is kept."""
        found = self._kept.get(number)
        return found[1] if found is not None and found[0] == body else None

    def keep(self, number: int, body: bytes, value: Observation) -> None:
        """Keep an observation in place of the one before."""
        if len(self._kept) >= MOST_NEWEST:
            self._kept.clear()
        self._kept[number] = (body, value)


class Statistics(Asking):
    """Reads in one transaction within one scope."""

    def latest(self, ids: Sequence[int] | None, newest: Newest | None = None) -> dict[int, Observation]:
        """Give the newest observation of each datastream."""
        found: dict[int, Observation] = {}
        for part in self.parts(ids):
            found |= self._latest_plain(part, newest) if part.limits.plain else self._read(self._latest_limited(part))
        return found

    def _read(self, rows: list[Any]) -> dict[int, Observation]:
        names = Reader(self.connection, self.scope).source_names({row.source_id for row in rows})
        return {value.datastream_id: value for value in observations_from_rows(rows, names)}

    def _latest_plain(self, part: Part, newest: Newest | None) -> dict[int, Observation]:
        condition, values = part.clause(self.connection, "datastream_id")
        question = f"SELECT datastream_id, latest FROM stream_state WHERE latest IS NOT NULL AND {condition}"  # noqa: S608
        found: dict[int, Observation] = {}
        unknown: dict[int, bytes] = {}
        for number, body in raw.fetch(self.connection, question, values):
            value = None if newest is None else newest.known(number, body)
            if value is None:
                unknown[number] = body
            else:
                found[number] = value
        read = self._read([Row(number, latest_row(body)) for number, body in unknown.items()]) if unknown else {}
        for number, value in read.items():
            if newest is not None:
                newest.keep(number, unknown[number], value)
        return found | read

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
        newest = None
        for _ in blocks(self.connection, part, self.scope.now, since):
            rows = rows_of(part, self.scope, since=since).subquery()
            question = select(rows).order_by(rows.c.start.desc(), rows.c.id.desc()).limit(1)
            newest = self.connection.execute(question).first() or newest
        return newest

    def series(self, datastream_id: int, since: int, until: int) -> Series:
        """Give the numbers of a datastream in ``[since, until)``."""
        times, values = np.array([], np.int64), np.array([], np.float64)
        for part in self.parts([datastream_id]):
            if part.limits.plain:
                times, values = Scan(self.connection).numbers(datastream_id, since, until)
            else:
                times, values = self._series_limited(part, since, until)
        there = ~np.isnan(values)
        return Series(times, values) if there.all() else Series(times[there], values[there])

    def _series_limited(self, part: Part, since: int, until: int) -> tuple[Any, Any]:
        found: list[Any] = []
        for _ in blocks(self.connection, part, self.scope.now, since, until):
            rows = rows_of(part, self.scope, since=since, until=until).subquery()
            question = select(rows.c.start, rows.c.number).where(counted(rows.c))
            found += self.connection.execute(question.order_by(rows.c.start, rows.c.id)).all()
        times, values = zip(*found, strict=True) if found else ((), ())
        return np.array(times, np.int64), np.array(values, np.float64)

    def days(self, ids: Sequence[int], since: int, until: int) -> list[DayStatistics]:
        """Give the statistics of UTC days ``[since, until)``, counted from 1970, in order of datastream and day.

        Under limits they are those of the observations that may be seen; a time grid wider than a day leaves none.
        """
        found: list[Any] = []
        for part in self.parts(ids):
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
        found: dict[tuple[int, int], tuple[int, float, float, float]] = {}
        size = DAY_MICROSECONDS
        for _ in blocks(self.connection, part, self.scope.now, since, until):
            r = rows_of(part, self.scope, since=since, until=until).subquery().c
            day = (r.start - (r.start % size + size) % size).label("day")
            question = (
                select(r.datastream_id, day, func.count(), func.min(r.number), func.max(r.number), func.sum(r.number))
                .where(counted(r))
                .group_by(r.datastream_id, day)
            )
            for number, begin, *more in self.connection.execute(question).all():
                key = (number, begin // size)
                found[key] = _together(found.get(key), (more[0], more[1], more[2], more[3]))
        return [(*key, *value) for key, value in found.items()]

    def summary(self, ids: Sequence[int] | None) -> dict[int, StreamSummary]:
        """Give count, first and last time of each datastream; under limits of the observations that may be seen."""
        found: dict[int, StreamSummary] = {}
        for part in self.parts(ids, values=False):
            found |= self._summary_plain(part) if part.limits.plain else self._summary_limited(part)
        return found

    def _summary_plain(self, part: Part) -> dict[int, StreamSummary]:
        condition, values = part.clause(self.connection, "datastream_id")
        question = f"{_SUMMARIES} AND {condition}"
        return {row[0]: StreamSummary(*row[1:]) for row in raw.fetch(self.connection, question, values)}

    def _summary_limited(self, part: Part) -> dict[int, StreamSummary]:
        found: dict[int, StreamSummary] = {}
        for _ in blocks(self.connection, part, self.scope.now):
            r = rows_of(Part(part.limits), self.scope).subquery().c
            known = r.start + r.duration + r.latency
            question = select(
                *(r.datastream_id, func.count(), func.min(r.start), func.max(r.start + r.duration)),
                *(func.min(known), func.max(known)),
            ).group_by(r.datastream_id)
            for number, count, *more in self.connection.execute(question).all():
                found[number] = _summed(found.get(number), StreamSummary(int(count), *more))
        return found


Day = tuple[int, float, float, float]


def _together(one: Day | None, other: Day) -> Day:
    """Put the two parts of a day together that lay in two blocks."""
    if one is None:
        return other
    return one[0] + other[0], min(one[1], other[1]), max(one[2], other[2]), one[3] + other[3]


def _least(values: list[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _greatest(values: list[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _summed(one: StreamSummary | None, other: StreamSummary) -> StreamSummary:
    if one is None:
        return other
    return StreamSummary(
        one.count + other.count,
        _least([one.first, other.first]),
        _greatest([one.last, other.last]),
        _least([one.known_first, other.known_first]),
        _greatest([one.known_last, other.known_last]),
    )
