"""Writing observations: once each, durable with the state that follows from them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select

from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.ids import observation_id
from allmende.kernel.text import Text
from allmende.store import state
from allmende.store.arrivals import AHEAD_MICROSECONDS, EARLIEST, LATEST, Kept, check_batch, check_features
from allmende.store.bulk import ADD_DAYS, ADD_PIECES, ADD_SOURCES, LINK_FEATURES, on_one_way
from allmende.store.codec import pack, pack_row, pack_rows
from allmende.store.model import Arrival, Block, Receipt
from allmende.store.places import missing_features
from allmende.store.points import NO_FEATURE, Points, Row, points_from_rows, rows_of_points
from allmende.store.rates import check_rates, steady
from allmende.store.rows import json_text, quality_kept, valid_kept
from allmende.store.scan import Scan
from allmende.store.scope import Tie
from allmende.store.state import State
from allmende.store.tables import BAD, sources

DIFFERS = ErrorCode(
    "observation.differs",
    Text(
        "Messwert {index}: zu {time} ist schon ein anderer Wert gespeichert (Nummer {id}).",
        "Observation {index}: another value is already stored for {time} (number {id}).",
    ),
    Text(
        "Nichts wurde geschrieben. Eine Korrektur ist ein eigener Vorgang.",
        "Nothing was written. A correction is an act of its own.",
    ),
)

# datastream, start, duration, source, message
Key = tuple[int, int, int, int, str]
Found = tuple[int, float | None, str | None]
Batch = Sequence[Arrival] | Block
Permit = Callable[[dict[Tie, int]], None]
_SOURCES = select(sources.c.name, sources.c.id).where(sources.c.name.in_(bindparam("names", expanding=True)))
FEW = 40


class Writer:
    """Writes batches in one transaction; each is taken whole or not at all, and nothing is stored before ``flush``."""

    def __init__(self, connection: Connection, now: int, known_sources: Mapping[str, int] | None = None) -> None:
        self.connection = connection
        self.now = now // 1_000 * 1_000
        self._states: dict[int, State] = {}
        self._rows: dict[int, list[Row]] = {}
        self._runs: dict[int, list[Points]] = {}
        self._links: set[tuple[int, int]] = set()
        self._taken: dict[Key, Found] = {}
        self._rated: set[int] = set()
        self.known_sources = dict(known_sources or {})

    def append(self, arrivals: Batch, permit: Permit) -> Receipt:
        """Store one batch."""
        receipt = self.take(arrivals, permit)
        self.flush()
        return receipt

    def know(self, ids: set[int]) -> None:
        """Read and lock the state of datastreams; all of a transaction at once, or others may wait for each other."""
        new = ids - self._states.keys()
        if not new:
            return
        found = state.lock(self.connection, sorted(new))
        self._states |= found
        self._rated |= {number for number, one in found.items() if one.max_rate is not None}
        without = [number for number, one in found.items() if one.feature_id is None]
        for number, feature in (missing_features(self.connection, without) if without else {}).items():
            found[number].feature_id = feature

    def take(self, batch: Batch, permit: Permit, *, judged: bool = False) -> Receipt:
        """Take a batch; repeats give the ids that they have already.

        ``permit`` is told how many arrivals each category and data use has, and raises to refuse the batch. What a
        person has ``judged`` may lie outside the range and ahead of the clock.
        """
        if isinstance(batch, Block):
            return self._take_block(batch, permit)
        ids, new = self.take_rows(batch, permit, judged=judged)
        return Receipt(ids=ids, added=len(new), repeated=len(ids) - len(new))

    def take_rows(
        self, batch: Sequence[Arrival], permit: Callable[[dict[Tie, int]], object], *, judged: bool = False
    ) -> tuple[list[int], list[int]]:
        """Take single arrivals; give the ids of all, and the places of the new ones. A refusal takes none."""
        self.know({arrival.datastream_id for arrival in batch})
        amounts: dict[Tie, int] = {}
        self.count(batch, amounts)
        permit(amounts)
        if judged:
            for one in self._states.values():
                one.minimum = one.maximum = None
        checked = check_batch(batch, self._states, LATEST if judged else self.now)
        if self._rated and not judged:
            self._check_rates(batch, checked)
        links = check_features(self.connection, batch)
        keys = self._keys(batch)
        present = self._present(keys)
        new = _new_places(keys, checked, present)
        for place in new:
            self._take_one(batch[place], keys[place], checked[place], present)
        self._links |= links
        return [present[key][0] for key in keys], new

    def _check_rates(self, batch: Sequence[Arrival], checked: list[Kept]) -> None:
        rated = sorted(self._rated & {arrival.datastream_id for arrival in batch})
        if rated:
            self._settle(rated)
            sources = self._sources({arrival.source for arrival in batch})
            states = [self._states[number] for number in rated]
            check_rates(Scan(self.connection), batch, checked, states, sources)

    def _settle(self, rated: Sequence[int]) -> None:
        """Store what was taken of datastreams whose neighbours in time are to be read."""
        if not self._rows.keys().isdisjoint(rated) or not self._runs.keys().isdisjoint(rated):
            self.flush()

    def _steady(self, block: Block, one: State) -> bool:
        if one.id in self._rated:
            self._settle([one.id])
        if one.max_rate is None:
            return True
        return steady(Scan(self.connection), block, one, self._sources({block.source})[block.source])

    def count(self, batch: Sequence[Arrival], amounts: dict[Tie, int]) -> None:
        """Count the arrivals by what they are tied to; those of unknown datastreams are refused later, by name."""
        for arrival in batch:
            stream = self._states.get(arrival.datastream_id)
            if stream is not None:
                amounts[stream.tie] = amounts.get(stream.tie, 0) + 1

    def _take_one(self, arrival: Arrival, key: Key, result: Kept, present: dict[Key, Found]) -> None:
        stream, start, duration, source, message = key
        one = self._states[stream]
        one.sequence += 1
        level, described = (0, None) if arrival.quality == "unchecked" else quality_kept(arrival.quality)
        row: Row = (
            one.sequence,
            start,
            duration,
            None if arrival.result_time is None else arrival.result_time - start - duration,
            self.now,
            result[0],
            result[1],
            level,
            source,
            message or None,
            None if arrival.parameters is None else json_text(arrival.parameters, "parameters"),
            one.feature_id if arrival.feature_id is None else arrival.feature_id,
            None if arrival.valid is None else valid_kept(arrival.valid),
            described,
        )
        one.take(row)
        self._rows.setdefault(stream, []).append(row)
        found = (observation_id(stream, one.sequence), result[0], result[1])
        present[key] = self._taken[key] = found

    def _take_block(self, block: Block, permit: Permit) -> Receipt:
        """Take columns as they are where they go on behind the latest value; otherwise one by one."""
        self.know({block.datastream_id})
        one = self._states.get(block.datastream_id)
        if one is None or not (_goes_on(block, one, self.now) and self._steady(block, one)):
            return self.take(_arrivals(block), permit)
        count = len(block.start)
        permit({one.tie: count})
        first = one.sequence + 1
        one.sequence += count
        points = self._run(block, one, first)
        one.take_run(points)
        self._runs.setdefault(one.id, []).append(points)
        begin = observation_id(one.id, first)
        return Receipt(ids=range(begin, begin + count), added=count, repeated=0)

    def _run(self, block: Block, one: State, first: int) -> Points:
        count = len(block.start)
        end = block.start if block.end is None else block.end

        def all_the_same(value: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            return np.full(count, value, np.int64)

        return Points(
            sequence=np.arange(first, first + count, dtype=np.int64),
            start=block.start,
            duration=end - block.start,
            latency=all_the_same(0) if block.result_time is None else block.result_time - end,
            known=all_the_same(int(block.result_time is not None)),
            received=all_the_same(self.now),
            quality=all_the_same(0),
            source=all_the_same(self._sources({block.source})[block.source]),
            feature=all_the_same(one.feature_id or NO_FEATURE),
            number=block.number,
            message=[block.message] * count if block.message else None,
        )

    def _keys(self, arrivals: Sequence[Arrival]) -> list[Key]:
        known = self._sources({arrival.source for arrival in arrivals})
        return [
            (
                arrival.datastream_id,
                arrival.phenomenon_start,
                0 if arrival.phenomenon_end is None else arrival.phenomenon_end - arrival.phenomenon_start,
                known[arrival.source],
                arrival.message,
            )
            for arrival in arrivals
        ]

    def _sources(self, names: set[str]) -> dict[str, int]:
        new = names - self.known_sources.keys()
        if new:
            wanted = {"names": sorted(new)}
            known = {row.name: row.id for row in self.connection.execute(_SOURCES, wanted)}
            if len(known) < len(new):
                ADD_SOURCES.run(self.connection, [(name,) for name in sorted(new - set(known))])
                known = {row.name: row.id for row in self.connection.execute(_SOURCES, wanted)}
            self.known_sources |= known
        return self.known_sources

    def _present(self, keys: list[Key]) -> dict[Key, Found]:
        """Find what is stored already; behind a datastream's latest start there can be nothing."""
        places: dict[int, set[int]] = {}
        for stream, start, *_ in keys:
            latest = self._states[stream].latest_start
            if latest is not None and start <= latest:
                places.setdefault(stream, set()).add(start)
        found = {key: self._taken[key] for key in keys if key in self._taken}
        for stream, starts in places.items():
            if stream in self._runs:
                self.flush()
            found |= self._stored(stream, starts)
        return found

    def _stored(self, stream: int, starts: set[int]) -> dict[Key, Found]:
        found: dict[Key, Found] = {}
        for wanted in _near(self._states[stream], starts):
            for run in Scan(self.connection).windows(stream, int(wanted[0]), int(wanted[-1]) + 1):
                for row in rows_of_points(run.take(np.isin(run.start, wanted))):
                    sequence, start, duration, _, _, number, other, _, source, message, *_ = row
                    key = (stream, start, duration, source, message or "")
                    found[key] = (observation_id(stream, sequence), number, other)
        return found

    def flush(self) -> None:
        """Store what was taken, with the state and the statistics of days that follow from it."""
        touched = sorted(self._rows.keys() | self._runs.keys())
        pieces, days = [], []
        for stream in touched:
            rows, runs = self._rows.get(stream, []), self._runs.get(stream, [])
            if rows and (len(rows) > FEW or runs):
                runs.append(points_from_rows(rows).in_order())
                rows = []
            one = self._states[stream]
            one.fresh_since = self.now if one.fresh == 0 or one.fresh_since is None else one.fresh_since
            if rows:
                pieces.append(piece_of_rows(one, rows))
                days += _days_of_rows(stream, rows)
            for points in runs:
                pieces.append(_piece(one, points))
                days += days_of(stream, points)
        with on_one_way(self.connection):
            ADD_PIECES.run(self.connection, pieces)
            state.save(self.connection, [self._states[stream] for stream in touched])
            ADD_DAYS.run(self.connection, days)
            LINK_FEATURES.run(self.connection, sorted(self._links))
        self._rows, self._runs, self._links = {}, {}, set()


Piece = tuple[int, int, int, int, int, int, int, bytes]


def _piece(one: State, points: Points) -> Piece:
    one.piece += 1
    one.fresh += len(points)
    low, high = int(points.sequence.min()), int(points.sequence.max())
    return one.id, one.piece, int(points.start[0]), int(points.start[-1]), low, high, len(points), pack(points)


def piece_of_rows(one: State, rows: list[Row]) -> Piece:
    """Pack a few rows as the next piece of a datastream."""
    one.piece += 1
    one.fresh += len(rows)
    if len(rows) == 1:
        row = rows[0]
        # The newest value, as it mostly is, has been packed already.
        body = pack_rows(rows) if one.latest is None or one.packed is not row else pack_row(one.latest)
        return one.id, one.piece, row[1], row[1], row[0], row[0], 1, body
    starts = [row[1] for row in rows]
    return one.id, one.piece, min(starts), max(starts), rows[0][0], rows[-1][0], len(rows), pack_rows(rows)


def _near(one: State, starts: set[int]) -> list[Any]:
    """Put times together between which little else is to be expected: messages sent again come beside new ones."""
    wanted = np.array(sorted(starts), np.int64)
    between = (one.latest_start - one.first) // one.count if one.count and one.latest_start else 0
    return np.split(wanted, np.flatnonzero(np.diff(wanted) > FEW * between) + 1)


def _new_places(keys: list[Key], checked: list[Kept], present: dict[Key, Found]) -> list[int]:
    """Tell which of a batch are new; refuse another value for what is stored, or stands in the batch, already."""
    seen: dict[Key, Kept] = {}
    new = []
    for index, (key, result) in enumerate(zip(keys, checked, strict=True)):
        old = present.get(key)
        known = seen.get(key) if old is None else old[1:]
        if known is not None and known != result:
            raise Conflict(DIFFERS, index=index, time=iso_from_micros(key[1]), id=old[0] if old else "–")
        if known is None:
            seen[key] = result
            new.append(index)
    return new


def _goes_on(block: Block, one: State, now: int) -> bool:
    """Tell whether a block is sound and lies behind all that the datastream has."""
    start, number = block.start, block.number
    end = start if block.end is None else block.end
    known = end if block.result_time is None else block.result_time
    low = -np.inf if one.minimum is None else one.minimum
    high = np.inf if one.maximum is None else one.maximum
    return bool(
        one.wanted == "Measurement"
        and len(start) > 0
        and (one.latest_start is None or start[0] > one.latest_start)
        and start[0] >= EARLIEST
        and start[-1] <= now + AHEAD_MICROSECONDS
        and (np.diff(start) > 0).all()
        and (block.end is None or ((end > start).all() and end.max() < LATEST))
        and known.min() >= EARLIEST
        and known.max() < LATEST
        and np.isfinite(number).all()
        and number.min() >= low
        and number.max() <= high
    )


def _arrivals(block: Block) -> list[Arrival]:
    """Write a block as single arrivals."""
    absent = [None] * len(block.start)
    ends = absent if block.end is None else block.end.tolist()
    known = absent if block.result_time is None else block.result_time.tolist()
    columns = zip(block.start.tolist(), ends, known, block.number.tolist(), strict=True)
    return [
        Arrival(
            datastream_id=block.datastream_id,
            phenomenon_start=start,
            phenomenon_end=end,
            result_time=result_time,
            result=number,
            source=block.source,
            message=block.message,
        )
        for start, end, result_time, number in columns
    ]


DayRow = tuple[int, int, int, float, float, float]


def _days_of_rows(stream: int, rows: list[Row]) -> list[DayRow]:
    days: dict[int, tuple[int, float, float, float]] = {}
    for row in rows:
        number = row[5]
        if number is not None and row[7] != BAD:
            day = row[1] // DAY_MICROSECONDS
            count, least, greatest, total = days.get(day, (0, number, number, 0.0))
            days[day] = (count + 1, min(least, number), max(greatest, number), total + number)
    return [(stream, day, *found) for day, found in days.items()]


def days_of(stream: int, points: Points) -> list[DayRow]:
    """Sum the numbers of points, in order of time, up by UTC day; what is known to be bad is left out."""
    there = np.isfinite(points.number) & (points.quality != BAD)
    if not there.any():
        return []
    days, values = points.start[there] // DAY_MICROSECONDS, points.number[there]
    new = np.flatnonzero(np.append(True, np.diff(days) != 0))
    counts = np.diff(np.append(new, len(values)))
    columns = (
        *(days[new], counts),
        *(reduce.reduceat(values, new) for reduce in (np.minimum, np.maximum, np.add)),
    )
    return [(stream, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]
