"""Following datastreams: what came since the last look, found by the maintained state, whichever process wrote it."""

from collections.abc import Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw
from allmende.store.codec import rows_in, unpack
from allmende.store.observing import Row
from allmende.store.points import Row as Values
from allmende.store.points import rows_of_points
from allmende.store.read import Reader
from allmende.store.scan import Scan
from allmende.store.scope import Record, Scope

MOST, MOST_OF_ONE, MOST_CORRECTED = 5_000, 1_000, 200
_STATES = (
    "SELECT s.datastream_id, s.sequence, s.piece, s.epoch, d.category, d.multi_types IS NOT NULL, d.data_use "
    "FROM stream_state s JOIN datastreams d ON d.id = s.datastream_id"
)
_BEHIND = (
    "SELECT f.datastream_id, f.high, f.body FROM {wanted} JOIN fresh f "
    "ON f.datastream_id = {stream} AND f.piece > {piece} AND f.low <= {until} ORDER BY f.datastream_id, f.piece"
)
_BEHIND_SQLITE = _BEHIND.format(
    wanted="json_each(?) w CROSS",
    stream="json_extract(w.value, '$[0]')",
    piece="json_extract(w.value, '$[1]')",
    until="json_extract(w.value, '$[2]')",
)
_BEHIND_POSTGRES = _BEHIND.format(
    wanted="jsonb_array_elements(CAST(? AS jsonb)) w",
    stream="CAST(w.value->>0 AS bigint)",
    piece="CAST(w.value->>1 AS bigint)",
    until="CAST(w.value->>2 AS bigint)",
)
_CORRECTED = (
    "SELECT id, observation_id FROM revisions WHERE observation_id >= ? AND observation_id < ? AND id > ? "
    "ORDER BY id LIMIT ?"
)


class Mark(msgspec.Struct, frozen=True):
    """How far a datastream was followed: the last observation in the order of arrival, the piece, the corrections."""

    sequence: int
    piece: int
    epoch: int
    revision: int


class Marks(msgspec.Struct, frozen=True):
    """How far all datastreams were followed, and the count of changes of entities at that time."""

    streams: dict[int, Mark] = {}
    revision: int = 0
    entities: int = 0

    def last(self, stream: int) -> int:
        """Give the number of the last observation of a datastream in the order of arrival."""
        return (stream << SEQUENCE_BITS) | self.streams[stream].sequence if stream in self.streams else 0


class Newer(msgspec.Struct, frozen=True):
    """What came to one datastream, in the order of arrival, and the numbers of what was corrected there."""

    datastream: int
    multi: bool
    records: list[Record]
    corrected: list[int]


class News(msgspec.Struct, frozen=True):
    """What came since the marks, the marks behind it, and whether there is more.

    ``limited`` are the datastreams whose observations the scope does not open as they are.
    """

    newer: list[Newer]
    marks: Marks
    behind: bool
    limited: dict[int, bool]


class _State(msgspec.Struct, frozen=True):
    stream: int
    sequence: int
    piece: int
    epoch: int
    category: str
    multi: bool
    data_use: str


# A datastream, how far it was read, and the sequence up to which it is read now.
Step = tuple[_State, Mark, int]


class Following:
    """Reads in one transaction within one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection, self.scope = connection, scope

    def news(self, marks: Marks | None) -> News:
        """Give what came since the marks; with none, nothing but the marks of the present."""
        states = [_State(*row) for row in raw.fetch(self.connection, _STATES)]
        entities = int(raw.fetch(self.connection, "SELECT number FROM entity_changes")[0][0])
        limited = {one.stream: one.multi for one in states if self._open(one) is False}
        if marks is None:
            revision = int(raw.fetch(self.connection, "SELECT coalesce(max(id), 0) FROM revisions")[0][0])
            streams = {one.stream: Mark(one.sequence, one.piece, one.epoch, revision) for one in states}
            return News([], Marks(streams, revision, entities), False, limited)
        known, new = marks.streams, Mark(0, 0, 0, marks.revision)
        changed = [
            (one, old)
            for one in states
            if (old := known.get(one.stream, new)).sequence != one.sequence or old.epoch != one.epoch
        ]
        newer, moved, behind = self._newer(changed)
        kept = {one.stream: known[one.stream] for one in states if one.stream in known} if moved else known
        return News(newer, Marks({**kept, **moved}, marks.revision, entities), behind, limited)

    def _open(self, one: _State) -> bool | None:
        """Tell whether a datastream is open as it is; None where it is closed."""
        limits = self.scope.categories.get(one.category)
        return None if limits is None or one.data_use in self.scope.closed else limits.plain

    def _newer(self, changed: list[tuple[_State, Mark]]) -> tuple[list[Newer], dict[int, Mark], bool]:
        """Read what is new of open datastreams; what came to closed ones is passed over."""
        steps, behind = self._steps([(one, old) for one, old in changed if self._open(one)])
        moved = {
            one.stream: Mark(one.sequence, one.piece, one.epoch, old.revision)
            for one, old in changed
            if not self._open(one)
        }
        pieces = self._pieces([step for step in steps if step[2] > step[1].sequence])
        found: list[tuple[_State, list[Values], list[int]]] = []
        for one, old, until in steps:
            revision, corrected = self._corrected(one, old)
            rows = self._rows(one, old.sequence, until, pieces.get(one.stream, ()))
            whole, all_corrected = until == one.sequence, len(corrected) < MOST_CORRECTED
            behind = behind or not whole or not all_corrected
            piece, epoch = one.piece if whole else old.piece, one.epoch if all_corrected else old.epoch
            moved[one.stream] = Mark(until, piece, epoch, revision)
            told = (one.stream << SEQUENCE_BITS) + old.sequence
            found.append((one, rows, sorted({number for number in corrected if number <= told})))
        return self._written(found), moved, behind

    @staticmethod
    def _steps(opened: list[tuple[_State, Mark]]) -> tuple[list[Step], bool]:
        """Say how far each is read now: those with little first, so that a long load holds up nobody."""
        steps: list[Step] = []
        room = MOST
        for one, old in sorted(opened, key=lambda pair: pair[0].sequence - pair[1].sequence):
            until = min(one.sequence, old.sequence + min(room, MOST_OF_ONE))
            room -= until - old.sequence
            if until == old.sequence < one.sequence:
                return steps, True
            steps.append((one, old, until))
        return steps, False

    def _written(self, found: list[tuple[_State, list[Values], list[int]]]) -> list[Newer]:
        """Write the rows of all datastreams as records, in one go."""
        rows = [Row(one.stream, row) for one, some, _ in found for row in some]
        records = iter(Reader(self.connection, self.scope).records("Observations", rows))
        return [
            Newer(one.stream, bool(one.multi), list(islice(records, len(some))), corrected)
            for one, some, corrected in found
            if some or corrected
        ]

    def _pieces(self, wanted: list[Step]) -> dict[int, list[tuple[int, bytes]]]:
        """Read the fresh pieces behind the marks of all datastreams at once."""
        found: dict[int, list[tuple[int, bytes]]] = {}
        if wanted:
            statement = _BEHIND_POSTGRES if self.connection.dialect.name == "postgresql" else _BEHIND_SQLITE
            places = msgspec.json.encode([[one.stream, old.piece, until] for one, old, until in wanted]).decode()
            for stream, high, body in raw.fetch(self.connection, statement, (places,)):
                found.setdefault(stream, []).append((high, body))
        return found

    def _rows(self, one: _State, after: int, until: int, pieces: Sequence[tuple[int, bytes]]) -> list[Values]:
        """Give the observations ``(after, until]`` in the order of arrival, from chunks where they were sealed."""
        if until <= after:
            return []
        rows = [
            row for high, body in pieces if high > after for row in _rows_of(bytes(body)) if after < row[0] <= until
        ]
        if len(rows) < until - after:
            there = {row[0] for row in rows}
            missing = [number for number in range(after + 1, until + 1) if number not in there]
            rows += rows_of_points(Scan(self.connection).by_sequence(one.stream, missing))
        return sorted(rows, key=lambda row: row[0])

    def _corrected(self, one: _State, old: Mark) -> tuple[int, list[int]]:
        """Give the observations that have been corrected since, as often as they were; deleted ones are no news."""
        if one.epoch == old.epoch:
            return old.revision, []
        first = one.stream << SEQUENCE_BITS
        rows = raw.fetch(
            self.connection, _CORRECTED, (first, first + (1 << SEQUENCE_BITS), old.revision, MOST_CORRECTED)
        )
        return rows[-1][0] if rows else old.revision, [row[1] for row in rows]


def _rows_of(body: bytes) -> list[Values]:
    """Read a piece; one of a few rows without the way over columns."""
    rows = rows_in(body)
    return rows_of_points(unpack(body)) if rows is None else rows
