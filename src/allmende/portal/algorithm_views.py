"""The citizens' register of algorithms: what decides or helps to decide, in the page and for programs."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.kernel.text import Text
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.register.models import Algorithm
from allmende.register.queries import algorithms

PARTS = ("title", "purpose", "responsible", "provider", "method", "data", "affected", "risks", "rights")


def _row(one: Algorithm) -> dict[str, Any]:
    """Give a sheet as programs get it; null is unknown."""
    texts: dict[str, Text | None] = {name: one.part(name) for name in PARTS}
    return {
        "slug": one.slug,
        **texts,
        "autonomy": one.autonomy,
        "data_uses": [use.slug for use in one.data_uses.all()],
        "since": one.since,
        "until": one.until,
        "source": one.source or None,
        "source_url": one.source_url or None,
    }


def listing(request: HttpRequest) -> HttpResponseBase:
    """List the algorithms, or say that none is entered."""
    return page(request, "register/algorithms.html", algorithms=algorithms())


def listing_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as CSV."""
    header = ["slug", *(f"{name}_{language}" for name in PARTS for language in ("de", "en")), "autonomy", "data_uses"]
    rows = []
    for one in algorithms():
        row = _row(one)
        texts = [getattr(row[name], language) if row[name] else None for name in PARTS for language in ("de", "en")]
        rows.append((one.slug, *texts, one.autonomy, " ".join(row["data_uses"])))
    return csv_file("algorithmen", header, rows)


def listing_json(_request: HttpRequest) -> HttpResponse:
    """Give the list for programs."""
    content = msgspec.json.encode({"algorithms": [_row(one) for one in algorithms()]})
    return HttpResponse(content, content_type="application/json")
