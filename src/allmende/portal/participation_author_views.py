"""What authors do with their own contribution: change it for a while, take it back, name who wrote along."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import queries, rules
from allmende.participation.models import Contribution
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.services import authors, moderation, notices
from allmende.participation.services import contributions as services
from allmende.portal.data_views import told
from allmende.portal.frame import page
from allmende.portal.participation_forms import CoAuthorForm, ContributionForm, SuggestionForm
from allmende.portal.participation_frame import (
    address,
    draw,
    language,
    place_choices,
    private,
    process_page,
    proven,
    require_form,
    require_mail_room,
    require_taking,
)
from allmende.portal.participation_place import Where, typed_where
from allmende.register.addresses import address_source


def owned(number: str, key: str) -> Contribution:
    """Give a contribution to who has its key."""
    one = queries.contribution(number)
    if one is None or not moderation.owns(one, key):
        raise Http404
    return one


def _form(one: Contribution, data: Any) -> ContributionForm | SuggestionForm:
    """Give the form of a contribution without what cannot be changed: address, photo, cost."""
    first = {
        **{name: getattr(one, name) for name in ("title", "body", "proposed", "tag", "photo_alt", "author")},
        "category": one.category.slug if one.category else "",
        "group": one.group.slug if one.group else "",
        **typed_where(one),
        "base_version": one.base_version,
    }
    kind = SuggestionForm if one.kind == "suggestion" else ContributionForm
    form = kind(one.process, data, initial=first)
    for name in ("email", "photo", "cost", *(() if one.photo else ("photo_alt",))):
        form.fields.pop(name, None)
    if "photo_alt" in form.fields:
        form.fields["photo_alt"].required = True
    return form


def _map(form: ContributionForm | SuggestionForm) -> dict[str, Any]:
    """Give the map on which a place is chosen, without the fields, which need a page of their own each time."""
    return {**draw([]), "fields": (), "addresses": address_source()} if "place" in form.fields else {}


def _draft(one: Contribution, form: ContributionForm | SuggestionForm) -> services.Draft:
    values = form.cleaned_data
    same = ("title", "body", "author", "category", "group", "tag", "photo_alt", "proposed")
    where = form.where if isinstance(form, ContributionForm) else Where()
    return services.Draft(
        kind=one.kind,  # type: ignore[arg-type]
        **msgspec.structs.asdict(where),
        paragraph=one.paragraph,
        **{name: values.get(name, "") for name in same},
    )


@csrf_exempt
@told
def edit(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Let an author mend what they handed in; who comes too late keeps what they typed."""
    one, now = owned(number, key), utc_now()
    form = _form(one, request.POST or None)
    values = {"one": one, "key": key, "form": form, "choices": place_choices(), **_map(form)}
    try:
        rules.require_editable(authors.may_change(one, now))
        if not form.is_valid():
            status = 400 if form.is_bound else 200
            return private(
                process_page(request, "own_edit.html", one.process, status=status, shows_errors=form.is_bound, **values)
            )
        require_form(request)
        require_taking(one.process, CONTRIBUTIONS)
        authors.change(services.PUBLIC, number, _draft(one, form), proven=proven(request), now=now)
    except AllmendeError as error:
        late = {**values, "refused": error, "own_words": form.own_words}
        return private(process_page(request, "own_edit.html", one.process, status=error.status, **late))
    return private(redirect(reverse("own-contribution", args=[number, key]) + "?gesagt=geaendert"))


@csrf_exempt
@told
def withdraw(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Take a contribution back."""
    one = owned(number, key)
    if request.method == "POST":
        require_form(request)
        authors.withdraw(services.PUBLIC, one.number, utc_now())
    return private(redirect("own-contribution", number, key))


@csrf_exempt
@told
def coauthor(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Ask somebody by mail whether they want to be named as co-author; what the author typed is not in that mail."""
    one = owned(number, key)
    form = CoAuthorForm(request.POST or None)
    said = ""
    if request.method == "POST" and form.is_valid():
        require_form(request)
        require_taking(one.process, CONTRIBUTIONS)
        email, now = form.cleaned_data["coauthor_email"], utc_now()
        require_mail_room(email)
        follower = notices.follow(one.process, one, email=email, language=language(), now=now)
        token = authors.name_coauthor(services.PUBLIC, one, form.cleaned_data["coauthor"], follower)
        body = gettext(
            "Jemand möchte Sie als Mitverfasserin oder Mitverfasser des Beitrags %(number)s nennen.\n\n"
            "Sehen Sie hier, was dort steht, und sagen Sie, ob Sie das möchten:\n%(link)s\n\n"
            "Sonst tun Sie nichts; Ihr Name erscheint dann nicht.\n"
        ) % {"number": one.number, "link": address(request, "coauthor-agree", token)}
        notices.post(follower.email, gettext("Mitverfasst: %(number)s?") % {"number": one.number}, body, now)
        said = "?gesagt=gefragt"
    return private(redirect(reverse("own-contribution", args=[number, key]) + said))


@csrf_exempt
@told
def agree(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the name of a co-author once they pressed the button."""
    found = authors.coauthor_by(token)
    if found is not None and request.method == "POST":
        authors.agree(services.PUBLIC, found, utc_now())
    return private(page(request, "participation/coauthor.html", found=found))
