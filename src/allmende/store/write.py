"""Writing observations: checked at the door, once each, durable with the state that follows from them."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from allmende.kernel.clock import DAY_MICROSECONDS, iso_from_micros
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.ids import observation_id
from allmende.kernel.text import Text
from allmende.store.model import Arrival, Receipt
from allmende.store.rows import json_text
from allmende.store.tables import QUALITIES, datastreams, observations, sources, stream_days, stream_state

AHEAD_MICROSECONDS = 10 * 60 * 1_000_000
EARLIEST, LATEST = -30_610_224_000_000_000, 253_402_300_800_000_000

NO_DATASTREAM = ErrorCode(
    "observation.unknown_datastream",
    Text(
        "Messwert {index}: die Messreihe {datastream} gibt es nicht.",
        "Observation {index}: there is no datastream {datastream}.",
    ),
    Text(
        "Legen Sie die Messreihe an, oder berichtigen Sie die Nummer.", "Create the datastream, or correct the number."
    ),
)
BAD_RESULT = ErrorCode(
    "observation.bad_result",
    Text(
        "Messwert {index}: result ist nicht von der Art {wanted}.",
        "Observation {index}: result is not of kind {wanted}.",
    ),
    Text(
        "Senden Sie einen Wert dieser Art; fehlende Werte werden weggelassen.",
        "Send a value of this kind; leave missing values out.",
    ),
)
OUT_OF_RANGE = ErrorCode(
    "observation.out_of_range",
    Text(
        "Messwert {index}: result {value} liegt außerhalb von {minimum} bis {maximum}.",
        "Observation {index}: result {value} is outside {minimum} to {maximum}.",
    ),
    Text("Prüfen Sie Sensor und Einheit.", "Check the sensor and the unit."),
)
BAD_TIME = ErrorCode(
    "observation.bad_time",
    Text(
        "Messwert {index}: phenomenonTime ist kein möglicher Zeitpunkt.",
        "Observation {index}: phenomenonTime is no possible time.",
    ),
    Text(
        "Ein Ende liegt nach dem Anfang, beide in den Jahren 1000 bis 9999.",
        "An end lies after its start, both in the years 1000 to 9999.",
    ),
)
AHEAD = ErrorCode(
    "observation.ahead",
    Text(
        "Messwert {index}: phenomenonTime {time} liegt in der Zukunft.",
        "Observation {index}: phenomenonTime {time} lies in the future.",
    ),
    Text(
        "Stellen Sie die Uhr des Geräts, und prüfen Sie die Zeitzone.",
        "Set the device's clock, and check the time zone.",
    ),
)
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

Key = tuple[int, int, int, str]


class Stream(msgspec.Struct, frozen=True):
    """What the door has to know of a datastream."""

    id: int
    category: str
    wanted: str
    minimum: float | None
    maximum: float | None
    feature_id: int | None


def _kind(observation_type: str) -> str:
    return observation_type.rpartition("OM_")[2]


def streams_of(connection: Connection, ids: set[int]) -> dict[int, Stream]:
    """Look up the datastreams of a batch."""
    found = connection.execute(select(datastreams).where(datastreams.c.id.in_(sorted(ids))))
    return {
        row.id: Stream(row.id, row.category, _kind(row.observation_type), row.minimum, row.maximum, row.feature_id)
        for row in found
    }


def _checked_result(index: int, result: Any, stream: Stream) -> tuple[float | None, str | None]:
    """Give the number or the JSON text of a result, or refuse it."""
    number = isinstance(result, int | float) and not isinstance(result, bool)
    if number and not math.isfinite(result):
        raise Invalid(BAD_RESULT, index=index, wanted=stream.wanted)
    fits = {
        "Measurement": number,
        "CountObservation": number and float(result).is_integer(),
        "TruthObservation": isinstance(result, bool),
        "CategoryObservation": isinstance(result, str),
    }.get(stream.wanted, result is not None)
    if not fits:
        raise Invalid(BAD_RESULT, index=index, wanted=stream.wanted)
    if not number:
        return None, json_text(result)
    low, high = stream.minimum, stream.maximum
    if (low is not None and result < low) or (high is not None and result > high):
        raise Invalid(OUT_OF_RANGE, index=index, value=result, minimum=low, maximum=high)
    return float(result), None


def _check_time(index: int, arrival: Arrival, now: int) -> None:
    start, end = arrival.phenomenon_start, arrival.phenomenon_end
    if not EARLIEST <= start < LATEST or (end is not None and not start < end < LATEST):
        raise Invalid(BAD_TIME, index=index)
    if start > now + AHEAD_MICROSECONDS:
        raise Invalid(AHEAD, index=index, time=iso_from_micros(start))


class Writer:
    """Writes one batch in one transaction."""

    def __init__(self, connection: Connection, now: int) -> None:
        self.connection = connection
        self.now = now

    def append(self, arrivals: Sequence[Arrival]) -> Receipt:
        """Store a batch whole or not at all; repeats give the ids that they have already."""
        streams = streams_of(self.connection, {arrival.datastream_id for arrival in arrivals})
        checked = []
        for index, arrival in enumerate(arrivals):
            stream = streams.get(arrival.datastream_id)
            if stream is None:
                raise NotFound(NO_DATASTREAM, index=index, datastream=arrival.datastream_id)
            _check_time(index, arrival, self.now)
            checked.append(_checked_result(index, arrival.result, stream))
        source_ids = self._sources({arrival.source for arrival in arrivals})
        groups: dict[int, list[int]] = defaultdict(list)
        for index, arrival in enumerate(arrivals):
            groups[arrival.datastream_id].append(index)
        ids = [0] * len(arrivals)
        rows: list[tuple[Any, ...]] = []
        for number in sorted(groups):
            group = _Group(self, streams[number], arrivals, checked, source_ids)
            rows += group.take(groups[number], ids)
        self._insert(rows)
        return Receipt(ids=tuple(ids), added=len(rows), repeated=len(arrivals) - len(rows))

    def _sources(self, names: set[str]) -> dict[str, int]:
        known = {row.name: row.id for row in self.connection.execute(select(sources).where(sources.c.name.in_(names)))}
        for name in sorted(names - set(known)):
            result = self.connection.execute(insert(sources).values(name=name).returning(sources.c.id))
            known[name] = result.scalar_one()
        return known

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        names = [column.name for column in observations.c]
        if self.connection.dialect.name == "postgresql":
            cursor = self.connection.connection.cursor()
            with cursor.copy(f"COPY observations ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO observations ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        self.connection.connection.cursor().executemany(statement, rows)


class _Group:
    """The arrivals of one datastream in a batch."""

    def __init__(
        self,
        writer: Writer,
        stream: Stream,
        arrivals: Sequence[Arrival],
        checked: list[tuple[float | None, str | None]],
        source_ids: dict[str, int],
    ) -> None:
        self.connection, self.now, self.stream = writer.connection, writer.now, stream
        self.arrivals, self.checked, self.source_ids = arrivals, checked, source_ids

    def _key(self, arrival: Arrival) -> Key:
        duration = 0 if arrival.phenomenon_end is None else arrival.phenomenon_end - arrival.phenomenon_start
        return arrival.phenomenon_start, duration, self.source_ids[arrival.source], arrival.message

    def _state(self) -> Any:
        """Lock and give the maintained state, made at first use."""
        question = select(stream_state).where(stream_state.c.datastream_id == self.stream.id).with_for_update()
        state = self.connection.execute(question).first()
        if state is None:
            values = {"datastream_id": self.stream.id, "sequence": 0, "count": 0}
            self.connection.execute(_insert_for(self.connection)(stream_state).values(values).on_conflict_do_nothing())
            state = self.connection.execute(question).one()
        return state

    def _present(self, indices: list[int], last: int | None) -> dict[Key, tuple[int, float | None, str | None]]:
        """Find what is stored already at these times; nothing can be when all lie behind the last one."""
        starts = [self.arrivals[index].phenomenon_start for index in indices]
        if last is None or min(starts) > last:
            return {}
        c = observations.c
        question = select(c.id, c.start, c.duration, c.source_id, c.message, c.number, c.other).where(
            c.datastream_id == self.stream.id, c.start >= min(starts), c.start <= max(starts)
        )
        return {
            (row.start, row.duration, row.source_id, row.message): (row.id, row.number, row.other)
            for row in self.connection.execute(question)
        }

    def take(self, indices: list[int], ids: list[int]) -> list[tuple[Any, ...]]:
        """Give the rows that are new, fill in all ids, and bring the maintained state up."""
        state = self._state()
        present = self._present(indices, state.last)
        sequence = state.sequence
        rows: list[tuple[Any, ...]] = []
        for index in indices:
            arrival, (number, other) = self.arrivals[index], self.checked[index]
            key = self._key(arrival)
            old = present.get(key)
            if old is not None:
                if (old[1], old[2]) != (number, other):
                    raise Conflict(DIFFERS, index=index, time=iso_from_micros(key[0]), id=old[0])
                ids[index] = old[0]
                continue
            sequence += 1
            ids[index] = observation_id(self.stream.id, sequence)
            present[key] = (ids[index], number, other)
            rows.append(self._row(ids[index], arrival, key, number, other))
        if rows:
            self._maintain(state, rows, sequence)
            self._maintain_days(rows)
        return rows

    def _row(
        self, number_id: int, arrival: Arrival, key: Key, number: float | None, other: str | None
    ) -> tuple[Any, ...]:
        start, duration, source, message = key
        latency = None if arrival.result_time is None else arrival.result_time - start - duration
        parameters = None if arrival.parameters is None else json_text(arrival.parameters)
        feature = arrival.feature_id if arrival.feature_id is not None else self.stream.feature_id
        quality = QUALITIES.index(arrival.quality)
        return (
            *(number_id, self.stream.id, start, duration, latency, self.now, number, other),
            *(quality, source, message, parameters, feature),
        )

    def _maintain(self, state: Any, rows: list[tuple[Any, ...]], sequence: int) -> None:
        newest = max(rows, key=lambda row: (row[2], row[0]))
        first = min(row[2] for row in rows)
        last = max(row[2] + row[3] for row in rows)
        latest_start = None
        if state.latest_id is not None:
            latest_start = self.connection.execute(
                select(observations.c.start).where(observations.c.id == state.latest_id)
            ).scalar_one()
        self.connection.execute(
            update(stream_state)
            .where(stream_state.c.datastream_id == self.stream.id)
            .values(
                sequence=sequence,
                count=stream_state.c.count + len(rows),
                first=first if state.first is None else min(first, state.first),
                last=last if state.last is None else max(last, state.last),
                latest_id=newest[0] if latest_start is None or newest[2] >= latest_start else state.latest_id,
            )
        )

    def _maintain_days(self, rows: list[tuple[Any, ...]]) -> None:
        numbers = [(row[2] // DAY_MICROSECONDS, row[6]) for row in rows if row[6] is not None]
        if not numbers:
            return
        days = np.array([day for day, _ in numbers])
        values = np.array([value for _, value in numbers])
        order = np.argsort(days, kind="stable")
        days, values = days[order], values[order]
        found, starts, counts = np.unique(days, return_index=True, return_counts=True)
        least, greatest = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        totals = np.add.reduceat(values, starts)
        rows_of_days = [
            {
                "datastream_id": self.stream.id,
                "day": int(found[i]),
                "count": int(counts[i]),
                "minimum": float(least[i]),
                "maximum": float(greatest[i]),
                "total": float(totals[i]),
            }
            for i in range(len(found))
        ]
        self.connection.execute(_upsert_days(self.connection), rows_of_days)


def _insert_for(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def _upsert_days(connection: Connection) -> Any:
    """Add to the day's statistics where the day is there already."""
    statement = _insert_for(connection)(stream_days)
    new, old = statement.excluded, stream_days.c
    least, greatest = (func.least, func.greatest) if connection.dialect.name == "postgresql" else (func.min, func.max)
    return statement.on_conflict_do_update(
        index_elements=[old.datastream_id, old.day],
        set_={
            "count": old["count"] + new["count"],
            "minimum": least(old.minimum, new.minimum),
            "maximum": greatest(old.maximum, new.maximum),
            "total": old.total + new.total,
        },
    )
