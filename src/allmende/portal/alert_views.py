"""Alerts for everybody: what holds now, what happened, as page, CSV and Atom feed."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, gettext

from allmende.alerts import queries
from allmende.alerts.models import AlertEvent
from allmende.kernel.clock import instant_from_micros, iso_from_micros
from allmende.portal.files import csv_file
from allmende.portal.frame import page

SHOWN = 50
HEADER = ("rule", "event", "time", "datastream", "series", "result", "unit", "title_de", "title_en")


def alerts(request: HttpRequest) -> HttpResponseBase:
    """Show what holds now and what happened last."""
    events = queries.events(public=True)[:SHOWN]
    return page(request, "alerts.html", raised=queries.raised(public=True), events=events)


def alerts_csv(_request: HttpRequest) -> HttpResponse:
    """Give what happened as a file."""
    return csv_file("warnungen", HEADER, [cells(one) for one in queries.events(public=True)[:10_000]])


def cells(one: AlertEvent) -> tuple[object, ...]:
    """Give an event as a row of a table."""
    rule = one.rule
    moment = iso_from_micros(one.at)
    return (rule.slug, one.kind, moment, one.datastream, one.series, one.result, one.unit, rule.title_de, rule.title_en)


def alerts_feed(request: HttpRequest) -> HttpResponse:
    """Give what happened as an Atom feed (RFC 4287) in the page's language."""
    language = get_language() or "de"
    address = request.build_absolute_uri(reverse("alerts"))
    feed = Atom1Feed(
        title=gettext("Warnungen"),
        link=address,
        description="",
        language=language,
        feed_url=request.build_absolute_uri(),
    )
    for one in queries.events(public=True)[:SHOWN]:
        fact = f"{one.series}{': ' if one.value else ''}{one.value}."
        feed.add_item(
            title=f"{one.kind_text.within(language).capitalize()}: {one.rule.title.within(language)}",
            link=f"{address}#e{one.pk}",
            description=f"{fact} {one.rule.advice.within(language)}" if one.kind == "raised" else fact,
            unique_id=f"{address}#e{one.pk}",
            pubdate=instant_from_micros(one.at),
            updateddate=one.noted,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
