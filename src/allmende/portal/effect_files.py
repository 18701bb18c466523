"""Indicators as programs get them: rows of CSV and trees of JSON."""

from typing import Any

import msgspec

from allmende.effects.models import Definition, Value
from allmende.effects.queries import IndicatorView, Known, Version
from allmende.effects.rules import Point

HEADER = (
    *("slug", "title_de", "title_en", "kind", "target_image", "projects", "unit", "direction", "version"),
    *("baseline", "baseline_day", "target_low", "target_high", "target_day"),
    *("value", "first", "last", "known_since", "quality", "left_out", "simulated"),
    *("expected_low", "expected_high", "status", "reasons_de", "reasons_en", "trend"),
)
VALUE_HEADER = (
    *("indicator", "version", "unit", "first", "last", "value", "known_since", "quality", "used", "left_out"),
    *("simulated", "origin", "note_de", "note_en"),
)


def _point(point: Point | None) -> tuple[object, object, object]:
    return (None, None, None) if point is None else (plain(point.low), plain(point.high), point.day)


def plain(value: Any) -> str:
    """Write a decimal without needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def row_of(view: IndicatorView) -> tuple[object, ...]:
    """Give one row of the list."""
    one, definition, newest = view.indicator, view.current.definition, view.current.newest
    low, _, begun = _point(view.baseline)
    aim_low, aim_high, due = _point(view.target)
    plan_low, plan_high, _ = _point(view.status.expected)
    value: tuple[object, ...] = (None,) * 7
    if newest is not None:
        value = (
            *(plain(newest.value), newest.first, newest.last, newest.known_since, newest.quality),
            *(newest.left_out, newest.simulated),
        )
    return (
        *(one.slug, one.title_de, one.title_en, one.kind, one.target_image, " ".join(one.projects)),
        *(definition.unit, definition.direction, definition.number, low, begun, aim_low, aim_high, due, *value),
        *(plan_low, plan_high, view.status.state),
        *(" ".join(r.text.de for r in view.status.reasons), " ".join(r.text.en for r in view.status.reasons)),
        view.trend,
    )


def value_rows(slug: str, values: list[tuple[Definition, Value | Known]]) -> list[tuple[object, ...]]:
    """Give the rows of values with their definitions."""
    return [
        (
            *(slug, definition.number, definition.unit, value.first, value.last),
            *(plain(value.value), value.known_since, value.quality, value.used, value.left_out, value.simulated),
            *(value.origin, value.note_de, value.note_en),
        )
        for definition, value in values
    ]


def _version(version: Version) -> dict[str, Any]:
    definition = version.definition
    return {
        "number": definition.number,
        "since": definition.since,
        "unit": definition.unit,
        "direction": definition.direction,
        "rhythm": definition.rhythm,
        "method": {"de": definition.method_de, "en": definition.method_en},
        "source": definition.source,
        "path": version.target.entry if version.target else None,
    }


def about(view: IndicatorView) -> dict[str, Any]:
    """Give what is known of an indicator, its newest value included."""
    one, newest = view.indicator, view.current.newest
    return {
        "slug": one.slug,
        "title": {"de": one.title_de, "en": one.title_en},
        "sentence": {"de": one.sentence_de, "en": one.sentence_en},
        "kind": one.kind,
        "target_image": one.target_image,
        "projects": one.projects,
        "versions": [_version(version) for version in view.versions],
        "newest": None
        if newest is None
        else dict(zip(VALUE_HEADER, value_rows(one.slug, [(view.current.definition, newest)])[0], strict=True)),
        "status": view.status.state,
        "reasons": [msgspec.to_builtins(reason) for reason in view.status.reasons],
        "trend": view.trend,
    }
