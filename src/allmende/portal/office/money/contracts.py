"""Orders and contracts: what was agreed, what was booked under it, what is open."""

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.money.contracts import contracts_on
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page
from allmende.portal.office.money.bookings import context_of
from allmende.portal.office.permissions import reads

PAGE = 50


@reads("grants")
def contracts(request: HttpRequest) -> HttpResponseBase:
    """List the contracts, those first of which more was booked than agreed, then those that run."""
    day = today()
    rows = sorted(contracts_on(day), key=lambda one: (not one.over, one.ended(day)))
    sheet = Paginator([(one, one.ended(day)) for one in rows], PAGE).get_page(request.GET.get("seite"))
    add = reverse("festlegungen:add")
    return page(request, "money/contracts", _("Festlegungen"), icon="lock", sheet=sheet, add=add, **context_of(request))


@reads("grants")
def contracts_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the contracts as a file, in cents."""
    header = ("number", "title", "project", "cost_type", "signed", "until", "cents", "booked_cents", "open_cents")
    rows = [
        (
            *(one.row.number, one.row.title, one.row.project.slug, one.row.cost_type.slug),
            *(one.row.signed, one.row.until, *(amount.cents for amount in one.amounts)),
        )
        for one in contracts_on(today())
    ]
    return csv_file("festlegungen", header, rows)
