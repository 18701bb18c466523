"""Taking part with a pass, judging statements one after the other, and what came out."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Denied
from allmende.participation import rules, vote_queries
from allmende.participation.models import Process
from allmende.participation.permission import VOTES
from allmende.participation.services import notices, votes
from allmende.portal import citizen_account
from allmende.portal.data_views import told
from allmende.portal.participation_forms import FollowForm
from allmende.portal.participation_frame import (
    MOST_TRIES,
    MOST_VOTES_AN_HOUR,
    address,
    language,
    new_pass,
    pass_of,
    private,
    process_or_404,
    process_page,
    require_form,
    require_pass,
    require_taking,
)

CHOICES = ("agree", "disagree", "pass")
GOALS = {
    "aussagen": "statements",
    "beitrag": "idea-new",
    "stimmzettel": "ballot",
    "rangfolge": "ranking",
    "uebersicht": "process",
}


def _to(request: HttpRequest, process: Process, word: str, wanted: str = "") -> HttpResponse:
    """Lead on to where somebody wanted to go, with their pass."""
    wanted = wanted or request.POST.get("weiter", "")
    if wanted.startswith("beitrag-"):
        path = reverse("contribution", args=[wanted.removeprefix("beitrag-")])
    else:
        path = reverse(GOALS.get(wanted, "process"), args=[process.slug])
    return private(redirect(f"{path}?karte={word}"))


@csrf_exempt
@told
def enter(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Begin to take part: at once, by a link in a mail, by a code, or with the citizen account."""
    process = process_or_404(request, slug)
    values: dict[str, Any] = {
        "wanted": request.POST.get("weiter") or request.GET.get("weiter", ""),
        "form": FollowForm(),
        "connected": citizen_account.connected(),
        "code": request.GET.get("code", "")[:30],
    }
    if request.method != "POST":
        return private(process_page(request, "enter.html", process, **values))
    try:
        require_form(request, MOST_TRIES, "participation-enter")
        if process.level == "open":
            name = votes.pseudonym_of(process, "open", rules.new_secret() + rules.new_secret())
            return _to(request, process, new_pass(process, "open", name))
        if process.level == "code":
            name = votes.redeem(process, request.POST.get("code", ""))
            return _to(request, process, new_pass(process, "code", name))
        return _by_mail(request, process, values)
    except AllmendeError as error:
        return process_page(request, "enter.html", process, status=error.status, refused=error, **values)


@told
def to_account(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Lead to the citizen account."""
    process = process_or_404(request, slug)
    if process.level != "oidc" or not citizen_account.connected():
        raise Http404
    require_form(request, MOST_TRIES, "participation-enter")
    return private(redirect(citizen_account.start(request, slug, request.GET.get("weiter", ""))))


@told
def from_account(request: HttpRequest) -> HttpResponseBase:
    """Take whoever comes back from the citizen account to where they wanted to go."""
    back = citizen_account.finish(request)
    process = process_or_404(request, back.process)
    if process.level != "oidc":
        raise Denied(rules.NEEDS_PASS, level=process.level_text)
    word = new_pass(process, "oidc", votes.pseudonym_of(process, "oidc", back.subject))
    return _to(request, process, word, back.wanted)


def _by_mail(request: HttpRequest, process: Process, values: dict[str, Any]) -> HttpResponseBase:
    """Send the link; the address itself is kept nowhere, only what the process's key makes of it."""
    if process.level != "mail":
        raise Denied(rules.NEEDS_PASS, level=rules.LEVELS[process.level])
    form = FollowForm(request.POST)
    if not form.is_valid():
        return process_page(request, "enter.html", process, status=400, **{**values, "form": form})
    email = form.cleaned_data["email"].lower()
    word = new_pass(process, "mail", votes.pseudonym_of(process, "mail", email))
    link = f"{address(request, 'process', process.slug)}?karte={word}"
    title = process.title.within(language())
    body = gettext(
        "Mit diesem Link nehmen Sie teil an: %(title)s\n\n%(link)s\n\n"
        "Geben Sie ihn nicht weiter; er zählt als Ihre Stimme.\n"
    ) % {"title": title, "link": link}
    notices.post(email, gettext("Ihr Zugang: %(title)s") % {"title": title}, body, utc_now())
    return process_page(request, "enter.html", process, sent=True, **values)


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
        votes.choose_group(process, card.pseudonym, request.POST["gruppe"])
        skipped = "" if request.POST["gruppe"] else "&ohne=1"
        return private(redirect(f"{here}?karte={card.word}{skipped}"))
    number = request.POST.get("aussage", "")
    choice = request.POST.get("stimme", "")
    votes.vote(process, int(number) if number.isdigit() and len(number) < 9 else 0, card.pseudonym, choice, utc_now())
    kept = "&ohne=1" if request.POST.get("ohne") else ""
    return private(redirect(f"{here}?karte={card.word}{kept}"))
