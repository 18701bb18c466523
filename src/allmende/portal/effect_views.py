"""Pages about effects: what was measured, and what was not."""

from django.http import HttpRequest, HttpResponse

from allmende.portal.asof import stand_of
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.programme import queries

OWN = ("certain", "likely", "unknown")


def effects(request: HttpRequest) -> HttpResponse:
    """Say honestly what was measured and what was not."""
    stand = stand_of(request)
    return page(request, "effects.html", stand, projects=queries.projects_on(stand.day, standing=OWN))


def effects_csv(request: HttpRequest) -> HttpResponse:
    """Give the projects with what is known of their effect as CSV; an empty cell means unknown."""
    stand = stand_of(request)
    views = queries.projects_on(stand.day, standing=OWN)
    rows = [(view.project.slug, view.project.title_de, view.project.title_en, None, None, None) for view in views]
    return csv_file("wirkung", ["slug", "title_de", "title_en", "baseline", "target", "result"], rows)
