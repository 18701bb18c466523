"""Groups of numbers written as JSON, column by column."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from allmende.apis.sensorthings.times import texts_of
from allmende.gate.query import Groups

Figure = str
FIGURES = ("average", "min", "max", "sum", "first", "last")
_COLUMNS: dict[Figure, Callable[[Groups], Any]] = {
    "average": lambda groups: groups.total / groups.count,
    "min": lambda groups: groups.minimum,
    "max": lambda groups: groups.maximum,
    "sum": lambda groups: groups.total,
    "first": lambda groups: groups.first,
    "last": lambda groups: groups.last,
    "count": lambda groups: groups.count,
}


def _numbers(column: Any) -> list[str]:
    """Write numbers as JSON; one that is too large for a number is null."""
    return msgspec.json.encode(column.tolist())[1:-1].decode().split(",")


def _times(groups: Groups) -> list[list[str]]:
    """Write starts and ends; each instant once where the end of one is the start of the next."""
    if (groups.start[1:] == groups.end[:-1]).all():
        texts = texts_of(np.append(groups.start, groups.end[-1]))
        return [texts[:-1], texts[1:]]
    return [texts_of(groups.start), texts_of(groups.end)]


def written(groups: Groups, values: dict[str, Figure], *, by_stream: bool) -> bytes:
    """Write groups as entities of an answer."""
    if not len(groups):
        return b'{"value":[]}'
    form, columns = '{"phenomenonTime":"%s/%s"', _times(groups)
    if by_stream:
        form += ',"Datastream@iot.id":%s'
        columns.append(_numbers(groups.datastream))
    for name, figure in values.items():
        form += f',"{name}":%s'
        columns.append(_numbers(_COLUMNS[figure](groups)))
    form += "}"
    return ('{"value":[' + ",".join([form % row for row in zip(*columns, strict=True)]) + "]}").encode()
