"""Apache Parquet: observations as a compressed file of columns, for archives and analysis."""

from collections.abc import Iterator

from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.formats.table import Outlet, Table

ROWS_OF_GROUP = 100_000


def write(question: Question) -> Iterator[bytes]:
    """Give a group of rows whenever enough pages are together, and the foot of the file at the end."""
    import pyarrow as pa
    from pyarrow import parquet

    table, outlet = Table(question), Outlet()
    waiting: list[pa.RecordBatch] = []
    with parquet.ParquetWriter(outlet, table.schema, compression="zstd") as file:
        for batch in table.batches():
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= ROWS_OF_GROUP:
                file.write_table(pa.Table.from_batches(waiting, table.schema))
                waiting.clear()
            yield outlet.fetch()
        file.write_table(pa.Table.from_batches(waiting, table.schema))
    yield outlet.fetch()


FORMAT = Format(name="Parquet", media="application/vnd.apache.parquet", write=write)
