"""What a pull source is asked: addresses by station and span of time, and the pages that follow each."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import msgspec

from allmende.connectors.replies import json_of
from allmende.kernel.clock import instant_from_micros
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.definition import Connector
from allmende.sources.fetch import Fetched, Fetcher, same_host
from allmende.sources.formats import listed
from allmende.sources.paths import ABSENT, find
from allmende.sources.recipe import LINK, PART, STATION, Request, Since

SECOND = 1_000_000

ENDLESS = ErrorCode(
    "source.endless",
    Text("Nach {count} Seiten ist kein Ende zu sehen.", "After {count} pages there is no end in sight."),
    Text(
        "Nichts davon wurde gespeichert. Prüfen Sie next, page und most_pages.",
        "Nothing of it was stored. Check next, page and most_pages.",
    ),
)
NO_LINK = ErrorCode(
    "source.no_link",
    Text("Unter {url} steht an „{path}“ keine Adresse.", "{url} has no address at “{path}”."),
    Text(
        "Die Quelle hat ihr Verzeichnis geändert, oder request.via.paths im Rezept ist falsch.",
        "The source has changed its index, or request.via.paths in the recipe is wrong.",
    ),
)


class Span(msgspec.Struct, frozen=True):
    """A span of time of one station to ask for; without ``since`` whatever the source has now."""

    asked: str
    since: int | None = None
    until: int | None = None


def targets(connector: Connector) -> list[str]:
    """Give the stations that are asked for one by one, or nothing in particular."""
    recipe = connector.recipe
    if recipe.request is not None and STATION in recipe.request.url:
        return [one.known_as for one in recipe.stations]
    return [recipe.stations[0].known_as if not recipe.station else ""]


def spans(since: Since | None, asked: str, cursor: int | None, now: int) -> Iterator[Span]:
    """Give what is to be asked from the cursor, with overlap, up to now, in windows."""
    if since is None:
        yield Span(asked)
        return
    behind = since.first_seconds * SECOND if cursor is None else now - cursor + since.overlap_seconds * SECOND
    start = now - behind
    while start < now:
        until = min(start + since.window_seconds * SECOND, now)
        yield Span(asked, start, until)
        start = until


def address(request: Request, span: Span, url: str, part: str = "") -> str:
    """Write the address of a span's first page; ``part`` is written as it stands in the recipe."""
    url = url.replace(STATION, quote(span.asked, safe="")).replace(PART, part)
    if request.since is not None and span.since is not None and span.until is not None:
        url = url.replace("{since}", quote(_moment(request.since, span.since), safe=":"))
        url = url.replace("{until}", quote(_moment(request.since, span.until), safe=":"))
    if request.page is not None:
        url = str(httpx.URL(url).copy_merge_params({request.page.parameter: str(request.page.start)}))
    return url


def _moment(since: Since, micros: int) -> str:
    if since.format == "epoch":
        return str(micros // SECOND)
    if since.format == "epoch-ms":
        return str(micros // 1_000)
    moment: dt.datetime = instant_from_micros(micros).astimezone(ZoneInfo(since.zone))
    return moment.strftime(since.format)


def pages(
    fetcher: Fetcher, connector: Connector, request: Request, span: Span, known: dict[str, dict[str, str]]
) -> list[Fetched]:
    """Fetch all parts and pages of a span; half of them are as good as none."""
    begin = _linked(fetcher, request) if request.via is not None else request.url
    found: list[Fetched] = []
    for part in request.parts or (None,):
        url: str | None = address(request, span, begin, part or "")
        number = 0
        while url is not None:
            if number == request.most_pages:
                raise Invalid(ENDLESS, count=number)
            single = not request.next and request.page is None
            reply = fetcher.get(url, known.get(url) if single and span.since is None else None)
            found.append(msgspec.structs.replace(reply, part=part))
            number += 1
            url = _next(connector, request, reply, number) if reply.fresh else None
    return found


def _linked(fetcher: Fetcher, request: Request) -> str:
    """Give the address that an index names."""
    if request.via is None:
        return request.url
    index = fetcher.get(request.via.url)
    tree = json_of(index.body)
    for path in request.via.paths:
        link = find(tree, path)
        if isinstance(link, str) and link:
            return same_host(index.url, link)
    raise Invalid(NO_LINK, url=request.via.url[:100], path=", ".join(request.via.paths))


def _next(connector: Connector, request: Request, reply: Fetched, number: int) -> str | None:
    if request.page is not None:
        records = listed(json_of(reply.body), connector.recipe.records)
        if len(records) < request.page.size:
            return None
        following = str(request.page.start + number)
        return str(httpx.URL(reply.url).copy_set_param(request.page.parameter, following))
    if not request.next:
        return None
    if request.next == LINK:
        return same_host(reply.url, reply.link) if reply.link else None
    link = find(json_of(reply.body), request.next)
    return same_host(reply.url, link) if link is not ABSENT and isinstance(link, str) and link else None
