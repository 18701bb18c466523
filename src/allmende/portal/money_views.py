"""Pages about money: from funder to project, plan against actual, versions over time, own money."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.ledger.files import CHECKPOINT
from allmende.money import queries as money_queries
from allmende.money.afterwards import afterwards
from allmende.money.differences import moved
from allmende.money.models import Plan, Proof
from allmende.money.models.claims import APPROVED
from allmende.money.rules import difference
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, csv_stream, json_file, picture, width_of
from allmende.portal.frame import page
from allmende.programme import queries
from allmende.programme.models import Project
from allmende.ui import charts, drawings, sankey
from allmende.ui.templatetags.allmende import millions

MOST_FLOWS = 9
THIRD_COLOUR = "#8a5200"
SHARES = ("federal", "city", "third")
PROJECT_HEADER = (
    *("project", "year", *(f"plan_{name}_cents" for name in SHARES), *(f"paid_{name}_cents" for name in SHARES)),
    *("as_of", "simulated"),
)

DIFFERENCE_HEADER = ("project", "cost_type", "year", "source", "before_cents", "after_cents", "from", "to")


def money(request: HttpRequest) -> HttpResponse:
    """Show where money comes from, where it goes, and how plans changed."""
    stand = stand_of(request)
    overview = money_queries.overview(stand.day)
    plans = queries.plans_until(stand.day)
    return page(
        request,
        "money.html",
        stand,
        plans=plans,
        plan=plans[-1] if plans else None,
        rules=queries.funding_rules(),
        overview=overview,
        flow_height=_flow_height(overview) if overview.lines else 0,
        versions=money_queries.plan_totals(stand.day),
        awards=money_queries.awards_on(stand.day),
        **_afterwards(stand, overview),
        log=f"/ledger/{CHECKPOINT}",
        proofs=Proof.objects.filter(state=APPROVED, day__lte=stand.day).select_related("award").defer("content"),
    )


def _afterwards(stand: Stand, overview: money_queries.Overview) -> dict[str, Any]:
    """Give the known running costs, and the projects of which none is known."""
    found = afterwards(stand.day, overview)
    return {"running": [one.cost for one in found if one.cost], "open": [one.project for one in found if not one.cost]}


def afterwards_csv(request: HttpRequest) -> HttpResponse:
    """Give what each project costs after the programme and who carries it then; what is unknown stays empty."""
    day = stand_of(request).day
    rows = [
        (one.project.slug, one.cost.yearly_cents, one.cost.since, one.cost.owner_de or None, one.cost.owner_en or None)
        if one.cost
        else (one.project.slug, None, None, None, None)
        for one in afterwards(day, money_queries.overview(day))
    ]
    return csv_file("danach", ("project", "yearly_cents", "since", "owner_de", "owner_en"), rows)


def own(request: HttpRequest) -> HttpResponse:
    """Show the city's own money apart, by project and year, planned and paid."""
    stand = stand_of(request)
    overview = money_queries.overview(stand.day)
    years = [year for year, _plan, _paid in overview.total.years]
    rows = []
    for line in (*overview.lines, overview.total):
        by_year = {year: (plan.own, paid.own) for year, plan, paid in line.years}
        rows.append((line, [by_year.get(year) for year in years]))
    return page(request, "money/own.html", stand, overview=overview, years=years, rows=rows)


def _flows(overview: money_queries.Overview) -> tuple[list[drawings.Inflow], list[sankey.Outflow]]:
    """Give the broadest flows; what is left over flows on together."""
    language = get_language() or "de"
    names = (gettext("Bund"), gettext("Stadt"), gettext("Dritte"))
    colours = (charts.FEDERAL, charts.OWN, THIRD_COLOUR)
    planned = [line for line in overview.lines if line.plan.total.cents]
    planned.sort(key=lambda line: -line.plan.total.cents)
    total = overview.total.plan
    inflows = [
        drawings.Inflow(name, millions(part, 2), part.cents, colour)
        for name, part, colour in zip(names, total.parts, colours, strict=True)
    ]
    outflows = [
        _outflow(line.project.title.within(language), line.plan) for line in planned[:MOST_FLOWS] if line.project
    ]
    if rest := planned[MOST_FLOWS:]:
        shares = money_queries.Shares()
        for line in rest:
            shares = shares.plus(line.plan)
        outflows.append(_outflow(gettext("%(count)s weitere Projekte") % {"count": len(rest)}, shares))
    return inflows, outflows


def _outflow(name: str, shares: money_queries.Shares) -> sankey.Outflow:
    return sankey.Outflow(name, millions(shares.total, 2), tuple(part.cents for part in shares.parts))


def _flow_height(overview: money_queries.Overview) -> int:
    return sankey.height_of(*_flows(overview))


def flow(request: HttpRequest) -> HttpResponseBase:
    """Draw money from each giver to each project, by the plan in force."""
    overview = money_queries.overview(stand_of(request).day)
    if not overview.lines or overview.plan is None:
        raise Http404
    inflows, outflows = _flows(overview)
    name = gettext("Vom Geldgeber zum Projekt")
    return picture(request, sankey.sankey(name, inflows, outflows, width=width_of(request)))


def _chosen_plans(request: HttpRequest, stand: Stand) -> tuple[list[Plan], Plan | None, Plan | None]:
    plans = list(money_queries.plans_known(stand.day))
    by_day = {plan.day.isoformat(): plan for plan in plans if plan.day}
    new = by_day.get(request.GET.get("bis", ""), plans[-1] if plans else None)
    old = by_day.get(request.GET.get("von", ""), plans[-2] if len(plans) > 1 else None)
    return plans, old, new


class Change(msgspec.Struct, frozen=True):
    """What differs in a project between two plans."""

    project: Project | None
    before: Money
    after: Money
    details: tuple[tuple[str, int, Money, Money], ...] = ()

    @property
    def by(self) -> Money:
        """Give after minus before."""
        return self.after - self.before


def _changes(old: Plan, new: Plan) -> list[Change]:
    """Give the projects whose plan differs, with what changed by cost type and year."""
    found = {one.project: one for one in moved(old, new)}
    types = {kind.slug: kind.title.within(get_language() or "de") for kind in money_queries.cost_types()}
    changes = []
    for project in Project.objects.filter(slug__in=found):
        one = found[project.slug]
        details = ((types[kind], year, Money(was), Money(now)) for kind, year, was, now in one.places)
        changes.append(Change(project, Money(one.before), Money(one.after), tuple(details)))
    return changes


def versions(request: HttpRequest) -> HttpResponse:
    """Show what differs between two plan versions."""
    stand = stand_of(request)
    plans, old, new = _chosen_plans(request, stand)
    changes = _changes(old, new) if old and new else []
    total = Change(None, sum_of(old), sum_of(new)) if old and new else None
    return page(request, "money/versions.html", stand, plans=plans, old=old, new=new, changes=changes, total=total)


def sum_of(plan: Plan) -> Money:
    """Give a plan's total."""
    return Money(plan.federal_cents + plan.city_cents + plan.third_cents)


def _difference_rows(request: HttpRequest) -> list[tuple[object, ...]]:
    """Give what differs between the chosen plans by project, cost type, year and source."""
    _plans, old, new = _chosen_plans(request, stand_of(request))
    if not old or not new:
        return []
    flat = [
        {
            (slot, source): cents
            for slot, shares in money_queries.slots_of(plan).items()
            for source, cents in shares.items()
        }
        for plan in (old, new)
    ]
    return [
        (slot.project, slot.cost_type, slot.year, source, pair[0], pair[1], old.day, new.day)
        for (slot, source), pair in sorted(difference(flat[0], flat[1]).items())
    ]


def versions_csv(request: HttpRequest) -> HttpResponse:
    """Give the difference as a file."""
    return csv_file("planunterschied", DIFFERENCE_HEADER, _difference_rows(request))


def versions_json(request: HttpRequest) -> HttpResponse:
    """Give the difference as JSON."""
    rows = [dict(zip(DIFFERENCE_HEADER, row, strict=True)) for row in _difference_rows(request)]
    return json_file("planunterschied", {"as_of": stand_of(request).day, "differences": rows})


def _project_rows(overview: money_queries.Overview, day: dt.date) -> Iterator[tuple[object, ...]]:
    for line in overview.lines:
        for year, plan, paid in line.years:
            shares = [getattr(one, name) for one in (plan, paid) for name in SHARES]
            yield (line.project.slug if line.project else "", year, *shares, day, int(overview.simulated))


def projects_csv(request: HttpRequest) -> HttpResponseBase:
    """Give plan and paid money by project and year, in cents."""
    stand = stand_of(request)
    return csv_stream("geld-projekte", PROJECT_HEADER, _project_rows(money_queries.overview(stand.day), stand.day))


def money_json(request: HttpRequest) -> HttpResponse:
    """Give the money as JSON, as of a day."""
    stand = stand_of(request)
    overview = money_queries.overview(stand.day)
    content: dict[str, Any] = {
        "as_of": stand.day,
        "simulated": overview.simulated,
        "published_totals": [
            {"day": view.plan.day, "total_cents": view.plan.total_cents, "source": str(view.plan.source)}
            for view in queries.plans_until(stand.day)
        ],
        "plans": [
            {
                "day": plan.day,
                "sha256": plan.digest,
                **_shares(shares),
                "title": _text(Text(plan.title_de, plan.title_en)),
            }
            for plan, shares in money_queries.plan_totals(stand.day)
        ],
        "projects": [
            {
                **{"project": line.project.slug if line.project else "", "expected_cents": line.expected.cents},
                **{"not_eligible_cents": line.not_eligible.cents, "plan": _shares(line.plan)},
                **{"paid": _shares(line.actual)},
            }
            for line in overview.lines
        ],
        "csv": request.build_absolute_uri(reverse("money-projects-csv")),
    }
    return json_file("geld", content)


def _shares(shares: money_queries.Shares) -> dict[str, int]:
    return {f"{name}_cents": getattr(shares, name) for name in SHARES}


def _text(text: Text) -> dict[str, str]:
    return {"de": text.de, "en": text.en}


def money_csv(request: HttpRequest) -> HttpResponse:
    """Give the published plan versions as CSV, in cents."""
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
