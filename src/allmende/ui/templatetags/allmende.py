"""Filters and tags that all pages share: language, days, money, numbers, sources."""

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.defaultfilters import stringfilter
from django.urls import translate_url
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from allmende.kernel.clock import CIVIL_TIME, instant_from_micros
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.ui import pictograms

register = template.Library()

MONTHS = {"month": "F Y", "year": "Y", "day": "j. F Y"}


@register.filter
def t(text: Text | None) -> str:
    """Give a text in the page's language; nothing for an unknown one."""
    return text.within(get_language() or "de") if text is not None else ""


@register.filter
def day(value: dt.date | None, precision: str = "day") -> str:
    """Write a day as precisely as it is known."""
    if value is None:
        return gettext("unbekannt")
    if precision == "quarter":
        return gettext("%(quarter)s. Vierteljahr %(year)s") % {"quarter": (value.month + 2) // 3, "year": value.year}
    if precision == "halfyear":
        half = gettext("1. Halbjahr %(year)s") if value.month <= 6 else gettext("2. Halbjahr %(year)s")
        return half % {"year": value.year}
    if precision == "day" and (get_language() or "").startswith("en"):
        return date_format(value, "j F Y")
    return date_format(value, MONTHS[precision])


@register.filter
def moment(micros: int | None) -> str:
    """Write an instant (microseconds) in Germany's civil time."""
    if micros is None:
        return gettext("unbekannt")
    local = instant_from_micros(micros).astimezone(CIVIL_TIME)
    # No line is broken within the day or within the time.
    pattern = "j\u00a0M\u00a0Y, H:i" if (get_language() or "").startswith("en") else "j.n.Y, H:i\u00a0\\U\\h\\r"
    return date_format(local, pattern)


@register.filter
def money(amount: Money | None) -> str:
    """Write an amount to the cent; no line is broken within it."""
    return _whole(amount.written(get_language() or "de")) if amount is not None else gettext("unbekannt")


def _whole(written: str) -> str:
    """Keep minus, number and euro sign on one line."""
    return written.replace("−€", "−\u2060€").replace(" €", "\u00a0€")


@register.simple_tag
def money_cells(amounts: Iterable[Money | None]) -> SafeString:
    """Write a row's amounts as its cells: of a long table, several times quicker than cell by cell."""
    language, unknown = get_language() or "de", gettext("unbekannt")
    words = (unknown if amount is None else amount.written(language) for amount in amounts)
    return SafeString("".join([f'<td class="num">{escape(word)}</td>' for word in words]))


@register.simple_tag
def paired_cells(pairs: Iterable[tuple[Money, Money] | None]) -> SafeString:
    """Write two amounts in each cell, one above the other; a dash where there are none."""
    language = get_language() or "de"
    words = ("–" if pair is None else "<br>".join(escape(one.written(language)) for one in pair) for pair in pairs)
    return SafeString("".join([f'<td class="num">{word}</td>' for word in words]))


@register.filter
def millions(amount: Money | None, digits: int = 1) -> str:
    """Write an amount in millions."""
    return _whole(amount.in_millions(get_language() or "de", digits)) if amount is not None else gettext("unbekannt")


@register.filter
def number(value: float | None, digits: int = 1) -> str:
    """Write a number rounded half up to so many decimals, with a true minus; a missing one as a dash."""
    if value is None:
        return "–"
    # Django cuts off what a float has beyond the digits; a decimal is rounded, and plus zero takes the sign off -0.0.
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0
    return number_format(rounded, digits, use_l10n=True, force_grouping=True).replace("-", "−")


@register.filter
def percent(part: float) -> str:
    """Write a part of one as whole percent."""
    return f"{number(100 * part, 0)}\u00a0%"


@register.filter
def percent_fine(part: float) -> str:
    """Write a part of one as percent with two decimals, for small chances."""
    return f"{number(100 * part, 2)}\u00a0%"


@register.filter
@stringfilter
def state_name(state: str) -> str:
    """Name a project's state."""
    names = {
        "idea": pgettext("Projektstand", "Idee"),
        "decided": pgettext("Projektstand", "beschlossen"),
        "running": pgettext("Projektstand", "läuft"),
        "pilot-finished": pgettext("Projektstand", "Pilot abgeschlossen"),
        "permanent": pgettext("Projektstand", "verstetigt"),
        "transferred": pgettext("Projektstand", "übertragen"),
        "ended": pgettext("Projektstand", "beendet"),
        "dropped": pgettext("Projektstand", "gestrichen"),
        "idea-store": pgettext("Projektstand", "im Ideenspeicher"),
    }
    return names.get(state, pgettext("Projektstand", "Stand unbekannt"))


@register.filter
@stringfilter
def state_kind(state: str) -> str:
    """Give the kind of badge for a state."""
    kinds = {
        "running": "success",
        "permanent": "success",
        "pilot-finished": "success",
        "decided": "info",
        "idea": "info",
    }
    return kinds.get(state, "warning")


@register.filter
@stringfilter
def milestone_state(state: str) -> str:
    """Name a milestone's state."""
    names = {
        "done": gettext("erreicht"),
        "unproven": gettext("gemeldet, Nachweis fehlt"),
        "late": gettext("überfällig oder ohne Nachweis"),
        "ahead": gettext("geplant"),
    }
    return names.get(state, gettext("unbekannt"))


@register.filter
def delay(days: int | None) -> str:
    """Say by how many days something is later or earlier."""
    if not days:
        return ""
    if days > 0:
        return ngettext("%(n)d Tag später.", "%(n)d Tage später.", days) % {"n": days}
    return ngettext("%(n)d Tag früher.", "%(n)d Tage früher.", -days) % {"n": -days}


@register.simple_tag(takes_context=True)
def with_page(context: dict[str, Any], number: int) -> str:
    """Give the address of this page's list, turned to another page of it."""
    query = context["request"].GET.copy()
    query["seite"] = number
    return f"?{query.urlencode()}"


@register.simple_tag
@lru_cache(maxsize=256)
def badge(kind: str, label: str) -> SafeString:
    """Make a badge with a sign and a word, so that colour says nothing alone."""
    icon = {"success": "success", "info": "info", "warning": "warning", "danger": "danger"}[kind]
    return format_html(
        '<span class="kern-badge kern-badge--small kern-badge--{}"><span class="kern-icon kern-icon--{}" '
        'aria-hidden="true"></span><span class="kern-label kern-label--small">{}</span></span>',
        kind,
        icon,
        label,
    )


@register.simple_tag
def milestone_badge(state: str) -> SafeString:
    """Mark a milestone's state."""
    kinds = {"done": "success", "late": "warning", "unproven": "warning"}
    return badge(kinds.get(state, "info"), milestone_state(state))


# Height of a picture without its rows, height of a row: wide and narrow (two lines of title).
FRAMES = {"time": (341, 359, 0), "columns": (87, 105, 26), "shares": (119, 137, 40), "flow": (236, 236, 0)}


@register.inclusion_tag("ui/chart.html")
def chart(address: str, alt: str, kind: str = "time", rows: int = 0) -> dict[str, Any]:
    """Place a chart with the room that it will take, so that nothing moves when it arrives."""
    wide, narrow, row = FRAMES[kind]
    join = "&" if "?" in address else "?"
    height = {"wide": wide + row * rows, "narrow": narrow + row * rows, "width": 820}
    return {"address": address, "alt": alt, "join": join, **height}


@register.simple_tag
def simulated_badge() -> SafeString:
    """Mark simulated data."""
    return badge("warning", gettext("simuliert"))


@register.simple_tag
def measured_badge() -> SafeString:
    """Mark measured data."""
    return badge("success", gettext("gemessen"))


@register.simple_tag
def source(entry: Any) -> SafeString:
    """Name the source of a fact, with its address where it has one."""
    label = f"{entry.publisher}, {entry.title}" + (f", {day(entry.day)}" if entry.day else "")
    if not entry.url:
        return format_html('<span class="source">{}</span>', label)
    return format_html('<a class="kern-link kern-link--small source" href="{}" rel="external">{}</a>', entry.url, label)


@register.simple_tag(takes_context=True)
def in_language(context: dict[str, Any], language: str) -> str:
    """Give the address of this page in another language."""
    request = context["request"]
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return translate_url(request.path, language) + query


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], address: str) -> SafeString:
    """Mark a link of the navigation that leads to this page or above it."""
    path = context["request"].path
    here = path == address or (address not in ("/", "/en/") and path.startswith(address))
    return mark_safe(' aria-current="page"') if here else mark_safe("")


@register.filter
def titled(slugs: Any, titles: dict[str, Text]) -> str:
    """Write slugs, or one, by their titles, separated by commas."""
    language = get_language() or "de"
    found = [slugs] if isinstance(slugs, str) else slugs
    return ", ".join(titles[slug].within(language) if slug in titles else slug for slug in found)


@register.simple_tag
def sheet(row: Any, name: str) -> SafeString:
    """Give a part of a data sheet in the page's language; an unknown one says so."""
    text = row.part(name)
    if text is None:
        return format_html('<span class="unknown">{}</span>', gettext("unbekannt"))
    return format_html("{}", text.within(get_language() or "de"))


@register.simple_tag
def pictogram(name: str) -> SafeString:
    """Draw a pictogram beside words that say the same."""
    return SafeString(pictograms.pictogram(name))


@register.filter
def listed(texts: Any) -> str:
    """Write texts, or words, one after the other in the page's language."""
    language = get_language() or "de"
    return ", ".join(text.within(language) if isinstance(text, Text) else str(text) for text in texts)
