"""Pictures that no chart grammar knows: steps along the years, and money from where it comes to where it goes."""

import datetime as dt
import textwrap
from collections.abc import Sequence
from html import escape

import msgspec

INK, QUIET, LINE, SURFACE, BLUE, LATE = "#131525", "#4a5068", "#c6cad8", "#eef1f6", "#123a6b", "#b3261e"
FONT = "Liberation Sans, Arial, sans-serif"
# Measures of the timeline: its width, the room at its ends, the band of years, a label's letters and lines.
WIDTH, LEFT, RIGHT, BAND = 1112, 24, 150, 26
LETTER, LINE_HEIGHT, LANE = 6.7, 16, 56
# How much wider a letter is in bold.
BOLDER = 0.8
LETTERS_IN_LINE = 24


class Step(msgspec.Struct, frozen=True):
    """Something on the timeline; its state is done, ahead or late."""

    day: dt.date
    title: str
    state: str


class Inflow(msgspec.Struct, frozen=True):
    """Money that comes in: from whom, how much as written, and as a number for the width of the band."""

    name: str
    written: str
    value: float
    colour: str


class _Placed(msgspec.Struct, frozen=True):
    step: Step
    x: float
    above: bool
    lane: int
    lines: tuple[str, ...]


def words(x: float, y: float, said: str, *, size: int = 13, colour: str = INK, bold: bool = False) -> str:
    """Write words at a place."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{weight}>{escape(said)}</text>'


def svg(width: int, height: int, name: str, parts: Sequence[str]) -> bytes:
    """Put the parts of a picture together."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    return (
        f'{head}font-family="{FONT}"><title>{escape(name)}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>'
    ).encode()


def _place(steps: Sequence[Step], first: dt.date, last: dt.date) -> list[_Placed]:
    """Give every label a lane, from the right: none covers another, and no stem crosses a label."""
    days, usable = (last - first).days, WIDTH - LEFT - RIGHT
    reach: dict[bool, list[float]] = {True: [], False: []}
    placed, above = [], True
    for step in sorted(steps, key=lambda step: step.day, reverse=True):
        x = LEFT + usable * (step.day - first).days / days
        lines = tuple(textwrap.wrap(step.title, LETTERS_IN_LINE))
        right = x + max(len(line) for line in lines) * LETTER + 10
        lanes = {side: _lane(reach[side], right) for side in (above, not above)}
        side = above if lanes[above] <= lanes[not above] else not above
        lane = lanes[side]
        reach[side][lane : lane + 1] = [x]
        placed.append(_Placed(step, x, side, lane, lines))
        above = not side
    return placed


def _lane(reach: Sequence[float], right: float) -> int:
    """Give the lane nearest to the band in which, and beyond which, nothing stands left of the label's end."""
    lane = len(reach)
    while lane and reach[lane - 1] > right:
        lane -= 1
    return lane


def _label(item: _Placed, top: float) -> str:
    edge = top if item.above else top + BAND
    height = LINE_HEIGHT * len(item.lines)
    if item.above:
        start = edge - 14 - item.lane * LANE - height
        stem = start - 2
    else:
        start = edge + 14 + item.lane * LANE
        stem = start + height + 4
    label = "".join(
        words(item.x + 8, start + LINE_HEIGHT * (index + 0.8), line) for index, line in enumerate(item.lines)
    )
    line = f'<path d="M{item.x:.1f} {edge:.1f}V{stem:.1f}" stroke="{LINE}" stroke-width="1.5"/>'
    return line + label + _dot(item, edge)


def _dot(item: _Placed, y: float) -> str:
    if item.step.state == "late":
        return f'<rect x="{item.x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{LATE}" stroke="#fff"/>'
    fill = BLUE if item.step.state == "done" else "#fff"
    return f'<circle cx="{item.x:.1f}" cy="{y:.1f}" r="6.5" fill="{fill}" stroke="{BLUE}" stroke-width="2"/>'


def timeline(name: str, steps: Sequence[Step], on: dt.date, on_name: str) -> bytes:
    """Draw steps along a band of years, and the day of which the page speaks."""
    days = [on, *(step.day for step in steps)]
    first, last = dt.date(min(days).year, 1, 1), dt.date(max(days).year + 1, 1, 1)
    placed = _place(steps, first, last)
    lanes = {side: max((p.lane + 1 for p in placed if p.above is side), default=0) for side in (True, False)}
    top = 28 + lanes[True] * LANE
    height = round(top + BAND + 20 + lanes[False] * LANE)
    usable, span = WIDTH - LEFT - RIGHT, (last - first).days
    parts = [f'<rect x="{LEFT}" y="{top}" width="{usable}" height="{BAND}" rx="6" fill="{SURFACE}"/>']
    for year in range(first.year, last.year):
        x = LEFT + usable * (dt.date(year, 1, 1) - first).days / span
        middle = x + usable / (last.year - first.year) / 2 - 15
        parts.append(f'<path d="M{x:.1f} {top}v{BAND}" stroke="#fff" stroke-width="2"/>')
        parts.append(words(middle, top + 18, str(year), colour=QUIET))
    x = LEFT + usable * (on - first).days / span
    parts.append(f'<path d="M{x:.1f} 18V{height - 8}" stroke="#b06a00" stroke-width="1.5" stroke-dasharray="5 4"/>')
    parts.append(words(x + 5, 14, on_name, size=12, colour="#8a5200", bold=True))
    parts += [_label(item, top) for item in placed]
    return svg(WIDTH, height, name, parts)


def flow(name: str, inflows: Sequence[Inflow], whole: tuple[str, str], beyond: Sequence[str], *, width: int) -> bytes:
    """Draw money flowing from its givers into the whole, and on to where nobody published the split."""
    room, gap, bar = 190.0, 18.0, 14
    total = sum(entry.value for entry in inflows)
    middle, end = width * 0.44, width - bar - 8.0
    at, inside, parts = 14.0, 14.0 + gap * (len(inflows) - 1) / 2, []
    centre = inside
    for entry in inflows:
        high = room * entry.value / total
        parts.append(stream(22, middle, at, inside, high, entry.colour))
        parts.append(f'<rect x="8" y="{at:.1f}" width="{bar}" height="{high:.1f}" rx="3" fill="{entry.colour}"/>')
        lines = textwrap.wrap(entry.name, int((middle - 34) / (LETTER + BOLDER)))
        start = at + high / 2 + 6 - LINE_HEIGHT * len(lines) / 2
        parts += [words(30, start + LINE_HEIGHT * row, line, bold=True) for row, line in enumerate(lines)]
        parts.append(words(30, start + LINE_HEIGHT * len(lines) + 2, entry.written))
        at, inside = at + high + gap, inside + high
    parts.append(stream(middle + bar, end, centre, centre, room, "#8a90a6"))
    parts.append(f'<rect x="{middle:.1f}" y="{centre:.1f}" width="{bar}" height="{room}" rx="3" fill="{INK}"/>')
    dashed = f'fill="#fff" stroke="{QUIET}" stroke-width="1.5" stroke-dasharray="4 3"'
    parts.append(f'<rect x="{end:.1f}" y="{centre:.1f}" width="{bar}" height="{room}" rx="3" {dashed}/>')
    parts += [
        words(middle + bar + 8, centre + room / 2 - 3, whole[0], bold=True),
        words(middle + bar + 8, centre + room / 2 + 15, whole[1]),
    ]
    longest = max(len(line) for line in beyond) * LETTER + 8
    for index, line in enumerate(beyond):
        y = centre + room / 2 - 3 + 18 * (index - (len(beyond) - 1) / 2)
        parts.append(words(end - longest, y, line, colour=QUIET))
    return svg(width, round(room + gap * (len(inflows) - 1) + 28), name, parts)


def stream(left: float, right: float, start: float, finish: float, high: float, colour: str) -> str:
    """Draw a band from one height to another."""
    bend, low, end = (left + right) / 2, start + high, finish + high
    upper = f"M{left:.1f} {start:.1f}C{bend:.1f} {start:.1f} {bend:.1f} {finish:.1f} {right:.1f} {finish:.1f}"
    lower = f"V{end:.1f}C{bend:.1f} {end:.1f} {bend:.1f} {low:.1f} {left:.1f} {low:.1f}Z"
    return f'<path d="{upper}{lower}" fill="{colour}" fill-opacity=".2"/>'
