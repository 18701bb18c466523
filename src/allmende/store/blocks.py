"""What a question looks at, unpacked block by block into a table of the connection, so that SQL can judge it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, select

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw
from allmende.store.cells import cells_of, whole_cells
from allmende.store.points import Points, joined, rows_of_points
from allmende.store.scan import Scan
from allmende.store.scope import Limits
from allmende.store.tables import observations, stream_state
from allmende.store.touched import touches
from allmende.store.visible import Part

MOST = 100_000
Run = tuple[int, Points]
_NAMES = ", ".join(column.name for column in observations.c)
_MARKS = ", ".join("?" for _ in observations.c)


def show(connection: Connection, runs: Sequence[Run], limits: Limits, now: int) -> None:
    """Put points of datastreams into the table, in place of what stood there: the cells of a grid in place of them.

    The points of a cell stand in one go, in order.
    """
    raw.run(connection, "DELETE FROM decoded", [()])
    add(connection, runs, limits, now)


def add(connection: Connection, runs: Sequence[Run], limits: Limits, now: int) -> None:
    """Put points beside what stands in the table."""
    rows = [
        ((stream << SEQUENCE_BITS) | sequence, stream, *rest)
        for stream, points in (_gridded(connection, runs, limits, now) if limits.time_grid else runs)
        for sequence, *rest in rows_of_points(points)
    ]
    if connection.dialect.name == "postgresql":
        raw.copy(connection, f"COPY decoded ({_NAMES}) FROM STDIN", rows)
    else:
        raw.run(connection, f"INSERT INTO decoded VALUES ({_MARKS})", rows)  # noqa: S608 - our own names


def _gridded(connection: Connection, runs: Sequence[Run], limits: Limits, now: int) -> Iterator[Run]:
    secret = bytes(raw.fetch(connection, "SELECT secret FROM cell_key")[0][0]) if limits.noise else b""
    for stream, some in groupby(runs, key=itemgetter(0)):
        touched = touches(connection, stream) if limits.grouped else []
        yield stream, cells_of(stream, joined([points for _, points in some]), limits, now, secret, touched)


def show_streams(connection: Connection, parts: Sequence[Part], now: int) -> None:
    """Put all points of the datastreams of parts into the table."""
    scan = Scan(connection)
    show(connection, (), Limits(), now)
    for part in parts:
        add(connection, [(stream, scan.points(stream)) for stream in part.streams or ()], part.limits, now)


def streams_of(connection: Connection, part: Part) -> list[int]:
    """Name the datastreams of a part that hold anything, in order."""
    s = stream_state.c
    question = select(s.datastream_id).where(part.chosen(s.datastream_id), s["count"] > 0)
    return list(connection.execute(question.order_by(s.datastream_id)).scalars())


def blocks(
    connection: Connection, part: Part, now: int, since: int | None = None, until: int | None = None
) -> Iterator[None]:
    """Show all points of a part that start in ``[since, until)``, one block after the other; at least one block.

    Cells of a time grid are never torn, and the range is that of whole ones.
    """
    grid = part.limits.time_grid
    low, high = whole_cells(since, until, grid) if grid else (since, until)
    held: list[Run] = []
    size = 0
    for stream in streams_of(connection, part):
        for run in Scan(connection).windows(stream, low, high):
            held.append((stream, run))
            size += len(run)
            if size >= MOST:
                shown, held = _cut(held, grid)
                show(connection, shown, part.limits, now)
                yield
                size = sum(len(points) for _, points in held)
    show(connection, held, part.limits, now)
    yield
    show(connection, (), part.limits, now)


def _cut(held: list[Run], grid: int) -> tuple[list[Run], list[Run]]:
    """Keep the last cell of the last datastream back: it may go on."""
    last = held[-1][0]
    if not grid or not len(held[-1][1]):
        return held, []
    begin = int(held[-1][1].start[-1]) // grid * grid
    shown = [(stream, run if stream != last else run.between(None, begin)) for stream, run in held]
    return shown, [(stream, run.between(begin, None)) for stream, run in held if stream == last]
