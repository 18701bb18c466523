"""How indicators are written: status, trend, target, days, and the small line."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
from django import template
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, pgettext_lazy

from allmende.effects.models import QUALITIES, Definition
from allmende.effects.queries import IndicatorView
from allmende.effects.rules import Point
from allmende.kernel.text import Text
from allmende.ui.templatetags.allmende import badge, day, money, number
from allmende.ui.trends import SPARK_HEIGHT, SPARK_WIDTH, spark

register = template.Library()
SHOWN = 12
ONE_DAY = dt.timedelta(days=1)


STATES = {
    "reached": ("success", pgettext_lazy("Indikator", "Ziel erreicht")),
    "on-track": ("success", pgettext_lazy("Indikator", "auf dem Weg")),
    "behind": ("danger", pgettext_lazy("Indikator", "hinter dem Plan")),
    "measured": ("info", pgettext_lazy("Indikator", "gemessen")),
    "outdated": ("warning", pgettext_lazy("Indikator", "veraltet")),
    "unknown": ("warning", pgettext_lazy("Indikator", "noch nicht gemessen")),
}
TRENDS = {
    "better": gettext_lazy("wird besser"),
    "worse": gettext_lazy("wird schlechter"),
    "changing": gettext_lazy("ändert sich"),
    "steady": gettext_lazy("bleibt etwa gleich"),
    "unknown": gettext_lazy("zu wenige Werte"),
}


class Row(msgspec.Struct, frozen=True):
    """An indicator as a line of a table shows it; what is empty is unknown."""

    slug: str
    title: str
    sentence: str
    baseline: str
    baseline_year: int | None
    target: str
    target_year: int | None
    value: str
    days: str
    provisional: bool
    simulated: bool
    line: SafeString
    badge: SafeString
    judged: str
    refused: bool


@register.simple_tag
def indicator_rows(views: list[IndicatorView]) -> list[Row]:
    """Put indicators into the words of a table."""
    return [_row(view, get_language() or "de") for view in views]


def _row(view: IndicatorView, language: str) -> Row:
    one, definition, newest = view.indicator, view.current.definition, view.current.newest
    baseline, target, judged = view.baseline, view.target, view.judged
    return Row(
        slug=one.slug,
        title=one.title.within(language),
        sentence=one.sentence.within(language),
        baseline=aim(definition, baseline),
        baseline_year=baseline.day.year if baseline else None,
        target=aim(definition, target),
        target_year=target.day.year if target else None,
        value=definition.written(newest.value).within(language) if newest else "",
        days=span(newest.first, newest.last) if newest else "",
        provisional=newest is not None and newest.quality == "provisional",
        simulated=newest is not None and newest.simulated,
        line=sparkline(view),
        badge=standing(view),
        judged=span(judged.first, judged.last) if judged and judged is not newest else "",
        refused=view.run is not None and view.run.refused,
    )


@register.simple_tag
def standing(view: IndicatorView) -> SafeString:
    """Make the badge of a status."""
    kind, word = STATES[view.status.state]
    return badge(kind, str(word))


@register.simple_tag
def standing_word(view: IndicatorView) -> str:
    """Name a status."""
    return str(STATES[view.status.state][1])


@register.filter
def quality_word(quality: str) -> str:
    """Name how good a value is."""
    return str(dict(QUALITIES)[quality])


@register.filter
def trend_word(trend: str) -> str:
    """Name a trend."""
    return str(TRENDS[trend])


@register.simple_tag
def quantity(definition: Definition, value: Any) -> str:
    """Write a value with its unit, or as the step of a qualitative scale."""
    if value is None:
        return gettext("unbekannt")
    return definition.written(Decimal(value)).within(get_language() or "de")


@register.simple_tag
def aim(definition: Definition, point: Point | None) -> str:
    """Write a point of a path: a value, or a range."""
    if point is None:
        return ""
    if point.low == point.high:
        return quantity(definition, point.low)
    words = {"first": number(float(point.low), definition.digits), "last": quantity(definition, point.high)}
    return gettext("%(first)s bis %(last)s") % words


class CostRow(msgspec.Struct, frozen=True):
    """What the projects of an indicator cost, in words; a project of which nothing is known has no amount."""

    slug: str
    title: str
    bills: list[tuple[str, str]]
    reasons: list[str]


@register.simple_tag
def cost_rows(rows: list[tuple[Any, Any]]) -> list[CostRow]:
    """Put costs and bills into the words of a table."""
    language = get_language() or "de"
    return [
        CostRow(
            slug=cost.view.indicator.slug,
            title=cost.view.indicator.title.within(language),
            bills=[(one.project.title.within(language), money(one.paid) if one.paid else "") for one in bills],
            reasons=[reason.within(language) for reason in cost.reasons],
        )
        for cost, bills in rows
    ]


@register.simple_tag
def span(first: dt.date, last: dt.date) -> str:
    """Write the days for which a value holds: a year, a month, a day, or from and to."""
    whole = first.day == 1 and (last + ONE_DAY).day == 1 and first.year == last.year
    if first == last:
        return day(first)
    if not whole:
        return f"{day(first)} – {day(last)}"
    if (first.month, last.month) == (1, 12):
        return str(first.year)
    if first.month == last.month:
        return day(first, "month")
    return gettext("%(first)s bis %(last)s") % {"first": date_format(first, "F"), "last": day(last, "month")}


@register.simple_tag
def sparkline(view: IndicatorView) -> SafeString:
    """Draw the last values of the newest version."""
    values = [float(value.value) for value in view.current.values[-SHOWN:]]
    if len(values) < 2:
        return format_html('<span class="quiet">{}</span>', "–")
    points = spark(values)
    x, y = points.split(" ")[-1].split(",")
    label = gettext("Verlauf von %(first)s bis %(last)s: %(trend)s") % {
        "first": view.current.values[-len(values)].first.year,
        "last": view.current.values[-1].last.year,
        "trend": trend_word(view.trend),
    }
    # Hundreds of these stand on one page; only the label can hold anything to be escaped.
    return SafeString(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}"'
        f' role="img" aria-label="{escape(label)}"><polyline points="{points}" fill="none" stroke="#123a6b"'
        f' stroke-width="2"/><circle cx="{x}" cy="{y}" r="3.5" fill="#123a6b"/></svg>'
    )


@register.filter
def titled(slugs: tuple[str, ...], titles: dict[str, Text]) -> list[tuple[str, Text]]:
    """Give short names with their titles; one that nobody may see is left out."""
    return [(slug, titles[slug]) for slug in slugs if slug in titles]


@register.filter
def cell(value: Any) -> str:
    """Write a cell of a table of statistics: numbers with their digits, a missing one as a dash."""
    if value is None:
        return "–"
    decimal = Decimal(value)
    exponent = decimal.as_tuple().exponent
    return number(value, max(0, -exponent) if isinstance(exponent, int) else 0)
