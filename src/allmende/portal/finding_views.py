"""Citizens' pages about what the projects teach: list, one finding, files, feed."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, gettext

from allmende.effects.queries import IndicatorView, indicators_of_project
from allmende.federation.queries import Foreign, foreign_findings, peers
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page
from allmende.transfer import queries
from allmende.transfer.giving import House
from allmende.transfer.queries import Finding
from allmende.transfer.rules import CERTAINTIES, COST_KINDS, PHASES, SECTIONS, TOPICS, Cost, FindingContent

ON_A_PAGE, FEED_LENGTH = 30, 50
FILTERS = ("phase", "topic", "text")
HEADER = [
    *("project", "version", "published", "phase", "topics", "certainty", "gaps"),
    *("once_cents", "yearly_cents", "contact_until", "as_of", "city", "address"),
]


def _wanted(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:100] for name in FILTERS}


def findings(request: HttpRequest) -> HttpResponse:
    """List the findings, narrowed by phase, topic or words."""
    stand = stand_of(request)
    found, origin = _found_of(request, stand), _origin(request)
    shown = Paginator(found, ON_A_PAGE).get_page(request.GET.get("seite"))
    return page(
        request,
        "findings.html",
        stand,
        rows=[_row(one) for one in shown],
        cities=peers(),
        origin=origin,
        shown=shown,
        total=len(found),
        phases=PHASES.items(),
        topics=TOPICS.items(),
        chosen=_wanted(request),
    )


def _origin(request: HttpRequest) -> str:
    """Give whose findings are wanted: nothing for all, ``own``, ``others``, or the number of a city."""
    asked = request.GET.get("origin", "")
    return asked if asked in ("own", "others") or (asked.isdecimal() and len(asked) < 9) else ""


def _found_of(request: HttpRequest, stand: Stand) -> list[Finding | Foreign]:
    """Give our own findings as of a day and, today, those that other cities show, the newest first."""
    origin, wanted = _origin(request), _wanted(request)
    own = queries.findings_on(stand.day, **wanted) if origin in ("", "own") else []
    if stand.past or origin == "own":
        return [*own]
    return [*own, *foreign_findings(peer=int(origin) if origin.isdecimal() else None, **wanted)]


def _row(one: Finding | Foreign) -> dict[str, Any]:
    if isinstance(one, Foreign):
        content = one.finding.content
        return {"foreign": one, "content": content, **_sorted(content)}
    return {"finding": one, "content": one.content, **_sorted(one.content)}


def _sorted(content: FindingContent) -> dict[str, Any]:
    return {
        "phase": PHASES[content.phase],
        "topics": [TOPICS[topic] for topic in content.topics],
        "gaps": len(content.gaps()),
    }


def _sum(costs: tuple[Cost, ...], name: str) -> int | None:
    """Add up what is known; None where nothing is."""
    known = [getattr(cost, name) for cost in costs if getattr(cost, name) is not None]
    return sum(known) if known else None


def findings_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as CSV; what is unknown stays empty."""
    stand = stand_of(request)
    return csv_file("erkenntnisse", HEADER, [_cells(one, stand) for one in _found_of(request, stand)])


def _cells(one: Finding | Foreign, stand: Stand) -> tuple[object, ...]:
    content = one.finding.content if isinstance(one, Foreign) else one.content
    named: tuple[object, ...] = (
        (one.finding.project, one.finding.version, one.finding.published)
        if isinstance(one, Foreign)
        else (one.project.slug, one.version.number, one.version.published_on)
    )
    origin = (one.peer.issued.date(), one.peer.city, one.address) if isinstance(one, Foreign) else (stand.day, "", "")
    return (
        *(*named, content.phase, " ".join(content.topics), content.certainty, " ".join(content.gaps())),
        *(_sum(content.costs, "once_cents"), _sum(content.costs, "yearly_cents"), content.contact_until),
        *origin,
    )


def findings_json(request: HttpRequest) -> HttpResponse:
    """Give the list with all contents as JSON; those of other cities apart, with the day of which they are."""
    stand = stand_of(request)
    found = _found_of(request, stand)
    others = [
        {"city": one.peer.city, "address": one.address, "as_of": one.peer.issued, "finding": one.finding}
        for one in found
        if isinstance(one, Foreign)
    ]
    own = [_told(one) for one in found if isinstance(one, Finding)]
    return json_file("erkenntnisse", {"as_of": stand.day, "findings": own, "of_other_cities": others})


def _told(one: Finding) -> dict[str, Any]:
    return {
        "project": one.project.slug,
        "title": one.project.title,
        "version": one.version.number,
        "published": one.version.published_on,
        "content": one.content,
        "unknown": one.content.gaps(),
    }


def findings_feed(request: HttpRequest) -> HttpResponse:
    """Give the newest findings as an Atom feed (RFC 4287) in the page's language."""
    language = get_language() or "de"
    feed = Atom1Feed(
        title=gettext("Erkenntnisse"),
        link=request.build_absolute_uri(reverse("findings")),
        description="",
        language=language,
        feed_url=request.build_absolute_uri(),
    )
    for one in queries.findings_on(stand_of(request).day)[:FEED_LENGTH]:
        address = request.build_absolute_uri(reverse("finding", args=[one.project.slug]))
        moment = dt.datetime.combine(one.version.published_on or dt.date.min, dt.time.min, dt.UTC)
        problem = one.content.problem
        feed.add_item(
            title=one.project.title.within(language),
            link=address,
            description=problem.within(language) if problem else "",
            unique_id=f"{address}#{one.version.number}",
            pubdate=moment,
            updateddate=moment,
            categories=[TOPICS[topic].within(language) for topic in one.content.topics],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _found(slug: str, stand: Stand) -> Finding:
    found = queries.finding_on(slug, stand.day)
    if found is None:
        raise Http404
    return found


def finding(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what one project teaches."""
    stand = stand_of(request)
    one = _found(slug, stand)
    content = one.content
    effects = indicators_of_project(slug, stand.day)
    return page(
        request,
        "finding.html",
        stand,
        finding=one,
        content=content,
        phase=PHASES[content.phase],
        phases=[(name, words, name == content.phase) for name, words in PHASES.items() if name != "stopped"],
        topics=[TOPICS[topic] for topic in content.topics],
        certainty=CERTAINTIES[content.certainty],
        before=[(name, SECTIONS[name], content.section(name)) for name in ("problem", "tried", "effect")],
        after=[(name, SECTIONS[name], content.section(name)) for name in list(SECTIONS)[3:]],
        effects=effects,
        doubts=[_doubt(view) for view in effects],
        costs=[_cost(cost) for cost in content.costs],
        contact_over=content.contact_until is not None and content.contact_until < stand.day,
        sources=queries.sources_of(content),
        versions=queries.versions_of(slug, stand.day),
        lineage=queries.lineage_of(one.project, stand.day),
    )


def _cost(cost: Cost) -> tuple[Text, Cost, Money | None, Money | None]:
    once, yearly = (None if cents is None else Money(cents) for cents in (cost.once_cents, cost.yearly_cents))
    return COST_KINDS[cost.kind], cost, once, yearly


def _doubt(view: IndicatorView) -> dict[str, Any]:
    """Say what makes an indicator's value uncertain."""
    newest, caveat = view.current.newest, view.current.definition.caveat
    seen = newest.used + newest.left_out if newest else 0
    return {"view": view, "newest": newest, "seen": seen, "caveat": caveat}


def finding_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one finding as JSON."""
    stand = stand_of(request)
    return json_file(f"{slug}-erkenntnis", {"as_of": stand.day, **_told(_found(slug, stand))})


def package(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the newest transfer package of a project that the city offers to everybody."""
    row = queries.offered_package(slug)
    path = row and House(settings.ALLMENDE.home, lambda: None).given(row.digest)
    if not path or not path.exists():
        raise Http404
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=f"{slug}.zip", content_type="application/zip")
    answer["ETag"] = f'"{row.digest}"' if row else ""
    return answer


def costs_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the costs of one finding as CSV, in cents; what is unknown stays empty."""
    header = ["project", "version", "kind", "once_cents", "yearly_cents", "note_de", "note_en"]
    one = _found(slug, stand_of(request))
    rows = [
        (
            *(slug, one.version.number, cost.kind, cost.once_cents, cost.yearly_cents),
            *((cost.note.de, cost.note.en) if cost.note else (None, None)),
        )
        for cost in one.content.costs
    ]
    return csv_file(f"{slug}-kosten", header, rows)
