"""Pages about effects: what was measured against which target, and what was not."""

import datetime as dt
from typing import Any

import msgspec
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, gettext

from allmende.effects import queries
from allmende.effects.models import CausalLink, Indicator
from allmende.effects.queries import IndicatorView
from allmende.money import queries as money
from allmende.portal.asof import Stand, stand_of
from allmende.portal.cost_views import bills_of, costs_of
from allmende.portal.effect_files import HEADER, VALUE_HEADER, about, row_of, value_rows
from allmende.portal.effect_method import limits_of, written_method
from allmende.portal.files import csv_file, picture, width_of
from allmende.portal.frame import page
from allmende.programme import queries as programme
from allmende.ui import causes, trends
from allmende.ui.charts import NARROW, WIDTH

ON_A_PAGE = 100
OWN = ("certain", "likely", "unknown")
ROWS = ("input", "process", "output", "outcome", "impact")


class Group(msgspec.Struct, frozen=True):
    """A target image with its indicators; None gathers those that serve no one."""

    target: Any
    views: list[IndicatorView]


def _groups(views: list[IndicatorView]) -> list[Group]:
    targets = list(programme.target_images())
    slugs = {target.slug for target in targets}
    groups = [Group(target, [v for v in views if v.indicator.target_image == target.slug]) for target in targets]
    rest = [view for view in views if view.indicator.target_image not in slugs]
    return [*groups, Group(None, rest)] if rest else groups


def _on_page(groups: list[Group], request: HttpRequest) -> tuple[list[Group], Page[IndicatorView]]:
    """Give the part of the groups that a page shows; what nobody measures stands on the first one."""
    shown = Paginator([view for group in groups for view in group.views], ON_A_PAGE).get_page(request.GET.get("seite"))
    chosen = {view.indicator.pk for view in shown}
    parts = [Group(group.target, [one for one in group.views if one.indicator.pk in chosen]) for group in groups]
    empty = shown.number == 1
    return [part for part, group in zip(parts, groups, strict=True) if part.views or (empty and not group.views)], shown


def effects(request: HttpRequest) -> HttpResponse:
    """Show per target image where it began, where it is to go and where it is; and what nobody measures."""
    stand = stand_of(request)
    views = queries.indicators_on(stand.day)
    named = {slug for view in views for slug in view.indicator.projects}
    projects = [one for one, _state in programme.states_on(stand.day, OWN) if one.slug not in named]
    links = queries.links()
    groups, sheet = _on_page(_groups(views), request)
    shown: dict[str, Any] = {
        "groups": groups,
        "shown": sheet,
        "count": len(views),
        "measured": sum(view.current.newest is not None for view in views),
        "simulated": any(view.current.newest and view.current.newest.simulated for view in views),
        "projects": projects,
        "links": links,
        "graph": _heights(links),
    }
    return page(request, "effects/effects.html", stand, **shown)


def effects_csv(request: HttpRequest) -> HttpResponse:
    """Give all indicators with baseline, target and newest value as CSV; an empty cell means unknown."""
    rows = [row_of(view) for view in queries.indicators_on(stand_of(request).day)]
    return csv_file("wirkung", HEADER, rows)


def effects_json(request: HttpRequest) -> HttpResponse:
    """Give all indicators as JSON."""
    stand = stand_of(request)
    found = [about(view) for view in queries.indicators_on(stand.day)]
    return JsonResponse({"as_of": stand.written, "indicators": found})


def causes_picture(request: HttpRequest) -> HttpResponseBase:
    """Draw what is thought to cause what."""
    return _graph(request, queries.links(), gettext("Was auf was wirkt"))


def _nodes(links: list[CausalLink], language: str) -> list[causes.Node]:
    found: dict[str, Indicator] = {}
    for link in links:
        found |= {link.cause.slug: link.cause, link.effect.slug: link.effect}
    return [causes.Node(one.slug, one.title.within(language), ROWS.index(one.kind)) for one in found.values()]


def _heights(links: list[CausalLink]) -> dict[str, int]:
    """Give the room that the graph will take, so that nothing moves when it arrives."""
    nodes = _nodes(links, get_language() or "de")
    return {"wide": causes.height_of(nodes, WIDTH), "narrow": causes.height_of(nodes, NARROW)}


def _graph(request: HttpRequest, links: list[CausalLink], title: str) -> HttpResponseBase:
    arrows = [causes.Arrow(link.cause.slug, link.effect.slug, link.sign, link.confidence == "low") for link in links]
    nodes = _nodes(links, get_language() or "de")
    return picture(request, causes.draw_causes(nodes, arrows, title, width=width_of(request)))


def _view(slug: str, stand: Stand) -> IndicatorView:
    view = queries.indicator_on(slug, stand.day)
    if view is None:
        raise Http404
    return view


def _history(view: IndicatorView, stand: Stand) -> list[tuple[Any, bool]]:
    """Give every value that was known, newest first, and whether a later one took its place."""
    current = {value.pk for version in view.versions for value in version.values}
    return [(value, value.pk not in current) for value in queries.history_of(view.indicator, stand.day)]


def effect(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one indicator: status with reasons, course, values with their versions, method, lineage, causes."""
    stand = stand_of(request)
    view = _view(slug, stand)
    newest = view.current.newest
    links = queries.links(about=view.indicator)
    titles = {one.slug: one for one, _ in programme.states_on(stand.day, (*OWN, "neighbour"))}
    overview = money.overview(stand.day)
    cost = costs_of([view], overview)[0]
    shown: dict[str, Any] = {
        "view": view,
        "definition": view.current.definition,
        "newest": newest,
        "expected": view.status.expected,
        "door": "/sensorthings/v1.1",
        "history": _history(view, stand),
        "cost": cost,
        "bills": bills_of(cost, titles),
        "money_simulated": overview.simulated,
        "lineage": queries.lineage_of(newest) if newest else {},
        "written": written_method(view),
        "limits": limits_of(view),
        "causes": [link for link in links if link.effect_id == view.indicator.pk],
        "effects": [link for link in links if link.cause_id == view.indicator.pk],
        "graph": _heights(links),
        "projects": [titles[name] for name in view.indicator.projects if name in titles],
        "target_image": next((t for t in programme.target_images() if t.slug == view.indicator.target_image), None),
    }
    return page(request, "effects/effect.html", stand, **shown)


def _rows(view: IndicatorView, stand: Stand) -> list[tuple[object, ...]]:
    history = queries.history_of(view.indicator, stand.day)
    return value_rows(view.indicator.slug, [(value.definition, value) for value in history])


def effect_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Give every value that was ever known, with version, quality and since when."""
    stand = stand_of(request)
    view = _view(slug, stand)
    return csv_file(f"wirkung-{slug}", VALUE_HEADER, _rows(view, stand))


def effect_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one indicator with its versions, values and lineage as JSON."""
    stand = stand_of(request)
    view = _view(slug, stand)
    history = queries.history_of(view.indicator, stand.day)
    values = [
        dict(zip(VALUE_HEADER, row, strict=True)) | {"lineage": value.lineage}
        for row, value in zip(_rows(view, stand), history, strict=True)
    ]
    return JsonResponse({"as_of": stand.written, **about(view), "values": values})


def effect_causes(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Draw causes and effects of one indicator."""
    view = _view(slug, stand_of(request))
    return _graph(request, queries.links(about=view.indicator), gettext("Was auf was wirkt"))


def _place(day: dt.date, period: str) -> dt.date:
    """Put what belongs to a year where the axis names that year."""
    return dt.date(day.year, 1, 1) if period == "year" else day


def effect_picture(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Draw the course of one indicator beside the path to its target; versions are never joined by a line."""
    view = _view(slug, stand_of(request))
    language = get_language() or "de"
    several = len(view.earlier) + 1 > 1
    dots = [
        trends.Dot(
            day=_place(value.last, version.definition.period),
            value=float(value.value),
            series=gettext("Fassung %(n)s") % {"n": version.definition.number} if several else "",
            provisional=value.quality == "provisional",
        )
        for version in view.versions
        for value in version.values
    ]
    path = view.current.path
    period = view.current.definition.period
    aims = [
        trends.Aim(_place(point.day, period), float(point.low), float(point.high))
        for point in (path.whole if path.points else ())
    ]
    title = view.indicator.title.within(language)
    if any(value.simulated for version in view.versions for value in version.values):
        title = f"{title} – {gettext('simuliert')}"
    sign = view.current.definition.sign
    words = trends.Words(title, sign.within(language) if sign else "", gettext("Ziel"))
    svg = trends.course(words, dots, aims, language, stepped=path.stepped, width=width_of(request))
    return picture(request, svg)
