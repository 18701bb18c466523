"""The council's papers in the staff room: which systems are asked, and what they have."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from allmende.council import queries
from allmende.council.models import AgendaItem, CouncilSystem, Paper
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page
from allmende.portal.office.permissions import reads
from allmende.portal.office.rows import RowViewSet

SHOWN = 100
HEADER = ("reference", "name", "kind", "date", "address", "oparl_id", "dealt_with")


class CouncilSystems(RowViewSet):
    """Which council information systems are asked."""

    model = CouncilSystem
    area = "programme"
    name = "ratssysteme"
    icon = "group"
    menu_label = _("Ratssysteme")
    menu_order = 131
    add_to_admin_menu = True
    list_display = ("title", "url", "active", "last_success")
    search_fields = ("title", "url")


@reads("programme")
def papers(request: HttpRequest) -> HttpResponseBase:
    """List the papers, newest first."""
    search = request.GET.get("q", "").strip()
    found = queries.papers(search)
    shown = list(found[:SHOWN])
    dealt = queries.dealt_with(shown)
    values: dict[str, Any] = {
        "rows": [(one, dealt[one.pk]) for one in shown],
        "total": found.count(),
        "search": search,
        "systems": queries.systems(),
    }
    return page(request, "council", _("Ratspapiere"), icon="doc-full", **values)


@reads("programme")
def papers_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    found = list(queries.papers(request.GET.get("q", "").strip()))
    dealt = queries.dealt_with(found)
    return csv_file("ratspapiere", HEADER, [_cells(one, dealt[one.pk]) for one in found])


def _cells(one: Paper, items: list[AgendaItem]) -> tuple[object, ...]:
    said = "; ".join(
        " ".join(
            filter(None, (f"{item.start:%Y-%m-%d}" if item.start else "", item.meeting_name, item.number, item.result))
        )
        for item in items
    )
    return (one.reference, one.name, one.kind, one.day, one.address, one.url, said)
