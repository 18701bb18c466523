"""Judging statements one after the other, and what came out."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.participation import vote_queries
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.rules import cleaned
from allmende.participation.services import votes
from allmende.portal.data_views import told
from allmende.portal.participation_frame import (
    MOST_VOTES_AN_HOUR,
    came_on_paper,
    pass_of,
    private,
    process_or_404,
    process_page,
    require_form,
    require_pass,
    require_taking,
)

CHOICES = ("agree", "disagree", "pass")


@csrf_exempt
@told
def statements(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the next statement and take the vote on it; one page for each, that works by keyboard and without script."""
    process = process_or_404(request, slug, part="statements")
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
        refused=came_on_paper(card, process.voters.all()),
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
