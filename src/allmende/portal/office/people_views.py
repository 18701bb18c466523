"""People: list, add, roles, new password, block; nobody is deleted."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts import services
from allmende.accounts.models import Person
from allmende.accounts.queries import history_of, list_people
from allmende.accounts.rules import ROLES, may_write
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.forms import PasswordForm, PersonForm, RolesForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.trail import written


def _names(person: Person) -> list[str]:
    language = get_language() or "de"
    return [ROLES[group.name].within(language) for group in person.groups.all() if group.name in ROLES]


@reads("accounts")
def people(request: HttpRequest) -> HttpResponseBase:
    """List the people."""
    search = request.GET.get("q", "").strip()
    found = Person.objects.prefetch_related("groups").order_by("email")
    if search:
        found = found.filter(Q(email__icontains=search) | Q(groups__name__icontains=search)).distinct()
    rows = [(person, ", ".join(_names(person))) for person in found]
    may_change = may_write(roles_of(request.user), "accounts")
    return page(request, "people", _("Personen"), icon="user", rows=rows, search=search, may_change=may_change)


@reads("accounts")
def people_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [(person.email, " ".join(person.roles), int(person.active)) for person in list_people()]
    return csv_file("personen", ("email", "roles", "active"), rows)


@reads("accounts")
def add(request: HttpRequest) -> HttpResponseBase:
    """Add a person."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            person = services.create_person(
                person_of(request), email=values["email"], password=values["password"] or None, roles=values["roles"]
            )
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Angelegt: %(email)s") % {"email": person.email})
            return redirect("office:people")
    back = (reverse("office:people"), _("Personen"))
    may_change = may_write(roles_of(request.user), "accounts")
    return page(request, "person_add", _("Neue Person"), icon="user", back=back, form=form, may_change=may_change)


def _roles(request: HttpRequest, email: str) -> forms.Form:
    form = RolesForm(request.POST)
    if form.is_valid():
        services.set_roles(person_of(request), email=email, roles=form.cleaned_data["roles"])
    return form


def _password(request: HttpRequest, email: str) -> forms.Form:
    form = PasswordForm(request.POST)
    if form.is_valid():
        services.reset_password(person_of(request), email=email, password=form.cleaned_data["password"])
    return form


def _active(request: HttpRequest, email: str) -> forms.Form:
    services.set_active(person_of(request), email=email, active=request.POST["active"] == "1")
    return forms.Form({})


DEEDS: dict[str, Callable[[HttpRequest, str], forms.Form]] = {
    "roles": _roles,
    "password": _password,
    "active": _active,
}


@reads("accounts")
def person(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a person; set roles or a password, block or let in again."""
    found = get_object_or_404(Person, pk=number)
    shown: dict[str, Any] = {
        "roles": RolesForm(initial={"roles": [group.name for group in found.groups.all()]}),
        "password": PasswordForm(),
    }
    deed = request.POST.get("deed", "")
    if request.method == "POST" and deed in DEEDS:
        try:
            form = DEEDS[deed](request, found.email)
        except AllmendeError as error:
            tell(request, error)
            return redirect("office:person", number)
        if form.is_valid():
            messages.success(request, gettext("Gespeichert: %(name)s") % {"name": found.email})
            return redirect("office:person", number)
        shown[deed] = form
    return page(
        request,
        "person",
        found.email,
        icon="user",
        back=(reverse("office:people"), _("Personen")),
        person=found,
        names=", ".join(_names(found)),
        roles_form=shown["roles"],
        password_form=shown["password"],
        may_change=may_write(roles_of(request.user), "accounts"),
        entries=[written(entry) for entry in history_of(found)[:50]],
    )
