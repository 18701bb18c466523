"""The ballot on a budget, and both counts side by side with who carried each project."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.participation import budget_queries as queries
from allmende.participation.ballot_queries import turnout
from allmende.participation.methods.budgets.publication import ToldOutcome, ToldProject, exact
from allmende.participation.models import Budget, Process, Proposal
from allmende.participation.permission import CONTRIBUTIONS, VOTES, Data
from allmende.participation.rules import CHANNELS
from allmende.participation.services import budgets
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import (
    came_on_paper,
    numbers_in,
    pass_of,
    process_or_404,
    process_page,
    take_ballot,
)
from allmende.portal.participation_ways_views import COLUMNS, Ways, cells, ways_of

HEADER = (
    *("number", "contribution", "title", "cost_cents", "supporters", "score"),
    *("greedy_chosen", "greedy_place", "greedy_why", "shares_chosen", "shares_place", "shares_why"),
    *("payers", "price_cents", "givers_of_the_rest", "rest_cents", "missing_cents", "decided"),
    *(name.replace("onsite", "paper") for name in COLUMNS),
)


class Line(msgspec.Struct, frozen=True):
    """A project of the ballot, and what somebody chose of it."""

    proposal: Proposal
    points: int


class Shown(msgspec.Struct, frozen=True):
    """A project in the result, with amounts to be read; whole cents, rounded."""

    proposal: Proposal
    told: ToldProject
    cost: Money
    price: Money | None
    rest: Money | None
    missing: Money | None
    funded: bool


def _budget(request: HttpRequest, slug: str, shows: Data) -> tuple[Process, Budget]:
    process = process_or_404(request, slug, shows)
    budget = queries.budget_of(process)
    if budget is None:
        raise Http404
    return process, budget


@csrf_exempt
@told
def ballot(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the ballot, reckon what was chosen, and take it; one page, by keyboard and without script."""
    process, budget = _budget(request, slug, CONTRIBUTIONS)
    if request.method != "POST":
        card = pass_of(request, process)
        chosen = queries.ballot_of(process, card.pseudonym) if card else {}
        refused = came_on_paper(card, process.ballots.all())
        return _ballot_page(request, process, budget, chosen, kept=bool(chosen), refused=refused)
    chosen = numbers_in(request, "nr", (one.number or 0 for one in queries.on_ballot(process)))
    if request.POST.get("rechnen"):
        return _ballot_page(request, process, budget, chosen, reckoned=True)
    try:
        return take_ballot(request, process, "ballot", lambda name: budgets.cast(process, name, chosen, utc_now()))
    except AllmendeError as error:
        return _ballot_page(request, process, budget, chosen, status=error.status, refused=error)


@told
def ballot_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give what stands on the ballot as CSV."""
    process, _ = _budget(request, slug, CONTRIBUTIONS)
    listed = [(one.number, one.contribution, one.cost) for one in queries.on_ballot(process)]
    rows = [(number, thing.number, thing.title, thing.language, cost) for number, thing, cost in listed]
    return csv_file(f"{slug}-stimmzettel", ("number", "contribution", "title", "language", "cost_cents"), rows)


def _ballot_page(
    request: HttpRequest,
    process: Process,
    budget: Budget,
    chosen: dict[int, int],
    *,
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    lines = [Line(one, chosen.get(one.number or 0, 0)) for one in queries.on_ballot(process)]
    cost = sum(line.proposal.cost or 0 for line in lines if line.points)
    return process_page(
        request,
        "ballot.html",
        process,
        status=status,
        budget=budget,
        lines=lines,
        most_points=budget.most_points,
        picked=sum(1 for line in lines if line.points),
        points=sum(line.points for line in lines if line.points > 0),
        sum=Money(cost),
        left=Money(budget.amount - cost),
        over=cost > budget.amount,
        thanks=request.GET.get("danke"),
        turnout=turnout(process.ballots.all()),
        **values,
    )


def _result(request: HttpRequest, slug: str) -> tuple[Process, Budget, queries.Result | None]:
    process, budget = _budget(request, slug, VOTES)
    return process, budget, queries.result(process)


@told
def result(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show both counts side by side, who carried each project, and what the council decided."""
    process, budget, found = _result(request, slug)
    rows = _shown(process, found) if found else []
    spent = [Money(cents) for cents in found.told.spent] if found else []
    return process_page(
        request,
        "budget_result.html",
        process,
        budget=budget,
        found=found,
        rows=rows,
        spent=spent,
        share=_rounded(found.told.endowment) if found else None,
        turnout=turnout(process.ballots.all()),
        channels=CHANNELS,
        ways=_ways(rows, found) if found else None,
        differ=[row for row in rows if row.told.greedy.chosen != row.told.equal_shares.chosen],
    )


def _ways(rows: list[Shown], found: queries.Result) -> Ways:
    titles = {row.told.project: row.proposal.contribution for row in rows}
    words = {name: (Text(one.title, one.title), one.language) for name, one in titles.items()}
    return ways_of(found.told.ways, words)


def _rounded(amount: str) -> Money:
    return Money(round(exact(amount)))


def _shown(process: Process, found: queries.Result) -> list[Shown]:
    listed = {queries.name_of(one.number or 0): one for one in queries.on_ballot(process)}
    rows = [_row(listed[one.project], one, found) for one in found.told.projects]
    return sorted(rows, key=lambda row: (_order(row.told.equal_shares), _order(row.told.greedy), row.told.project))


def _order(one: ToldOutcome) -> int:
    return one.place or 10_000


def _row(proposal: Proposal, one: ToldProject, found: queries.Result) -> Shown:
    carried, missing = one.equal_shares.carried, one.equal_shares.missing
    return Shown(
        *(proposal, one, Money(one.cost)),
        price=_rounded(carried.price) if carried else None,
        rest=_rounded(carried.rest) if carried else None,
        missing=_rounded(missing) if missing else None,
        funded=proposal.number in found.count.funded,
    )


@told
def result_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give both counts as CSV; amounts are exact, cells of fewer than ten people empty."""
    process, _, found = _result(request, slug)
    if found is None:
        raise Http404
    return csv_file(f"{slug}-auszaehlung", HEADER, [_cells(row, found) for row in _shown(process, found)])


def _cells(row: Shown, found: queries.Result) -> tuple[object, ...]:
    one, carried = row.told, row.told.equal_shares.carried
    bearers = (carried.payers, carried.price, carried.givers_of_the_rest, carried.rest) if carried else (None,) * 4
    outcomes = [(what.chosen, what.place, what.why) for what in (one.greedy, one.equal_shares)]
    return (
        *(row.proposal.number, one.name, row.proposal.contribution.title, one.cost, one.supporters, one.score),
        *(cell for outcome in outcomes for cell in outcome),
        *(*bearers, one.equal_shares.missing, row.funded if found.count.decided else None),
        *cells(next((way for way in found.told.ways if way.name == one.project), None)),
    )


@told
def result_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give both counts with method, parameters and seed."""
    _, _, found = _result(request, slug)
    if found is None:
        raise Http404
    return HttpResponse(found.count.published.encode(), content_type="application/json")


@told
def result_pb(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the ballots that may be told in the format of Pabulib."""
    _, budget, found = _result(request, slug)
    if found is None:
        raise Http404
    answer = HttpResponse(budgets.public_file(budget, found.count), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.pb"'
    return answer
