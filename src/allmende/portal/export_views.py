"""The register as files, in the forms in which others read it."""

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.portal.asof import stand_of
from allmende.portal.data_queries import OPEN
from allmende.portal.frame import site
from allmende.register.exports.content import Register
from allmende.register.exports.dpv import dpv
from allmende.register.exports.dtpr import dtpr
from allmende.register.exports.plain import plain
from allmende.register.exports.record import record
from allmende.register.history import as_it_read
from allmende.register.queries import data_uses, register_entries

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _register(request: HttpRequest) -> Register:
    stand = stand_of(request)
    entries = register_entries(gate(), OPEN, stand.day)
    uses = list(data_uses())
    if stand.past:
        for use in (*uses, *(use for entry in entries for use in entry.data_uses)):
            as_it_read(use, stand.day)
    return Register(
        base=str(settings.ALLMENDE.public_url).rstrip("/") or f"{request.scheme}://{request.get_host()}",
        day=stand.day,
        made=utc_now().replace(microsecond=0),
        programme=site().title,
        entries=tuple(entries),
        uses=tuple(uses),
        book=gate().rulebook(stand.day),
    )


def _json(content: dict[str, Any], name: str, kind: str = "application/json") -> HttpResponse:
    response = HttpResponse(msgspec.json.format(msgspec.json.encode(content), indent=1), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def register_json(request: HttpRequest) -> HttpResponse:
    """Give the register whole as JSON."""
    return _json(plain(_register(request)), "register.json")


def register_dtpr(request: HttpRequest) -> HttpResponse:
    """Give the register as device chains of DTPR."""
    return _json(dtpr(_register(request)), "register.dtpr.json")


def register_jsonld(request: HttpRequest) -> HttpResponse:
    """Give the register in DPV, its rules in ODRL, as JSON-LD."""
    return _json(dpv(_register(request)), "register.jsonld", "application/ld+json")


def register_record(request: HttpRequest) -> HttpResponse:
    """Give the record of processing activities as a workbook."""
    response = HttpResponse(record(_register(request)), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="verzeichnis-art-30.xlsx"'
    return response
