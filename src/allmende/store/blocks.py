"""What a question looks at, unpacked block by block into a table of the connection, so that SQL can judge it."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from allmende.kernel.ids import SEQUENCE_BITS
from allmende.store import raw
from allmende.store.points import Points, rows_of_points
from allmende.store.scan import Scan
from allmende.store.tables import observations, stream_state
from allmende.store.visible import Part

MOST = 100_000
Run = tuple[int, Points]
_NAMES = ", ".join(column.name for column in observations.c)
_MARKS = ", ".join("?" for _ in observations.c)


def show(connection: Connection, runs: Sequence[Run]) -> None:
    """Put points of datastreams into the table, in place of what stood there."""
    raw.run(connection, "DELETE FROM decoded", [()])
    rows = [
        ((stream << SEQUENCE_BITS) | sequence, stream, *rest)
        for stream, points in runs
        for sequence, *rest in rows_of_points(points)
    ]
    if connection.dialect.name == "postgresql":
        raw.copy(connection, f"COPY decoded ({_NAMES}) FROM STDIN", rows)
    else:
        raw.run(connection, f"INSERT INTO decoded VALUES ({_MARKS})", rows)  # noqa: S608 - our own names


def show_streams(connection: Connection, streams: Sequence[int]) -> None:
    """Put all points of datastreams into the table."""
    scan = Scan(connection)
    show(connection, [(stream, scan.points(stream)) for stream in streams])


def streams_of(connection: Connection, part: Part) -> list[int]:
    """Name the datastreams of a part that hold anything, in order."""
    s = stream_state.c
    question = select(s.datastream_id).where(part.chosen(s.datastream_id), s["count"] > 0)
    return list(connection.execute(question.order_by(s.datastream_id)).scalars())


def blocks(connection: Connection, part: Part, since: int | None = None, until: int | None = None) -> Iterator[None]:
    """Show all points of a part that start in ``[since, until)``, one block after the other; at least one block.

    Cells of a time grid are never torn; for them the range is a cell wider on either side.
    """
    grid = part.limits.time_grid
    low = None if since is None else since - grid
    high = None if until is None else until + grid
    held: list[Run] = []
    size = 0
    for stream in streams_of(connection, part):
        for run in Scan(connection).windows(stream, low, high):
            held.append((stream, run))
            size += len(run)
            if size >= MOST:
                shown, held = _cut(held, grid)
                show(connection, shown)
                yield
                size = sum(len(points) for _, points in held)
    show(connection, held)
    yield
    show(connection, ())


def _cut(held: list[Run], grid: int) -> tuple[list[Run], list[Run]]:
    """Keep the last cell of the last datastream back: it may go on."""
    last = held[-1][0]
    if not grid or not len(held[-1][1]):
        return held, []
    begin = int(held[-1][1].start[-1]) // grid * grid
    shown = [(stream, run if stream != last else run.between(None, begin)) for stream, run in held]
    return shown, [(stream, run.between(begin, None)) for stream, run in held if stream == last]
