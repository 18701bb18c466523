"""The language of the staff room: the person's own choice, or else the browser's."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.forms import ChoiceField
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.account import LocalePreferencesForm
from wagtail.admin.views.account import AccountView, LocaleSettingsPanel


def _language(request: HttpRequest) -> str:
    chosen = getattr(getattr(request.user, "wagtail_userprofile", None), "preferred_language", "")
    return str(chosen) or translation.get_language_from_request(request)


class OwnLanguage:
    """Answers every path of the staff room, which carries no language, in the person's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; the next request chooses anew."""
        if request.path_info.startswith("/intern/"):
            translation.activate(_language(request))
        return self.get_response(request)


class LanguageForm(LocalePreferencesForm):  # type: ignore[misc]
    """The choice of a language; without one the browser's holds, of which Wagtail knows nothing."""

    preferred_language = ChoiceField(
        required=False,
        choices=[("", _("die des Browsers")), *settings.LANGUAGES],
        label=_("Sprache des Arbeitsraums"),
    )


class LanguagePanel(LocaleSettingsPanel):  # type: ignore[misc]
    """The language in the own account."""

    title = _("Sprache")
    form_class = LanguageForm


class Account(AccountView):  # type: ignore[misc]
    """The own account: name, language and look."""

    def get_panels(self) -> list[Any]:
        """Put our choice of a language in the place of Wagtail's."""
        return [
            LanguagePanel(panel.request, panel.user, panel.profile) if isinstance(panel, LocaleSettingsPanel) else panel
            for panel in super().get_panels()
        ]
