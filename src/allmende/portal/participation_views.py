"""Pages about taking part."""

from django.http import HttpRequest, HttpResponse

from allmende.portal.asof import stand_of
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.programme import queries


def participate(request: HttpRequest) -> HttpResponse:
    """Show how people could take part so far."""
    stand = stand_of(request)
    events = queries.events_until(stand.day, kind="participation").order_by("-day")
    return page(request, "participate.html", stand, events=events, tracks=queries.tracks())


def participate_csv(request: HttpRequest) -> HttpResponse:
    """Give the participation events as CSV."""
    header = ["day", "precision", "title_de", "title_en", "place", "participants", "source"]
    rows = [
        (
            event.day,
            event.precision,
            event.title_de,
            event.title_en,
            event.place or None,
            event.participants,
            str(event.source),
        )
        for event in queries.events_until(stand_of(request).day, kind="participation")
    ]
    return csv_file("mitmachen", header, rows)
