"""Beginning to take part: at once, by a link in a mail, by a printed code, or with the citizen account."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Denied
from allmende.kernel.ids import number_of
from allmende.participation import rules
from allmende.participation.models import Process
from allmende.participation.services import notices, votes
from allmende.portal import citizen_account
from allmende.portal.data_views import told
from allmende.portal.participation_forms import FollowForm
from allmende.portal.participation_frame import (
    MOST_TRIES,
    full_address,
    language,
    new_pass,
    private,
    process_or_404,
    process_page,
    require_form,
    require_mail_room,
)

# Where somebody wants to go, and what they want to do there, which says how they have to prove themselves.
GOALS = {
    "aussagen": ("statements", "vote"),
    "stimmzettel": ("ballot", "ballot"),
    "rangfolge": ("ranking", "rank"),
    "vergleich": ("pairs", "compare"),
    "umfrage": ("survey", "answer"),
    "beitrag": ("idea-new", "contribute"),
    "uebersicht": ("process", "vote"),
}
THINGS = {
    "beitrag": ("contribution", "support"),
    "kommentar": ("contribution", "comment"),
    "absatz": ("paragraph", "suggest"),
    "frage": ("questions", "contribute"),
}
THING = re.compile(r"(beitrag|kommentar|absatz|frage)-([\w-]{1,20})", re.ASCII)


def _goal(process: Process, wanted: str) -> tuple[str, str]:
    """Give the address to which somebody wanted, and what they want to do there."""
    thing = THING.fullmatch(wanted)
    if thing is None:
        page, action = GOALS.get(wanted, GOALS["uebersicht"])
        return reverse(page, args=[process.slug]), action
    (page, action), word = THINGS[thing[1]], thing[2]
    if page == "contribution":
        return reverse(page, args=[word]), action
    number = number_of(word)
    if number is None:
        raise Http404
    return reverse(page, args=[process.slug, number]), action


def _level(process: Process, wanted: str) -> str:
    return process.needs(_goal(process, wanted)[1])


def _to(process: Process, word: str, wanted: str) -> HttpResponse:
    """Lead on to where somebody wanted to go, with their pass."""
    return private(redirect(f"{_goal(process, wanted)[0]}?karte={word}"))


@csrf_exempt
@told
def enter(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Begin to take part, as what somebody wants to do asks for it."""
    process = process_or_404(request, slug)
    wanted = request.POST.get("weiter") or request.GET.get("weiter", "")
    level = _level(process, wanted)
    values: dict[str, Any] = {
        "wanted": wanted,
        "level": level,
        "level_text": rules.LEVELS[level],
        "form": FollowForm(),
        "connected": citizen_account.connected(),
        "code": request.GET.get("code", "")[:30],
    }
    if request.method != "POST":
        return private(process_page(request, "enter.html", process, **values))
    try:
        require_form(request, MOST_TRIES, "participation-enter")
        if level == "open":
            name = votes.pseudonym_of(process, "open", rules.new_secret() + rules.new_secret())
            return _to(process, new_pass(process, "open", name), wanted)
        if level == "code":
            name = votes.redeem(process, request.POST.get("code", ""))
            return _to(process, new_pass(process, "code", name), wanted)
        return _by_mail(request, process, values)
    except AllmendeError as error:
        return process_page(request, "enter.html", process, status=error.status, refused=error, **values)


@told
def to_account(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Lead to the citizen account."""
    process, wanted = process_or_404(request, slug), request.GET.get("weiter", "")
    if _level(process, wanted) != "oidc" or not citizen_account.connected():
        raise Http404
    require_form(request, MOST_TRIES, "participation-enter")
    return private(redirect(citizen_account.start(request, slug, wanted)))


@told
def from_account(request: HttpRequest) -> HttpResponseBase:
    """Take whoever comes back from the citizen account to where they wanted to go."""
    back = citizen_account.finish(request)
    process = process_or_404(request, back.process)
    level = _level(process, back.wanted)
    if level != "oidc":
        raise Denied(rules.NEEDS_PASS, level=rules.LEVELS[level])
    word = new_pass(process, "oidc", votes.pseudonym_of(process, "oidc", back.subject))
    return _to(process, word, back.wanted)


def _by_mail(request: HttpRequest, process: Process, values: dict[str, Any]) -> HttpResponseBase:
    """Send the link; the address itself is kept nowhere, only what the process's key makes of it."""
    if values["level"] != "mail":
        raise Denied(rules.NEEDS_PASS, level=values["level_text"])
    form = FollowForm(request.POST)
    if not form.is_valid():
        return process_page(request, "enter.html", process, status=400, **{**values, "form": form})
    email = form.cleaned_data["email"].lower()
    require_mail_room(email)
    word = new_pass(process, "mail", votes.pseudonym_of(process, "mail", email))
    path, _ = _goal(process, values["wanted"])
    link = f"{full_address(request, path)}?karte={word}"
    title = process.title.within(language())
    body = gettext(
        "Mit diesem Link nehmen Sie teil an: %(title)s\n\n%(link)s\n\n"
        "Geben Sie ihn nicht weiter; er zählt als Ihre Stimme.\n"
    ) % {"title": title, "link": link}
    notices.post(email, gettext("Ihr Zugang: %(title)s") % {"title": title}, body, utc_now())
    return process_page(request, "enter.html", process, sent=True, **values)
