"""Pictures of plans: bars from first plan to now expected, and boxes that lean on each other."""

import datetime as dt
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from allmende.ui.drawings import BLUE, INK, LATE, LINE, QUIET, SURFACE, svg, words

# Measures of the plan: its width, the column of names, a row, the head with the years.
WIDTH, NAMES, ROW, HEAD, END = 1112, 330, 30, 34, 24
LETTERS = 44
MOVED = "#b06a00"
# Measures of the boxes.
BOX, HIGH, GAP_X, GAP_Y, LETTERS_IN_BOX = 190, 62, 90, 26, 24
At = Callable[[dt.date], float]
DASHES = {"needs": "", "uses-data": "6 4", "shares": "2 4", "strengthens": "10 4 2 4"}


class Bar(msgspec.Struct, frozen=True):
    """A row of the plan: what was planned first, what counts now, whether it is done, late or on the longest chain."""

    title: str
    baseline: dt.date | None
    shown: dt.date
    state: str
    on_chain: bool = False


def gantt(name: str, bars: Sequence[Bar], on: dt.date, on_name: str) -> bytes:
    """Draw each step with its first plan (hollow) and the date that counts now (full), joined where it moved."""
    days = [on, *(bar.shown for bar in bars), *(bar.baseline for bar in bars if bar.baseline)]
    first, last = dt.date(min(days).year, 1, 1), dt.date(max(days).year + 1, 1, 1)
    usable, span = WIDTH - NAMES - END, (last - first).days

    def at(day: dt.date) -> float:
        return NAMES + usable * (day - first).days / span

    height = HEAD + ROW * len(bars) + 22
    parts = _years(first, last, at, height)
    for index, bar in enumerate(bars):
        parts += _bar(bar, HEAD + ROW * index, at)
    x = at(on)
    parts.append(
        f'<path d="M{x:.1f} {HEAD}V{height - 18}" stroke="{MOVED}" stroke-width="1.5" stroke-dasharray="5 4"/>'
    )
    parts.append(words(min(x + 4, WIDTH - 90), height - 5, on_name, size=12, colour="#8a5200", bold=True))
    return svg(WIDTH, height, name, parts)


def _years(first: dt.date, last: dt.date, at: At, height: int) -> list[str]:
    parts = [f'<rect x="{NAMES}" y="0" width="{WIDTH - NAMES - END}" height="{HEAD - 8}" rx="6" fill="{SURFACE}"/>']
    for year in range(first.year, last.year):
        x = at(dt.date(year, 1, 1))
        parts.append(f'<path d="M{x:.1f} 0V{height - 20}" stroke="{LINE}" stroke-width="1"/>')
        parts.append(words(x + 6, 18, str(year), colour=QUIET))
    return parts


def _bar(bar: Bar, top: float, at: At) -> list[str]:
    middle, x = top + ROW / 2, at(bar.shown)
    title = textwrap.shorten(bar.title, LETTERS, placeholder=" …")
    parts = [words(4, middle + 4, title, bold=bar.on_chain)]
    if bar.on_chain:
        parts.append(f'<rect x="0" y="{top + 3}" width="{WIDTH}" height="{ROW - 6}" fill="{BLUE}" fill-opacity=".07"/>')
    if bar.baseline and bar.baseline != bar.shown:
        start = at(bar.baseline)
        colour = MOVED if bar.shown > bar.baseline else BLUE
        parts.append(f'<path d="M{start:.1f} {middle}H{x:.1f}" stroke="{colour}" stroke-width="4"/>')
    if bar.baseline:
        start = at(bar.baseline)
        parts.append(
            f'<path d="M{start:.1f} {middle - 8}l8 8l-8 8l-8 -8z" fill="#fff" stroke="{QUIET}" stroke-width="1.5"/>'
        )
    parts.append(_mark(bar.state, x, middle))
    return parts


def _mark(state: str, x: float, y: float) -> str:
    if state == "late":
        return f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{LATE}" stroke="#fff"/>'
    if state == "unproven":
        return f'<path d="M{x:.1f} {y - 7}l7 13h-14z" fill="{MOVED}" stroke="#fff"/>'
    fill = BLUE if state == "done" else "#fff"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{fill}" stroke="{BLUE}" stroke-width="2"/>'


class Leaning(msgspec.Struct, frozen=True):
    """A box that leans on another, in which way."""

    source: str
    target: str
    kind: str


Point = tuple[float, float]


def graph(
    name: str,
    boxes: Mapping[str, str],
    addresses: Mapping[str, str],
    column: Mapping[str, int],
    edges: Sequence[Leaning],
) -> bytes:
    """Draw boxes in columns, each right of what it leans on; the lines lead from ground to what stands on it."""
    ways = {edge: _way(edge, column) for edge in edges}
    rows = _rows(boxes, column, ways.values())
    most = max((len(keys) for keys in rows.values()), default=0)
    height = max(most, 1) * (HIGH + GAP_Y) + 16
    place: dict[str, Point] = {}
    for number, keys in rows.items():
        free = height - len(keys) * (HIGH + GAP_Y) + GAP_Y
        for index, key in enumerate(keys):
            place[key] = (8 + number * (BOX + GAP_X), free / 2 + index * (HIGH + GAP_Y))
    width = (max(rows, default=0) + 1) * (BOX + GAP_X) - GAP_X + 16
    parts = [_line([place[key] for key in way], edge.kind) for edge, way in ways.items()]
    parts += [_box(place[key], boxes[key], addresses[key]) for key in boxes]
    return svg(width, round(height), name, parts)


def _way(edge: Leaning, column: Mapping[str, int]) -> list[str]:
    """Give the places through which a line goes: it keeps a place of its own in the columns that it crosses."""
    start, end = column[edge.target], column[edge.source]
    between = [f"|{edge.target}|{edge.source}|{edge.kind}|{number}" for number in range(start + 1, end)]
    return [edge.target, *between, edge.source]


def _rows(boxes: Mapping[str, str], column: Mapping[str, int], ways: Iterable[Sequence[str]]) -> dict[int, list[str]]:
    """Give each column its places from top to bottom, near to those of the column before that they are joined to."""
    rows: dict[int, list[str]] = {}
    before: dict[str, list[str]] = {}
    for key in boxes:
        rows.setdefault(column[key], []).append(key)
    for way in ways:
        for number, key in enumerate(way[1:-1], column[way[0]] + 1):
            rows.setdefault(number, []).append(key)
        for left, right in pairwise(way):
            before.setdefault(right, []).append(left)
    height: dict[str, float] = {}
    for number in sorted(rows):
        keys = rows[number]
        wish = {key: [height[left] for left in before.get(key, []) if left in height] for key in keys}
        keys.sort(key=lambda key: sum(wish[key]) / len(wish[key]) if wish[key] else 0.5)
        height |= {key: (index + 0.5) / len(keys) for index, key in enumerate(keys)}
    return rows


def _line(way: Sequence[Point], kind: str) -> str:
    dash = f' stroke-dasharray="{DASHES[kind]}"' if DASHES[kind] else ""
    middle = HIGH / 2
    (x, y), (to_x, to_y) = (way[0][0] + BOX, way[0][1] + middle), (way[-1][0] - 3, way[-1][1] + middle)
    if to_x <= x:
        return _beside(way[0], way[-1], dash)
    path, at = f"M{x:.1f} {y:.1f}", (x, y)
    for left, top in way[1:-1]:
        path += _curve(at, (left, top + middle)) + f"H{left + BOX:.1f}"
        at = (left + BOX, top + middle)
    line = f'<path d="{path}{_curve(at, (to_x, to_y))}" fill="none" stroke="{QUIET}" stroke-width="1.6"{dash}/>'
    # What two share has no direction.
    tip = "" if kind == "shares" else f'<path d="M{to_x:.1f} {to_y:.1f}l-9 -5v10z" fill="{QUIET}"/>'
    return line + tip


def _curve(start: Point, end: Point) -> str:
    bend = (start[0] + end[0]) / 2
    return f"C{bend:.1f} {start[1]:.1f} {bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"


def _beside(start: Point, end: Point, dash: str) -> str:
    """Join two boxes of which neither is right of the other, around their right edges."""
    x, out = max(start[0], end[0]) + BOX, max(start[0], end[0]) + BOX + GAP_X / 3
    y, to_y = start[1] + HIGH / 2, end[1] + HIGH / 2
    path = f"M{start[0] + BOX:.1f} {y:.1f}H{x:.1f}C{out:.1f} {y:.1f} {out:.1f} {to_y:.1f} {x:.1f} {to_y:.1f}"
    return f'<path d="{path}H{end[0] + BOX:.1f}" fill="none" stroke="{QUIET}" stroke-width="1.6"{dash}/>'


def _box(place: Point, title: str, address: str) -> str:
    x, y = place
    lines = textwrap.wrap(title, LETTERS_IN_BOX)[:3]
    start = y + HIGH / 2 + 5 - 8 * (len(lines) - 1)
    label = "".join(words(x + 12, start + 16 * index, line, colour=INK) for index, line in enumerate(lines))
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{HIGH}" rx="8" fill="#fff" stroke="{BLUE}"/>'
    return f'<a href="{address}">{shape}{label}</a>'
