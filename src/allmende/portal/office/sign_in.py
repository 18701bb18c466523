"""The way in: allauth signs people in, and whoever has no role is told so."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from allmende.accounts.rules import may_enter
from allmende.portal.office.permissions import roles_of


@never_cache
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
