"""Charts: Vega-Lite specifications, drawn to SVG in this process and kept by content (ADR 0012)."""

import datetime as dt
import textwrap
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from allmende.kernel.clock import CIVIL_TIME

Json = dict[str, Any]
WIDTH, NARROW, HEIGHT = 820, 340, 250
BLUE, WARM, GREEN, RAIN, FEDERAL, OWN = "#123a6b", "#b3431e", "#25785f", "#2a78b8", "#1d4f91", "#25785f"

ENGLISH_NUMBERS: Json = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["€", ""]}
GERMAN_NUMBERS: Json = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " €"]}
GERMAN_TIMES: Json = {
    "dateTime": "%A, %e. %B %Y, %X",
    "date": "%d.%m.%Y",
    "time": "%H:%M",
    "periods": ["", ""],
    "days": ["Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"],
    "shortDays": ["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"],
    "months": [
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
        *("August", "September", "Oktober", "November", "Dezember"),
    ],
    "shortMonths": ["Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
}
CONFIG: Json = {
    "background": "white",
    "font": "Liberation Sans, Arial, sans-serif",
    "padding": 12,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 16, "fontWeight": 600, "color": "#131525", "offset": 10},
    "axis": {
        **{"labelFontSize": 13, "titleFontSize": 13, "labelColor": "#333a52", "titleColor": "#333a52"},
        **{"gridColor": "#e3e5ec", "domainColor": "#9aa0b5", "tickColor": "#9aa0b5", "titleFontWeight": 400},
    },
    "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -8, "tickCount": 5},
    "legend": {"labelFontSize": 13, "titleFontSize": 13, "orient": "top", "title": None},
}
_lock = threading.Lock()


class Point(msgspec.Struct, frozen=True):
    """A value at a time (microseconds); None leaves a gap."""

    at: int
    value: float | None


class Band(msgspec.Struct, frozen=True):
    """What a day brought: least, mean and greatest value."""

    day: dt.date
    low: float
    mean: float
    high: float


@lru_cache(maxsize=512)
def _drawn(spec: str, language: str) -> bytes:
    """Draw a specification; the drawing engine is used by one thread at a time."""
    import vl_convert

    numbers, times = (GERMAN_NUMBERS, GERMAN_TIMES) if language == "de" else (ENGLISH_NUMBERS, None)
    with _lock:
        svg = vl_convert.vegalite_to_svg(
            msgspec.json.decode(spec), vl_version="6.1", format_locale=numbers, time_format_locale=times
        )
    return str(svg).encode()


def draw(spec: Json, language: str) -> bytes:
    """Give the SVG of a Vega-Lite specification in a language."""
    full = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, **spec}
    return _drawn(msgspec.json.encode(full).decode(), "en" if language.startswith("en") else "de")


def _local(micros: int) -> str:
    """Write an instant as civil time of Germany without zone, which the drawing engine takes as it stands."""
    instant = dt.datetime.fromtimestamp(micros / 1e6, CIVIL_TIME)
    return instant.replace(tzinfo=None).isoformat()


def _time_axis(language: str, pattern_de: str, pattern_en: str, count: object) -> Json:
    pattern = pattern_en if language.startswith("en") else pattern_de
    return {
        "field": "at",
        "type": "temporal",
        "axis": {"format": pattern, "title": None, "tickCount": count, "grid": False},
    }


def line(
    title: str, unit: str, points: Sequence[Point], language: str, *, colour: str = BLUE, width: int = WIDTH
) -> bytes:
    """Draw a line over a few days; gaps in the data are gaps in the line."""
    rows = [{"at": _local(point.at), "value": point.value} for point in points]
    return draw(
        {
            **frame(title, width),
            "data": {"values": rows},
            "mark": {"type": "line", "color": colour, "strokeWidth": 1.8, "invalid": "break-paths-show-path-domains"},
            "encoding": {
                "x": _time_axis(language, "%a %d.%m.", "%a %d %b", "day"),
                "y": {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": {"title": unit}},
            },
        },
        language,
    )


def bars_over_time(
    title: str, unit: str, points: Sequence[Point], language: str, *, colour: str = RAIN, width: int = WIDTH
) -> bytes:
    """Draw amounts per interval as bars from zero."""
    rows = [{"at": _local(point.at), "value": point.value} for point in points if point.value is not None]
    return draw(
        {
            **frame(title, width),
            "data": {"values": rows},
            "mark": {"type": "bar", "color": colour, "width": 3},
            "encoding": {
                "x": _time_axis(language, "%a %d.%m.", "%a %d %b", "day"),
                "y": {"field": "value", "type": "quantitative", "axis": {"title": unit}},
            },
        },
        language,
    )


def band(
    title: str, unit: str, days: Sequence[Band], language: str, *, colour: str = BLUE, width: int = WIDTH
) -> bytes:
    """Draw the daily range as a band with the mean as a line over months."""
    rows = [
        {"at": f"{entry.day.isoformat()}T12:00", "low": entry.low, "mean": entry.mean, "high": entry.high}
        for entry in days
    ]
    x = _time_axis(language, "%b %Y", "%b %Y", 8)
    return draw(
        {
            **frame(title, width),
            "data": {"values": rows},
            "layer": [
                {
                    "mark": {"type": "area", "color": colour, "opacity": 0.22},
                    "encoding": {
                        "x": x,
                        "y": {
                            "field": "low",
                            "type": "quantitative",
                            "axis": {"title": unit},
                            "scale": {"zero": False},
                        },
                        "y2": {"field": "high"},
                    },
                },
                {
                    "mark": {"type": "line", "color": colour, "strokeWidth": 1.5},
                    "encoding": {"x": x, "y": {"field": "mean", "type": "quantitative"}},
                },
            ],
        },
        language,
    )


def columns(
    title: str,
    unit: str,
    rows: Sequence[tuple[str, float]],
    language: str,
    *,
    colour: str = BLUE,
    width: int = WIDTH,
    number: str = "d",
) -> bytes:
    """Draw one horizontal bar for each name, in the order given, with its value (in D3's format) at the end."""
    values = [{"name": name, "value": value} for name, value in rows]
    y = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelLimit": 220, "domain": False, "ticks": False},
    }
    x = {
        "field": "value",
        "type": "quantitative",
        "axis": {"title": unit, "tickCount": 6, "format": number} | ({"tickMinStep": 1} if number == "d" else {}),
    }
    return draw(
        {
            **frame(title, width),
            "height": {"step": 26},
            "data": {"values": values},
            "layer": [
                {"mark": {"type": "bar", "color": colour, "height": 18}, "encoding": {"x": x, "y": y}},
                {
                    "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 13, "color": "#131525"},
                    "encoding": {"x": x, "y": y, "text": {"field": "value", "type": "quantitative", "format": number}},
                },
            ],
        },
        language,
    )


def shares(
    title: str,
    unit: str,
    rows: Sequence[tuple[str, str, float]],
    colours: dict[str, str],
    language: str,
    *,
    width: int = WIDTH,
) -> bytes:
    """Draw stacked bars: name, part, value; parts in the order of the colours."""
    values = [
        {"name": name, "part": part, "value": value, "order": list(colours).index(part)} for name, part, value in rows
    ]
    scale = {"domain": list(colours), "range": list(colours.values())}
    label = {"color": "white", "fontSize": 13, "fontWeight": 600, "align": "right", "dx": -6}
    figure = {"field": "value", "type": "quantitative", "format": ".1f"}
    y_axis = {"title": None, "labelLimit": 240, "domain": False, "ticks": False}
    x_axis = {"title": unit, "tickCount": 6, "format": "d"}
    return draw(
        {
            **frame(title, width),
            "height": {"step": 40},
            "data": {"values": values},
            "layer": [
                {
                    "mark": {"type": "bar", "height": 26},
                    "encoding": {"color": {"field": "part", "type": "nominal", "scale": scale}},
                },
                {"mark": {"type": "text", **label}, "encoding": {"text": figure}},
            ],
            "encoding": {
                "y": {"field": "name", "type": "nominal", "sort": None, "axis": y_axis},
                "x": {"field": "value", "type": "quantitative", "stack": "zero", "axis": x_axis},
                "order": {"field": "order", "type": "quantitative"},
            },
        },
        language,
    )


def frame(title: str, width: int) -> Json:
    """Give title and size; a narrow chart is for telephones, where a wide one would be too small to read."""
    lines: str | list[str] = title if width == WIDTH else [*textwrap.wrap(title, 36), " "][:2]
    fit = {"type": "fit-x", "contains": "padding"}
    return {"title": lines, "width": width, "height": HEIGHT, "autosize": fit}


def warm_up() -> None:
    """Start the drawing engine, which takes about a second, before the first reader waits for it."""
    columns("", "", [("", 0.0)], "de")
