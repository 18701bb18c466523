"""How indicators of several cities are written: values with their unit, days, shares."""

from decimal import Decimal

import msgspec
from django.utils.translation import get_language, gettext

from allmende.effects.models import Definition
from allmende.federation.comparing import Apart, Comparison, Row
from allmende.federation.documents import Aim, Shared
from allmende.kernel.text import Text
from allmende.portal.templatetags.effects import quality_word, span
from allmende.ui.templatetags.allmende import number

SIGNIFICANT = 3


class Words(msgspec.Struct, frozen=True):
    """One city's line; what is empty is unknown, and ``spread`` is false where a share would mean nothing."""

    city: str
    peer: int | None
    doubtful: bool
    baseline: str
    baseline_year: int | None
    value: str
    days: str
    quality: str
    simulated: bool
    per_thousand: str
    per_km2: str


class Side(msgspec.Struct, frozen=True):
    """One indicator in words, with the lines of the cities and those that stand apart."""

    slug: str
    title: str
    version: int
    method: str
    computed: bool
    lines: tuple[Words, ...]
    apart: tuple[tuple[str, int | None, str], ...]
    of_one_time: bool
    can_share: bool
    drawable: bool
    alternative: str


def written(shared: Shared, value: Decimal) -> Text:
    """Write a value with its unit, or as the step of its scale."""
    definition = Definition(unit=shared.unit, digits=shared.digits, levels=msgspec.to_builtins(shared.steps))
    return definition.written(value)


def _aim(shared: Shared, aim: Aim | None, language: str) -> str:
    if aim is None:
        return ""
    low, high = (written(shared, value).within(language) for value in (aim.low, aim.high))
    return low if aim.low == aim.high else gettext("%(first)s bis %(last)s") % {"first": low, "last": high}


def ratio(value: Decimal | None, times: int = 1) -> str:
    """Write a share with three significant digits; nothing where it is unknown."""
    if value is None:
        return ""
    scaled = value * times
    digits = max(0, SIGNIFICANT - 1 - scaled.adjusted()) if scaled else 0
    return number(float(scaled), min(digits, 9))


def _line(row: Row, language: str) -> Words:
    value, baseline = row.value, row.shared.baseline
    return Words(
        city=row.told.city.name,
        peer=row.told.peer,
        doubtful=row.told.doubtful,
        baseline=_aim(row.shared, baseline, language),
        baseline_year=baseline.day.year if baseline else None,
        value=written(row.shared, value.value).within(language) if value else "",
        days=span(value.first, value.last) if value else "",
        quality=quality_word(value.quality) if value else "",
        simulated=value is not None and value.simulated,
        per_thousand=ratio(row.per_head, 1000),
        per_km2=ratio(row.per_km2),
    )


def _apart(one: Apart, language: str) -> tuple[str, int | None, str]:
    return one.told.city.name, one.told.peer, one.reason.within(language)


def side(one: Comparison, *, drawable: bool) -> Side:
    """Put an indicator into words."""
    language = get_language() or "de"
    lines = tuple(_line(row, language) for row in one.rows)
    known = "; ".join(f"{line.city}: {line.value} ({line.days})" for line in lines if line.value)
    return Side(
        slug=one.shared.slug,
        title=one.shared.title.within(language),
        version=one.shared.version,
        method=one.shared.method.within(language),
        computed=bool(one.shared.rule),
        lines=lines,
        apart=tuple(_apart(apart, language) for apart in one.apart),
        of_one_time=one.of_one_time,
        can_share=one.can_share,
        drawable=drawable,
        alternative=f"{one.shared.title.within(language)}. {known}",
    )
