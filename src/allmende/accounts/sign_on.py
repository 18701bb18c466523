"""How allauth signs people in here: nobody signs up, the city's single sign-on meets people by their e-mail."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from allmende.accounts.models import Person
from allmende.accounts.services import record


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signs staff in; what they change about their own access enters the audit trail."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Refuse: the administrator adds people."""
        return False

    def send_notification_mail(self, template_prefix: str, user: Person, *args: Any, **kwargs: Any) -> None:
        """Enter a change of password or second factor in the audit trail, then tell the person."""
        record(user, f"accounts.{template_prefix.rsplit('/', 1)[-1]}", user)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Lets in whom the city's own provider vouches for, if the administrator added them before."""

    def is_open_for_signup(self, _request: HttpRequest, _sociallogin: object) -> bool:
        """Refuse people whom the administrator has not added."""
        return False
