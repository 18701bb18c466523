"""Citizens' pages about the meetings of the ethics board and the data stewards: what is public of their minutes."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.kernel.clock import CIVIL_TIME
from allmende.ledger.files import CHECKPOINT
from allmende.portal.asof import stand_of
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.register.minutes import queries
from allmende.register.minutes.models import Minutes

HEADER = (
    *("number", "version", "body", "day", "item", "about", "discussed_de", "discussed_en", "decided_de", "decided_en"),
    *("sealed", "sha256"),
)


@told
def meetings(request: HttpRequest) -> HttpResponseBase:
    """List the meetings whose minutes are public, as of a day."""
    stand = stand_of(request)
    return page(request, "register/meetings.html", stand, meetings=queries.sealed(stand.day))


def meetings_csv(request: HttpRequest) -> HttpResponseBase:
    """Give every public item of every meeting as CSV, as of a day."""
    rows = [
        (
            *(one.number, one.version, one.body, one.day, item.title.de, " ".join(item.about)),
            *((item.discussed.de, item.discussed.en) if item.discussed else (None, None)),
            *((item.decided.de, item.decided.en) if item.decided else (None, None)),
            *(one.sealed, one.public_sha256),
        )
        for one in queries.sealed(stand_of(request).day)
        for item in one.record.items
    ]
    return csv_file("sitzungen", HEADER, rows)


def _sealed(number: str, version: int) -> Minutes:
    found = queries.version(number, version)
    if found is None or found.sealed is None:
        raise Http404
    return found


@told
def meeting(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show the minutes of a meeting in the version that was the newest on a day."""
    stand = stand_of(request)
    one = next((one for one in queries.sealed(stand.day) if one.number == number), None)
    if one is None:
        raise Http404
    return _shown(request, one)


@told
def version(request: HttpRequest, number: str, version: int) -> HttpResponseBase:
    """Show one version of the minutes of a meeting."""
    return _shown(request, _sealed(number, version))


def _shown(request: HttpRequest, one: Minutes) -> HttpResponseBase:
    stand, versions = stand_of(request), list(queries.versions(one.number))
    others = [other for other in versions if other.pk != one.pk and _was_there(other, stand.day)]
    newest = versions[0] if versions[0].version > one.version else None
    values: dict[str, Any] = {
        "one": one,
        "record": one.record,
        "others": others,
        "newest": newest,
        "log": f"/ledger/{CHECKPOINT}",
    }
    return page(request, "register/meeting.html", stand, **values)


def _was_there(one: Minutes, day: dt.date) -> bool:
    return one.sealed is not None and one.sealed.astimezone(CIVIL_TIME).date() <= day


def version_json(_request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Give a version byte for byte as it was hashed for the ledger."""
    return HttpResponse(_sealed(number, version).public, content_type="application/json")
