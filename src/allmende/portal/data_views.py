"""Citizens' pages about the measurements."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.catalog import queries as catalog
from allmende.gate.sheets import suspension
from allmende.indicators.method import method
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.errors import AllmendeError
from allmende.packs.read import pack_folder
from allmende.portal import data_queries as queries
from allmende.portal.files import csv_file, csv_stream, picture, width_of
from allmende.portal.frame import page
from allmende.portal.station_tables import AMOUNTS, behind_charts
from allmende.portal.views import refused
from allmende.ui import charts, maps
from allmende.ui.templatetags.allmende import number

View = Callable[..., HttpResponseBase]


def told(view: View) -> View:
    """Turn an error that a person is told, such as a refusal of the gate, into a page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except AllmendeError as error:
            return refused(request, error)

    return wrapped


def _language() -> str:
    return get_language() or "de"


def observed_name(slug: str) -> str:
    """Name an observed property in the page's language."""
    return queries.observed_text(slug).within(_language())


def _part(request: HttpRequest, slug: str) -> tuple[queries.Station, queries.Part | None]:
    station = queries.station(slug, _language())
    if station is None:
        raise Http404
    name = request.GET.get("datensatz", "")
    part = station.part(name)
    if part is None and name and not station.suspended:
        raise Http404
    return station, part


def _stream(request: HttpRequest, slug: str, observed: str) -> tuple[queries.Station, queries.Part, queries.Stream]:
    station, part = _part(request, slug)
    stream = part.stream(observed) if part else None
    if stream is None and observed in station.hidden:
        raise suspension(station.suspended[0])
    if part is None or stream is None:
        raise Http404
    return station, part, stream


@told
def data(request: HttpRequest) -> HttpResponseBase:
    """Say what data there is, under which licence, and how to get it."""
    return page(
        request, "data/data.html", datasets=catalog.datasets(), door="/sensorthings/v1.1", suspended=queries.suspended()
    )


def datasets_csv(request: HttpRequest) -> HttpResponse:
    """Give the list of datasets as CSV."""
    header = ["slug", "title_de", "title_en", "simulated", "publisher", "licence", "attribution", "source"]
    rows = [
        (d.slug, d.title_de, d.title_en, d.simulated, d.publisher, d.licence.title, d.attribution, d.source_url)
        for d in catalog.datasets()
    ]
    return csv_file("datensaetze", header, rows)


def _map_rows(request: HttpRequest) -> tuple[list[queries.Station], list[queries.Part], str]:
    found = queries.stations(_language())
    parts = queries.dataset_slugs(found)
    newest = max(parts, key=lambda part: part.last, default=None)
    chosen = request.GET.get("datensatz") or (newest.slug if newest else "")
    return found, parts, chosen


@told
def station_map(request: HttpRequest) -> HttpResponseBase:
    """Show all stations on the schematic map and as a list."""
    found, parts, chosen = _map_rows(request)
    rows = []
    markers = []
    for station in found:
        part = next((part for part in station.parts if part.slug == chosen), None)
        stream = part.stream(queries.TEMPERATURE) if part else None
        value = stream.latest.result if stream and stream.latest else None
        rows.append({"station": station, "part": part, "stream": stream, "value": value})
        if station.longitude is not None and station.latitude is not None:
            label = f"{station.name} {number(value)} °C" if value is not None else station.name
            address = reverse("station", args=[station.slug]) + (f"?datensatz={chosen}" if part else "")
            approximate = station.position != "measured"
            markers.append(maps.Marker(station.longitude, station.latitude, label, label, address, approximate))
    drawing = maps.draw_map(pack_folder(settings.ALLMENDE.pack) / "outline.geojson", markers, _language())
    shown: dict[str, Any] = {
        "rows": rows,
        "drawing": drawing,
        "parts": parts,
        "chosen": chosen,
        "suspended": queries.suspended(),
    }
    return page(request, "data/map.html", **shown, **_basemap(markers))


def _basemap(markers: list[maps.Marker]) -> dict[str, Any]:
    """Give what the interactive map needs; nothing where no base map is configured."""
    kind = settings.ALLMENDE.basemap_kind
    if not kind:
        return {}
    frame = maps.KONSTANZ
    return {
        "basemap": kind,
        "basemap_address": maps.BASEMAP_FILE if kind == "file" else maps.BASEMAP_TILES,
        "bounds": [frame.west, frame.south, frame.east, frame.north],
        "pins": [msgspec.structs.asdict(marker) for marker in markers],
    }


def map_csv(request: HttpRequest) -> HttpResponseBase:
    """Give stations and newest temperatures as CSV."""
    found, _, chosen = _map_rows(request)
    header = [
        "slug",
        "name",
        "longitude",
        "latitude",
        "position",
        "dataset",
        "simulated",
        "air_temperature_cel",
        "time",
    ]
    rows = []
    for station in found:
        part = next((part for part in station.parts if part.slug == chosen), None)
        stream = part.stream(queries.TEMPERATURE) if part else None
        latest = stream.latest if stream else None
        rows.append(
            (
                *(station.slug, station.name, station.longitude, station.latitude, station.position),
                *(part.slug if part else None, part.simulated if part else None),
                *(latest.result if latest else None, iso_from_micros(latest.phenomenon_start) if latest else None),
            )
        )
    return csv_file("stationen", header, rows)


@told
def station(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show one station: newest values, a week and a year, climate days."""
    place, part = _part(request, slug)
    rows = queries.climate([place], part.slug) if part else []
    shown = part.shown if part else ()
    week, year = behind_charts(shown)
    left = [queries.left_out_of(shown, span) for span in (queries.WEEK, queries.YEAR)]
    streams = [
        {
            **{"stream": s, "name": observed_name(s.observed), "week": week.get(s.id), "year": year.get(s.id)},
            **{"week_left": left[0].get(s.id), "year_left": left[1].get(s.id)},
        }
        for s in shown
    ]
    return page(
        request,
        "data/station.html",
        station=place,
        suspended=place.suspended,
        part=part,
        streams=streams,
        climate=rows,
        method=method("climate-days"),
        has_temperature=part is not None and part.stream(queries.TEMPERATURE) is not None,
    )


def _title(part: queries.Part, station: queries.Station, observed: str) -> str:
    mark = " – " + gettext("simuliert") if part.simulated else ""
    return f"{observed_name(observed)}, {station.name}{mark}"


@told
def week_picture(request: HttpRequest, slug: str, observed: str) -> HttpResponseBase:
    """Draw the last week of one property."""
    place, part, stream = _stream(request, slug, observed)
    series = queries.week(stream)
    points = _points(series.times.tolist(), series.values.tolist(), stream.interval)
    draw = charts.bars_over_time if observed in AMOUNTS else charts.line
    title = _title(part, place, observed)
    return picture(request, draw(title, stream.symbol, points, _language(), width=width_of(request)))


def _points(times: list[int], values: list[float], interval: int) -> list[charts.Point]:
    """Put a gap where more than two values are missing in a row."""
    points: list[charts.Point] = []
    for at, value in zip(times, values, strict=True):
        if points and at - points[-1].at > 2.5 * interval * 1_000_000:
            points.append(charts.Point(points[-1].at + interval * 1_000_000, None))
        points.append(charts.Point(at, round(value, 2)))
    return points


@told
def week_csv(request: HttpRequest, slug: str, observed: str) -> HttpResponseBase:
    """Give the last week as CSV."""
    place, part, stream = _stream(request, slug, observed)
    series = queries.week(stream)
    header = ["time", "value", "unit", "station", "dataset", "simulated"]
    rows = (
        (iso_from_micros(at), value, stream.unit, place.slug, part.slug, part.simulated)
        for at, value in zip(series.times.tolist(), series.values.tolist(), strict=True)
    )
    return csv_file(f"{slug}-{observed}-woche", header, rows)


@told
def year_picture(request: HttpRequest, slug: str, observed: str) -> HttpResponseBase:
    """Draw the last year: daily range, or monthly sums of amounts."""
    place, part, stream = _stream(request, slug, observed)
    days = queries.year_of_days(stream)
    title = _title(part, place, observed)
    if observed in AMOUNTS:
        months: dict[dt.date, float] = {}
        for entry in days:
            month = entry.day.replace(day=1)
            months[month] = months.get(month, 0.0) + entry.total
        sums = [(f"{month:%m/%Y}", round(total)) for month, total in months.items()]
        svg = charts.columns(title, stream.symbol, sums, _language(), colour=charts.RAIN, width=width_of(request))
        return picture(request, svg)
    bands = [charts.Band(d.day, round(d.minimum, 1), round(d.total / d.count, 1), round(d.maximum, 1)) for d in days]
    return picture(request, charts.band(title, stream.symbol, bands, _language(), width=width_of(request)))


@told
def days_csv(request: HttpRequest, slug: str, observed: str) -> HttpResponseBase:
    """Give the statistics of all days (UTC) as CSV."""
    place, part, stream = _stream(request, slug, observed)
    header = ["day_utc", "count", "minimum", "mean", "maximum", "sum", "unit", "station", "dataset", "simulated"]
    rows = (
        (
            *(entry.day, entry.count, entry.minimum, round(entry.total / entry.count, 3), entry.maximum),
            *(round(entry.total, 3), stream.unit, place.slug, part.slug, part.simulated),
        )
        for entry in queries.all_days(stream)
    )
    return csv_file(f"{slug}-{observed}-tage", header, rows)


@told
def all_csv(request: HttpRequest, slug: str, observed: str) -> HttpResponseBase:
    """Give all values of a property as CSV, streamed."""
    place, part, stream = _stream(request, slug, observed)
    header = ["time", "until", "value", "unit", "station", "dataset", "simulated", "quality"]
    rows = (
        (
            iso_from_micros(value.phenomenon_start),
            iso_from_micros(value.phenomenon_end) if value.phenomenon_end else None,
            *(value.result, stream.unit, place.slug, part.slug, part.simulated, value.quality),
        )
        for value in queries.all_values(stream)
    )
    return csv_stream(f"{slug}-{observed}", header, rows)


CLIMATE_HEADER = (
    *("station", "dataset", "simulated", "year", "days", "days_with_too_few_values", "ice_days"),
    "frost_days",
    *("summer_days", "hot_days", "tropical_nights", "hottest_cel", "hottest_day", "coldest_cel", "coldest_day"),
    *("values_left_out", "values_suspect"),
)


def _climate_row(row: queries.ClimateRow, part: queries.Part) -> tuple[object, ...]:
    year = row.year
    return (
        *(row.station.slug, part.slug, part.simulated, year.year, year.days, year.sparse_days, year.ice_days),
        *(year.frost_days, year.summer_days, year.hot_days, year.tropical_nights, year.hottest, year.hottest_day),
        *(year.coldest, year.coldest_day, row.left.bad, row.left.suspect),
    )


def station_climate_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the climate days of a station as CSV."""
    place, part = _part(request, slug)
    if part is None:
        raise Http404
    rows = [_climate_row(row, part) for row in queries.climate([place], part.slug)]
    return csv_file(f"{slug}-klimatage", CLIMATE_HEADER, rows)


def _climate(request: HttpRequest) -> tuple[list[queries.Part], queries.Part | None, list[queries.ClimateRow]]:
    found = queries.stations(_language())
    parts = [part for part in queries.dataset_slugs(found) if part.stream(queries.TEMPERATURE)]
    name = request.GET.get("datensatz", "")
    part = next((part for part in parts if part.slug == name), None) if name else (parts[0] if parts else None)
    if name and part is None:
        raise Http404
    return parts, part, queries.climate(found, part.slug) if part else []


@told
def climate(request: HttpRequest) -> HttpResponseBase:
    """Compare the climate days of all stations in one dataset."""
    parts, part, rows = _climate(request)
    years = sorted({row.year.year for row in rows}, reverse=True)
    groups = [(year, [row for row in rows if row.year.year == year]) for year in years]
    return page(
        request,
        "data/climate.html",
        parts=parts,
        part=part,
        groups=groups,
        method=method("climate-days"),
        years=years,
        suspended=queries.suspended(),
    )


def climate_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the comparison as CSV."""
    _, part, rows = _climate(request)
    return csv_file("klimatage", CLIMATE_HEADER, [_climate_row(row, part) for row in rows] if part else [])


def climate_picture(request: HttpRequest) -> HttpResponseBase:
    """Draw the hot days of all stations in the newest year."""
    _, part, rows = _climate(request)
    if part is None or not rows:
        raise Http404
    year = max(row.year.year for row in rows)
    mark = " – " + gettext("simuliert") if part.simulated else ""
    hot = sorted(((r.station.name, float(r.year.hot_days)) for r in rows if r.year.year == year), key=lambda r: -r[1])
    title = gettext("Heiße Tage %(year)s") % {"year": year} + mark
    svg = charts.columns(title, gettext("Tage"), hot, _language(), colour=charts.WARM, width=width_of(request))
    return picture(request, svg)
