"""Judging statements one after the other, and what came out."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.participation import vote_queries
from allmende.participation.models import Process, Statement
from allmende.participation.permission import VOTES, Data
from allmende.participation.rules import cleaned
from allmende.participation.services import opinions, votes
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import (
    MOST_VOTES_AN_HOUR,
    pass_of,
    private,
    process_or_404,
    process_page,
    require_form,
    require_pass,
    require_taking,
)

CHOICES = ("agree", "disagree", "pass")


def _process(request: HttpRequest, slug: str, shows: Data | None = None) -> Process:
    process = process_or_404(request, slug, shows)
    if "statements" not in process.form.parts:
        raise Http404
    return process


@csrf_exempt
@told
def statements(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the next statement and take the vote on it; one page for each, that works by keyboard and without script."""
    process = _process(request, slug)
    require_taking(process, VOTES)
    if request.method == "POST":
        return _vote(request, process)
    every = vote_queries.statements(process)
    card = pass_of(request, process)
    given = vote_queries.votes_of(process, card.pseudonym) if card else {}
    open_ones = [one for one in every if one.pk not in given]
    wanted = request.GET.get("aussage", "")
    chosen = next((one for one in every if str(one.number) == wanted), open_ones[0] if open_ones else None)
    groups = vote_queries.groups(process)
    group = vote_queries.group_of(process, card.pseudonym) if card else ""
    return process_page(
        request,
        "statements.html",
        process,
        every=every,
        chosen=chosen,
        given=[(one, _word(given[one.pk])) for one in every if one.pk in given],
        done=len(given),
        groups=groups,
        group=group,
        asks_group=bool(groups) and not group and not request.GET.get("ohne"),
        current=_word(given[chosen.pk]) if chosen and chosen.pk in given else "",
    )


def _word(value: int) -> str:
    return {1: "agree", -1: "disagree", 0: "pass"}[value]


def _vote(request: HttpRequest, process: Process) -> HttpResponseBase:
    require_form(request, MOST_VOTES_AN_HOUR, "participation-votes")
    card = require_pass(request, process, "vote")
    here = reverse("statements", args=[process.slug])
    if "gruppe" in request.POST:
        votes.choose_group(process, card.pseudonym, cleaned(request.POST["gruppe"]))
        skipped = "" if request.POST["gruppe"] else "&ohne=1"
        return private(redirect(f"{here}?karte={card.word}{skipped}"))
    number = request.POST.get("aussage", "")
    choice = request.POST.get("stimme", "")
    votes.vote(process, int(number) if number.isdecimal() and len(number) < 9 else 0, card.pseudonym, choice, utc_now())
    kept = "&ohne=1" if request.POST.get("ohne") else ""
    return private(redirect(f"{here}?karte={card.word}{kept}"))


@told
def results(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what came out: all votes, each group that is large enough, agreement and conflicts."""
    process = _process(request, slug, VOTES)
    found = vote_queries.standings(process)
    voters = vote_queries.voters(process)
    by_agreement = sorted(found, key=lambda one: (-one.consensus, one.statement.number))
    return process_page(
        request,
        "results.html",
        process,
        standings=by_agreement,
        groups=vote_queries.groups(process),
        voters=voters if voters >= process.minimum else None,
        conflicts=[one for one in found if one.conflict],
        common=[one for one in by_agreement if one.known and all(share.view == "agree" for share in one.known)],
        needs=_stated(found),
        **_opinions(process),
    )


def _opinions(process: Process) -> dict[str, Any]:
    """Give the opinion groups with the words of the statements that are typical of each."""
    run = vote_queries.opinions(process)
    if run is None:
        return {}
    published = opinions.told(run)
    words = {one.number: one.text for one in vote_queries.statements(process)}
    groups = [
        (place, group, [(words[one.statement], one) for one in group.typical if one.statement in words])
        for place, group in enumerate(published.groups, 1)
    ]
    return {"opinions": published, "opinion_groups": groups, "opinions_at": run.at}


@told
def opinions_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the opinion groups with all parameters, so that anybody can judge them."""
    run = vote_queries.opinions(_process(request, slug, VOTES))
    if run is None:
        raise Http404
    return HttpResponse(run.published.encode(), content_type="application/json")


def _stated(found: list[vote_queries.Standing]) -> bool:
    return any(one.statement.contribution_id for one in found)


@told
def results_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the result as CSV; cells of groups that are too small are empty."""
    process = _process(request, slug, VOTES)
    names = ["", *(group.slug for group in vote_queries.groups(process))]
    header = ("number", "text_de", "text_en", "group", "agree", "disagree", "pass", "conflict")
    rows = [
        (
            *_cells(one.statement),
            name,
            *((share.agree, share.disagree, share.passed) if share else (None,) * 3),
            one.conflict,
        )
        for one in vote_queries.standings(process)
        for name, share in zip(names, (one.all, *one.groups), strict=True)
    ]
    return csv_file(f"{slug}-ergebnis", header, rows)


def _cells(one: Statement) -> tuple[int, str, str]:
    return one.number, one.text_de, one.text_en
