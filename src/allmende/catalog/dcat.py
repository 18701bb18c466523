"""The catalogue in the words of DCAT-AP.de 3.0, as Turtle, RDF/XML or JSON-LD (ADR 0036)."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import cache

import msgspec
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from allmende.catalog.entries import Entry, File, licence_code
from allmende.kernel.ids import slug_from_title
from allmende.kernel.text import Text

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatde": "http://dcat-ap.de/def/dcatde/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FORMS: dict[str, tuple[str, RdfFormat]] = {
    "ttl": ("text/turtle; charset=utf-8", RdfFormat.TURTLE),
    "rdf": ("application/rdf+xml; charset=utf-8", RdfFormat.RDF_XML),
    "jsonld": ("application/ld+json; charset=utf-8", RdfFormat.JSON_LD),
}
EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
# The form of a file → its code in the EU's list of file types, and its media type.
FILES = {
    "CSV": ("CSV", "text/csv"),
    "JSON": ("JSON", "application/json"),
    "JSON Lines": ("JSON", "application/jsonl"),
    "GeoJSON": ("GEOJSON", "application/geo+json"),
    "Parquet": ("PARQUET", "application/vnd.apache.parquet"),
    "Data Package": ("JSON", "application/json"),
    "JSON-LD": ("JSON_LD", "application/ld+json"),
    "XLSX": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ZIP": ("ZIP", "application/zip"),
    "TXT": ("TXT", "text/plain"),
}
HVD_LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
# The regulation names observations of weather stations and measured states of the environment; nothing else that a
# city measures is in its annex as it stands.
HIGH_VALUE = {"weather": "http://data.europa.eu/bna/c_164e0bf5", "environment": "http://data.europa.eu/bna/c_dd313021"}
PAGE = 200
_LINK = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
Triples = Iterator[Triple]
Object = NamedNode | Literal


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says of itself; ``contributor`` is the IRI by which a portal above knows who delivers."""

    base: str
    title: Text
    description: Text
    publisher: str
    contact: str
    contributor: str = ""
    services: tuple[tuple[str, Text], ...] = ()

    @property
    def catalogue(self) -> str:
        """Give the IRI of the catalogue."""
        return f"{self.base}/catalog"

    def dataset(self, entry: Entry) -> str:
        """Give the IRI of a data set."""
        return f"{self.catalogue}/{entry.name}"


@cache
def _term(name: str) -> NamedNode:
    prefix, _, rest = name.partition(":")
    return NamedNode(PREFIXES[prefix] + rest)


@cache
def _node(iri: str) -> NamedNode:
    return NamedNode(iri)


def _day(day: dt.date) -> Literal:
    return Literal(day.isoformat(), datatype=_term("xsd:date"))


def _both(text: Text) -> tuple[Literal, Literal]:
    return Literal(text.de, language="de"), Literal(text.en, language="en")


def _about(subject: str, kind: str, *pairs: tuple[str, Object | str | Sequence[Object]]) -> Triples:
    """Say what a thing is and what holds of it; text is an IRI, nothing said is left out."""
    node = NamedNode(subject)
    yield Triple(node, _term("rdf:type"), _term(kind))
    for name, value in pairs:
        for one in _objects(value):
            if one.value:
                yield Triple(node, _term(name), one)


def _objects(value: Object | str | Sequence[Object]) -> Sequence[Object]:
    if isinstance(value, str):
        return [_node(value)] if value else []
    return [value] if isinstance(value, NamedNode | Literal) else value


def _agent(frame: Frame, name: str) -> str:
    return f"{frame.catalogue}#{slug_from_title(name) or 'unbekannt'}"


def _file(frame: Frame, entry: Entry, file: File) -> Triples:
    code, media = FILES[file.form]
    law = [("dcatap:applicableLegislation", HVD_LAW)] if high_value(entry) else []
    words = (
        [("dcatde:licenseAttributionByText", Literal(entry.attribution, language="de"))] if entry.attribution else []
    )
    yield from _about(
        f"{frame.dataset(entry)}#{file.name}",
        "dcat:Distribution",
        ("dct:title", _both(Text(f"{entry.title.de} ({file.form})", f"{entry.title.en} ({file.form})"))),
        ("dcat:accessURL", frame.base + file.path),
        ("dcat:downloadURL", frame.base + file.path),
        ("dct:license", licence_code(entry.licence)),
        ("dct:format", f"{EU}file-type/{code}"),
        ("dcat:mediaType", IANA + media),
        ("dcatap:availability", f"{EU}planned-availability/AVAILABLE"),
        *law,
        *words,
    )


def high_value(entry: Entry) -> str:
    """Give the category of high value (EU 2023/138); nothing for what is simulated or not free to use."""
    closed = licence_code(entry.licence).endswith("closed")
    return "" if entry.simulated or closed else HIGH_VALUE.get(entry.category, "")


def _dataset(frame: Frame, entry: Entry) -> Triples:
    iri = frame.dataset(entry)
    pairs: list[tuple[str, Object | str | Sequence[Object]]] = [
        ("dct:title", _both(entry.title)),
        ("dct:description", _both(entry.description)),
        ("dct:identifier", Literal(iri)),
        ("dct:publisher", _agent(frame, entry.publisher)),
        ("dcat:contactPoint", f"{frame.catalogue}#kontakt"),
        ("dcat:theme", f"{EU}data-theme/{entry.theme}"),
        ("dcat:keyword", [word for text in entry.keywords for word in _both(text)]),
        ("dcat:landingPage", frame.base + entry.page),
        ("dct:accessRights", f"{EU}access-right/PUBLIC"),
        ("dct:language", f"{EU}language/DEU"),
        ("dcatde:politicalGeocodingLevelURI", "http://dcat-ap.de/def/politicalGeocoding/Level/municipality"),
        ("dcat:distribution", [_node(f"{iri}#{file.name}") for file in entry.files]),
    ]
    if frame.contributor:
        pairs.append(("dcatde:contributorID", frame.contributor))
    if entry.changed:
        pairs.append(("dct:modified", _day(entry.changed)))
    if _LINK.fullmatch(entry.source_url):
        pairs.append(("dct:source", entry.source_url))
    if high_value(entry):
        pairs += [("dcatap:hvdCategory", high_value(entry)), ("dcatap:applicableLegislation", HVD_LAW)]
    if entry.first and entry.last:
        pairs.append(("dct:temporal", f"{iri}#zeitraum"))
        span = (("dcat:startDate", _day(entry.first)), ("dcat:endDate", _day(entry.last)))
        yield from _about(f"{iri}#zeitraum", "dct:PeriodOfTime", *span)
    if entry.area:
        pairs.append(("dct:spatial", f"{iri}#gebiet"))
        yield from _about(f"{iri}#gebiet", "dct:Location", ("dcat:bbox", _box(entry.area)))
    yield from _about(iri, "dcat:Dataset", *pairs)
    for file in entry.files:
        yield from _file(frame, entry, file)


def _box(area: tuple[float, float, float, float]) -> Literal:
    west, south, east, north = area
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    text = ",".join(f"{x} {y}" for x, y in corners)
    return Literal(f"POLYGON(({text}))", datatype=_node("http://www.opengis.net/ont/geosparql#wktLiteral"))


def _services(frame: Frame) -> Triples:
    for path, title in frame.services:
        yield from _about(
            f"{frame.catalogue}#dienst-{slug_from_title(title.en)}",
            "dcat:DataService",
            ("dct:title", _both(title)),
            ("dcat:endpointURL", frame.base + path),
            ("dcat:endpointDescription", f"{frame.base}/api/openapi.json"),
            ("dct:publisher", _agent(frame, frame.publisher)),
            ("dcat:contactPoint", f"{frame.catalogue}#kontakt"),
            ("dct:accessRights", f"{EU}access-right/PUBLIC"),
        )


def _people(frame: Frame, entries: Sequence[Entry]) -> Triples:
    for name in sorted({frame.publisher, *(entry.publisher for entry in entries)}):
        yield from _about(_agent(frame, name), "foaf:Agent", ("foaf:name", Literal(name or "unbekannt")))
    contact = f"{frame.catalogue}#kontakt"
    # Who does not load the vCard ontology knows only the class that is named.
    yield Triple(NamedNode(contact), _term("rdf:type"), _term("vcard:Kind"))
    pairs = (("vcard:fn", Literal(frame.publisher)), ("vcard:hasURL", frame.base + frame.contact))
    yield from _about(contact, "vcard:Organization", *pairs)


def pages_of(count: int) -> int:
    """Give the number of pages; an empty catalogue has one."""
    return max(1, -(-count // PAGE))


def _paged(frame: Frame, ending: str, page: int, count: int) -> Triples:
    """Lead from page to page, in today's words of Hydra and in those that CKAN knew first."""
    last = pages_of(count)

    def at(number: int) -> str:
        return f"{frame.catalogue}.{ending}?page={number}"

    pairs: list[tuple[str, Object | str]] = [
        ("hydra:totalItems", Literal(count)),
        ("hydra:itemsPerPage", Literal(PAGE)),
        *((f"hydra:{name}", at(number)) for name, number in (("first", 1), ("firstPage", 1))),
        *((f"hydra:{name}", at(last)) for name in ("last", "lastPage")),
    ]
    if page < last:
        pairs += [(f"hydra:{name}", at(page + 1)) for name in ("next", "nextPage")]
    if page > 1:
        pairs += [(f"hydra:{name}", at(page - 1)) for name in ("previous", "previousPage")]
    yield from _about(at(page), "hydra:PagedCollection", *pairs)


def catalogue(frame: Frame, entries: Sequence[Entry], ending: str, page: int) -> bytes:
    """Write one page of the catalogue."""
    shown = entries[(page - 1) * PAGE : page * PAGE]

    def triples() -> Triples:
        names = [f"{frame.catalogue}#dienst-{slug_from_title(title.en)}" for _, title in frame.services]
        yield from _about(
            frame.catalogue,
            "dcat:Catalog",
            ("dct:title", _both(frame.title)),
            ("dct:description", _both(frame.description)),
            ("dct:publisher", _agent(frame, frame.publisher)),
            ("foaf:homepage", f"{frame.base}/"),
            ("dct:language", [_node(f"{EU}language/{code}") for code in ("DEU", "ENG")]),
            ("dcat:dataset", [_node(frame.dataset(entry)) for entry in shown]),
            ("dcat:service", [_node(name) for name in names]),
        )
        yield from _paged(frame, ending, page, len(entries))
        for entry in shown:
            yield from _dataset(frame, entry)
        yield from _services(frame)
        yield from _people(frame, shown)

    return _written(triples(), ending)


def dataset(frame: Frame, entry: Entry, ending: str) -> bytes:
    """Write one data set alone."""

    def triples() -> Triples:
        yield from _dataset(frame, entry)
        yield from _people(frame, [entry])

    return _written(triples(), ending)


def _written(triples: Triples, ending: str) -> bytes:
    found = serialize(triples, format=FORMS[ending][1], prefixes=PREFIXES)
    return found or b""
