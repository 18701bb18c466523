"""Pages of observations written straight from columns, where all of a page is numbers and times."""

from collections.abc import Iterator
from typing import Any

import msgspec

from allmende.apis.sensorthings.render import Json
from allmende.apis.sensorthings.times import texts_of
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


def _entities(root: str, stream: int, points: Points) -> str:
    start = f"{root}/Observations("
    form = (
        f'{{"@iot.id":%d,"@iot.selfLink":"{start}%d)","phenomenonTime":"%s","result":%r,"resultTime":%s,'
        f'"Datastream@iot.navigationLink":"{start}%d)/Datastream",'
        f'"FeatureOfInterest@iot.navigationLink":"{start}%d)/FeatureOfInterest"}}'
    )
    ids = numbers(stream, points)
    rows = zip(ids, ids, phenomena(points), points.number.tolist(), known(points), ids, ids, strict=True)
    return ",".join([form % row for row in rows])


def page(columns: Columns, root: str, around: Json) -> bytes:
    """Write a page of whole observations; ``around`` is what stands before them."""
    head = msgspec.json.encode(around)[1:-1]
    body = ",".join(_entities(root, stream, points) for stream, points in columns.runs if len(points))
    return b"{" + head + (b"," if head else b"") + b'"value":[' + body.encode() + b"]}"


def rows(stream: int, points: Points) -> Iterator[Any]:
    """Give the rows of a dataArray with the four components of the standard."""
    ready = [msgspec.Raw(text.encode()) for text in known(points)] if points.known.any() else [None] * len(points)
    return zip(numbers(stream, points), phenomena(points), ready, points.number.tolist(), strict=True)
