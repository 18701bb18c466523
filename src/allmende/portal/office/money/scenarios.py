"""Scenarios: which saved ones there are, what they lead to side by side, and choosing project by project."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.kernel.ids import number_of
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.models import Scenario
from allmende.money.services import scenarios as services
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, told
from allmende.portal.office.money.bookings import context_of
from allmende.portal.office.money.forms import ScenarioForm
from allmende.portal.office.permissions import person_of, reads
from allmende.programme.models import Project

COLUMNS = (
    *(_("noch zu zahlen"), _("davon aus Verträgen"), _("davon Bund")),
    *(_("gefährdete Förderung"), _("Zinsen darauf"), _("eigenes Geld")),
)
MOST_COMPARED, PAGE, COMPARED_PAGE = 4, 25, 12


def _results(rows: Iterable[Scenario]) -> list[services.Result]:
    known = {}
    results = []
    for scenario in rows:
        if scenario.day not in known:
            known[scenario.day] = services.standings(scenario.day)
        results.append(services.worked_out(scenario, known[scenario.day]))
    return results


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {**context_of(request), "back": (reverse("office:money-scenarios"), _("Szenarien"))}


def _ways(row: Scenario) -> dict[str, int]:
    """Count what was chosen; projects that are not named go on."""
    ways = [choice.get("way", "continue") for choice in row.choices.values()]
    return {way: ways.count(way) for way in ("shrink", "stop")}


@reads("grants")
def scenarios(request: HttpRequest) -> HttpResponseBase:
    """List the saved scenarios, to be opened or to be compared."""
    sheet = Paginator(Scenario.objects.select_related("person"), PAGE).get_page(request.GET.get("seite"))
    rows = [(row, _ways(row), place < 2) for place, row in enumerate(sheet)]
    return page(
        request,
        "money/scenarios",
        _("Szenarien"),
        icon="view",
        rows=rows,
        sheet=sheet,
        most=MOST_COMPARED,
        **context_of(request),
    )


class Measure(msgspec.Struct, frozen=True):
    """One amount in each of the compared scenarios, with the difference to the first."""

    name: Any
    amounts: tuple[tuple[Money, Money | None], ...]


def _measures(results: list[services.Result]) -> list[Measure]:
    found = []
    for place, name in enumerate(COLUMNS):
        amounts = [result.totals[place] for result in results]
        apart = [None, *(one - amounts[0] for one in amounts[1:])]
        found.append(Measure(name, tuple(zip(amounts, apart, strict=True))))
    return found


Line = tuple[Project, list[services.Row | None]]


def _lines(results: list[services.Result], *, whole: bool) -> list[Line]:
    """Give the projects with their row in each scenario; without ``whole`` those that are treated differently."""
    by_project: dict[Project, list[services.Row | None]] = {}
    for place, result in enumerate(results):
        for row in result.rows:
            by_project.setdefault(row.project, [None] * len(results))[place] = row
    return [
        (project, rows)
        for project, rows in by_project.items()
        if whole or len({(row.choice, row.outcome) if row else None for row in rows}) > 1
    ]


def _chosen(request: HttpRequest) -> list[Scenario]:
    """Give the scenarios asked for, in the order asked for; all when none is named."""
    numbers = list(dict.fromkeys(number for one in request.GET.getlist("szenario") if (number := number_of(one))))
    if not numbers:
        return list(Scenario.objects.all())
    known = Scenario.objects.in_bulk(numbers)
    return [known[number] for number in numbers if number in known]


@reads("grants")
def compare(request: HttpRequest) -> HttpResponseBase:
    """Show scenarios side by side: contracts, grants at risk, interest, own money, in total and by project."""
    asked = _chosen(request)
    results = _results(asked[:MOST_COMPARED])
    whole = request.GET.get("alle") == "1"
    sheet = Paginator(_lines(results, whole=whole), COMPARED_PAGE).get_page(request.GET.get("seite"))
    kept = request.GET.copy()
    kept.pop("seite", None)
    query = kept.urlencode()
    kept["alle"] = "0" if whole else "1"
    return page(
        request,
        "money/compare",
        _("Szenarien im Vergleich"),
        icon="view",
        results=results,
        measures=_measures(results) if results else [],
        lines=list(sheet),
        columns=COLUMNS,
        sheet=sheet,
        query=query,
        other_query=kept.urlencode(),
        whole=whole,
        left_out=len(asked) - len(results),
        most=MOST_COMPARED,
        days_differ=len({row.day for row in asked[:MOST_COMPARED]}) > 1,
        projects_differ=len({frozenset(row.project for row in one.rows) for one in results}) > 1,
        **_frame(request),
    )


@reads("grants")
def scenario(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what a scenario leads to, project by project."""
    row = get_object_or_404(Scenario, pk=number)
    result = services.worked_out(row)
    return page(
        request,
        "money/scenario",
        row.name,
        icon="view",
        row=row,
        result=result,
        sheet=Paginator(result.rows, PAGE).get_page(request.GET.get("seite")),
        columns=COLUMNS,
        **_frame(request),
    )


@reads("grants")
def edit(request: HttpRequest, number: int) -> HttpResponseBase:
    """Change what is to happen with each project of a scenario."""
    return _edit(request, get_object_or_404(Scenario, pk=number))


@reads("grants")
def new(request: HttpRequest) -> HttpResponseBase:
    """Choose projects, then what is to happen with each; ``von`` begins with the choices of a saved scenario."""
    base = request.GET.get("von", "")
    old = Scenario.objects.filter(pk=number_of(base) or 0).first()
    if request.method == "GET" and "projekt" not in request.GET and old is None:
        return page(
            request,
            "money/scenario_projects",
            _("Neues Szenario"),
            icon="view",
            projects=_rests(today()),
            chosen=set(),
            **_frame(request),
        )
    return _edit(request, None, old)


def _rests(day: dt.date) -> list[tuple[Project, Money]]:
    """Give the projects that have money, with what is expected beyond what was paid."""
    lines = queries.overview(day).lines
    return [(line.project, max(Money(0), line.expected - line.actual.total)) for line in lines if line.project]


@reads("grants")
def scenario_projects(request: HttpRequest, number: int) -> HttpResponseBase:
    """Choose other projects for a saved scenario."""
    row = get_object_or_404(Scenario, pk=number)
    projects = _rests(row.day)
    chosen = set(row.projects) or {project.slug for project, _rest in projects}
    return page(
        request,
        "money/scenario_projects",
        row.name,
        icon="view",
        row=row,
        projects=projects,
        chosen=chosen,
        **_frame(request),
    )


def _edit(request: HttpRequest, row: Scenario | None, old: Scenario | None = None) -> HttpResponseBase:
    shown = row or old
    given = request.POST if request.method == "POST" else request.GET
    named = given.getlist("projekt") if "projekt" in given else (shown.projects if shown else ())
    wanted = {slug for slug in named if slug}
    known = (project for project, _rest in _rests(row.day if row else today()))
    projects = [project for project in known if not wanted or project.slug in wanted]
    first: dict[str, Any] = {"day": row.day if row else today(), "stop": shown.stop if shown else today()}
    if row:
        first |= {"name": row.name, "edits": row.edits}
    choices = shown.choices if shown else {}
    form = ScenarioForm(request.POST or None, initial=first, projects=projects, saved=choices)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("name", "day", "stop", "edits", "choices")}
        number = row.pk if row else None
        slugs = [project.slug for project in projects]
        try:
            saved = services.save_scenario(person_of(request), number=number, projects=slugs, **values)
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Gespeichert."))
            return redirect("office:money-scenario", saved.pk)
    return page(
        request,
        "money/scenario_form",
        row.name if row else _("Neues Szenario"),
        icon="view",
        form=form,
        **_frame(request),
    )


@reads("grants")
def scenarios_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the scenarios asked for, project by project, as a file in cents."""
    header = ("scenario", "day", "project", "choice", "keep_percent", "risk_percent")
    rows = [
        (
            *(result.scenario.name, result.scenario.day, row.project.slug, row.choice.way),
            row.choice.keep if row.choice.way == "shrink" else None,
            row.choice.risk if row.choice.way == "stop" else None,
            *(one.cents for one in row.figures),
        )
        for result in _results(_chosen(request))
        for row in result.rows
    ]
    return csv_file("szenarien", (*header, *(f"{name}_cents" for name in services.COLUMNS)), rows)
