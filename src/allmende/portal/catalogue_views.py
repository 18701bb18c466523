"""The catalogue: for harvesters as linked data, for people as a page."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from allmende.catalog import dcat
from allmende.catalog.entries import KINDS, Entry, licence_code
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.portal import catalogue_queries as queries
from allmende.portal.files import csv_file
from allmende.portal.frame import page, site
from allmende.programme.queries import programme

ON_A_PAGE = 40
SERVICES = (
    ("/sensorthings/v1.1", Text("OGC SensorThings API 1.1", "OGC SensorThings API 1.1")),
    ("/ogc", Text("OGC API Features und EDR", "OGC API Features and EDR")),
)
# What a reader of linked data may ask for; who asks for everything gets the first, a browser gets the page.
MEDIA = {"text/turtle": "ttl", "application/rdf+xml": "rdf", "application/ld+json": "jsonld"}
NO_PAGE = ErrorCode(
    "catalogue.no_page",
    Text(
        "Der Katalog hat {pages} Seiten; „page={page}“ gibt es nicht.", "The catalogue has {pages} pages, no “{page}”."
    ),
    Text("Folgen Sie hydra:next, beginnend bei Seite 1.", "Follow hydra:next, beginning at page 1."),
)


def _frame(request: HttpRequest) -> dcat.Frame:
    found = programme()
    nothing = Text("Allmende", "Allmende")
    title = found.title if found else nothing
    return dcat.Frame(
        base=str(settings.ALLMENDE.public_url).rstrip("/") or f"{request.scheme}://{request.get_host()}",
        title=Text(f"Datenkatalog: {title.de}", f"Data catalogue: {title.en}"),
        description=found.notice if found and found.notice.de else title,
        publisher=title.de,
        contact="/impressum/",
        contributor=settings.ALLMENDE.catalogue_contributor,
        services=SERVICES,
    )


def _wished(request: HttpRequest) -> str:
    """Give the ending that the Accept header wants; nothing for a page."""
    best = request.get_preferred_type([*MEDIA, "text/html"]) or "text/turtle"
    return MEDIA.get(str(best), "")


def _number(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    number = int(asked) if asked.isdecimal() and len(asked) < 8 else 0
    if not 1 <= number <= pages:
        raise Invalid(NO_PAGE, pages=pages, page=asked[:20])
    return number


def _tagged(request: HttpRequest, told: object, ending: str, write: Any) -> HttpResponseBase:
    """Answer with a tag of what is told; nothing is written for who has it already."""
    content = msgspec.json.encode((told, ending))
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    response: HttpResponse = HttpResponseNotModified()
    if tag not in known:
        response = HttpResponse(write(), content_type=dcat.FORMS[ending][0])
    response["ETag"], response["Cache-Control"] = tag, "public, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept"])
    return response


def catalogue_file(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Give a page of the catalogue in one form."""
    found, frame = queries.entries(), _frame(request)
    try:
        number = _number(request, dcat.pages_of(len(found)))
    except Invalid as error:
        return HttpResponse(f"{error.what.en} {error.next.en}\n", "text/plain; charset=utf-8", 404)
    told = (frame, number, len(found), found[(number - 1) * dcat.PAGE : number * dcat.PAGE])
    return _tagged(request, told, ending, lambda: dcat.catalogue(frame, found, ending, number))


def catalogue(request: HttpRequest) -> HttpResponseBase:
    """Give the catalogue in the form that is asked for; people are sent to its page."""
    ending = _wished(request)
    return catalogue_file(request, ending) if ending else _seen_other(reverse("catalogue"))


def dataset(request: HttpRequest, kind: str, slug: str) -> HttpResponseBase:
    """Answer at the lasting address of a data set."""
    found, frame, ending = queries.entry(kind, slug), _frame(request), _wished(request)
    if found is None:
        raise Http404
    if not ending:
        return _seen_other(found.page)
    return _tagged(request, (frame, found), ending, lambda: dcat.dataset(frame, found, ending))


def _seen_other(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    patch_vary_headers(response, ["Accept"])
    return response


def _asked(request: HttpRequest) -> tuple[str, str, list[Entry]]:
    words, kind = request.GET.get("text", "")[:100], request.GET.get("art", "")[:20]
    return words, kind, queries.matching(queries.entries(), words, kind)


def listing(request: HttpRequest) -> HttpResponse:
    """List the data sets, narrowed by words and kind."""
    words, kind, found = _asked(request)
    shown = Paginator(found, ON_A_PAGE).get_page(request.GET.get("seite"))
    endings = [(ending, name) for ending, name in (("ttl", "Turtle"), ("rdf", "RDF/XML"), ("jsonld", "JSON-LD"))]
    return page(
        request, "data/catalogue.html", text=words, kind=kind, kinds=KINDS, shown=shown, total=len(found), forms=endings
    )


def listing_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as CSV, with the address of every file."""
    header = [
        "dataset",
        "title_de",
        "title_en",
        "publisher",
        "licence",
        "simulated",
        "first",
        "last",
        "form",
        "address",
    ]
    return csv_file("datenkatalog", header, _rows(_asked(request)[2]))


def _rows(found: Sequence[Entry]) -> list[tuple[object, ...]]:
    return [
        (
            *(one.name, one.title.de, one.title.en, one.publisher, one.licence, one.simulated, one.first, one.last),
            *(file.form, file.path),
        )
        for one in found
        for file in one.files
    ]


def entry(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Show one data set with everything that the catalogue says of it."""
    found = queries.entry(kind, slug)
    if found is None:
        raise Http404
    return page(
        request,
        "data/catalogue_entry.html",
        entry=found,
        kind=KINDS[found.kind],
        address=_frame(request).dataset(found),
        open=not licence_code(found.licence).endswith("closed"),
        high_value=dcat.high_value(found),
        language=get_language() or "de",
        site_title=site().title,
    )
