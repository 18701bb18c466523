"""Groups of numbers written as JSON, column by column."""

from collections.abc import Callable
from typing import Any

from allmende.apis.sensorthings.cells import Cells, Sheet, Written, number_cells, span_cells, together
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


def written(groups: Groups, values: dict[str, Figure], *, by_stream: bool) -> Written:
    """Write groups as entities of an answer."""
    if not len(groups):
        return b'{"value":[]}'
    cells: list[str | Cells] = ['{"phenomenonTime":', *span_cells(groups.start, groups.end)]
    if by_stream:
        cells += [',"Datastream@iot.id":', number_cells(groups.datastream)]
    for name, figure in values.items():
        cells += [f',"{name}":', number_cells(_COLUMNS[figure](groups))]
    return together([b'{"value":[', Sheet([*cells, "},"], len(groups)), b"]}"])
