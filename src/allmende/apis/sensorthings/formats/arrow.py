"""Apache Arrow's IPC stream: observations as columns, for data frames."""

from collections.abc import Iterator

from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.formats.table import Outlet, Table


def write(question: Question) -> Iterator[bytes]:
    """Give the schema, then a batch for each page, then the end mark."""
    from pyarrow import ipc

    table, outlet = Table(question), Outlet()
    with ipc.new_stream(outlet, table.schema) as stream:
        for batch in table.batches():
            stream.write_batch(batch)
            yield outlet.fetch()
    yield outlet.fetch()


FORMAT = Format(name="Arrow", media="application/vnd.apache.arrow.stream", write=write)
