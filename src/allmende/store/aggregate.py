"""Numbers put together by datastream and by units of time, as columns from end to end.

Sums of UTC days are maintained and need no decoding; everything else is reckoned from the columns of the chunks.
Under limits only the observations that may be seen count.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, CursorResult, and_, select

from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.blocks import blocks
from allmende.store.buckets import SHORTEST, edges_around
from allmende.store.points import Ints
from allmende.store.scan import EARLIEST, LATEST, Scan
from allmende.store.scope import Grouping, Groups, Scope
from allmende.store.tables import stream_days, stream_state
from allmende.store.visible import Part, counted, parts_of, require_joint, rows_of

MOST_GROUPS, MOST_POINTS = 200_000, 50_000_000
NAMES = ("datastream", "start", "end", "count", "minimum", "maximum", "total", "first", "last")
WHOLE = NAMES[:4]
Columns = dict[str, Any]

TOO_MANY = ErrorCode(
    "query.too_many_groups",
    Text(
        "Das ergibt mehr als {groups} Gruppen oder fasst mehr als {points} Messwerte zusammen.",
        "This makes more than {groups} groups, or puts more than {points} values together.",
    ),
    Text(
        "Begrenzen Sie phenomenonTime, nehmen Sie eine größere Zeiteinheit, oder fragen Sie nach weniger Datenströmen.",
        "Bound phenomenonTime, take a longer unit of time, or ask for fewer datastreams.",
    ),
)


def _columns_of(rows: list[Any], kinds: tuple[Any, ...]) -> list[Any]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(kinds)
    return [np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]


def _fetched(result: CursorResult[Any]) -> list[Any]:
    """Give rows as the driver does: of a hundred thousand, making SQLAlchemy's would take most of the time."""
    if result.cursor is None:
        return []
    rows = list(result.cursor.fetchall())
    result.close()
    return rows


class Aggregation:
    """Reads in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope, grouping: Grouping) -> None:
        self.connection, self.scope, self.grouping = connection, scope, grouping
        self.since = EARLIEST if grouping.since is None else grouping.since
        self.until = LATEST if grouping.until is None else grouping.until
        self._found: list[Columns] = []
        self._groups = self._points = 0

    def groups(self, ids: Sequence[int] | None) -> Groups:
        """Give the groups of some datastreams, or of all."""
        require_joint(self.connection, self.scope, ids)
        parts = parts_of(self.connection, self.scope, ids)
        for part in parts:
            self._reader(part)(part)
        empty = {name: np.array([], np.int64 if name in WHOLE else np.float64) for name in NAMES}
        found = self._found or [empty]
        columns = {name: np.concatenate([one[name] for one in found]) for name in NAMES}
        if len(parts) < 2:
            return Groups(**columns)
        order = np.lexsort((columns["start"], columns["datastream"]))
        return Groups(**{name: column[order] for name, column in columns.items()})

    def _reader(self, part: Part) -> Callable[[Part], None]:
        if not part.limits.plain:
            return self._limited
        return self._summed if self._of_days() else self._plain

    def _of_days(self) -> bool:
        """Tell whether the sums of UTC days will do."""
        asked = self.grouping
        torn = any(bound is not None and bound % DAY_MICROSECONDS for bound in (asked.since, asked.until))
        return asked.zone == "UTC" and asked.unit != "hour" and not asked.ends and not torn

    def _keep(self, columns: Columns, points: int) -> None:
        """Keep groups; refuse when they become too many, or too much has been read for them."""
        absent = np.full(len(columns["start"]), np.nan)
        self._found.append({name: columns.get(name, absent) for name in NAMES})
        self._groups += len(columns["start"])
        self._points += points
        if self._groups > MOST_GROUPS or self._points > MOST_POINTS:
            raise Malformed(TOO_MANY, groups=MOST_GROUPS, points=MOST_POINTS)

    def _summed(self, part: Part) -> None:
        d = stream_days.c
        low, high = self.since // DAY_MICROSECONDS, self.until // DAY_MICROSECONDS
        inside = and_(part.chosen(d.datastream_id), d.day >= max(low, -(1 << 31)), d.day < min(high, (1 << 31) - 1))
        asked = (
            d.datastream_id,
            d.day,
            d["count"],
            d.total,
            *((d.minimum, d.maximum) if self.grouping.extremes else ()),
        )
        question = select(*asked).where(inside).order_by(d.datastream_id, d.day)
        rows = _fetched(self.connection.execute(question))
        if not rows:
            return
        stream, day, count, total, *extremes = _columns_of(rows, (int, int, int, float, float, float)[: len(asked)])
        times = day * DAY_MICROSECONDS
        edges = edges_around(np.unique(times), self.grouping.unit, "UTC")
        places = np.searchsorted(edges, times, "right") - 1
        cuts = np.flatnonzero((np.diff(stream, prepend=-1) != 0) | (np.diff(places, prepend=-1) != 0))
        found = {
            "datastream": stream[cuts],
            "start": edges[places[cuts]],
            "end": edges[places[cuts] + 1],
            "count": np.add.reduceat(count, cuts),
            "total": np.add.reduceat(total, cuts),
        }
        if extremes:
            found["minimum"] = np.minimum.reduceat(extremes[0], cuts)
            found["maximum"] = np.maximum.reduceat(extremes[1], cuts)
        self._keep(found, 0)

    def _plain(self, part: Part) -> None:
        scan, s = Scan(self.connection), stream_state.c
        filled = and_(s["count"] > 0, s.first < self.until, s.last >= self.since)
        question = select(s.datastream_id).where(part.chosen(s.datastream_id), filled)
        for stream in self.connection.execute(question.order_by(s.datastream_id)).scalars().all():
            self._put(stream, *scan.numbers(stream, self.since, self.until))

    def _limited(self, part: Part) -> None:
        """Take what may be seen; means of a grid coarser than the unit cannot be told apart by it."""
        if part.limits.time_grid > SHORTEST[self.grouping.unit]:
            return
        found = [_columns_of([], (int, int, float))]
        for _ in blocks(self.connection, part, self.scope.now, self.grouping.since, self.grouping.until):
            r = rows_of(part, self.scope, since=self.grouping.since, until=self.grouping.until).subquery().c
            question = select(r.datastream_id, r.start, r.number).where(counted(r)).order_by(r.start, r.id)
            found.append(_columns_of(_fetched(self.connection.execute(question)), (int, int, float)))
        stream, times, numbers = (np.concatenate(columns) for columns in zip(*found, strict=True))
        for number in np.unique(stream).tolist():
            chosen = stream == number
            order = np.argsort(times[chosen], kind="stable")
            self._put(number, times[chosen][order], numbers[chosen][order])

    def _put(self, stream: int, times: Ints, numbers: Any) -> None:
        """Put the numbers of a datastream, in order of time, together."""
        read, there = len(times), np.isfinite(numbers)
        if not there.all():
            times, numbers = times[there], numbers[there]
        if not len(times):
            self._points += read
            return
        edges = edges_around(times, self.grouping.unit, self.grouping.zone)
        places = np.searchsorted(times, edges, "left")
        counts = np.diff(places)
        filled = np.flatnonzero(counts)
        cuts = places[filled]
        found = {
            "datastream": np.full(len(filled), stream, np.int64),
            "start": edges[filled],
            "end": edges[filled + 1],
            "count": counts[filled],
            "total": np.add.reduceat(numbers, cuts),
        }
        if self.grouping.extremes:
            found["minimum"] = np.minimum.reduceat(numbers, cuts)
            found["maximum"] = np.maximum.reduceat(numbers, cuts)
        if self.grouping.ends:
            found["first"] = numbers[cuts]
            found["last"] = numbers[cuts + counts[filled] - 1]
        self._keep(found, read)
