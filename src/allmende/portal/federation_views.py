"""Citizens' pages about other cities: whom we follow, what they taught, and shared indicators side by side."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, gettext

from allmende.catalog.door import gate
from allmende.federation import offering, queries
from allmende.federation.comparing import NO_SHARE, Comparison, Row, compare
from allmende.federation.documents import City
from allmende.federation.models import Peer
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import NotFound
from allmende.kernel.money import Money
from allmende.ledger.note import Note
from allmende.packs.read import read_city
from allmende.portal.asof import stand_of
from allmende.portal.federation_words import side
from allmende.portal.files import csv_file, json_file, picture, width_of
from allmende.portal.frame import page
from allmende.transfer.rules import CERTAINTIES, COST_KINDS, PHASES, SECTIONS, TOPICS
from allmende.ui import charts

PER_THOUSAND, ON_A_PAGE = 1000, 40
PEERS = [
    *("city", "ags", "address", "state", "cause", "as_of", "last_reached", "inhabitants", "area_km2"),
    *("indicators", "findings", "datasets", "log_entries", "we_witness", "witnesses_us"),
]
COMPARED = [
    *("indicator", "version", "unit", "comparable", "reason", "city", "own", "first", "last", "value", "quality"),
    *("simulated", "per_head", "per_km2", "baseline_day", "baseline", "inhabitants", "area_km2", "as_of"),
]


def own_city() -> City:
    """Give this city as others see it."""
    pack = settings.ALLMENDE.pack
    return offering.city_of(read_city(pack), pack)


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(CIVIL_TIME).date()


class Line(msgspec.Struct, frozen=True):
    """A city in the list; ``witnessed`` is the size of our log that it co-signed."""

    peer: Peer
    city: City
    indicators: int
    findings: int
    datasets: int
    witnessed: int | None
    denied: bool

    @property
    def told(self) -> dt.date:
        """Give the day of its newest document."""
        return _day(self.peer.issued)

    @property
    def reached(self) -> dt.date:
        """Give the day on which it answered last."""
        return _day(self.peer.reached_at)

    @property
    def tried(self) -> dt.date:
        """Give the day on which it was asked last."""
        return _day(self.peer.tried_at)


def _lines() -> list[Line]:
    found = []
    for row in queries.peers():
        said, seen = row.told, getattr(row, "testimony", None)
        counts = len([one for one in said.indicators if one.current]), len(row.taught), len(row.catalogue)
        size = seen.size if seen and seen.holds else None
        found.append(Line(row, said.city, *counts, size, seen is not None and not seen.holds))
    return found


def _own_note() -> Note | None:
    try:
        return Ledger(gate()).note()
    except NotFound:
        return None


def peers(request: HttpRequest) -> HttpResponse:
    """List the cities that this one follows, with their state and age, and who witnesses our log."""
    note = _own_note()
    signers = [name for name, _, _ in note.signatures if name != note.checkpoint.origin] if note else []
    lines = _lines()
    return page(
        request,
        "federation/peers.html",
        own=own_city(),
        lines=lines,
        forked=[line for line in lines if line.peer.is_forked],
        denied=[line for line in lines if line.denied],
        offered=offering.is_offered(),
        note=note,
        signers=signers,
        witnessed=bool(signers) or any(line.witnessed is not None for line in lines),
    )


def _peer_row(line: Line) -> tuple[object, ...]:
    row, city = line.peer, line.city
    figures = [figure.value if figure else None for figure in (city.inhabitants, city.area)]
    return (
        *(city.name, city.ags, row.url, row.state, row.cause or None, row.issued.isoformat()),
        *(row.reached_at.isoformat(), *figures, line.indicators, line.findings, line.datasets),
        *(row.log_size, row.witness, line.witnessed),
    )


def peers_csv(_request: HttpRequest) -> HttpResponse:
    """Give the list as CSV."""
    return csv_file("verbund", PEERS, [_peer_row(line) for line in _lines()])


def peers_json(_request: HttpRequest) -> HttpResponse:
    """Give the list as JSON."""
    rows = [dict(zip(PEERS, _peer_row(line), strict=True)) for line in _lines()]
    return json_file("verbund", {"own": own_city(), "cities": rows})


def _compared(day: dt.date) -> list[Comparison]:
    return compare(queries.tellers(own_city(), day))


def comparison(request: HttpRequest) -> HttpResponse:
    """Show the indicators that several cities have, side by side."""
    stand = stand_of(request)
    found = _compared(stand.day)
    tellers = {row.told.city.name: row.told.city for one in found for row in one.rows}
    return page(
        request,
        "federation/comparison.html",
        stand,
        found=[side(one, drawable=drawable(one)) for one in found],
        cities=list(tellers.values()),
        simulated=any(row.value and row.value.simulated for one in found for row in one.rows),
        no_share=NO_SHARE,
        followed=Peer.objects.exists(),
    )


def _compared_rows(day: dt.date) -> Iterator[tuple[object, ...]]:
    for one in _compared(day):
        for row in one.rows:
            yield _compared_row(one, row, None, day)
        for apart in one.apart:
            yield _compared_row(one, Row(apart.told, apart.shared, None, None, None), apart.reason.de, day)


def _compared_row(one: Comparison, row: Row, reason: str | None, day: dt.date) -> tuple[object, ...]:
    value, baseline, city = row.value, row.shared.baseline, row.told.city
    known = (value.first, value.last, value.value, value.quality, value.simulated) if value else (None,) * 5
    exact = baseline is not None and baseline.low == baseline.high
    return (
        *(one.shared.slug, row.shared.version, row.shared.unit, reason is None, reason),
        *(city.name, row.told.peer is None, *known, row.per_head, row.per_km2),
        *(baseline.day if baseline else None, baseline.low if baseline and exact else None),
        *(city.inhabitants.value if city.inhabitants else None, city.area.value if city.area else None, day),
    )


def comparison_csv(request: HttpRequest) -> HttpResponse:
    """Give the comparison as CSV; what is unknown stays empty, what cannot be compared has its reason and no value."""
    return csv_file("vergleich", COMPARED, _compared_rows(stand_of(request).day))


def comparison_json(request: HttpRequest) -> HttpResponse:
    """Give the comparison as JSON; unknown is null."""
    stand = stand_of(request)
    rows = [dict(zip(COMPARED, row, strict=True)) for row in _compared_rows(stand.day)]
    return json_file("vergleich", {"as_of": stand.day, "rows": rows})


def comparison_picture(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Draw one indicator of several cities: for each thousand people where that means something, else as it is."""
    one = next((one for one in _compared(stand_of(request).day) if one.shared.slug == slug), None)
    if one is None or not drawable(one):
        raise Http404
    language = get_language() or "de"
    spread = shares_known(one)
    rows = [(row.told.city.name, _drawn(row, spread=spread)) for row in one.rows if row.value is not None]
    title = one.shared.title.within(language)
    if any(row.value and row.value.simulated for row in one.rows):
        title = f"{title} – {gettext('simuliert')}"
    unit = gettext("je 1.000 Menschen") if spread else one.shared.unit.strip("{}")
    digits = 2 if spread else one.shared.digits
    svg = charts.columns(title, unit, rows, language, width=width_of(request), number=f",.{digits}f")
    return picture(request, svg)


def drawable(one: Comparison) -> bool:
    """Tell whether a picture says something: at least two values, and no words of a scale."""
    return len([row for row in one.rows if row.value is not None]) > 1 and not one.shared.steps


def shares_known(one: Comparison) -> bool:
    """Tell whether the value of every city can be spread over its people."""
    return one.can_share and all(row.per_head is not None for row in one.rows if row.value is not None)


def _drawn(row: Row, *, spread: bool) -> float:
    if spread and row.per_head is not None:
        return float(row.per_head * PER_THOUSAND)
    return float(row.value.value) if row.value else 0.0


def finding(request: HttpRequest, number: int, project: str) -> HttpResponse:
    """Show what a project of another city taught, as it was taken over."""
    found = queries.foreign_finding(number, project)
    if found is None:
        raise Http404
    content = found.finding.content
    costs: list[Any] = [
        (COST_KINDS[cost.kind], cost, *(None if cents is None else Money(cents) for cents in _cents(cost)))
        for cost in content.costs
    ]
    return page(
        request,
        "federation/finding.html",
        found=found,
        content=content,
        phase=PHASES[content.phase],
        topics=[TOPICS[topic] for topic in content.topics],
        certainty=CERTAINTIES[content.certainty],
        parts=[(name, SECTIONS[name], content.section(name)) for name in SECTIONS],
        costs=costs,
        told=_day(found.peer.issued),
        reached=_day(found.peer.reached_at),
        notice=found.peer.told.city.notice,
    )


def _cents(cost: Any) -> tuple[int | None, int | None]:
    return cost.once_cents, cost.yearly_cents


def _peer(number: int) -> Peer:
    found = queries.peer_of(number)
    if found is None:
        raise Http404
    return found


def catalogue(request: HttpRequest, number: int) -> HttpResponse:
    """List the data sets of another city, as it told of them."""
    peer = _peer(number)
    known, link = peer.catalogue, peer.told.links.get("catalogue")
    return page(
        request,
        "federation/catalogue.html",
        peer=peer,
        shown=Paginator(known, ON_A_PAGE).get_page(request.GET.get("seite")),
        total=len(known),
        feed=f"{peer.url}{link}" if link else "",
        told=_day(peer.issued),
        reached=_day(peer.reached_at),
    )


def catalogue_csv(_request: HttpRequest, number: int) -> HttpResponse:
    """Give that list as CSV."""
    peer = _peer(number)
    header = ["dataset", "title_de", "title_en", "publisher", "licence", "address", "simulated", "changed"]
    rows = [
        (
            one.name,
            one.title.de,
            one.title.en,
            one.publisher,
            one.licence,
            peer.url + one.path,
            one.simulated,
            one.changed,
        )
        for one in peer.catalogue
    ]
    return csv_file(f"datensaetze-{number}", header, rows)
