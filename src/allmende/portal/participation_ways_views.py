"""Judgements online beside those from paper or on site: in words, as rows of a page, and as files."""

from collections.abc import Mapping, Sequence

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.kernel.text import Text
from allmende.participation.methods.ways import SURE, Beside
from allmende.participation.permission import VOTES
from allmende.participation.vote_queries import by_way, statements
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import process_or_404

METHOD = "newcombe-10, bonferroni"
COLUMNS = ("online_people", "online_percent", "onsite_people", "onsite_percent", "points", "points_low", "points_high")
HEADER = ("number", "text_de", "text_en", *COLUMNS)


class Way(msgspec.Struct, frozen=True):
    """Something that was judged by both ways, in words."""

    text: Text
    language: str
    beside: Beside


class Ways(msgspec.Struct, frozen=True):
    """What can be compared, and of it what more people said on site or on paper, and what more said online."""

    rows: list[Way]
    more_onsite: list[Way]
    more_online: list[Way]


def ways_of(compared: Sequence[Beside], words: Mapping[str, tuple[Text, str]]) -> Ways:
    """Put words to what can be compared, the greatest difference first; ``words`` are text and language by name."""
    rows = [Way(*words[one.name], one) for one in compared if one.name in words]
    rows.sort(key=lambda row: -abs(row.beside.difference))
    sure = [row for row in rows if row.beside.sure]
    return Ways(
        rows, [row for row in sure if row.beside.difference > 0], [row for row in sure if row.beside.difference < 0]
    )


def cells(one: Beside | None) -> tuple[object, ...]:
    """Write a comparison for a table; empty where it may not be told."""
    if one is None:
        return (None,) * len(COLUMNS)
    ends = (round(100 * value, 1) for value in (one.difference, one.low, one.high))
    return (one.online.people, one.online.percent, one.onsite.people, one.onsite.percent, *ends)


@told
def ways_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the judgements of statements by way as CSV; empty where fewer than ten people judged by one of them."""
    process = process_or_404(request, slug, VOTES, part="statements")
    found = {one.name: one for one in by_way(process)}
    rows = [(one.number, one.text_de, one.text_en, *cells(found.get(str(one.number)))) for one in statements(process)]
    return csv_file(f"{slug}-wege", HEADER, rows)


@told
def ways_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the judgements of statements by way, with the method."""
    process = process_or_404(request, slug, VOTES, part="statements")
    found = {"method": METHOD, "sure": SURE, "statements": by_way(process)}
    return HttpResponse(msgspec.json.encode(found), content_type="application/json")
