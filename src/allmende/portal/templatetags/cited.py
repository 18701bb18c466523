"""Filters that lead from minutes to what they are about, and from where minutes are cited to them."""

import re
from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from allmende.register.minutes import queries
from allmende.register.minutes.rules import NUMBER
from allmende.register.objections.queries import answered_cases
from allmende.register.queries import data_use, versions

register = template.Library()


@register.filter
def cited(text: str | None) -> SafeString:
    """Write a text, such as a decision, in which the numbers of public minutes lead to them."""

    def linked(match: re.Match[str]) -> str:
        number = match[0]
        if not queries.versions(number).exists():
            return number
        return format_html('<a href="{}">{}</a>', reverse("minutes-one", args=[number]), number)

    return mark_safe(NUMBER.sub(linked, escape(text or "")))  # noqa: S308 - escaped before


@register.filter
def about(names: Iterable[str]) -> SafeString:
    """Write what an item of an agenda is about, each with a link where there is a public page."""
    return format_html_join(", ", "{}", ((_named(*name.split("/", 1)),) for name in names))


def _named(kind: str, name: str) -> str:
    return {"rule": _rule, "data-use": _data_use, "objection": _objection}[kind](name)


def _rule(slug: str) -> str:
    rows = versions(slug)
    title = rows[0].title.within(get_language() or "de") if rows else slug
    words = gettext("Regel „%(title)s“") % {"title": title}
    public = any(row.published_in_id for row in rows)
    return format_html('<a href="{}">{}</a>', reverse("rule", args=[slug]), words) if public else words


def _data_use(slug: str) -> str:
    use = data_use(slug)
    words = gettext("Datennutzung „%(title)s“") % {"title": use.title.within(get_language() or "de") if use else slug}
    return format_html('<a href="{}?nutzung={}">{}</a>', reverse("register"), slug, words) if use else words


def _objection(number: str) -> str:
    words = gettext("Einwand %(number)s") % {"number": number}
    if not answered_cases().filter(number=number).exists():
        return words
    return format_html('<a href="{}#{}">{}</a>', reverse("objections"), number, words)
