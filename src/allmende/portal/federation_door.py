"""What this city shows to others, for programs: the signed document and its files; nothing unless it is wanted."""

import hashlib
from collections.abc import Callable

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from allmende.federation import offering
from allmende.federation.documents import DATASETS, DOCUMENT, FINDINGS, WITNESSED
from allmende.kernel.errors import NotFound

FILES: dict[str, Callable[[], bytes]] = {
    DOCUMENT: lambda: bytes(offering.offer().document),
    FINDINGS: lambda: bytes(offering.offer().findings),
    DATASETS: lambda: bytes(offering.offer().datasets),
    WITNESSED: offering.witnessed,
}
PROBLEM = "application/problem+json"


def answer(request: HttpRequest, file: str) -> HttpResponseBase:
    """Give a file with a tag of its bytes; 404 as long as this city does not show itself."""
    try:
        content = FILES[file]()
    except NotFound as error:
        return _problem(error)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, "application/json")
    response["ETag"], response["Cache-Control"] = tag, "public, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    conditional: HttpResponseBase = get_conditional_response(request, etag=tag, response=response) or response
    return conditional


def _problem(error: NotFound) -> HttpResponse:
    """Write an error as problem+json (RFC 9457)."""
    language, code = get_language() or "de", error.code.code
    body = {
        "type": f"urn:allmende:error:{code}",
        "title": error.what.within(language),
        "detail": error.next.within(language),
        "title_en": error.what.en,
        "status": error.status,
        "code": code,
    }
    return HttpResponse(msgspec.json.encode(body), PROBLEM, error.status)
