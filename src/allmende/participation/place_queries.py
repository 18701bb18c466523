"""Reads of where contributions are: needs of different groups that meet at one place."""

import msgspec
import numpy as np
import shapely

from allmende.participation.models import Contribution, Process
from allmende.participation.queries import shown
from allmende.participation.shapes import flat
from allmende.register.around import Point

# From this distance on two needs do not stand in each other's way.
NEAR_METRES = 50.0
MOST_NEEDS, MOST_MEETINGS = 1_000, 100


class Meeting(msgspec.Struct, frozen=True):
    """Two needs at one place, and how many metres apart they are; 0 where they touch."""

    one: Contribution
    other: Contribution
    metres: int


def meetings(process: Process) -> list[Meeting]:
    """Give pairs of needs of different groups within fifty metres of which one at least is a caution or a conflict.

    The nearest first, of the newest thousand needs. That they meet is a hint to talk, and no finding.
    """
    rows = shown(process, "need").exclude(longitude=None).exclude(group=None).select_related("group")
    needs = list(rows.order_by("-id")[:MOST_NEEDS])
    origin = needs[0].point if needs else None
    if origin is None:
        return []
    places = np.array([_flat(one, origin) for one in needs])
    pairs = shapely.STRtree(places).query(places, predicate="dwithin", distance=NEAR_METRES)
    groups = np.array([one.group_id for one in needs])
    wary = np.array([one.tag in ("caution", "conflict") for one in needs])
    first, second = pairs[:, pairs[0] > pairs[1]]
    meets = (groups[first] != groups[second]) & (wary[first] | wary[second])
    first, second = first[meets], second[meets]
    apart = np.rint(shapely.distance(places[first], places[second])).astype(int)
    order = np.lexsort((first, apart))[:MOST_MEETINGS]
    return [Meeting(needs[first[at]], needs[second[at]], int(apart[at])) for at in order]


def _flat(one: Contribution, origin: Point) -> shapely.Geometry:
    """Give a need in metres east and north of a point."""
    shape, point = one.shape, one.point
    if shape is not None:
        kind = shapely.Polygon if shape.kind == "area" else shapely.LineString
        return kind(flat(shape.pairs, origin))
    return shapely.Point(*flat([(point.longitude, point.latitude)], origin)) if point else shapely.Point()
