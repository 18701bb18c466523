"""Pictures of plans: bars from first plan to now expected, and boxes that lean on each other."""

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping, Sequence

import msgspec

from allmende.ui.drawings import BLUE, INK, LATE, LINE, QUIET, SURFACE, draw_text, frame_svg

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
    parts.append(draw_text(min(x + 4, WIDTH - 90), height - 5, on_name, size=12, colour="#8a5200", bold=True))
    return frame_svg(WIDTH, height, name, parts)


def _years(first: dt.date, last: dt.date, at: At, height: int) -> list[str]:
    parts = [f'<rect x="{NAMES}" y="0" width="{WIDTH - NAMES - END}" height="{HEAD - 8}" rx="6" fill="{SURFACE}"/>']
    for year in range(first.year, last.year):
        x = at(dt.date(year, 1, 1))
        parts.append(f'<path d="M{x:.1f} 0V{height - 20}" stroke="{LINE}" stroke-width="1"/>')
        parts.append(draw_text(x + 6, 18, str(year), colour=QUIET))
    return parts


def _bar(bar: Bar, top: float, at: At) -> list[str]:
    middle, x = top + ROW / 2, at(bar.shown)
    title = textwrap.shorten(bar.title, LETTERS, placeholder=" …")
    parts = [draw_text(4, middle + 4, title, bold=bar.on_chain)]
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


def graph(
    name: str,
    boxes: Mapping[str, str],
    addresses: Mapping[str, str],
    column: Mapping[str, int],
    edges: Sequence[Leaning],
) -> bytes:
    """Draw boxes in columns, each right of what it leans on; the lines lead from ground to what stands on it."""
    rows: dict[int, list[str]] = {}
    for key in boxes:
        rows.setdefault(column[key], []).append(key)
    most = max((len(keys) for keys in rows.values()), default=0)
    height = max(most, 1) * (HIGH + GAP_Y) + 16
    place = {}
    for number, keys in rows.items():
        free = height - len(keys) * (HIGH + GAP_Y) + GAP_Y
        for index, key in enumerate(keys):
            place[key] = (8 + number * (BOX + GAP_X), free / 2 + index * (HIGH + GAP_Y))
    width = (max(rows, default=0) + 1) * (BOX + GAP_X) - GAP_X + 16
    parts = [_line(place[edge.target], place[edge.source], edge.kind) for edge in edges]
    parts += [_box(place[key], boxes[key], addresses[key]) for key in boxes]
    return frame_svg(width, round(height), name, parts)


def _line(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    x, y = start[0] + BOX, start[1] + HIGH / 2
    to_x, to_y = end[0] - 3, end[1] + HIGH / 2
    if to_x <= x:
        x, to_x = start[0] + BOX / 2, end[0] + BOX / 2
        y, to_y = (start[1] + HIGH, end[1] - 3) if end[1] > start[1] else (start[1], end[1] + HIGH + 3)
    bend = (x + to_x) / 2
    dash = f' stroke-dasharray="{DASHES[kind]}"' if DASHES[kind] else ""
    line = f'<path d="M{x:.1f} {y:.1f}C{bend:.1f} {y:.1f} {bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}" fill="none"'
    tip = f'<path d="M{to_x:.1f} {to_y:.1f}l-9 -5v10z" fill="{QUIET}"/>'
    return f'{line} stroke="{QUIET}" stroke-width="1.6"{dash}/>{tip}'


def _box(place: tuple[float, float], title: str, address: str) -> str:
    x, y = place
    lines = textwrap.wrap(title, LETTERS_IN_BOX)[:3]
    start = y + HIGH / 2 + 5 - 8 * (len(lines) - 1)
    words = "".join(draw_text(x + 12, start + 16 * index, line, colour=INK) for index, line in enumerate(lines))
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{HIGH}" rx="8" fill="#fff" stroke="{BLUE}"/>'
    return f'<a href="{address}">{shape}{words}</a>'
