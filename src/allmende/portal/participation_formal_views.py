"""Formal procedures that other bodies carry out: cards with a way there, a filter, an archive, and files."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext

from allmende.kernel.clock import today
from allmende.participation import formal_queries
from allmende.participation.models import FormalProcedure
from allmende.participation.plan_words import DISPLAY, EARLY, STEPS
from allmende.portal.calendar_file import calendar_file, escaped, event, instant, whole_day
from allmende.portal.files import csv_file, json_file
from allmende.portal.formal_frame import FormalCard, formal_cards, numbered
from allmende.portal.frame import page
from allmende.portal.participation_frame import draw, full_address, language
from allmende.ui.maps import Marker

MOST_WORDS, MOST_IN_FEED, MOST_ON_MAP = 100, 50, 200
HEADER = (
    *("plan_id", "title", "kind_code", "kind_de", "kind_en", "step_code", "step_de", "step_en", "round"),
    *("begins", "ends", "state", "authority", "url", "place", "description", "west", "south", "east", "north"),
    *("message_at", "received", "source", "demonstration"),
)


def _asked(request: HttpRequest) -> tuple[str, str]:
    words = " ".join(request.GET.get("suche", "").split())[:MOST_WORDS]
    step = request.GET.get("schritt", "")
    return words, step if step in STEPS else ""


def formal(request: HttpRequest) -> HttpResponseBase:
    """Show what runs, what begins, what has no dates yet, and what is over."""
    words, step = _asked(request)
    found = formal_queries.board(today(), words, step)
    current = numbered(formal_cards(found.open), MOST_ON_MAP)
    markers = [_marker(card) for card in current if card.place]
    return page(
        request,
        "participation/formal.html",
        words=words,
        step=step,
        steps=[(name, STEPS[name]) for name in (EARLY, DISPLAY)],
        current=current,
        ended=formal_cards(found.ended),
        asked=bool(words or step),
        query=f"?{request.GET.urlencode()}" if words or step else "",
        map=draw(markers) if markers else None,
    )


def _marker(card: FormalCard) -> Marker:
    longitude, latitude = card.one.middle or (0.0, 0.0)
    return Marker(longitude, latitude, card.one.title, str(card.place), f"#plan-{card.one.pk}")


def _row(one: FormalProcedure, day: dt.date) -> dict[str, Any]:
    kind, step = one.kind_text, one.step_text
    values = (
        *(one.plan_id, one.title, one.kind or None, kind and kind.de, kind and kind.en),
        *(one.step or None, step and step.de, step and step.en, one.number, one.begins, one.ends),
        *(one.state_on(day), one.authority, one.address or None, one.place or None, one.description or None),
        *(one.west, one.south, one.east, one.north, one.at, one.received, one.source, one.demonstration),
    )
    return dict(zip(HEADER, values, strict=True))


def _rows(request: HttpRequest) -> list[dict[str, Any]]:
    found = formal_queries.board(today(), *_asked(request))
    return [_row(one, today()) for one in (*found.open, *found.ended)]


def formal_csv(request: HttpRequest) -> HttpResponse:
    """Give the procedures as CSV."""
    rows = _rows(request)
    return csv_file("foermliche-verfahren", HEADER, [[_cell(row[name]) for name in HEADER] for row in rows])


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def formal_json(request: HttpRequest) -> HttpResponse:
    """Give the procedures as JSON."""
    return json_file("foermliche-verfahren", {"day": today(), "procedures": _rows(request)})


def _link(request: HttpRequest, one: FormalProcedure) -> str:
    return f"{full_address(request, reverse('formal'))}#plan-{one.pk}"


def _told(one: FormalProcedure) -> str:
    """Say in one text who takes statements, and where."""
    step = one.step_text.within(language()) if one.step_text else ""
    who = gettext("Stellungnahmen nimmt entgegen: %(who)s") % {"who": one.authority}
    return "\n".join(part for part in (step, who, one.address, one.place) if part)


def formal_calendar(request: HttpRequest) -> HttpResponse:
    """Give the periods that are not over as a calendar (RFC 5545)."""
    lines: list[str] = []
    for one in formal_queries.board(today(), *_asked(request)).open:
        if one.ends is None:
            continue
        since, until = whole_day(one.begins or one.ends), whole_day(one.ends + dt.timedelta(days=1))
        about = [f"DESCRIPTION:{escaped(_told(one))}"]
        stamp = instant(one.at) if one.at else f"{one.ends:%Y%m%d}T000000Z"
        lines += event(f"plan-{one.pk}", since, until, stamp, one.title, about, _link(request, one))
    return calendar_file("foermliche-verfahren", lines)


def formal_feed(request: HttpRequest) -> HttpResponse:
    """Give what was told last as an Atom feed (RFC 4287); a card that changed is told again."""
    feed = Atom1Feed(
        title=gettext("Förmliche Verfahren anderswo"),
        link=full_address(request, reverse("formal")),
        description="",
        language=language(),
        feed_url=request.build_absolute_uri(),
    )
    for one in formal_queries.shown(*_asked(request)).order_by("-at", "-pk")[:MOST_IN_FEED]:
        link = _link(request, one)
        feed.add_item(
            title=one.title,
            link=link,
            description=_told(one),
            unique_id=f"{link}-{one.at:%Y%m%dT%H%M%S}",
            pubdate=one.at,
            updateddate=one.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
