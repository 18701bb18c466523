"""Pages of observations written straight from columns, where all of a page is numbers and times."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from allmende.apis.sensorthings.render import Json
from allmende.apis.sensorthings.times import Cells, cells_of, digits_of, texts_of
from allmende.gate.query import Columns, Points
from allmende.kernel.ids import SEQUENCE_BITS

Times = list[str]
QUOTED = '"%s"'


def writable(columns: Columns) -> bool:
    """Tell whether a page has nothing but numbers and times."""
    return all(
        points.other is None and points.parameters is None and not points.quality.any() for _, points in columns.runs
    )


def phenomena(points: Points) -> Times:
    """Write the times of the phenomenon: instants, or intervals as ``start/end``."""
    starts = texts_of(points.start)
    if not points.duration.any():
        return starts
    ends = texts_of(points.end)
    lasting = points.duration.tolist()
    return [f"{start}/{end}" if duration else start for start, end, duration in zip(starts, ends, lasting, strict=True)]


def known(points: Points) -> list[str]:
    """Write the times of the results as JSON."""
    if not points.known.any():
        return ["null"] * len(points)
    texts = texts_of(points.end + points.latency)
    there = points.known.tolist()
    return [QUOTED % text if is_there else "null" for text, is_there in zip(texts, there, strict=True)]


def numbers(stream: int, points: Points) -> list[int]:
    """Give the numbers of the observations."""
    return (points.sequence + (stream << SEQUENCE_BITS)).tolist()  # type: ignore[no-any-return]


def _entities(root: str, stream: int, points: Points) -> bytes:
    """Write observations, as one matrix of bytes where their texts have one width each."""
    return _matrix(root, stream, points) or _one_by_one(root, stream, points)


def _one_by_one(root: str, stream: int, points: Points) -> bytes:
    start = f"{root}/Observations("
    form = (
        f'{{"@iot.id":%d,"@iot.selfLink":"{start}%d)","phenomenonTime":"%s","result":%r,"resultTime":%s,'
        f'"Datastream@iot.navigationLink":"{start}%d)/Datastream",'
        f'"FeatureOfInterest@iot.navigationLink":"{start}%d)/FeatureOfInterest"}}'
    )
    ids = numbers(stream, points)
    rows = zip(ids, ids, phenomena(points), points.number.tolist(), known(points), ids, ids, strict=True)
    return ",".join([form % row for row in rows]).encode()


def _matrix(root: str, stream: int, points: Points) -> bytes | None:
    """Write one row of bytes for each observation; blanks around values are legal JSON."""
    ids = points.sequence + (stream << SEQUENCE_BITS)
    width = len(str(int(ids.max())))
    times = None if points.duration.any() else cells_of(points.start)
    ends = _known_cells(points)
    if times is None or ends is None or len(str(int(ids.min()))) != width:
        return None
    number, start = digits_of(ids, width), f'"{root}/Observations('
    results = np.array([repr(value) for value in points.number.tolist()], "S")
    values = results.view(np.uint8).reshape(len(points), results.itemsize)
    cells: list[str | Cells] = [
        *('{"@iot.id":', number, f',"@iot.selfLink":{start}', number, ')","phenomenonTime":', times),
        *(',"result":', np.where(values == 0, ord(" "), values).astype(np.uint8), ',"resultTime":', ends),
        *(f',"Datastream@iot.navigationLink":{start}', number, ')/Datastream"'),
        *(f',"FeatureOfInterest@iot.navigationLink":{start}', number, ')/FeatureOfInterest"},'),
    ]
    return _side_by_side(cells, len(points))[:-1]


def _known_cells(points: Points) -> Cells | None:
    if not points.known.any():
        return np.frombuffer(b"null" * len(points), np.uint8).reshape(len(points), 4)
    return cells_of(points.end + points.latency) if points.known.all() else None


def _side_by_side(cells: list[str | Cells], count: int) -> bytes:
    """Put constant texts and columns of bytes side by side, row behind row."""
    parts = [np.frombuffer(cell.encode(), np.uint8) if isinstance(cell, str) else cell for cell in cells]
    rows = np.empty((count, sum(part.shape[-1] for part in parts)), np.uint8)
    place = 0
    for part in parts:
        rows[:, place : place + part.shape[-1]] = part
        place += part.shape[-1]
    return rows.tobytes()


def page(columns: Columns, root: str, around: Json) -> bytes:
    """Write a page of whole observations; ``around`` is what stands before them."""
    head = msgspec.json.encode(around)[1:-1]
    body = b",".join(_entities(root, stream, points) for stream, points in columns.runs if len(points))
    return b"{" + head + (b"," if head else b"") + b'"value":[' + body + b"]}"


def rows(stream: int, points: Points) -> Iterator[Any]:
    """Give the rows of a dataArray with the four components of the standard."""
    ready = [msgspec.Raw(text.encode()) for text in known(points)] if points.known.any() else [None] * len(points)
    return zip(numbers(stream, points), phenomena(points), ready, points.number.tolist(), strict=True)
