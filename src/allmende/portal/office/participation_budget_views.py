"""A budget in the staff room: its rules, costs of proposals, ballots from paper, the count, the council's decision."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.participation import budget_queries as queries
from allmende.participation.ballot_queries import turnout
from allmende.participation.formats import BudgetFrame
from allmende.participation.models import Budget, Process, Proposal
from allmende.participation.permission import VOTES
from allmende.participation.services import budgets
from allmende.portal.office.frame import page, refuse
from allmende.portal.office.participation_budget_forms import (
    BudgetForm,
    CostForm,
    CountForm,
    DecisionForm,
)
from allmende.portal.office.participation_door import require_using, uses
from allmende.portal.office.participation_views import AREA, ICON, process_of
from allmende.portal.office.permissions import person_of, reads, roles_of


def _budget(slug: str) -> tuple[Process, Budget]:
    process = process_of(slug)
    found = queries.budget_of(process)
    if found is None:
        raise Http404
    return process, found


@reads(AREA)
def budget(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show all that can be done to a budget, in the order in which it is done."""
    process, found = _budget(slug)
    deed = request.POST.get("deed", "")

    def data(name: str) -> Any:
        return request.POST if deed == name else None

    shown: dict[str, forms.Form] = {
        "rules": BudgetForm(found, data("rules")),
        "count": CountForm(data("count")),
        "decide": DecisionForm(data("decide")),
    }
    rows = [(one, CostForm(one, data(f"cost-{one.pk}"))) for one in queries.proposals(process)]
    shown |= {f"cost-{one.pk}": costs for one, costs in rows}
    form = shown.get(deed)
    if form is not None and form.is_valid():
        try:
            messages.success(request, _done(person_of(request), process, deed, form.cleaned_data))
            return redirect("office:participation-budget", slug)
        except AllmendeError as error:
            refuse(request, form, error)
    return page(
        request,
        "participation_budget",
        _("Budget"),
        icon=ICON,
        back=(reverse("office:participation-process", args=[slug]), str(process)),
        process=process,
        budget=found,
        shown=shown,
        rows=rows,
        turnout=turnout(process.ballots.all()),
        began=process.ballots.exists(),
        ends=queries.voting_ends(process),
        now=utc_now(),
        found=queries.result(process),
        may_change=may_write(roles_of(request.user), AREA),
    )


def _done(person: Person, process: Process, deed: str, values: dict[str, Any]) -> str:
    now = utc_now()
    if deed == "rules":
        budgets.set_up(person, process, BudgetFrame(**values))
        return gettext("Gespeichert.")
    if deed == "count":
        require_using(process, VOTES)
        budgets.count_once(person, process, seed=values["seed"], source=values["source"], now=now)
        return gettext("Ausgezählt und veröffentlicht.")
    if deed == "decide":
        words = Text(values["decision_de"], values["decision_en"])
        decision = budgets.Decision(words, values["paper"], values["day"], values["funded"])
        budgets.decide(person, process, decision, now=now)
        return gettext("Der Beschluss ist öffentlich; jeder Vorschlag hat seine Antwort.")
    proposal = Proposal.objects.get(process=process, pk=int(deed.removeprefix("cost-")))
    one = budgets.put_on_ballot(person, proposal, cost=values["cost"], now=now)
    return gettext("Auf dem Stimmzettel als Nr. %(number)s.") % {"number": one.number}


@reads(AREA)
@uses(VOTES)
def whole_file(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out all ballots to who checks the count; only to those who may change something here, and recorded."""
    process, one = _budget(slug)
    found = queries.result(process)
    if found is None or request.method != "POST":
        raise Http404
    person = person_of(request)
    answer = HttpResponse(budgets.whole_file(person, one, found.count), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-pruefung.pb"'
    answer["Cache-Control"] = "no-store"
    return answer
