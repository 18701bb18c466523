"""Rules of alerts in the staff room, and what became of them."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from allmende.alerts import queries
from allmende.alerts.models import AlertRule
from allmende.portal.alert_views import HEADER, cells
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page
from allmende.portal.office.permissions import reads
from allmende.portal.office.rows import RowViewSet

SHOWN = 200


class AlertRules(RowViewSet):
    """When to warn, and whom to tell."""

    model = AlertRule
    area = "alerts"
    name = "warnregeln"
    icon = "warning"
    menu_order = 316
    add_to_admin_menu = True
    list_display = ("title_de", "kind", "observed", "threshold", "active", "public")
    list_filter = ("kind", "active", "public")
    search_fields = ("title_de", "title_en", "slug", "observed")


@reads("alerts")
def alerts(request: HttpRequest) -> HttpResponseBase:
    """List what happened, and who was told."""
    values: dict[str, Any] = {"raised": queries.raised(public=False), "events": queries.events(public=False)[:SHOWN]}
    return page(request, "alerts", _("Warnungen"), icon="warning", **values)


@reads("alerts")
def alerts_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [(*cells(one), told(one)) for one in queries.events(public=False)]
    return csv_file("warnungen", (*HEADER, "deliveries"), rows)


def told(one: Any) -> str:
    """Say in a line who was told."""
    return "; ".join(
        f"{each.channel} {each.target}: {'ok' if each.done else each.error or '…'}" for each in one.deliveries.all()
    )
