"""Observations as Arrow record batches; pyarrow is loaded at the first use, so that idle processes do without it."""

from collections.abc import Iterator
from io import RawIOBase
from typing import Any

from allmende.apis.sensorthings.formats.columns import Column, Origins, chosen
from allmende.apis.sensorthings.formats.shape import Question
from allmende.apis.sensorthings.lex import fault


class Outlet(RawIOBase):
    """Takes what a writer of files writes, to be fetched block by block."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def tell(self) -> int:
        """Give the number of bytes taken so far."""
        return self._place

    def fetch(self) -> bytes:
        """Give what was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class Table:
    """The schema of an answer, and its batches."""

    def __init__(self, question: Question) -> None:
        import pyarrow as pa

        if question.kind != "Observations":
            raise fault(
                "$resultFormat",
                1,
                "Arrow und Parquet gibt es nur für Observations",
                "Arrow and Parquet exist for Observations only",
            )
        if question.options.expand:
            raise fault("$expand", 1, "mit Arrow und Parquet nicht möglich", "not possible with Arrow, Parquet")
        self.question = question
        self.columns = chosen(question)
        self.types = {
            "number": pa.float64(),
            "whole": pa.int64(),
            "instant": pa.timestamp("us", tz="UTC"),
            "word": pa.dictionary(pa.int32(), pa.string()),
            "text": pa.string(),
            "truth": pa.bool_(),
        }
        fields = [(column.name, self.types[column.held]) for column in self.columns]
        self.schema = pa.schema(fields, metadata={"source": question.address})
        self._batch = pa.RecordBatch.from_arrays
        self._array = pa.array

    def _column(self, column: Column, values: list[Any]) -> Any:
        array = self._array(values, type=None if column.held == "word" else self.types[column.held])
        return array.cast("string").dictionary_encode() if column.held == "word" else array

    def batches(self) -> Iterator[Any]:
        """Give a batch for each page."""
        origins = Origins(self.question.answerer.gate, self.question.answerer.grant)
        for block in self.question.blocks():
            rows = [record.value for record in block]
            known = origins.of({row.datastream_id for row in rows})
            pairs = [(row, known[row.datastream_id]) for row in rows]
            arrays = [self._column(column, [column.value(*pair) for pair in pairs]) for column in self.columns]
            yield self._batch(arrays, schema=self.schema)
