"""Who sees and writes what in the staff room, by the rules of the accounts."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from wagtail.permission_policies.base import BasePermissionPolicy

from allmende.accounts.models import Person
from allmende.accounts.rules import ROLES, may_read, may_write

WRITING = frozenset({"add", "change", "delete"})
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def roles_of(user: Any) -> set[str]:
    """Give the roles of whoever is signed in; nobody has none."""
    return user.roles if isinstance(user, Person) else set()


class AreaPolicy(BasePermissionPolicy):  # type: ignore[misc]
    """Opens a table to the roles of its area; ``deeds`` narrows what anybody may do to it."""

    def __init__(self, model: type[Model], area: str, deeds: Collection[str] = WRITING) -> None:
        super().__init__(model)
        self.area = area
        self.deeds = frozenset(deeds)

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Tell whether a person may do this to some row."""
        if action == "view":
            return may_read(roles_of(user), self.area)
        return action in self.deeds and may_write(roles_of(user), self.area)

    def users_with_any_permission(self, actions: Collection[str]) -> QuerySet[Person]:
        """Give the people one of whose roles may do one of these."""
        allowed = [
            role
            for role in ROLES
            if ("view" in actions and may_read({role}, self.area))
            or (self.deeds & set(actions) and may_write({role}, self.area))
        ]
        return Person.objects.filter(groups__name__in=allowed, is_active=True).distinct()


class OwnPolicy(AreaPolicy):
    """As the area says; besides, a project lead adds to and changes what belongs to the projects they lead.

    ``path`` leads from a row to the leads of its project. Who has no other role than lead sees only such rows.
    """

    def __init__(
        self, model: type[Model], area: str, deeds: Collection[str] = WRITING, *, path: str, adds: bool = True
    ) -> None:
        super().__init__(model, area, deeds)
        self.path = path
        self.led = self.deeds & ({"add", "change"} if adds else {"change"})

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Tell whether a person may do this to some row."""
        leads_any = action in self.led and "lead" in roles_of(user) and user.projects.exists()
        return bool(leads_any) or super().user_has_permission(user, action)

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        """Tell whether a person may do this to one row."""
        if action in self.led and not super().user_has_permission(user, action):
            return self.is_own(user, instance)
        if action == "view" and only_leads(user):
            return self.is_own(user, instance)
        return bool(super().user_has_permission_for_instance(user, action, instance))

    def is_own(self, user: Any, instance: Model) -> bool:
        """Tell whether a row belongs to a project that a person leads."""
        return "lead" in roles_of(user) and self.own_rows(user).filter(pk=instance.pk).exists()

    def own_rows(self, user: Any) -> QuerySet[Any]:
        """Give the rows of the projects that a person leads."""
        rows: QuerySet[Any] = self.model._default_manager.filter(**{self.path: user.pk}).distinct()
        return rows


def only_leads(user: Any) -> bool:
    """Tell whether somebody is a project lead and nothing else."""
    return roles_of(user) == {"lead"}


def person_of(request: HttpRequest) -> Person:
    """Give who is signed in; Wagtail lets nobody else come this far."""
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user


def reads(area: str) -> Callable[[View[P]], View[P]]:
    """Open a page to who reads an area, and its forms to who writes there."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            allowed = may_write if request.method == "POST" else may_read
            if not allowed(roles_of(request.user), area):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("View[P]", checked)

    return decorate
