"""Writing observations: once each, durable with the state that follows from them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select

from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.ids import observation_id
from allmende.kernel.text import Text
from allmende.store.arrivals import Kept, Stream, check_batch, check_features, streams_of
from allmende.store.bulk import ADD_DAYS, ADD_SOURCES, LINK_FEATURES, SET_STATES, rows_at
from allmende.store.model import Arrival, Receipt
from allmende.store.places import missing_features
from allmende.store.rows import json_text
from allmende.store.tables import QUALITY_NUMBERS, observations, sources

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
Row = tuple[Any, ...]
_SOURCES = select(sources.c.name, sources.c.id).where(sources.c.name.in_(bindparam("names", expanding=True)))
Permit = Callable[[dict[str, int]], None]


class _State:
    """The maintained state of one datastream while a batch is taken."""

    __slots__ = ("count", "feature", "first", "last", "latest_id", "latest_start", "sequence")

    def __init__(self, stream: Stream) -> None:
        self.sequence, self.count = stream.sequence, stream.count
        self.first, self.last = stream.first, stream.last
        self.latest_id, self.latest_start = stream.latest_id, stream.latest_start
        self.feature = stream.feature_id

    def take(self, start: int, end: int) -> int:
        """Count one more observation; give its sequence number."""
        self.sequence += 1
        self.count += 1
        if self.first is None or start < self.first:
            self.first = start
        if self.last is None or end > self.last:
            self.last = end
        return self.sequence

    def note(self, number: int, start: int) -> None:
        """Make it the latest if it is."""
        if self.latest_start is None or start >= self.latest_start:
            self.latest_id, self.latest_start = number, start


class Writer:
    """Writes one batch in one transaction."""

    def __init__(self, connection: Connection, now: int) -> None:
        self.connection = connection
        self.now = now

    def append(self, arrivals: Sequence[Arrival], permit: Permit) -> Receipt:
        """Store a batch whole or not at all; repeats give the ids that they have already.

        ``permit`` is told how many arrivals each category has, and raises to refuse the batch.
        """
        streams = streams_of(self.connection, {arrival.datastream_id for arrival in arrivals})
        permit(_amounts(arrivals, streams))
        checked = check_batch(arrivals, streams, self.now)
        links = check_features(self.connection, arrivals)
        keys = self._keys(arrivals)
        present = self._present(keys, streams)
        states = {number: _State(stream) for number, stream in streams.items()}
        without = [number for number, stream in streams.items() if stream.feature_id is None]
        for number, feature in (missing_features(self.connection, without) if without else {}).items():
            states[number].feature = feature
        ids, rows = self._allocate(arrivals, checked, keys, present, states)
        self._insert(rows)
        self._maintain(rows, states)
        LINK_FEATURES.run(self.connection, sorted(links))
        return Receipt(ids=tuple(ids), added=len(rows), repeated=len(arrivals) - len(rows))

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
        wanted = {"names": sorted(names)}
        known = {row.name: row.id for row in self.connection.execute(_SOURCES, wanted)}
        if len(known) < len(names):
            ADD_SOURCES.run(self.connection, [(name,) for name in sorted(names - set(known))])
            known = {row.name: row.id for row in self.connection.execute(_SOURCES, wanted)}
        return known

    def _present(self, keys: list[Key], streams: dict[int, Stream]) -> dict[Key, tuple[int, float | None, str | None]]:
        """Find what is stored already; behind a datastream's latest start there can be nothing."""
        places = {
            (key[0], key[1])
            for key in keys
            if (latest := streams[key[0]].latest_start) is not None and key[1] <= latest
        }
        if not places:
            return {}
        return {row[:5]: row[5:] for row in rows_at(self.connection, sorted(places))}

    def _allocate(
        self,
        arrivals: Sequence[Arrival],
        checked: list[Kept],
        keys: list[Key],
        present: dict[Key, tuple[int, float | None, str | None]],
        states: dict[int, _State],
    ) -> tuple[list[int], list[Row]]:
        """Give all ids, and the rows of those that are new."""
        ids, rows = [], []
        for index, (arrival, result, key) in enumerate(zip(arrivals, checked, keys, strict=True)):
            old = present.get(key)
            if old is not None:
                if old[1:] != result:
                    raise Conflict(DIFFERS, index=index, time=iso_from_micros(key[1]), id=old[0])
                ids.append(old[0])
                continue
            stream, start, duration, _, _ = key
            state = states[stream]
            number = observation_id(stream, state.take(start, start + duration))
            state.note(number, start)
            present[key] = (number, *result)
            ids.append(number)
            rows.append(self._row(number, arrival, key, result, state.feature))
        return ids, rows

    def _row(self, number: int, arrival: Arrival, key: Key, result: Kept, feature: int | None) -> Row:
        stream, start, duration, source, message = key
        known, parameters = arrival.result_time, arrival.parameters
        return (
            number,
            stream,
            start,
            duration,
            None if known is None else known - start - duration,
            self.now,
            result[0],
            result[1],
            QUALITY_NUMBERS[arrival.quality],
            source,
            message,
            None if parameters is None else json_text(parameters, "parameters"),
            feature if arrival.feature_id is None else arrival.feature_id,
        )

    def _insert(self, rows: list[Row]) -> None:
        if not rows:
            return
        names = ", ".join(column.name for column in observations.c)
        cursor: Any = self.connection.connection.cursor()
        if self.connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY observations ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(rows[0]))
            cursor.executemany(f"INSERT INTO observations ({names}) VALUES ({marks})", rows)  # noqa: S608 - our names
        cursor.close()

    def _maintain(self, rows: list[Row], states: dict[int, _State]) -> None:
        """Bring state and day statistics of the datastreams up that got rows."""
        touched = sorted({row[1] for row in rows})
        found = [(states[number], number) for number in touched]
        SET_STATES.run(
            self.connection,
            [(s.sequence, s.count, s.first, s.last, s.latest_id, s.latest_start, number) for s, number in found],
        )
        ADD_DAYS.run(self.connection, _days(rows))


def _amounts(arrivals: Sequence[Arrival], streams: dict[int, Stream]) -> dict[str, int]:
    """Count the arrivals of each category; those of unknown datastreams are refused later, by name."""
    amounts: dict[str, int] = {}
    for arrival in arrivals:
        stream = streams.get(arrival.datastream_id)
        if stream is not None:
            amounts[stream.category] = amounts.get(stream.category, 0) + 1
    return amounts


def _days(rows: list[Row]) -> list[Row]:
    """Sum the numbers of a batch up by datastream and UTC day."""
    numbers = [(row[1], row[2] // DAY_MICROSECONDS, row[6]) for row in rows if row[6] is not None]
    if not numbers:
        return []
    streams, days, values = (np.array(column) for column in zip(*numbers, strict=True))
    order = np.lexsort((days, streams))
    streams, days, values = streams[order], days[order], values[order]
    new = np.flatnonzero(np.append(True, (np.diff(streams) != 0) | (np.diff(days) != 0)))
    counts = np.diff(np.append(new, len(values)))
    columns = (
        *(streams[new], days[new], counts),
        *(reduce.reduceat(values, new) for reduce in (np.minimum, np.maximum, np.add)),
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))
