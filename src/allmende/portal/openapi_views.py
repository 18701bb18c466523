"""``/openapi.json``: the files of the portal, described in OpenAPI 3.1; what is said of each stands in the YAML."""

import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import yaml
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, get_resolver

from allmende.kernel.ids import DIGITS
from allmende.portal.numbers import KIND

MEDIA = "application/vnd.oai.openapi+json;version=3.1"
FORMS = {
    "atom": "application/atom+xml",
    "csv": "text/csv",
    "ics": "text/calendar",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "pb": "text/plain",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
KINDS: dict[str, dict[str, Any]] = {
    KIND: {"type": "integer", "minimum": 0, "maximum": 10**DIGITS - 1},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "str": {"type": "string", "minLength": 1},
}
_PART = re.compile(r"<(number|slug|str):(\w+)>")


def patterns() -> dict[str, str]:
    """Give the routes of the public portal by name, as Django writes them."""
    found = get_resolver("allmende.portal.urls").url_patterns
    return {one.name: str(one.pattern) for one in found if isinstance(one, URLPattern) and one.name}


def told() -> dict[str, Any]:
    """Read what is said of the routes."""
    tree: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "openapi.yaml").read_text(encoding="utf-8"))
    return tree


def described() -> dict[str, Any]:
    """Put paths and kinds of the routes together with what is said of them."""
    tree, known = told(), patterns()
    routes, query = tree.pop("routes"), tree.pop("query")
    tree["info"]["version"] = version("allmende")
    tree["tags"] = [{"name": tag} for tag in routes]
    tree["paths"] = {
        "/" + _PART.sub(r"{\2}", known[name]): _item(tag, name, known[name], one, query)
        for tag, rows in routes.items()
        for name, one in rows.items()
    }
    return tree


def _item(tag: str, name: str, pattern: str, one: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    words = [
        {"name": part, "in": "path", "required": True, "schema": KINDS[kind]} for kind, part in _PART.findall(pattern)
    ]
    asked = [{"name": word, "in": "query", **query[word]} for word in one.get("query", ())]
    deed = {
        "operationId": name,
        "tags": [tag],
        "summary": one["summary"],
        "parameters": asked,
        "responses": _answers(pattern, one),
    }
    return {"parameters": words, "get": deed}


def _answers(pattern: str, one: dict[str, Any]) -> dict[str, Any]:
    page = {"description": "A page that says why", "content": {"text/html": {}}}
    if one.get("leads"):
        return {"302": {"description": "To the page"}, "404": page}
    media = one.get("media") or [FORMS[pattern.rpartition(".")[2]]]
    answers: dict[str, Any] = {"200": {"description": "The file", "content": {kind: {} for kind in media}}}
    if "image/svg+xml" in media:
        answers["304"] = {"description": "Unchanged"}
    return {**answers, "403": page, "404": page}


@cache
def _document() -> bytes:
    return msgspec.json.encode(described())


def document(_request: HttpRequest) -> HttpResponse:
    """Give the description."""
    answer = HttpResponse(_document(), content_type=MEDIA)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cache-Control"] = "public, max-age=300"
    return answer
