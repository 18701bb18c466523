"""Blocks for other sites: plain HTML without cookie and script, and the oEmbed door that tells of them."""

import datetime as dt
from collections.abc import Callable
from html import escape
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.translation import gettext, override
from django.views.decorators.clickjacking import xframe_options_exempt

from allmende.effects import queries as effect_queries
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.money import queries as money_queries
from allmende.portal.asof import stand_of
from allmende.portal.files import json_file
from allmende.portal.frame import site
from allmende.portal.middleware import POLICY
from allmende.portal.views import refused
from allmende.programme import queries
from allmende.programme.queries.steering import shares_on
from allmende.ui.bilingual import both

WIDTH, HEIGHT = 480, 420
MOST_ROWS = 8
ANYWHERE = POLICY.replace("frame-ancestors 'self'", "frame-ancestors *")
NO_BLOCK = ErrorCode(
    "portal.no_block",
    Text("Zu dieser Adresse gibt es keinen Block zum Einbetten.", "There is no block to embed for this address."),
    Text(
        "Nehmen Sie die Adresse eines Projekts, eines Indikators, der Meilensteine oder des Gelds auf dieser Seite.",
        "Take the address of a project, an indicator, the milestones or the money on this site.",
    ),
)


def _base(request: HttpRequest) -> str:
    return str(settings.ALLMENDE.public_url).rstrip("/") or f"{request.scheme}://{request.get_host()}"


def _block(request: HttpRequest, template: str, **values: object) -> HttpResponse:
    frame = {"site": site(), "base": _base(request), **values}
    response = render(request, f"portal/embed/{template}", frame)
    response["Content-Security-Policy"] = ANYWHERE
    response["Access-Control-Allow-Origin"] = "*"
    return response


@xframe_options_exempt
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a project as a block."""
    stand = stand_of(request)
    view = queries.project_on(slug, stand.day)
    if view is None or not view.events:
        raise Http404
    ahead = queries.milestones_known(stand.day, project=slug, state="ahead")[:1]
    return _block(
        request,
        "project.html",
        stand=stand,
        view=view,
        shares=shares_on(stand.day, [view.project]).get(view.project.pk, []),
        next=queries.rows_of(ahead, stand.day),
    )


@xframe_options_exempt
def milestones(request: HttpRequest) -> HttpResponse:
    """Give the next and the last milestones as a block, of one project where ``?projekt=`` says so."""
    stand, project_slug = stand_of(request), request.GET.get("projekt", "")[:50]
    done = queries.milestones_known(stand.day, project=project_slug, state="done").reverse()
    coming = queries.milestones_known(stand.day, project=project_slug, state="open")
    rows = queries.rows_of(done[: MOST_ROWS // 2], stand.day)[::-1]
    rows += queries.rows_of(coming[: MOST_ROWS - len(rows)], stand.day)
    return _block(request, "milestones.html", stand=stand, rows=rows)


@xframe_options_exempt
def money(request: HttpRequest) -> HttpResponse:
    """Give what is planned and paid, by who gives it, as a block."""
    stand = stand_of(request)
    overview, plans = money_queries.overview(stand.day), queries.plans_until(stand.day)
    total = overview.total
    names = (gettext("Bund"), gettext("Stadt"), gettext("Dritte"))
    givers = list(zip(names, total.plan.parts, total.actual.parts, strict=True))
    plan = plans[-1] if plans else None
    return _block(request, "money.html", stand=stand, overview=overview, givers=givers, plan=plan)


@xframe_options_exempt
def effect(request: HttpRequest, slug: str) -> HttpResponse:
    """Give how an indicator stands as a block."""
    stand = stand_of(request)
    view = effect_queries.indicator_on(slug, stand.day)
    if view is None:
        raise Http404
    newest = view.current.newest
    return _block(request, "effect.html", stand=stand, view=view, definition=view.current.definition, newest=newest)


def _match(path: str) -> tuple[ResolverMatch, str] | None:
    language = "en" if path.startswith("/en/") else "de"
    with override(language):
        try:
            return resolve(path), language
        except Resolver404:
            return None


def _project_title(slug: str, on: dt.date) -> Text | None:
    view = queries.project_on(slug, on)
    return view.project.title if view else None


def _effect_title(slug: str, on: dt.date) -> Text | None:
    view = effect_queries.indicator_on(slug, on)
    return view.indicator.title if view else None


# The pages of which there are blocks, and how each is called on a day.
TITLES: dict[str | None, Callable[[str, dt.date], Text | None]] = {
    "project": _project_title,
    "milestones": lambda _slug, _on: both(lambda: gettext("Meilensteine")),
    "money": lambda _slug, _on: both(lambda: gettext("Geld")),
    "effect": _effect_title,
}


def oembed(request: HttpRequest) -> HttpResponse:
    """Tell how the page at ``?url=`` is embedded (oEmbed 1.0, rich, JSON)."""
    parts = urlsplit(request.GET.get("url", ""))
    own = {urlsplit(_base(request)).netloc, request.get_host()}
    found = _match(parts.path) if parts.netloc in own and parts.scheme in ("http", "https") else None
    if found is None or found[0].url_name not in TITLES:
        return refused(request, NotFound(NO_BLOCK))
    match, language = found
    named = TITLES[match.url_name](match.kwargs.get("slug", ""), stand_of(request).day)
    if named is None:
        return refused(request, NotFound(NO_BLOCK))
    title = named.within(language)
    stand = f"?{urlencode({'stand': stand_of(request).written})}" if "stand" in request.GET else ""
    with override(language):
        address = _base(request) + reverse(f"embed-{match.url_name}", kwargs=match.kwargs) + stand
    width, height = _room(request, "maxwidth", WIDTH), _room(request, "maxheight", HEIGHT)
    frame = (
        f'<iframe src="{escape(address)}" width="{width}" height="{height}" title="{escape(title)}" '
        'style="border:0;max-width:100%" loading="lazy"></iframe>'
    )
    content = {"version": "1.0", "type": "rich", "title": title, "provider_name": site().title}
    about = {"provider_url": _base(request), "width": width, "height": height, "html": frame, "cache_age": 3600}
    response = json_file("oembed", {**content, **about})
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _room(request: HttpRequest, name: str, usual: int) -> int:
    wished = request.GET.get(name, "")
    return min(int(wished), usual) if wished.isdecimal() and int(wished) > 0 else usual
