"""The way in: allauth signs people in, and whoever has no role is told so."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from allmende.accounts.rules import may_enter
from allmende.portal.office.permissions import roles_of


def _language(request: HttpRequest) -> str:
    """Give the language that the person chose in the staff room, or else the browser's."""
    profile = getattr(request.user, "wagtail_userprofile", None)
    chosen = profile.preferred_language if profile else ""
    if chosen:
        return str(chosen)
    accepted = request.headers.get("Accept-Language", "")
    wanted = [part.split(";")[0].strip().lower()[:2] for part in accepted.split(",")]
    return next((code for code in wanted if code in ("de", "en")), "de")


def in_own_language(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer in the person's language; these paths carry none."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with translation.override(_language(request)):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and not response.is_rendered:
                response = response.render()
        return response

    return answered


@never_cache
@in_own_language
def login(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in; tell who is signed in without a role that nothing opens."""
    following = request.GET.get("next", "")
    if not request.user.is_authenticated:
        return redirect_to_login(following or reverse("wagtailadmin_home"), reverse("account_login"))
    if not may_enter(roles_of(request.user)):
        return render(request, "office/no_role.html", status=403)
    own = url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure())
    return redirect(following if own else "wagtailadmin_home")


def closed(_request: HttpRequest) -> HttpResponse:
    """Answer that there is no such page: this part of the frame is not used."""
    raise Http404
