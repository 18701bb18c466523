"""Bytes as records: JSON, JSON by lines, CSV, XML and GeoJSON; whole or not at all."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from allmende.connectors.replies import NO_RECORDS, NOT_READABLE, Record, json_of
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from allmende.sources.paths import ABSENT, find
from allmende.sources.recipe import Recipe

A_PAGE = Text("Es ist eine HTML-Seite", "it is an HTML page")
AN_ENTITY = Text("Es enthält eine DTD, die nicht gelesen wird", "it holds a DTD, which is not read")
_NAMESPACE = re.compile(r"^\{[^}]*\}")


def records_of(body: bytes, recipe: Recipe) -> list[Record]:
    """Give the records of a reply; raise ``source.*`` for what cannot be read whole."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise Invalid(NOT_READABLE, form=recipe.format, why=A_PAGE)
    return _READERS[recipe.format](body, recipe)


def _text(body: bytes, recipe: Recipe) -> str:
    try:
        return body.decode("utf-8-sig" if recipe.encoding == "utf-8" else recipe.encoding)
    except UnicodeDecodeError as error:
        raise Invalid(NOT_READABLE, form=recipe.encoding, why=str(error)) from error


def listed(tree: Any, path: str) -> list[Record]:
    """Give the records at a path; one object stands for a list of one, null for none."""
    found = find(tree, path) if path else tree
    if found is None:
        return []
    if isinstance(found, dict):
        found = [found]
    if found is ABSENT or not isinstance(found, list) or any(not isinstance(one, dict) for one in found):
        raise Invalid(NO_RECORDS, path=path or "$")
    return found


def _with_above(tree: Any, path: str, recipe: Recipe) -> list[Record]:
    """Give the records with what they take over from the top of the reply; their own comes first."""
    records = listed(tree, path)
    above = {name: found for name, place in recipe.inherit.items() if (found := find(tree, place)) is not ABSENT}
    return [{**above, **record} for record in records] if above else records


def _json(body: bytes, recipe: Recipe) -> list[Record]:
    return _with_above(json_of(body), recipe.records, recipe)


def _json_lines(body: bytes, recipe: Recipe) -> list[Record]:
    lines = [line for line in body.splitlines() if line.strip()]
    return [record for line in lines for record in _with_above(json_of(line), recipe.records, recipe)]


def _geojson(body: bytes, recipe: Recipe) -> list[Record]:
    return _with_above(json_of(body), recipe.records or "features", recipe)


def _csv(body: bytes, recipe: Recipe) -> list[Record]:
    reader = csv.reader(io.StringIO(_text(body, recipe), newline=""), delimiter=recipe.delimiter, strict=True)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Invalid(NOT_READABLE, form="CSV", why=str(error)) from error
    if not rows:
        raise Invalid(NOT_READABLE, form="CSV", why=Text("Es ist leer", "it is empty"))
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            why = Text(
                f"Zeile {number} hat {len(row)} statt {len(header)} Felder",
                f"line {number} has {len(row)} fields, not {len(header)}",
            )
            raise Invalid(NOT_READABLE, form="CSV", why=why)
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def _xml(body: bytes, recipe: Recipe) -> list[Record]:
    try:
        root = fromstring(body, forbid_dtd=True)
        tree = {_name(root): _element(root)}
    except DefusedXmlException as error:
        raise Invalid(NOT_READABLE, form="XML", why=AN_ENTITY) from error
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise Invalid(NOT_READABLE, form="XML", why=str(error)) from error
    return _with_above(tree, recipe.records, recipe)


def _name(element: ElementTree.Element) -> str:
    return _NAMESPACE.sub("", element.tag)


def _element(element: ElementTree.Element) -> Any:
    """Write an element as JSON: attributes with @, children by name, several of a name as a list."""
    found: Record = {f"@{_NAMESPACE.sub('', name)}": value for name, value in element.attrib.items()}
    text = (element.text or "").strip()
    for name, value in _children(element):
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    if not found:
        return text
    return {**found, "#text": text} if text else found


def _children(element: ElementTree.Element) -> Iterator[tuple[str, Any]]:
    for child in element:
        yield _name(child), _element(child)


_READERS: dict[str, Callable[[bytes, Recipe], list[Record]]] = {
    "json": _json,
    "json-lines": _json_lines,
    "csv": _csv,
    "xml": _xml,
    "geojson": _geojson,
}
