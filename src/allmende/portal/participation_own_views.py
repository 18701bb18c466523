"""What people see of their own: a contribution by its key, an address by a link to it, votes by their pass."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Denied
from allmende.kernel.ids import number_of
from allmende.participation import permission
from allmende.participation.models import Follower
from allmende.participation.rules import LEVELS, NEEDS_PASS
from allmende.participation.services import notices, own_data
from allmende.participation.services.contributions import PUBLIC
from allmende.portal.data_views import told
from allmende.portal.frame import page
from allmende.portal.participation_author_views import owned
from allmende.portal.participation_forms import FollowForm
from allmende.portal.participation_frame import (
    MOST_TRIES,
    Pass,
    address,
    pass_of,
    private,
    process_or_404,
    process_page,
    require_form,
    require_mail_room,
)


def _file(name: str, values: dict[str, Any]) -> HttpResponse:
    answer = HttpResponse(msgspec.json.format(msgspec.json.encode(values)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return private(answer)


@csrf_exempt
@told
def forget_name(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Take an author's name off a contribution."""
    one = owned(number, key)
    if request.method == "POST":
        require_form(request)
        own_data.forget_author(PUBLIC, one)
    return private(redirect("own-contribution", number, key))


@told
def own_json(_request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Give the author everything that is kept of a contribution."""
    return _file(number, own_data.about_contribution(owned(number, key)))


@csrf_exempt
@told
def ask_address(request: HttpRequest) -> HttpResponseBase:
    """Send an address the link that shows what we keep about it; whether that is anything, only the mail tells."""
    form = FollowForm(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent:
        require_form(request, MOST_TRIES, "participation-enter")
        email = form.cleaned_data["email"]
        require_mail_room(email)
        link = address(request, "address-page", own_data.word_of(email))
        body = gettext(
            "Unter diesem Link steht einen Tag lang, was wir zu dieser Adresse gespeichert haben, "
            "und Sie können es löschen:\n%(link)s\n\nWenn Sie das nicht waren, tun Sie nichts.\n"
        ) % {"link": link}
        notices.post(email, gettext("Was wir zu Ihrer Adresse gespeichert haben"), body, utc_now())
    return private(page(request, "participation/address_ask.html", form=form, sent=sent))


def _address(word: str) -> str:
    found = own_data.address_of(word)
    if found is None:
        raise Http404
    return found


@csrf_exempt
@told
def address_page(request: HttpRequest, word: str) -> HttpResponseBase:
    """Show what is kept about an address; delete one thing, or all."""
    email = _address(word)
    if request.method == "POST":
        require_form(request)
        which = number_of(request.POST.get("folgen", ""))
        if which is not None:
            notices.forget_followers(Follower.objects.filter(email=email, pk=which))
        elif request.POST.get("tat") == "alles":
            promotes = permission.barred(gate(), permission.PURPOSE, permission.WORKSHOPS) is None
            own_data.forget_address(email, utc_now(), promotes=promotes)
        return private(redirect("address-page", word))
    rows = [(one, notices.described(one) if one.search else None) for one in own_data.followed(email)]
    answer = page(
        request,
        "participation/address.html",
        email=email,
        word=word,
        rows=rows,
        registrations=own_data.registered(email),
    )
    return private(answer)


@told
def address_json(_request: HttpRequest, word: str) -> HttpResponseBase:
    """Give everything that is kept about an address."""
    return _file("allmende", own_data.about_address(_address(word)))


def _card(request: HttpRequest, process: Any) -> Pass:
    found = pass_of(request, process)
    if found is None:
        raise Denied(NEEDS_PASS, level=LEVELS[process.level])
    return found


@csrf_exempt
@told
def own_votes(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show who has a pass what they voted, supported and chose with it; delete it while the phase runs."""
    process = process_or_404(request, slug)
    card = _card(request, process)
    if request.method == "POST":
        require_form(request)
        own_data.forget_votes(process, card.pseudonym, utc_now())
        return private(redirect(f"{reverse('own-votes', args=[slug])}?karte={card.word}"))
    mine = own_data.about_pseudonym(process, card.pseudonym)
    count = sum(len(mine[name]) for name in ("votes", "supports", "pairs"))
    count += sum(mine[name] is not None for name in ("ballot", "ranking", "survey"))
    return process_page(request, "own_votes.html", process, mine=mine, count=count)


@told
def own_votes_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give everything that is kept with a pass."""
    process = process_or_404(request, slug)
    return _file(slug, own_data.about_pseudonym(process, _card(request, process).pseudonym))
