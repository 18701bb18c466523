"""Pictures about the programme: plans with their shares, where money comes from, steps along the years."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, gettext

from allmende.portal.asof import stand_of
from allmende.portal.files import picture, width_of
from allmende.programme import queries
from allmende.ui import charts, drawings
from allmende.ui.templatetags.allmende import day as written_day
from allmende.ui.templatetags.allmende import millions


def money_picture(request: HttpRequest) -> HttpResponseBase:
    """Draw the plan versions with their shares."""
    federal, own = gettext("Bund"), gettext("Stadt und Dritte")
    rows = []
    for view in queries.plans_until(stand_of(request).day):
        name = written_day(view.plan.day, "month")
        rows += [(name, federal, view.plan.federal_cents / 1e8), (name, own, view.plan.own_cents / 1e8)]
    colours = {federal: charts.FEDERAL, own: charts.OWN}
    title = gettext("Finanzplan, wie er jeweils veröffentlicht war")
    language, width = get_language() or "de", width_of(request)
    return picture(request, charts.shares(title, gettext("Mio. €"), rows, colours, language, width=width))


def flow_picture(request: HttpRequest) -> HttpResponseBase:
    """Draw where the money of the plan in force comes from, and that its split is not known."""
    view = queries.plan_on(stand_of(request).day)
    if view is None:
        raise Http404
    plan = view.plan
    inflows = (
        drawings.Inflow(gettext("Bund"), millions(plan.federal), plan.federal_cents, charts.FEDERAL),
        drawings.Inflow(gettext("Stadt und Dritte"), millions(plan.own), plan.own_cents, charts.OWN),
    )
    whole = (gettext("Programm"), millions(plan.total))
    beyond = (gettext("Projekte:"), gettext("Aufteilung"), gettext("unbekannt"))
    name = gettext("Woher das Geld kommt")
    return picture(request, drawings.flow(name, inflows, whole, beyond, width=width_of(request)))
