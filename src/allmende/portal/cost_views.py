"""What the effects cost: the projects' money beside each indicator, and where a price per unit would not be honest."""

from typing import Any

import msgspec
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from allmende.effects.costs import Cost, cost_of
from allmende.effects.queries import IndicatorView, indicators_on
from allmende.money import queries as money
from allmende.portal.asof import stand_of
from allmende.portal.effect_files import plain
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page
from allmende.programme import queries as programme

ON_A_PAGE = 50
HEADER = (
    *("indicator", "projects", "paid_cents", "budget_years_until", "baseline", "value", "better_by", "unit"),
    *("cents_per_unit", "honest", "basis_de", "basis_en", "reasons_de", "reasons_en", "money_simulated"),
)


class Bill(msgspec.Struct, frozen=True):
    """A project with its title and what was paid for it."""

    project: Any
    paid: Any


def costs_of(views: list[IndicatorView], overview: money.Overview) -> list[Cost]:
    """Put the money beside each indicator."""
    spent = {
        line.project.slug: {year: paid.total.cents for year, _plan, paid in line.years}
        for line in overview.lines
        if line.project
    }
    return [cost_of(view, spent) for view in views]


def bills_of(cost: Cost, titles: dict[str, Any]) -> list[Bill]:
    """Give the projects that a page may name, with their money."""
    return [Bill(titles[slug], paid) for slug, paid in cost.paid if slug in titles]


def titles_on(day: Any) -> dict[str, Any]:
    """Give the projects that are known on a day."""
    return {project.slug: project for project, _state in programme.states_on(day, ("certain", "likely", "unknown"))}


def costs(request: HttpRequest) -> HttpResponse:
    """Show for each indicator what its projects cost, a price per unit where honest, else why not."""
    stand = stand_of(request)
    overview, titles = money.overview(stand.day), titles_on(stand.day)
    found = sorted(costs_of(indicators_on(stand.day), overview), key=lambda cost: cost.per_unit is None)
    shown = Paginator(found, ON_A_PAGE).get_page(request.GET.get("seite"))
    rows = [(cost, bills_of(cost, titles)) for cost in shown]
    return page(
        request,
        "effects/costs.html",
        stand,
        honest=[row for row in rows if row[0].per_unit is not None],
        others=[row for row in rows if row[0].per_unit is None],
        shown=shown,
        simulated=overview.simulated,
    )


def _row(cost: Cost, *, simulated: bool) -> tuple[object, ...]:
    view, amounts = cost.view, [paid.cents for _slug, paid in cost.paid if paid is not None]
    return (
        *(view.indicator.slug, " ".join(slug for slug, _paid in cost.paid)),
        *(sum(amounts) if amounts and len(amounts) == len(cost.paid) else None, cost.year),
        plain(view.baseline.low) if view.baseline else None,
        plain(view.judged.value) if view.judged else None,
        plain(cost.change) if cost.change is not None else None,
        view.current.definition.unit,
        *(cost.per_unit.cents if cost.per_unit else None, int(cost.per_unit is not None)),
        *((cost.basis.de, cost.basis.en) if cost.basis else (None, None)),
        *(" ".join(one.de for one in cost.reasons), " ".join(one.en for one in cost.reasons)),
        int(simulated),
    )


def _rows(request: HttpRequest) -> list[tuple[object, ...]]:
    stand = stand_of(request)
    overview = money.overview(stand.day)
    return [_row(cost, simulated=overview.simulated) for cost in costs_of(indicators_on(stand.day), overview)]


def costs_csv(request: HttpRequest) -> HttpResponse:
    """Give the same as a file; an empty cell means unknown, or not honest."""
    return csv_file("wirkung-kosten", HEADER, _rows(request))


def costs_json(request: HttpRequest) -> HttpResponse:
    """Give the same as JSON."""
    rows = [dict(zip(HEADER, row, strict=True)) for row in _rows(request)]
    return json_file("wirkung-kosten", {"as_of": stand_of(request).written, "indicators": rows})
