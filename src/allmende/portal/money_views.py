"""Pages about money: plan versions over time, published and exact shares."""

from django.http import HttpRequest, HttpResponse

from allmende.portal.asof import stand_of
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.programme import queries


def money(request: HttpRequest) -> HttpResponse:
    """Show the plan versions over time, with published and exact shares."""
    stand = stand_of(request)
    plans = queries.plans_until(stand.day)
    return page(
        request, "money.html", stand, plans=plans, plan=plans[-1] if plans else None, rules=queries.funding_rules()
    )


def money_csv(request: HttpRequest) -> HttpResponse:
    """Give the plan versions as CSV, in cents."""
    header = [
        *("slug", "day", "precision", "total_cents", "federal_cents", "own_cents", "rounding"),
        *("exact_federal_cents", "exact_own_cents", "total_minus_shares_cents", "source"),
    ]
    rows = [
        (
            *(view.plan.slug, view.plan.day, view.plan.precision, view.plan.total_cents, view.plan.federal_cents),
            *(view.plan.own_cents, view.plan.rounding, view.exact_federal.cents, view.exact_own.cents),
            *(view.unexplained.cents, str(view.plan.source)),
        )
        for view in queries.plans_until(stand_of(request).day)
    ]
    return csv_file("geld", header, rows)
