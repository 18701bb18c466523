"""Labels on maps: each goes where it hides neither another label nor a marker."""

from itertools import combinations
from pathlib import Path

import pytest

from allmende.portal.views import LARGE_LETTER
from allmende.ui.maps import Mark, Marker, draw_map, frame_around

OUTLINE = Path(__file__).parents[2] / "src/allmende/packs/konstanz/outline.geojson"
# Three stations in a row from west to east that stand close, one below them, and two far away.
PLACES = ((9.170, 47.665), (9.1735, 47.665), (9.177, 47.665), (9.1735, 47.6635), (9.14, 47.69), (9.21, 47.65))


def _room(mark: Mark) -> tuple[float, float, float, float]:
    """Give left, top, right and bottom of a label, by the width of its letters."""
    wide = len(mark.marker.label) * LARGE_LETTER
    left = {"start": mark.text_x, "end": mark.text_x - wide, "middle": mark.text_x - wide / 2}[mark.anchor]
    return left, mark.text_y - LARGE_LETTER, left + wide, mark.text_y


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("label", ["7°", "24,5°", "−12,5 °C"])
def test_no_label_covers_another_or_a_marker(label: str) -> None:
    markers = [
        Marker(longitude=x, latitude=y, name=label, label=label, address="#", approximate=False) for x, y in PLACES
    ]
    marks = draw_map(OUTLINE, markers, "de", frame_around(markers), LARGE_LETTER).marks
    rooms = [_room(mark) for mark in marks]
    assert [pair for pair in combinations(rooms, 2) if _meet(*pair)] == []
    assert [mark for mark in marks for room in rooms if room[0] < mark.x < room[2] and room[1] < mark.y < room[3]] == []
