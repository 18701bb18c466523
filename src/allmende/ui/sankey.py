"""A flow picture: money from each giver to each project, as broad as there is of it."""

import textwrap
from collections.abc import Sequence

import msgspec

from allmende.ui.drawings import BOLDER, INK, LETTER, LINE_HEIGHT, Inflow, stream, svg, words

ROOM, BAR, EDGE, GAP = 380.0, 14, 8, 12.0
# The least height that a project's two or three lines of label take.
LABEL = 42.0


class Outflow(msgspec.Struct, frozen=True):
    """Where money goes: to whom, how much as written, and how much from each giver in their order."""

    name: str
    written: str
    parts: tuple[float, ...]


def _slots(outflows: Sequence[Outflow], scale: float) -> list[tuple[float, float]]:
    """Give top and height of each project's bar; labels never cover each other."""
    found, at = [], GAP
    for entry in outflows:
        high = sum(entry.parts) * scale
        room = max(high, LABEL)
        found.append((at + (room - high) / 2, high))
        at += room + GAP
    return found


def height_of(inflows: Sequence[Inflow], outflows: Sequence[Outflow]) -> int:
    """Give the height of the picture, which is the same at every width."""
    scale = ROOM / (sum(entry.value for entry in inflows) or 1)
    bottom = max(top + high for top, high in _slots(outflows, scale))
    return round(bottom + LABEL / 2)


def sankey(name: str, inflows: Sequence[Inflow], outflows: Sequence[Outflow], *, width: int) -> bytes:
    """Draw givers on the left, projects on the right, and a band for each flow."""
    narrow = width < 500
    right = width * (0.42 if narrow else 0.6)
    scale = ROOM / (sum(entry.value for entry in inflows) or 1)
    slots = _slots(outflows, scale)
    bottom = max(top + high for top, high in slots)
    left_gap = max(0.0, (bottom - ROOM - GAP) / max(1, len(inflows) - 1))
    tops, at = [], GAP
    for entry in inflows:
        tops.append(at)
        at += entry.value * scale + left_gap
    inside, parts = list(tops), []
    for goal, (top, _high) in zip(outflows, slots, strict=True):
        for index, value in enumerate(goal.parts):
            high = value * scale
            if high > 0:
                parts.append(stream(EDGE + BAR, right, inside[index], top, high, inflows[index].colour))
                inside[index] += high
                top += high
    letters = int((width - right - BAR - 16) / (LETTER + BOLDER))
    parts += [_giver(entry, top, entry.value * scale, right) for entry, top in zip(inflows, tops, strict=True)]
    parts += [_goal(entry, slot, right, letters) for entry, slot in zip(outflows, slots, strict=True)]
    return svg(width, height_of(inflows, outflows), name, parts)


def _giver(entry: Inflow, top: float, high: float, right: float) -> str:
    bar = f'<rect x="{EDGE}" y="{top:.1f}" width="{BAR}" height="{max(high, 1):.1f}" rx="3" fill="{entry.colour}"/>'
    lines = textwrap.wrap(entry.name, max(6, int((right - 40) / (LETTER + BOLDER))))
    start = top + high / 2 + 4 - LINE_HEIGHT * len(lines) / 2
    name = "".join(words(30, start + LINE_HEIGHT * row, line, bold=True) for row, line in enumerate(lines))
    return bar + name + words(30, start + LINE_HEIGHT * len(lines), entry.written)


def _goal(entry: Outflow, slot: tuple[float, float], right: float, letters: int) -> str:
    top, high = slot
    bar = f'<rect x="{right:.1f}" y="{top:.1f}" width="{BAR}" height="{max(high, 1):.1f}" rx="3" fill="{INK}"/>'
    lines = textwrap.wrap(entry.name, letters)
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1][: letters - 1]}…"]
    start = top + high / 2 + 4 - LINE_HEIGHT * len(lines) / 2
    x = right + BAR + 8
    name = "".join(words(x, start + LINE_HEIGHT * row, line, bold=True) for row, line in enumerate(lines))
    return bar + name + words(x, start + LINE_HEIGHT * len(lines), entry.written)
