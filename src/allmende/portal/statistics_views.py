"""Pages of the city's yearly statistics, table by table."""

import datetime as dt
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, gettext

from allmende.catalog import queries as catalog
from allmende.effects import queries
from allmende.effects.queries import TableView
from allmende.effects.tables import span_of
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, picture, width_of
from allmende.portal.frame import page
from allmende.ui import trends

FIELDS = {
    "arbeitsmarkt": Text("Arbeit", "Work"),
    "bauen-wohnen": Text("Bauen und Wohnen", "Building and housing"),
    "bevoelkerung": Text("Bevölkerung", "Population"),
    "haushalt": Text("Haushalt", "Budget"),
    "kinder-und-jugend": Text("Kinder und Jugend", "Children and youth"),
    "konstanz": Text("Stadt und Klima", "City and climate"),
    "kultur": Text("Kultur", "Culture"),
    "schulen": Text("Schulen", "Schools"),
    "soziales-gesundheit": Text("Soziales und Gesundheit", "Social affairs and health"),
    "sport-freizeit": Text("Sport und Freizeit", "Sport and leisure"),
    "umwelt": Text("Umwelt", "Environment"),
    "verkehr": Text("Verkehr", "Traffic"),
    "wirtschaft": Text("Wirtschaft", "Economy"),
    "wissenschaft-bildung": Text("Wissenschaft und Bildung", "Science and education"),
}


def listing(request: HttpRequest) -> HttpResponse:
    """List all tables by field."""
    found = sorted(queries.tables(), key=lambda table: (table.field, table.title_de))
    groups = [
        (FIELDS.get(field, Text(field, field)), list(group)) for field, group in groupby(found, lambda one: one.field)
    ]
    dataset = catalog.dataset(found[0].dataset) if found else None
    return page(request, "effects/tables.html", groups=groups, dataset=dataset)


def listing_csv(_request: HttpRequest) -> HttpResponse:
    """Give the list of tables as CSV."""
    rows = [(one.slug, one.field, one.title_de, one.title_en, one.schema["publisher"]) for one in queries.tables()]
    return csv_file("statistik", ("slug", "field", "title_de", "title_en", "publisher"), rows)


def _view(slug: str, stand: Stand) -> TableView:
    view = queries.table_on(slug, stand.day)
    if view is None:
        raise Http404
    return view


def symbol(code: str) -> str:
    """Give the sign of a unit; counts have none."""
    return "" if code in ("", "{count}", "1") else UNITS[code].symbol


def table(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one table with its picture, newest year first."""
    stand = stand_of(request)
    view = _view(slug, stand)
    columns = view.schema.measures
    time = view.schema.dimensions[0]
    rows = [(row[time], [row[column.name] for column in columns]) for row in reversed(view.rows)]
    shown: dict[str, Any] = {
        "view": view,
        "columns": [(column, symbol(column.unit)) for column in columns],
        "rows": rows,
        "charted": bool(_drawn(view)[0]),
        "dataset": catalog.dataset(view.table.dataset),
        "loads": queries.loads_of(view.table),
    }
    return page(request, "effects/table.html", stand, **shown)


def table_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one table as CSV, in the order of the file; an empty cell is a missing value."""
    view = _view(slug, stand_of(request))
    names = [column.name for column in view.schema.columns]
    rows = [[row.get(name) for name in names] for row in view.rows]
    return csv_file(f"statistik-{slug}", names, rows)


def table_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one table with the meaning of its columns as JSON; numbers are text, so that no digit is lost."""
    stand = stand_of(request)
    view = _view(slug, stand)
    columns = [
        {"name": c.name, "title": {"de": c.title.de, "en": c.title.en}, "type": c.type, "unit": c.unit}
        for c in view.schema.columns
    ]
    title = {"de": view.table.title_de, "en": view.table.title_en}
    about = {"slug": slug, "title": title, "publisher": view.schema.publisher, "as_of": stand.written}
    return JsonResponse({**about, "known_since": view.load.known_since, "columns": columns, "rows": view.rows})


def _drawn(view: TableView) -> tuple[list[tuple[dt.date, str, float]], list[str], str]:
    """Give points, names and unit of the columns that are drawn."""
    language = get_language() or "de"
    columns = [column for name in view.schema.chart if (column := view.schema.column(name)) is not None]
    time = view.schema.dimensions[0]
    points = [
        (days[0], column.title.within(language), float(row[column.name]))
        for column in columns
        for row in view.rows
        if row.get(column.name) is not None and (days := span_of(row[time])) is not None
    ]
    unit = symbol(columns[0].unit) if columns else ""
    return points, [column.title.within(language) for column in columns], unit


def table_picture(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Draw the columns that the table's description names."""
    view = _view(slug, stand_of(request))
    points, names, unit = _drawn(view)
    if not points:
        raise Http404
    title = view.table.title.within(get_language() or "de")
    if len(names) == 1 and names[0] != title:
        title = gettext("%(table)s: %(column)s") % {"table": title, "column": names[0]}
    return picture(request, trends.lines(title, unit, points, names, get_language() or "de", width=width_of(request)))
