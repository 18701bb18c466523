"""Scenarios: continue, shrink or stop, project by project, side by side."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.money.models import Scenario
from allmende.money.services import scenarios as services
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page, told
from allmende.portal.office.money.bookings import context_of
from allmende.portal.office.money.forms import ScenarioForm, first_of
from allmende.portal.office.permissions import person_of, reads

COLUMNS = (
    *(_("noch zu zahlen"), _("davon aus Verträgen"), _("davon Bund")),
    *(_("gefährdete Förderung"), _("Zinsen darauf"), _("eigenes Geld")),
)


def _results() -> list[services.Result]:
    known = {}
    results = []
    for scenario in Scenario.objects.all():
        if scenario.day not in known:
            known[scenario.day] = services.standings(scenario.day)
        results.append(services.worked_out(scenario, known[scenario.day]))
    return results


@reads("grants")
def scenarios(request: HttpRequest) -> HttpResponseBase:
    """Show saved scenarios side by side, and work out a new one."""
    return _form(request, None, _results())


@reads("grants")
def scenario(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a scenario project by project, and change it."""
    return _form(request, get_object_or_404(Scenario, pk=number), [])


def _form(request: HttpRequest, row: Scenario | None, results: list[services.Result]) -> HttpResponseBase:
    day = row.day if row else today()
    projects = list(services.standings(day))
    first = (
        {"name": row.name, "day": row.day, "stop": row.stop, "edits": row.edits} if row else {"day": day, "stop": day}
    )
    first |= first_of(row.choices, projects) if row else {}
    form = ScenarioForm(request.POST or None, initial=first, projects=projects)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("name", "day", "stop", "edits")}
        number = row.pk if row else None
        try:
            saved = services.save_scenario(person_of(request), number=number, choices=form.choices(), **values)
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Gespeichert."))
            return redirect("office:money-scenario", saved.pk)
    context = context_of(request)
    if row:
        context["back"] = (reverse("office:money-scenarios"), _("Szenarien"))
    return page(
        request,
        "money/scenario" if row else "money/scenarios",
        row.name if row else _("Szenarien"),
        icon="view",
        row=row,
        result=services.worked_out(row) if row else None,
        results=results,
        columns=COLUMNS,
        form=form,
        **context,
    )


@reads("grants")
def scenarios_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give all scenarios, project by project, as a file in cents."""
    header = ("scenario", "day", "project", "choice", *(f"{name}_cents" for name in services.COLUMNS))
    rows = [
        (
            result.scenario.name,
            result.scenario.day,
            row.project.slug,
            row.choice.way,
            *(one.cents for one in row.figures),
        )
        for result in _results()
        for row in result.rows
    ]
    return csv_file("szenarien", header, rows)
