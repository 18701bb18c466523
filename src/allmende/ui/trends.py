"""Pictures of an indicator: its course beside the path to its target, and a small one to be read in passing."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from allmende.ui.charts import BLUE, GREEN, WARM, WIDTH, Json, draw, frame

COLOURS = (BLUE, "#8a5a00", "#6b2d7b", "#3b6b00")
SPARK_WIDTH, SPARK_HEIGHT, EDGE = 120, 32, 4


class Dot(msgspec.Struct, frozen=True):
    """A value on a day, of one version of the definition; a provisional one is drawn hollow."""

    day: dt.date
    value: float
    series: str
    provisional: bool = False


class Aim(msgspec.Struct, frozen=True):
    """Where it is to be on a day: at a value, or between two."""

    day: dt.date
    low: float
    high: float


class Words(msgspec.Struct, frozen=True):
    """What the picture says: title, unit, name of the path."""

    title: str
    unit: str
    path: str


def course(
    words: Words, dots: Sequence[Dot], aims: Sequence[Aim], language: str, *, stepped: bool, width: int = WIDTH
) -> bytes:
    """Draw values by version, each with a line of its own, and the path dashed, as a band where it is a range."""
    names = list(dict.fromkeys(dot.series for dot in dots))
    rows = [
        {"at": f"{dot.day}T00:00", "value": dot.value, "series": dot.series, "hollow": dot.provisional} for dot in dots
    ]
    x = {"field": "at", "type": "temporal", "axis": _axis([dot.day for dot in dots] + [aim.day for aim in aims])}
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": {"title": words.unit}}
    shades = list(COLOURS[: max(1, len(names))])
    legend = {"orient": "top", "title": None} if len(names) > 1 else None
    colour = {"field": "series", "type": "nominal", "scale": {"domain": names, "range": shades}, "legend": legend}
    fill = {
        "condition": {"test": "datum.hollow", "value": "white"},
        "field": "series",
        "type": "nominal",
        "legend": None,
    }
    layers: list[Json] = [*_path(words.path, aims, x, stepped=stepped)]
    if rows:
        lines = {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": y, "color": colour}}
        points = {
            "mark": {"type": "point", "size": 70, "filled": True, "opacity": 1, "strokeWidth": 2},
            "encoding": {"x": x, "y": y, "stroke": colour, "fill": {**fill, "scale": colour["scale"]}},
        }
        layers += [{"data": {"values": rows}, **lines}, {"data": {"values": rows}, **points}]
    return draw({**frame(words.title, width), "layer": layers}, language)


def _axis(days: Sequence[dt.date]) -> Json:
    """Name years where there are many of them or only whole ones, and months otherwise."""
    many = bool(days) and max(days).year - min(days).year > 2
    whole = all((day.month, day.day) == (1, 1) for day in days)
    named = {"format": "%Y" if many or whole else "%m/%Y", "tickCount": "year" if whole and not many else 6}
    return {**named, "title": None, "grid": False}


def _path(name: str, aims: Sequence[Aim], x: Json, *, stepped: bool) -> list[Json]:
    if not aims:
        return []
    rows = [{"at": f"{aim.day}T00:00", "low": aim.low, "high": aim.high} for aim in aims]
    form = {"interpolate": "step-after"} if stepped else {}
    data = {"data": {"values": rows}}
    y = {"field": "low", "type": "quantitative"}
    layers: list[Json] = []
    if any(aim.low != aim.high for aim in aims):
        band = {"type": "area", "color": GREEN, "opacity": 0.18, **form}
        layers.append({**data, "mark": band, "encoding": {"x": x, "y": y, "y2": {"field": "high"}}})
    line = {"type": "line", "color": GREEN, "strokeDash": [6, 4], "strokeWidth": 2, **form}
    layers.append({**data, "mark": line, "encoding": {"x": x, "y": y}})
    # The last point is named, so that the dashes need no legend.
    end = {"data": {"values": rows[-1:]}}
    mark = {"type": "point", "shape": "diamond", "size": 130, "filled": True, "opacity": 1, "color": GREEN}
    label = {"type": "text", "text": name, "align": "right", "dx": -10, "dy": -12, "fontSize": 13, "color": "#1c5c48"}
    encoding = {"x": x, "y": {"field": "high", "type": "quantitative"}}
    return [*layers, {**end, "mark": mark, "encoding": encoding}, {**end, "mark": label, "encoding": encoding}]


def lines(
    title: str,
    unit: str,
    rows: Sequence[tuple[dt.date, str, float]],
    names: Sequence[str],
    language: str,
    *,
    width: int = WIDTH,
) -> bytes:
    """Draw some columns of a yearly table as lines."""
    values = [{"at": f"{day}T00:00", "name": name, "value": value} for day, name, value in rows]
    scale = {"domain": list(names), "range": [BLUE, WARM, GREEN, *COLOURS[1:]][: len(names)]}
    legend = (
        {"orient": "top", "title": None, "columns": 1 if width < WIDTH else 0, "labelLimit": 300}
        if len(names) > 1
        else None
    )
    x = {"field": "at", "type": "temporal", "axis": {"format": "%Y", "title": None, "tickCount": 6, "grid": False}}
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": {"title": unit}}
    colour = {"field": "name", "type": "nominal", "scale": scale, "legend": legend}
    mark = {"type": "line", "point": True, "strokeWidth": 2}
    spec = {"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y, "color": colour}}
    return draw({**frame(title, width), **spec}, language)


def spark(values: Sequence[float]) -> str:
    """Give the points of a small line (``points`` of a polyline); one value alone is a point in the middle."""
    if not values:
        return ""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    step = (SPARK_WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    middle = SPARK_HEIGHT / 2
    places = []
    for place, value in enumerate(values):
        share = (value - low) / spread
        y = middle if high == low else SPARK_HEIGHT - EDGE - share * (SPARK_HEIGHT - 2 * EDGE)
        x = SPARK_WIDTH / 2 if len(values) == 1 else EDGE + place * step
        places.append(f"{x:.1f},{y:.1f}")
    return " ".join(places)
