"""What this city shows to others, for programs: the signed document and its files; nothing unless it is wanted."""

import hashlib
from collections.abc import Callable

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from allmende.federation import offering
from allmende.federation.rules import DATASETS, DOCUMENT, FINDINGS, WITNESSED
from allmende.kernel.errors import NotFound

FILES: dict[str, Callable[[], bytes]] = {
    DOCUMENT: lambda: bytes(offering.offer().document),
    FINDINGS: lambda: bytes(offering.offer().findings),
    DATASETS: lambda: bytes(offering.offer().datasets),
    WITNESSED: offering.witnessed,
}
PROBLEM = "application/problem+json"


def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Give a file with a tag of its bytes; 404 as long as this city does not show itself."""
    try:
        content = FILES[name]()
    except NotFound as error:
        problem = {"type": error.code.code, "title": error.what.en, "status": error.status, "detail": error.next.en}
        return HttpResponse(msgspec.json.encode(problem), PROBLEM, error.status)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, "application/json")
    response["ETag"], response["Cache-Control"] = tag, "public, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    answer: HttpResponseBase = get_conditional_response(request, etag=tag, response=response) or response
    return answer
