"""Pages of observations written straight from columns, where all of a page is numbers and times."""

import numpy as np

from allmende.apis.sensorthings.cells import (
    BLANK,
    Cells,
    Sheet,
    count_cells,
    digits_of,
    number_cells,
    side_by_side,
    span_cells,
    time_cells,
    together,
)
from allmende.apis.sensorthings.render import Json
from allmende.apis.sensorthings.rendered import opening
from allmende.gate.query import Columns, Points
from allmende.kernel.ids import SEQUENCE_BITS

NULL = np.frombuffer(b"null", np.uint8)


def writable(columns: Columns) -> bool:
    """Tell whether a page has nothing but numbers and times."""
    return all(
        all(text is None for text in (points.other, points.parameters, points.valid, points.described))
        and not points.quality.any()
        for _, points in columns.runs
    )


def _known(points: Points) -> list[str | Cells]:
    """Write the times of the results; null where there is none."""
    if not points.known.any():
        return ["null"]
    cells = time_cells(points.end + points.latency)
    if points.known.all():
        return cells
    column = side_by_side(cells, len(points))
    absent = points.known == 0
    column[absent] = BLANK
    column[absent, :4] = NULL
    return [column]


def _entities(root: str, stream: int, points: Points) -> list[Sheet]:
    """Write observations; within addresses no blanks are possible, so the numbers must have one width."""
    ids = points.sequence + (stream << SEQUENCE_BITS)
    width = len(str(int(ids.max())))
    if len(str(int(ids.min()))) != width:
        alone = [points.take(slice(place, place + 1)) for place in range(len(points))]
        return [sheet for one in alone for sheet in _entities(root, stream, one)]
    number, start = digits_of(ids, width), f'"{root}/Observations('
    cells: list[str | Cells] = [
        *('{"@iot.id":', number, f',"@iot.selfLink":{start}', number, ')","phenomenonTime":'),
        *span_cells(points.start, points.end),
        *(',"result":', number_cells(points.number), ',"resultTime":', *_known(points)),
        *(f',"Datastream@iot.navigationLink":{start}', number, ')/Datastream"'),
        *(f',"FeatureOfInterest@iot.navigationLink":{start}', number, ')/FeatureOfInterest"},'),
    ]
    return [Sheet(cells, len(points))]


def page(columns: Columns, root: str, around: Json) -> bytearray:
    """Write a page of whole observations; ``around`` is what stands before them."""
    sheets = [sheet for stream, points in columns.runs if len(points) for sheet in _entities(root, stream, points)]
    return together([opening(around), *sheets, b"]}"])


def rows(stream: int, points: Points) -> Sheet:
    """Write the rows of a dataArray with the four components of the standard."""
    cells: list[str | Cells] = [
        *("[", count_cells(points.sequence + (stream << SEQUENCE_BITS)), ","),
        *(*span_cells(points.start, points.end), ",", *_known(points), ",", number_cells(points.number), "],"),
    ]
    return Sheet(cells, len(points))
