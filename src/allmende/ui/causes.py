"""What is thought to cause what, drawn in rows: what goes in above, what it changes below."""

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from xml.sax.saxutils import escape

import msgspec

BOX_HEIGHT, GAP_X, GAP_Y, LINE, EDGE = 54, 14, 64, 17, 12
CHARACTERS, NARROW, SIGN = 8.2, 500, 24
Ends = tuple[float, float, float, float]


class Node(msgspec.Struct, frozen=True):
    """An indicator: its name, and the row in which it stands."""

    slug: str
    title: str
    row: int


class Arrow(msgspec.Struct, frozen=True):
    """From cause to effect; the sign tells whether the effect rises or falls, dashes that it is only supposed."""

    cause: str
    effect: str
    sign: str
    dashed: bool


class Box(msgspec.Struct, frozen=True):
    """Where a node stands."""

    x: float
    y: float
    width: float
    lines: tuple[str, ...]


def draw_causes(nodes: Sequence[Node], arrows: Sequence[Arrow], title: str, *, width: int) -> bytes:
    """Draw the graph to a width; a row with too many boxes for it takes more lines."""
    boxes, height = _place(nodes, width)
    ends = _lines(arrows, boxes)
    paths = "".join(_arrow(*one) for one in ends)
    signs = "".join(_sign(*one) for one in ends)
    shapes = "".join(_box(box) for box in boxes.values())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="Liberation Sans, Arial, sans-serif" font-size="14"><title>{escape(title)}</title>'
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="#333a52"/></marker></defs>'
        f'<rect width="{width}" height="{height}" fill="white"/>'
    )
    return f"{head}{paths}{shapes}{signs}</svg>".encode()


def height_of(nodes: Sequence[Node], width: int) -> int:
    """Give the height that the drawing will have."""
    return _place(nodes, width)[1]


def _place(nodes: Sequence[Node], width: int) -> tuple[dict[str, Box], int]:
    per_line = 2 if width < NARROW else 4
    boxes: dict[str, Box] = {}
    y = float(EDGE)
    for row in sorted({node.row for node in nodes}):
        members = [node for node in nodes if node.row == row]
        for start in range(0, len(members), per_line):
            part = members[start : start + per_line]
            across = (width - 2 * EDGE - GAP_X * (len(part) - 1)) / len(part)
            wide = min(across, 260.0)
            left = (width - wide * len(part) - GAP_X * (len(part) - 1)) / 2
            for place, node in enumerate(part):
                text = tuple(textwrap.wrap(node.title, max(8, int((wide - 12) / CHARACTERS)))[:3])
                boxes[node.slug] = Box(left + place * (wide + GAP_X), y, wide, text)
            y += BOX_HEIGHT + GAP_Y
    return boxes, int(y - GAP_Y + EDGE)


def _box(box: Box) -> str:
    middle = box.x + box.width / 2
    top = box.y + BOX_HEIGHT / 2 - (len(box.lines) - 1) * LINE / 2 + 5
    words = "".join(
        f'<text x="{middle:.1f}" y="{top + place * LINE:.1f}" text-anchor="middle" fill="#131525">{escape(line)}</text>'
        for place, line in enumerate(box.lines)
    )
    frame = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{BOX_HEIGHT}" rx="6"'
    return f'<rect {frame} fill="#eef3fa" stroke="#123a6b"/>{words}'


def _lines(arrows: Sequence[Arrow], boxes: dict[str, Box]) -> list[tuple[Arrow, Ends]]:
    """Give begin and end of each arrow; several at one box share its side, so that none covers another."""
    middle = {slug: box.x + box.width / 2 for slug, box in boxes.items()}
    out: dict[str, list[Arrow]] = defaultdict(list)
    into: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        out[arrow.cause].append(arrow)
        into[arrow.effect].append(arrow)
    for group in out.values():
        group.sort(key=lambda arrow: middle[arrow.effect])
    for group in into.values():
        group.sort(key=lambda arrow: middle[arrow.cause])
    return [
        (arrow, _ends(arrow, boxes, _share(out[arrow.cause], arrow), _share(into[arrow.effect], arrow)))
        for arrow in arrows
    ]


def _share(group: Sequence[Arrow], arrow: Arrow) -> float:
    return (group.index(arrow) + 1) / (len(group) + 1)


def _ends(arrow: Arrow, boxes: dict[str, Box], leave: float, arrive: float) -> Ends:
    """Give begin and end of an arrow; within a row it runs from side to side, upwards from top to bottom."""
    start, end = boxes[arrow.cause], boxes[arrow.effect]
    if start.y == end.y:
        middle = start.y + BOX_HEIGHT / 2
        forward = start.x < end.x
        return (
            (start.x + start.width, middle, end.x, middle) if forward else (start.x, middle, end.x + end.width, middle)
        )
    x1, x2 = start.x + start.width * leave, end.x + end.width * arrive
    return (x1, start.y + BOX_HEIGHT, x2, end.y) if start.y < end.y else (x1, start.y, x2, end.y + BOX_HEIGHT)


def _arrow(arrow: Arrow, ends: Ends) -> str:
    x1, y1, x2, y2 = ends
    dashes = ' stroke-dasharray="6 4"' if arrow.dashed else ""
    bend = (y2 - y1) / 2
    curve = f"M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2:.1f}"
    return f'<path d="{curve}" fill="none" stroke="#333a52" stroke-width="1.6" marker-end="url(#tip)"{dashes}/>'


def _sign(arrow: Arrow, ends: Ends) -> str:
    """Write the sign just before the arrow's end, where no box can cover it."""
    x1, y1, x, y2 = ends
    y = y2 - SIGN if y1 < y2 else y2 + SIGN
    if y1 == y2:
        x, y = (x1 + x) / 2, y2
    sign = "+" if arrow.sign == "+" else "−"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="white" stroke="#333a52"/>'
        f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-weight="700" fill="#131525">{sign}</text>'
    )
