"""What the first page of the staff room shows: figures, the last writes, datastreams without news."""

from typing import Any

import msgspec
from django.utils.translation import gettext
from wagtail.admin.ui.components import Component

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import may_read
from allmende.catalog.door import gate
from allmende.effects.queries import IndicatorView, stale
from allmende.federation.queries import in_quarantine
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.frame import told
from allmende.portal.office.permissions import only_leads, roles_of
from allmende.portal.office.quarantine_views import waiting
from allmende.portal.office.rows import OWN_PATHS
from allmende.portal.office.silent import silent_streams
from allmende.portal.office.task_views import ON_THE_FIRST_PAGE
from allmende.portal.office.tasks import items_of
from allmende.portal.office.trail import written
from allmende.programme.models import Decision, Milestone, Project
from allmende.register.queries import drafts

MOST_SILENT, LAST_WRITES = 15, 10


class Figure(msgspec.Struct, frozen=True):
    """A number with the page that shows what it counts."""

    label: str
    value: int
    url: str


class FiguresPanel(Component):  # type: ignore[misc]
    """How much there is."""

    name = "figures"
    template_name = "office/panels/figures.html"
    order = 10

    def __init__(self, stale_ones: list[IndicatorView]) -> None:
        self.stale_ones = stale_ones

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """Count."""
        book, person = gate().rulebook(), parent_context["request"].user
        return {
            "figures": [
                *_waiting(parent_context["request"]),
                Figure(gettext("Indikatoren ohne aktuellen Wert"), len(self.stale_ones), "office:indicators"),
                Figure(gettext("Projekte"), _seen(Project, person), "projekte:index"),
                Figure(gettext("Meilensteine"), _seen(Milestone, person), "meilensteine:index"),
                Figure(gettext("Beschlüsse"), Decision.objects.count(), "beschluesse:index"),
                Figure(gettext("Regeln in Kraft"), len(book.rules), "regeln:index"),
                Figure(gettext("Entwürfe von Regeln"), len(drafts()), "office:publish"),
            ]
        }


def _seen(model: type[Project] | type[Milestone], person: Any) -> int:
    """Count the rows that the list behind the figure shows: a lead sees those of the own projects."""
    rows = model.objects.filter(**{OWN_PATHS[model]: person.pk}).distinct() if only_leads(person) else model.objects
    return rows.count()


def _waiting(request: Any) -> list[Figure]:
    """Count the quarantine for who may look into it, and the cities about which somebody has to decide."""
    count = waiting(request) if may_read(roles_of(request.user), "quarantine") else None
    found = [] if count is None else [Figure(gettext("In Quarantäne"), count, "office:quarantine")]
    cities = in_quarantine()
    return [*found, Figure(gettext("Städte in Quarantäne"), cities, "office:cities")] if cities else found


class TasksPanel(Component):  # type: ignore[misc]
    """What is late, due soon or missing."""

    name = "tasks"
    template_name = "office/panels/tasks.html"
    order = 15

    def __init__(self, stale_ones: list[IndicatorView]) -> None:
        self.stale_ones = stale_ones

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """Give the most pressing tasks."""
        items = items_of(parent_context["request"].user, today(), self.stale_ones)
        return {"items": items[:ON_THE_FIRST_PAGE], "count": len(items)}


class LastWritesPanel(Component):  # type: ignore[misc]
    """Who wrote last, for who may read the trail; the others see what they wrote themselves."""

    name = "last_writes"
    template_name = "office/panels/last_writes.html"
    order = 20

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """Give the newest entries."""
        person = parent_context["request"].user
        sees_all = may_read(roles_of(person), "trail")
        entries = AuditEntry.objects.all() if sees_all else AuditEntry.objects.filter(person=person)
        return {"entries": [written(entry) for entry in entries[:LAST_WRITES]], "sees_all": sees_all}


class SilentPanel(Component):  # type: ignore[misc]
    """Which datastreams bring nothing new."""

    name = "silent"
    template_name = "office/panels/silent.html"
    order = 30

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """Give the silent streams, longest silent first, or the reason why they are not shown."""
        try:
            silent, total = silent_streams(parent_context["request"].user)
        except AllmendeError as error:
            return {"refused": told(error)}
        return {"silent": silent[:MOST_SILENT], "count": len(silent), "total": total}


def home_panels() -> list[Any]:
    """Give the panels in their order; the figures and the tasks share one look at the indicators."""
    found = stale(today())
    return [FiguresPanel(found), TasksPanel(found), LastWritesPanel(), SilentPanel()]
