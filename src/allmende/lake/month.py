"""The observations of a month as a Parquet file, sorted by datastream and time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from allmende.gate.query import Points
from allmende.kernel.clock import DAY_MICROSECONDS
from allmende.lake.form import GROUP, observation_schema

# Few different values in a row, as measurements are: a dictionary; times that grow by steps: their differences.
WORDS, STEPS = ["stream", "day", "value", "text", "quality"], "DELTA_BINARY_PACKED"


class MonthFile:
    """Writes whole groups of rows; what it writes depends on the observations alone, not on how they come."""

    def __init__(self, path: Path) -> None:
        from pyarrow import parquet

        self.rows = 0
        self._schema = observation_schema()
        self._held: list[Any] = []
        self._waiting = 0
        self._file = parquet.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            use_dictionary=WORDS,
            column_encoding={"time": STEPS, "time_end": STEPS},
            version="2.6",
        )

    def __enter__(self) -> "MonthFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting:
            self._write(self._waiting)
        self._file.close()

    def add(self, stream: int, runs: Iterable[Points]) -> None:
        """Add the observations of the next datastream, in order of time."""
        for points in runs:
            self.add_batch(batch(stream, points))

    def add_batch(self, columns: Any) -> None:
        """Add rows that follow on those before."""
        self._held.append(columns)
        self.rows += len(columns)
        self._waiting += len(columns)
        while self._waiting >= GROUP:
            self._write(GROUP)

    def _write(self, count: int) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._held, schema=self._schema)
        self._file.write_table(table.slice(0, count), row_group_size=GROUP)
        rest = table.slice(count)
        self._held, self._waiting = (rest.to_batches(), len(rest)) if len(rest) else ([], 0)


def batch(stream: int, points: Points) -> Any:
    """Turn the observations of a datastream into columns of the lake."""
    import pyarrow as pa

    count, schema = len(points), observation_schema()
    instant = schema.field("time").type
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.full(count, stream, np.int32)),
            pa.array(points.start).cast(instant),
            pa.array(points.end, mask=points.duration == 0).cast(instant),
            pa.array((points.start // DAY_MICROSECONDS).astype(np.int32)).cast(pa.date32()),
            pa.array(points.number, mask=~np.isfinite(points.number)),
            pa.array(points.other or [None] * count, pa.string()),
            pa.array(points.quality.astype(np.int8)),
        ],
        schema=schema,
    )
