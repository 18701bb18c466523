"""Headers of citizens' pages: nothing from third parties, nothing that runs unasked; and addresses of whole text."""

from collections.abc import Callable

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# Pages with observations are asked for anew each time: what is suspended is not shown any longer.
DATA = ("/daten/", "/en/daten/")


class PortalHeaders:
    """Adds the content security policy and a short cache time to pages outside the staff room."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and set what is not set yet."""
        response = self.get_response(request)
        if request.path.startswith(("/intern/", "/static/")):
            return response
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), microphone=()")
        if response.status_code == 200:
            shows_data = request.path_info.startswith(DATA)
            response.headers.setdefault("Cache-Control", "no-cache" if shows_data else "public, max-age=30")
        return response


class WholeAddresses:
    """Finds nothing at addresses with U+0000, which PostgreSQL takes in no text and would answer with a fault."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what can be looked for."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        return self.get_response(request)
