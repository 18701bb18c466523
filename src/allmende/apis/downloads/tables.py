"""Observations of a data set as CSV and Parquet, written block by block from columns."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import numpy as np

from allmende.apis.downloads.content import DataSet, Stream
from allmende.apis.sensorthings.cells import Cells, Sheet, number_cells, side_by_side, text_cells, time_cells
from allmende.apis.sensorthings.formats.csv import guarded
from allmende.apis.sensorthings.formats.table import Outlet
from allmende.gate.door import Gate
from allmende.gate.query import Points
from allmende.gate.runs import QUALITIES, runs
from allmende.kernel.clock import iso_from_micros

COLUMNS = ("station", "observed", "unit", "simulated", "datastream", "time", "time_end", "value", "text", "quality")
# Blanks fill cells up and quotes frame times; both go, so those that belong to a text are written as these meanwhile.
_BLANK, _QUOTE = "\x01", "\x02"
_BACK = bytes.maketrans((_BLANK + _QUOTE).encode(), b' "')
LINE = "\r\n"


def _line(cells: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _lead(stream: Stream, *, simulated: bool) -> str:
    """Write what all rows of a series begin with."""
    words = (stream.station, stream.observed, stream.unit)
    return _line([*map(guarded, words), "true" if simulated else "false", str(stream.id), ""])


def _quick(points: Points) -> bool:
    """Tell whether there are only numbers and levels of quality."""
    return points.other is None and points.described is None and not np.isnan(points.number).any()


def _qualities(codes: Any) -> list[str | Cells]:
    """Write levels; what was not checked stays empty."""
    if not codes.any():
        return [""]
    words = text_cells(["", *QUALITIES[1:]])
    return [words[codes]]


def _block(lead: str, points: Points) -> bytes:
    """Write the rows of a block at once."""
    end: list[str | Cells] = time_cells(points.end) if points.duration.any() else [""]
    if points.duration.any() and not points.duration.all():
        column = side_by_side(end, len(points))
        column[points.duration == 0] = ord(" ")
        end = [column]
    cells: list[str | Cells] = [
        lead.replace(" ", _BLANK).replace('"', _QUOTE),
        *time_cells(points.start),
        *(",", *end, ",", number_cells(points.number), ",,", *_qualities(points.quality), LINE),
    ]
    sheet = Sheet(cells, len(points))
    buffer = bytearray(sheet.size)
    sheet.fill(buffer, 0)
    return bytes(buffer.translate(_BACK, b' "'))


def _slowly(lead: str, points: Points) -> bytes:
    """Write rows with texts in them one by one."""
    rows = []
    ends = points.end.tolist()
    for place, (start, number) in enumerate(zip(points.start.tolist(), points.number.tolist(), strict=True)):
        end = iso_from_micros(ends[place]) if ends[place] != start else ""
        other = points.other[place] if points.other else None
        described = points.described[place] if points.described else None
        quality = described or ("" if not points.quality[place] else QUALITIES[points.quality[place]])
        value = "" if number != number else repr(number).removesuffix(".0")
        rows.append(lead + _line([iso_from_micros(start), end, value, guarded(other or ""), guarded(quality)]) + LINE)
    return "".join(rows).encode()


def csv_of(gate: Gate, data: DataSet) -> Iterator[bytes]:
    """Give the header, then block after block."""
    yield (_line(COLUMNS) + LINE).encode()
    for stream in data.streams:
        lead = _lead(stream, simulated=data.simulated)
        for points in runs(gate, data.grant, stream.id, multi=stream.multi):
            yield (_block if _quick(points) else _slowly)(lead, points)


def parquet_of(gate: Gate, data: DataSet) -> Iterator[bytes]:
    """Give a group of rows for each block, and the foot of the file."""
    import pyarrow as pa
    from pyarrow import parquet

    outlet, schema = Outlet(), _schema(pa)
    with parquet.ParquetWriter(outlet, schema, compression="zstd") as file:
        for stream in data.streams:
            for points in runs(gate, data.grant, stream.id, multi=stream.multi):
                file.write_batch(_batch(pa, schema, stream, points, simulated=data.simulated))
                yield outlet.fetch()
    yield outlet.fetch()


def _schema(pa: Any) -> Any:
    word, at = pa.dictionary(pa.int32(), pa.string()), pa.timestamp("us", tz="UTC")
    kinds = (word, word, word, pa.bool_(), pa.int64(), at, at, pa.float64(), pa.string(), word)
    return pa.schema(list(zip(COLUMNS, kinds, strict=True)))


def _batch(pa: Any, schema: Any, stream: Stream, points: Points, *, simulated: bool) -> Any:
    count = len(points)
    same = pa.array(np.zeros(count, np.int32))

    def word(text: str) -> Any:
        return pa.DictionaryArray.from_arrays(same, pa.array([text]))

    instant = schema.field("time").type
    levels = pa.array(points.quality.astype(np.int32), mask=points.quality == 0)
    return pa.RecordBatch.from_arrays(
        [
            *(word(stream.station), word(stream.observed), word(stream.unit)),
            *(pa.array(np.full(count, simulated)), pa.array(np.full(count, stream.id))),
            pa.array(points.start).cast(instant),
            pa.array(points.end, mask=points.duration == 0).cast(instant),
            pa.array(points.number, mask=np.isnan(points.number)),
            pa.array(points.other or [None] * count, pa.string()),
            pa.DictionaryArray.from_arrays(levels, pa.array(QUALITIES)),
        ],
        schema=schema,
    )
